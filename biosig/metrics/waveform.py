"""How close the waveform is: SNR, its improvement, RMSE."""

import numpy as np

from biosig.checks import as_signal, same_shape
from biosig.errors import SignalError


def snr(clean: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """10·log10(Σ clean² / Σ (estimate - clean)²) in dB, no scaling or shifting allowed.

    Args:
        clean: shape (..., n).
        estimate: same shape.

    Returns:
        Shape (...). +inf where the estimate is exactly the clean signal.

    Raises:
        SignalError: shapes differ, NaN, or a clean signal that is silent, to which no SNR belongs.

    Example:
        >>> clean = np.array([1.0, -1.0, 1.0, -1.0])
        >>> round(float(snr(clean, 1.1 * clean)), 6)
        20.0
    """
    clean, estimate = _pair(clean, estimate)
    signal = np.square(clean).sum(axis=-1)
    if not np.all(signal > 0):
        raise SignalError("clean is silent (all zeros): expected a signal with power, to measure an SNR.")
    error = np.square(estimate - clean).sum(axis=-1)
    with np.errstate(divide="ignore"):  # no error at all is +inf dB, as promised
        return 10 * np.log10(signal / error)


def snr_improvement(clean: np.ndarray, noisy: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """SNR of the estimate minus SNR of the noisy input, in dB, shape (...); inputs as in :func:`snr`.

    +inf where the estimate is perfect; NaN where the input was perfect too (inf - inf).
    """
    after, before = snr(clean, estimate), snr(clean, noisy)
    with np.errstate(invalid="ignore"):
        return after - before


def rmse(clean: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """sqrt(mean((estimate - clean)²)) over the last axis, in the signal's own units, shape (...).

    It grows with the signal's scale, so values compare only within one corpus and one normalisation.
    """
    clean, estimate = _pair(clean, estimate)
    return np.sqrt(np.square(estimate - clean).mean(axis=-1))


def _pair(clean: np.ndarray, estimate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    clean, estimate = as_signal(clean, "clean"), as_signal(estimate, "estimate")
    same_shape(clean, estimate, "clean", "estimate")
    return clean, estimate
