"""Gating: the stretch around each R peak is cut out of the EMG, and something put in its place.

The oldest remedy, made for envelopes rather than for the signal itself: what lies under a beat is given up.
Source: Bartolo et al., Analysis of diaphragm EMG signals: comparison of gating vs. subtraction for removal of ECG
contamination, J Appl Physiol 1996; the width of 100 ms is what open packages for respiratory EMG default to.
"""

import numpy as np

from biosig.errors import SignalError
from biosig.signal.rpeaks import each_channel, peaks_of

HALF_WIDTH_S = 0.05
FILLS = ("zero", "neighbours")


def gate_zero(noisy: np.ndarray, fs: float = 1000, peaks: np.ndarray | None = None) -> np.ndarray:
    """100 ms around each R peak set to zero; (..., n) → (..., n). Without peaks the input comes back."""
    return each_channel(lambda row: gate(row, fs, "zero", peaks), noisy)


def gate_neighbours(noisy: np.ndarray, fs: float = 1000, peaks: np.ndarray | None = None) -> np.ndarray:
    """100 ms around each R peak filled with the mean of their neighbours; (..., n) → (..., n)."""
    return each_channel(lambda row: gate(row, fs, "neighbours", peaks), noisy)


def gate(noisy: np.ndarray, fs: float, fill: str, peaks: np.ndarray | None = None) -> np.ndarray:
    """Replace 50 ms before to 50 ms after each R peak of one channel (n,).

    Args:
        noisy: shape (n,).
        fs: rate in Hz.
        fill: "zero", or "neighbours": sample by sample the mean of the stretch just before the gate and the one
            just after it, each as long as the gate. Of two equally strong, independent stretches that mean has half
            the power. A stretch that hangs over an end of the signal, or meets another gate, is left out of it;
            where both do, zeros are put in.
        peaks: sample numbers of the R peaks; None finds them.

    Raises:
        SignalError: unknown fill, not one finite channel, or too short or too low a rate to find peaks.
    """
    if fill not in FILLS:
        raise SignalError(f"fill is {fill!r}: expected one of {', '.join(FILLS)}.")
    peaks, half = peaks_of(noisy, fs, peaks), round(HALF_WIDTH_S * fs)
    starts, stops = _merged(peaks - half, peaks + half + 1, noisy.size)
    gated = np.zeros(noisy.size, bool)
    for start, stop in zip(starts, stops, strict=True):
        gated[start:stop] = True
    cleaned = np.where(gated, 0.0, noisy)
    if fill == "neighbours":
        for start, stop in zip(starts, stops, strict=True):
            cleaned[start:stop] = _mean_of_neighbours(noisy, gated, start, stop)
    return cleaned


def _merged(starts: np.ndarray, stops: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Gates cut to the signal; those that touch or overlap become one."""
    new = np.concatenate([[True], starts[1:] > stops[:-1]])[: starts.size]
    last = np.concatenate([new[1:], [True]])[: stops.size]
    return np.maximum(starts[new], 0), np.minimum(stops[last], n)


def _mean_of_neighbours(noisy: np.ndarray, gated: np.ndarray, start: int, stop: int) -> np.ndarray:
    width = stop - start
    stretches = [slice(start - width, start), slice(stop, stop + width)]
    usable = [noisy[s] for s in stretches if s.start >= 0 and s.stop <= noisy.size and not gated[s].any()]
    return np.mean(usable, axis=0) if usable else np.zeros(width)
