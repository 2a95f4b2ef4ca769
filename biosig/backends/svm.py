"""A support vector machine with an RBF kernel, its two settings chosen on speakers that it has not seen.

The whole of the classifier is fitted here: the scaling of the features, the settings, the machine. None of it sees
the speaker who is tested. The settings share one matrix of squared distances, and libsvm is handed kernels made from
it: with thousands of features nearly all of its time goes into computing them anew for each setting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from biosig.errors import SignalError
from biosig.metrics.emotion import confusion, recalls

COSTS = (1.0, 10.0)
WIDTHS = (0.3, 1.0, 3.0)  # times 1 / number of features, scikit-learn's "scale" for standardised ones
TOLERANCE = 1e-3  # where libsvm stops, scikit-learn's own


@dataclass(frozen=True)
class Classifier:
    """A fitted machine, called with features (n, d) → labels (n,), in numpy alone.

    Attributes:
        labels: the K classes, in the order of :meth:`scores`.
        mean, scale: of the features, (d,).
        vectors: the S support vectors, standardised, (S, d).
        weights, pair_offsets: one row for each pair of classes i < j, (K (K - 1) / 2, S) and (K (K - 1) / 2,); a
            pair's decision is Σ weight · kernel + offset, above 0 for class i.
        cost, width: the settings chosen.
    """

    labels: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    vectors: np.ndarray
    weights: np.ndarray
    pair_offsets: np.ndarray
    cost: float
    width: float

    def __call__(self, x: np.ndarray) -> np.ndarray:
        votes, _ = self._votes(x)
        return np.array(self.labels)[votes.argmax(axis=1)]  # the first of equals, as libsvm decides

    def scores(self, x: np.ndarray) -> np.ndarray:
        """How far each utterance lies on each class's side, (n, K) in the order of ``labels``; no probabilities.

        Votes of the pairs plus, between -1/3 and 1/3, the sum of their decisions, as scikit-learn has it; with two
        classes the one decision and its negative.
        """
        votes, sums = self._votes(x)
        return sums if len(self.labels) == 2 else votes + sums / (3 * (np.abs(sums) + 1))

    def decisions(self, x: np.ndarray) -> np.ndarray:
        """Of every pair of classes, shape (n, K (K - 1) / 2)."""
        scaled = (np.asarray(x, dtype=float) - self.mean) / self.scale
        kernel = _kernel(_distances(scaled, self.vectors), self.width / scaled.shape[1])
        return kernel @ self.weights.T + self.pair_offsets

    def _votes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        decisions, k = self.decisions(x), len(self.labels)
        votes, sums = np.zeros((2, len(decisions), k))
        for (i, j), decision in zip(combinations(range(k), 2), decisions.T, strict=True):
            for one, side in ((i, decision), (j, -decision)):
                sums[:, one] += side
            votes[:, i] += decision > 0
            votes[:, j] += decision <= 0
        return votes, sums


def fit(
    x: np.ndarray,
    y: Sequence[str],
    chosen_on: tuple[np.ndarray, Sequence[str]] | None = None,
    costs: Sequence[float] = COSTS,
    widths: Sequence[float] = WIDTHS,
) -> Classifier:
    """Standardise, choose cost and width on the validation set, and fit on the training set.

    Args:
        x, y: training features (n, d) and labels.
        chosen_on: features and labels of validation speakers; the settings with the highest mean recall of the
            classes that occur there are taken, the first in order among equals, and the machine is then fitted to
            training and validation speakers together. None takes the first of each.
        costs, widths: what to choose from; widths are multiples of 1/d.

    Raises:
        SignalError: one class only, features that are not finite, or numbers that do not fit.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y)
    _check(x, y)
    best = costs[0], widths[0]
    if chosen_on is not None:
        held, truth = np.asarray(chosen_on[0], dtype=float), np.asarray(chosen_on[1])
        _check(np.concatenate([x, held]), np.concatenate([y, truth]))
        best = _best(x, y, held, truth, list(product(costs, widths)))
        x, y = np.concatenate([x, held]), np.concatenate([y, truth])
    scaler = _scaler().fit(x)
    scaled = scaler.transform(x)
    machine = _machine(_kernel(_distances(scaled, scaled), best[1] / x.shape[1]), y, best[0])
    labels = tuple(map(str, machine.classes_))
    return Classifier(labels, scaler.mean_, scaler.scale_, scaled[machine.support_], *_pairs(machine), *best)


def _best(x: np.ndarray, y: np.ndarray, held: np.ndarray, truth: np.ndarray, settings: list) -> tuple[float, float]:
    scaler, classes = _scaler().fit(x), sorted({*y.tolist(), *truth.tolist()})
    scaled = scaler.transform(x)
    within, across = _distances(scaled, scaled), _distances(scaler.transform(held), scaled)

    def value(setting: tuple[float, float]) -> float:
        cost, gamma = setting[0], setting[1] / x.shape[1]
        guessed = _machine(_kernel(within, gamma), y, cost).predict(_kernel(across, gamma))
        return float(np.nanmean(recalls(confusion(truth, guessed, classes))))

    return max(settings, key=value)  # the first of equals


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances (n, m) of rows (n, d) and (m, d), by one product of matrices."""
    products = a @ b.T
    products *= -2
    products += np.einsum("ij,ij->i", a, a)[:, None]
    products += np.einsum("ij,ij->i", b, b)
    return np.maximum(products, 0, out=products)


def _kernel(distances: np.ndarray, gamma: float) -> np.ndarray:
    kernel = distances * -gamma
    return np.exp(kernel, out=kernel)


def _machine(kernel: np.ndarray, y: np.ndarray, cost: float):
    from sklearn.svm import SVC

    return SVC(C=cost, kernel="precomputed", class_weight="balanced", tol=TOLERANCE).fit(kernel, y)


def _pairs(machine) -> tuple[np.ndarray, np.ndarray]:
    """Weights and offsets of every pair of classes, from libsvm's table.

    libsvm keeps, for a support vector of class i, its weight against class j in row j - 1 where j > i, and in row j
    where j < i. With two classes scikit-learn turns all signs, so that its one decision is above 0 for the second.
    """
    k, table = len(machine.classes_), machine.dual_coef_
    of_class = np.repeat(np.arange(k), machine.n_support_)
    rows = [np.where(of_class == i, table[j - 1], np.where(of_class == j, table[i], 0.0))
            for i, j in combinations(range(k), 2)]  # fmt: skip
    sign = -1 if k == 2 else 1
    return sign * np.stack(rows), sign * machine.intercept_


def _scaler():
    from sklearn.preprocessing import StandardScaler

    return StandardScaler()


def _check(x: np.ndarray, y: np.ndarray) -> None:
    if x.ndim != 2 or len(x) != len(y):
        raise SignalError(f"features have the shape {x.shape}, and there are {len(y)} labels: expected one row each.")
    if not np.isfinite(x).all():
        raise SignalError(f"{np.sum(~np.isfinite(x))} features are not finite: expected numbers.")
    if len(set(y.tolist())) < 2:
        raise SignalError("all utterances have one label: expected two classes or more, to tell them apart.")
