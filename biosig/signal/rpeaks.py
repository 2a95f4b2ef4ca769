"""R-peak detection by two moving means, for all that subtracts beats; a user's own peaks instead."""

from collections.abc import Callable

import numpy as np

from biosig.checks import as_signal, check_rate
from biosig.errors import SignalError
from biosig.signal.filters import butter_zero_phase

BAND_HZ = (2.5, 50.0)
BAND_ORDER = 4
# Lengths in seconds; at 1 kHz they are 1000, 100, 1500 and 140 samples.
LONG_S, SHORT_S, PAD_S, SHORTEST_REGION_S = 1.0, 0.1, 1.5, 0.14


def ecg_band(x: np.ndarray, fs: float = 1000) -> np.ndarray:
    """Where the heart's energy is: (..., n) through a zero-phase Butterworth of order 4, 2.5–50 Hz."""
    return butter_zero_phase(x, fs, BAND_ORDER, BAND_HZ, "bandpass")


def detect_r_peaks(x: np.ndarray, fs: float = 1000) -> np.ndarray:
    """Sample numbers of the R peaks in an ECG, or in an EMG with ECG in it, shape (peaks,), rising.

    The signal is filtered to 2.5–50 Hz, rectified and averaged over 0.1 s and over 1 s. Where the short mean
    stays above the long one for at least 0.14 s there is one beat, and its R peak is the maximum of the
    filtered signal there. R peaks must point upwards: an inverted lead is the caller's to turn.

    Args:
        x: shape (n,).
        fs: rate in Hz, above 100.

    Raises:
        SignalError: not one finite channel, too short to filter, or too low a rate.

    Example:
        >>> seconds = np.arange(3000) / 1000
        >>> beats = sum(np.exp(-(((seconds - at) / 0.02) ** 2)) for at in (0.5, 1.3, 2.1))
        >>> detect_r_peaks(beats).tolist()
        [500, 1300, 2100]
    """
    return r_peaks_in_band(ecg_band(as_signal(x, mono=True), fs), fs)


def r_peaks_in_band(filtered: np.ndarray, fs: float = 1000) -> np.ndarray:
    """:func:`detect_r_peaks` of a signal (n,) that went through :func:`ecg_band` already.

    Boundaries: 1.5 s of zeros are put before and after, so both means fall off to zero beyond the ends and a
    beat cut by an end can still make a region.
    """
    pad = round(PAD_S * check_rate(fs))
    padded = np.pad(filtered, pad)
    rectified = np.abs(padded)
    above = moving_mean(rectified, round(SHORT_S * fs)) > moving_mean(rectified, round(LONG_S * fs))
    starts, ends = _runs(above)
    long_enough = ends - starts >= round(SHORTEST_REGION_S * fs)
    peaks = [a + np.argmax(padded[a:b]) for a, b in zip(starts[long_enough], ends[long_enough], strict=True)]
    peaks = np.array(peaks, dtype=np.int64) - pad
    return peaks[(peaks >= 0) & (peaks < filtered.size)]


def checked_peaks(peaks: np.ndarray, n: int) -> np.ndarray:
    """A user's R peaks as rising sample numbers, shape (peaks,), each once.

    Raises:
        SignalError: not whole numbers, or outside 0 … n - 1.
    """
    found = np.asarray(peaks, dtype=np.float64)
    if found.ndim != 1 or not np.all(found == np.round(found)):
        raise SignalError("R peaks are not a list of whole sample numbers.")
    if found.size and (found.min() < 0 or found.max() >= n):
        raise SignalError(f"R peaks reach from {found.min():g} to {found.max():g}: expected 0 to {n - 1}.")
    return np.unique(found.astype(np.int64))


def peaks_of(x: np.ndarray, fs: float, peaks: np.ndarray | None = None) -> np.ndarray:
    """The peaks that a caller gave for a channel (n,), checked; else those that are detected."""
    return detect_r_peaks(x, fs) if peaks is None else checked_peaks(peaks, x.size)


def each_channel(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """``function`` of every channel (n,) of (..., n), for what cannot take them together."""
    x = as_signal(x, "noisy")
    return np.stack([function(row) for row in x.reshape(-1, x.shape[-1])]).reshape(x.shape)


def moving_mean(x: np.ndarray, window: int) -> np.ndarray:
    """Mean of ``window`` samples around each sample of (n,), zeros beyond the ends; even ones lean left."""
    total = np.concatenate([[0.0], np.cumsum(x)])
    first = np.arange(x.size) - window // 2
    return (total[np.clip(first + window, 0, x.size)] - total[np.clip(first, 0, x.size)]) / window


def _runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends (exclusive) of the runs of True."""
    edges = np.diff(np.concatenate([[0], mask.view(np.int8), [0]]))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
