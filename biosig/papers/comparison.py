"""The paper beside here: a protocol hands over its runs and gets the tables that everyone is shown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from biosig.papers.transcription import Column, Figure, PaperTable, Transcription
from biosig.papers.verdicts import DIFFERS, NOT_ATTEMPTED, Runs, Verdict, judge, judge_figure
from biosig.results.items import Cell, CellRun, CellStore, Item
from biosig.results.statistics import BySeed, Paired, compare, complete, holm, summarise, summarise_by
from biosig.results.tables import ABSENT, PAPER, RUN, WHY, Entry, Table, absent, label, measured, with_interval

JUDGEMENT_COLUMNS = ("Where", "What", "Paper", "Here", "Verdict", WHY)


@dataclass(frozen=True)
class Comparison:
    """A paper's transcription and one profile's runs of it.

    Attributes:
        runs: system → its finished cells.
        labels: system → what to call it; also the order of the rows.
        here: what stands in for the paper's data, for a column's head: "3DC for NINAPro DB2".
        reasons: system → why there is no run of it, where more is known than that.
    """

    paper: Transcription
    profile: str
    runs: Mapping[str, Sequence[CellRun]]
    labels: Mapping[str, str]
    here: str
    reasons: Mapping[str, str] = field(default_factory=dict)

    def items(self, system: str, metric: str = "") -> BySeed:
        """seed → items of one metric ("" for all); those of several folds together."""
        return self._index.get((system, metric), {})

    def rows(self, table: PaperTable, metric: str = "") -> Runs:
        """The same by the paper's rows."""
        return {row: self.items(system, metric) for row, system in table.systems.items()}

    @cached_property
    def _index(self) -> dict[tuple[str, str], dict[int, list[Item]]]:
        """Items by system and metric: a table asks for the same ones many times."""
        found: dict[tuple[str, str], dict[int, list[Item]]] = {}
        for system, runs in self.runs.items():
            for run in runs:
                for row in run.items:
                    for metric in ("", row.metric):
                        found.setdefault((system, metric), {}).setdefault(run.cell.seed, []).append(row)
        return found

    @cached_property
    def lines(self) -> list[tuple[str, tuple[Entry, ...]]]:
        """(verdict, row of a table) for every number and claim of the paper."""
        paper = self.paper
        numbers = [line for table in paper.tables.values() for line in _table_lines(self, table)]
        return numbers + [line for figure in paper.figures.values() for line in _figure_lines(self, figure)]

    def keys(self, *systems: str) -> tuple[str, ...]:
        """Keys of the cells of these systems."""
        return tuple(run.cell.key for system in dict.fromkeys(systems) for run in self.runs.get(system, ()))

    def missing(self, system: str) -> str:
        """Why there is no number of a system."""
        return self.reasons.get(system, f"no finished run in the {self.profile} profile")

    def heads(self, unit: str) -> tuple[str, str]:
        """The heads of the paper's column and of ours, which says what stands in for the paper's data."""
        comma = f", {unit}" if unit else ""
        return f"Paper{comma}", f"Here{comma}: {self.here}"


def collect(store: CellStore, cells: Iterable[Cell]) -> dict[str, list[CellRun]]:
    """system → the runs of it that are finished, in the order of ``cells``; each damaged one is an error.

    Raises:
        DataError: a damaged cell.
    """
    found: dict[str, list[CellRun]] = {}
    for cell in cells:
        if store.done(cell):
            found.setdefault(cell.system, []).append(store.read(cell))
    return found


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
    column, row_of = table.column(metric), {system: row for row, system in table.systems.items()}
    rows, notes = [], []
    for system in (s for s in c.labels if s in row_of or s in extras):
        entry = _here(c, system, column)
        verdict = judged(c, table, column, row_of[system]) if system in row_of else None
        printed = column.values[row_of[system]].entry if system in row_of else Entry("not in the paper")
        rows.append((label(c.labels[system]), printed, entry, _counts(entry), _word(c, table, verdict)))
        notes += _reasons(c.labels[system], entry, verdict)
    heads = (
        "System",
        *c.heads(column.unit),
        "Items / subjects / seeds",
        "Verdict",
    )
    title = f"{table.number}, {column.title}: {table.title.lower()} ({column.better} is better)"
    return Table(f"{table.name}_{metric}", title, heads, tuple(rows), tuple([*notes, INTERVAL_NOTE]))


INTERVAL_NOTE = (
    "Means go over items, then subjects, then seeds; in brackets, their 95 % bootstrap interval over subjects."
)


def against(c: Comparison, table: PaperTable, metric: str, system: str) -> Table:
    """One system against every other, paired on the items both have."""
    column, name = table.column(metric), c.labels[system]
    others = [other for other in c.labels if other != system]
    pairs = {other: compare(c.items(system, metric), c.items(other, metric), metric) for other in others}
    adjusted = holm({other: pair.p for other, pair in pairs.items() if pair is not None})
    rows = [_paired_row(c, column, system, other, pairs[other], adjusted.get(other)) for other in others]
    heads = (
        "Against",
        f"Its {column.heading}",
        f"{name} on the same items",
        f"{name} minus it",
        "Items / subjects",
        "p",
    )
    had = [pair for pair in pairs.values() if pair is not None]
    notes = [
        f"With {pair.n_subjects} subjects the smallest p before adjustment is {pair.smallest_p:.2g}, "
        f"and {len(had)} comparisons share it."
        for pair in had[:1]
    ]
    title = f"{name} against the others, {column.title} ({column.better} is better): {c.here}"
    return Table(f"{table.name}_{metric}_paired", title, heads, tuple(rows), (*notes, PAIRED_NOTE))


PAIRED_NOTE = "p: exact two-sided Wilcoxon signed-rank test over subject means, adjusted by Holm's method."


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
        rows.append((label(c.labels[system]), *entries))
    verdict = judge_figure(c.paper, figure, metric, c.rows(c.paper.tables[figure.of], metric), c.profile)
    notes = (
        f'The paper: "{figure.quote}" ({figure.printed})',
        f"{verdict.word.capitalize()}: {verdict.reason}.",
    )
    title = f"{figure.number}, {column.heading} by {figure.condition}: {figure.title} ({c.here})"
    return Table(f"{figure.name}_{metric}", title, ("System", *figure.levels), tuple(rows), notes)


def glance(
    c: Comparison,
    which: Callable[[str], bool] = lambda word: True,
    name: str = "glance",
    title: str = "Every number and claim, and what became of it",
) -> Table:
    """A line for every number and every claim of the paper whose verdict ``which`` accepts."""
    rows = tuple(line for word, line in c.lines if which(word))
    return Table(name, f"{title} ({c.here})", JUDGEMENT_COLUMNS, rows)


def unreproduced(c: Comparison) -> Table:
    """The lines of :func:`glance` that differ or were not attempted, for the page that says why."""
    return glance(c, lambda word: word in (DIFFERS, NOT_ATTEMPTED), "unreproduced", "What did not reproduce")


def judged(c: Comparison, table: PaperTable, column: Column, row: str) -> Verdict:
    """The verdict on one number, with the protocol's own reason where there is no run."""
    system = table.systems[row]
    if not c.runs.get(system):
        return Verdict(NOT_ATTEMPTED, c.missing(system))
    return judge(c.paper, table, column, row, c.rows(table, column.metric), c.profile)


def _here(c: Comparison, system: str, column: Column) -> Entry:
    if not c.runs.get(system):
        return absent(c.missing(system))
    return measured(summarise(c.items(system, column.metric), column.metric), column.style, c.keys(system))


def _counts(entry: Entry) -> Entry:
    if not entry.n:
        return absent(entry.note)
    n = entry.n
    text = f"{n['items']} / {n['subjects']} / {n['seeds']}"
    return Entry(text + (f", {n['failed']} failed" if n["failed"] else ""), RUN, keys=entry.keys)


def _word(c: Comparison, table: PaperTable, verdict: Verdict | None) -> Entry:
    if verdict is None:
        return Entry("")
    if verdict.word == NOT_ATTEMPTED:
        return Entry(NOT_ATTEMPTED, ABSENT, note=verdict.reason)
    return Entry(verdict.word, RUN, keys=c.keys(*table.systems.values()), note=verdict.reason)


def _reasons(name: str, entry: Entry, verdict: Verdict | None) -> list[str]:
    notes = [f"{name}: {entry.note}."] if entry.value is not None and entry.note else []
    if verdict is not None and verdict.word != NOT_ATTEMPTED:
        notes.append(f"{name}: {verdict.word}: {verdict.reason}.")
    return notes


def _paired_row(
    c: Comparison, column: Column, system: str, other: str, pair: Paired | None, p: float | None
) -> tuple[Entry, ...]:
    if pair is None:
        why = c.missing(other if c.runs.get(system) else system)
        return (label(c.labels[other]), *[absent(why)] * 5)
    keys = c.keys(system, other)
    metric, items = column.metric, {name: c.items(name, column.metric) for name in (other, system)}
    common = complete(items[other], metric) & complete(items[system], metric)
    theirs, ours = (
        measured(summarise(items[name], metric, only=common), column.style, c.keys(name), interval=False)
        for name in (other, system)
    )
    text = with_interval(pair.difference, pair.low, pair.high, "+" + column.style)
    difference = Entry(text, RUN, pair.difference, pair.low, pair.high, keys)
    return (
        label(c.labels[other]),
        theirs,
        ours,
        difference,
        Entry(f"{pair.n_items} / {pair.n_subjects}", RUN, keys=keys),
        Entry(f"{p:.2g}", RUN, p, keys=keys),
    )


def _table_lines(c: Comparison, table: PaperTable) -> list[tuple[str, tuple[Entry, ...]]]:
    lines = []
    for column in table.columns:
        for row, system in table.systems.items():
            verdict = judged(c, table, column, row)
            what = label(f"{c.labels.get(system, row)}, {column.heading}")
            entries = (column.values[row].entry, _here(c, system, column), *_judgement(c, table, verdict))
            lines.append((verdict.word, (label(table.number), what, *entries)))
    return lines


def _figure_lines(c: Comparison, figure: Figure) -> list[tuple[str, tuple[Entry, ...]]]:
    table, lines = c.paper.tables[figure.of], []
    for metric in figure.metrics:
        verdict = judge_figure(c.paper, figure, metric, c.rows(table, metric), c.profile)
        what = label(f"{figure.best} best, {table.column(metric).title}")
        printed = Entry("the claim", PAPER, note=figure.quote)
        entries = (label(figure.number), what, printed, label(""), *_judgement(c, table, verdict))
        lines.append((verdict.word, entries))
    return lines


def _judgement(c: Comparison, table: PaperTable, verdict: Verdict) -> tuple[Entry, Entry]:
    keys = c.keys(*table.systems.values())
    source = RUN if keys else "label"
    return Entry(verdict.word, source, keys=keys), Entry(verdict.reason, source, keys=keys)
