"""Input scales: what makes a network trained on normalised signals work on millivolts and on converter counts.

``none`` is the papers': the network sees the recording's own numbers. The others divide by factor·level and
multiply the output back: with ``rms`` the level is the RMS of the whole, which suits speech; with ``emg_rms`` it
is about the RMS of the EMG under the ECG. The factor is 1 for a network that regresses the clean signal, and 5
for a diffusion model, whose clean signal must lie mostly within ±1.
"""

import numpy as np

from biosig.checks import as_signal
from biosig.errors import ConfigError
from biosig.signal.filters import butter_zero_phase

SCALINGS = ("none", "rms", "emg_rms")
ECG_EDGE_HZ = 40  # little ECG lies above; the high-pass is the HP baseline's
FLAT = 1e-6       # of the peak: a level below it is a filter's rounding, not a muscle


def emg_level(noisy: np.ndarray, fs: float = 1000) -> np.ndarray:
    """RMS of the 40 Hz high-passed signal over the last axis: (..., n) → (..., 1), in the signal's units.

    Raises:
        SignalError: a signal too short for the filter, not finite, or a rate the edge does not fit into.
    """
    high = butter_zero_phase(as_signal(noisy, "noisy"), fs, 4, ECG_EDGE_HZ, "highpass")
    return np.sqrt(np.mean(high**2, axis=-1, keepdims=True))


def scale_of(noisy: np.ndarray, fs: float = 1000, scaling: str = "none", factor: float = 1.0) -> np.ndarray:
    """What to divide a network's input by and to multiply its output with: (..., n) → (..., 1).

    Where there is no EMG at all (nothing above 40 Hz) the scale is the peak, and 0 in silence.

    Raises:
        ConfigError: an unknown scaling, or a factor that is not positive.
        SignalError: see :func:`emg_level`.
    """
    if scaling not in SCALINGS:
        raise ConfigError(f"scaling is {scaling!r}: expected one of {', '.join(SCALINGS)}.")
    if not factor > 0:
        raise ConfigError(f"factor is {factor!r}: expected a positive number.")
    noisy = as_signal(noisy, "noisy")
    if scaling == "none":
        return np.ones((*noisy.shape[:-1], 1))
    if scaling == "rms":
        return factor * np.sqrt(np.mean(np.square(noisy), axis=-1, keepdims=True))
    level, peak = emg_level(noisy, fs), np.abs(noisy).max(axis=-1, keepdims=True)
    return np.where(level > FLAT * peak, factor * level, peak)
