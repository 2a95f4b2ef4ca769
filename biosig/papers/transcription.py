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
        exact: values are counts, and every profile is judged.
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

    def __post_init__(self):
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
        paper = _build(Transcription, told["paper"] | {"tables": _named(tables), "figures": _named(figures)})
        _check_figures(paper)
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
