"""Gains on the spectrum of a signal that comes in pieces: what a live or an hours-long input needs."""

from collections.abc import Callable

import numpy as np
import scipy.fft

from biosig.checks import as_signal, check_rate
from biosig.errors import SignalError
from biosig.signal.stft import n_frames, overlap_add, window_values

BLOCK = 256  # frames at work at once: bounds the memory, and keeps numpy's calls long enough to be fast


def frame_sizes(fs: float, frame_ms: float = 32.0, hop_ms: float = 8.0) -> tuple[int, int, int]:
    """Samples in a frame (even), in the hop and in the FFT (even, no less than the frame, and quick).

    Raises:
        SignalError: a hop of less than one sample or more than half a frame.

    Example:
        >>> frame_sizes(16000), frame_sizes(44100)
        ((512, 128, 512), (1412, 353, 1440))
    """
    check_rate(fs), check_rate(frame_ms, name="frame_ms"), check_rate(hop_ms, name="hop_ms")
    frame, hop = 2 * round(frame_ms * fs / 2000), round(hop_ms * fs / 1000)
    if not 1 <= hop <= frame // 2:
        raise SignalError(
            f"frames of {frame_ms:g} ms every {hop_ms:g} ms are {frame} samples every {hop} at {fs:g} Hz:"
            " expected a hop of at least one sample and at most half a frame."
        )
    return frame, hop, 2 * scipy.fft.next_fast_len(frame // 2, real=True)


class SpectralStream:
    """Analysis, a gain on every bin, and synthesis, on a signal that comes in pieces of any length.

    Frames are those of ``biosig.signal.stft.stft(…, pad_mode="reflect")`` with a root-Hann window, and what
    comes out, put together, is the ``istft`` of the spectra times the gains, however the input was cut.
    Zeros before the first sample that is not zero are returned as they are and start no frame, or a file
    with a silent head would teach a noise tracker that there is no noise.

    Args:
        step: takes the power |Y|² of each frame in turn, shape (..., bins), and gives its gains, same shape.
        fs: rate in Hz.
        frame_ms, hop_ms: length of a frame and step to the next.

    Raises:
        SignalError: impossible sizes.

    Example:
        >>> stream = SpectralStream(lambda power: np.full_like(power, 0.5), fs=8000)
        >>> pieces = [stream.push(np.ones(500)), stream.push(np.ones(500)), stream.flush()]
        >>> [piece.size for piece in pieces], bool(np.allclose(np.concatenate(pieces), 0.5))
        ([256, 512, 232], True)
    """

    def __init__(
        self,
        step: Callable[[np.ndarray], np.ndarray],
        fs: float,
        frame_ms: float = 32.0,
        hop_ms: float = 8.0,
    ):
        self.frame, self.hop, self.n_fft = frame_sizes(fs, frame_ms, hop_ms)
        self._step, self._window = step, np.sqrt(np.hanning(self.frame + 1)[:-1])
        window_values(self._window, self.n_fft, self.hop)  # raises where there is no inverse
        self._pending: np.ndarray | None = None  # samples (..., m) from the start of the next frame on
        self._recent: np.ndarray | None = None  # the last frame's worth of input, to reflect at the end
        self._sum: np.ndarray | float = 0.0  # (..., frame - hop): windowed frames, to which later ones add
        self._weight: np.ndarray | float = 0.0  # (frame - hop,): squared windows, likewise
        self._begun, self._channels = False, ()
        self._received = self._returned = 0  # samples, without the silent head
        self._drop = self.frame // 2  # samples that only the reflected head reaches

    def push(self, x: np.ndarray) -> np.ndarray:
        """Take more samples, (..., m), and give those that are ready, (..., k); at most a frame is held back.

        Raises:
            SignalError: NaN or infinite samples.
        """
        x = as_signal(x, "noisy")
        self._channels = x.shape[:-1]
        silent = 0 if self._pending is not None else _leading_zeros(x)
        if silent == x.shape[-1]:
            return x.copy()
        self._take(x[..., silent:])
        if not self._begun and self._received >= self.frame:
            self._begin()
        ready = self._advance() if self._begun else x[..., :0]
        self._returned += ready.shape[-1]
        return np.concatenate([x[..., :silent], ready], axis=-1)

    def flush(self) -> np.ndarray:
        """The samples still owed when the input has ended, (..., k): as many come out as went in."""
        if self._pending is None:  # silence, all of it returned
            return np.zeros((*self._channels, 0))
        owed = self._received - self._returned
        if not self._begun:  # shorter than a frame
            self._take(np.zeros((*self._pending.shape[:-1], self.frame - self._received)))
            self._begin()
        centres = n_frames(self._received, self.hop) - 1
        beyond = centres * self.hop + self.frame - self.frame // 2 - self._received
        self._pending = np.concatenate([self._pending, self._recent[..., -2 : -2 - beyond : -1]], axis=-1)
        ready = self._advance()[..., :owed]
        rest = owed - ready.shape[-1]
        return np.concatenate([ready, self._sum[..., :rest] / self._weight[:rest]], axis=-1)

    def _take(self, x: np.ndarray) -> None:
        """Append to what waits."""
        if self._pending is None:
            self._pending = self._recent = x[..., :0]
        self._pending = np.concatenate([self._pending, x], axis=-1)
        self._recent = np.concatenate([self._recent, x], axis=-1)[..., -self.frame :]
        self._received += x.shape[-1]

    def _begin(self) -> None:
        """Reflect the head, so that the first frame is centred on the first sample."""
        head = self._pending[..., self.frame // 2 : 0 : -1]
        self._pending, self._begun = np.concatenate([head, self._pending], axis=-1), True

    def _advance(self) -> np.ndarray:
        """All frames that are complete; the samples no later frame will touch."""
        pieces = [self._pending[..., :0]]
        while self._pending.shape[-1] >= self.frame:
            complete = 1 + (self._pending.shape[-1] - self.frame) // self.hop
            pieces.append(self._block(min(BLOCK, complete)))
        return np.concatenate(pieces, axis=-1)

    def _block(self, count: int) -> np.ndarray:
        """The next ``count`` frames."""
        frames = np.lib.stride_tricks.sliding_window_view(self._pending, self.frame, axis=-1)
        frames = frames[..., : count * self.hop : self.hop, :] * self._window
        spectra = np.fft.rfft(frames, self.n_fft, axis=-1)
        power = spectra.real**2 + spectra.imag**2
        with np.errstate(under="ignore"):  # next to nothing may become nothing, whatever others have set
            gains = [self._step(frame) for frame in np.moveaxis(power, -2, 0)]
        spectra *= np.stack(gains, axis=-2)
        changed = np.fft.irfft(spectra, self.n_fft, axis=-1)[..., : self.frame] * self._window
        return self._overlap(changed, count * self.hop)

    def _overlap(self, frames: np.ndarray, ready: int) -> np.ndarray:
        """Add frames (..., count, frame) to the sums that are open, and close the first ``ready`` samples."""
        total = overlap_add(frames, self.hop)
        weight = overlap_add(np.broadcast_to(self._window**2, frames.shape[-2:]), self.hop)
        total[..., : self.frame - self.hop] += self._sum
        weight[: self.frame - self.hop] += self._weight
        self._sum, self._weight = total[..., ready:], weight[ready:]
        self._pending = self._pending[..., ready:]
        first = min(self._drop, ready)
        self._drop -= first
        return total[..., first:ready] / weight[first:ready]


def _leading_zeros(x: np.ndarray) -> int:
    """Samples before the first that is not zero in every channel."""
    awake = x.reshape(-1, x.shape[-1]).any(axis=0)
    return int(awake.argmax()) if awake.any() else x.shape[-1]


class Framed:
    """A step that takes frames of one size, on a signal that comes in pieces of any size.

    What comes out lies on what went in: the step's delay is taken off the head, and silence is fed after the end. At
    most ``size + late`` samples are held back, whatever the pieces.

    Args:
        step: one frame (size,) in, one out, with whatever it remembers.
        size: samples in a frame.
        late: by how many samples the step's output lags behind its input.

    Raises:
        SignalError: a size below 1 or a negative delay.

    Example:
        >>> halved = Framed(lambda frame: frame / 2, size=4)
        >>> [halved.push(np.ones(3)).size, halved.push(np.ones(3)).size, halved.flush().size]
        [0, 4, 2]
    """

    def __init__(self, step: Callable[[np.ndarray], np.ndarray], size: int, late: int = 0):
        if size < 1 or late < 0:
            raise SignalError(f"frames of {size} samples, {late} late: expected at least 1, and no less than 0.")
        self.size, self.late, self._step = size, late, step
        self._waiting, self._drop, self._owed = np.zeros(0), late, 0

    def push(self, x: np.ndarray) -> np.ndarray:
        """Take more samples, (m,), and give those that are ready, (k,).

        Raises:
            SignalError: NaN or infinite samples, or several channels.
        """
        x = as_signal(x, "noisy", mono=True)
        self._owed += x.size
        return self._advance(x)

    def flush(self) -> np.ndarray:
        """The samples still owed when the input has ended, (k,): as many come out as went in."""
        owed = self._owed
        fed = -(self._waiting.size + self.late) % self.size + self.late if owed else 0
        return self._advance(np.zeros(fed))[:owed]

    def _advance(self, x: np.ndarray) -> np.ndarray:
        """Every frame that is whole."""
        x = np.concatenate([self._waiting, x])
        whole = x.size - x.size % self.size
        self._waiting = x[whole:]
        frames = [self._step(frame) for frame in x[:whole].reshape(-1, self.size)]
        ready = np.concatenate([np.zeros(0), *frames])
        first = min(self._drop, ready.size)
        self._drop -= first
        ready = ready[first:]
        self._owed -= ready.size
        return ready
