"""Every number and claim of a paper in a line: what became of it, and where it differs, why."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from biosig.papers.claim_verdicts import judge_claim
from biosig.papers.claims import Claim
from biosig.papers.comparison import Comparison, Makers
from biosig.papers.transcription import COUNT, VALUE, Cause, Figure, PaperTable
from biosig.papers.verdicts import DIFFERS, NOT_ATTEMPTED, REPRODUCED, SAME_ORDER, Verdict
from biosig.results.tables import FOUND, LABEL, PAPER, RUN, WHY, Entry, Table, label

WORDS = (REPRODUCED, SAME_ORDER, DIFFERS, NOT_ATTEMPTED)
CLAIM, TEXT = "claim", "text"
KINDS = {
    VALUE: "Measured values",
    COUNT: "Counts of parameters",
    CLAIM: "Claims about figures",
    TEXT: "Claims of the text",
}
UNKNOWN = "not known"  # a test holds that no committed line says so
HEADS = ("Where", "What", "Paper", "Here", "Verdict", FOUND)


@dataclass(frozen=True)
class Line:
    """One number or claim.

    Attributes:
        kind: "value", "count", "claim" (of a figure) or "text" (a claim of it).
        entries: where, what, the paper's, ours.
        causes: why it differs, as far as PAPER.toml says.
    """

    kind: str
    entries: tuple[Entry, ...]
    verdict: Verdict
    keys: tuple[str, ...]
    causes: tuple[Cause, ...] = ()

    @property
    def told(self) -> tuple[Entry, ...]:
        """The row of a table: the four entries, the verdict, and what was found."""
        source = RUN if self.keys else LABEL
        return (*self.entries, *(Entry(text, source, keys=self.keys) for text in (self.verdict.word, self.found)))

    @property
    def found(self) -> str:
        """What the verdict rests on."""
        return "" if self.verdict.word == NOT_ATTEMPTED else self.verdict.reason

    @property
    def why(self) -> str:
        """The causes in short."""
        if self.verdict.word == NOT_ATTEMPTED:
            return self.verdict.reason
        return "; ".join(cause.short for cause in self.causes) or UNKNOWN


def overviews(parts: Callable[[], Sequence[Comparison]]) -> Makers:
    """The three tables below by name, as every paper has them.

    Args:
        parts: gives the comparison and, where a table of the paper counts something, that of the counts; asked
            when a table is.
    """
    return {make.__name__: partial(_overview, make, parts) for make in (glance, tally, unreproduced)}


def _overview(make: Callable[..., Table], parts: Callable[[], Sequence[Comparison]]) -> Table:
    return make(*parts())


def glance(c: Comparison, counts: Comparison | None = None) -> Table:
    """A line for every number and every claim of the paper."""
    rows = tuple(line.told for line in lines(c, counts))
    return Table("glance", f"Every number and claim, and what became of it ({c.here})", HEADS, rows)


def unreproduced(c: Comparison, counts: Comparison | None = None) -> Table:
    """The lines that differ or were not attempted, each with its causes, which are told in full below."""
    left = [line for line in lines(c, counts) if line.verdict.word in (DIFFERS, NOT_ATTEMPTED)]
    rows = tuple((*line.told, label(line.why)) for line in left)
    causes = dict.fromkeys(cause for line in left for cause in line.causes)
    notes = tuple(f"{cause.short} ({cause.kind}): {cause.text}" for cause in causes)
    return Table("unreproduced", f"What did not reproduce ({c.here})", (*HEADS, WHY), rows, notes)


def tally(c: Comparison, counts: Comparison | None = None) -> Table:
    """How many of what were reproduced: values, counts and claims apart."""
    found = list(lines(c, counts))
    rows = []
    for kind, title in KINDS.items():
        own = [line for line in found if line.kind == kind]
        if own:
            keys = tuple(dict.fromkeys(key for line in own for key in line.keys))
            words = [[line for line in own if line.verdict.word == word] for word in WORDS]
            rows.append((label(title), _number(own, ()), *(_number(each, keys) for each in words)))
    heads = ("What the paper prints", "How many", *(word.capitalize() for word in WORDS))
    return Table("tally", f"What became of the paper's numbers and claims ({c.here})", heads, tuple(rows))


def lines(c: Comparison, counts: Comparison | None = None) -> Iterator[Line]:
    """Every number of the paper's tables, then every claim of its figures, then those of its text.

    Args:
        c: the comparison.
        counts: the same paper with the runs that its tables of counts rest on, where those are other ones.
    """
    for table in c.paper.tables.values():
        yield from _of_table(counts if counts and table.kind == COUNT else c, table)
    for figure in c.paper.figures.values():
        yield from _of_figure(c, figure)
    for claim in c.paper.claims.values():
        yield _of_text(c, claim)


def _of_table(c: Comparison, table: PaperTable) -> Iterator[Line]:
    for column in table.columns:
        systems = table.of(column)
        keys = c.keys(*systems.values())
        for row, system in systems.items():
            verdict = c.judged(table, column, row)
            what = label(f"{c.labels.get(system, row)}, {c.called(column.heading)}")
            entries = (label(table.number), what, column.values[row].entry, c.number(system, column, row))
            causes = _causes(c, table.name, row, column.name, verdict)
            yield Line(table.kind, entries, verdict, keys, causes)


def _of_figure(c: Comparison, figure: Figure) -> Iterator[Line]:
    table = c.paper.tables[figure.of]
    for metric in figure.metrics:
        verdict = c.claimed(figure, metric)
        what = label(f"{figure.best} best, {table.column(metric).title}")
        entries = (label(figure.number), what, Entry("the claim", PAPER, note=figure.quote), label(""))
        causes = _causes(c, figure.name, figure.best, metric, verdict)
        yield Line(CLAIM, entries, verdict, c.keys(*table.systems.values()), causes)


def _of_text(c: Comparison, claim: Claim) -> Line:
    verdict = judge_claim(c, claim)
    entries = (label(claim.number), label(claim.title), Entry("the claim", PAPER, note=claim.quote), label(""))
    causes = [cause for cause in c.paper.causes if cause.bears_on(claim, c.profile)]
    return Line(TEXT, entries, verdict, c.keys(*claim.systems), tuple(causes) if verdict.word == DIFFERS else ())


def _causes(c: Comparison, place: str, row: str, metric: str, verdict: Verdict) -> tuple[Cause, ...]:
    """The causes of a row that differs, and of the rows that it stands the other way round to."""
    if verdict.word != DIFFERS:
        return ()
    own = c.paper.why(place, row, metric, c.profile)
    rivals = [cause for other in verdict.against for cause in c.paper.why(place, other, metric, c.profile)]
    return tuple(dict.fromkeys([*own, *(cause for cause in rivals if cause.rows)]))


def _number(counted: Sequence[Line], keys: tuple[str, ...]) -> Entry:
    """A count of lines: what became of them rests on runs, how many there are on the paper."""
    return Entry(str(len(counted)), RUN if keys else PAPER, len(counted), keys=keys)
