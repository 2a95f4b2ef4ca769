"""Which phone is being said, told frame by frame from features of EMG: linear discriminant analysis, and nothing else.

No language, no dictionary, no neighbouring phones: what is counted is how much a frame of EMG, with a little of what
comes before and after it, knows by itself. Source: the frame-wise baseline of the EMG-UKA corpus's authors (Wand, Janke
and Schultz, Interspeech 2014) is such an LDA before their recogniser.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from biosig.errors import SignalError

OFFSETS = (-10, -5, 0, 5, 10)  # frames put beside one another: 100 ms to both sides, every fifth
SILENT = ("SIL", "$", "H#", "PAU", "EPI")
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


def fit(x: np.ndarray, phones: np.ndarray):
    """An LDA of frames (n, d) and their phones (n,), with one covariance, slightly shrunk; ``predict`` asks it.

    Raises:
        SignalError: fewer than two phones, or numbers that are not finite.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    if len(set(phones)) < 2 or not np.isfinite(x).all():
        raise SignalError(f"{len(set(phones))} phones in {len(x)} frames: expected finite features of two or more.")
    scale = np.maximum(x.std(axis=0), 1e-12 * max(float(np.abs(x).max()), 1e-300))
    found = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE).fit((x - x.mean(axis=0)) / scale, phones)
    found.mean_in_, found.scale_in_ = x.mean(axis=0), scale
    return found


def told(machine, x: np.ndarray) -> np.ndarray:
    """The phone of each frame (n, d), by a machine of :func:`fit`."""
    return machine.predict((x - machine.mean_in_) / machine.scale_in_)


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
    guess = told(fit(x, y), held)
    return Accuracy(int((guess == truth).sum()), truth.size, float(np.mean(truth == names[counts.argmax()])))
