"""Docstrings are written to be read in the source; two habits of theirs mean something else to Sphinx.

``|x|`` is an absolute value and not a substitution, and an indented block after a colon (the glossary at the top of a
model's file) is to be shown as it stands.
"""

import re

from sphinx.application import Sphinx

LITERAL = re.compile(r"(``.*?``|:math:`.*?`)")


def mend(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Change a docstring's lines in place; runs after napoleon, which has dealt with Args and Raises."""
    as_shown = literal_blocks(lines) if what == "module" else set()
    mended: list[str] = []
    for at, line in enumerate(lines):
        starts = at not in as_shown and at + 1 in as_shown
        mended += [bars(line) + ":", ""] if starts else [line if at in as_shown else bars(line)]
    lines[:] = mended


def literal_blocks(lines: list[str]) -> set[int]:
    """Line numbers of indented blocks that directly follow a line ending in one colon."""
    found: set[int] = set()
    for at, line in enumerate(lines):
        follows = at > 0 and (at - 1 in found or bool(re.search(r"[^:]:$", lines[at - 1])))
        if follows and line.startswith(" "):
            found.add(at)
    return found


def bars(line: str) -> str:
    """Vertical bars that stay vertical bars; code is left alone."""
    if line.lstrip().startswith((">>>", "...")):
        return line
    return "".join(part if LITERAL.fullmatch(part) else part.replace("|", r"\|") for part in LITERAL.split(line))
