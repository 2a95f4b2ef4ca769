"""How far enhanced speech is from clean, in decibels: SI-SDR, segmental SNR, log-spectral distance."""

import numpy as np

from biosig.checks import as_signal, check_rate, same_shape
from biosig.errors import SignalError
from biosig.metrics.scores import ClipError
from biosig.signal.stft import stft

FRAME_S = 0.032
SEGMENT_LIMITS_DB = (-10.0, 35.0)
SILENCE_DB = 40.0  # a frame this far below the loudest is a pause
SPECTRAL_RANGE_DB = 80.0
# what a value of these is called by, beside its name
SEGMENTAL_SNR = "32 ms frames, half overlapping, clipped to [-10, 35] dB, frames within 40 dB of the loudest"
LOG_SPECTRAL_DISTANCE = "periodic Hann of 32 ms, hop 8 ms, spectra down to 80 dB below the largest clean bin"
ROUNDING = 1e-28  # of the energy: an error this small is float64 rounding, not a property of the estimate


def si_sdr(clean: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Scale-invariant signal-to-distortion ratio in dB: 10·log10(‖α s‖² / ‖ŝ - α s‖²), α = ⟨ŝ, s⟩ / ‖s‖².

    Le Roux, Wisdom, Erdogan and Hershey, "SDR – half-baked or well done?", ICASSP 2019, eq. (3)-(5). No mean
    is removed.

    Args:
        clean: s, shape (..., n).
        estimate: ŝ, same shape.

    Returns:
        Shape (...). +inf where the estimate is the clean signal times a number other than 0; -inf where it
        holds nothing of it.

    Raises:
        SignalError: shapes differ, or NaN.
        ClipError: silence in either.

    Example:
        >>> clean, noise = np.array([1.0, 1.0, -1.0, -1.0]), np.array([0.1, -0.1, 0.1, -0.1])
        >>> round(float(si_sdr(clean, 5 * (clean + noise))), 6)
        20.0
    """
    clean, estimate = _pair(clean, estimate)
    _not_silent(clean, "clean")
    _not_silent(estimate, "estimate")
    # peaks of 1 first: the ratio keeps, and squares of very small or large samples stay in range
    clean = clean / np.abs(clean).max(axis=-1, keepdims=True)
    estimate = estimate / np.abs(estimate).max(axis=-1, keepdims=True)
    alpha = _dot(estimate, clean) / _dot(clean, clean)
    target = alpha * clean
    total = _dot(estimate, estimate)
    energies = np.stack([_dot(target, target), _dot(estimate - target, estimate - target)])
    energies = np.where(energies > ROUNDING * total, energies, 0.0)[..., 0]
    with np.errstate(divide="ignore"):  # no error, or no target: the infinities we promise
        return 10 * (np.log10(energies[0]) - np.log10(energies[1]))


def segmental_snr(clean: np.ndarray, estimate: np.ndarray, fs: float) -> np.ndarray:
    """Mean over frames of the SNR of each, in dB, clipped to [-10, 35]; frames without speech are left out.

    Frames of 32 ms every 16 ms, rectangular; an incomplete last one is dropped. A frame counts where its
    clean power is within 40 dB of the loudest frame's. The limits are those of Hansen and Pellom, "An
    effective quality evaluation protocol for speech enhancement algorithms", ICSLP 1998.

    Args:
        clean: shape (..., n).
        estimate: same shape.
        fs: rate in Hz.

    Returns:
        Shape (...), between -10 and 35; 35 for a perfect estimate.

    Raises:
        SignalError: shapes differ, NaN, or an impossible rate.
        ClipError: a silent clean signal, or less than one frame.
    """
    clean, estimate = _pair(clean, estimate)
    length = _frame_length(fs)
    if clean.shape[-1] < length:
        raise ClipError("shorter than one frame", f"at least {1000 * FRAME_S:g} ms")
    power = np.square(_frames(clean, length)).mean(axis=-1)
    error = np.square(_frames(estimate - clean, length)).mean(axis=-1)
    loudest = power.max(axis=-1, keepdims=True)
    if not np.all(loudest > 0):
        raise ClipError("clean is silent", "a signal with power")
    active = power > loudest * 10 ** (-SILENCE_DB / 10)
    with np.errstate(divide="ignore"):  # frames without power or error: clipped, and the silent ones dropped
        ratio = np.log10(power) - np.log10(np.where(power + error > 0, error, 1.0))
    return np.clip(10 * ratio, *SEGMENT_LIMITS_DB).sum(axis=-1, where=active) / active.sum(axis=-1)


def log_spectral_distance(clean: np.ndarray, estimate: np.ndarray, fs: float) -> np.ndarray:
    """Mean over frames of the RMS difference of the two log power spectra over frequency, in dB.

    LSD = mean_l sqrt(mean_k (10·log10 |S(l, k)|² - 10·log10 |Ŝ(l, k)|²)²), after Gray and Markel, "Distance
    measures for speech processing", 1976. Periodic Hann windows of 32 ms every 8 ms; both power spectra are
    raised to at least 80 dB below the largest clean bin, since a logarithm of nothing has no distance.
    Unlike SI-SDR it hears a gain: a factor g is 20·|log10 g| dB.

    Args:
        clean: shape (..., n).
        estimate: same shape.
        fs: rate in Hz.

    Returns:
        Shape (...), 0 for a perfect estimate.

    Raises:
        SignalError: shapes differ, NaN, or an impossible rate.
        ClipError: a silent clean signal.
    """
    clean, estimate = _pair(clean, estimate)
    _not_silent(clean, "clean")
    n_fft = _frame_length(fs)
    power = np.square(np.abs([stft(x, n_fft, n_fft // 4, "hann") for x in (clean, estimate)]))
    floor = power[0].max(axis=(-2, -1), keepdims=True) * 10 ** (-SPECTRAL_RANGE_DB / 10)
    clean_db, estimate_db = 10 * np.log10(np.maximum(power, floor))
    return np.sqrt(np.square(clean_db - estimate_db).mean(axis=-1)).mean(axis=-1)


def _frame_length(fs: float) -> int:
    """Samples in 32 ms, even."""
    length = 2 * round(FRAME_S * check_rate(fs) / 2)
    if length < 4:
        raise SignalError(f"fs is {fs:g} Hz: expected a rate at which 32 ms hold at least 4 samples.")
    return length


def _frames(x: np.ndarray, length: int) -> np.ndarray:
    """Half-overlapping frames, shape (..., frames, length)."""
    return np.lib.stride_tricks.sliding_window_view(x, length, axis=-1)[..., :: length // 2, :]


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(axis=-1, keepdims=True)


def _not_silent(x: np.ndarray, name: str) -> None:
    if not np.all(np.any(x, axis=-1)):
        raise ClipError(f"{name} is silent", "a signal with power")


def _pair(clean: np.ndarray, estimate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    clean, estimate = as_signal(clean, "clean"), as_signal(estimate, "estimate")
    same_shape(clean, estimate, "clean", "estimate")
    return clean, estimate
