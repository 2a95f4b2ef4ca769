"""Short-time spectra and the mean frequency of surface EMG."""

import functools

import numpy as np
import scipy  # scipy.signal loads at its first use: tables are shown without it

from biosig.checks import as_signal, check_rate
from biosig.errors import SignalError

# Lengths in seconds; at 1 kHz they are 128, 256 and 32 samples.
WINDOW_S, FFT_S, HOP_S = 0.128, 0.256, 0.032
LOWEST_HZ = 10.0


def frame_sizes(fs: float = 1000) -> tuple[int, int, int]:
    """Samples in the window, the FFT and the hop at rate ``fs``; the window is even, so that it has a centre.

    Raises:
        SignalError: a rate so low that the hop has no samples.
    """
    check_rate(fs)
    window, n_fft, hop = 2 * round(WINDOW_S * fs / 2), 2 * round(FFT_S * fs / 2), round(HOP_S * fs)
    if hop < 1 or window < 2:
        raise SignalError(f"fs is {fs:g} Hz: expected at least {1 / HOP_S:.0f} Hz for spectra of EMG.")
    return window, n_fft, hop


def frame_centres(n: int, fs: float = 1000) -> np.ndarray:
    """The sample at the middle of each frame: 0, hop, 2·hop, …, at most n-1; 1 + n // hop frames."""
    hop = frame_sizes(fs)[2]
    return np.minimum(hop * np.arange(1 + n // hop), n - 1)


def stft_magnitude(x: np.ndarray, fs: float = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Magnitude spectra of frames centred on samples 0, hop, 2·hop, …, the ends padded with zeros.

    Symmetric Hamming window of 128 ms in the middle of an FFT of 256 ms, hop 32 ms, not scaled. Since the
    window is zero outside its 128 ms, only those samples are transformed; the shift changes phases alone.

    Args:
        x: shape (..., n).
        fs: rate in Hz.

    Returns:
        Frequencies in Hz, shape (bins,), and magnitudes, shape (..., frames, bins).
    """
    x = as_signal(x)
    window, n_fft, hop = frame_sizes(fs)
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(window // 2, window // 2)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, window, axis=-1)[..., ::hop, :]
    return np.fft.rfftfreq(n_fft, 1 / fs), np.abs(np.fft.rfft(frames * _hamming(window), n_fft, axis=-1))


def mean_frequency(x: np.ndarray, fs: float = 1000) -> np.ndarray:
    """Mean frequency in Hz of each frame, Σ f·|X(f)| / Σ |X(f)| over the bins from 10 Hz.

    Weighted by magnitude, not by power, as MSEMG's and SDEMG's evaluation has it. A frame of zeros has no
    mean frequency: NaN.

    Args:
        x: shape (..., n).
        fs: rate in Hz.

    Returns:
        Shape (..., frames); frame i is centred on sample i·hop (:func:`frame_centres`).

    Example:
        >>> click = np.zeros(129)
        >>> click[64] = 1.0  # a click has a flat spectrum: the mean of the bins from 11.7 to 500 Hz
        >>> round(float(mean_frequency(click)[2]), 1)
        255.9
    """
    frequencies, magnitude = stft_magnitude(x, fs)
    keep = frequencies >= LOWEST_HZ
    magnitude = magnitude[..., keep]
    with np.errstate(invalid="ignore"):  # 0/0 in silent frames is the NaN we promise
        return (magnitude * frequencies[keep]).sum(axis=-1) / magnitude.sum(axis=-1)


@functools.lru_cache(maxsize=16)
def _hamming(window: int) -> np.ndarray:
    return scipy.signal.windows.hamming(window, sym=True)
