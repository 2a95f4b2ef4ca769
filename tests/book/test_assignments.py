"""Starters hold no solution, and grading takes the student's functions and the page's checks."""

import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import make_assignments  # noqa: E402

PAGE = '''---
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

```{code-cell} ipython3
start = 3


def double(x):
    """Twice x."""
    found = x + x
    return found


y = double(start)
assert y == 6
assert double(-1) == -2
```

```{exercise}
:label: a

Why?
```

````{solution} a
:class: dropdown

A secret.

```python
secret = 1
```
````

```{exercise}
:label: b

How?
```

```{solution-start} b
:class: dropdown
```

```{code-cell} ipython3
secret = 2
```

```{solution-end}
```

The end.
'''


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def starter(page):
    return make_assignments.notebook(make_assignments.cells(page, whole=False))


def work(notebook):
    return next(cell for cell in notebook.cells if cell.metadata.get("assignment") == "work 1")


def test_a_starter_has_heads_and_checks_but_no_solution(page):
    made = starter(page)
    everything = "\n".join(cell.source for cell in made.cells)
    assert "secret" not in everything and "x + x" not in everything
    assert '"""Twice x."""' in work(made).source and "start = 3" in work(made).source
    assert "assert y == 6" in everything and everything.count("*Your answer:*") == 2 and "The end." in everything
    nbformat.validate(made)


@pytest.mark.slow
def test_grading_runs_the_pages_checks_on_the_students_functions(page):
    good, bad, cheat = starter(page), starter(page), starter(page)
    solved = "def double(x):\n    return 2 * x\n\n\ny = double(3)"
    work(good).source = solved
    work(bad).source = solved.replace("2 * x", "x * x")
    for cell in cheat.cells:
        if cell.cell_type == "code" and "assert" in cell.source:
            cell.source = "pass"
    assert make_assignments.grade(page, good) == {"1": "pass"}
    assert make_assignments.grade(page, bad)["1"].startswith("AssertionError")
    assert make_assignments.grade(page, cheat)["1"].startswith("NotImplementedError")


def test_the_pages_have_tasks_and_no_solution_slips_into_a_starter():
    pages = sorted((ROOT / "notebooks").glob("*/*.md"))
    tasks = {page.stem: [c for c in make_assignments.cells(page, whole=False) if "assignment" in c.metadata]
             for page in pages}
    assert sum(map(len, tasks.values())) > 40
    for page in pages:
        text = "\n".join(cell.source for cell in make_assignments.cells(page, whole=False))
        assert "<summary>Solution</summary>" not in text, page.name


def outside_solutions(page):
    """The code cells of a page but for those between a solution's start and its end."""
    solving, found = False, []
    for cell in jupytext.read(page, fmt="md:myst").cells:
        if cell.cell_type == "code" and not solving:
            found.append(cell.source)
        elif "{solution-start}" in cell.source or "{solution-end}" in cell.source:
            solving = cell.source.rfind("{solution-start}") > cell.source.rfind("{solution-end}")
    return found


def test_whole_cells_are_the_pages_own_code():
    """What grading runs is the page without its solutions, cut at the checks and nowhere else."""
    for page in sorted((ROOT / "notebooks").glob("*/*.md")):
        ours = [c.source for c in make_assignments.cells(page, whole=True) if c.cell_type == "code"]
        squeezed = "".join("".join(ours).split())
        assert squeezed == "".join("".join(outside_solutions(page)).split()), page.name
