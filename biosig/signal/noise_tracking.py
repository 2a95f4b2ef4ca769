"""How loud is the noise now? Trackers of the noise power in every frequency bin while someone speaks.

Each takes the power |Y(l, k)|² of noisy spectra, frame by frame, and gives its estimate of the noise power
σ²(l, k) = E|N(l, k)|² from that frame and the ones before: nothing looks ahead. Constants that papers state
per frame of 16 ms hold for any frame rate: a recursive average keeps its length in seconds.
"""

from collections import deque
from collections.abc import Callable

import numpy as np
import scipy.special

from biosig.checks import check_rate
from biosig.errors import SignalError

PAPER_HOP_S = 0.016  # the hop for which smoothing constants below are stated
TINY = np.finfo(np.float64).tiny


class NoiseTracker:
    """What trackers share: the mean of the first frames (80 ms, 5 frames) to begin with, then ``update``.

    Args:
        frame_rate: frames per second, fs / hop_length.
    """

    initial_s = 0.08

    def __init__(self, frame_rate: float):
        self.frame_rate = check_rate(frame_rate, name="frame_rate")
        self.noise: np.ndarray | None = None  # (..., bins)
        self._initial = max(1, round(self.initial_s * self.frame_rate))
        self._seen = 0

    def step(self, power: np.ndarray) -> np.ndarray:
        """The noise power (..., bins) after one more frame of |Y|², shape (..., bins)."""
        self._seen += 1
        if self._seen > self._initial:
            return self.update(power)
        before = 0.0 if self.noise is None else self.noise
        self.begin(before + (power - before) / self._seen)
        return self.noise

    def begin(self, noise: np.ndarray) -> None:
        """Start from this noise power."""
        self.noise = noise

    def update(self, power: np.ndarray) -> np.ndarray:
        """The estimate after one more frame."""
        raise NotImplementedError

    def _per_frame(self, constant: float) -> float:
        """A smoothing constant stated for frames 16 ms apart, for this frame rate."""
        return constant ** (1 / (PAPER_HOP_S * self.frame_rate))


class VoiceActivity(NoiseTracker):
    """Average the frames in which nobody seems to speak.

    A frame is speech where its energy lies ``margin_db`` above a floor: the lowest energy, averaged over
    0.1 s, of the last ``memory_s``. Other frames enter a mean over about ``average_s``. The plain method of
    Boll (1979), with a floor that moves so that louder noise is found, after ``memory_s``.

    Args:
        frame_rate: frames per second.
        margin_db: speech is this much louder than the floor.
        memory_s: how far back the floor is sought; longer than people speak without a pause.
        average_s: time constant of the mean.
    """

    def __init__(
        self, frame_rate: float, *, margin_db: float = 3.0, memory_s: float = 1.5, average_s: float = 0.3
    ):
        super().__init__(frame_rate)
        self._margin = 10 ** (margin_db / 10)
        self._rate = 1 - np.exp(-1 / (check_rate(average_s, name="average_s") * frame_rate))
        memory = round(check_rate(memory_s, name="memory_s") * frame_rate)
        self._energies = _Latest(max(1, round(0.1 * frame_rate)))
        self._smoothed = _Latest(max(1, memory))
        self._counted: np.ndarray | int = 0  # frames without speech so far, (...)
        self.speech: np.ndarray | None = None  # was the last frame speech? (...)

    def step(self, power: np.ndarray) -> np.ndarray:
        """The noise power (..., bins) after one more frame."""
        if self.noise is None:
            self.begin(np.zeros_like(power))
        return self.update(power)

    def update(self, power: np.ndarray) -> np.ndarray:
        energy = power.mean(axis=-1)
        floor = self._smoothed.append(self._energies.append(energy).mean(axis=0)).min(axis=0)
        self.speech = energy > self._margin * floor
        self._counted = self._counted + ~self.speech
        rate = np.maximum(self._rate, 1 / np.maximum(self._counted, 1))  # at first the plain mean
        rate = np.where(self.speech, 0.0, rate)[..., None]
        self.noise = self.noise + rate * (power - self.noise)
        return self.noise


class _Latest:
    """The last ``size`` values, in no order."""

    def __init__(self, size: int):
        self._size, self._count = size, 0

    def append(self, value: np.ndarray) -> np.ndarray:
        """Take one more; all there are, shape (at most size, ...)."""
        if self._count == 0:
            self._values = np.empty((self._size, *np.shape(value)))
        self._values[self._count % self._size] = value
        self._count += 1
        return self._values[: self._count]


class SpeechPresence(NoiseTracker):
    """Average every bin by the probability that it holds no speech (Gerkmann and Hendriks, 2012).

    P(speech | Y) = 1 / (1 + (1 + ξ) exp(-|Y|²/σ² · ξ/(1 + ξ))), with equal priors and the fixed SNR ξ that
    speech has where there is any; the noise in this frame is P·σ² + (1 - P)·|Y|², smoothed over time. Where
    P stays near 1 it is held at 0.99, so that the tracker cannot stall. In steady Gaussian noise it settles
    about 1 dB low, since the loudest noise passes for speech.

    Args:
        frame_rate: frames per second.
        xi_db: 10·log10 ξ.
        smoothing: of the noise power, per 16 ms.
        presence_smoothing: of the probability that the guard against stalling looks at, per 16 ms.
    """

    def __init__(
        self,
        frame_rate: float,
        *,
        xi_db: float = 15.0,
        smoothing: float = 0.8,
        presence_smoothing: float = 0.9,
    ):
        super().__init__(frame_rate)
        self._xi = 10 ** (xi_db / 10)
        self._smoothing = self._per_frame(smoothing)
        self._presence_smoothing = self._per_frame(presence_smoothing)
        self._absence: np.ndarray | float = 0.5  # smoothed over time

    def update(self, power: np.ndarray) -> np.ndarray:
        absent = self.absence(power)
        self._absence = absent + self._presence_smoothing * (self._absence - absent)
        stalled = self._absence < 0.01
        if stalled.any():
            absent = np.where(stalled, np.maximum(absent, 0.01), absent)
        # σ² moves towards P·σ² + (1 - P)·|Y|², written as one step from σ²
        self.noise = self.noise + (1 - self._smoothing) * absent * (power - self.noise)
        return self.noise

    def absence(self, power: np.ndarray) -> np.ndarray:
        """1 - P(speech | Y) against the noise power so far, shape (..., bins)."""
        with np.errstate(over="ignore"):  # no noise at all: certainly speech
            posterior = power / np.maximum(self.noise, TINY)
        # a logistic function of |Y|²/σ²
        return scipy.special.expit(np.log(1 + self._xi) - posterior * (self._xi / (1 + self._xi)))


class MinimumStatistics(NoiseTracker):
    """Follow the lowest power of the last 1.5 s and multiply away its bias (Martin, 2001).

    Speech pauses in every bin often, so the minimum of the smoothed power P over D frames comes from noise
    alone. It lies below the mean, the more so the more P varies: P's own variance gives that factor.

    Args:
        frame_rate: frames per second.
        window_s: the time D in which a minimum is sought.
        subwindows: U, the parts it is made of; a minimum is forgotten in steps of D/U.
    """

    alpha_max, alpha_min, correction_min, beta_max = 0.96, 0.3, 0.7, 0.8
    # how far a minimum may rise at once: 8 times where the mean of 1/Q is below 0.03, …, 1.2 from 0.06 on
    spreads, slopes = np.array([0.03, 0.05, 0.06]), np.array([8.0, 4.0, 2.0, 1.2])

    def __init__(self, frame_rate: float, *, window_s: float = 1.536, subwindows: int = 8):
        super().__init__(frame_rate)
        frames = max(2, round(check_rate(window_s, name="window_s") * frame_rate / subwindows))
        self._search = _MinimumSearch(frames, subwindows)
        self._factor = _bias_factor(frames * subwindows)
        self._factor_sub = _bias_factor(frames)
        self._alpha_max = self._per_frame(self.alpha_max)
        self._correction_smoothing = self._per_frame(0.7)

    def begin(self, noise: np.ndarray) -> None:
        self.noise = self._smooth = self._mean = noise
        self._mean_square = noise**2
        self._correction = np.ones((*noise.shape[:-1], 1))
        self._search.begin(noise)

    def update(self, power: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", divide="ignore"):  # silence: infinite ratios are limited below
            alpha = self._alpha(power)
            self._smooth = alpha * self._smooth + (1 - alpha) * power
            inverse_q = self._inverse_q(alpha)
        spread = inverse_q.mean(axis=-1, keepdims=True)
        corrected = self._smooth * (1 + 2.12 * np.sqrt(spread))  # B_c: the variance is itself uncertain
        log_gamma = scipy.special.gammaln(1 + 2 * inverse_q)
        self.noise = self._search.step(
            corrected * self._factor(inverse_q, log_gamma),
            corrected * self._factor_sub(inverse_q, log_gamma),
            self.slopes[np.searchsorted(self.spreads, spread, side="right")],
        )
        return self.noise

    def _alpha(self, power: np.ndarray) -> np.ndarray:
        """Smoothing of P in this frame, from 0.3 to 0.96: weak where P and the noise differ."""
        total = self._smooth.sum(axis=-1, keepdims=True)
        ratio = total / np.maximum(power.sum(axis=-1, keepdims=True), TINY)
        correction = np.maximum(1 / (1 + (ratio - 1) ** 2), self.correction_min)
        keep = self._correction_smoothing
        self._correction = keep * self._correction + (1 - keep) * correction
        snr = total / np.maximum(self.noise.sum(axis=-1, keepdims=True), TINY)
        least = np.minimum(self.alpha_min, snr ** (-1 / (0.064 * self.frame_rate)))
        optimal = 1 / (1 + (self._smooth / np.maximum(self.noise, TINY) - 1) ** 2)
        return np.maximum(self._alpha_max * self._correction * optimal, least)

    def _inverse_q(self, alpha: np.ndarray) -> np.ndarray:
        """1/Q: the normalised variance of P, at most 1/2; Q is how many squares P averages."""
        beta = np.minimum(alpha**2, self.beta_max)
        self._mean = beta * self._mean + (1 - beta) * self._smooth
        self._mean_square = beta * self._mean_square + (1 - beta) * self._smooth**2
        variance = np.maximum(self._mean_square - self._mean**2, 0)
        return np.clip(variance / np.maximum(2 * self.noise**2, TINY), 1e-6, 0.5)


class _MinimumSearch:
    """The minimum of the last U subwindows, which may rise within them (Martin, 2001).

    A bin whose minimum falls in the middle of a subwindow, and that lies only a little above the old minimum,
    has found a risen noise floor: it is taken at once, before the old one is forgotten.
    """

    def __init__(self, frames: int, subwindows: int):
        self._frames, self._position = frames, 0
        self._stored: deque = deque(maxlen=subwindows)  # minima of whole subwindows, each (..., bins)

    def begin(self, noise: np.ndarray) -> None:
        self._lowest = noise
        self._stored.clear()
        self._forget(noise.shape)

    def _forget(self, shape: tuple[int, ...]) -> None:
        """A new subwindow."""
        self._position = 1
        self._current, self._current_sub = np.full(shape, np.inf), np.full(shape, np.inf)
        self._local = np.zeros(shape, dtype=bool)  # a minimum was found in the middle of the subwindow

    def step(self, candidate: np.ndarray, candidate_sub: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """The minimum so far, given this frame's power with the bias of D and of V frames taken off."""
        found = candidate < self._current
        self._current = np.where(found, candidate, self._current)
        self._current_sub = np.where(found, candidate_sub, self._current_sub)
        if self._position == self._frames:
            return self._close(found, slope)
        if self._position > 1:
            self._local |= found
            self._lowest = np.minimum(self._current_sub, self._lowest)
        self._position += 1
        return self._lowest

    def _close(self, found: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """End of a subwindow: the lowest of the stored, or a local minimum not far above it."""
        self._stored.append(self._current)
        lowest, local = np.min(self._stored, axis=0), self._current_sub
        risen = self._local & ~found & (local < slope * lowest) & (local > lowest)
        for number, old in enumerate(self._stored):
            self._stored[number] = np.where(risen, local, old)
        self._lowest = np.where(risen, local, lowest)
        self._forget(found.shape)
        return self._lowest


# M(D) and H(D) of the bias factor, as Martin (2001) tabulates them
D = (1, 2, 5, 8, 10, 15, 20, 30, 40, 60, 80, 120, 140, 160)
M = (0, 0.26, 0.48, 0.58, 0.61, 0.668, 0.705, 0.762, 0.8, 0.841, 0.865, 0.89, 0.9, 0.91)
H = (0, 0.15, 0.48, 0.78, 0.98, 1.55, 2.0, 2.3, 2.52, 3.1, 3.38, 4.15, 4.35, 4.25)


def _bias_factor(frames: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """1/E[minimum of ``frames`` values of P] where E[P] = 1, as a function of 1/Q and ln Γ(1 + 2/Q).

    B = 1 + (D - 1)·2/Q̃·Γ(1 + 2/Q)^H(D), Q̃ = (Q - 2M(D)) / (1 - M(D)) (Martin, 2001). Beyond 160 frames M
    and H stay as for 160.
    """
    m, h = (float(np.interp(frames, D, table)) for table in (M, H))

    def factor(inverse_q: np.ndarray, log_gamma: np.ndarray) -> np.ndarray:
        inverse_q_tilde = (1 - m) * inverse_q / (1 - 2 * m * inverse_q)
        return 1 + (frames - 1) * 2 * inverse_q_tilde * np.exp(h * log_gamma)

    return factor


NOISE_TRACKERS: dict[str, type[NoiseTracker]] = {
    "voice_activity": VoiceActivity,
    "minimum_statistics": MinimumStatistics,
    "speech_presence": SpeechPresence,
}


def noise_tracker(name: str, frame_rate: float, **parameters: float) -> NoiseTracker:
    """A fresh tracker by its name in ``NOISE_TRACKERS``.

    Raises:
        SignalError: an unknown name, or a frame rate that is not positive.
    """
    if name not in NOISE_TRACKERS:
        raise SignalError(f"noise tracker is {name!r}: expected one of {', '.join(NOISE_TRACKERS)}.")
    return NOISE_TRACKERS[name](frame_rate, **parameters)


def track_noise(
    power: np.ndarray, frame_rate: float, tracker: str = "speech_presence", **parameters: float
) -> np.ndarray:
    """Noise power in every frame and bin.

    Args:
        power: |Y|² of noisy spectra, shape (..., frames, bins).
        frame_rate: frames per second, fs / hop_length.
        tracker: "voice_activity", "minimum_statistics" or "speech_presence".
        parameters: keyword arguments of that tracker's class.

    Returns:
        Noise power, shape (..., frames, bins); frame l is from frames 0 to l.

    Raises:
        SignalError: an unknown tracker, powers that are negative, NaN or not of shape (..., frames, bins).

    Example:
        >>> power = np.random.default_rng(0).exponential(size=(500, 129))  # of noise with power 1
        >>> round(float(track_noise(power, 62.5, "minimum_statistics")[100:].mean()), 1)
        1.0
    """
    estimator = noise_tracker(tracker, frame_rate, **parameters)
    power = np.asarray(power, dtype=np.float64)
    if power.ndim < 2 or power.size == 0:
        raise SignalError(f"power has shape {power.shape}: expected (..., frames, bins).")
    if not (np.isfinite(power).all() and power.min() >= 0):
        raise SignalError("power holds negative, NaN or infinite values: expected |Y|².")
    return np.stack([estimator.step(frame) for frame in np.moveaxis(power, -2, 0)], axis=-2)
