"""Small seeded synthetic signals for tests of speech systems."""

import numpy as np

from biosig.seeds import rng_for


def speech_like(n: int, fs: float, *names: object) -> np.ndarray:
    """Synthetic: harmonics of a gliding pitch under moving formants, in syllables with pauses; power 1."""
    rng, t = rng_for("speech-like", *names), np.arange(n) / fs
    pitch = 120 + 30 * np.sin(2 * np.pi * 0.7 * t + rng.uniform(0, 6)) + 5 * np.sin(2 * np.pi * 4.3 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / fs
    formants = [(500, 150, 200), (1500, 400, 300), (2500, 300, 400)]  # Hz: middle, swing, width
    centres = [f + swing * np.sin(2 * np.pi * rng.uniform(1, 3) * t + rng.uniform(0, 6))
               for f, swing, _ in formants]
    signal = np.zeros(n)
    for k in range(1, int(min(4000, fs / 2 - 200) / 160)):
        gain = sum(np.exp(-((k * pitch - c) ** 2) / w**2 / 2) / (1 + i)
                   for i, (c, (_, _, w)) in enumerate(zip(centres, formants, strict=True)))
        signal += gain * np.cos(k * phase + rng.uniform(0, 6))
    syllables = np.clip(1.5 * np.sin(2 * np.pi * 3.1 * t + rng.uniform(0, 6)), 0, 1)
    words = np.sin(2 * np.pi * 0.45 * t + rng.uniform(0, 6)) > -0.4
    signal *= syllables * words
    return signal / np.sqrt(np.mean(signal**2))


def si_sdr(clean: np.ndarray, estimate: np.ndarray) -> float:
    """Scale-invariant signal-to-distortion ratio in dB of zero-mean signals (Le Roux et al., 2019)."""
    clean, estimate = clean - clean.mean(), estimate - estimate.mean()
    target = clean * (estimate @ clean) / (clean @ clean)
    return float(10 * np.log10((target @ target) / np.sum((estimate - target) ** 2)))
