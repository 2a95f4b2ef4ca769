"""The steps that corpora and samples share on the way from a file to a segment (MSEMG, section III-A)."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from biosig.signal.filters import butter_zero_phase
from biosig.signal.types import Recording


def as_interference(ecg: np.ndarray, fs: float) -> np.ndarray:
    """ECG (..., n) as interference: Butterworth order 3, 10 Hz high-pass, 200 Hz low-pass, zero phase."""
    return butter_zero_phase(butter_zero_phase(ecg, fs, 3, 10.0, "highpass"), fs, 3, 200.0, "lowpass")


def cut(recording: Recording, seconds: float) -> Iterator[Recording]:
    """Consecutive segments of a recording, its remainder dropped; segment k is named ``{item}/s{k}``."""
    n = round(seconds * recording.fs)
    for k in range(recording.signal.size // n):
        piece = slice(k * n, (k + 1) * n)
        active = None if recording.active is None else recording.active[piece]
        yield replace(recording, signal=recording.signal[piece], item=f"{recording.item}/s{k}", active=active)


def normalised(recordings: list[Recording]) -> list[Recording]:
    """The recordings divided by the largest |x| among them, so that their relative sizes stay."""
    peak = max((np.abs(recording.signal).max() for recording in recordings), default=0.0)
    if peak == 0:
        return []
    return [replace(r, signal=r.signal / peak, units="normalised") for r in recordings]


def activity_from_envelope(emg: np.ndarray, fs: float, fraction: float = 0.1) -> np.ndarray:
    """Where a clean EMG (n,) is active: its 200 ms RMS exceeds ``fraction`` of its largest RMS.

    For recordings that come without movement labels. It looks at the clean signal, so it is a label to score
    with and never an input of a system.
    """
    width = round(0.2 * fs)
    power = np.convolve(np.square(emg), np.full(width, 1 / width), mode="same")
    return power > fraction**2 * power.max()
