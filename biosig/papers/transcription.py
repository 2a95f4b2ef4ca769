"""What a paper prints: PAPER.toml beside its protocol, read and checked."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from importlib import resources

from biosig.errors import ConfigError, DataError
from biosig.papers.base import PROFILES
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
    """One metric of a table.

    Attributes:
        better: "higher" or "lower".
        style: the format of our own numbers.
        values: row → what the paper prints.
        tolerance: profile → largest difference that counts as reproduced, absolute, or "5 %" of the paper's.
    """

    metric: str
    title: str
    unit: str
    better: str
    style: str
    values: Mapping[str, Printed]
    tolerance: Mapping[str, float | str] = field(default_factory=dict)

    def __post_init__(self):
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
        systems: row → the system of ours that is held against it.
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
        if set(self.systems) != set(self.rows) or self.best not in (*self.rows, ""):
            raise ValueError(f"{self.name} names other rows in systems or best than {', '.join(self.rows)}")

    def column(self, metric: str) -> Column:
        """The column of a metric.

        Raises:
            ConfigError: the table has no such column.
        """
        for column in self.columns:
            if column.metric == metric:
                return column
        raise ConfigError(f"{self.number} has no column {metric!r}.")


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
class Cause:
    """Why numbers of ours differ from the paper's: written once, found by every line that it explains.

    Attributes:
        kind: "data", "schedule", or "quirk" (of the paper, its code or ours).
        short: a few words, for a place in a table.
        text: the cause in full.
        profiles: in which it holds.
        of: tables and figures that it is about.
        rows, metrics: which of their rows and metrics; all where none is named.
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
        return named and row in (self.rows or (row,)) and metric in (self.metrics or (metric,))


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
        tables = [_table(raw) for raw in told.get("table", [])]
        figures = [_build(Figure, raw) for raw in told.get("figure", [])]
        causes = tuple(_build(Cause, raw) for raw in told.get("cause", []))
        choices = tuple(_named([_build(Choice, raw) for raw in told.get("choice", [])]).values())
        more = {"tables": _named(tables), "figures": _named(figures), "causes": causes, "choices": choices}
        paper = _build(Transcription, told["paper"] | more)
        _check_figures(paper)
        _check_causes(paper)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{name} does not fit together: {error}.") from None
    return paper


def _table(raw: dict) -> PaperTable:
    columns = tuple(_column(column, raw["rows"]) for column in raw["column"])
    given = {name: value for name, value in raw.items() if name != "column"}
    return _build(PaperTable, given | {"columns": columns})


def _column(raw: dict, rows: list[str]) -> Column:
    if len(raw["values"]) != len(rows):
        raise ValueError(f"{raw['metric']} has {len(raw['values'])} values for {len(rows)} rows")
    return _build(Column, raw | {"values": dict(zip(rows, map(Printed, raw["values"]), strict=True))})


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
        known = {column.metric for column in table.columns}
        if not set(figure.metrics) <= known:
            raise ValueError(f"{figure.name} speaks of metrics that {table.name} does not have")


def _check_causes(paper: Transcription) -> None:
    """Every name that a cause gives is one that the paper has."""
    tables = paper.tables.values()
    known = {
        "of": {*paper.tables, *paper.figures},
        "rows": {row for table in tables for row in table.rows},
        "metrics": {column.metric for table in tables for column in table.columns},
        "profiles": set(PROFILES),
    }
    for cause in paper.causes:
        for field_name, names in known.items():
            strange = sorted(set(getattr(cause, field_name)) - names)
            if strange:
                raise ValueError(f"the cause {cause.short!r} names {strange[0]!r} in {field_name}, which is not known")
