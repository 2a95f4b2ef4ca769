"""Stationary wavelet denoising, turned around: the strong coefficients are the heart, the weak ones the muscle.

Source: the "inverse" hard threshold, set in each heart cycle, of the literature on diaphragm EMG, as compared by
Petersen et al., Removing cardiac artifacts from single-channel respiratory electromyograms, IEEE Access 2020, whose
wavelet (db2) and threshold (4.5) these are. Here the muscle's level is a median, which beats do not move.
"""

from itertools import pairwise

import numpy as np

from biosig.signal.rpeaks import each_channel, peaks_of

WAVELET = "db2"
LEVELS_AT_1_KHZ = 5  # the approximation then lies below 16 Hz; best of 3, 4 and 5 on validation mixtures
THRESHOLD = 4.5  # standard deviations of the muscle in its cycle and band
MEDIAN_TO_SD = 0.6745  # of a normal distribution


def swt(noisy: np.ndarray, fs: float = 1000, peaks: np.ndarray | None = None) -> np.ndarray:
    """Wavelet coefficients far above the muscle's level removed in every band; (..., n) → (..., n).

    A cycle reaches from halfway between two R peaks to the next such point. With no peaks there is one cycle.

    Args:
        noisy: shape (..., n).
        fs: rate in Hz; the number of levels follows it, so that the bands stay where they are.
        peaks: sample numbers of the R peaks; None finds them.

    Raises:
        SignalError: samples that are not finite, too few of them or too low a rate to find peaks.
    """
    return each_channel(lambda row: _denoise(row, fs, peaks_of(row, fs, peaks)), noisy)


def _denoise(noisy: np.ndarray, fs: float, peaks: np.ndarray) -> np.ndarray:
    import pywt  # 40 ms to load, and only this method needs it

    levels = max(1, LEVELS_AT_1_KHZ + round(np.log2(fs / 1000)))
    before, after = _padding(noisy.size, levels)
    padded = np.pad(noisy, (before, after), mode="symmetric")
    bands = np.array(pywt.swt(padded, WAVELET, levels, trim_approx=True, norm=True))  # (levels + 1, padded)
    for cycle in cycles(peaks + before, padded.size):
        weaken(bands[:, cycle])
    return pywt.iswt(list(bands), WAVELET, norm=True)[before : before + noisy.size]


def cycles(peaks: np.ndarray, n: int) -> list[slice]:
    """The heart cycles of n samples: from halfway between two peaks to the next such point."""
    edges = [0, *((peaks[1:] + peaks[:-1]) // 2), n]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def weaken(bands: np.ndarray) -> None:
    """Set to zero, in place, what in each band of (bands, n) exceeds the threshold ("inverse" hard threshold)."""
    sd = np.median(np.abs(bands), axis=1, keepdims=True) / MEDIAN_TO_SD
    bands[np.abs(bands) > THRESHOLD * sd] = 0.0


def _padding(n: int, levels: int) -> tuple[int, int]:
    """Mirrored samples before and after: the transform is circular, and takes multiples of 2^levels only."""
    before = 4 * 2**levels
    return before, before + -n % 2**levels
