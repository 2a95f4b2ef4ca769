"""Reproduced, same order, differs, or not attempted: judged by the rules in PAPER.toml, with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass

from biosig.papers.transcription import Column, Figure, PaperTable, Transcription
from biosig.results.measures import Found, pair_of, summary_of
from biosig.results.statistics import Paired, compare, split_by
from biosig.results.tables import number

REPRODUCED, SAME_ORDER, DIFFERS, NOT_ATTEMPTED = "reproduced", "same order", "differs", "not attempted"

NOTHING = "nothing to compare with: values are not comparable on these data, and the paper has no order here"
Runs = Mapping[str, Found]  # row of the paper → what its number is computed from
Pairs = Mapping[tuple[str, str], Paired | None]  # (level, row) → the best row against that one


@dataclass(frozen=True)
class Verdict:
    """One of the four words, and what it rests on.

    Attributes:
        against: rows of the paper that stand the other way round here.
    """

    word: str
    reason: str
    against: tuple[str, ...] = ()


@dataclass(frozen=True)
class Order:
    """The paper's other rows that a row's place here agrees with, contradicts, or leaves open."""

    agree: tuple[str, ...]
    contradict: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """For a reason."""
        parts = (
            ("the other way round than in the paper against", self.contradict),
            ("ordered as in the paper against", self.agree),
            ("not told apart from", self.open),
        )
        return "; ".join(f"{what} {', '.join(rows)}" for what, rows in parts if rows)


def judge(paper: Transcription, table: PaperTable, column: Column, row: str, runs: Runs, profile: str) -> Verdict:
    """The verdict on one number of a table."""
    here = summary_of(runs[row], column.metric).value if runs.get(row) else None
    if here is None:
        return Verdict(NOT_ATTEMPTED, "no run of it gave a value")
    if table.exact:
        return _exact(column, row, here)
    if profile not in paper.judged:
        return Verdict(NOT_ATTEMPTED, f"the {profile} profile is for reading, and is not judged")
    order = order_of(table, column, row, runs)
    within, distance = _distance(column, row, here, profile)
    reason = "; ".join(filter(None, (distance, order.sentence)))
    if not reason:
        return Verdict(NOT_ATTEMPTED, NOTHING)
    if within and not order.contradict:
        return Verdict(REPRODUCED, reason)
    same = bool(order.agree) and not order.contradict
    return Verdict(SAME_ORDER if same else DIFFERS, reason, order.contradict)


def order_of(table: PaperTable, column: Column, row: str, runs: Runs) -> Order:
    """Where a row stands here against the paper's other rows, and whether the paper says the same.

    A difference counts if its bootstrap interval over subjects leaves out zero. Rows that were not run, and
    rows the paper has within ``table.tie`` of this one, are left out.
    """
    found: dict[str, list[str]] = {"agree": [], "contradict": [], "open": []}
    own = column.values[row].value
    for other in table.rows:
        theirs = column.values[other].value
        pair = pair_of(runs[row], runs[other], column.metric) if other != row and runs.get(other) else None
        if pair is None or abs(own - theirs) <= table.tie * max(abs(own), abs(theirs)):
            continue
        expected = 1 if own > theirs else -1
        found["open" if pair.sign == 0 else "agree" if pair.sign == expected else "contradict"].append(other)
    return Order(**{name: tuple(rows) for name, rows in found.items()})


def judge_figure(paper: Transcription, figure: Figure, metric: str, runs: Runs, profile: str) -> Verdict:
    """The verdict on a figure's claim that one row is best at every level."""
    table = paper.tables[figure.of]
    others = [row for row in table.rows if row != figure.best and runs.get(row)]
    if not runs.get(figure.best) or not others:
        return Verdict(NOT_ATTEMPTED, f"no run of {figure.best}, or of any other row of {table.number}")
    if profile not in paper.judged:
        return Verdict(NOT_ATTEMPTED, f"the {profile} profile is for reading, and is not judged")
    by_level = {row: split_by(runs[row], metric, figure.condition) for row in (figure.best, *others)}
    pairs = {
        (level, row): compare(by_level[figure.best].get(level, {}), by_level[row].get(level, {}), metric)
        for level in figure.levels
        for row in others
    }
    if not any(pairs.values()):
        return Verdict(NOT_ATTEMPTED, f"no items at {figure.condition} {', '.join(figure.levels)}")
    return _claim(figure, table.column(metric).sign, pairs, _missing(table, pairs))


def _claim(figure: Figure, sign: int, pairs: Pairs, missing: str) -> Verdict:
    had = {place: pair for place, pair in pairs.items() if pair is not None}
    beaten = [f"{level} ({row})" for (level, row), pair in had.items() if pair.difference * sign <= 0]
    lost = [f"{level} ({row})" for (level, row), pair in had.items() if pair.sign * sign < 0]
    clearly = [row for (_, row), pair in had.items() if pair.sign * sign < 0]
    rows = list(dict.fromkeys(row for _, row in had))
    behind = [row for row in rows if sign * _mean(had, row) <= 0]
    if not beaten and missing:  # a claim about every row and level is not reproduced on some of them
        return Verdict(SAME_ORDER, f"{figure.best} has the best mean wherever {', '.join(rows)} were run{missing}")
    if not beaten:
        return Verdict(REPRODUCED, f"{figure.best} has the best mean at every level against {', '.join(rows)}")
    reason = f"{figure.best} does not have the best mean at {figure.condition} {', '.join(beaten)}"
    if lost or behind:
        how = f"clearly worse at {', '.join(lost)}" if lost else f"behind over all {', '.join(behind)}"
        return Verdict(DIFFERS, f"{reason}, {how}{missing}", tuple(dict.fromkeys((*behind, *clearly))))
    return Verdict(SAME_ORDER, f"{reason}, but is nowhere clearly worse, and has the best mean over all{missing}")


def _missing(table: PaperTable, pairs: Pairs) -> str:
    """What the claim could not be held against, as the end of a sentence."""
    compared = {row for _, row in pairs}
    rows = [row for row in table.rows if row not in (*compared, table.best)]
    places = [f"{row} at {level}" for (level, row), pair in pairs.items() if pair is None]
    return f"; not run: {', '.join(rows + places)}" if rows or places else ""


def _mean(pairs: Mapping[tuple[str, str], Paired], row: str) -> float:
    """Mean difference to a row over the levels."""
    differences = [pair.difference for (_, other), pair in pairs.items() if other == row]
    return sum(differences) / len(differences)


def _exact(column: Column, row: str, here: float) -> Verdict:
    same = here == column.values[row].value
    return (
        Verdict(REPRODUCED, "the same count")
        if same
        else Verdict(DIFFERS, f"{number(here, column.style)} here, {column.values[row].text} in the paper")
    )


def _distance(column: Column, row: str, here: float, profile: str) -> tuple[bool, str]:
    """Whether the value is within the tolerance, and how far it is from the paper's."""
    printed = column.values[row].value
    allowed = column.allowed(profile, printed)
    if allowed is None:
        return False, ""
    off = number(here - printed, "+" + column.style)
    within = abs(here - printed) <= allowed
    side = "within" if within else "beyond"
    return within, f"{off} {column.unit}".strip() + f" from the paper, {side} {number(allowed, column.style)}"
