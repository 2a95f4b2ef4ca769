"""Predictions as items, and the measures that belong to a whole set of them.

A prediction is one row of the store: the metric ``correct`` (1 or 0), with the true label, the predicted one and,
where there are any, the scores of all classes among its conditions. Its mean over items is the accuracy; the UAR is
computed here, from the rows, over all utterances of the people at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from biosig.errors import DataError
from biosig.metrics.emotion import confusion, recalls
from biosig.results.rows import Item
from biosig.results.statistics import BySeed, signed_rank_p
from biosig.seeds import rng_for

CORRECT, VERSION = "correct", "1; the predicted label is the true one"
LABEL, PREDICTED, SCORE = "label", "predicted", "score_"


def prediction(
    item: str,
    subject: str,
    label: str,
    predicted: str,
    scores: Mapping[str, float] | None = None,
    conditions: Mapping[str, str] | None = None,
    seconds: float = 0.0,
) -> Item:
    """One prediction as a row; scores are kept to four digits."""
    told = {**(conditions or {}), LABEL: label, PREDICTED: predicted}
    told |= {SCORE + name: f"{value:.4g}" for name, value in (scores or {}).items()}
    return Item(item, subject, CORRECT, VERSION, float(label == predicted), conditions=told, seconds=seconds)


@dataclass(frozen=True)
class SetMeasure:
    """A measure of a set of predictions: value, interval over people, and of what it is made.

    ``low`` and ``high`` are None with fewer than two people.
    """

    value: float
    low: float | None
    high: float | None
    n_items: int
    n_subjects: int
    n_seeds: int


def pooled_uar(items_by_seed: BySeed, labels: Sequence[str], n: int = 2000, level: float = 0.95) -> SetMeasure:
    """UAR over the utterances of all people together, mean over seeds, with a bootstrap interval over people.

    Args:
        items_by_seed: seed → predictions.
        labels: the scheme.
        n, level: resamples and level of the interval. A class that a resample has no case of is left out of its UAR.

    Raises:
        DataError: no predictions, or a class without any case.
    """
    by_seed = [_by_subject(items, labels) for items in items_by_seed.values() if items]
    if not by_seed:
        raise DataError("there are no predictions: expected at least one.")
    subjects = sorted({name for counts in by_seed for name in counts})
    stacked = np.stack([[c.get(name, _nothing(labels)) for name in subjects] for c in by_seed])  # (seeds, people, K, K)
    values = [_recall_mean(counts.sum(axis=0)) for counts in stacked]
    if any(np.isnan(recalls(counts.sum(axis=0))).any() for counts in stacked):
        raise DataError("a class has no case among the predictions: expected one of each at least.")
    low, high = _interval(stacked, n, level) if len(subjects) > 1 else (None, None)
    items = {row.item for items in items_by_seed.values() for row in items}
    return SetMeasure(float(np.mean(values)), low, high, len(items), len(subjects), len(by_seed))


def speaker_uars(items_by_seed: BySeed, labels: Sequence[str]) -> dict[str, float]:
    """Each person's own UAR, over the classes he or she has, mean over seeds: what a paired test compares."""
    found: dict[str, list[float]] = {}
    for items in items_by_seed.values():
        for name, counts in _by_subject(items, labels).items():
            found.setdefault(name, []).append(_recall_mean(counts))
    return {name: float(np.mean(values)) for name, values in found.items()}


def compare_uar(a: BySeed, b: BySeed, labels: Sequence[str]) -> tuple[float, float]:
    """Mean difference a - b of the people's own UARs, and its exact signed-rank p over people.

    Raises:
        DataError: not the same people.
    """
    ours, theirs = speaker_uars(a, labels), speaker_uars(b, labels)
    if set(ours) != set(theirs) or not ours:
        raise DataError("two systems were tested on different people: expected the same ones.")
    differences = np.array([ours[name] - theirs[name] for name in sorted(ours)])
    return float(differences.mean()), signed_rank_p(differences)


def _by_subject(items: Iterable[Item], labels: Sequence[str]) -> dict[str, np.ndarray]:
    rows: dict[str, list[Item]] = {}
    for row in items:
        if row.metric == CORRECT:
            rows.setdefault(row.subject, []).append(row)
    return {
        name: confusion([r.conditions[LABEL] for r in found], [r.conditions[PREDICTED] for r in found], labels)
        for name, found in rows.items()
    }


def _interval(stacked: np.ndarray, n: int, level: float) -> tuple[float, float]:
    people = stacked.shape[1]
    picks = rng_for("bootstrap").integers(0, people, size=(n, people))
    weights = np.stack([np.bincount(row, minlength=people) for row in picks])
    totals = np.einsum("bp,spij->bsij", weights, stacked)
    values = [[_recall_mean(counts) for counts in of_seeds] for of_seeds in totals]
    low, high = np.quantile(np.mean(values, axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _recall_mean(counts: np.ndarray) -> float:
    return float(np.nanmean(recalls(counts)))


def _nothing(labels: Sequence[str]) -> np.ndarray:
    return np.zeros((len(labels), len(labels)), dtype=int)
