"""A support vector machine with an RBF kernel, its two settings chosen on speakers that it has not seen.

The whole of the classifier is fitted here: the scaling of the features, the settings, the machine. None of it sees
the speaker who is tested.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from biosig.errors import SignalError
from biosig.metrics.emotion import confusion, recalls

COSTS = (1.0, 10.0)
WIDTHS = (0.3, 1.0, 3.0)  # times 1 / number of features, scikit-learn's "scale" for standardised ones


@dataclass(frozen=True)
class Classifier:
    """A fitted machine, called with features (n, d) → labels (n,); ``cost`` and ``width`` are the settings chosen."""

    scaler: object
    machine: object
    cost: float
    width: float

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.machine.predict(self.scaler.transform(np.asarray(x, dtype=float)))

    def scores(self, x: np.ndarray) -> np.ndarray:
        """How far each utterance lies on each class's side, (n, K) in the order of ``labels``; no probabilities."""
        decisions = self.machine.decision_function(self.scaler.transform(np.asarray(x, dtype=float)))
        return decisions if decisions.ndim == 2 else np.stack([-decisions, decisions], axis=1)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in the order of :meth:`scores`."""
        return tuple(map(str, self.machine.classes_))


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
        best = _best(x, y, chosen_on, list(product(costs, widths)))
        x, y = np.concatenate([x, chosen_on[0]]), np.concatenate([y, chosen_on[1]])
    scaler = _scaler().fit(x)
    return Classifier(scaler, _machine(scaler.transform(x), y, *best), *best)


def _best(x: np.ndarray, y: np.ndarray, chosen_on: tuple, settings: list) -> tuple[float, float]:
    scaler, truth = _scaler().fit(x), list(chosen_on[1])
    scaled, held = scaler.transform(x), scaler.transform(np.asarray(chosen_on[0], dtype=float))
    classes = sorted({*y.tolist(), *truth})

    def value(setting: tuple[float, float]) -> float:
        guessed = _machine(scaled, y, *setting).predict(held)
        return float(np.nanmean(recalls(confusion(truth, guessed, classes))))

    return max(settings, key=value)  # the first of equals


def _machine(scaled: np.ndarray, y: np.ndarray, cost: float, width: float):
    from sklearn.svm import SVC

    return SVC(C=cost, gamma=width / scaled.shape[1], class_weight="balanced").fit(scaled, y)


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
