"""Every text notebook has its twin, and a twin that drifts is seen."""

import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

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
