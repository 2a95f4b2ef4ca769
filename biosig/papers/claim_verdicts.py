"""Does what a paper's text claims hold here? Every place of a claim is tested; the verdict follows from all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from biosig.papers.claims import Claim, Part
from biosig.papers.comparison import Comparison
from biosig.papers.contests import LEVEL, OPEN, listed
from biosig.papers.verdicts import DIFFERS, NOT_ATTEMPTED, REPRODUCED, SAME_ORDER, Verdict
from biosig.results.measures import contrast
from biosig.results.statistics import Paired, holm
from biosig.results.tables import ABSENT, RUN, Entry, Table, absent, label, with_interval

HOLDS, REVERSED = "holds", "the other way round"
STYLES = {"uar": "+.1f", "war": "+.1f", "ccc": "+.3f"}
TEST = (
    "Difference: for each of the {unit}, in the direction of the claim, then the mean over {unit}, in the measure's "
    "own unit (UAR: points), with its 95 % bootstrap interval. p: exact two-sided Wilcoxon signed-rank test over "
    "{unit}, adjusted by Holm's method for the places of each claim together."
)


@dataclass(frozen=True)
class Outcome:
    """A claim at one place: the number that it says is above zero, and its p adjusted for the claim's places."""

    part: Part
    pair: Paired | None
    p: float = 1.0

    @property
    def verb(self) -> str:
        """HOLDS, REVERSED, or not told apart (from zero); "" where it was not run."""
        if self.pair is None:
            return ""
        if self.p >= LEVEL:
            return OPEN
        return HOLDS if self.pair.difference > 0 else REVERSED

    @property
    def points_there(self) -> bool:
        """Whether the mean is above zero, told apart from it or not."""
        return self.pair is not None and self.pair.difference > 0


def outcomes(c: Comparison, claim: Claim) -> list[Outcome]:
    """A claim's number at each of its places."""
    pairs = [contrast([(t.weight, c.pool(t.system, part.metric).at(t.at)) for t in part.terms]) for part in claim.parts]
    adjusted = holm({k: pair.p for k, pair in enumerate(pairs) if pair is not None})
    return [
        Outcome(part, pair, adjusted.get(k, 1.0))
        for k, (part, pair) in enumerate(zip(claim.parts, pairs, strict=True))
    ]


def judge_claim(c: Comparison, claim: Claim) -> Verdict:
    """The verdict on a claim of the text, by the rules that PAPER.toml states."""
    return verdict_of(c, claim, outcomes(c, claim))


def verdict_of(c: Comparison, claim: Claim, found: Sequence[Outcome]) -> Verdict:
    """Like :func:`judge_claim`, from its outcomes."""
    had = [outcome for outcome in found if outcome.pair]
    if not had:
        return Verdict(NOT_ATTEMPTED, f"no finished runs of it in the {c.profile} profile")
    if c.profile not in c.paper.judged:
        return Verdict(NOT_ATTEMPTED, f"the {c.profile} profile is for reading, and is not judged")
    return Verdict(_word_any(found) if claim.any else _word_all(found), _reason(c, found))


def claims(c: Comparison) -> Table:
    """Each claim of the text at each of its places, tested; its verdict, and below the sentence it rests on."""
    rows, notes = [], []
    for claim in c.paper.claims.values():
        found = outcomes(c, claim)
        verdict = verdict_of(c, claim, found)
        rows += [_row(c, claim, outcome, verdict) for outcome in found]
        said = f'"{claim.quote}"' if claim.quote else "no sentence, its numbers"
        word = verdict.word[0].upper() + verdict.word[1:]
        notes.append(f"{claim.title} ({claim.number}: {said}). {word}: {verdict.reason}.")
    heads = ("Claim", "Where", "Difference", "p, adjusted", f"n, {c.unit}", "There", "Verdict on the claim")
    title = f"What the text claims, tested over {c.unit} ({c.here})"
    return Table("claims", title, heads, tuple(rows), (*notes, TEST.format(unit=c.unit)))


def _word_all(found: Sequence[Outcome]) -> str:
    if all(outcome.verb == HOLDS for outcome in found):
        return REPRODUCED
    had = [outcome for outcome in found if outcome.pair]
    fits = all(outcome.points_there and outcome.verb != REVERSED for outcome in had)
    return SAME_ORDER if fits else DIFFERS


def _word_any(found: Sequence[Outcome]) -> str:
    if any(outcome.verb == HOLDS for outcome in found):
        return REPRODUCED
    return SAME_ORDER if any(outcome.points_there for outcome in found) else DIFFERS


def _reason(c: Comparison, found: Sequence[Outcome]) -> str:
    groups = {HOLDS: "holds", REVERSED: "is the other way round", OPEN: "is not told apart", "": "was not run"}
    parts = []
    for verb, text in groups.items():
        names = [c.called(outcome.part.title) for outcome in found if outcome.verb == verb]
        if names:
            parts.append(f"{text} at {listed(names)}")
    return "it " + ". It ".join(parts)


def _row(c: Comparison, claim: Claim, outcome: Outcome, verdict: Verdict) -> tuple[Entry, ...]:
    named = (label(claim.title), label(c.called(outcome.part.title)))
    keys = c.keys(*outcome.part.systems)
    word = Entry(verdict.word, RUN, keys=c.keys(*claim.systems), note=verdict.reason)
    if verdict.word == NOT_ATTEMPTED:
        word = Entry(NOT_ATTEMPTED, ABSENT, note=verdict.reason)
    if outcome.pair is None:
        return (*named, *[absent("not run at each of the levels" if keys else "no finished run")] * 4, word)
    pair, style = outcome.pair, STYLES.get(outcome.part.metric, "+.3g")
    text = with_interval(pair.difference, pair.low, pair.high, style)
    return (
        *named,
        Entry(text, RUN, pair.difference, pair.low, pair.high, keys),
        Entry(f"{outcome.p:.2g}", RUN, outcome.p, keys=keys),
        Entry(str(pair.n_subjects), RUN, pair.n_subjects, keys=keys),
        Entry(outcome.verb, RUN, keys=keys),
        word,
    )
