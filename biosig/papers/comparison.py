"""The paper beside here: a protocol hands over its runs and gets the tables that everyone is shown."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from biosig.papers.base import known
from biosig.papers.transcription import Column, Figure, PaperTable, Transcription
from biosig.papers.verdicts import NOT_ATTEMPTED, Runs, Verdict, judge, judge_figure
from biosig.results.items import Cell, CellRun, CellStore, Item
from biosig.results.measures import Found, Levels, Measure, Pool, pool, summary_of
from biosig.results.statistics import BySeed, summarise_by
from biosig.results.tables import ABSENT, RUN, Entry, Table, absent, label, measured

CONDITIONS = {"snr_db": "input SNR in dB"}  # as items name them, and as a reader does
Makers = Mapping[str, Callable[[], Table]]  # a table's name → what computes it


@dataclass(frozen=True)
class Comparison:
    """A paper's transcription and one profile's runs of it.

    Attributes:
        runs: system → its finished cells.
        labels: system → what to call it; also the order of the rows.
        here: what stands in for the paper's data, for a column's head: "3DC for NINAPro DB2".
        unit: what the statistics count, in the plural: "people", "utterances of one speaker"; "" where nothing was
            sampled, as for numbers of parameters.
        reasons: system → why there is no run of it, where more is known than that.
        seeds: system → how many seeds the protocol names; a table says where fewer were run.
        at: conditions that an item must have been made under to count: {"set": "voicebank"}.
        measures: metric → the measure that belongs to a set of items; what is not named is a mean of items.
        stand_ins: place of the paper → what is there here: {"RECOLA": "Simulated arousal for RECOLA"}.
    """

    paper: Transcription
    profile: str
    runs: Mapping[str, Sequence[CellRun]]
    labels: Mapping[str, str]
    here: str
    unit: str
    reasons: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    at: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, Measure] = field(default_factory=dict)
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    def called(self, name: str) -> str:
        """What begins with a place of the paper, as it is called here: "nEMO for eNTERFACE, ComParE"."""
        place, comma, rest = name.partition(", ")
        return f"{self.stand_ins.get(place, place)}{comma}{rest}"

    def items(self, system: str, metric: str) -> BySeed:
        """seed → items of one metric; those of several folds together."""
        if system not in self._indexed:
            self._indexed[system] = _index(self.runs.get(system, ()), self.at)
        return self._indexed[system].get(metric, {})

    def rows(self, table: PaperTable, metric: str) -> Runs:
        """The same by the paper's rows."""
        return {row: self.items(system, metric) for row, system in table.systems.items()}

    def found(self, system: str, column: Column, row: str = "") -> Found:
        """What a system's number is computed from: the items of a metric, or the totals of a measure of a set."""
        levels = column.levels(row)
        if column.metric in self.measures:
            return self.pool(system, column.metric).at(levels)
        return _made_at(self.items(system, column.metric), levels)

    def pool(self, system: str, name: str) -> Pool:
        """The totals of a system for a measure of a set, at every level."""
        measure = self.measures[name]
        if isinstance(self.runs, Finished):
            return self.runs.pool(system, measure, self.at)
        key = (system, measure.counts)
        if key not in self._pools:
            self._pools[key] = _pooled(self.runs.get(system, ()), measure, self.at)
        return replace(self._pools[key], measure=measure)

    def number(self, system: str, column: Column, row: str = "") -> Entry:
        """Our number for one system and metric, or why there is none."""
        found = self.found(system, column, row)
        if not found:
            return absent(self.lacking(system, column))
        key = (system, column.metric, column.style, repr(column.levels(row)))
        if key not in self._numbers:
            self._numbers[key] = measured(summary_of(found, column.metric), column.style, self.keys(system))
        return self._numbers[key]

    def judged(self, table: PaperTable, column: Column, row: str) -> Verdict:
        """The verdict on one number, with the protocol's own reason where there is no run."""
        key, systems = (table.name, column.name, row), table.of(column)
        if not self.found(systems[row], column, row):
            return Verdict(NOT_ATTEMPTED, self.lacking(systems[row], column))
        if key not in self._verdicts:
            runs = {each: self.found(system, column, each) for each, system in systems.items()}
            self._verdicts[key] = judge(self.paper, table, column, row, runs, self.profile)
        return self._verdicts[key]

    def claimed(self, figure: Figure, metric: str) -> Verdict:
        """The verdict on a figure's claim."""
        if (figure.name, metric) not in self._verdicts:
            runs = self.rows(self.paper.tables[figure.of], metric)
            self._verdicts[figure.name, metric] = judge_figure(self.paper, figure, metric, runs, self.profile)
        return self._verdicts[figure.name, metric]

    def keys(self, *systems: str) -> tuple[str, ...]:
        """Keys of the cells of these systems."""
        return tuple(cell.key for system in dict.fromkeys(systems) for cell in self.cells(system))

    def cells(self, system: str) -> list[Cell]:
        """Its finished cells; none of them is read."""
        if isinstance(self.runs, Finished):
            return self.runs.cells(system)
        return [run.cell for run in self.runs.get(system, ())]

    def missing(self, system: str) -> str:
        """Why there is no number of a system."""
        return self.reasons.get(system, f"no finished run in the {self.profile} profile")

    def lacking(self, system: str, column: Column) -> str:
        """Why there is no number of a system in a column: no run, or none at its levels."""
        some = column.at and self.cells(system)
        return "not run at each of the levels" if some else self.missing(system)

    def unfinished(self, systems: Iterable[str]) -> list[str]:
        """A sentence for each system of which fewer seeds were run than the protocol names, and some were."""
        had = {system: len({cell.seed for cell in self.cells(system)}) for system in systems}
        return [
            f"{self.labels[system]}: {count} of {self.seeds[system]} seeds are run so far."
            for system, count in had.items()
            if 0 < count < self.seeds.get(system, 0)
        ]

    def heads(self, unit: str) -> tuple[str, str]:
        """The heads of the paper's column and of ours, which says what stands in for the paper's data."""
        comma = f", {unit}" if unit else ""
        return f"Paper{comma}", f"Here{comma}: {self.here}"

    @property
    def counted(self) -> str:
        """The head of a column that says how much each number rests on."""
        return f"Items / {self.unit} / seeds"

    @property
    def how(self) -> str:
        """How the means and intervals were taken, for a note below a table."""
        return (
            f"Means go over items, then {self.unit}, then seeds; in brackets, their 95 % bootstrap interval "
            f"over {self.unit}."
        )

    @property
    def how_sets(self) -> str:
        """The same for measures that belong to a set of items."""
        return (
            f"Each number is taken over the items of all {self.unit} at once, at each level of a condition apart, then "
            f"averaged over levels and seeds; in brackets, its 95 % bootstrap interval over {self.unit}. Verdicts rest "
            f"on differences over {self.unit}, each with his or her own measure."
        )

    @cached_property
    def _indexed(self) -> dict[str, dict[str, BySeed]]:
        """System → metric → items: a table asks for the same ones many times."""
        return {}

    @cached_property
    def _pools(self) -> dict[tuple, Pool]:
        """Counting the rows of a set takes longer than what is computed from it."""
        return {}

    @cached_property
    def _numbers(self) -> dict[tuple, Entry]:
        """A number stands in more than one table, and each takes a bootstrap."""
        return {}

    @cached_property
    def _verdicts(self) -> dict[tuple, Verdict]:
        """Each verdict rests on several bootstraps, and stands in more than one table."""
        return {}


def _index(runs: Sequence[CellRun], at: Mapping[str, str]) -> dict[str, dict[int, list[Item]]]:
    found: dict[str, dict[int, list[Item]]] = {}
    for run in runs:
        for row in _made_under(run.items, at):
            found.setdefault(row.metric, {}).setdefault(run.cell.seed, []).append(row)
    return found


def _made_under(rows: Sequence[Item], at: Mapping[str, str]) -> Sequence[Item]:
    """The items made under these conditions."""
    return [row for row in rows if all(row.conditions.get(k) == v for k, v in at.items())] if at else rows


def _pooled(runs: Sequence[CellRun], measure: Measure, at: Mapping[str, str]) -> Pool:
    rows: dict[int, list[Item]] = {}
    for run in runs:
        of = [row for row in run.items if row.metric in measure.metrics]  # first, as most rows are of another metric
        rows.setdefault(run.cell.seed, []).extend(_made_under(of, at))
    return pool(rows, measure)


def _made_at(items: BySeed, levels: Levels) -> BySeed:
    """The items of these levels; all where no condition is named."""
    if not levels:
        return items
    kept = {
        seed: [row for row in rows if all(row.conditions.get(name) in of for name, of in levels.items())]
        for seed, rows in items.items()
    }
    return {seed: rows for seed, rows in kept.items() if rows}


class Finished(Mapping):
    """system → its finished runs in the order of ``cells``; a cell is read when its system is first asked for."""

    def __init__(self, store: CellStore, cells: Iterable[Cell], prefix: str = ""):
        self._store, self._runs, self._pools = store, {}, {}
        self._cells: dict[str, list[Cell]] = {}
        for cell in cells:
            if store.done(cell):
                self._cells.setdefault(cell.system.removeprefix(prefix), []).append(cell)

    def __contains__(self, system: object) -> bool:
        return system in self._cells  # without reading a cell

    def cells(self, system: str) -> list[Cell]:
        """The finished cells of a system, unread."""
        return self._cells.get(system, [])

    def pool(self, system: str, measure: Measure, at: Mapping[str, str]) -> Pool:
        """The totals of a system for a measure of a set; its rows, which may be very many, are not kept."""
        key = (system, measure.counts, repr(at))
        if key not in self._pools:
            self._pools[key] = _pooled([self._store.read(cell) for cell in self.cells(system)], measure, at)
        return replace(self._pools[key], measure=measure)

    def __getitem__(self, system: str) -> list[CellRun]:
        if system not in self._runs:
            self._runs[system] = [self._store.read(cell) for cell in self._cells[system]]
        return self._runs[system]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)


def collect(store: CellStore, cells: Iterable[Cell], prefix: str = "") -> Finished:
    """system → the runs of it that are finished, in the order of ``cells``; a damaged one is a DataError when read.

    Args:
        prefix: what the systems of these cells have before their names, and the keys do not.
    """
    return Finished(store, cells, prefix)


def seeds_of(cells: Iterable[Cell]) -> dict[str, int]:
    """system → how many seeds a protocol's cells name."""
    found: dict[str, set[int]] = {}
    for cell in cells:
        found.setdefault(cell.system, set()).add(cell.seed)
    return {system: len(seeds) for system, seeds in found.items()}


def made(makers: Makers, only: Sequence[str] = ()) -> list[Table]:
    """The tables of these names, or all; no other one is computed.

    Raises:
        ConfigError: a name that no table has.
    """
    return [makers[known("table", name, makers)]() for name in only or makers]


def by_item(runs: Iterable[CellRun]) -> dict[str, list[CellRun]]:
    """item → the runs with the rows of that item only: for cells whose items stand for systems, as counts do."""
    found: dict[str, list[CellRun]] = {}
    for run in runs:
        for name in dict.fromkeys(row.item for row in run.items):
            found.setdefault(name, []).append(replace(run, items=tuple(row for row in run.items if row.item == name)))
    return found


def beside(c: Comparison, table: PaperTable, metric: str, extras: Sequence[str] = ()) -> Table:
    """One metric of a table: paper, here with interval and numbers of items, verdict.

    Args:
        c: the comparison.
        table: the paper's table.
        metric: which of its columns.
        extras: systems that the paper does not have, to be shown without a verdict.
    """
    column = table.column(metric)
    systems = table.of(column)
    row_of = {system: row for row, system in systems.items()}
    shown = [system for system in c.labels if system in row_of or system in extras]
    rows, notes = [], c.unfinished(shown)
    for system in shown:
        entry = c.number(system, column)
        verdict = c.judged(table, column, row_of[system]) if system in row_of else None
        printed = column.values[row_of[system]].entry if system in row_of else Entry("not in the paper")
        counts = [counts_of([entry])] if c.unit else []
        rows.append((label(c.labels[system]), printed, entry, *counts, _word(c, systems, verdict)))
        notes += _reasons(c.labels[system], entry, verdict)
    heads = ("System", *c.heads(column.unit), *([c.counted] if c.unit else []), "Verdict")
    title = f"{table.number}, {column.title}: {table.title.lower()} ({column.better} is better)"
    return Table(f"{table.name}_{metric}", title, heads, tuple(rows), (*notes, *([c.how] if c.unit else [])))


def beside_lines(c: Comparison, table: PaperTable, extras: Sequence[Column] = ()) -> Table:
    """A table whose lines hold systems or conditions beside one another: paper and here for each, and their verdicts.

    Args:
        c: the comparison.
        table: the paper's table.
        extras: lines that the paper does not have, to be shown without a verdict.
    """
    rows = [_line(c, table, column) for column in (*table.columns, *extras)]
    column = table.columns[0]
    unit = f", {column.unit}" if column.unit else ""
    pairs = [head for row in table.rows for head in (f"{row}: paper{unit}", f"{row}: here{unit}")]
    heads = ("Line", *pairs, c.counted, f"Verdicts: {' / '.join(table.rows).lower()}")
    notes = [f'The paper: "{table.quote}"'] if table.quote else []
    title = f"{table.number}: {table.title} ({column.better} is better); here: {c.here}"
    of_sets = any(column.metric in c.measures for column in table.columns)
    return Table(table.name, title, heads, tuple(rows), (*notes, c.how_sets if of_sets else c.how))


def _line(c: Comparison, table: PaperTable, column: Column) -> tuple[Entry, ...]:
    name, systems = label(c.called(column.name)), table.of(column)
    here = {row: c.number(systems[row], column, row) for row in table.rows}
    if not column.values:
        pairs = [entry for row in table.rows for entry in (Entry("not in the paper"), here[row])]
        return (name, *pairs, counts_of(list(here.values())), Entry(""))
    pairs = [entry for row in table.rows for entry in (column.values[row].entry, here[row])]
    verdicts = {row: c.judged(table, column, row) for row in table.rows}
    return (name, *pairs, counts_of(list(here.values())), _words(verdicts, c.keys(*systems.values())))


def _words(verdicts: Mapping[str, Verdict], keys: tuple[str, ...]) -> Entry:
    """The verdicts on the numbers of a line, by row."""
    words = [verdict.word for verdict in verdicts.values()]
    if set(words) == {NOT_ATTEMPTED}:
        return absent("; ".join(dict.fromkeys(verdict.reason for verdict in verdicts.values())))
    reasons = "; ".join(f"{row}: {verdict.reason}" for row, verdict in verdicts.items())
    return Entry(" / ".join(words), RUN, keys=keys, note=reasons)


def by_level(c: Comparison, figure: Figure, metric: str) -> Table:
    """A figure's numbers: a row per system, a column per level of the condition, and the claim's verdict."""
    column = c.paper.tables[figure.of].column(metric)
    rows = []
    for system in c.labels:
        levels = summarise_by(c.items(system, metric), metric, figure.condition)
        entries = [
            measured(levels[level], column.style, c.keys(system), interval=False)
            if level in levels
            else absent(c.missing(system) if not c.runs.get(system) else "run on other levels only")
            for level in figure.levels
        ]
        rows.append((label(c.labels[system]), *entries, counts_of(entries)))
    verdict = c.claimed(figure, metric)
    notes = (
        f'The paper: "{figure.quote}" ({figure.printed})',
        f"{verdict.word.capitalize()}: {verdict.reason}.",
        *c.unfinished(c.labels),
    )
    by = CONDITIONS.get(figure.condition, figure.condition)
    title = f"{figure.number}, {column.heading} by {by}: {figure.title} ({c.here})"
    heads = ("System", *figure.levels, f"{c.counted} at each")
    return Table(f"{figure.name}_{metric}", title, heads, tuple(rows), notes)


def counts_of(entries: Sequence[Entry]) -> Entry:
    """What the numbers of a row rest on: items / units / seeds, each a range where they differ."""
    tried = [entry for entry in entries if entry.n]
    had = [entry for entry in tried if entry.value is not None] or tried
    if not had:
        return absent(next((entry.note for entry in entries if entry.note), ""))
    text = " / ".join(_span([entry.n[name] for entry in had]) for name in ("items", "subjects", "seeds"))
    failed = max(entry.n["failed"] for entry in tried)
    keys = tuple(dict.fromkeys(key for entry in had for key in entry.keys))
    return Entry(text + (f", {failed} failed" if failed else ""), RUN, keys=keys)


def _span(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


def _word(c: Comparison, systems: Mapping[str, str], verdict: Verdict | None) -> Entry:
    if verdict is None:
        return Entry("")
    if verdict.word == NOT_ATTEMPTED:
        return Entry(NOT_ATTEMPTED, ABSENT, note=verdict.reason)
    return Entry(verdict.word, RUN, keys=c.keys(*systems.values()), note=verdict.reason)


def _reasons(name: str, entry: Entry, verdict: Verdict | None) -> list[str]:
    notes = [f"{name}: {entry.note}."] if entry.value is not None and entry.note else []
    if verdict is not None and verdict.word != NOT_ATTEMPTED:
        notes.append(f"{name}: {verdict.word}: {verdict.reason}.")
    return notes
