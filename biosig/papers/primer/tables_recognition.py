"""Tables of the third experiment: word error rates behind front ends, and observation adding."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from biosig.papers.comparison import Comparison, Makers, collect, counts_of, seeds_of
from biosig.papers.contests import TEST, each_against, family
from biosig.papers.primer.recognition import ADDED, CLEAN, COUNTS, FRONTS, MIXED, PLAN, PREFIX, levels
from biosig.papers.primer.systems import VARIED
from biosig.papers.primer.tables import LABELS
from biosig.papers.transcription import Column, load
from biosig.results.items import CellStore
from biosig.results.measures import Measure, Pool, contrast, percent, rate, summarise_pool
from biosig.results.statistics import Paired, holm
from biosig.results.tables import RUN, Entry, Table, absent, label, measured, with_interval

DATA = "16 people of the TIMIT sample in unseen noises"
NOISY = "noisy"
SNRS = levels(PLAN.snrs_db)
OVER = ("weight", "snr_db")


def _errors(unit: str, kinds: Sequence[str] = COUNTS, name: str = "") -> Measure:
    return percent(rate(name, "1", tuple(f"{unit}_{kind}" for kind in kinds), f"{unit}s", OVER))


MEASURES = {
    "wer": _errors("word", name="wer"),
    "cer": _errors("character", name="cer"),
    **{kind: _errors("word", (kind,), kind) for kind in COUNTS},
}
TITLES = {"wer": "WER", "cer": "CER", **{kind: kind.capitalize() for kind in COUNTS}}
NOTES = (
    "Word error rate in percent: substituted, deleted and inserted words over the words that were said, all sentences "
    "of a level together; above 100 where much is invented. In brackets, its 95 % bootstrap interval over people.",
    "The recogniser is Whisper tiny.en, greedy, as it is: it was trained on 680,000 hours of speech from the web, "
    "noisy speech among it, and on nothing of ours. Two sentences of each person at each level.",
)


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """Every table of this experiment by name; none in a profile that has none of its cells."""
    c = comparison(protocol, profile, store)
    if not c.seeds:
        return {}
    return {
        "recognition": partial(by_snr, c),
        "recognition_paired": partial(paired, c, "recognition", SNRS, "mean over -5 to 10 dB"),
        "recognition_clean_paired": partial(paired, c, "recognition_clean", (CLEAN,), "clean speech"),
        "recognition_errors": partial(kinds, c),
        "recognition_added": partial(observation_adding, c),
    }


def comparison(protocol, profile: str, store: CellStore) -> Comparison:
    """Every front end; a system's cell is read when it is asked for."""
    cells = protocol.cells(profile, [name for name in protocol.systems if name.startswith(PREFIX)])
    runs = collect(store, cells, PREFIX)
    seeds = {name.removeprefix(PREFIX): count for name, count in seeds_of(cells).items()}
    labels = {name: LABELS[name] for name in FRONTS if name not in VARIED or name in seeds}
    return Comparison(load("primer"), profile, runs, labels, DATA, "people", seeds=seeds, measures=MEASURES)


def rate_at(snrs: Sequence[str], metric: str = "wer") -> Column:
    """An error rate as a column of a table that no paper prints: the mean over some levels."""
    return Column(metric, TITLES[metric], "%", "lower", ".1f", {}, at={"": {"snr_db": tuple(snrs)}})


def by_snr(c: Comparison) -> Table:
    """The word error rate of every front end at every level, and their mean over the noisy ones; CER beside it."""
    columns = [rate_at((level,)) for level in (CLEAN, *reversed(SNRS))] + [rate_at(SNRS), rate_at(SNRS, "cer")]
    rows = []
    for name, text in c.labels.items():
        entries = [c.number(name, column) for column in columns]
        rows.append((label(text), *entries, counts_of(entries[:-2])))
    heads = (*(level if level == CLEAN else f"{level} dB" for level in (CLEAN, *reversed(SNRS))), "Mean, noisy", "CER")
    title = f"Word error rate by front end and SNR, % (lower is better): {c.here}"
    return Table("recognition", title, ("Front end", *heads, f"{c.counted} at each"), tuple(rows), NOTES)


def paired(c: Comparison, name: str, snrs: Sequence[str], where: str) -> Table:
    """Every front end against none, person by person."""
    title = f"Every front end against the noisy input, WER, {where} (lower is better): {c.here}"
    return each_against(c, name, rate_at(snrs), NOISY, title)


def kinds(c: Comparison) -> Table:
    """Which errors: words taken for others, words lost, words invented, per 100 words that were said."""
    rows = []
    for name, text in c.labels.items():
        entries = [c.number(name, rate_at(SNRS, kind)) for kind in COUNTS]
        rows.append((label(text), *entries, counts_of(entries)))
    title = f"Substituted, lost and invented words per 100 that were said, mean over {SNRS[0]} to {SNRS[-1]} dB"
    heads = ("Front end", *(TITLES[kind] for kind in COUNTS), f"{c.counted} at each")
    return Table("recognition_errors", f"{title}: {c.here}", heads, tuple(rows), NOTES[1:])


# --- observation adding ---------------------------------------------------------------------------------------------


def observation_adding(c: Comparison) -> Table:
    """Each front end's WER by its weight, and with the weight that serves the other people best."""
    weights = ("0", *levels(PLAN.weights), "1")
    found = {name: pools(c, name) for name in MIXED}
    tests = _tested({name: each for name, each in found.items() if each})
    rows = [(label(LABELS[name]), *_row(c, name, found[name], weights, tests)) for name in MIXED]
    heads = ("Front end", "w = 0, noisy", *(f"w = {w}" for w in weights[1:-1]), "w = 1, enhanced", "w by other people")
    told = ("Weights", "That minus noisy", "p, adjusted", "That minus enhanced", "p, adjusted")
    snrs = " and ".join(levels(PLAN.added_snrs_db))
    title = f"Observation adding, w · enhanced + (1 - w) · noisy: WER in % (lower is better), mean of {snrs} dB"
    notes = (
        NOTES[0],
        "w by other people: each person's weight is the one with the lowest WER over the other fifteen; of equal ones "
        "the smallest. Weights says how many people got which.",
        TEST.format(unit=c.unit, family="all of this table"),
    )
    return Table("recognition_added", f"{title}: {c.here}", (*heads, *told), tuple(rows), notes)


def pools(c: Comparison, front: str) -> dict[str, Pool]:
    """weight → totals, at the SNRs of observation adding; empty where a cell is missing."""
    at = {"snr_db": levels(PLAN.added_snrs_db)}
    between = c.pool(f"{front}{ADDED}", "wer") if c.cells(f"{front}{ADDED}") else None
    ends = {weight: c.pool(name, "wer").at(at) for weight, name in (("0", NOISY), ("1", front)) if c.cells(name)}
    if not between or len(ends) < 2:
        return {}
    middle = {weight: between.at(at | {"weight": [weight]}) for weight in levels(PLAN.weights)}
    return {"0": ends["0"], **middle, "1": ends["1"]}


def chosen(found: dict[str, Pool]) -> tuple[Pool, list[str]]:
    """The totals of everybody at the weight that the others would choose for them, and these weights."""
    first, names = next(iter(found.values())), list(found)
    totals = np.stack([pool.among(first.people).totals for pool in found.values()])  # (W, 1, levels, people, P)
    errors = _of_others(first.measure, totals)
    picks = np.argmin(errors, axis=0)
    taken = np.stack([totals[pick][:, :, person] for person, pick in enumerate(picks)], axis=2)
    return replace(first, totals=taken), [names[pick] for pick in picks]


def _of_others(measure: Measure, totals: np.ndarray) -> np.ndarray:
    """The measure of everybody but one, mean over seeds and levels, shape (W, people)."""
    others = totals.sum(axis=3, keepdims=True) - totals
    return measure.value(others).mean(axis=(1, 2))


Tests = dict[tuple[str, str], tuple[Paired, float]]


def _tested(found: dict[str, dict[str, Pool]]) -> Tests:
    """(front end, "0" or "1") → the chosen weight against that end, and its adjusted p."""
    pairs = {}
    for name, each in found.items():
        own = chosen(each)[0]
        for end in ("0", "1"):
            pairs[name, end] = contrast([(1.0, own), (-1.0, each[end])])
    adjusted = holm({key: pair.p for key, pair in pairs.items() if pair})
    return {key: (pairs[key], p) for key, p in adjusted.items()}


def _row(c: Comparison, name: str, found: dict[str, Pool], weights: Sequence[str], tests: Tests) -> list[Entry]:
    if not found:
        return [absent(c.missing(f"{name}{ADDED}"))] * (len(weights) + 6)
    keys = c.keys(NOISY, name, f"{name}{ADDED}")
    own, picks = chosen(found)
    numbers = [measured(summarise_pool(found[weight]), ".1f", keys) for weight in weights]
    counted = ", ".join(f"{weight}: {picks.count(weight)}" for weight in weights if weight in picks)
    told = [entry for end in ("0", "1") for entry in _test(*tests[name, end], keys)]
    return [*numbers, measured(summarise_pool(own), ".1f", keys), Entry(counted, RUN, keys=keys), *told]


def _test(pair: Paired, p: float, keys: tuple[str, ...]) -> tuple[Entry, Entry]:
    text = with_interval(pair.difference, pair.low, pair.high, "+.1f")
    difference = Entry(text, RUN, pair.difference, pair.low, pair.high, keys)
    return difference, Entry(f"{p:.2g}", RUN, p, keys=keys)


def verdicts(c: Comparison) -> dict[str, str]:
    """Front end → "better", "worse" or "not told apart", from the noisy input over the noisy levels; what was run."""
    found = family(c, rate_at(SNRS), [(name, NOISY) for name in c.labels if name != NOISY])
    return {name: contest.verb for (name, _), contest in found.items() if contest}
