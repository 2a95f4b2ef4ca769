"""Template subtraction with probabilities: a template that changes from beat to beat, and says how sure it is.

In the manner of PATS, probabilistic adaptive template subtraction (Petersen, Model-based probabilistic inference for
monitoring respiratory effort using the surface electromyogram, dissertation, Lübeck 2022, chapter 5): the heartbeat
varies over time, depends on the RR interval, and is inferred by a Kalman smoother. Only that description was at hand,
and none of its equations; hence "like". The model, for the j-th beat and each lag k of its window by itself:

    s_j = s_{j-1} + w_j        the template walks at random, w ~ N(0, q·σ²)          (1)
    y_j = s_j + g·(RR_j - mean RR) + v_j    and stretches with the RR interval;      (2)
                                            the muscle is v ~ N(0, u_j·σ²)

where u_j, the muscle's relative power at that time, is measured where the heart is weak, so that beats under a quiet
muscle count for more, and q is the most likely of a few values. What is subtracted is the mean of s_j + g·(RR_j - …)
given all beats.
"""

from itertools import product

import numpy as np

from biosig.signal.filters import butter_zero_phase
from biosig.signal.rpeaks import each_channel, moving_mean, peaks_of

FEWEST_BEATS = 5
LEFT_SHARE, RIGHT_SHARE = 0.3, 0.6  # of the median RR interval
WALKS = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3)  # values of q to choose from
STRETCHES = (1e-6, 10.0)  # prior variances of g to choose from, relative to σ²
LOWPASS_HZ = 60.0  # of the beats that the template is made from: above, they are muscle
MUSCLE_HZ = 60.0  # where the muscle's level is measured from upwards …
ALIGN_S = 0.03  # how far a peak may be moved
CORE_S = 0.06  # … farther than this from any R peak
LEVEL_S = 0.5  # and over this time
WIDE = 1e6  # variance of what nothing is known of, relative to the muscle's


def pats_like(noisy: np.ndarray, fs: float = 1000, peaks: np.ndarray | None = None) -> np.ndarray:
    """Subtract the inferred heartbeat at every R peak; (..., n) → (..., n).

    Args:
        noisy: shape (..., n).
        fs: rate in Hz.
        peaks: sample numbers of the R peaks; None finds them. With fewer than five a channel stays as it is.

    Raises:
        SignalError: samples that are not finite, too few of them or too low a rate to find peaks.
    """
    return each_channel(lambda row: _subtracted(row, fs, peaks_of(row, fs, peaks)), noisy)


def _subtracted(noisy: np.ndarray, fs: float, peaks: np.ndarray) -> np.ndarray:
    if peaks.size < FEWEST_BEATS or not noisy.any():
        return noisy.copy()
    smoothed = butter_zero_phase(noisy, fs, 4, LOWPASS_HZ, "lowpass") if fs > 2 * LOWPASS_HZ else noisy
    peaks = aligned(smoothed, peaks, round(ALIGN_S * fs))
    rr = np.diff(peaks)
    index, inside = windows(peaks, noisy.size)
    power = muscle_power(noisy, fs, peaks)[index]
    power = np.where(inside, power / power.mean(), WIDE)  # a lag that a beat lacks tells next to nothing
    before = np.concatenate([rr[:1], rr])  # the interval that ends at the beat
    beats = infer(smoothed[index], power, (before - before.mean()) / before.mean())
    cleaned = noisy.copy()
    cleaned[index[inside]] -= beats[inside]
    return cleaned


def aligned(x: np.ndarray, peaks: np.ndarray, reach: int) -> np.ndarray:
    """Each peak moved, by ``reach`` samples at most, to where its beat looks most like the median beat of (n,).

    The detector takes the highest sample, which the muscle moves; a template of beats out of step is a blunt one.
    """
    shifts = np.arange(-reach, reach + 1)
    lags = np.arange(-2 * reach, 2 * reach + 1)
    padded = np.pad(x, 3 * reach)
    for _ in range(2):
        template = np.median(padded[(peaks + 3 * reach)[:, None] + lags], axis=0)
        moved = padded[(peaks + 3 * reach)[:, None, None] + shifts[:, None] + lags]  # (beats, shifts, lags)
        likeness = moved @ template - 0.5 * np.square(moved).sum(axis=2)
        peaks = np.unique(np.clip(peaks + shifts[np.argmax(likeness, axis=1)], 0, x.size - 1))
    return peaks


def windows(peaks: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Sample numbers of every beat, (beats, lags), clipped to the signal, and which of them are the beat's own.

    A window follows the median RR interval, so that one false peak does not narrow them all; what a later beat's
    window covers too is the later one's.
    """
    middle = np.median(np.diff(peaks))
    lags = np.arange(-int(LEFT_SHARE * middle), int(RIGHT_SHARE * middle) + 1)
    index = peaks[:, None] + lags
    next_start = np.concatenate([peaks[1:] + lags[0], [n]])
    inside = (index >= 0) & (index < np.minimum(next_start, n)[:, None])
    return np.clip(index, 0, n - 1), inside


def muscle_power(noisy: np.ndarray, fs: float, peaks: np.ndarray) -> np.ndarray:
    """Power of (n,) above 60 Hz around each sample, measured between the QRS complexes."""
    square = np.square(butter_zero_phase(noisy, fs, 4, min(MUSCLE_HZ, fs / 4), "highpass"))
    away = np.ones(noisy.size)
    for peak in peaks:
        away[max(0, peak - round(CORE_S * fs)) : peak + round(CORE_S * fs) + 1] = 0
    window = round(LEVEL_S * fs)
    power, weight = moving_mean(square * away, window), moving_mean(away, window)
    overall = square[away > 0].mean() if away.any() else square.mean()
    found = np.where(weight > 0.1, power / np.maximum(weight, 0.1), overall)
    return np.maximum(found, 1e-3 * overall + np.finfo(float).tiny)


def infer(beats: np.ndarray, power: np.ndarray, stretch: np.ndarray) -> np.ndarray:
    """The heart's part of every beat, eqs. (1) and (2), with the most likely walk; all (beats, lags).

    Args:
        beats: the observations y.
        power: the muscle's relative power u, positive.
        stretch: RR of each beat relative to the mean, minus one, shape (beats,).
    """
    found = [smooth(beats, power, stretch, walk, prior) for walk, prior in product(WALKS, STRETCHES)]
    return max(found, key=lambda pair: pair[1])[0]


def smooth(
    beats: np.ndarray, power: np.ndarray, stretch: np.ndarray, walk: float, prior: float
) -> tuple[np.ndarray, float]:
    """Kalman filter and Rauch-Tung-Striebel smoother of the states (s, g), one for each lag, all lags at once.

    Returns:
        The smoothed s_j + g·stretch_j, shape (beats, lags), and the log-likelihood with σ² at its most likely value.
    """
    count, lags = beats.shape
    mean, cov = np.zeros((lags, 2)), np.tile(np.diag([WIDE, prior]), (lags, 1, 1))
    noise = np.array([[walk, 0.0], [0.0, 0.0]])
    filtered, told, spread = [], np.zeros((count, lags)), np.zeros((count, lags))
    for j in range(count):
        cov = cov + noise
        sees = np.array([1.0, stretch[j]])
        side = cov @ sees
        spread[j], told[j] = side @ sees + power[j], beats[j] - mean @ sees
        gain = side / spread[j][:, None]
        updated = mean + gain * told[j][:, None], cov - gain[:, :, None] * side[:, None]
        filtered.append((mean, cov, *updated))
        mean, cov = updated
    sees = np.stack([np.ones(count), stretch], axis=1)
    return _backwards(filtered, sees), _likelihood(told, spread)


def _backwards(filtered: list[tuple], sees: np.ndarray) -> np.ndarray:
    """Rauch, Tung and Striebel: from the last beat to the first."""
    later = filtered[-1][2]
    heart = [later @ sees[-1]]
    for j in range(len(filtered) - 2, -1, -1):
        predicted_mean, predicted_cov = filtered[j + 1][:2]
        _, _, mean, cov = filtered[j]
        gain = cov @ np.linalg.inv(predicted_cov)
        later = mean + (gain @ (later - predicted_mean)[:, :, None])[:, :, 0]
        heart.append(later @ sees[j])
    return np.stack(heart[::-1])


def _likelihood(told: np.ndarray, spread: np.ndarray) -> float:
    """Log-likelihood of the innovations, but for a constant, σ² taken out; the first beat only sets s."""
    told, spread = told[1:], spread[1:]
    sigma2 = np.mean(np.square(told) / spread)
    return float(-0.5 * (told.size * np.log(sigma2) + np.log(spread).sum())) if sigma2 > 0 else 0.0
