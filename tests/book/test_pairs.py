"""Every text notebook has its twin, and a twin that drifts is seen."""

import re
import sys
import tomllib
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import page_needs  # noqa: E402
import pair_notebooks as pairs  # noqa: E402
from plain_markdown import plain  # noqa: E402

TEXT = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A page

A sentence with {eq}`eq-snr`.

```{code-cell} ipython3
:tags: [hide-input]

x = 1
x
```
"""


@pytest.fixture
def project(tmp_path):
    """A project with one paired notebook."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://github.com/someone/book\n")
    (tmp_path / "notebooks" / "page.md").write_text(TEXT)
    pairs.write(tmp_path)
    return tmp_path


def test_every_notebook_of_the_book_has_its_twin():
    assert len(pairs.text_notebooks(ROOT / "notebooks")) >= 7
    assert pairs.problems(ROOT) == []


def test_no_text_notebook_lacks_a_kernel():
    for path in pairs.text_notebooks(ROOT / "notebooks"):
        assert jupytext.read(path, fmt="md:myst").metadata["kernelspec"]["name"] == "python3", path.name


def test_a_fresh_pair_is_one(project):
    assert pairs.problems(project) == []
    assert pairs.write(project) == []


def test_two_writes_give_the_same_bytes(project):
    twin = project / "notebooks" / "page.ipynb"
    first = twin.read_bytes()
    twin.unlink()
    pairs.write(project)
    assert twin.read_bytes() == first


def test_a_twin_holds_the_cells_and_no_outputs(project):
    notebook = nbformat.read(project / "notebooks" / "page.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["code", "markdown", "code"]
    assert "https://github.com/someone/book" in notebook.cells[0].source
    assert notebook.cells[1].source == "# A page\n\nA sentence with (snr)."
    assert notebook.cells[2].source == "x = 1\nx"
    assert notebook.cells[2].metadata.tags == ["hide-input"]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in notebook.cells)
    assert len({cell.id for cell in notebook.cells}) == 3


def test_colab_installs_what_the_page_and_the_modules_under_it_import(project):
    package = project / "biosig" / "inner"
    package.mkdir(parents=True)
    (project / "biosig" / "__init__.py").write_text("")
    (package / "__init__.py").write_text("from . import near\n")
    (package / "near.py").write_text("import numpy\n\n\ndef late():\n    import numba, json\n")
    (package / "by_name.py").write_text("from biosig import optional\noptional.load('pesq')\n")
    (package / "table.py").write_text("MODULES = {'one': 'biosig.inner.by_name'}\n")
    text = project / "notebooks" / "page.md"
    for code, expected in (("import soundfile", "soundfile"), ("from biosig import inner", "numba"),
                           ("import biosig.inner.near", "numba"), ("import biosig.inner.by_name", "numba pesq"),
                           ("from biosig.inner.table import MODULES", "numba pesq")):
        text.write_text(TEXT.replace("x = 1", code))
        assert " ".join(page_needs.needs(text, project)) == expected
        pairs.write(project)
        first = nbformat.read(text.with_suffix(".ipynb"), as_version=4).cells[0].source
        assert f"%pip install --quiet {expected}\n" in first


def test_an_import_that_nothing_installed_brings_is_refused(project):
    text = project / "notebooks" / "page.md"
    text.write_text(TEXT.replace("x = 1", "import no_such_thing_anywhere"))
    with pytest.raises(LookupError, match="no_such_thing_anywhere"):
        page_needs.needs(text, project)


def test_the_pages_with_measures_install_them_and_all_that_is_installed_is_asked_for_somewhere():
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [*asked["dependencies"], *sum(asked["optional-dependencies"].values(), [])]
    known = {re.match(r"[\w-]+", name)[0].lower() for name in names}
    for text in pairs.text_notebooks(ROOT / "notebooks"):
        wanted = {name.split("==")[0] for name in page_needs.needs(text, ROOT)}
        assert wanted <= known, text.name
        if re.search(r"\b(pesq|stoi)\w*\(", page_needs.code_of(text)) and text.parent.name == "speech":
            assert {"pesq", "pystoi"} <= wanted, text.name


@pytest.mark.parametrize(("old", "new"), [("x = 1", "x = 2"), ("A sentence", "A changed sentence"),
                                          ("# A page", "# Another")])
def test_an_edited_text_makes_its_twin_stale(project, old, new):
    text = project / "notebooks" / "page.md"
    text.write_text(text.read_text().replace(old, new))
    assert pairs.problems(project) == ["notebooks/page.md has a stale twin"]
    pairs.write(project)
    assert pairs.problems(project) == []


def test_an_edited_twin_is_seen(project):
    twin = project / "notebooks" / "page.ipynb"
    twin.write_text(twin.read_text().replace("x = 1", "x = 3"))
    assert pairs.problems(project) == ["notebooks/page.md has a stale twin"]


def test_outputs_in_a_twin_are_seen(project):
    twin = project / "notebooks" / "page.ipynb"
    notebook = nbformat.read(twin, as_version=4)
    notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="1")]
    nbformat.write(notebook, twin)
    assert pairs.problems(project) == ["notebooks/page.md has a twin with outputs"]


def test_a_missing_and_a_left_over_twin_are_seen(project):
    twin = project / "notebooks" / "page.ipynb"
    twin.rename(project / "notebooks" / "old.ipynb")
    assert pairs.problems(project) == ["notebooks/page.md has no twin",
                                       "notebooks/old.ipynb has no text notebook beside it"]


@pytest.mark.parametrize(("myst", "expected"), [
    ("(label)=\n## Title", "## Title"),
    ("see {doc}`02_classical` and {doc}`here <x/y>`", "see 02 classical and here"),
    ("{cite:p}`gu2023mamba`", "[gu2023mamba]"),
    ("{math}`x_t` and {term}`SNR`", "$x_t$ and SNR"),
    ("{numref}`fig-room` shows a room", "The figure shows a room"),
    ("It is in {numref}`fig-room`.", "It is in the figure."),
    ("$$\ny = Ch\n$$ (eq-out)", "$$\ny = Ch\n$$"),
    ("```{note}\nMind the gap.\n```", "> **Note**\n>\n> Mind the gap."),
    (":::{admonition} Look\n:class: tip\nHere.\n:::", "> **Look**\n>\n> Here."),
    ("```{figure} a.png\n:alt: a wave\nThe wave.\n```", "![a wave](a.png)\n\n*The wave.*"),
    ("```{exercise} One\n:label: e1\nDo {math}`x`.\n```", "**Exercise: One**\n\nDo $x$."),
    ("````{solution} e1\n:class: dropdown\n```python\nx = {1}\n```\n````",
     "<details><summary>Solution</summary>\n\n```python\nx = {1}\n```\n\n</details>"),
    ("```python\n{eq}`left alone`\n```", "```python\n{eq}`left alone`\n```"),
    ("```{math}\n:label: e\na = b\n```", "$$\na = b\n$$"),
    ("% a remark\ntext", "text"),
])
def test_myst_becomes_plain_markdown(myst, expected):
    assert plain(myst) == expected
