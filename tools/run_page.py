"""Run the code of single pages, without building the book: the quick look after an edit.

    python tools/run_page.py notebooks/speech/02_measures.md

Prints the error of the first cell that fails, or the time the page took. Nothing is written.
"""

import os
import sys
import time
from pathlib import Path

import jupytext
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 600


def run(page: Path) -> bool:
    """Execute a page in its own folder, as the build does; True if every cell ran."""
    notebook = jupytext.read(page)
    resources = {"metadata": {"path": str(page.parent)}}
    start = time.perf_counter()
    try:
        NotebookClient(notebook, timeout=TIMEOUT_S, kernel_name="python3", resources=resources).execute()
    except CellExecutionError as error:
        print(f"{page}: a cell failed\n{error}", file=sys.stderr)
        return False
    print(f"{page}: every cell ran, {time.perf_counter() - start:.0f} s")
    return True


def main(pages: list[str]) -> int:
    """Run the pages named; the exit code says whether all of them ran."""
    if not pages:
        print(__doc__, file=sys.stderr)
        return 2
    os.environ.pop("BIOSIG_DATA", None)  # pages show embedded data and committed results only
    return 0 if all([run(Path(page).resolve()) for page in pages]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
