"""Small seeded synthetic signals for tests of biosig.signal and biosig.metrics."""

import numpy as np

from biosig.seeds import rng_for

# P, Q, R, S, T: place after R in s, width in s, height
WAVES = ((-0.17, 0.02, 0.12), (-0.026, 0.008, -0.15), (0, 0.009, 1), (0.028, 0.009, -0.25), (0.26, 0.04, 0.2))


def synthetic_emg(n: int, *names: object) -> np.ndarray:
    """White noise under a slow envelope: enough like EMG for a filter or a metric."""
    rng = rng_for("synthetic emg", *names)
    envelope = 0.2 + np.abs(np.sin(2 * np.pi * np.arange(n) / 3000 + rng.uniform(0, 6)))
    return envelope * rng.standard_normal(n)


def synthetic_ecg(n: int, fs: float, bpm: float, *names: object) -> tuple[np.ndarray, np.ndarray]:
    """Heartbeats of five Gaussian waves with 3 % of RR jitter; the signal and the R peaks' sample numbers."""
    rng = rng_for("synthetic ecg", bpm, *names)
    intervals = 60 / bpm * (1 + 0.03 * rng.uniform(-1, 1, size=int(2 + n / fs * bpm / 50)))
    peaks = np.round(fs * (0.35 + np.cumsum(intervals) - intervals[0])).astype(int)
    seconds = np.arange(n) / fs
    signal = np.zeros(n)
    for peak in peaks:
        for place, width, height in WAVES:
            signal += height * np.exp(-0.5 * ((seconds - peak / fs - place) / width) ** 2)
    return signal, peaks[peaks < n]
