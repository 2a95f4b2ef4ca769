"""Log-mel spectra as Kaldi computes them: what a recogniser of emotions hears.

Frames of 25 ms every 10 ms, whole ones only; each without its mean, with pre-emphasis, under a symmetric Hamming
window, filled up to a power of two; the power in triangles on the mel scale; the natural logarithm. No dither: the same
sound gives the same numbers.

Source: Povey et al., The Kaldi speech recognition toolkit, ASRU 2011; its ``compute-fbank-feats`` with
``--num-mel-bins=80 --window-type=hamming --low-freq=0 --high-freq=8000 --dither=0``.
"""

from functools import lru_cache

import numpy as np

from biosig.checks import as_signal, check_rate
from biosig.errors import SignalError

FS = 16000.0
FRAME, HOP, N_FFT, BINS = 400, 160, 512, 80
LOW_HZ, HIGH_HZ = 0.0, 8000.0
PREEMPHASIS = 0.97
FLOOR = float(np.finfo(np.float32).eps)  # least energy of a bin; full scale is 1
VERSION = "1; Kaldi, 80 bins, 25/10 ms, Hamming"


def log_mel(signal: np.ndarray, fs: float = FS) -> np.ndarray:
    """Log-mel spectra of signals (..., n) at 16 kHz: (..., T, 80) float32 with T = 1 + (n - 400) // 160.

    Raises:
        SignalError: another rate, NaN, or less than one frame.
    """
    signal = as_signal(signal)
    check_rate(fs, FS)
    if signal.shape[-1] < FRAME:
        raise SignalError(f"the signal has {signal.shape[-1]} samples: expected at least one frame of {FRAME}.")
    frames = np.lib.stride_tricks.sliding_window_view(signal, FRAME, axis=-1)[..., ::HOP, :]
    frames = frames - frames.mean(axis=-1, keepdims=True)
    before = np.concatenate([frames[..., :1], frames[..., :-1]], axis=-1)  # the first sample stands before itself
    power = np.abs(np.fft.rfft((frames - PREEMPHASIS * before) * np.hamming(FRAME), N_FFT)) ** 2
    return np.log(np.maximum(power @ triangles().T, FLOOR)).astype(np.float32)


@lru_cache(maxsize=1)
def triangles() -> np.ndarray:
    """The mel filters, (80, 257): triangles on the mel scale, from one neighbour's centre to the other's."""
    corners = np.linspace(mel(LOW_HZ), mel(HIGH_HZ), BINS + 2)
    left, centre, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    at = mel(np.arange(N_FFT // 2 + 1) * FS / N_FFT)
    filters = np.minimum((at - left) / (centre - left), (right - at) / (right - centre)).clip(0)
    filters[:, -1] = 0  # Kaldi leaves the bin at half the rate out
    return filters


def mel(frequency_hz: np.ndarray | float) -> np.ndarray:
    """Hz → mel: 1127 · ln(1 + f / 700)."""
    return 1127 * np.log1p(np.asarray(frequency_hz) / 700)
