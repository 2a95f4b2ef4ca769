"""Empirical mode decomposition: the slow modes, and what stands out of the fast ones, are the heart.

Source: Huang et al., The empirical mode decomposition and the Hilbert spectrum, Proc. R. Soc. A 1998; for surface EMG
Andrade et al., EMG signal filtering based on empirical mode decomposition, 2006. A signal is taken apart, from fast to
slow, into modes that oscillate around zero. Leaving out the slow ones is not enough: a QRS complex is so steep that
it becomes part of the fast modes too. There it is removed by the rule of :mod:`biosig.signal.swt`.
"""

import numpy as np
from scipy.interpolate import CubicSpline

from biosig.checks import as_signal, check_rate
from biosig.signal.rpeaks import each_channel, peaks_of
from biosig.signal.swt import cycles, weaken

SLOWEST_HZ = 40.0  # modes slower than the high-pass of the same table are left out
SIFTINGS = 10  # a fixed number keeps the modes' bandwidths alike (Wu and Huang, 2010)
MODES = 16  # at most; ten seconds at 1 kHz have about ten


def emd(noisy: np.ndarray, fs: float = 1000, peaks: np.ndarray | None = None) -> np.ndarray:
    """Modes of 40 Hz or more, without what is far above the muscle's level in them; (..., n) → (..., n).

    A mode's mean frequency is half its rate of zero crossings. The muscle's level is taken in each heart cycle.

    Args:
        noisy: shape (..., n).
        fs: rate in Hz.
        peaks: sample numbers of the R peaks; None finds them. With no peaks there is one cycle.

    Raises:
        SignalError: samples that are not finite, too few of them or too low a rate to find peaks.
    """
    return each_channel(lambda row: _fast_part(row, check_rate(fs), peaks_of(row, fs, peaks)), noisy)


def _fast_part(noisy: np.ndarray, fs: float, peaks: np.ndarray) -> np.ndarray:
    slowest = 2 * SLOWEST_HZ * noisy.size / fs
    fast = np.array([mode for mode in modes(noisy, slowest) if zero_crossings(mode) >= slowest])
    if not fast.size:
        return np.zeros(noisy.size)
    for cycle in cycles(peaks, noisy.size):
        weaken(fast[:, cycle])
    return fast.sum(axis=0)


def zero_crossings(x: np.ndarray) -> int:
    """How often (n,) changes its sign."""
    return int(np.count_nonzero(np.diff(np.signbit(x))))


def modes(x: np.ndarray, slowest: float = 0) -> list[np.ndarray]:
    """The modes of (n,), fastest first; the slow rest, which is no mode, is what is missing from their sum.

    Args:
        x: shape (n,).
        slowest: stop after a mode with fewer zero crossings than this.

    Example:
        >>> t = np.arange(2000) / 1000
        >>> fast, slow = np.sin(2 * np.pi * 80 * t), np.sin(2 * np.pi * 7 * t)
        >>> bool(np.abs(modes(fast + slow)[0] - fast)[200:-200].max() < 0.02)
        True
    """
    rest, found = as_signal(x, mono=True).copy(), []
    while len(found) < MODES and (mode := _sifted(rest)) is not None:
        found.append(mode)
        rest = rest - mode
        if zero_crossings(mode) < slowest:
            break
    return found


def _sifted(x: np.ndarray) -> np.ndarray | None:
    """The fastest mode of (n,): what is left when the mean of its envelopes is taken away ten times."""
    mode = None
    for _ in range(SIFTINGS):
        mean = mean_envelope(x)
        if mean is None:
            break
        x = mode = x - mean
    return mode


def mean_envelope(x: np.ndarray) -> np.ndarray | None:
    """Mean of the cubic splines through maxima and minima of (n,); None where there are not two of each.

    The two extrema next to each end are mirrored at that end, so that the splines do not swing there.
    """
    tops, bottoms = _maxima(x), _maxima(-x)
    if min(tops.size, bottoms.size) < 2:
        return None
    return (_spline(x, tops) + _spline(x, bottoms)) / 2


def _maxima(x: np.ndarray) -> np.ndarray:
    """Inner sample numbers that are higher than the one before and not lower than the one after."""
    return np.flatnonzero((x[1:-1] > x[:-2]) & (x[1:-1] >= x[2:])) + 1


def _spline(x: np.ndarray, at: np.ndarray) -> np.ndarray:
    last = x.size - 1
    places = np.concatenate([-at[1::-1], at, 2 * last - at[:-3:-1]])
    heights = np.concatenate([x[at[1::-1]], x[at], x[at[:-3:-1]]])
    return CubicSpline(places, heights)(np.arange(x.size))
