"""The small parts of the book's own extension: docstrings, API pages, buttons, MathJax."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from biosig_book import api, docstrings, links, mathjax  # noqa: E402


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
