"""Measures of a set of items: UAR and WAR of predictions, CCC of traces, and whatever else is no mean of items.

Each is a function of totals that add up over items: hits and cases of each class, or the sums of two traces and of
their products. One table of totals by seed, level and person therefore gives the measure of everybody together, each
person's own, and that of any resample of people.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from biosig.errors import DataError
from biosig.results.rows import Item
from biosig.results.statistics import (
    BySeed,
    Paired,
    Summary,
    bootstrap_interval,
    compare,
    complete,
    number_first,
    signed_rank_p,
    summarise,
)
from biosig.seeds import rng_for

Levels = Mapping[str, Sequence[str]]  # condition → its levels that count
Amounts = tuple[tuple[Hashable, float], ...]  # what an item adds to which total


@dataclass(frozen=True)
class Measure:
    """A measure that belongs to a set of items.

    Attributes:
        name: as a table's column calls it: "uar".
        version: which variant.
        metrics: of the items that it is made of.
        add: item → what it adds to which totals.
        value: totals (..., P) → (...); what is undefined in them is left out, NaN where nothing is left.
        whole: totals (..., P) → (...), False where something is undefined that the whole set must have.
        lacks: what to say where it is not whole.
        totals: names of the P totals in order; None: as the items name them, sorted.
        over: conditions whose levels are never thrown together: the measure is taken at each, and then the mean.
    """

    name: str
    version: str
    metrics: tuple[str, ...]
    add: Callable[[Item], Amounts]
    value: Callable[[np.ndarray], np.ndarray]
    whole: Callable[[np.ndarray], np.ndarray]
    lacks: str
    totals: tuple[Hashable, ...] | None = None
    over: tuple[str, ...] = ("train_snr_db", "snr_db")

    @property
    def counts(self) -> tuple:
        """What its totals depend on: measures that agree in it, as UAR and WAR do, can share one count of the rows."""
        return self.metrics, self.add, self.totals, self.over


def percent(measure: Measure) -> Measure:
    """The same times 100, as papers print recalls."""
    return replace(measure, value=lambda totals: 100 * measure.value(totals))


@dataclass(frozen=True)
class Pool:
    """The totals of a measure over some items; false if there are none.

    Attributes:
        totals: shape (seeds, levels, people, P).
        items: distinct items with a value, shape (levels, people).
        levels: the values of the conditions in ``measure.over``.
        failed: (level, reason) of each item without a value.
    """

    measure: Measure
    people: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    totals: np.ndarray
    items: np.ndarray
    failed: tuple[tuple[tuple[str, ...], str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.items.sum())

    def at(self, conditions: Levels) -> "Pool":
        """Only these levels; nothing where one of them is not there, as a mean over fewer is another number."""
        wanted = [level for level in self.levels if _fits(self.measure, level, conditions)]
        named = {name: {level[self.measure.over.index(name)] for level in wanted} for name in conditions}
        if any(set(levels) - named[name] for name, levels in conditions.items()):
            wanted = []
        places = [self.levels.index(level) for level in wanted]
        failed = tuple(each for each in self.failed if each[0] in wanted)
        return replace(
            self, levels=tuple(wanted), totals=self.totals[:, places], items=self.items[places], failed=failed
        )

    def among(self, people: Sequence[str]) -> "Pool":
        """Only these people, in this order."""
        places = [self.people.index(name) for name in people]
        return replace(self, people=tuple(people), totals=self.totals[:, :, places], items=self.items[:, places])

    @property
    def of_seeds(self) -> np.ndarray:
        """The measure of everybody's items at once, at each level, then the mean over levels, shape (seeds,)."""
        return self.measure.value(self.totals.sum(axis=2)).mean(axis=-1)

    def resampled(self, weights: np.ndarray) -> np.ndarray:
        """The measure for resamples of people, mean over seeds, shape (n, levels).

        Args:
            weights: how often each person was drawn, shape (n, people); ones for the people as they are.
        """
        return self.measure.value(np.einsum("np,slpk->nslk", weights, self.totals)).mean(axis=1)

    @property
    def own(self) -> dict[str, float]:
        """Each person's own measure, mean over levels and seeds; those who have none at some level are left out."""
        if not self:
            return {}
        values = self.measure.value(self.totals).mean(axis=(0, 1))
        return {name: float(value) for name, value in zip(self.people, values, strict=True) if np.isfinite(value)}


def pool(items_by_seed: BySeed, measure: Measure) -> Pool:
    """The totals of all items that a measure is made of; other items are passed over.

    Raises:
        DataError: an item that adds to a total which the measure does not have.
    """
    amounts: dict[tuple, float] = {}  # (seed, level, person, total) → its sum, in the order of the rows
    counted, failed = set(), []
    for seed, row in ((seed, row) for seed, rows in sorted(items_by_seed.items()) for row in rows):
        if row.metric not in measure.metrics:
            continue
        level = _level(measure, row)
        if row.value is not None:
            counted.add((row.item, seed, level, row.subject))
            for name, amount in measure.add(row):
                place = (seed, level, row.subject, name)
                amounts[place] = amounts.get(place, 0.0) + amount
        elif row.metric == measure.metrics[0]:
            failed.append((level, row.reason))
    return _laid_out(measure, amounts, counted, tuple(failed))


def _laid_out(measure: Measure, amounts: Mapping[tuple, float], counted: set[tuple], failed: tuple) -> Pool:
    """Sums by (seed, level, person, total), and the items (item, seed, level, person) they are of, as arrays."""
    _, seeds, levels, people = (set(each) for each in zip(*counted, strict=True)) if counted else [()] * 4
    axes = _places(seeds), _places(levels, _by_number), _places(people), _names(measure, {at[3] for at in amounts})
    totals = np.zeros([len(axis) for axis in axes])
    for at, amount in amounts.items():
        totals[tuple(axis[name] for axis, name in zip(axes, at, strict=True))] = amount
    items = np.zeros([len(axis) for axis in axes[1:3]], dtype=int)
    for _, level, person in {(item, level, person) for item, _, level, person in counted}:
        items[axes[1][level], axes[2][person]] += 1
    return Pool(measure, tuple(axes[2]), tuple(axes[1]), totals, items, failed)


def summarise_pool(found: Pool, n: int = 2000, level: float = 0.95) -> Summary:
    """A measure of a set, mean over levels and seeds, with a percentile bootstrap interval over people.

    What a resample leaves undefined (a class that none of its people has) is left out of that resample's measure.
    """
    failed = [reason for _, reason in found.failed]
    value = low = high = seed_sd = None
    if found and found.measure.whole(found.totals.sum(axis=2)).all():
        value = float(found.of_seeds.mean())
        seed_sd = float(found.of_seeds.std(ddof=1)) if found.of_seeds.size > 1 else None
        low, high = _interval(found, n, level)
    elif found:
        failed.append(found.measure.lacks)
    return Summary(
        found.measure.name,
        found.measure.version,
        value=value,
        low=low,
        high=high,
        seed_sd=seed_sd,
        n_items=int(found.items.sum()),
        n_subjects=len(found.people) if found else 0,
        n_seeds=len(found.totals),
        failed={reason: failed.count(reason) for reason in sorted(set(failed))},
    )


def summarise_levels(found: Pool, condition: str = "snr_db") -> dict[str, Summary]:
    """level of a condition → the measure there, numbers in ascending order."""
    place = found.measure.over.index(condition)
    names = sorted({level[place] for level in found.levels}, key=number_first)
    return {name: summarise_pool(found.at({condition: [name]})) for name in names}


@lru_cache(maxsize=16)
def draws(people: int, n: int) -> np.ndarray:
    """How often each person is in each of n resamples, shape (n, people): the same for the same number of people."""
    picks = rng_for("bootstrap").integers(0, people, size=(n, people))
    return np.stack([np.bincount(row, minlength=people) for row in picks])


def contrast(terms: Sequence[tuple[float, Pool]]) -> Paired | None:
    """A weighted sum of pools, person by person: (1, a), (-1, b) is a against b; None if nobody has all of them.

    The difference is the mean over people of what their own measures give, as are its interval and its p; it is not
    exactly the difference of the measures of everybody together.
    """
    own = [found.own for _, found in terms]
    people = sorted(set.intersection(*map(set, own)))
    if not people:
        return None
    weights = [weight for weight, _ in terms]
    values = {name: sum(w * each[name] for w, each in zip(weights, own, strict=True)) for name in people}
    array = np.array(list(values.values()))
    low, high = bootstrap_interval(values) or (None, None)
    counts = [int(found.among(people).items.sum()) for _, found in terms]
    smallest = min(1.0, 2.0 ** (1 - len(people)))
    return Paired(
        float(array.mean()), low, high, signed_rank_p(array), smallest, len(people), min(counts), counts[0], counts[-1]
    )


# --- either kind of number: a mean of items, or a measure of a set ------------------------------------------------

Found = BySeed | Pool  # what a number is computed from


def summary_of(found: Found, metric: str) -> Summary:
    """Value and interval of a mean of items or of a measure of a set."""
    return summarise_pool(found) if isinstance(found, Pool) else summarise(found, metric)


def pair_of(a: Found, b: Found, metric: str) -> Paired | None:
    """a against b, person by person; None where there is nothing that both have."""
    if isinstance(a, Pool) and isinstance(b, Pool):
        return contrast([(1.0, a), (-1.0, b)])
    return compare(a, b, metric)


def on_common(a: Found, b: Found, metric: str) -> tuple[Summary, Summary]:
    """Both on the items, or for a measure of a set on the people, that both have."""
    if isinstance(a, Pool) and isinstance(b, Pool):
        people = sorted(set(a.own) & set(b.own))
        return summarise_pool(a.among(people)), summarise_pool(b.among(people))
    common = complete(a, metric) & complete(b, metric)
    return summarise(a, metric, only=common), summarise(b, metric, only=common)


# --- the measures -------------------------------------------------------------------------------------------------

SUMS = ("ccc_n", "ccc_sx", "ccc_sy", "ccc_sxx", "ccc_syy", "ccc_sxy")  # x: truth, y: prediction; one trace each


def _ccc(totals: np.ndarray) -> np.ndarray:
    """Lin's concordance in its population form, from count and sums (..., 6)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        n, sx, sy, sxx, syy, sxy = (totals[..., k] for k in range(6))
        x, y = sx / n, sy / n
        below = sxx / n - x**2 + syy / n - y**2 + (x - y) ** 2
        return np.where(below > 0, 2 * (sxy / n - x * y) / below, np.nan)


CCC = Measure(
    "ccc",
    "1; Lin, population form, all traces of a set joined end to end",
    SUMS,
    add=lambda row: ((row.metric, row.value),),
    value=_ccc,
    whole=lambda totals: np.isfinite(_ccc(totals)),
    lacks="both traces are the same constant",
    totals=SUMS,
)


def rate(name: str, version: str, errors: tuple[str, ...], of: str, over: tuple[str, ...] = ("snr_db",)) -> Measure:
    """Errors over what they are counted in, each summed over a set's items first: word errors over words."""
    return Measure(
        name,
        version,
        (of, *errors),
        add=lambda row: (("of" if row.metric == of else "errors", row.value),),
        value=_mean,
        whole=lambda totals: totals[..., 0] > 0,
        lacks=f"no {of}",
        totals=("of", "errors"),
        over=over,
    )


def mean_of(metric: str) -> Measure:
    """The plain mean of a metric over all items, where its resamples of people are wanted beside another measure's."""
    return Measure(
        metric,
        "1; mean over items",
        (metric,),
        add=lambda row: (("items", 1.0), ("sum", row.value)),
        value=_mean,
        whole=lambda totals: totals[..., 0] > 0,
        lacks="no items",
        totals=("items", "sum"),
    )


def _mean(totals: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return totals[..., 1] / totals[..., 0]


def concordance_sums(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """What a trace (n,) and its prediction add to the totals of :data:`CCC`, by metric."""
    x, y = np.asarray(truth, dtype=float), np.asarray(predicted, dtype=float)
    if x.shape != y.shape or x.ndim != 1 or not x.size:
        raise DataError(f"the traces have the shapes {x.shape} and {y.shape}: expected two of one length, not 0.")
    return dict(zip(SUMS, map(float, (x.size, x.sum(), y.sum(), x @ x, y @ y, x @ y)), strict=True))


# --- parts --------------------------------------------------------------------------------------------------------


def _interval(found: Pool, n: int, level: float) -> tuple[float | None, float | None]:
    if len(found.people) < 2:
        return None, None
    values = found.resampled(draws(len(found.people), n)).mean(axis=-1)
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _level(measure: Measure, row: Item) -> tuple[str, ...]:
    return tuple(row.conditions.get(name, "") for name in measure.over)


def _fits(measure: Measure, level: tuple[str, ...], conditions: Levels) -> bool:
    told = dict(zip(measure.over, level, strict=True))
    return all(told.get(name) in levels for name, levels in conditions.items())


def _by_number(level: tuple[str, ...]) -> tuple:
    return tuple(map(number_first, level))


def _places(names: Iterable, key: Callable | None = None) -> dict:
    return {name: place for place, name in enumerate(sorted(set(names), key=key))}


def _names(measure: Measure, found: set[Hashable]) -> dict[Hashable, int]:
    if measure.totals is None:
        return _places(found)
    if foreign := sorted(map(str, found - set(measure.totals))):
        raise DataError(f"{measure.name} has no place for {foreign[0]}: expected one of {measure.totals}.")
    return {name: place for place, name in enumerate(measure.totals)}
