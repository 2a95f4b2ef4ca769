"""From a classifier's scores to probabilities: a multinomial logistic regression on scores of people it never met.

Scores of the training set itself would not do: a machine is right about nearly all that it was fitted to, and
probabilities learnt from that are far too sure.

Source: Platt 1999 for two classes; the multinomial form is scikit-learn's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Calibration:
    """softmax(scores @ slopes.T + offsets), with slopes (K, K) and offsets (K,)."""

    slopes: np.ndarray
    offsets: np.ndarray

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Probabilities (n, K) of scores (n, K)."""
        exponents = np.asarray(scores) @ self.slopes.T + self.offsets
        exponents = np.exp(exponents - exponents.max(axis=1, keepdims=True))
        return exponents / exponents.sum(axis=1, keepdims=True)


def calibrate(scores: np.ndarray, y: Sequence[str]) -> Calibration:
    """Fit to scores (n, K) of held-out speakers and their labels, of K classes, K > 2.

    The classes weigh alike, so the probabilities suppose that all of them are equally frequent, and not as
    frequent as the corpus happens to have them.
    """
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(class_weight="balanced", max_iter=1000).fit(scores, y)
    return Calibration(found.coef_, found.intercept_)
