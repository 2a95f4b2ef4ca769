"""Does a measure of sound predict what an enhancer does to the recognition of emotion? Ranks, with an interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from biosig.papers.comparison import Comparison
from biosig.papers.primer.systems import ORACLE
from biosig.papers.se_for_ser.naming import CORPORA, FEATURES, FRONTS, NOISY, QUALITY, SNRS, quality_of, system_of
from biosig.results.measures import Pool, draws
from biosig.results.tables import RUN, Entry, Table, absent, label, with_interval

RESAMPLES = 2000
NOTES = (
    "A point is a front end at an SNR: how far it moves the measure of sound, and how far the UAR, from the noisy "
    "input at that SNR. Spearman's rank correlation over the points; in brackets, its 95 % bootstrap interval over "
    "people, who are drawn for both at once.",
    "At one SNR: each SNR's own mean over the front ends is taken away from both first, so that what an SNR does to "
    "all of them predicts nothing. The answer follows from this one: no where its interval holds zero.",
    "An oracle knows the clean speech and is far above all others in both numbers, so that it would decide the "
    "correlation by itself. It counts in the last column alone.",
)
REAL = tuple(front for front in FRONTS if front not in ORACLE)  # front ends that one could use


@dataclass(frozen=True)
class Point:
    """What a front end changes at an SNR, from the noisy input: a measure of sound, and the UAR in points."""

    front: str
    snr_db: str
    quality: float
    uar: float


@dataclass(frozen=True)
class Correlation:
    """Spearman's rho over points, raw and within each SNR, each with its interval (None with fewer than two people)."""

    raw: float
    within: float
    raw_interval: tuple[float, float] | None
    within_interval: tuple[float, float] | None
    n_points: int
    n_people: int

    @property
    def answer(self) -> str:
        """ "yes", "the other way round", or "no" where the interval within an SNR holds zero."""
        if self.within_interval is None or self.within_interval[0] <= 0 <= self.within_interval[1]:
            return "no"
        return "yes" if self.within > 0 else "the other way round"


def quality_vs_uar(c: Comparison, corpora: Sequence[str]) -> Table:
    """Whether PESQ, STOI or SI-SDR predicts the change of UAR: a row for each corpus, feature set and measure."""
    rows = [
        (label(f"{CORPORA[corpus]}, {FEATURES[features]}, {text}"), *_entries(c, corpus, features, metric))
        for corpus in corpora
        for features in FEATURES
        for metric, (text, *_) in QUALITY.items()
    ]
    heads = ("Measure", "All points", "At one SNR", "Does it predict?", f"Points / {c.unit}", "At one SNR, with oracle")
    title = f"Do measures of sound predict the change of UAR? ({c.here})"
    return Table("quality_vs_uar", title, heads, tuple(rows), NOTES)


def quality_points(c: Comparison, corpus: str, features: str, metric: str = "pesq_wb") -> list[Point]:
    """The points of the figure; none where nothing was run."""
    fronts, quality, recall = _pools(c, corpus, features, metric)
    if not fronts:
        return []
    snrs = [level[-1] for level in quality[0].levels]
    ones = np.ones((1, len(quality[0].people)))
    x, y = (_changes(pools, ones)[0] for pools in (quality, recall))
    return [
        Point(front, snr, float(x[k, j]), float(y[k, j]))
        for k, front in enumerate(fronts)
        for j, snr in enumerate(snrs)
    ]


def correlation(
    c: Comparison, corpus: str, features: str, metric: str, among: Sequence[str] = REAL
) -> Correlation | None:
    """Spearman's rho between the changes of a measure of sound and of the UAR; None with fewer than two front ends."""
    fronts, quality, recall = _pools(c, corpus, features, metric, among)
    if len(fronts) < 2:
        return None
    people = len(quality[0].people)
    weights = np.concatenate([np.ones((1, people)), draws(people, RESAMPLES)])
    x, y = _changes(quality, weights), _changes(recall, weights)
    raw = spearman(x.reshape(len(x), -1), y.reshape(len(y), -1))
    x, y = (side - side.mean(axis=1, keepdims=True) for side in (x, y))
    within = spearman(x.reshape(len(x), -1), y.reshape(len(y), -1))
    intervals = [_interval(values[1:]) if people > 1 else None for values in (raw, within)]
    return Correlation(float(raw[0]), float(within[0]), *intervals, x[0].size, people)


def spearman(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation along the last axis, ties sharing their mean rank, (..., n) → (...); NaN if constant.

    Source: Spearman, American Journal of Psychology 15(1):72-101, 1904.
    """
    a, b = (ranks - ranks.mean(axis=-1, keepdims=True) for ranks in (_ranks(x), _ranks(y)))
    with np.errstate(invalid="ignore"):
        return (a * b).sum(axis=-1) / np.sqrt((a**2).sum(axis=-1) * (b**2).sum(axis=-1))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Mean ranks along the last axis."""
    rounded = np.round(values, 9)  # what differs by rounding alone is a tie
    below = np.stack([(rounded < rounded[..., k : k + 1]).sum(axis=-1) for k in range(values.shape[-1])], axis=-1)
    equal = np.stack([(rounded == rounded[..., k : k + 1]).sum(axis=-1) for k in range(values.shape[-1])], axis=-1)
    return below + (equal + 1) / 2


def _pools(
    c: Comparison, corpus: str, features: str, metric: str, among: Sequence[str] = tuple(FRONTS)
) -> tuple[list[str], list[Pool], list[Pool]]:
    """Front ends with both numbers at every SNR, and the pools of the noisy input and of each, of the same people."""
    quality = {front: c.pool(quality_of(corpus, front), metric) for front in among}
    recall = {front: c.pool(system_of(corpus, features, "clean", front), "uar") for front in among}
    heard, told = ({level[-1] for level in side[NOISY].levels} for side in (quality, recall))
    at = {"snr_db": [snr for snr in SNRS if snr in heard & told]}
    quality, recall = ({front: found.at(at) for front, found in side.items()} for side in (quality, recall))
    had = [front for front in among if quality[front] and recall[front]]
    if NOISY not in had or len(had) < 2:
        return [], [], []
    people = sorted(set.intersection(*(set(side[front].own) for front in had for side in (quality, recall))))
    if not people:
        return [], [], []
    pools = ([side[front].among(people) for front in had] for side in (quality, recall))
    return [front for front in had if front != NOISY], *pools


def _changes(pools: Sequence[Pool], weights: np.ndarray) -> np.ndarray:
    """What each front end changes against the first pool, the noisy input, shape (n, front ends, SNRs)."""
    values = np.stack([found.resampled(weights) for found in pools], axis=1)
    return values[:, 1:] - values[:, :1]


def _interval(values: np.ndarray) -> tuple[float, float]:
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


def _entries(c: Comparison, corpus: str, features: str, metric: str) -> tuple[Entry, ...]:
    found = correlation(c, corpus, features, metric)
    if found is None:
        return (absent(f"fewer than two front ends with both numbers in the {c.profile} profile"),) * 5
    every = correlation(c, corpus, features, metric, tuple(FRONTS))
    systems = [name for f in FRONTS for name in (quality_of(corpus, f), system_of(corpus, features, "clean", f))]
    keys = c.keys(*systems)
    return (
        _rho(found.raw, found.raw_interval, keys),
        _rho(found.within, found.within_interval, keys),
        Entry(found.answer, RUN, keys=keys),
        Entry(f"{found.n_points} / {found.n_people}", RUN, keys=keys),
        _rho(every.within, every.within_interval, keys),
    )


def _rho(value: float, interval: tuple[float, float] | None, keys: tuple[str, ...]) -> Entry:
    low, high = interval or (None, None)
    return Entry(with_interval(value, low, high, "+.2f"), RUN, value, low, high, keys)
