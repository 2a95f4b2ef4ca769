"""Taking the heart out of surface EMG the classical way: high-pass filter and template subtraction.

The baselines of MSEMG (Liu et al., 2024): HP, and filtered or averaged template subtraction (FTS, ATS), each
with the high-pass after it or not. All take (noisy, fs) of shape (..., n) and give the same shape. The families
that the paper does not have are in :mod:`biosig.signal.ecg_families`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from biosig.checks import as_signal
from biosig.errors import SignalError
from biosig.signal.filters import butter_zero_phase
from biosig.signal.rpeaks import checked_peaks, each_channel, ecg_band, r_peaks_in_band

HP_ORDER, HP_HZ = 4, 40.0
LEFT_SHARE, RIGHT_SHARE = 0.25, 0.45  # of the shortest RR interval
BEATS = 11  # beats in an average, and the fewest peaks that are worked with


@dataclass(frozen=True)
class TemplateReport:
    """The R peaks found, and whether they were too few (< 11), so that the input came back unchanged."""

    peaks: np.ndarray
    unchanged: bool


def hp(noisy: np.ndarray, fs: float = 1000) -> np.ndarray:
    """High-pass at 40 Hz: zero-phase Butterworth of order 4 (twice its attenuation, see ``filters``)."""
    return butter_zero_phase(noisy, fs, HP_ORDER, HP_HZ, "highpass")


def fts(noisy: np.ndarray, fs: float = 1000, peaks: np.ndarray | None = None) -> np.ndarray:
    """Filtered template subtraction: each beat loses its own 2.5–50 Hz waveform."""
    return _subtract(noisy, fs, "fts", peaks)


def ats(noisy: np.ndarray, fs: float = 1000, peaks: np.ndarray | None = None) -> np.ndarray:
    """Averaged template subtraction: each beat loses the scaled mean of 11 filtered beats around it."""
    return _subtract(noisy, fs, "ats", peaks)


def ats_official(noisy: np.ndarray, fs: float = 1000, peaks: np.ndarray | None = None) -> np.ndarray:
    """:func:`ats` with two choices of its authors' code, see :func:`template_subtraction`; ``ats`` made Table I."""
    return _subtract(noisy, fs, "ats_official", peaks)


def fts_hp(noisy: np.ndarray, fs: float = 1000, peaks: np.ndarray | None = None) -> np.ndarray:
    """:func:`fts`, then :func:`hp`, also where too few peaks were found."""
    return hp(fts(noisy, fs, peaks), fs)


def ats_hp(noisy: np.ndarray, fs: float = 1000, peaks: np.ndarray | None = None) -> np.ndarray:
    """:func:`ats`, then :func:`hp`, also where too few peaks were found."""
    return hp(ats(noisy, fs, peaks), fs)


CLASSICAL: dict[str, Callable[..., np.ndarray]] = {
    "hp": hp,
    "fts": fts,
    "fts_hp": fts_hp,
    "ats": ats,
    "ats_hp": ats_hp,
}


def template_subtraction(
    noisy: np.ndarray, fs: float, kind: str, peaks: np.ndarray | None = None
) -> tuple[np.ndarray, TemplateReport]:
    """Subtract an ECG template at every R peak.

    A beat reaches from floor(0.25·RR) before its R peak to floor(0.45·RR) after it, RR the shortest interval
    between peaks, so that windows never overlap. Windows that hang over an end are used as far as they go.

    Args:
        noisy: shape (n,).
        fs: rate in Hz.
        kind: "fts", the beat's own filtered waveform, or "ats", the mean of 11 filtered beats (5 before to
            5 after; at the ends the first or last 11) times the least-squares scalar for this beat. A lag that
            some beats lack is averaged over the others, and the scalar fits the template to the noisy beat
            inside the signal. "ats_official": as in the authors' code, missing lags count as zeros, and the
            scalar fits the template to the filtered beat over the whole window.
        peaks: sample numbers of the R peaks, where they are known better than the detector would find them.

    Returns:
        The cleaned signal, shape (n,), and the report. With fewer than 11 peaks the input is unchanged.

    Raises:
        SignalError: unknown kind, not one finite channel, too short or too low a rate for the filter.

    Example:
        >>> cleaned, report = template_subtraction(np.ones(3000), 1000, "ats")
        >>> report.unchanged, bool((cleaned == 1).all())
        (True, True)
    """
    if kind not in KINDS:
        raise SignalError(f"template kind is {kind!r}: expected one of {', '.join(KINDS)}.")
    noisy = as_signal(noisy, "noisy", mono=True)
    filtered = ecg_band(noisy, fs)
    peaks = r_peaks_in_band(filtered, fs) if peaks is None else checked_peaks(peaks, noisy.size)
    if peaks.size < BEATS:
        return noisy.copy(), TemplateReport(peaks, unchanged=True)
    index, inside = _windows(peaks, noisy.size)
    beats = filtered[index] * inside
    template = KINDS[kind](beats, noisy[index], inside)
    cleaned = noisy.copy()
    cleaned[index[inside]] -= template[inside]
    return cleaned, TemplateReport(peaks, unchanged=False)


def _windows(peaks: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Sample numbers of every beat, shape (peaks, width), clipped to the signal, and which lie inside it."""
    shortest = np.diff(peaks).min()
    lags = np.arange(-int(LEFT_SHARE * shortest), int(RIGHT_SHARE * shortest) + 1)
    index = peaks[:, None] + lags
    return np.clip(index, 0, n - 1), (index >= 0) & (index < n)


def _fitted_average(beats: np.ndarray, noisy: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Mean of 11 beats around each, scaled to fit the noisy beat by least squares; all (peaks, width)."""
    count = len(beats)
    first = np.clip(np.arange(count) - BEATS // 2, 0, count - BEATS)
    around = first[:, None] + np.arange(BEATS)
    # A lag outside the signal in some beat is averaged over the other beats.
    template = beats[around].sum(axis=1) / np.maximum(inside[around].sum(axis=1), 1) * inside
    return _scale(noisy, template)[:, None] * template


def _official_average(beats: np.ndarray, noisy: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """:func:`_fitted_average` as the authors' code has it; ``beats`` are zero where they hang over an end."""
    count = len(beats)
    first = np.clip(np.arange(count) - BEATS // 2, 0, count - BEATS)
    template = beats[first[:, None] + np.arange(BEATS)].mean(axis=1)
    return _scale(beats, template)[:, None] * template


def _scale(beats: np.ndarray, template: np.ndarray) -> np.ndarray:
    """The least-squares scalar of each beat, shape (peaks,); 0 for a template of zeros."""
    power = np.square(template).sum(axis=1)
    return (beats * template).sum(axis=1) / np.where(power > 0, power, 1.0)


KINDS = {"fts": lambda beats, noisy, inside: beats, "ats": _fitted_average, "ats_official": _official_average}


def _subtract(noisy: np.ndarray, fs: float, kind: str, peaks: np.ndarray | None) -> np.ndarray:
    """Template subtraction over the last axis; beats differ per channel, so channels go one by one."""
    return each_channel(lambda row: template_subtraction(row, fs, kind, peaks)[0], noisy)
