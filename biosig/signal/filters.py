"""Zero-phase Butterworth filters and FFT resampling: the two ways signals are prepared here."""

import functools

import numpy as np
import scipy  # scipy.signal loads at its first use: tables are shown without it

from biosig.checks import as_signal, check_rate
from biosig.errors import SignalError

KINDS = {"highpass": 1, "lowpass": 1, "bandpass": 2}  # kind → number of edges


def butter_zero_phase(
    x: np.ndarray, fs: float, order: int, cutoff: float | tuple[float, float], kind: str
) -> np.ndarray:
    """Butterworth filter run forwards and backwards, so that nothing is delayed.

    ``order`` is the order of the one-way design (``scipy.signal.butter``). Two passes double the attenuation
    in dB at every frequency: order 4 falls like order 8 and is -6 dB, not -3 dB, at the cutoff. A bandpass of
    order N has N poles at each edge. Second-order sections keep low edges stable; ends are extended by odd
    reflection (``scipy.signal.sosfiltfilt``'s default).

    Args:
        x: shape (..., n).
        fs: rate in Hz.
        order: order of the one-way design, ≥ 1.
        cutoff: edge in Hz, two of them for a bandpass, strictly between 0 and fs/2.
        kind: "highpass", "lowpass" or "bandpass".

    Returns:
        The filtered signal, shape (..., n).

    Raises:
        SignalError: unknown kind, order below 1, edges outside (0, fs/2) or not rising, signal too short.

    Example:
        >>> tone = np.sin(2 * np.pi * 40 * np.arange(4000) / 1000)
        >>> halved = butter_zero_phase(tone, 1000, 4, 40, "highpass")  # -6 dB at the cutoff
        >>> round(float(halved[1000:3000].std() / tone[1000:3000].std()), 3)
        0.5
    """
    x = as_signal(x)
    sos = _design(check_rate(fs), order, _checked_edges(fs, cutoff, kind), kind).copy()
    need = shortest_filterable(sos)
    if x.shape[-1] < need:
        raise SignalError(
            f"signal has {x.shape[-1]} samples: an order-{order} {kind} filter needs at least {need}."
        )
    return scipy.signal.sosfiltfilt(sos, x, axis=-1)


def notch(x: np.ndarray, fs: float, hz: float = 50.0, width_hz: float = 2.0, harmonics: int = 3) -> np.ndarray:
    """The mains out of (..., n): a notch at ``hz`` and its first odd multiples, run both ways, so nothing is delayed.

    Args:
        x: shape (..., n).
        fs: rate in Hz.
        hz: of the mains, 50 or 60.
        width_hz: between the -3 dB points of one pass; a narrow notch rings for about 1/width s.
        harmonics: how many of hz, 3·hz, 5·hz, …; those from fs/2 on are left out.

    Raises:
        SignalError: nothing of the mains lies below fs/2, or a signal too short to filter.
    """
    x = as_signal(x)
    lines = [line for line in hz * (2 * np.arange(harmonics) + 1) if 0 < line < check_rate(fs) / 2]
    if not lines or not width_hz > 0:
        raise SignalError(f"a notch of {width_hz:g} Hz at {hz:g} Hz and {fs:g} Hz: expected mains below half the rate.")
    for line in lines:
        b, a = scipy.signal.iirnotch(line, line / width_hz, fs)
        if x.shape[-1] <= 3 * len(a):
            raise SignalError(f"signal has {x.shape[-1]} samples: a notch needs more than {3 * len(a)}.")
        x = scipy.signal.filtfilt(b, a, x, axis=-1)
    return x


def resample_fft(x: np.ndarray, fs_in: float, fs_out: float) -> np.ndarray:
    """Resample (..., n) from ``fs_in`` to ``fs_out`` Hz by cutting or zero-padding its spectrum.

    The length becomes round(n·fs_out/fs_in). The FFT takes the signal as periodic, so the ends ring where the
    first and last sample differ.

    Raises:
        SignalError: a rate is not positive, or nothing would be left.
    """
    x = as_signal(x)
    n_out = round(x.shape[-1] * check_rate(fs_out, name="fs_out") / check_rate(fs_in, name="fs_in"))
    if n_out < 1:
        raise SignalError(f"{x.shape[-1]} samples at {fs_in:g} Hz leave none at {fs_out:g} Hz.")
    return x.copy() if fs_in == fs_out else scipy.signal.resample(x, n_out, axis=-1)


def shortest_filterable(sos: np.ndarray) -> int:
    """The fewest samples ``sosfiltfilt`` takes: one more than the reflection it adds at each end."""
    zeros_at_origin = min((sos[:, 2] == 0).sum(), (sos[:, 5] == 0).sum())
    return 3 * (2 * len(sos) + 1 - int(zeros_at_origin)) + 1


def _checked_edges(fs: float, cutoff: float | tuple[float, float], kind: str) -> tuple[float, ...]:
    """The edges as a tuple, inside (0, fs/2) and rising."""
    if kind not in KINDS:
        raise SignalError(f"filter kind is {kind!r}: expected one of {', '.join(KINDS)}.")
    edges = tuple(float(edge) for edge in np.atleast_1d(cutoff))
    if len(edges) != KINDS[kind]:
        raise SignalError(f"a {kind} filter takes {KINDS[kind]} cutoff(s): found {len(edges)}.")
    if not all(0 < edge < fs / 2 for edge in edges):
        shown = "–".join(f"{edge:g}" for edge in edges)
        raise SignalError(f"cutoff {shown} Hz at {fs:g} Hz: expected edges between 0 and {fs / 2:g} Hz.")
    if len(edges) == 2 and edges[0] >= edges[1]:
        raise SignalError(f"bandpass edges {edges[0]:g} and {edges[1]:g} Hz: expected the lower one first.")
    return edges


@functools.lru_cache(maxsize=64)
def _design(fs: float, order: int, edges: tuple[float, ...], kind: str) -> np.ndarray:
    """Second-order sections; cached because a table filters thousands of segments alike."""
    if order != int(order) or order < 1:
        raise SignalError(f"filter order is {order}: expected a whole number from 1.")
    return scipy.signal.butter(int(order), edges if len(edges) > 1 else edges[0], kind, fs=fs, output="sos")
