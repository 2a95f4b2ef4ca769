"""STOI and ESTOI, how much of noisy speech can be understood, by the package ``pystoi``."""

import contextlib
import warnings
from collections.abc import Iterator

import numpy as np

from biosig.checks import check_rate
from biosig.errors import SignalError
from biosig.metrics import optional
from biosig.metrics.clips import each_clip
from biosig.metrics.scores import ClipError

LOWEST_RATE = 8000
FRAME, HOP, FRAMES, RATE = 256, 128, 30, 10000  # samples, samples, frames that it correlates, Hz


def stoi(clean: np.ndarray, estimate: np.ndarray, fs: float) -> np.ndarray:
    """Short-time objective intelligibility, between 0 and 1 for speech (a correlation: below 0 is possible).

    Taal, Hendriks, Heusdens and Jensen, "An algorithm for intelligibility prediction of time-frequency
    weighted noisy speech", IEEE TASLP 19(7), 2011: 15 third-octave bands from 150 Hz at 10 kHz, 30 frames
    (384 ms), clipping at -15 dB, frames 40 dB below the loudest clean one left out.

    Args:
        clean: shape (..., n).
        estimate: same shape, aligned: unlike PESQ, STOI does not look for a delay.
        fs: whole rate in Hz, at least 8000; other rates than 10 kHz are resampled. At 8 kHz the highest band
            is a quarter empty.

    Returns:
        Shape (...).

    Raises:
        SignalError: an impossible rate, shapes that differ, or NaN.
        ClipError: silence, or less than 30 frames of speech.
        ConfigError: the package ``pystoi`` is not installed.
    """
    return _stoi(clean, estimate, fs, extended=False)


def estoi(clean: np.ndarray, estimate: np.ndarray, fs: float) -> np.ndarray:
    """Extended STOI, which also hears modulated maskers such as other talkers; arguments as :func:`stoi`.

    Jensen and Taal, "An algorithm for predicting the intelligibility of speech masked by modulated noise
    maskers", IEEE/ACM TASLP 24(11), 2016: rows and columns of 30 frames normalised, no clipping.
    """
    return _stoi(clean, estimate, fs, extended=True)


def check_stoi_rate(fs: float) -> int:
    """``fs`` as a rate that STOI can resample, or SignalError."""
    if check_rate(fs) < LOWEST_RATE or fs != round(fs):
        raise SignalError(f"fs is {fs:g} Hz: STOI expects a whole rate of at least {LOWEST_RATE} Hz.")
    return int(fs)


def _stoi(clean: np.ndarray, estimate: np.ndarray, fs: float, extended: bool) -> np.ndarray:
    rate, package = check_stoi_rate(fs), optional.load("pystoi")

    def one(clean: np.ndarray, estimate: np.ndarray) -> float:
        if clean.size * RATE / rate < FRAME + FRAMES * HOP:
            raise _too_short()
        with warnings.catch_warnings(record=True) as caught, _fixed_global_draws():
            warnings.simplefilter("always")
            value = package.stoi(clean, estimate, rate, extended=extended)
        if any("Not enough STFT frames" in str(warning.message) for warning in caught):
            raise _too_short()  # it returned 1e-5, which would pass for a score
        return float(value)

    return each_clip(one, clean, estimate)


def _too_short() -> ClipError:
    return ClipError("too little speech for STOI", "at least 30 frames, 0.4 s, that are not silent")


@contextlib.contextmanager
def _fixed_global_draws() -> Iterator[None]:
    """The same draws from numpy's global generator each time, and its state as it was afterwards.

    pystoi adds noise at rounding level before it normalises. Where an estimate is digitally silent for 0.4 s
    that noise is all there is, and ESTOI would differ from call to call.
    """
    state = np.random.get_state()  # noqa: NPY002 (it is the package's generator, not ours)
    np.random.seed(0)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
