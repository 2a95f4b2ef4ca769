"""A system's own delay: found by cross-correlation, and removed before its output is compared."""

import numpy as np
import scipy.fft

from biosig.checks import as_signal, check_rate, same_shape
from biosig.errors import SignalError

MAX_DELAY_S = 0.050


def estimate_delay(clean: np.ndarray, estimate: np.ndarray, fs: float, max_s: float = MAX_DELAY_S) -> int:
    """By how many samples the estimate lags behind the clean signal, within ±``max_s``; negative if it leads.

    The lag d with the largest |Σ_t c(t) e(t + d)|, where c and e are the first differences of the two: hum
    and rumble, whose correlation has no clear peak, then hardly count. The magnitude is taken so that an
    inverted output is not shifted by half a pitch period. Of equal peaks the one nearest 0 wins, so silence
    has no delay.

    Args:
        clean: shape (n,).
        estimate: same shape.
        fs: rate in Hz.
        max_s: longest delay to look for, in seconds; at most half the signal is searched.

    Raises:
        SignalError: signals of other shapes, NaN, or an impossible rate or delay.

    Example:
        >>> click = np.zeros(100)
        >>> click[30] = 1.0
        >>> estimate_delay(click, -0.5 * np.roll(click, 7), fs=1000)
        7
    """
    clean, estimate = _pair(clean, estimate)
    longest = min(_samples(max_s, fs), clean.size // 2)
    lags = np.arange(-longest, longest + 1)
    lags = lags[np.argsort(np.abs(lags), kind="stable")]  # 0, -1, 1, -2, …
    size = scipy.fft.next_fast_len(clean.size + longest, real=True)
    both = np.stack([clean, estimate])
    spectra = scipy.fft.rfft(np.diff(both, prepend=both[:, :1]), size)
    correlation = scipy.fft.irfft(np.conj(spectra[0]) * spectra[1], size)
    return int(lags[np.abs(correlation[lags]).argmax()])


def align(
    clean: np.ndarray, estimate: np.ndarray, fs: float, max_s: float = MAX_DELAY_S
) -> tuple[np.ndarray, np.ndarray, int]:
    """Both signals without the delay between them, cut to what they share: (clean, estimate, delay_samples).

    Arguments and errors as in :func:`estimate_delay`; both returned signals have n - |delay_samples| samples.
    """
    clean, estimate = _pair(clean, estimate)
    delay = estimate_delay(clean, estimate, fs, max_s)
    shared = clean.size - abs(delay)
    return clean[max(-delay, 0) :][:shared], estimate[max(delay, 0) :][:shared], delay


def _samples(max_s: float, fs: float) -> int:
    if not (np.isscalar(max_s) and np.isfinite(max_s) and max_s >= 0):
        raise SignalError(f"longest delay is {max_s!r}: expected seconds, 0 or more.")
    return round(max_s * check_rate(fs))


def _pair(clean: np.ndarray, estimate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    clean, estimate = as_signal(clean, "clean", mono=True), as_signal(estimate, "estimate", mono=True)
    same_shape(clean, estimate, "clean", "estimate")
    return clean, estimate
