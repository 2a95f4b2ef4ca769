"""What a user of EMG reads off the signal: average rectified value and mean frequency, and their errors.

Definitions as in the evaluation of SDEMG (Liu et al., 2024) and MSEMG (Liu et al., 2024, section IV-B).
"""

import numpy as np

from biosig.checks import as_signal, check_rate, same_shape
from biosig.errors import SignalError
from biosig.metrics.scores import Score
from biosig.metrics.waveform import rmse, snr
from biosig.signal.spectra import frame_centres, mean_frequency
from biosig.signal.types import Mixture

ARV_WINDOW_S = 1.0
R_PEAK_HALF_WIDTH_S = 0.060

VERSIONS = {
    "snr_db": "1; whole segment, no scaling",
    "snr_imp_db": "1; whole segment, output SNR minus input SNR",
    "rmse": "1; in the units of the clean signal",
    "rmse_arv": "1; non-overlapping 1 s windows, remainder dropped",
    "rmse_mf_hz": "1; zero-padded centred STFT, magnitude-weighted, frames active at their centre sample",
}


def arv(x: np.ndarray, fs: float = 1000) -> np.ndarray:
    """Average rectified value: mean |x| in consecutive 1 s windows; an incomplete last one is dropped.

    Args:
        x: shape (..., n).
        fs: rate in Hz.

    Returns:
        Shape (..., n // round(fs)).

    Raises:
        SignalError: less than one window.

    Example:
        >>> arv(np.repeat([1.0, -3.0], 1000))
        array([1., 3.])
    """
    x = as_signal(x)
    window = round(ARV_WINDOW_S * check_rate(fs))
    count = x.shape[-1] // window if window else 0
    if not count:
        raise SignalError(f"signal has {x.shape[-1]} samples at {fs:g} Hz: ARV needs at least 1 s.")
    return np.abs(x[..., : count * window]).reshape(*x.shape[:-1], count, window).mean(axis=-1)


def rmse_arv(clean: np.ndarray, estimate: np.ndarray, fs: float = 1000) -> np.ndarray:
    """RMSE between the two ARV vectors, in the signal's units; (..., n) in, (...) out."""
    _same(clean, estimate)
    return rmse(arv(clean, fs), arv(estimate, fs))


def rmse_mf(clean: np.ndarray, estimate: np.ndarray, active: np.ndarray, fs: float = 1000) -> np.ndarray:
    """RMSE in Hz between the mean frequencies of the active frames.

    A frame is active when the movement mask is True at its centre sample (frame index · hop; the last sample,
    for a frame centred on the end).

    Args:
        clean: shape (..., n).
        estimate: same shape.
        active: bool mask, True while the subject moves; shape (n,) or that of ``clean``.
        fs: rate in Hz.

    Returns:
        Shape (...). NaN where no frame is active, or where an active frame is silent in either signal.

    Raises:
        SignalError: shapes that do not fit.
    """
    _same(clean, estimate)
    frames = active_frames(active, np.shape(clean), fs)
    error = np.square(mean_frequency(estimate, fs) - mean_frequency(clean, fs))
    total = np.where(frames, error, 0.0).sum(axis=-1)
    with np.errstate(invalid="ignore"):  # 0/0 without an active frame is the NaN we promise
        return np.sqrt(total / frames.sum(axis=-1))


def active_frames(active: np.ndarray, shape: tuple[int, ...], fs: float = 1000) -> np.ndarray:
    """Which spectral frames count as movement, shape (..., frames), for signals of ``shape`` (..., n)."""
    mask = np.asarray(active, dtype=bool)
    if mask.shape not in (shape, shape[-1:]):
        raise SignalError(f"activity mask has shape {mask.shape}: expected {shape} or {shape[-1:]}.")
    return np.broadcast_to(mask, shape)[..., frame_centres(shape[-1], fs)]


def r_peak_energy_ratio_db(x: np.ndarray, peaks: np.ndarray, fs: float = 1000) -> np.ndarray:
    """Mean power within ±60 ms of R peaks over mean power elsewhere, in dB: ECG left, without a clean truth.

    0 dB says that heartbeats cannot be seen in the power. Below 0, muscle was removed along with the heart.

    Args:
        x: shape (..., n).
        peaks: sample numbers of R peaks, found on the input or on a separate ECG, not on ``x``.
        fs: rate in Hz.

    Returns:
        Shape (...).

    Raises:
        SignalError: no peaks, peaks outside the signal, nothing between them, or silence there.
    """
    x = as_signal(x)
    near = _near_peaks(peaks, x.shape[-1], round(R_PEAK_HALF_WIDTH_S * check_rate(fs)))
    between = np.square(x[..., ~near]).mean(axis=-1)
    if not np.all(between > 0):
        raise SignalError("signal is silent between R peaks: expected some power there to compare with.")
    with np.errstate(divide="ignore"):  # silence around the peaks is -inf dB
        return 10 * np.log10(np.square(x[..., near]).mean(axis=-1) / between)


def score(mixture: Mixture, estimate: np.ndarray) -> list[Score]:
    """All metrics of one output of shape (n,): snr_imp_db, rmse, rmse_arv, rmse_mf_hz and snr_db.

    A perfect estimate has an infinite SNR, which a table of averages cannot hold: its value is NaN with the
    reason "perfect". Mean frequency is NaN with a reason where activity is unknown or absent.

    Raises:
        SignalError: an estimate of another shape, with NaN, or a mixture shorter than 1 s.
    """
    estimate = as_signal(estimate, f"estimate of {mixture.item}", mono=True)
    same_shape(mixture.clean, estimate, f"clean of {mixture.item}", "its estimate")
    after, before = float(snr(mixture.clean, estimate)), float(snr(mixture.clean, mixture.noisy))
    perfect = "perfect" if np.isinf(after) else "input is perfect" if np.isinf(before) else ""
    return [
        _score("snr_imp_db", after - before if not perfect else np.nan, perfect),
        _score("rmse", rmse(mixture.clean, estimate)),
        _score("rmse_arv", rmse_arv(mixture.clean, estimate, mixture.fs)),
        _score("rmse_mf_hz", *_mean_frequency_score(mixture, estimate)),
        _score("snr_db", after if np.isfinite(after) else np.nan, "" if np.isfinite(after) else "perfect"),
    ]


def _score(metric: str, value: float, reason: str = "") -> Score:
    return Score(metric, VERSIONS[metric], float(value), reason)


def _mean_frequency_score(mixture: Mixture, estimate: np.ndarray) -> tuple[float, str]:
    """RMSE of MF, or NaN and why there is none."""
    if mixture.active is None:
        return np.nan, "activity unknown"
    if not active_frames(mixture.active, mixture.clean.shape, mixture.fs).any():
        return np.nan, "no active frame"
    value = float(rmse_mf(mixture.clean, estimate, mixture.active, mixture.fs))
    return value, "silent active frame" if np.isnan(value) else ""


def _near_peaks(peaks: np.ndarray, n: int, half: int) -> np.ndarray:
    """True within ``half`` samples of a peak, shape (n,)."""
    peaks = np.asarray(peaks, dtype=np.int64).ravel()
    if not peaks.size or peaks.min() < 0 or peaks.max() >= n:
        raise SignalError(f"{peaks.size} R peaks for {n} samples: expected one or more, all inside.")
    near = np.zeros(n, dtype=bool)
    for peak in peaks:
        near[max(0, peak - half) : peak + half + 1] = True
    if near.all():
        raise SignalError("R peaks cover the whole signal: expected some of it to lie between them.")
    return near


def _same(clean: np.ndarray, estimate: np.ndarray) -> None:
    same_shape(np.asarray(clean), np.asarray(estimate), "clean", "estimate")
