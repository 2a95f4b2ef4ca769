"""The dynamical model of the ECG: a phase that goes round once per beat, and Gaussian waves along it.

Source: McSharry et al., A dynamical model for generating synthetic electrocardiogram signals, IEEE TBME 2003, in the
polar form of Sameni et al., A nonlinear Bayesian filtering framework for ECG denoising, IEEE TBME 2007. Glossary:
    theta phase in radians, 0 at each R peak   omega phase per sample
    alpha, b, centre height, width and place (both in radians) of a Gaussian wave
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares
from scipy.special import expit, logit

BINS = 250  # of the phase, in the mean beat
# Of two Gaussians for P, three for QRS, two for T: the middle of their window after the R peak, half its length, and
# the width to begin with, all in seconds.
FROM_R_S = (-0.16, -0.16, -0.03, 0.0, 0.03, 0.25, 0.25)
REACH_S = (0.06, 0.06, 0.05, 0.02, 0.05, 0.12, 0.12)
FIRST_WIDTH_S = (0.02, 0.02, 0.012, 0.012, 0.012, 0.04, 0.04)
WIDTHS_S = (0.003, 0.1)  # limits
P, C, T = slice(0, 2), slice(2, 5), slice(5, 7)  # which Gaussians make which wave
STEPS = 40  # of the search; the starting point is close


@dataclass(frozen=True)
class EcgModel:
    """One channel's heart.

    Attributes:
        phase: of every sample, in [-π, π), shape (n,).
        omega: mean phase per sample; ``omega_sd``: its standard deviation over the beats.
        alpha, b, centre: of the seven Gaussians, shape (7,) each.
        noise_sd: standard deviation, over beats, of what is not the mean beat.
    """

    phase: np.ndarray
    omega: float
    omega_sd: float
    alpha: np.ndarray
    b: np.ndarray
    centre: np.ndarray
    noise_sd: float


def fit_model(noisy: np.ndarray, fs: float, peaks: np.ndarray) -> EcgModel:
    """The model of one channel (n,) whose R peaks, at least two, are known."""
    phase = wrapped(phase_of(peaks, noisy.size))
    omega = 2 * np.pi / np.diff(peaks)
    mean, sd = mean_beat(noisy, phase)
    alpha, b, centre = fit_gaussians(mean, fs * omega.mean())
    quiet = float(np.sort(sd)[: BINS // 2].mean())  # half of the bins: beats that differ are not muscle
    return EcgModel(phase, float(omega.mean()), float(omega.std()), alpha, b, centre, quiet)


def phase_of(peaks: np.ndarray, n: int) -> np.ndarray:
    """Phase of every sample: 2π·k at the k-th R peak, straight lines between, the outer ones going on to the ends."""
    outer = np.concatenate([[2 * peaks[0] - peaks[1]], peaks, [2 * peaks[-1] - peaks[-2]]])
    steps = 2 * np.pi * np.arange(-1, peaks.size + 1)
    at = np.arange(n)
    phase = np.interp(at, outer, steps)
    early, late = at < outer[0], at > outer[-1]
    phase[early] = steps[0] + (at[early] - outer[0]) * 2 * np.pi / (outer[1] - outer[0])
    phase[late] = steps[-1] + (at[late] - outer[-1]) * 2 * np.pi / (outer[-1] - outer[-2])
    return phase


def wrapped(phase: np.ndarray) -> np.ndarray:
    """The same angles in [-π, π)."""
    return (phase + np.pi) % (2 * np.pi) - np.pi


def mean_beat(x: np.ndarray, phase: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of (n,) in 250 bins of the phase; an empty bin takes its neighbours' values."""
    which = np.minimum(((phase + np.pi) / (2 * np.pi) * BINS).astype(int), BINS - 1)
    count = np.bincount(which, minlength=BINS)
    full = np.flatnonzero(count)
    moments = [np.bincount(which, x**power, BINS)[full] / count[full] for power in (1, 2)]
    sd = np.sqrt(np.maximum(moments[1] - moments[0] ** 2, 0))
    bins = np.arange(BINS)
    return np.interp(bins, full, moments[0]), np.interp(bins, full, sd)


def waves(theta: np.ndarray, alpha: np.ndarray, b: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Height of each Gaussian at each phase: theta (..., 1) against parameters (..., 7), shape (..., 7)."""
    away = wrapped(theta - centre)
    return alpha * np.exp(-0.5 * (away / b) ** 2)


def fit_gaussians(mean: np.ndarray, omega_s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seven Gaussians whose sum is near a mean beat (250,): height, width and place of each, shape (7,) each.

    They are set one by one where, in their wave's window, the most is left to explain, and then moved together by
    Levenberg and Marquardt's least squares. A bounded function of a free number keeps each width within its limits.

    Args:
        mean: the beat over the phase.
        omega_s: phase per second, which turns the first guesses into phases.
    """
    theta = ((np.arange(BINS) + 0.5) / BINS * 2 * np.pi - np.pi)[:, None]
    scale = np.abs(mean).max() or 1.0
    low, high = (limit * omega_s for limit in WIDTHS_S)
    start = _one_by_one(theta[:, 0], mean / scale, omega_s)

    def unpacked(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        height, free, place = x.reshape(3, -1)
        return height, low + (high - low) * expit(free), place

    def residual(x: np.ndarray) -> np.ndarray:
        return waves(theta, *unpacked(x)).sum(axis=1) - mean / scale

    def jacobian(x: np.ndarray) -> np.ndarray:
        height, width, place = unpacked(x)
        away, bell = wrapped(theta - place), waves(theta, 1.0, width, place)
        by_width = height * bell * away**2 / width**3 * (width - low) * (high - width) / (high - low)
        return np.concatenate([bell, by_width, height * bell * away / width**2], axis=1)

    start[1] = logit((start[1] - low) / (high - low))
    height, width, place = unpacked(least_squares(residual, start.ravel(), jacobian, method="lm", max_nfev=STEPS).x)
    return height * scale, width, wrapped(place)


def _one_by_one(theta: np.ndarray, mean: np.ndarray, omega_s: float) -> np.ndarray:
    """First guesses, (3, 7): the QRS complex first, then T and P, each Gaussian at the largest rest of its window."""
    rest, found = mean.copy(), np.zeros((3, 7))
    for g in (3, 2, 4, 5, 6, 0, 1):
        inside = np.abs(wrapped(theta - FROM_R_S[g] * omega_s)) <= REACH_S[g] * omega_s
        at = np.argmax(np.abs(rest) * inside)
        found[:, g] = rest[at], FIRST_WIDTH_S[g] * omega_s, theta[at]
        rest -= waves(theta, *found[:, g])
    return found
