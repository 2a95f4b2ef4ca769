"""Contaminating a clean signal at an exact signal-to-noise ratio."""

import numpy as np

from biosig.checks import as_signal, same_shape
from biosig.errors import SignalError


def mix_at_snr(
    clean: np.ndarray, interference: np.ndarray, snr_db: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Add interference to a clean signal so that their powers stand at ``snr_db`` over the whole segment.

    noisy = clean + s·interference with s = sqrt(Σ clean² / (10^(SNR/10) · Σ interference²)): the mixing of
    MSEMG (Liu et al., 2024, section IV-A). Nothing is renormalised afterwards.

    Args:
        clean: shape (..., n).
        interference: same shape, any scale.
        snr_db: SNR in dB, a number or one per segment, shape (...).

    Returns:
        The noisy signals and the interference as scaled, both of shape (..., n).

    Raises:
        SignalError: shapes differ, either signal is silent, or the SNR is not finite.

    Example:
        >>> noisy, scaled = mix_at_snr(np.ones(4), np.full(4, 7.0), 0.0)
        >>> scaled
        array([1., 1., 1., 1.])
    """
    clean = as_signal(clean, "clean")
    interference = as_signal(interference, "interference")
    same_shape(clean, interference, "clean", "interference")
    snr_db = _checked_snr(snr_db, clean.shape[:-1])
    scale = np.sqrt(_energy(clean, "clean") / (10 ** (snr_db / 10) * _energy(interference, "interference")))
    scaled = scale[..., None] * interference
    return clean + scaled, scaled


def draw_segment(signal: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """``n`` consecutive samples of ``signal`` (..., N) from a random start, every start equally likely.

    Raises:
        SignalError: the signal is shorter than ``n`` samples, or ``n`` is not positive.
    """
    signal = as_signal(signal, "signal")
    length = signal.shape[-1]
    if not 0 < n <= length:
        raise SignalError(f"signal has {length} samples: cannot draw a segment of {n} from it.")
    start = int(rng.integers(0, length - n + 1))
    return signal[..., start : start + n].copy()


def _checked_snr(snr_db: float | np.ndarray, batch: tuple[int, ...]) -> np.ndarray:
    """The SNR as an array of shape ``batch``."""
    snr_db = np.asarray(snr_db, dtype=np.float64)
    if not np.isfinite(snr_db).all():
        raise SignalError(f"snr_db is {snr_db}: expected a finite number of dB.")
    if snr_db.shape not in ((), batch):
        raise SignalError(f"snr_db has shape {snr_db.shape}: expected one number, or shape {batch}.")
    return np.broadcast_to(snr_db, batch)


def _energy(x: np.ndarray, name: str) -> np.ndarray:
    """Σx² over the last axis; silence has no SNR."""
    energy = np.square(x).sum(axis=-1)
    if not np.all(energy > 0):
        raise SignalError(f"{name} is silent (all zeros): expected a signal with power, to set an SNR.")
    return energy
