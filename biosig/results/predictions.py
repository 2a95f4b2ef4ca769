"""Predictions as items, and the measures that belong to a whole set of them.

A prediction is one row of the store: the metric ``correct`` (1 or 0), with the true label, the predicted one and,
where there are any, the scores of all classes among its conditions. Its mean over items is the accuracy; the UAR is
computed from the rows, over all utterances of the people at once, as is what else :mod:`biosig.results.measures` holds.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from biosig.errors import DataError
from biosig.results.measures import Measure, contrast, pool, summarise_pool
from biosig.results.rows import Item
from biosig.results.statistics import BySeed, Summary

CORRECT, VERSION = "correct", "1; the predicted label is the true one"
LABEL, PREDICTED, SCORE = "label", "predicted", "score_"
CASES, HITS = "cases", "hits"


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


def uar(labels: Sequence[str] | None = None) -> Measure:
    """Unweighted average recall in [0, 1]; a person's own is taken over the classes he or she has.

    Args:
        labels: the scheme; None: the labels that the items have. A class of it that nobody has leaves no UAR.
    """
    return _recognition("uar", "1; mean of the classes' recalls", _recall_mean, labels)


def war(labels: Sequence[str] | None = None) -> Measure:
    """Weighted average recall in [0, 1], that is, accuracy."""
    return _recognition("war", "1; share of right predictions", _accuracy, labels)


def pooled_uar(items_by_seed: BySeed, labels: Sequence[str], n: int = 2000, level: float = 0.95) -> Summary:
    """UAR over the utterances of all people together, mean over seeds, with a bootstrap interval over people.

    Args:
        items_by_seed: seed → predictions; those of several SNRs are taken apart, and their UARs averaged.
        labels: the scheme.
        n, level: resamples and level of the interval. A class that a resample has no case of is left out of its UAR.

    Raises:
        DataError: no predictions, or a class without any case.
    """
    found = summarise_pool(pool(items_by_seed, uar(labels)), n, level)
    if not found.n_items:
        raise DataError("there are no predictions: expected at least one.")
    if found.value is None:
        raise DataError(f"{NO_CASE} among the predictions: expected one of each at least.")
    return found


def speaker_uars(items_by_seed: BySeed, labels: Sequence[str]) -> dict[str, float]:
    """Each person's own UAR, over the classes he or she has, mean over seeds: what a paired test compares."""
    return pool(items_by_seed, uar(labels)).own


def compare_uar(a: BySeed, b: BySeed, labels: Sequence[str]) -> tuple[float, float]:
    """Mean difference a - b of the people's own UARs, and its exact signed-rank p over people.

    Raises:
        DataError: not the same people.
    """
    ours, theirs = (pool(side, uar(labels)) for side in (a, b))
    if set(ours.people) != set(theirs.people) or not ours:
        raise DataError("two systems were tested on different people: expected the same ones.")
    found = contrast([(1.0, ours), (-1.0, theirs)])
    return found.difference, found.p


NO_CASE = "a class has no case"


def _recognition(name: str, version: str, value, labels: Sequence[str] | None) -> Measure:
    totals = None if labels is None else tuple((label, what) for label in labels for what in (CASES, HITS))
    return Measure(name, version, (CORRECT,), _counts, value, _every_class, NO_CASE, totals)


def _counts(row: Item) -> tuple:
    label = row.conditions[LABEL]
    return ((label, CASES), 1.0), ((label, HITS), row.value)


def _split(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cases and hits (..., K) from totals (..., 2 K)."""
    return totals[..., ::2], totals[..., 1::2]


def _recall_mean(totals: np.ndarray) -> np.ndarray:
    cases, hits = _split(totals)
    there = cases > 0
    recalls = np.where(there, hits / np.maximum(cases, 1), 0.0)
    with np.errstate(invalid="ignore"):
        return recalls.sum(axis=-1) / there.sum(axis=-1)


def _accuracy(totals: np.ndarray) -> np.ndarray:
    cases, hits = _split(totals)
    with np.errstate(invalid="ignore"):
        return hits.sum(axis=-1) / cases.sum(axis=-1)


def _every_class(totals: np.ndarray) -> np.ndarray:
    return (_split(totals)[0] > 0).all(axis=-1)
