"""MyST Markdown as plain Markdown, for the notebook twins: Jupyter and Colab know no directives and no roles.

Admonitions become quotations, solutions fold away, figures become images, roles leave their text.
"""

import re
from pathlib import PurePosixPath

FENCE = re.compile(r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<title>.*)$")
OPTION = re.compile(r"^:(?P<key>[\w-]+):[ \t]*(?P<value>.*)$")
ROLE = re.compile(r"\{(?P<role>[\w:-]+)\}`(?P<text>[^`]+)`")
TARGET = re.compile(r"^(?P<text>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)
LABEL = re.compile(r"^\([\w:.-]+\)=[ \t]*\n?", re.MULTILINE)
EQUATION_LABEL = re.compile(r"^\$\$[ \t]*\((?P<label>[\w:.-]+)\)[ \t]*$", re.MULTILINE)
COMMENT = re.compile(r"^% .*\n?", re.MULTILINE)
NUMBER = re.compile(r"^eq-|^eq:")


def plain(text: str) -> str:
    """One Markdown cell without MyST's own syntax; code in ordinary fences is left alone."""
    return _blocks(text.split("\n")).strip("\n")


def _blocks(lines: list[str]) -> str:
    out: list[str] = []
    at = 0
    while at < len(lines):
        opening = FENCE.match(lines[at])
        code = lines[at].startswith("```") and not opening
        if not opening and not code:
            out.append(lines[at])
            at += 1
            continue
        fence = opening["fence"] if opening else re.match("`+", lines[at])[0]
        end = _closing(lines, at + 1, fence)
        inside = lines[at + 1 : end]
        out.append(_directive(opening["name"], opening["title"].strip(), inside) if opening
                   else "\0" + "\n\0".join(lines[at : end + 1]))
        at = end + 1
    return "\n".join(_inline_outside_code("\n".join(out)).split("\n"))


def _closing(lines: list[str], start: int, fence: str) -> int:
    """Where a fence ends, or the end of the cell."""
    return next((at for at in range(start, len(lines)) if lines[at].rstrip() == fence), len(lines))


def _inline_outside_code(text: str) -> str:
    """Roles and labels, everywhere but on the lines marked as code."""
    parts = re.split(r"((?:^\0.*\n?)+)", text, flags=re.MULTILINE)
    return "".join(part.replace("\0", "") if part.startswith("\0") else _inline(part) for part in parts)


def _inline(text: str) -> str:
    text = COMMENT.sub("", LABEL.sub("", text))
    text = EQUATION_LABEL.sub("$$", text)
    return ROLE.sub(_role, text)


def _role(match: re.Match) -> str:
    role, text = match["role"], match["text"]
    named = TARGET.match(text)
    if role == "math":
        return f"${text}$"
    if role.startswith("cite"):
        return f"[{text}]"
    if role == "eq":
        return f"({NUMBER.sub('', text)})"
    if role == "numref":  # figures have no numbers here
        return "The figure" if _starts_sentence(match) else "the figure"
    if role == "doc":
        return named["text"] if named else PurePosixPath(text).name.replace("_", " ")
    return named["text"] if named else text


def _starts_sentence(match: re.Match) -> bool:
    """Whether what stands before is the end of a sentence, or nothing."""
    return bool(re.search(r"(?:^|[.?!*]\s+|\n\n)$", match.string[: match.start()]))


def _directive(name: str, title: str, inside: list[str]) -> str:
    options, body = _options(inside)
    text = _blocks(body).strip("\n")
    kind = name.split(":")[-1]
    if kind in ("figure", "image"):
        return f"![{options.get('alt', '')}]({title})" + (f"\n\n*{text}*" if text else "")
    if kind == "math":
        return f"$$\n{text}\n$$"
    if kind == "solution":
        return _folded("Solution", text)
    if kind == "run-times":
        return "*The table is made as the book is built.*"
    if kind == "slider":
        return text
    if kind in ("solution-start", "solution-end", "exercise-end"):
        return "**Solution** (try it yourself first)" if kind == "solution-start" else ""
    if kind in ("exercise", "exercise-start"):
        return f"**Exercise{': ' + title if title else ''}**\n\n{text}"
    if "dropdown" in options.get("class", "") or kind == "dropdown":
        return _folded(title or kind.capitalize(), text)
    if kind == "page-head":
        return "\n".join(f"> {line}".rstrip() for line in ("**About this page**", "", *text.split("\n")))
    heading = title if kind in ("admonition", "prf") and title else kind.capitalize()
    return "\n".join(f"> {line}".rstrip() for line in (f"**{heading}**", "", *text.split("\n")))


def _options(inside: list[str]) -> tuple[dict[str, str], list[str]]:
    """The leading ``:key: value`` lines of a directive, and its body."""
    options: dict[str, str] = {}
    for at, line in enumerate(inside):
        if not (found := OPTION.match(line)):
            return options, inside[at:]
        options[found["key"]] = found["value"]
    return options, []


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"
