"""A book without solutions, for a class that is to find them: ``BIOSIG_SOLUTIONS=0 make book``.

What is left out is left out of everything that the build puts into the site: of the pages, and of the files that it
offers for download.
"""

import os
import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

FENCED = re.compile(r"^(?P<fence>`{3,}|:{3,})\{solution\}.*?^(?P=fence)[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)
GATED = re.compile(r"^(?P<fence>`{3,}|:{3,})\{solution-start\}.*?"
                   r"^(?P=fence)\{solution-end\}[ \t]*\n(?P=fence)[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)


def wanted() -> bool:
    """Whether the book shows solutions; it does unless BIOSIG_SOLUTIONS is 0."""
    return os.environ.get("BIOSIG_SOLUTIONS", "1") != "0"


def without(text: str) -> str:
    """A page's text without its solutions, be they one directive or a stretch between two."""
    return FENCED.sub("", GATED.sub("", text))


def choose(app: Sphinx, config: Config) -> None:
    """Without solutions no source of a page is offered, since it holds them; see also links.mend_buttons."""
    config.biosig_solutions = wanted()
    if not wanted():
        config.html_copy_source = False
        shutil.rmtree(Path(app.outdir, "_sources"), ignore_errors=True)  # of an earlier build


def leave_out(app: Sphinx, docname: str, source: list[str]) -> None:
    """Drop the solutions as a page is read."""
    if not app.config.biosig_solutions:
        source[0] = without(source[0])
