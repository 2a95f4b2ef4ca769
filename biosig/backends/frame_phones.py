"""Which phone is being said, told frame by frame from features of EMG: linear discriminant analysis, and nothing else.

No language, no dictionary, no neighbouring phones: what is counted is how much a frame of EMG, with a little of what
comes before and after it, knows by itself. Source: the frame-wise baseline of the EMG-UKA corpus's authors (Wand, Janke
and Schultz, Interspeech 2014) is such an LDA before their recogniser.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from biosig.errors import SignalError

OFFSETS = tuple(range(-15, 16, 3))  # frames put beside one another: 150 ms to both sides, every third
SILENT = ("SIL", "$", "H#", "PAU", "EPI")
ROUNDING = 1e-12
SHRINKAGE = 1e-3  # of the covariance towards a multiple of one: a dead channel is no reason to stop


@dataclass(frozen=True)
class Accuracy:
    """How many frames were told right.

    Attributes:
        right, frames: counts, of frames in which somebody speaks.
        majority: share of them that always answering with the most frequent phone of the training gets right.
    """

    right: int
    frames: int
    majority: float

    @property
    def share(self) -> float:
        """Of the frames, those told right."""
        return self.right / self.frames


def beside_one_another(features: np.ndarray, offsets: Sequence[int] = OFFSETS) -> np.ndarray:
    """Each frame with those ``offsets`` away, the ends held: (T, …) → (T, offsets · numbers)."""
    flat = np.asarray(features).reshape(len(features), -1)
    at = np.clip(np.arange(len(flat))[:, None] + np.asarray(offsets), 0, len(flat) - 1)
    return flat[at].reshape(len(flat), -1)


def phones_at(spans: Sequence[tuple[float, float, str]], times: np.ndarray) -> np.ndarray:
    """The phone at each time in s, shape (n,); "" where there is no label.

    Args:
        spans: (start, end, phone) in s, in order; the end is not part of it.
        times: in s, shape (n,).
    """
    starts, ends = (np.array([span[k] for span in spans]) for k in (0, 1))
    texts = np.array(["", *(span[2] for span in spans)])
    at = np.searchsorted(starts, times, side="right")
    inside = (at > 0) & (times < ends[np.maximum(at - 1, 0)])
    return texts[np.where(inside, at, 0)]


def is_speech(phones: np.ndarray) -> np.ndarray:
    """Where a phone is said: neither silence nor a gap of the labels."""
    return (phones != "") & ~np.isin(np.char.upper(phones), SILENT)


@dataclass(frozen=True)
class Discriminant:
    """A fitted LDA, called with frames (n, d) → phones (n,).

    Attributes:
        phones: the K classes.
        mean, scale: of the training frames, (d,).
        weights, offsets: of the K linear scores of a standardised frame, (d, K) and (K,).
    """

    phones: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        scores = ((x - self.mean) / self.scale) @ self.weights + self.offsets
        return np.array(self.phones)[scores.argmax(axis=1)]


def fit(x: np.ndarray, phones: np.ndarray) -> Discriminant:
    """An LDA of frames (n, d) and their phones (n,): one covariance for all, slightly shrunk, priors as they occur.

    scikit-learn's ``LinearDiscriminantAnalysis(solver="lsqr")`` gives the same decisions; it takes a singular value
    decomposition where symmetry allows better, and several times as long.

    Raises:
        SignalError: fewer than two phones, or numbers that are not finite.
    """
    names, at = np.unique(phones, return_inverse=True)
    if names.size < 2 or not np.isfinite(x).all():
        raise SignalError(f"{names.size} phones in {len(x)} frames: expected finite features of two or more.")
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > ROUNDING * np.abs(x).max(axis=0), scale, 1.0)  # what does not vary stays 0
    z = (x - mean) / scale
    counts = np.bincount(at)
    means = np.zeros((names.size, z.shape[1]))
    np.add.at(means, at, z)
    means /= counts[:, None]
    z -= means[at]
    within = z.T @ z / len(z)
    within = (1 - SHRINKAGE) * within + SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    weights = np.linalg.solve(within, means.T)
    offsets = np.log(counts / counts.sum()) - 0.5 * np.einsum("kd,dk->k", means, weights)
    return Discriminant(tuple(map(str, names)), mean, scale, weights, offsets)


def accuracy(
    train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]
) -> Accuracy:
    """Fit on (frames, phones) of one side and count on the other; only frames with speech count, on both.

    Raises:
        SignalError: no speech on a side.
    """
    (x, y), (held, truth) = ((np.asarray(a), np.asarray(b)) for a, b in (train, test))
    if not is_speech(y).any() or not is_speech(truth).any():
        raise SignalError("no frame has a phone on one side: expected speech to train on, and to test on.")
    x, y, held, truth = x[is_speech(y)], y[is_speech(y)], held[is_speech(truth)], truth[is_speech(truth)]
    names, counts = np.unique(y, return_counts=True)
    guess = fit(x, y)(held)
    return Accuracy(int((guess == truth).sum()), truth.size, float(np.mean(truth == names[counts.argmax()])))
