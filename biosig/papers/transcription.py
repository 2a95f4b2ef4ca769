"""What a paper prints: PAPER.toml beside its protocol, read and checked."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from importlib import resources

from biosig.errors import ConfigError, DataError
from biosig.papers.base import PROFILES
from biosig.papers.claims import Claim, Places, read_claim
from biosig.results.tables import PAPER, Entry

VALUE, COUNT = "value", "count"  # what a table's numbers are
REASONS = ("data", "schedule", "quirk")  # kinds of causes


@dataclass(frozen=True)
class Printed:
    """A number as the paper prints it: "2.382e-3"."""

    text: str

    def __post_init__(self):
        if not math.isfinite(self.value):
            raise ValueError(f"{self.text} is not finite")

    @property
    def value(self) -> float:
        """The number."""
        return float(self.text.replace(",", ""))

    @property
    def entry(self) -> Entry:
        """For a table."""
        return Entry(self.text, PAPER, self.value)


@dataclass(frozen=True)
class Column:
    """One metric of a table, or one line of a table whose lines hold systems and conditions beside one another.

    Attributes:
        better: "higher" or "lower".
        style: the format of our own numbers.
        values: row → what the paper prints.
        tolerance: profile → largest difference that counts as reproduced, absolute, or "5 %" of the paper's.
        name: unique in its table; the metric where nothing else is said.
        systems: row → system, where the table's own are not meant.
        at: row → condition → the levels whose mean is meant; "" stands for every row.
    """

    metric: str
    title: str
    unit: str
    better: str
    style: str
    values: Mapping[str, Printed]
    tolerance: Mapping[str, float | str] = field(default_factory=dict)
    name: str = ""
    systems: Mapping[str, str] = field(default_factory=dict)
    at: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, "name", self.name or self.metric)
        if self.better not in ("higher", "lower"):
            raise ValueError(f"{self.metric} is better when {self.better!r}, expected higher or lower")
        format(0.0, self.style)
        for profile in self.tolerance:
            if profile not in PROFILES:
                raise ValueError(f"{self.metric} has a tolerance for {profile!r}, which is no profile")
            self.allowed(profile, 1.0)

    @property
    def sign(self) -> int:
        """+1 if higher is better, else -1."""
        return 1 if self.better == "higher" else -1

    def allowed(self, profile: str, printed: float) -> float | None:
        """How far from the paper's value counts as reproduced; None if absolute values are not comparable."""
        given = self.tolerance.get(profile)
        if isinstance(given, str):
            return float(given.removesuffix("%")) / 100 * abs(printed)
        return given

    def levels(self, row: str = "") -> Mapping[str, Sequence[str]]:
        """Condition → the levels that a row's number is the mean over; none: all items."""
        return self.at.get(row, self.at.get("", {}))

    @property
    def heading(self) -> str:
        """Title and unit."""
        return f"{self.title}, {self.unit}" if self.unit else self.title


@dataclass(frozen=True)
class PaperTable:
    """A table of the paper.

    Attributes:
        number: "Table I".
        quote: the sentence in which the paper says what it shows.
        systems: row → the system of ours that is held against it, where its columns do not say it.
        best: the row that the paper says is best, "" if it says nothing.
        tie: rows of the paper closer than this (relative) are not held against one another.
        exact: a value is the same or it is not, and every profile is judged.
        kind: "value" for what was measured, "count" for numbers of parameters.
    """

    name: str
    number: str
    title: str
    rows: tuple[str, ...]
    systems: Mapping[str, str]
    columns: tuple[Column, ...]
    quote: str = ""
    best: str = ""
    tie: float = 0.0
    exact: bool = False
    kind: str = VALUE

    def __post_init__(self):
        if self.kind not in (VALUE, COUNT):
            raise ValueError(f"{self.name} holds the kind {self.kind!r}, expected {VALUE} or {COUNT}")
        named = [set(column.systems or self.systems) for column in self.columns]
        if any(rows != set(self.rows) for rows in named) or self.best not in (*self.rows, ""):
            raise ValueError(f"{self.name} names other rows in systems or best than {', '.join(self.rows)}")

    def column(self, name: str) -> Column:
        """The column of a metric, or the line of a name.

        Raises:
            ConfigError: the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise ConfigError(f"{self.number} has no column {name!r}.")

    def of(self, column: Column) -> Mapping[str, str]:
        """row → system of ours, in a column."""
        return column.systems or self.systems


@dataclass(frozen=True)
class Figure:
    """A figure's claim: that one row of table ``of`` is best in ``metrics`` at every level of a condition.

    Attributes:
        printed: what numbers the paper gives.
    """

    name: str
    number: str
    title: str
    quote: str
    metrics: tuple[str, ...]
    condition: str
    levels: tuple[str, ...]
    best: str
    of: str
    printed: str


@dataclass(frozen=True)
class Sheet:
    """A table of words and descriptions, of which nothing is judged.

    Attributes:
        heads: of its columns.
        rows: name → an entry for each head.
    """

    name: str
    number: str
    title: str
    heads: tuple[str, ...]
    rows: Mapping[str, Sequence[str]]

    def __post_init__(self):
        for row, entries in self.rows.items():
            if len(entries) != len(self.heads):
                raise ValueError(f"{row} of {self.name} has {len(entries)} entries for {len(self.heads)} heads")


@dataclass(frozen=True)
class Cause:
    """Why numbers of ours differ from the paper's: written once, found by every line that it explains.

    Attributes:
        kind: "data", "schedule", or "quirk" (of the paper, its code or ours).
        short: a few words, for a place in a table.
        text: the cause in full.
        profiles: in which it holds.
        of: tables, figures and claims that it is about.
        rows, metrics: which of their rows, and which metrics or beginnings of their lines' names; all where none is
            named.
    """

    kind: str
    short: str
    text: str
    profiles: tuple[str, ...]
    of: tuple[str, ...]
    rows: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()

    def __post_init__(self):
        if self.kind not in REASONS or not (self.short and self.text):
            kinds = ", ".join(REASONS)
            raise ValueError(f"the cause {self.short!r} is of kind {self.kind!r}: expected one of {kinds}, and words")

    def explains(self, place: str, row: str, metric: str, profile: str) -> bool:
        """Whether it is about this number."""
        named = place in self.of and profile in self.profiles
        return named and row in (self.rows or (row,)) and _begins(metric, self.metrics or (metric,))

    def bears_on(self, claim: Claim, profile: str) -> bool:
        """Whether it is about this claim of the text, at any of its places."""
        named = claim.name in self.of and profile in self.profiles
        return named and (not self.metrics or any(_begins(part.title, self.metrics) for part in claim.parts))


@dataclass(frozen=True)
class Choice:
    """Something that the paper leaves open: what it says, what the authors' code does, and what we do.

    Attributes:
        here: our choice in words; "" where the protocol tells it from its own settings.
    """

    name: str
    what: str
    paper: str
    code: str
    here: str = ""


@dataclass(frozen=True)
class Transcription:
    """A paper: who, where, and every table and figure value.

    Attributes:
        judged: profiles whose numbers get a verdict.
    """

    name: str
    title: str
    authors: tuple[str, ...]
    year: int
    bibtex: str
    source: str
    code: str
    judged: tuple[str, ...]
    tables: Mapping[str, PaperTable]
    figures: Mapping[str, Figure]
    causes: tuple[Cause, ...] = ()
    choices: tuple[Choice, ...] = ()
    claims: Mapping[str, Claim] = field(default_factory=dict)
    sheets: Mapping[str, Sheet] = field(default_factory=dict)

    def why(self, place: str, row: str, metric: str, profile: str) -> list[Cause]:
        """The causes that explain a number (or claim) of a table (or figure)."""
        return [cause for cause in self.causes if cause.explains(place, row, metric, profile)]

    @property
    def printed(self) -> set[str]:
        """Every number the paper prints, as it prints it."""
        return {
            value.text for table in self.tables.values() for column in table.columns for value in column.values.values()
        }


@lru_cache(maxsize=16)
def load(paper: str) -> Transcription:
    """The transcription of a paper.

    Raises:
        DataError: PAPER.toml is missing, or something in it does not fit together.
    """
    name = f"papers/{paper}/PAPER.toml"
    file = resources.files("biosig").joinpath(name)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        raise DataError(f"{name} is missing: expected the paper's transcription.") from None
    return parse(text, name)


def parse(text: str, name: str = "PAPER.toml") -> Transcription:
    """Like :func:`load`, from the text of a PAPER.toml."""
    try:
        told = tomllib.loads(text)
        places = told.get("place", {})
        tables = [_table(raw, places) for raw in told.get("table", [])]
        figures = [_build(Figure, raw) for raw in told.get("figure", [])]
        causes = tuple(_build(Cause, raw) for raw in told.get("cause", []))
        choices = tuple(_named([_build(Choice, raw) for raw in told.get("choice", [])]).values())
        claims = _named([read_claim(raw, places) for raw in told.get("claim", [])])
        sheets = _named([_build(Sheet, raw) for raw in told.get("sheet", [])])
        more = {"tables": _named(tables), "figures": _named(figures), "causes": causes, "choices": choices}
        more |= {"claims": claims, "sheets": sheets}
        paper = _build(Transcription, told["paper"] | more)
        _check_figures(paper)
        _check_causes(paper)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{name} does not fit together: {error}.") from None
    return paper


def _table(raw: dict, places: Places) -> PaperTable:
    given = {name: value for name, value in raw.items() if name not in ("column", "lines", "at")}
    if "lines" in raw:
        columns = tuple(column for block in raw["lines"] for column in _lines(block, raw, places))
        _named(columns)
        return _build(PaperTable, given | {"columns": columns, "systems": {}})
    columns = tuple(_column(column, raw["rows"]) for column in raw["column"])
    return _build(PaperTable, given | {"columns": columns})


def _column(raw: dict, rows: list[str]) -> Column:
    if len(raw["values"]) != len(rows):
        raise ValueError(f"{raw.get('name', raw['metric'])} has {len(raw['values'])} values for {len(rows)} rows")
    return _build(Column, raw | {"values": dict(zip(rows, map(Printed, raw["values"]), strict=True))})


def _lines(block: dict, table: dict, places: Places) -> list[Column]:
    """A block of lines: one for each of its places and, where it has ``by``, each level of that condition.

    ``values`` holds an entry for each place, a number for each of the table's rows in it; by level where there is a
    ``by``. The braces in the table's systems are filled with what the place says, and {level} in the block's title.
    """
    levels = block["values"] if "by" in block else {"": block["values"]}
    if any(len(values) != len(block["places"]) for values in levels.values()):
        raise ValueError(f"lines of {table['name']} have not one entry for each of {', '.join(block['places'])}")
    return [
        _line(block, table, (place, places[place]), level, values[k])
        for k, place in enumerate(block["places"])
        for level, values in levels.items()
    ]


def _line(block: dict, table: dict, place: tuple[str, Mapping[str, str]], level: str, values: list[str]) -> Column:
    given = {name: value for name, value in block.items() if name not in ("places", "by", "at", "title")}
    by, (called, fills) = block.get("by", ""), place
    says = block.get("title", "{level}" if by else "").format(level=f"{level} dB" if by.endswith("_db") else level)
    name = ", ".join(filter(None, (called, says)))
    own = block.get("at", {}) | ({by: [level]} if by else {})
    systems = {row: text.format_map(fills) for row, text in table["systems"].items()}
    at = {row: table.get("at", {}).get(row, {}) | own for row in table["rows"]}
    told = {"name": name, "title": name, "values": values, "systems": systems, "at": at}
    return _column(given | told, table["rows"])


def _begins(name: str, starts: Sequence[str]) -> bool:
    return any(name == start or name.startswith(f"{start}, ") for start in starts)


def _build(kind: type, raw: dict):
    unknown = set(raw) - {f.name for f in fields(kind)}
    if unknown:
        raise ValueError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()})


def _named(things: list) -> dict:
    names = [thing.name for thing in things]
    if len(set(names)) != len(names):
        raise ValueError(f"a name is given twice among {', '.join(names)}")
    return dict(zip(names, things, strict=True))


def _check_figures(paper: Transcription) -> None:
    for figure in paper.figures.values():
        table = paper.tables[figure.of]
        if figure.best not in table.rows:
            raise ValueError(f"{figure.name} calls {figure.best!r} best, which is no row of {table.name}")
        known = {column.name for column in table.columns}
        if not set(figure.metrics) <= known:
            raise ValueError(f"{figure.name} speaks of metrics that {table.name} does not have")


def _check_causes(paper: Transcription) -> None:
    """Every name that a cause gives is one that the paper has."""
    tables = paper.tables.values()
    known = {
        "of": {*paper.tables, *paper.figures, *paper.claims},
        "rows": {row for table in tables for row in table.rows},
        "metrics": {column.name for table in tables for column in table.columns},
        "profiles": set(PROFILES),
    }
    for cause in paper.causes:
        for field_name, names in known.items():
            told = getattr(cause, field_name)
            strange = [name for name in sorted(told) if not any(_begins(full, [name]) for full in names)]
            if strange:
                raise ValueError(f"the cause {cause.short!r} names {strange[0]!r} in {field_name}, which is not known")
