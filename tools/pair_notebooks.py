"""Write, or check, the .ipynb twin of every text notebook under notebooks/.

The text (md:myst) is the source; the twin is for Colab, Binder and Jupyter. It holds no outputs, its cell ids
come from position and source, so that two runs give the same bytes; its prose is plain Markdown; its first
cell brings the project, and the packages that this page needs, to a machine that has only the notebook.

    python tools/pair_notebooks.py            write the twins
    python tools/pair_notebooks.py --check    exit with 1 if any twin is missing, stale or left over
"""

import argparse
import hashlib
import sys
import textwrap
from pathlib import Path

import jupytext
import nbformat
import yaml
from page_needs import needs
from plain_markdown import plain

ROOT = Path(__file__).resolve().parent.parent
FETCH = """\
# On Colab this fetches the project; anywhere else it does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("/content/biosig-book"):
    !git clone --quiet --depth 1 {url} /content/biosig-book
{install}    sys.path.insert(0, "/content/biosig-book")
    os.chdir("/content/biosig-book/{folder}")"""


def text_notebooks(folder: Path) -> list[Path]:
    """The text notebooks below a folder."""
    return sorted(path for path in folder.rglob("*.md") if ".ipynb_checkpoints" not in path.parts)


def repository(root: Path) -> str:
    """The project's public address, as _config.yml has it."""
    return yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]


def cell_id(position: int, kind: str, source: str) -> str:
    """An id that depends on what the cell is and where, not on chance."""
    return hashlib.sha256(f"{position}\0{kind}\0{source}".encode()).hexdigest()[:8]


def twin(text: Path, root: Path) -> nbformat.NotebookNode:
    """The notebook that belongs beside a text notebook."""
    lines = textwrap.wrap(" ".join(needs(text, root)), 90, break_on_hyphens=False)
    install = "".join(f"    %pip install --quiet {line}\n" for line in lines)
    fetch = FETCH.format(url=repository(root), folder=text.parent.relative_to(root).as_posix(), install=install)
    cells = [("code", fetch, {"tags": ["remove-cell"]})]
    for cell in jupytext.read(text, fmt="md:myst").cells:
        source = plain(cell.source) if cell.cell_type == "markdown" else cell.source
        if source:
            cells.append((cell.cell_type, source, dict(cell.metadata)))
    made = [make_cell(at, *cell) for at, cell in enumerate(cells)]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made})


def make_cell(position: int, kind: str, source: str, metadata: dict) -> dict:
    """One cell without outputs."""
    cell = {"cell_type": kind, "id": cell_id(position, kind, source), "metadata": metadata, "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def difference(text: Path, root: Path) -> str:
    """What is wrong with the twin of a text notebook, or an empty string."""
    path = text.with_suffix(".ipynb")
    if not path.exists():
        return "has no twin"
    wanted, found = twin(text, root).cells, nbformat.read(path, as_version=4).cells
    if any(cell.get("outputs") or cell.get("execution_count") for cell in found):
        return "has a twin with outputs"
    if [(cell.cell_type, cell.id, cell.source) for cell in wanted] != [
        (cell.cell_type, cell.get("id"), cell.source) for cell in found
    ]:
        return "has a stale twin"
    return ""


def problems(root: Path) -> list[str]:
    """One sentence for every pair that is not one."""
    folder = root / "notebooks"
    texts = text_notebooks(folder)
    found = [f"{text.relative_to(root)} {wrong}" for text in texts if (wrong := difference(text, root))]
    orphans = sorted(set(folder.rglob("*.ipynb")) - {text.with_suffix(".ipynb") for text in texts})
    left = [path for path in orphans if ".ipynb_checkpoints" not in path.parts]
    return found + [f"{path.relative_to(root)} has no text notebook beside it" for path in left]


def write(root: Path) -> list[Path]:
    """Write every twin that is not right already, and say which."""
    stale = [text for text in text_notebooks(root / "notebooks") if difference(text, root)]
    for text in stale:
        content = nbformat.writes(twin(text, root), version=nbformat.NO_CONVERT)
        text.with_suffix(".ipynb").write_text(content + "\n", encoding="utf-8")
    return stale


def main(arguments: list[str] | None = None) -> int:
    """Write or check; returns the exit status."""
    parser = argparse.ArgumentParser(description="Write or check the .ipynb twins of the text notebooks.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 on drift")
    if not parser.parse_args(arguments).check:
        for text in write(ROOT):
            print(f"wrote {text.with_suffix('.ipynb').relative_to(ROOT)}")
        return 0
    found = problems(ROOT)
    print("\n".join([*found, "Run `make pairs`."]) if found else "every notebook has its twin")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
