"""WPE: predict the late part of a room's echo from what was heard before, and take it away.

Weighted prediction error, each frequency bin by itself (Nakatani et al., 2010; Yoshioka and Nakatani, 2012). With y_t
the spectra of the D microphones at frame t, and ỹ_t the K frames y_{t-Δ} … y_{t-Δ-K+1} in one column,

    x_t = y_t - Gᴴ ỹ_t,   G = R⁻¹ P,   R = Σ_t ỹ_t ỹ_tᴴ / λ_t,   P = Σ_t ỹ_t y_tᴴ / λ_t

in which λ_t is the power of the speech, first taken from y and then, some times over, from x. The delay Δ leaves alone
what frames share because they overlap, and the early reflections, which help. Symbols:
    D channels   T frames   F bins   B bins at work at once   K taps   Δ delay, frames
"""

from collections.abc import Iterator

import numpy as np
import scipy  # scipy.linalg loads at its first use: tables are shown without it

from biosig.checks import as_signal
from biosig.errors import SignalError
from biosig.signal.stft import istft, stft
from biosig.signal.streaming import frame_sizes

FLOOR = 1e-10  # of the greatest power: no frame counts more than this many times another
LEAST_PIVOT = 1e-7  # of the greatest: a Cholesky factor below is that of a singular matrix, whose square has 1e-14
BLOCK, SMALL = 2**18, 24  # numbers at work at once; the largest K·D of which a whole product is faster than half a one
TAPS, DELAY, ITERATIONS, FORGETTING = 10, 3, 3, 0.9999


def wpe(spectra: np.ndarray, taps: int = TAPS, delay: int = DELAY, iterations: int = ITERATIONS) -> np.ndarray:
    """Take late reverberation off the spectra of one or more microphones, all frames at once.

    Yoshioka and Nakatani (2012, Table I) with a filter of one length in all bins; every channel comes out, dry.

    Args:
        spectra: complex, shape (D, T, F).
        taps: K, frames that predict.
        delay: Δ, frames from the newest of them to the one that is predicted.
        iterations: how often the power and the filter are estimated.

    Returns:
        Complex, shape (D, T, F).

    Raises:
        SignalError: other shapes, NaN, impossible counts, or no more frames than a filter has coefficients.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> dry = rng.standard_normal((1, 400, 1)) + 1j * rng.standard_normal((1, 400, 1))
        >>> wet = dry.copy()
        >>> for t in range(3, 400):
        ...     wet[0, t] += 0.8 * wet[0, t - 3]
        >>> left = wpe(wet, taps=1, iterations=10) - dry
        >>> bool(np.linalg.norm(left) < 0.2 * np.linalg.norm(wet - dry))
        True
    """
    return without_prediction(spectra, wpe_filters(spectra, taps, delay, iterations), delay)


def wpe_filters(
    spectra: np.ndarray, taps: int = TAPS, delay: int = DELAY, iterations: int = ITERATIONS
) -> np.ndarray:
    """The filters G with which :func:`wpe` predicts, shape (F, K·D, D); arguments and errors are the same."""
    spectra = _checked(spectra, taps, delay)
    if not _whole(iterations) or iterations < 1:
        raise SignalError(f"iterations is {iterations!r}: expected a whole number from 1.")
    channels, frames, bins = spectra.shape
    if frames <= taps * channels + delay:
        raise SignalError(
            f"spectra have {frames} frames: expected more than {taps} taps × {channels} channels + {delay}, or a filter"
            " could predict anything."
        )
    return np.concatenate([_filters(y, taps, delay, iterations) for y in _blocks(spectra, taps)])


def without_prediction(spectra: np.ndarray, filters: np.ndarray, delay: int = DELAY) -> np.ndarray:
    """x = y - Gᴴ ỹ: linear, so that parts of what was heard may be sent through one by one.

    Args:
        spectra: y, shape (D, T, F).
        filters: G, shape (F, K·D, D).
        delay: Δ that they were made for.

    Returns:
        Complex, shape (D, T, F).

    Raises:
        SignalError: filters for another number of channels or bins.
    """
    spectra, filters = np.asarray(spectra), np.asarray(filters)
    channels, _, bins = spectra.shape
    if filters.ndim != 3 or filters.shape[::2] != (bins, channels) or filters.shape[1] % channels:
        raise SignalError(
            f"filters have shape {filters.shape}: expected ({bins}, taps × {channels}, {channels}) for these spectra."
        )
    taps, out, at = filters.shape[1] // channels, np.empty(spectra.shape, complex), 0
    for y in _blocks(spectra, taps):
        here = slice(at, at + len(y))
        out[..., here] = (y - past_frames(y, taps, delay) @ filters[here].conj()).T
        at += len(y)
    return out


def _blocks(spectra: np.ndarray, taps: int) -> Iterator[np.ndarray]:
    """The bins, some at a time, each in one piece: (B, T, D)."""
    channels, frames, bins = spectra.shape
    together = max(1, BLOCK // (frames * channels * (taps + 1)))
    for first in range(0, bins, together):
        yield np.ascontiguousarray(spectra[..., first : first + together].T)


def _filters(y: np.ndarray, taps: int, delay: int, iterations: int) -> np.ndarray:
    """G of some bins, (B, T, D) → (B, K·D, D)."""
    past, x = past_frames(y, taps, delay), y
    both, filters = np.concatenate([past, y], axis=2), None
    for _ in range(iterations):
        if filters is not None:
            x = y - past @ filters.conj()
        filters = prediction_filters(both * np.sqrt(1 / power_of(x))[..., None], past.shape[2])
    return filters


def past_frames(y: np.ndarray, taps: int, delay: int) -> np.ndarray:
    """ỹ of every frame, oldest first, with zeros before the beginning: (B, T, D) → (B, T, K·D)."""
    bins, frames, channels = y.shape
    padded = np.concatenate([np.zeros((bins, taps + delay - 1, channels), y.dtype), y], axis=1)
    flat = padded[:, : frames + taps - 1].reshape(bins, -1)
    return np.lib.stride_tricks.sliding_window_view(flat, taps * channels, axis=1)[:, ::channels]


def power_of(x: np.ndarray) -> np.ndarray:
    """λ of every frame, the mean power of its channels and never next to nothing: (B, T, D) → (B, T)."""
    power = np.mean(x.real**2 + x.imag**2, axis=2)
    most = power.max(axis=1, keepdims=True)
    return np.where(most > 0, np.maximum(power, FLOOR * most), 1)


def prediction_filters(weighted: np.ndarray, size: int) -> np.ndarray:
    """G = R⁻¹ P from (ỹ, y) / √λ side by side, shape (B, T, K·D + D); ``size`` is K·D. Shape (B, K·D, D).

    R and P are parts of one Hermitian product; of a large one only a half is computed. Where R is singular (two
    channels alike, silence) the smallest of all filters that predict as well is taken.
    """
    if size <= SMALL:
        joint = weighted[..., :size].swapaxes(1, 2) @ weighted.conj()
    else:
        joint = np.stack([scipy.linalg.blas.zherk(1.0, one.T) for one in weighted])
    return np.stack([_solved(one[:size, :size], one[:size, size:]) for one in joint])


def _solved(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """R⁻¹ P, of whose R the upper half is read."""
    factor, solved, failed = scipy.linalg.lapack.zposv(matrix, right)
    pivots = factor.diagonal().real
    if failed or pivots.min() < LEAST_PIVOT * pivots.max():
        whole = np.triu(matrix) + np.triu(matrix, 1).conj().T
        return np.linalg.pinv(whole, rcond=LEAST_PIVOT**2, hermitian=True) @ right
    return solved


class RecursiveWPE:
    """WPE on frames as they come, its filters updated with each by recursive least squares.

    Old frames count less and less: ``forgetting`` to the power of their age. λ is the mean power of the latest
    K + Δ - 1 frames as they were heard, since nothing drier is known yet.

    Args:
        channels, bins: D and F.
        taps, delay: K and Δ as for :func:`wpe`.
        forgetting: α, from 0 (excluded) to 1.

    Raises:
        SignalError: impossible counts or forgetting.

    Example:
        >>> stream = RecursiveWPE(channels=2, bins=5)
        >>> stream.step(np.ones((2, 5))).shape
        (2, 5)
    """

    def __init__(
        self, channels: int, bins: int, taps: int = TAPS, delay: int = DELAY, forgetting: float = FORGETTING
    ):
        _check_counts(taps, delay)
        if not 0 < forgetting <= 1:
            raise SignalError(f"forgetting is {forgetting!r}: expected more than 0 and at most 1.")
        for name, count in (("channels", channels), ("bins", bins)):
            if not _whole(count) or count < 1:
                raise SignalError(f"{name} is {count!r}: expected a whole number from 1.")
        self.shape, self._taps, self._forgetting = (int(channels), int(bins)), taps, forgetting
        size = taps * channels
        self._past = np.zeros((bins, taps + delay, channels), complex)  # y_{t-Δ-K} … y_{t-1}
        self._filters = np.zeros((bins, size, channels), complex)
        self._inverse = np.repeat(np.eye(size, dtype=complex)[None], bins, axis=0)  # of R

    def step(self, frame: np.ndarray) -> np.ndarray:
        """The next frame, dry: (D, F) → (D, F).

        Raises:
            SignalError: another shape, or NaN.
        """
        frame = np.asarray(frame, complex)
        if frame.shape != self.shape or not np.isfinite(frame).all():
            raise SignalError(f"frame has shape {frame.shape}: expected {self.shape}, all finite.")
        now = frame.T
        self._past = np.concatenate([self._past[:, 1:], now[:, None]], axis=1)  # y_{t-Δ-K+1} … y_t
        past = self._past[:, : self._taps].reshape(now.shape[0], -1)
        error = now - (self._filters.swapaxes(1, 2).conj() @ past[..., None])[..., 0]
        self._update(past, error)
        return error.T

    def _update(self, past: np.ndarray, error: np.ndarray) -> None:
        """One step of recursive least squares: the gain k, then the filters and R⁻¹."""
        recent = self._past[:, 1:]
        power = np.mean(recent.real**2 + recent.imag**2, axis=(1, 2))
        seen = (self._inverse @ past[..., None])[..., 0]
        below = self._forgetting * power + np.sum(past.conj() * seen, axis=1).real
        gain = seen / np.maximum(below, max(FLOOR * below.max(), np.finfo(float).tiny))[:, None]
        self._filters += gain[..., None] * error[:, None].conj()
        self._inverse -= gain[..., None] * seen[:, None].conj()  # R⁻¹ is Hermitian: ỹᴴ R⁻¹ = (R⁻¹ ỹ)ᴴ
        self._inverse /= self._forgetting


def recursive_wpe(
    spectra: np.ndarray, taps: int = TAPS, delay: int = DELAY, forgetting: float = FORGETTING
) -> np.ndarray:
    """All frames through :class:`RecursiveWPE`, one after the other: (D, T, F) → (D, T, F)."""
    spectra = _checked(spectra, taps, delay)
    stream = RecursiveWPE(spectra.shape[0], spectra.shape[2], taps, delay, forgetting)
    return np.stack([stream.step(frame) for frame in spectra.swapaxes(0, 1)], axis=1)


def dereverberate(
    x: np.ndarray, fs: float, *, recursive: bool = False, frame_ms: float = 32.0, hop_ms: float = 8.0, **options
) -> np.ndarray:
    """WPE from signals to signals.

    Args:
        x: what D microphones heard at the same time, shape (D, n), or one, (n,).
        fs: rate in Hz.
        recursive: with :func:`recursive_wpe` and nothing of what is still to come; else :func:`wpe`.
        frame_ms, hop_ms: frames and step, square-root Hann windows.
        options: of the one or the other.

    Returns:
        Same shape.

    Raises:
        SignalError: NaN, another shape, too short, or impossible options.
    """
    signal = as_signal(x, "noisy")
    if signal.ndim > 2:
        raise SignalError(f"noisy has shape {signal.shape}: expected (channels, n), or (n,).")
    frame, hop, n_fft = frame_sizes(fs, frame_ms, hop_ms)
    window = np.sqrt(np.hanning(frame + 1)[:-1])  # periodic
    method = recursive_wpe if recursive else wpe
    dry = method(stft(np.atleast_2d(signal), n_fft, hop, window), **options)
    return istft(dry, n_fft, hop, window, length=signal.shape[-1]).reshape(signal.shape)


def _checked(spectra: np.ndarray, taps: int, delay: int) -> np.ndarray:
    _check_counts(taps, delay)
    spectra = np.asarray(spectra)
    if spectra.ndim != 3 or 0 in spectra.shape:
        raise SignalError(f"spectra have shape {spectra.shape}: expected (channels, frames, bins).")
    if not np.isfinite(spectra).all():
        raise SignalError("spectra hold NaN or infinite values: expected finite ones.")
    return spectra.astype(np.complex128, copy=False)


def _check_counts(taps: int, delay: int) -> None:
    for name, count in (("taps", taps), ("delay", delay)):
        if not _whole(count) or count < 1:
            raise SignalError(f"{name} is {count!r}: expected a whole number of frames from 1.")


def _whole(count: object) -> bool:
    return isinstance(count, int | np.integer) and not isinstance(count, bool)
