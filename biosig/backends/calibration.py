"""From a classifier's scores to probabilities, fitted to the scores of people whom it never met.

Scores of the training set itself would not do: a machine is right about nearly all that it was fitted to, and
probabilities learnt from that are far too sure. The fit is a multinomial logistic regression with one slope for all
classes and nothing else. With a slope for every pair of classes it would have dozens of numbers to learn from a few
speakers, and it was worse on others, in likelihood and in recall; with one, the class of the highest score stays.

Source: Guo, Pleiss, Sun & Weinberger, ICML 2017 (temperature scaling; the slope is one over the temperature).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

STEEPEST = 100.0


@dataclass(frozen=True)
class Calibration:
    """softmax(slope · scores), called with scores (n, K) → probabilities (n, K)."""

    slope: float

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        exponents = self.slope * np.asarray(scores, dtype=float)
        found = np.exp(exponents - exponents.max(axis=1, keepdims=True))
        return found / found.sum(axis=1, keepdims=True)


def calibrate(scores: np.ndarray, y: Sequence[str], labels: Sequence[str]) -> Calibration:
    """The slope that makes the labels of held-out speakers likeliest.

    The classes weigh alike, so the probabilities take all of them for equally frequent, and not for as frequent as
    the corpus happens to have them.

    Args:
        scores: of people whom the classifier never met, (n, K).
        y: their labels, (n,).
        labels: the classes in the order of the scores.
    """
    place = {label: at for at, label in enumerate(labels)}
    truth = np.array([place[label] for label in y])
    weights = 1 / np.bincount(truth, minlength=len(place))[truth]

    def unlikelihood(slope: float) -> float:
        likely = Calibration(slope)(scores)[np.arange(truth.size), truth]
        return -float(weights @ np.log(np.maximum(likely, 1e-300)))

    return Calibration(float(minimize_scalar(unlikelihood, bounds=(0, STEEPEST), method="bounded").x))
