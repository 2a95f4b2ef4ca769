"""Bands of hearing: a few overlapping triangles instead of every bin of a spectrum, and back."""

import numpy as np

from biosig.errors import SignalError


def bark(hz: np.ndarray | float) -> np.ndarray:
    """Critical-band rate in Bark (Traunmüller, JASA 88:97-100, 1990, without his corrections at the ends).

    Example:
        >>> bark(np.array([1000.0, 8000.0])).round(1)
        array([ 8.5, 21. ])
    """
    hz = np.asarray(hz, dtype=np.float64)
    return 26.81 * hz / (1960 + hz) - 0.53


def bark_to_hz(rate: np.ndarray | float) -> np.ndarray:
    """The inverse of :func:`bark`."""
    rate = np.asarray(rate, dtype=np.float64)
    return 1960 * (rate + 0.53) / (26.81 - 0.53 - rate)


def erb(hz: np.ndarray | float) -> np.ndarray:
    """ERB-rate: how many equivalent rectangular bandwidths lie below (Glasberg and Moore, Hear. Res. 47, 1990).

    Example:
        >>> erb(np.array([1000.0, 8000.0])).round(1)
        array([15.6, 33.3])
    """
    return 21.4 * np.log10(1 + 0.00437 * np.asarray(hz, dtype=np.float64))


def erb_to_hz(rate: np.ndarray | float) -> np.ndarray:
    """The inverse of :func:`erb`."""
    return (10 ** (np.asarray(rate, dtype=np.float64) / 21.4) - 1) / 0.00437


def triangles(centres: np.ndarray, bins: int) -> np.ndarray:
    """Triangular bands that share every bin out: shape (bands, bins), each column summing to 1.

    Band b is 1 at its own centre and 0 at its neighbours'. What lies below the first centre or above the last
    belongs to that band alone. Transposed, the same matrix draws straight lines between values at the centres.

    Args:
        centres: rising, in bins, not necessarily whole.
        bins: of the spectrum.

    Raises:
        SignalError: centres that do not rise by at least one bin, or lie outside.

    Example:
        >>> triangles(np.array([0.0, 2.0]), 3)
        array([[1. , 0.5, 0. ],
               [0. , 0.5, 1. ]])
    """
    centres = np.asarray(centres, dtype=np.float64)
    if centres.ndim != 1 or not centres.size or np.any(np.diff(centres) < 1 - 1e-9):
        raise SignalError("centres of bands do not rise by at least one bin: expected fewer bands, or a longer FFT.")
    if centres[0] < 0 or centres[-1] > bins - 1 + 1e-9:
        raise SignalError(f"centres lie from {centres[0]:g} to {centres[-1]:g}: expected 0 to {bins - 1}.")
    return np.stack([np.interp(np.arange(bins), centres, row) for row in np.eye(centres.size)])


def erb_bands(n_fft: int, fs: float, narrow: int, wide: int) -> np.ndarray:
    """The lowest ``narrow`` bins each by itself, the rest in ``wide`` bands equally far apart in ERB-rate.

    Returns:
        Shape (narrow + wide, n_fft//2 + 1), see :func:`triangles`.
    """
    hz_per_bin = fs / n_fft
    rates = np.linspace(*erb(hz_per_bin * np.array([narrow, n_fft // 2])), wide)
    return triangles(np.concatenate([np.arange(narrow), erb_to_hz(rates) / hz_per_bin]), n_fft // 2 + 1)


def bark_bands(n_fft: int, fs: float, bands: int) -> np.ndarray:
    """Bands equally far apart in Bark from 0 Hz to half the rate, but at least two bins from each other.

    Returns:
        Shape (bands, n_fft//2 + 1), see :func:`triangles`.
    """
    rates = np.linspace(*bark(np.array([0, fs / 2])), bands)
    centres = bark_to_hz(rates) / (fs / n_fft)
    for band in range(1, bands):
        centres[band] = max(centres[band], centres[band - 1] + 2)
    return triangles(np.minimum(centres, n_fft // 2), n_fft // 2 + 1)
