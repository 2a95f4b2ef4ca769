"""Tables whose every number knows where it comes from, rendered as text, Markdown, CSV, JSON and HTML."""

import csv
import html
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from biosig.errors import ConfigError
from biosig.files import write_text
from biosig.results.statistics import Summary

PAPER, RUN, LABEL, ABSENT = "paper", "run", "label", "not attempted"
DASH = "—"
PROSE = 30  # characters: longer texts wrap
MANY = 6  # names in one footnote
FOUND, WHY = "What was found", "Why"  # columns that hold what else would be a note


@dataclass(frozen=True)
class Entry:
    """What stands in one place of a table.

    Attributes:
        text: what is shown.
        source: PAPER (its transcription), RUN (items of the cells in ``keys``), LABEL (a name) or ABSENT.
        value, low, high: the number behind the text and its interval.
        keys: keys of the cells that the number was computed from.
        n: how many items, subjects, seeds and failed items.
        note: the reason, where there is one to give.
    """

    text: str
    source: str = LABEL
    value: float | None = None
    low: float | None = None
    high: float | None = None
    keys: tuple[str, ...] = ()
    n: dict[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def provenance(self) -> str:
        """ "paper", "run <keys>", "label" or "not attempted: <reason>"."""
        if self.source == RUN:
            return f"{RUN} {' '.join(self.keys)}"
        return f"{ABSENT}: {self.note}" if self.source == ABSENT else self.source


@dataclass(frozen=True)
class Table:
    """Rows of entries under columns; the first column names the row.

    Attributes:
        name: file name without ending, unique within a paper.
        title: the caption; says what is synthetic and what stands in for what.
        notes: sentences below the table.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        for row in self.rows:
            if len(row) != len(self.columns):
                wanted = len(self.columns)
                raise ConfigError(f"table {self.name} has a row of {len(row)} entries: expected {wanted}.")


def label(text: str) -> Entry:
    """A row's or column's name."""
    return Entry(text)


def absent(reason: str) -> Entry:
    """A number that cannot be had, and why."""
    return Entry(DASH, ABSENT, note=reason)


def measured(summary: Summary, style: str, keys: Sequence[str], interval: bool = True) -> Entry:
    """A number from items, with its interval.

    Args:
        style: a format such as ".2f" or ".3e".
        keys: of the cells whose items were summarised.
        interval: show it; it is kept beside the number in any case.
    """
    n = {
        "items": summary.n_items,
        "subjects": summary.n_subjects,
        "seeds": summary.n_seeds,
        "failed": sum(summary.failed.values()),
    }
    reasons = "; ".join(f"{count} without a value: {reason}" for reason, count in summary.failed.items())
    if summary.value is None:
        return Entry(DASH, ABSENT, keys=tuple(keys), n=n, note=reasons or "no items")
    low, high = (summary.low, summary.high) if interval else (None, None)
    text = with_interval(summary.value, low, high, style)
    return Entry(text, RUN, summary.value, summary.low, summary.high, tuple(keys), n, reasons)


def with_interval(value: float, low: float | None, high: float | None, style: str) -> str:
    """ "20.32 [19.80, 20.84]", or the value alone where there is no interval."""
    if low is None or high is None:
        return number(value, style)
    return f"{number(value, style)} [{number(low, style)}, {number(high, style)}]"


def number(value: float, style: str) -> str:
    """``value`` as the papers print it: "20.32", "8.603e-3", "279,937"."""
    return re.sub(r"e([+-])0*(\d+)", lambda m: f"e{m[1].replace('+', '')}{m[2]}", format(value, style))


def render(table: Table, form: str) -> str:
    """The table as "text", "md", "csv", "json" or "html".

    Raises:
        ConfigError: another form.
    """
    if form not in FORMS:
        raise ConfigError(f"unknown format {form!r}: expected one of {', '.join(FORMS)}.")
    return FORMS[form](table)


def save(tables: Sequence[Table], folder: Path) -> list[Path]:
    """Write every table as Markdown and JSON into ``folder``, for ``biosig verify`` to check."""
    paths = []
    for path, text in renderings(tables, folder).items():
        write_text(path, text)
        paths.append(path)
    return paths


def renderings(tables: Sequence[Table], folder: Path) -> dict[Path, str]:
    """What :func:`save` writes, by path."""
    forms = ("md", "json")
    return {folder / f"{table.name}.{form}": render(table, form) for table in tables for form in forms}


def footnotes(table: Table) -> list[str]:
    """The table's notes, and one sentence per reason for what is missing in it."""
    if FOUND in table.columns:  # each row says it
        return list(table.notes)
    reasons: dict[str, list[str]] = {}
    for row in table.rows:
        for entry in row[1:]:
            if entry.source == ABSENT and entry.note:
                reasons.setdefault(entry.note, []).append(row[0].text)
    total = len({row[0].text for row in table.rows})
    told = [f"{_named(list(dict.fromkeys(rows)), total)}: not attempted: {why}" for why, rows in reasons.items()]
    return [*table.notes, *told]


def _named(rows: Sequence[str], total: int) -> str:
    """The rows by name, or how many they are where they are too many to read."""
    if len(rows) <= MANY:
        return ", ".join(rows)
    return "All rows" if len(rows) == total else f"{len(rows)} of {total} rows"


def _text(table: Table) -> str:
    lines = [table.columns, *[[entry.text for entry in row] for row in table.rows]]
    widths = [max(len(line[place]) for line in lines) for place in range(len(table.columns))]
    padded = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    rule = "  ".join("-" * width for width in widths)
    notes = [f"* {note}" for note in footnotes(table)]
    return "\n".join([table.title, "", padded[0], rule, *padded[1:], *notes]) + "\n"


def _markdown(table: Table) -> str:
    def line(texts: Sequence[str]) -> str:
        return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in texts)} |"

    rows = [line([entry.text for entry in row]) for row in table.rows]
    notes = [f"- {note}" for note in footnotes(table)]
    head = [f"**{table.title}**", "", line(table.columns), "|" + "---|" * len(table.columns)]
    return "\n".join([*head, *rows, *([""] if notes else []), *notes]) + "\n"


def _csv(table: Table) -> str:
    """One line per entry: easier to compute with than a table of texts."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    counted = ("items", "subjects", "seeds", "failed")
    numeric = ("value", "low", "high", *counted)
    writer.writerow(["table", "row", "column", "text", *numeric, "provenance", "note"])
    for row in table.rows:
        for column, entry in zip(table.columns[1:], row[1:], strict=True):
            numbers = ["" if x is None else _round(x) for x in (entry.value, entry.low, entry.high)]
            counts = [entry.n.get(name, "") for name in counted]
            writer.writerow(
                [table.name, row[0].text, column, entry.text, *numbers, *counts, entry.provenance, entry.note]
            )
    return text.getvalue()


def _json(table: Table) -> str:
    return json.dumps(as_dict(table), indent=1, ensure_ascii=False) + "\n"


def as_dict(table: Table) -> dict:
    """The table as plain data; numbers carry 6 digits, so that the last bits of a machine do not show."""
    rows = [[_plain(entry) for entry in row] for row in table.rows]
    return {
        "name": table.name,
        "title": table.title,
        "columns": list(table.columns),
        "rows": rows,
        "notes": list(table.notes),
    }


def _plain(entry: Entry) -> dict:
    found = {name: getattr(entry, name) for name in ("value", "low", "high")}
    numbers = {name: _round(value) for name, value in found.items() if value is not None}
    more = {"n": entry.n, "keys": list(entry.keys), "note": entry.note}
    told = {name: value for name, value in more.items() if value}
    return {"text": entry.text, "source": entry.source, **numbers, **told}


def _round(value: float) -> float:
    return float(f"{value:.6g}")


def _html(table: Table) -> str:
    """A compact table: intervals on a line of their own, no colours, so that it follows the page's theme.

    A table with sentences in it gets the class ``biosig-cards``: on a phone its rows stand below each other, each
    entry under its column's head. Other tables keep their columns there, and the first one stays in sight.
    """
    kind = "biosig-table biosig-cards" if any(map(_is_prose, _entries(table))) else "biosig-table"
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in table.columns)
    rows = "".join(f"<tr>{_html_row(table.columns, row)}</tr>\n" for row in table.rows)
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in footnotes(table))
    below = f'<ul class="biosig-notes">{notes}</ul>' if notes else ""
    caption = f"<caption>{html.escape(table.title)}</caption>"
    return (
        f'<div class="{kind}" style="overflow-x:auto"><table>\n{caption}\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table>{below}</div>\n"
    )


def _html_row(columns: Sequence[str], row: Sequence[Entry]) -> str:
    cells = [f'<th scope="row">{html.escape(row[0].text)}</th>']
    for column, entry in zip(columns[1:], row[1:], strict=True):
        shown = re.sub(r" (\[[^\]]*\])$", r"<br><small>\1</small>", html.escape(entry.text))
        told = "" if entry.source == LABEL else entry.provenance
        more = "" if entry.source == ABSENT else entry.note  # there, the provenance holds it
        hover = html.escape("; ".join(filter(None, (told, more))), quote=True)
        named = {"class": "prose" if _is_prose(entry) else "", "data-label": html.escape(column), "title": hover}
        said = "".join(f' {name}="{value}"' for name, value in named.items() if value)
        cells.append(f"<td{said}>{shown}</td>")
    return "".join(cells)


def _entries(table: Table) -> Iterator[Entry]:
    return (entry for row in table.rows for entry in row[1:])


def _is_prose(entry: Entry) -> bool:
    """Whether an entry is words that must wrap, and no number that must not."""
    return entry.value is None and len(entry.text) > PROSE


FORMS = {"text": _text, "md": _markdown, "csv": _csv, "json": _json, "html": _html}
