"""A linear map from one sequence of frames to another, by least squares: what of the one stands in the other at all."""

from dataclasses import dataclass

import numpy as np

from biosig.checks import same_shape
from biosig.errors import SignalError

RIDGE = 1e-3  # of the mean variance of the standardised inputs: two channels that are alike are no reason to stop
ROUNDING = 1e-12


@dataclass(frozen=True)
class LinearMap:
    """y ≈ ((x - mean) / scale) @ weights + offset, called with x (n, d) → (n, k)."""

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    offset: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return ((x - self.mean) / self.scale) @ self.weights + self.offset


def fit(x: np.ndarray, y: np.ndarray, ridge: float = RIDGE) -> LinearMap:
    """The map of frames x (n, d) to y (n, k) that is off least in the sum of squares, with a small ridge.

    Raises:
        SignalError: other numbers of frames, none, or numbers that are not finite.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if len(x) != len(y) or not len(x) or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise SignalError(f"{len(x)} frames of one and {len(y)} of the other: expected as many, finite, of both.")
    mean, scale, offset = x.mean(axis=0), x.std(axis=0), y.mean(axis=0)
    scale = np.where(scale > ROUNDING * np.abs(x).max(axis=0), scale, 1.0)
    z = (x - mean) / scale
    weights = np.linalg.solve(z.T @ z + ridge * len(z) * np.eye(z.shape[1]), z.T @ (y - offset))
    return LinearMap(mean, scale, weights, offset)


def explained(truth: np.ndarray, guess: np.ndarray, mean: np.ndarray) -> float:
    """R²: the part of the squares of ``truth`` (n, k) around ``mean`` (k,) that ``guess`` (n, k) leaves not.

    1 is perfect, 0 as good as the mean, which is the training's, and below 0 is worse than it.

    Raises:
        SignalError: other shapes, or truth that never leaves the mean.
    """
    same_shape(truth, guess, "truth", "guess")
    total = np.sum((truth - mean) ** 2)
    if not total > 0:
        raise SignalError("the truth never leaves the mean: expected something to explain.")
    return float(1 - np.sum((truth - guess) ** 2) / total)
