"""The measures of enhanced speech once more, written from their definitions, sharing no line with the package."""

import math

import numpy as np
from reference import speech_slow


def si_sdr(clean, estimate):
    """Le Roux et al. (2019), sample by sample with exact sums."""
    alpha = math.fsum(s * e for s, e in zip(clean, estimate, strict=True)) / math.fsum(s * s for s in clean)
    target = math.fsum((alpha * s) ** 2 for s in clean)
    distortion = math.fsum((e - alpha * s) ** 2 for s, e in zip(clean, estimate, strict=True))
    return 10 * math.log10(target / distortion)


def segmental_snr(clean, estimate, length):
    """Frames of ``length`` every half of it; pauses 40 dB below the loudest frame left out; clipped."""
    starts = range(0, len(clean) - length + 1, length // 2)
    energies = [math.fsum(clean[i] ** 2 for i in range(a, a + length)) for a in starts]
    values = []
    for a, energy in zip(starts, energies, strict=True):
        if energy > 1e-4 * max(energies):
            error = math.fsum((clean[i] - estimate[i]) ** 2 for i in range(a, a + length))
            values.append(min(35.0, max(-10.0, 10 * math.log10(energy / error) if error else 35.0)))
    return sum(values) / len(values)


def log_spectral_distance(clean, estimate, length):
    """Frame by frame and bin by bin, on the DFT written out."""
    window = [0.5 - 0.5 * math.cos(2 * math.pi * i / length) for i in range(length)]
    spectra = [speech_slow.stft(x, length, length // 4, window) for x in (clean, estimate)]
    powers = [[[abs(value) ** 2 for value in frame] for frame in frames] for frames in spectra]
    floor = 1e-8 * max(map(max, powers[0]))
    distances = []
    for a, b in zip(*powers, strict=True):
        squares = [(10 * math.log10(max(p, floor) / max(q, floor))) ** 2 for p, q in zip(a, b, strict=True)]
        distances.append(math.sqrt(sum(squares) / len(squares)))
    return sum(distances) / len(distances)


def delay(clean, estimate, longest):
    """The lag with the largest correlation of the first differences, by trying them all."""
    c, e = np.diff(clean), np.diff(estimate)
    best = {}
    for lag in range(-longest, longest + 1):
        a, b = (c[: c.size - lag], e[lag:]) if lag >= 0 else (c[-lag:], e[:lag])
        best[lag] = abs(float(a @ b))
    return max(best, key=lambda lag: (best[lag], -abs(lag)))


# ---- intelligibility, at 10 kHz ----


def stoi(clean, estimate):
    """Taal et al. (2011), section II, band by band and segment by segment; signals at 10 kHz."""
    x, y = third_octaves(*without_pauses(clean, estimate))
    correlations = []
    for band in range(15):
        for m in range(30, x.shape[1] + 1):
            a, b = x[band, m - 30 : m], y[band, m - 30 : m]
            b = b * math.sqrt((a @ a) / (b @ b))  # as loud as the clean segment
            b = np.minimum(b, a * (1 + 10 ** (15 / 20)))  # no bin counts below -15 dB: eq. (3)
            correlations.append(np.corrcoef(a, b)[0, 1])  # eq. (5)
    return float(np.mean(correlations))


def estoi(clean, estimate):
    """Jensen and Taal (2016), eqs. (3)-(8): rows, then columns, of each 15 × 30 segment standardised."""
    x, y = third_octaves(*without_pauses(clean, estimate))
    values = []
    for m in range(30, x.shape[1] + 1):
        a, b = (unit_columns(unit_rows(s[:, m - 30 : m])) for s in (x, y))
        values.append(np.mean([a[:, n] @ b[:, n] for n in range(30)]))
    return float(np.mean(values))


def unit_rows(s):
    s = s - s.mean(axis=1)[:, None]
    return s / np.sqrt((s**2).sum(axis=1))[:, None]


def unit_columns(s):
    return unit_rows(s.T).T


def hann(n):
    """Without the zeros at its ends, as the authors have it."""
    return np.array([0.5 - 0.5 * math.cos(2 * math.pi * (i + 1) / (n + 1)) for i in range(n)])


def without_pauses(clean, estimate):
    """Half-overlapping frames within 40 dB of the loudest clean one, added up again side by side."""
    starts = list(range(0, len(clean) - 256, 128))
    loudness = [20 * math.log10(np.linalg.norm(hann(256) * clean[a : a + 256]) + 1e-300) for a in starts]
    kept = [a for a, level in zip(starts, loudness, strict=True) if level > max(loudness) - 40]
    out = np.zeros((2, 128 * (len(kept) + 1)))
    for place, a in enumerate(kept):
        for row, signal in zip(out, (clean, estimate), strict=True):
            row[128 * place : 128 * place + 256] += hann(256) * signal[a : a + 256]
    return out


def third_octaves(*signals):
    """Root of the power in 15 bands, shape (15, frames) each; edges at the nearest of 512 bins."""
    bins = np.arange(257) * 10000 / 512
    centres = [150 * 2 ** (k / 3) for k in range(15)]
    edges = [[int(np.abs(bins - c * 2 ** (side / 6)).argmin()) for side in (-1, 1)] for c in centres]
    bands = []
    for x in signals:
        frames = [np.abs(np.fft.fft(hann(256) * x[a : a + 256], 512)) ** 2 for a in range(0, len(x) - 256, 128)]
        bands.append(np.array([[math.sqrt(f[low:high].sum()) for f in frames] for low, high in edges]))
    return bands
