"""What a microphone does to a signal that is too loud, and a converter to any: clipping and quantisation."""

import numpy as np

from biosig.checks import as_signal
from biosig.errors import SignalError


def clip_to_db(x: np.ndarray, level_db: float) -> tuple[np.ndarray, np.ndarray]:
    """Clip where |x| exceeds a threshold ``level_db`` from the signal's own peak.

    threshold = max|x| · 10^(level_db/20), so 0 dB leaves the signal whole and -6 dB halves its peak.

    Args:
        x: shape (..., n); each channel has its own peak.
        level_db: at most 0.

    Returns:
        The clipped signal, shape (..., n), and the thresholds, shape (...).

    Raises:
        SignalError: a level above 0 dB or not finite, or a silent channel, which has no peak.

    Example:
        >>> clipped, threshold = clip_to_db(np.array([1.0, -0.5, 0.2]), -20.0)
        >>> clipped, float(threshold)
        (array([ 0.1, -0.1,  0.1]), 0.1)
    """
    x = as_signal(x)
    if not (np.isfinite(level_db) and level_db <= 0):
        raise SignalError(f"level_db is {level_db!r}: expected dB from the peak, at most 0.")
    peak = np.abs(x).max(axis=-1)
    if not np.all(peak > 0):
        raise SignalError("signal is silent (all zeros): expected one with a peak, to clip below it.")
    return _clipped(x, peak * 10 ** (level_db / 20))


def clip_fraction(x: np.ndarray, fraction: float) -> tuple[np.ndarray, np.ndarray]:
    """Clip the loudest ``fraction`` of the samples: exactly round(fraction·n) of them change.

    The threshold is the largest magnitude among the others. Equal magnitudes at the threshold stay, so
    where magnitudes repeat fewer change.

    Args:
        x: shape (..., n).
        fraction: from 0 up to, not with, 1.

    Returns:
        The clipped signal, shape (..., n), and the thresholds, shape (...).

    Raises:
        SignalError: a fraction outside [0, 1).

    Example:
        >>> clip_fraction(np.array([1.0, -4.0, 3.0, 2.0]), 0.5)[0]
        array([ 1., -2.,  2.,  2.])
    """
    x = as_signal(x)
    if not 0 <= fraction < 1:
        raise SignalError(f"fraction is {fraction!r}: expected the share of samples to clip, 0 to below 1.")
    kept = max(1, x.shape[-1] - round(fraction * x.shape[-1]))
    return _clipped(x, np.partition(np.abs(x), kept - 1, axis=-1)[..., kept - 1])


def quantise(x: np.ndarray, bits: int, full_scale: float = 1.0) -> np.ndarray:
    """Round to the 2^bits levels of a converter: multiples of full_scale/2^(bits-1) with a level at zero.

    The levels run from -full_scale to full_scale less one step, as in PCM files; what lies beyond is clipped.
    Within them the error is at most half a step; no dither is added.

    Args:
        x: shape (..., n).
        bits: 2 to 32.
        full_scale: the loudest level, in the signal's own units.

    Raises:
        SignalError: impossible bits or full scale.

    Example:
        >>> quantise(np.array([-2.0, -0.4, 0.1, 0.3, 1.0]), 3)
        array([-1.  , -0.5 ,  0.  ,  0.25,  0.75])
    """
    x = as_signal(x)
    if not isinstance(bits, int | np.integer) or not 2 <= bits <= 32:
        raise SignalError(f"bits is {bits!r}: expected a whole number from 2 to 32.")
    if not (np.isfinite(full_scale) and full_scale > 0):
        raise SignalError(f"full_scale is {full_scale!r}: expected a positive number.")
    steps = 2 ** (int(bits) - 1)
    return np.clip(np.round(x / full_scale * steps), -steps, steps - 1) * (full_scale / steps)


def _clipped(x: np.ndarray, threshold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.clip(x, -threshold[..., None], threshold[..., None]), threshold
