"""One system against others, pair by pair; the verb follows from the adjusted p and from nothing else.

The family that shares an error of 5 % is every comparison of a table, whoever is spoken of afterwards: nobody's rival
is picked by how it did on the test.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from biosig.papers.comparison import Comparison
from biosig.papers.transcription import Column
from biosig.results.measures import on_common, pair_of, summary_of
from biosig.results.statistics import Paired, holm
from biosig.results.tables import RUN, Entry, Table, absent, label, measured, with_interval

LEVEL = 0.05  # of the adjusted p
BETTER, WORSE, OPEN = "better", "worse", "not told apart"
JOINED = {BETTER: "better than", WORSE: "worse than", OPEN: "not told apart from"}
TEST = "p: exact two-sided Wilcoxon signed-rank test over {unit}, adjusted by Holm's method for {family} together."


@dataclass(frozen=True)
class Contest:
    """System a against system b.

    Attributes:
        pair: the difference a − b, on the items both have.
        p: of the pair, adjusted for its family.
        sign: +1 if higher is better, else -1.
    """

    pair: Paired
    p: float
    sign: int

    @property
    def verb(self) -> str:
        """ "better", "worse", or "not told apart" where the adjusted p is not below 0.05."""
        if self.p >= LEVEL:
            return OPEN
        return BETTER if self.sign * self.pair.difference > 0 else WORSE


Contests = Mapping[str, Contest | None]  # other system → the contest, None without a common item


def contests(c: Comparison, column: Column, system: str, others: Iterable[str]) -> dict[str, Contest | None]:
    """One system against each of the others; all of them are the family."""
    found = family(c, column, [(system, other) for other in others])
    return {other: contest for (_, other), contest in found.items()}


def family(c: Comparison, column: Column, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Contest | None]:
    """Several pairs of systems whose p share one error."""
    had = {(a, b): pair_of(c.found(a, column), c.found(b, column), column.metric) for a, b in pairs}
    adjusted = holm({key: pair.p for key, pair in had.items() if pair is not None})
    return {key: None if pair is None else Contest(pair, adjusted[key], column.sign) for key, pair in had.items()}


def against(c: Comparison, name: str, column: Column, system: str) -> Table:
    """One system against every other, paired on the items both have; the table is called NAME_paired."""
    own, others = c.labels[system], [other for other in c.labels if other != system]
    found = contests(c, column, system, others)
    rows = [_row(c, column, system, other, found[other]) for other in others]
    heads = (
        "Against",
        f"Its {column.heading}",
        f"{own} on the same items",
        f"{own} minus it",
        f"{own} is",
        "p, adjusted",
        f"Items / {c.unit}",
    )
    notes = [f"{own} is {score(found)}."] if any(found.values()) else []
    notes += [*_smallest(c, found), TEST.format(unit=c.unit, family="all rows")]
    title = f"{own} against the others, {column.title} ({column.better} is better): {c.here}"
    return Table(f"{name}_paired", title, heads, tuple(rows), tuple(notes))


def each_against(c: Comparison, name: str, column: Column, system: str, title: str = "") -> Table:
    """Every other system against one, as each of them minus it; the table is called NAME_paired."""
    own, others = c.labels[system], [other for other in c.labels if other != system]
    found = {pair[0]: contest for pair, contest in family(c, column, [(other, system) for other in others]).items()}
    rows = [_row(c, column, system, other, found[other], turned=True) for other in others]
    heads = (
        "System",
        f"Its {column.heading}",
        f"{own} on the same items",
        f"It minus {own}",
        "It is",
        "p, adjusted",
        f"Items / {c.unit}",
    )
    told = {verb: [c.labels[name] for name, each in found.items() if each and each.verb == verb] for verb in JOINED}
    notes = [f"{JOINED[verb].capitalize()} {own}: {listed(names)}." for verb, names in told.items() if names]
    notes += [*_smallest(c, found), TEST.format(unit=c.unit, family="all rows")]
    title = title or f"Every system against {own}, {column.title} ({column.better} is better): {c.here}"
    return Table(f"{name}_paired", title, heads, tuple(rows), tuple(notes))


Bouts = Mapping[tuple[str, str, str], Contest | None]  # (metric, system, other) → the contest


def bouts(c: Comparison, pairs: Sequence[tuple[str, str]], columns: Sequence[Column]) -> Bouts:
    """Several pairs of systems by several measures; p is adjusted for all of them together."""
    of = {column.metric: column for column in columns}
    keys = [(metric, a, b) for metric in of for a, b in pairs]
    had = {(metric, a, b): pair_of(c.found(a, of[metric]), c.found(b, of[metric]), metric) for metric, a, b in keys}
    adjusted = holm({key: pair.p for key, pair in had.items() if pair is not None})
    return {key: Contest(had[key], adjusted[key], of[key[0]].sign) if key in adjusted else None for key in keys}


def rounds(
    c: Comparison, name: str, pairs: Sequence[tuple[str, str]], columns: Sequence[Column], title: str
) -> Table:
    """The :func:`bouts` of some pairs, a row for each measure of each pair; the table is called NAME_paired."""
    found, of = bouts(c, pairs, columns), {column.metric: column for column in columns}
    rows = []
    for (metric, a, b), contest in found.items():
        named = label(f"{of[metric].heading}: {c.labels[a]} against {c.labels[b]}")
        rows.append((named, *_row(c, of[metric], a, b, contest)[1:]))
    heads = ("Comparison", "The second", "The first", "First minus second", "The first is", "p, adjusted")
    notes = [*told(c, found, columns), *_smallest(c, found), TEST.format(unit=c.unit, family="all rows")]
    return Table(f"{name}_paired", title, (*heads, f"Items / {c.unit}"), tuple(rows), tuple(notes))


def told(c: Comparison, found: Bouts, columns: Sequence[Column]) -> list[str]:
    """A sentence for each pair that has been run: '"A" against "B": better by PESQ-wb, not told apart by STOI.'"""
    titles, sentences = {column.metric: column.title for column in columns}, []
    for a, b in dict.fromkeys(key[1:] for key in found):
        verbs = {titles[key[0]]: each.verb for key, each in found.items() if key[1:] == (a, b) and each}
        by = [(verb, [title for title, had in verbs.items() if had == verb]) for verb in (BETTER, WORSE, OPEN)]
        parts = [f"{verb} by {listed(some)}" for verb, some in by if some]
        sentences += [f'"{c.labels[a]}" against "{c.labels[b]}": {", ".join(parts)}.'] if parts else []
    return sentences


def pair_by_pair(
    c: Comparison, name: str, column: Column, pairs: Sequence[tuple[str, str]], called: tuple[str, str], title: str
) -> Table:
    """Pairs of systems, the first of each minus the second; all of them are the family. It is called NAME_paired.

    Args:
        pairs: (first, second) of each row, which is called as the first is.
        called: what first and second are, for the heads.
        title: of the table.
    """
    found = family(c, column, pairs)
    rows = [
        (label(c.labels[first]), *_row(c, column, first, second, contest)[1:])
        for (first, second), contest in found.items()
    ]
    first, second = called
    heads = (
        "System",
        f"{second}: {column.heading}",
        f"{first}, on the same items",
        "Difference",
        f"{first} is",
        "p, adjusted",
        f"Items / {c.unit}",
    )
    notes = [*_smallest(c, found), TEST.format(unit=c.unit, family="all rows")]
    return Table(f"{name}_paired", title, heads, tuple(rows), tuple(notes))


def sentence(c: Comparison, column: Column, system: str, among: Sequence[str], name: str = "") -> str:
    """How a system stands to some of the others, in words; p is adjusted for all others, not for these alone.

    Args:
        name: what to call the system, if not as the tables do.
    """
    found = contests(c, column, system, [other for other in c.labels if other != system])
    few = {other: found[other] for other in among if found.get(other)}
    if not few:
        return f"There is no finished run to hold {name or c.labels[system]} against yet."
    n = {contest.pair.n_subjects for contest in few.values()}
    counted = " to ".join(map(str, sorted({min(n), max(n)})))
    rest = f"Here n = {counted} {c.unit}, and {_adjusted(sum(map(bool, found.values())))}."
    return f"By {column.title}, {name or c.labels[system]} is {standing(few, c.labels)}. {rest}"


def standing(found: Contests, labels: Mapping[str, str]) -> str:
    """ "better than A and B (adjusted p at most 0.014). It is not told apart from C (adjusted p at least 0.2)"."""
    parts = []
    for verb in (BETTER, WORSE, OPEN):
        group = {other: contest for other, contest in found.items() if contest and contest.verb == verb}
        if group:
            values = [contest.p for contest in group.values()]
            bound = f"at least {min(values):.2g}" if verb == OPEN else f"at most {max(values):.2g}"
            parts.append(f"{JOINED[verb]} {listed([labels[other] for other in group])} (adjusted p {bound})")
    return ". It is ".join(parts)


def score(found: Contests) -> str:
    """ "better than 9 of 21, worse than 1 and not told apart from 11"."""
    verbs = [contest.verb for contest in found.values() if contest]
    parts = [f"{JOINED[verb]} {verbs.count(verb)}" for verb in (BETTER, WORSE, OPEN) if verb in verbs]
    first, *rest = parts
    return listed([f"{first} of {len(verbs)}", *rest])


def leaders(c: Comparison, column: Column) -> str:
    """Who has the best mean of all, and which of the others are told apart from it; all pairs are the family."""
    means = {system: summary_of(c.found(system, column), column.metric) for system in c.labels}
    had = {system: found for system, found in means.items() if found.value is not None}
    if len(had) < 2:
        return ""
    first = max(had, key=lambda system: column.sign * had[system].value)
    n = max(found.n_subjects for found in had.values())
    told = standing(among_all(c, column, first, list(had)), c.labels)
    return f"{column.title}: {c.labels[first]} has the best mean (n = {n} {c.unit}). It is {told}."


def among_all(c: Comparison, column: Column, first: str, systems: Sequence[str]) -> dict[str, Contest | None]:
    """One system against each of the others, where every pair of them is the family: for one picked by its result."""
    ordered = [first, *(system for system in systems if system != first)]
    found = family(c, column, combinations(ordered, 2))
    return {other: found[first, other] for other in ordered[1:]}


def listed(names: Sequence[str]) -> str:
    """ "A, B and C"; where a name holds a comma itself, semicolons part them."""
    if len(names) < 2:
        return "".join(names)
    comma, last = ("; ", "; and ") if any("," in name for name in names) else (", ", " and ")
    return f"{comma.join(names[:-1])}{last}{names[-1]}"


def _smallest(c: Comparison, found: Contests) -> list[str]:
    had = [contest.pair for contest in found.values() if contest]
    return [
        f"With n = {pair.n_subjects} {c.unit} the smallest p before adjustment is {pair.smallest_p:.2g}, and "
        f"{_adjusted(len(had))}."
        for pair in had[:1]
    ]


def _adjusted(comparisons: int) -> str:
    return f"p is adjusted for {comparisons} comparisons" if comparisons > 1 else "it is the only comparison"


def _row(
    c: Comparison, column: Column, system: str, other: str, contest: Contest | None, turned: bool = False
) -> tuple[Entry, ...]:
    """The numbers of both, then the contest: the system minus the other one, or the other way round if turned."""
    if contest is None:
        why = c.lacking(other if c.cells(system) else system, column)
        return (label(c.labels[other]), *[absent(why)] * 6)
    pair, keys = contest.pair, c.keys(*((other, system) if turned else (system, other)))
    both = on_common(c.found(other, column), c.found(system, column), column.metric)
    theirs, ours = (
        measured(found, column.style, c.keys(name), interval=False)
        for name, found in zip((other, system), both, strict=True)
    )
    text = with_interval(pair.difference, pair.low, pair.high, "+" + column.style)
    return (
        label(c.labels[other]),
        theirs,
        ours,
        Entry(text, RUN, pair.difference, pair.low, pair.high, keys),
        Entry(contest.verb, RUN, keys=keys),
        Entry(f"{contest.p:.2g}", RUN, contest.p, keys=keys),
        Entry(f"{pair.n_items} / {pair.n_subjects}", RUN, keys=keys),
    )
