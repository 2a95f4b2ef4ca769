"""EMGSE's spectrogram: log(1 + |X|) of frames that begin with the signal, and the way back with the noisy phase.

Frames of 512 samples every 128, a symmetric Blackman window, not centred: frame l begins at sample 128·l, as frame l
of the EMG does. Source: Wang et al., ICASSP 2022, section 3.1, and the authors' code.
"""

import numpy as np

from biosig.checks import as_signal
from biosig.errors import SignalError
from biosig.signal.stft import overlap_add

N_FFT, HOP = 512, 128
EDGE = N_FFT  # samples at both ends where few frames overlap; the authors leave them out of what is scored
FLOOR = 1e-3  # of the greatest Σ window²: below it, at the very ends, nothing is divided out


def spectra(x: np.ndarray) -> np.ndarray:
    """Complex spectra of (..., n): shape (..., T, 257), T = 1 + ceil((n - 512)/128), zeros after the end."""
    x = as_signal(x)
    frames = n_frames(x.shape[-1])
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, (frames - 1) * HOP + N_FFT - x.shape[-1])])
    framed = np.lib.stride_tricks.sliding_window_view(padded, N_FFT, axis=-1)[..., ::HOP, :]
    return np.fft.rfft(framed * np.blackman(N_FFT), axis=-1)


def n_frames(n: int) -> int:
    """Frames of n samples; every sample lies in one."""
    return 1 + max(0, -(-(n - N_FFT) // HOP))


def log1p_magnitude(x: np.ndarray) -> np.ndarray:
    """log(1 + |X|) of (..., n): shape (..., T, 257)."""
    return np.log1p(np.abs(spectra(x)))


def to_signal(log_magnitude: np.ndarray, phase_of: np.ndarray) -> np.ndarray:
    """The signal of log(1 + |X|) with the phase of a noisy one, by least squares (Griffin and Lim, 1984, eq. 6).

    Magnitudes below 0, which a network can make, are taken as 0.

    Args:
        log_magnitude: shape (..., T, 257).
        phase_of: the noisy signal (..., n).

    Returns:
        Shape (..., n); the first sample, on which the window is 0, cannot be had, and is 0.

    Raises:
        SignalError: another number of frames than the noisy signal has.
    """
    noisy = spectra(phase_of)
    if log_magnitude.shape != noisy.shape:
        raise SignalError(f"spectrogram has shape {log_magnitude.shape}: expected {noisy.shape}, as the noisy signal.")
    magnitude = np.maximum(np.expm1(log_magnitude), 0)
    turned = magnitude * np.exp(1j * np.angle(noisy))
    window = np.blackman(N_FFT)
    frames = np.fft.irfft(turned, N_FFT, axis=-1) * window
    weight = overlap_add(np.broadcast_to(window**2, frames.shape[-2:]), HOP)
    found = overlap_add(frames, HOP) / np.maximum(weight, FLOOR * weight.max())
    return found[..., : as_signal(phase_of).shape[-1]]


def without_edges(x: np.ndarray) -> np.ndarray:
    """(..., n) without the 512 samples at both ends: what the authors score.

    Raises:
        SignalError: nothing is left.
    """
    if x.shape[-1] <= 2 * EDGE:
        raise SignalError(f"signal has {x.shape[-1]} samples: expected more than the {2 * EDGE} at its ends.")
    return x[..., EDGE:-EDGE]
