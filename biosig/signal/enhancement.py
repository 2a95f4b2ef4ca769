"""Classical speech enhancement: a gain on every bin of the spectrum, from a running estimate of the noise.

Four methods, each a system ``(noisy (..., n), fs) → same shape``: spectral subtraction, Wiener filter,
MMSE-STSA and log-MMSE. ``CLASSICAL_SPEECH`` names them, and each again with the other noise trackers. None
looks ahead beyond its frame, so :func:`speech_stream` runs them on audio as it arrives, to the same numbers.
"""

import functools
from collections.abc import Callable

import numpy as np

from biosig.checks import as_signal
from biosig.errors import SignalError
from biosig.signal.gains import (
    TINY,
    DecisionDirected,
    log_stsa_gain,
    posterior_snr,
    stsa_gain,
    subtraction_gain,
    wiener_gain,
)
from biosig.signal.noise_tracking import noise_tracker
from biosig.signal.streaming import SpectralStream, frame_sizes

# what a method is to one frame: (|Y|², σ²), each (..., bins) → gains (..., bins)
Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]


class OverSubtraction:
    """Spectral subtraction with more subtracted the noisier the frame (Berouti, Schwartz and Makhoul, 1979).

    α = α₀ - slope·SNR, at least 1 (or α₀, where that is less), with SNR = Σ|Y|²/Σσ² of the frame in dB, held
    between -5 and 20. Arguments as for :func:`spectral_subtraction`.
    """

    def __init__(
        self,
        over_subtraction: float = 4.0,
        slope: float = 0.15,
        floor: float = 0.01,
        exponent: float = 2.0,
    ):
        if not (over_subtraction >= 0 and slope >= 0):
            raise SignalError(f"over_subtraction {over_subtraction}, slope {slope}: expected none below 0.")
        self._alpha, self._slope, self._floor, self._exponent = over_subtraction, slope, floor, exponent
        subtraction_gain(np.ones(1), over_subtraction, floor, exponent)  # raises before any work

    def __call__(self, power: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """The gains (..., bins) of a frame, from |Y|² and σ²."""
        ratio = posterior_snr(power.sum(axis=-1, keepdims=True), noise.sum(axis=-1, keepdims=True))
        snr_db = np.clip(10 * np.log10(np.maximum(ratio, TINY)), -5, 20)
        alpha = np.maximum(self._alpha - self._slope * snr_db, min(self._alpha, 1.0))
        return subtraction_gain(posterior_snr(power, noise), alpha, self._floor, self._exponent)


RULES: dict[str, Callable[..., Rule]] = {
    "spectral_subtraction": OverSubtraction,
    "wiener": functools.partial(DecisionDirected, wiener_gain),
    "mmse_stsa": functools.partial(DecisionDirected, stsa_gain),
    "log_mmse": functools.partial(DecisionDirected, log_stsa_gain),
}


def speech_stream(
    method: str,
    fs: float,
    *,
    tracker: str = "speech_presence",
    frame_ms: float = 32.0,
    hop_ms: float = 8.0,
    **parameters: float,
) -> SpectralStream:
    """A method at work on audio that arrives in pieces: ``push`` them, ``flush`` at the end.

    Args:
        method: a name in ``RULES``.
        fs: rate in Hz.
        tracker: of the noise, a name in ``biosig.signal.noise_tracking.NOISE_TRACKERS``.
        frame_ms, hop_ms: length of a frame and step to the next, in ms; square-root Hann windows. Ephraim
            and Malah (1984) have 32 and 8.
        parameters: the method's own.

    Raises:
        SignalError: an unknown method or tracker, or impossible sizes or parameters.
    """
    if method not in RULES:
        raise SignalError(f"method is {method!r}: expected one of {', '.join(RULES)}.")
    rule = RULES[method](**parameters)
    noise = noise_tracker(tracker, fs / frame_sizes(fs, frame_ms, hop_ms)[1])
    return SpectralStream(lambda power: rule(power, noise.step(power)), fs, frame_ms, hop_ms)


def spectral_subtraction(
    noisy: np.ndarray,
    fs: float,
    *,
    over_subtraction: float = 4.0,
    slope: float = 0.15,
    floor: float = 0.01,
    exponent: float = 2.0,
    **options,
) -> np.ndarray:
    """Take the noise's power off every bin, more than there is, and leave a floor (Berouti et al., 1979).

    |X̂|^p = max(|Y|^p - α·E|N|^p, β·E|N|^p), at most |Y|^p, with the phase of Y. Random peaks that a plain
    subtraction leaves sing as musical noise: over-subtraction thins them out, the floor fills in between.
    Boll's (1979) subtraction of magnitudes is ``over_subtraction=1, slope=0, floor=0, exponent=1``.

    Args:
        noisy: shape (..., n).
        fs: rate in Hz.
        over_subtraction: α₀, the α of a frame at 0 dB SNR; see :class:`OverSubtraction`.
        slope: by how much α falls per dB of SNR.
        floor: β, the share of the noise left in.
        exponent: p.
        options: ``tracker``, ``frame_ms`` and ``hop_ms`` as for :func:`speech_stream`.

    Returns:
        Shape (..., n).

    Raises:
        SignalError: NaN, fewer samples than one frame, or impossible parameters.
    """
    own = {"over_subtraction": over_subtraction, "slope": slope, "floor": floor, "exponent": exponent}
    return _enhance("spectral_subtraction", noisy, fs, own | options)


def wiener(
    noisy: np.ndarray, fs: float, *, smoothing: float = 0.98, xi_min_db: float = -25.0, **options
) -> np.ndarray:
    """Wiener filter, G = ξ/(1 + ξ), with decision-directed a priori SNR ξ (Scalart and Filho, 1996).

    Args:
        noisy: shape (..., n).
        fs: rate in Hz.
        smoothing: α of the decision-directed estimate, per frame.
        xi_min_db: the least ξ, in dB.
        options: ``tracker``, ``frame_ms`` and ``hop_ms`` as for :func:`speech_stream`.

    Returns:
        Shape (..., n).

    Raises:
        SignalError: NaN, fewer samples than one frame, or impossible parameters.
    """
    return _enhance("wiener", noisy, fs, {"smoothing": smoothing, "xi_min_db": xi_min_db} | options)


def mmse_stsa(
    noisy: np.ndarray, fs: float, *, smoothing: float = 0.98, xi_min_db: float = -25.0, **options
) -> np.ndarray:
    """Least mean square error of the spectral amplitude (Ephraim and Malah, 1984).

    ``biosig.signal.gains.stsa_gain`` with decision-directed ξ; arguments and errors as :func:`wiener`.
    """
    return _enhance("mmse_stsa", noisy, fs, {"smoothing": smoothing, "xi_min_db": xi_min_db} | options)


def log_mmse(
    noisy: np.ndarray, fs: float, *, smoothing: float = 0.98, xi_min_db: float = -25.0, **options
) -> np.ndarray:
    """Least mean square error of the spectral amplitude's logarithm (Ephraim and Malah, 1985).

    ``biosig.signal.gains.log_stsa_gain`` with decision-directed ξ; arguments and errors as :func:`wiener`.

    Example:
        >>> noise = np.random.default_rng(0).standard_normal(16000)
        >>> bool(log_mmse(noise, 16000)[4000:].std() < 0.2)  # noise alone is turned down
        True
    """
    return _enhance("log_mmse", noisy, fs, {"smoothing": smoothing, "xi_min_db": xi_min_db} | options)


METHODS = {
    "spectral_subtraction": spectral_subtraction,
    "wiener": wiener,
    "mmse_stsa": mmse_stsa,
    "log_mmse": log_mmse,
}
OTHER_TRACKERS = {"vad": "voice_activity", "ms": "minimum_statistics"}
CLASSICAL_SPEECH: dict[str, Callable[..., np.ndarray]] = METHODS | {
    f"{name}_{short}": functools.partial(method, tracker=tracker)
    for name, method in METHODS.items()
    for short, tracker in OTHER_TRACKERS.items()
}


def _enhance(method: str, noisy: np.ndarray, fs: float, parameters: dict) -> np.ndarray:
    """A method over the last axis; channels that begin with equally many zeros go together."""
    noisy = as_signal(noisy, "noisy")
    frame = speech_stream(method, fs, **parameters).frame
    if noisy.shape[-1] < frame:
        found = f"noisy has {noisy.shape[-1]} samples"
        raise SignalError(f"{found}: expected at least one frame, {frame} at {fs:g} Hz.")
    rows = noisy.reshape(-1, noisy.shape[-1])
    starts = np.where(rows.any(axis=-1), (rows != 0).argmax(axis=-1), -1)
    out = np.zeros_like(rows)
    for start in np.unique(starts[starts >= 0]):
        together, stream = starts == start, speech_stream(method, fs, **parameters)
        ready = stream.push(rows[together])
        out[together] = np.concatenate([ready, stream.flush()], axis=-1)
    return out.reshape(noisy.shape)
