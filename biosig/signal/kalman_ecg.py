"""Extended Kalman smoothers that follow the heart through the muscle; what they follow is subtracted.

EKS2 (Sameni et al., IEEE TBME 2007) has two states: phase and amplitude of the ECG. EKS25 (Akhbari et al., ECG
denoising and fiducial point extraction using an extended Kalman filtering framework, Physiol. Meas. 2016) has 25. Their
abstract says that all Gaussians' parameters and the waves P, QRS and T are states; how these make 25 is our reading:
the phase, the three waves P, C (the QRS complex) and T, and height, width and place of seven Gaussians, 1 + 3 + 7·3.
Petersen et al. (IEEE Access 2020) compare both for ECG in EMG. Here the phase observation is linear between R peaks.
The noise levels are left to the user; ours stand below as constants, those of EKS2 after common practice.

All hearts of a batch (B) go through the recursion together, sample by sample. Glossary:
    x state (B, s)   P covariance (B, s, s)   K gain (B, s)   w = 1 or 3 waves   g = 7 Gaussians
"""

from collections.abc import Sequence

import numpy as np

from biosig.checks import as_signal
from biosig.signal import ecg_model
from biosig.signal.ecg_model import EcgModel, fit_model, wrapped
from biosig.signal.rpeaks import peaks_of

FEWEST_BEATS = 5  # with fewer a mean beat is mostly muscle, and the input comes back
BATCH = 8  # hearts at once: more need more memory and gain little
# Standard deviations, chosen among a few on validation mixtures: of the Gaussians' heights (relative), widths and
# places (radians), for EKS2 per sample, for EKS25 per beat; of the waves per sample, relative to the muscle's level.
EKS2_SD = (0.1, 0.05, 0.05)
EKS25_SD = (0.1, 0.003, 0.003)
AMPLITUDE_SD = 0.2
TINY = 1e-12


def eks2(noisy: np.ndarray, fs: float = 1000, peaks: np.ndarray | None = None) -> np.ndarray:
    """The two-state smoother's ECG subtracted; (..., n) → (..., n).

    The Gaussians' parameters are noise of the process: each step of the amplitude is as uncertain as they are.

    Args:
        noisy: shape (..., n).
        fs: rate in Hz.
        peaks: sample numbers of the R peaks; None finds them. With fewer than five a channel stays as it is.

    Raises:
        SignalError: samples that are not finite, too few of them or too low a rate to find peaks.
    """
    return _subtracted(noisy, fs, peaks, TwoStates)


def eks25(noisy: np.ndarray, fs: float = 1000, peaks: np.ndarray | None = None) -> np.ndarray:
    """The 25-state smoother's ECG subtracted; like :func:`eks2`, but the Gaussians are states that drift."""
    return _subtracted(noisy, fs, peaks, TwentyFiveStates)


def _subtracted(noisy: np.ndarray, fs: float, peaks: np.ndarray | None, states: type) -> np.ndarray:
    noisy = as_signal(noisy, "noisy")
    rows = noisy.reshape(-1, noisy.shape[-1])
    cleaned, found = rows.copy(), [peaks_of(row, fs, peaks) for row in rows]
    usable = [i for i, at in enumerate(found) if at.size >= FEWEST_BEATS and rows[i].any()]
    for few in (usable[start : start + BATCH] for start in range(0, len(usable), BATCH)):
        hearts = [fit_model(rows[i], fs, found[i]) for i in few]
        cleaned[few] -= smooth(rows[few], np.stack([heart.phase for heart in hearts]), states(hearts))
    return cleaned.reshape(noisy.shape)


class Waves:
    """What both models share: how waves along the phase move from one sample to the next.

    A wave's height z obeys z' = z - Σ ω·α·(Δθ/b²)·exp(-Δθ²/2b²), the slope of its Gaussians times the phase that has
    passed (Sameni et al., eq. 6). ``waves`` states of the vector, from its second on, are such heights.
    """

    groups: tuple[slice, ...]  # the Gaussians that make each wave

    def __init__(self, hearts: Sequence[EcgModel]):
        self.alpha, self.b, self.centre = (np.stack([getattr(h, name) for h in hearts])
                                           for name in ("alpha", "b", "centre"))
        self.omega, self.omega_sd, self.noise_sd = (np.array([getattr(h, name) for h in hearts])
                                                    for name in ("omega", "omega_sd", "noise_sd"))
        self.waves = len(self.groups)
        self.amplitude_noise = np.square(self.noise_sd) + TINY
        self.phase_noise = self.omega**2 / 12  # a peak is known to the sample

    def slopes(self, theta: np.ndarray, alpha: np.ndarray, b: np.ndarray, centre: np.ndarray):
        """Step of each Gaussian in one sample and its derivatives by θ, α, b and centre, (B, 7) each."""
        away = wrapped(theta[:, None] - centre)
        square = (away / b) ** 2
        per_height = -self.omega[:, None] / b**2 * away * np.exp(-0.5 * square)
        step = alpha * per_height
        by_theta = -alpha * self.omega[:, None] / b**2 * np.exp(-0.5 * square) * (1 - square)
        return step, by_theta, per_height, step * (square - 2) / b, -by_theta

    def per_wave(self, values: np.ndarray) -> np.ndarray:
        """(B, 7) summed over the Gaussians of each wave: (B, w)."""
        return np.add.reduceat(values, [group.start for group in self.groups], axis=1)


class TwoStates(Waves):
    """EKS2: x = (θ, z); heights, widths, places and ω are noise of the process."""

    groups = (slice(0, 7),)
    states = 2

    def start(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First state and covariance, (B, 2) and (B, 2, 2)."""
        z = ecg_model.waves(theta[:, None], self.alpha, self.b, self.centre).sum(axis=1)
        variance = np.stack([self.phase_noise, np.abs(self.alpha).max(axis=1) ** 2 + TINY], axis=1)
        return np.stack([theta, z], axis=1), variance[:, :, None] * np.eye(2)

    def step(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The next state, the rows of the Jacobian that are not the identity's (B, 1, 2), and Q (B, 2, 2)."""
        step, by_theta, by_alpha, by_b, by_centre = self.slopes(x[:, 0], self.alpha, self.b, self.centre)
        total, rows = step.sum(axis=1), np.ones((len(x), 1, 2))
        rows[:, 0, 0] = by_theta.sum(axis=1)
        by_omega, spread = total / self.omega, self.omega_sd**2
        height, width, place = EKS2_SD
        own = (height * self.alpha * by_alpha) ** 2 + (width * by_b) ** 2 + (place * by_centre) ** 2
        noise = np.empty((len(x), 2, 2))
        noise[:, 0, 0] = spread
        noise[:, 0, 1] = noise[:, 1, 0] = by_omega * spread
        noise[:, 1, 1] = own.sum(axis=1) + by_omega**2 * spread + (AMPLITUDE_SD * self.noise_sd) ** 2
        return x + np.stack([self.omega, total], axis=1), rows, noise


class TwentyFiveStates(Waves):
    """EKS25: x = (θ, P, C, T, seven heights, seven widths, seven places); the last 21 walk at random."""

    groups = (ecg_model.P, ecg_model.C, ecg_model.T)
    states = 25

    def __init__(self, hearts: Sequence[EcgModel]):
        super().__init__(hearts)
        height, width, place = EKS25_SD
        ones = np.ones_like(self.b)
        spread = np.stack([height * np.abs(self.alpha), width * ones, place * ones], axis=1)
        self.parameter_variance = np.square(spread).reshape(len(hearts), 21)
        walk = self.parameter_variance * self.omega[:, None] / (2 * np.pi)  # so much in the course of one beat
        heights = np.repeat(((AMPLITUDE_SD * self.noise_sd) ** 2 / 3)[:, None], 3, axis=1)
        noise = np.concatenate([self.omega_sd[:, None] ** 2, heights, walk], axis=1)
        self.noise = noise[:, :, None] * np.eye(25)

    def start(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First state and covariance, (B, 25) and (B, 25, 25)."""
        z = self.per_wave(ecg_model.waves(theta[:, None], self.alpha, self.b, self.centre))
        x = np.concatenate([theta[:, None], z, self.alpha, self.b, self.centre], axis=1)
        heights = np.repeat(np.abs(self.alpha).max(axis=1)[:, None] ** 2 + TINY, 3, axis=1)
        variance = np.concatenate([self.phase_noise[:, None], heights, self.parameter_variance], axis=1)
        return x, variance[:, :, None] * np.eye(25)

    def step(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The next state, the Jacobian's rows of the three waves (B, 3, 25), and Q (B, 25, 25)."""
        alpha, b, centre = x[:, 4:11], np.maximum(np.abs(x[:, 11:18]), 0.01), x[:, 18:25]
        step, *by = self.slopes(x[:, 0], alpha, b, centre)
        rows = np.zeros((len(x), 3, 25))
        rows[:, :, 0] = self.per_wave(by[0])
        for wave, group in enumerate(self.groups):
            rows[:, wave, 1 + wave] = 1
            for first, derivative in zip((4, 11, 18), by[1:], strict=True):
                rows[:, wave, first + group.start : first + group.stop] = derivative[:, group]
        after = x.copy()
        after[:, 0] += self.omega
        after[:, 1:4] += self.per_wave(step)
        return after, rows, self.noise


def smooth(noisy: np.ndarray, phase: np.ndarray, model: Waves) -> np.ndarray:
    """The smoothed ECG: both (B, n) observations through the extended Kalman filter and back.

    The way back is Bryson and Frazier's: one adjoint vector per sample instead of the inverse of a covariance; it
    gives what Rauch, Tung and Striebel's recursion gives.
    """
    n, w = noisy.shape[1], model.waves
    sees = np.zeros(model.states)
    sees[1 : 1 + w] = 1.0  # the electrode sees the sum of the waves
    x, cov = model.start(phase[:, 0])
    told = []
    for k in range(n):
        before, reach = x @ sees, cov @ sees
        turn = wrapped(phase[:, k] - x[:, 0])
        gain_phase, miss_phase, x, cov = _update(x, cov, cov[:, :, 0].copy(), turn, cov[:, 0, 0] + model.phase_noise)
        side = cov @ sees
        gain, miss, x, cov = _update(x, cov, side, noisy[:, k] - x @ sees, side @ sees + model.amplitude_noise)
        x, rows, noise = model.step(x)
        cov[:, 1 : 1 + w] = rows @ cov
        cov[:, :, 1 : 1 + w] = cov @ rows.transpose(0, 2, 1)
        cov += noise
        told.append((before, reach, gain_phase, miss_phase, gain, miss, rows))
    return _backwards(told, sees, w)


def _update(x: np.ndarray, cov: np.ndarray, side: np.ndarray, innovation: np.ndarray, variance: np.ndarray):
    """One scalar observation: its gain, the innovation over its variance, the new state and covariance."""
    gain = side / variance[:, None]
    return gain, innovation / variance, x + gain * innovation[:, None], cov - gain[:, :, None] * side[:, None, :]


def _backwards(told: list[tuple], sees: np.ndarray, w: int) -> np.ndarray:
    """From the last sample, after which there is nothing to learn (adjoint 0), to the first."""
    adjoint, smoothed = np.zeros_like(told[0][1]), np.empty((len(told[0][0]), len(told)))
    for k in range(len(told) - 1, -1, -1):
        before, reach, gain_phase, miss_phase, gain, miss, rows = told[k]
        heights = adjoint[:, None, 1 : 1 + w].copy()
        adjoint[:, 1 : 1 + w] = 0.0
        adjoint += (heights @ rows)[:, 0]
        adjoint = adjoint - sees * ((gain * adjoint).sum(axis=1) + miss)[:, None]
        adjoint[:, 0] -= (gain_phase * adjoint).sum(axis=1) + miss_phase
        smoothed[:, k] = before - (reach * adjoint).sum(axis=1)
    return smoothed
