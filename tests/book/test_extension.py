"""The small parts of the book's own extension: docstrings, API pages, buttons, MathJax."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from biosig_book import api, docstrings, downloads, links, mathjax, solutions  # noqa: E402
from sphinx.errors import ExtensionError  # noqa: E402


@pytest.mark.parametrize(("line", "expected"), [
    ("Largest |x| is 1.", r"Largest \|x\| is 1."),
    ("``a | b`` and |x|", r"``a | b`` and \|x\|"),
    (":math:`|x|` and |x|", r":math:`|x|` and \|x\|"),
    (">>> a | b", ">>> a | b"),
])
def test_bars_stay_bars(line, expected):
    assert docstrings.bars(line) == expected


def test_a_glossary_is_shown_as_it_stands():
    lines = ["A network.", "", "Source: a paper. Glossary:", "    B batch   |x| size", "    n samples", ""]
    docstrings.mend(None, "module", "", None, None, lines)
    assert lines == ["A network.", "", "Source: a paper. Glossary::", "", "    B batch   |x| size",
                     "    n samples", ""]


def test_a_functions_indents_are_left_to_napoleon():
    lines = [":param x: what:", "    more of it"]
    docstrings.mend(None, "function", "", None, None, lines)
    assert lines == [":param x: what:", "    more of it"]


def test_api_pages_list_every_public_module():
    source = ["# Signal\n\n{{ modules biosig.signal }}\n\nafter"]
    api.expand(None, "api/signal", source)
    for path in (ROOT / "biosig" / "signal").glob("[a-z]*.py"):
        assert f".. automodule:: biosig.signal.{path.stem}\n" in source[0]
    assert source[0].startswith("# Signal\n\n## `biosig.signal") and source[0].endswith("after")


def test_every_public_package_has_an_api_page():
    placed = {name for path in (ROOT / "book" / "api").glob("*.md")
              for name in api.PLACEHOLDER.findall(path.read_text())}
    packages = {f"biosig.{path.parent.name}" for path in (ROOT / "biosig").glob("*/__init__.py")}
    assert packages - placed == {"biosig.commands"}  # the command line has its --help


@pytest.mark.parametrize(("named", "address"), [
    ("someone/fork", "https://github.com/someone/fork"),
    ("https://git.example.org/someone/fork/", "https://git.example.org/someone/fork"),
    ("", "https://github.com/first/one"),
])
def test_the_repository_can_be_chosen_from_outside(monkeypatch, named, address):
    monkeypatch.setenv("BIOSIG_REPOSITORY", named)
    config = SimpleNamespace(html_theme_options={"repository_url": "https://github.com/first/one"})
    links.choose_repository(None, config)
    assert config.html_theme_options["repository_url"] == address


def test_mathjax_is_in_the_environment_and_whole():
    text = (mathjax.folder() / mathjax.SCRIPT).read_text(encoding="utf-8")
    assert len(text) > 2_000_000 and "boldsymbol" in text


PAGE = """before
````{solution} one
:class: dropdown
It is
```python
1
```
````
between
```{solution-start} two
:class: dropdown
```
It is
```{code-cell} ipython3
2
```
```{solution-end}
```
```{exercise}
after
```
"""


def test_both_kinds_of_solution_can_be_left_out():
    assert solutions.without(PAGE) == "before\nbetween\n```{exercise}\nafter\n```\n"


def test_a_page_of_the_book_keeps_its_exercises_without_their_solutions():
    for page in (ROOT / "notebooks").rglob("*.md"):
        whole = page.read_text(encoding="utf-8")
        bare = solutions.without(whole)
        assert "{solution" not in bare and bare.count("```{exercise}") == whole.count("```{exercise}")
        assert bare.count("\n## ") == whole.count("\n## "), page.name


def test_a_download_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("BIOSIG_DOWNLOADS", "no.epub")
    app = SimpleNamespace(srcdir=str(tmp_path / "book"))
    with pytest.raises(ExtensionError, match="no.epub, and there is no such file"):
        downloads.choose(app, SimpleNamespace())
