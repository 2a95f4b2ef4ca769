"""Means, intervals and tests over independent units: people, not segments and not seeds.

Every average goes the same way: over the items of a subject, then over subjects, then over seeds. An interval
therefore says how the number would move with other people; the spread over seeds is given beside it.
"""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from biosig.errors import DataError
from biosig.results.rows import Item
from biosig.seeds import rng_for

BySeed = Mapping[int, Sequence[Item]]


@dataclass(frozen=True)
class Summary:
    """One metric of one system.

    Attributes:
        value: mean over subjects and seeds; None if no item has a value.
        low, high: bootstrap interval over subjects; None with fewer than two of them.
        seed_sd: standard deviation of the seeds' means; None with one seed.
        n_items, n_subjects, n_seeds: what the mean is made of (items: distinct mixtures with a value).
        failed: reason → number of items (of all seeds) without a value.
    """

    metric: str
    version: str
    value: float | None
    low: float | None
    high: float | None
    seed_sd: float | None
    n_items: int
    n_subjects: int
    n_seeds: int
    failed: dict[str, int]


@dataclass(frozen=True)
class Paired:
    """System a against system b on the items that both have.

    Attributes:
        difference: mean over subjects of a − b, with its bootstrap interval ``low``, ``high``.
        p: exact two-sided Wilcoxon signed-rank test over the subjects' differences.
        smallest_p: what p would be if all subjects agreed: with few subjects no small p can be had.
        n_items: items that both have; ``n_a``, ``n_b``: items that each has.
    """

    difference: float
    low: float | None
    high: float | None
    p: float
    smallest_p: float
    n_subjects: int
    n_items: int
    n_a: int
    n_b: int

    @property
    def sign(self) -> int:
        """+1 or -1 where the interval leaves out zero, else 0: the two cannot be told apart."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return 0
        return 1 if self.difference > 0 else -1


def bootstrap_interval(
    values_by_unit: Mapping[str, np.ndarray],
    n: int = 2000,
    level: float = 0.95,
    seed: Sequence[object] = ("bootstrap",),
) -> tuple[float, float] | None:
    """Percentile bootstrap of the mean over units, each unit being the mean of its own values.

    The percentile form and not BCa: for a mean of 5 to 20 subjects BCa's acceleration is itself estimated
    from those few, and it breaks down when subjects agree; the percentile form never leaves the data's range.
    Both are somewhat too narrow for few units (by about sqrt(1 - 1/n): 9 % for 6 subjects).

    Args:
        values_by_unit: unit → values, any number each; equal weight per unit.
        n: resamples.
        level: of the interval.
        seed: names for the random draws; the same names and units give the same resamples.

    Returns:
        (low, high), or None with fewer than two units.

    Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.
    """
    means = np.array([np.mean(values_by_unit[unit]) for unit in sorted(values_by_unit)])
    if means.size < 2:
        return None
    picks = rng_for(*seed).integers(0, means.size, size=(n, means.size))
    low, high = np.quantile(means[picks].mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def signed_rank_p(differences: np.ndarray) -> float:
    """Exact two-sided Wilcoxon signed-rank test of differences being symmetric around zero.

    Zeros are left out, equal sizes share their mean rank, and the distribution over all 2^n signs is computed
    for these very ranks; 1.0 if nothing is left.

    Source: Wilcoxon, Biometrics Bulletin 1(6):80-83, 1945; for ties Pratt & Gibbons (1981), chapter 3.
    """
    nonzero = np.asarray(differences, dtype=float)
    nonzero = nonzero[nonzero != 0]
    _, place, count = np.unique(np.abs(nonzero), return_inverse=True, return_counts=True)
    ranks = (2 * np.cumsum(count) - count + 1)[place]  # doubled: mean ranks become whole numbers
    chance = np.ones(1)
    for rank in ranks:  # the distribution of the sum of positive ranks, one subject at a time
        chance = (np.pad(chance, (0, rank)) + np.pad(chance, (rank, 0))) / 2
    positive = ranks[nonzero > 0].sum()
    return float(min(1.0, 2 * min(chance[: positive + 1].sum(), chance[positive:].sum())))


def holm(pvalues: Mapping[Hashable, float]) -> dict[Hashable, float]:
    """p-values of a family, adjusted so that any one below 0.05 is a 5 % error for the family.

    Source: Holm, Scandinavian Journal of Statistics 6(2):65-70, 1979.
    """
    adjusted, running = {}, 0.0
    for place, name in enumerate(sorted(pvalues, key=pvalues.get)):
        running = max(running, (len(pvalues) - place) * pvalues[name])
        adjusted[name] = min(1.0, running)
    return {name: adjusted[name] for name in pvalues}


def paired_test(
    a_by_unit: Mapping[str, np.ndarray],
    b_by_unit: Mapping[str, np.ndarray],
    seed: Sequence[object] = ("bootstrap",),
) -> tuple[float, tuple[float, float] | None, float]:
    """Mean difference a − b over units, its bootstrap interval, and the signed-rank p over units.

    Raises:
        DataError: not the same units.
    """
    if set(a_by_unit) != set(b_by_unit) or not a_by_unit:
        raise DataError("a paired test got two systems with different subjects: expected the same ones.")
    differences = {unit: np.mean(a_by_unit[unit]) - np.mean(b_by_unit[unit]) for unit in sorted(a_by_unit)}
    values = np.array(list(differences.values()))
    return float(values.mean()), bootstrap_interval(differences, seed=seed), signed_rank_p(values)


def summarise(items_by_seed: BySeed, metric: str, only: Iterable[str] | None = None) -> Summary:
    """One metric of one system, over all its seeds.

    Args:
        items_by_seed: seed → items; other metrics among them are passed over.
        metric: which.
        only: names of the items to use; all if None.

    Raises:
        DataError: two variants of the metric among the items: their mean would mean nothing.
    """
    rows = [row for items in _choose(items_by_seed, metric, only).values() for row in items]
    failed = [row.reason for row in rows if row.value is None]
    per_seed = _per_seed(items_by_seed, metric, only)
    of_seeds = [float(np.mean(list(means.values()))) for means in per_seed.values()]
    units = _over_seeds(per_seed)
    low, high = bootstrap_interval(units) or (None, None)
    return Summary(
        metric,
        _version(rows, metric),
        value=float(np.mean(of_seeds)) if of_seeds else None,
        low=low,
        high=high,
        seed_sd=float(np.std(of_seeds, ddof=1)) if len(of_seeds) > 1 else None,
        n_items=len({row.item for row in rows if row.value is not None}),
        n_subjects=len(units),
        n_seeds=len(per_seed),
        failed={reason: failed.count(reason) for reason in sorted(set(failed))},
    )


def summarise_by(items_by_seed: BySeed, metric: str, condition: str) -> dict[str, Summary]:
    """:func:`summarise` for each value of a condition (``"snr_db"``), numbers in ascending order."""
    levels = split_by(items_by_seed, metric, condition)
    return {level: summarise(levels[level], metric) for level in sorted(levels, key=number_first)}


def split_by(items_by_seed: BySeed, metric: str, condition: str) -> dict[str, dict[int, list[Item]]]:
    """level of a condition → seed → the metric's items made at it; items that do not say their level are left out."""
    levels: dict[str, dict[int, list[Item]]] = {}
    for seed, items in items_by_seed.items():
        for row in items:
            if row.metric == metric and condition in row.conditions:
                levels.setdefault(row.conditions[condition], {}).setdefault(seed, []).append(row)
    return levels


def where(items_by_seed: BySeed, conditions: Mapping[str, str]) -> dict[int, list[Item]]:
    """The items that were made under these conditions."""

    def fits(row: Item) -> bool:
        return all(row.conditions.get(name) == value for name, value in conditions.items())

    return {seed: [row for row in items if fits(row)] for seed, items in items_by_seed.items()}


def compare(a: BySeed, b: BySeed, metric: str) -> Paired | None:
    """System a against b on the items that have a value in every seed of both; None if there are none."""
    names = [complete(side, metric) for side in (a, b)]
    common = names[0] & names[1]
    if not common:
        return None
    units = [_over_seeds(_per_seed(side, metric, common)) for side in (a, b)]
    difference, interval, p = paired_test(*units)
    low, high = interval or (None, None)
    n = len(units[0])
    return Paired(difference, low, high, p, min(1.0, 2.0 ** (1 - n)), n, len(common), *map(len, names))


def complete(items_by_seed: BySeed, metric: str) -> set[str]:
    """Names of the items that have a value in every seed."""
    names = [
        {row.item for row in items if row.metric == metric and row.value is not None}
        for items in items_by_seed.values()
    ]
    return set.intersection(*names) if names else set()


def _choose(items_by_seed: BySeed, metric: str, only: Iterable[str] | None) -> dict[int, list[Item]]:
    names = None if only is None else set(only)
    return {
        seed: [row for row in items if row.metric == metric and (names is None or row.item in names)]
        for seed, items in sorted(items_by_seed.items())
    }


def _per_seed(items_by_seed: BySeed, metric: str, only: Iterable[str] | None) -> dict[int, dict[str, float]]:
    means = {seed: _subject_means(items) for seed, items in _choose(items_by_seed, metric, only).items()}
    return {seed: of_subjects for seed, of_subjects in means.items() if of_subjects}


def _subject_means(items: Sequence[Item]) -> dict[str, float]:
    values: dict[str, list[float]] = {}
    for row in items:
        if row.value is not None:
            values.setdefault(row.subject, []).append(row.value)
    return {subject: math.fsum(of_subject) / len(of_subject) for subject, of_subject in values.items()}


def _over_seeds(per_seed: Mapping[int, Mapping[str, float]]) -> dict[str, float]:
    subjects = sorted({subject for means in per_seed.values() for subject in means})
    return {
        subject: float(np.mean([means[subject] for means in per_seed.values() if subject in means]))
        for subject in subjects
    }


def _version(rows: Sequence[Item], metric: str) -> str:
    versions = sorted({row.version for row in rows})
    if len(versions) > 1:
        raise DataError(f"{metric} was computed in two variants, {' and '.join(versions)}: expected one.")
    return versions[0] if versions else ""


def number_first(level: str) -> tuple:
    """A key that sorts levels of a condition: numbers in ascending order, then words."""
    try:
        return 0, float(level), level
    except ValueError:
        return 1, 0.0, level
