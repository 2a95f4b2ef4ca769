"""Starter notebooks without solutions, and their grading, from the pages themselves.

    python tools/make_assignments.py OUT [PAGE ...]            write starter notebooks (all pages if none is named)
    python tools/make_assignments.py --grade PAGE NOTEBOOK …   what each student's notebook gets

Where a page builds something by hand and then asserts that it is right, the starter has the function's head and
its docstring, and the assertions follow in a cell of their own. Grading takes the student's functions only: all
other cells, the assertions among them, come from the page, so that they cannot be edited away.
"""

import argparse
import ast
import sys
from pathlib import Path

import jupytext
import nbformat
from pair_notebooks import ROOT, text_notebooks
from plain_markdown import FENCE, plain

TODO = 'raise NotImplementedError("your code")'
KEY = "assignment"  # in a cell's metadata: "work 3", "test 3"


def asserts(statement: ast.stmt) -> bool:
    """Whether a statement checks something: an assert, or a call of numpy's or torch's testing module."""
    return any(isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and ".testing." in ast.unparse(node.func))
               for node in ast.walk(statement))


def parts(source: str) -> tuple[str, str] | None:
    """The cell before its first check, and from there on; None where no function of the cell is checked."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a line for IPython
        return None
    checked = next((at for at, each in enumerate(statements)
                    if asserts(each) and not isinstance(each, ast.FunctionDef)), None)
    if checked is None or not any(isinstance(each, ast.FunctionDef) for each in statements[:checked]):
        return None
    lines, first = source.split("\n"), statements[checked].lineno - 1
    return "\n".join(lines[:first]).rstrip(), "\n".join(lines[first:])


def emptied(source: str) -> str:
    """The same functions with head and docstring only; code that is not in a function stays."""
    lines = source.split("\n")
    for function in reversed([each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)]):
        body = function.body[1:] if ast.get_docstring(function) is not None else function.body
        if body:
            indent = " " * body[0].col_offset
            lines[body[0].lineno - 1 : body[-1].end_lineno] = [f"{indent}{TODO}"]
    return "\n".join(lines)


def without_solutions(text: str, solving: bool = False) -> tuple[str, bool]:
    """A Markdown cell with room for an answer where a solution stood, and whether one goes on in the next cell."""
    kept, closing = [], None
    for line in text.split("\n"):
        fence = FENCE.match(line)
        name = fence["name"] if fence and not closing else ""
        if name in ("solution", "solution-start"):
            kept.append("*Your answer:*")
        if name:
            solving = {"solution-start": True, "solution-end": False}.get(name, solving)
        if closing or name in ("solution", "solution-start", "solution-end"):
            closing = None if closing and line.rstrip() == closing else closing or fence["fence"]
        elif not solving:
            kept.append(line)
    return "\n".join(kept), solving


def cells(page: Path, whole: bool) -> list[nbformat.NotebookNode]:
    """The page's cells, functions whole or emptied, each check in a cell of its own; never the solutions."""
    made, solving, number = [], False, 0
    for cell in jupytext.read(page, fmt="md:myst").cells:
        if cell.cell_type == "markdown":
            text, solving = without_solutions(cell.source, solving)
            made.append(nbformat.v4.new_markdown_cell(plain(text)))
        elif not solving and (split := parts(cell.source)):
            number += 1
            work = split[0] if whole else emptied(split[0])
            made.append(nbformat.v4.new_code_cell(work, metadata={KEY: f"work {number}"}))
            made.append(nbformat.v4.new_code_cell(split[1], metadata={KEY: f"test {number}"}))
        elif not solving:
            made.append(nbformat.v4.new_code_cell(cell.source))
    for at, cell in enumerate(made):
        cell.id = f"cell-{at}"
    return [cell for cell in made if cell.source]


def notebook(made: list) -> nbformat.NotebookNode:
    """A notebook of these cells."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel})


def handed_in(page: Path, student: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The page with the student's functions in the place of its own."""
    theirs = {cell.metadata[KEY]: cell.source for cell in student.cells if KEY in cell.metadata}
    made = cells(page, whole=True)
    for cell in made:
        key = cell.metadata.get(KEY, "")
        if key.startswith("work"):
            cell.source = theirs.get(key, 'raise NotImplementedError("this cell is missing")')
    return notebook(made)


def grade(page: Path, student: nbformat.NotebookNode, timeout_s: int = 600) -> dict[str, str]:
    """"pass", or the error, of each numbered check; in a kernel of its own, in the page's folder."""
    from nbclient import NotebookClient

    made = handed_in(page, student)
    NotebookClient(made, timeout=timeout_s, allow_errors=True, resources={"metadata": {"path": page.parent}}).execute()
    found = {}
    for cell in made.cells:
        key, _, number = cell.metadata.get(KEY, "").partition(" ")
        errors = [f"{out.ename}: {out.evalue}".split("\n")[0] for out in cell.get("outputs", [])
                  if out.output_type == "error"]
        if key == "work" or (key == "test" and found.get(number) == "pass"):
            found[number] = errors[0] if errors else "pass"
    return found


def page_of(name: str) -> Path:
    """A page by its path, or by its name without an ending."""
    known = {page.stem: page for page in text_notebooks(ROOT / "notebooks")}
    page = known.get(Path(name).stem)
    if not page:
        raise SystemExit(f"{name} is no page: expected one of {', '.join(known)}.")
    return page


def main(arguments: list[str] | None = None) -> int:
    """Write starters, or grade."""
    parser = argparse.ArgumentParser(description="Starter notebooks without solutions, and their grading.")
    parser.add_argument("--grade", metavar="PAGE", help="grade notebooks of this page instead")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="OUT and pages; with --grade, students' notebooks")
    options = parser.parse_args(arguments)
    if options.grade:
        page = page_of(options.grade)
        for path in options.paths:
            found = grade(page, nbformat.read(path, as_version=4))
            print(f"{path}: {sum(v == 'pass' for v in found.values())} of {len(found)}")
            print("\n".join(f"  {number}: {verdict}" for number, verdict in found.items() if verdict != "pass"))
        return 0
    out, *names = options.paths
    Path(out).mkdir(parents=True, exist_ok=True)
    pages = [page_of(name) for name in names] or [p for p in text_notebooks(ROOT / "notebooks") if p.parent.name !=
                                                  "notebooks"]
    for page in pages:
        made = notebook(cells(page, whole=False))
        path = Path(out, f"{page.parent.name}_{page.stem}.ipynb")
        nbformat.write(made, path)
        print(f"{path}: {sum(cell.metadata.get(KEY, '').startswith('test') for cell in made.cells)} checked tasks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
