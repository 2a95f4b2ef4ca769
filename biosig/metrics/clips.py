"""Measures that packages compute for one pair of clips at a time, made to take any batch."""

from collections.abc import Callable

import numpy as np

from biosig.checks import as_signal, check_rate, same_shape
from biosig.errors import SignalError
from biosig.metrics.scores import ClipError

Measure = Callable[[np.ndarray, np.ndarray], float]


def each_clip(measure: Measure, clean: object, estimate: object) -> np.ndarray:
    """``measure`` of every pair of clips: (..., n) and (..., n) in, (...) out.

    Raises:
        SignalError: shapes differ, or NaN.
        ClipError: silence, or what ``measure`` raises.
    """
    clean, estimate = as_signal(clean, "clean"), as_signal(estimate, "estimate")
    same_shape(clean, estimate, "clean", "estimate")
    values = np.empty(clean.shape[:-1])
    for index in np.ndindex(values.shape):
        for name, clip in (("clean", clean[index]), ("estimate", estimate[index])):
            not_silent(clip, name)
        values[index] = measure(clean[index], estimate[index])
    return values[()]


def not_silent(clip: np.ndarray, name: str) -> None:
    """Raise ClipError where all samples are 0."""
    if not clip.any():
        raise ClipError(f"{name} is silent", "a signal with power")


def check_rates(fs: float, rates: tuple[int, ...], metric: str) -> int:
    """``fs`` as one of ``rates``, or SignalError."""
    if check_rate(fs) not in rates:
        expected = " or ".join(f"{rate} Hz" for rate in rates)
        raise SignalError(f"fs is {fs:g} Hz: {metric} expects {expected}; resample first.")
    return int(fs)
