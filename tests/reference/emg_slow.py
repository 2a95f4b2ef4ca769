"""The EMG chapter's definitions once more, in plain loops that share no line with the package."""

import cmath
import math

import numpy as np


def mix(clean, interference, snr_db):
    """Noisy samples and the scale, from sums one adds up by hand."""
    ratio = math.fsum(v * v for v in clean) / math.fsum(v * v for v in interference)
    scale = math.sqrt(ratio / 10 ** (snr_db / 10))
    return [c + scale * i for c, i in zip(clean, interference, strict=True)], scale


def snr(clean, estimate):
    """10·log10 of two exactly rounded sums."""
    error = math.fsum((e - c) ** 2 for c, e in zip(clean, estimate, strict=True))
    return 10 * math.log10(math.fsum(c * c for c in clean) / error)


def arv(x, window):
    """Mean |x| of whole windows."""
    starts = range(0, len(x) - window + 1, window)
    return [math.fsum(abs(v) for v in x[a : a + window]) / window for a in starts]


def mean_frequencies(x, fs, window, n_fft, hop, lowest):
    """Magnitude-weighted mean frequency of each centred frame, by the definition of the DFT."""
    taper = [0.54 - 0.46 * math.cos(2 * math.pi * k / (window - 1)) for k in range(window)]
    taper = [0.0] * ((n_fft - window) // 2) + taper + [0.0] * ((n_fft - window) // 2)
    padded = [0.0] * (n_fft // 2) + list(x) + [0.0] * (n_fft // 2)
    twiddle = [cmath.exp(-2j * math.pi * k / n_fft) for k in range(n_fft)]
    result = []
    for start in range(0, len(x) + 1, hop):
        frame = [a * b for a, b in zip(padded[start : start + n_fft], taper, strict=True)]
        weights = {}
        for k in range(n_fft // 2 + 1):
            if k * fs / n_fft >= lowest:
                weights[k * fs / n_fft] = abs(sum(v * twiddle[k * t % n_fft] for t, v in enumerate(frame)))
        result.append(sum(f * w for f, w in weights.items()) / sum(weights.values()))
    return result


def r_peaks(filtered, long, short, pad, shortest):
    """Two moving means of the rectified, zero-padded signal; one peak per region that is long enough."""
    x = np.concatenate([np.zeros(pad), filtered, np.zeros(pad)])
    peaks, region = [], []
    for t in range(len(x) + 1):
        if t < len(x) and _mean_around(x, t, short) > _mean_around(x, t, long):
            region.append(t)
            continue
        if len(region) >= shortest:
            peaks.append(max(region, key=lambda s: x[s]) - pad)
        region = []
    return [p for p in peaks if 0 <= p < len(filtered)]


def _mean_around(x, t, window):
    """Mean |x| from t - window/2 up to, not with, t + window/2; zeros beyond the ends."""
    return np.abs(x[max(0, t - window // 2) : max(0, t - window // 2 + window)]).sum() / window


def subtract_templates(noisy, filtered, peaks, kind):
    """FTS, ATS or its authors' ATS, beat by beat and sample by sample."""
    shortest = min(b - a for a, b in zip(peaks, peaks[1:], strict=False))
    lags = range(-math.floor(0.25 * shortest), math.floor(0.45 * shortest) + 1)
    out = list(noisy)
    for number, peak in enumerate(peaks):
        if kind == "fts":
            template = {lag: filtered[peak + lag] for lag in lags if 0 <= peak + lag < len(noisy)}
        elif kind == "ats_official":
            template = _official(filtered, _eleven(peaks, number), peak, lags)
        else:
            template = _average(filtered, _eleven(peaks, number), peak, lags, len(noisy))
            power = math.fsum(v * v for v in template.values())
            fit = math.fsum(v * noisy[peak + lag] for lag, v in template.items()) / power
            template = {lag: fit * v for lag, v in template.items()}
        for lag, value in template.items():
            out[peak + lag] -= value
    return out


def _eleven(peaks, number):
    """Five beats before, this one and five after; the first or last eleven at the ends."""
    if number < 5:
        return peaks[:11]
    return peaks[number - 5 : number + 6] if number + 6 <= len(peaks) else peaks[-11:]


def _average(filtered, chosen, peak, lags, n):
    """Mean over the chosen beats, at each lag over those that have a sample there."""
    template = {}
    for lag in lags:
        values = [filtered[p + lag] for p in chosen if 0 <= p + lag < n]
        if 0 <= peak + lag < n:
            template[lag] = math.fsum(values) / len(values)
    return template


def _official(filtered, chosen, peak, lags):
    """Zeros beyond the ends; the scalar from the filtered beat over the whole window."""
    at = dict(enumerate(filtered))
    mean = {lag: math.fsum(at.get(p + lag, 0.0) for p in chosen) / len(chosen) for lag in lags}
    fit = math.fsum(v * at.get(peak + lag, 0.0) for lag, v in mean.items()) / math.fsum(v * v for v in mean.values())
    return {lag: fit * v for lag, v in mean.items() if peak + lag in at}
