"""Systems on sound of any length, in bounded memory: pushed in blocks, each of what it takes comes out once.

A stream takes one channel in pieces, ``push(x (m,)) -> (k,)``, and gives what it still owes at the end,
``flush() -> (k,)``: as many samples come out as went in, late by what the stream has to hold back. The
classical systems are streams already (:class:`biosig.signal.streaming.SpectralStream`); :class:`Windowed`
makes one of any system, :class:`AtRate` lets a stream work at another rate, and :class:`Channels` runs one
for each channel. How the input was cut into blocks changes nothing but the last bits.
"""

import functools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import numpy as np
import scipy  # scipy.signal loads at its first use: tables are shown without it

from biosig.checks import as_signal, check_rate
from biosig.errors import SignalError
from biosig.signal.enhancement import METHODS, OTHER_TRACKERS, speech_stream

WINDOW_S, OVERLAP_S = 10.0, 1.0  # the papers' segments, and the longest signal that goes through in one pass
SHORTEST_S = 0.5  # what is shorter is padded with silence: no system has to know of it
CROSSINGS = 32  # of the resampling filter's impulse response, on either side
CUTOFF, BETA = 0.95, 8.0  # -6 dB at 0.95 of the lower Nyquist frequency, flat to 0.87, -80 dB from 1.03


class Stream(Protocol):
    """What takes a signal in pieces and gives as many samples back."""

    def push(self, x: np.ndarray) -> np.ndarray:
        """Take more, give what is ready."""

    def flush(self) -> np.ndarray:
        """What is still owed."""


def in_blocks(stream: Stream, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Blocks (..., m) through a stream, to its end: blocks of other lengths, none of them empty.

    Example:
        >>> halved = Windowed(lambda x, fs: x / 2, fs=10, window_s=10, overlap_s=1)
        >>> [block.size for block in in_blocks(halved, [np.ones(70)] * 5)]
        [90, 90, 170]
    """
    for block in blocks:
        ready = stream.push(block)
        if ready.shape[-1]:
            yield ready
    rest = stream.flush()
    if rest.shape[-1]:
        yield rest


def classical_stream(name: str, fs: float) -> Stream:
    """A system of ``biosig.signal.enhancement.CLASSICAL_SPEECH`` as a stream, at any rate.

    Raises:
        SignalError: another name, or a rate too low for its frames.
    """
    method, _, short = name.rpartition("_")
    if name in METHODS:
        return speech_stream(name, fs)
    if method in METHODS and short in OTHER_TRACKERS:
        return speech_stream(method, fs, tracker=OTHER_TRACKERS[short])
    raise SignalError(f"{name!r} is no classical system: expected one of {', '.join(METHODS)}, or with _vad or _ms.")


class Unchanged:
    """The stream that does nothing."""

    def push(self, x: np.ndarray) -> np.ndarray:
        """``x``."""
        return x

    def flush(self) -> np.ndarray:
        """Nothing."""
        return np.zeros(0)


def fade(size: int, overlap: int) -> np.ndarray:
    """The weights of a window's samples before they are normed, (size,): ramps of ``overlap`` samples at both ends."""
    ramp = np.minimum(np.arange(size) + 1, np.arange(size, 0, -1)) / overlap
    return np.minimum(ramp, 1)


class Windowed:
    """A system that hears all it is given at once, in windows that overlap and are cross-faded.

    The windows, and where the last one lies (it ends with the signal), are those of
    ``biosig.training.inference.Denoiser``, which has the whole signal. At most two windows are held back.

    Args:
        system: (noisy (n,), fs) → same shape.
        fs: rate in Hz.
        window_s: length of a window.
        overlap_s: by how much two overlap at least; the last two overlap by more.

    Raises:
        SignalError: an overlap that is not shorter than the window.
    """

    def __init__(
        self,
        system: Callable[[np.ndarray, float], np.ndarray],
        fs: float,
        window_s: float = WINDOW_S,
        overlap_s: float = OVERLAP_S,
    ):
        self._system, self._fs, self._size = system, check_rate(fs), round(window_s * fs)
        overlap = round(overlap_s * fs)
        if not 1 <= overlap < self._size:
            raise SignalError(f"windows of {window_s:g} s overlap by {overlap_s:g} s: expected less, and some.")
        self._fade, self._hop = fade(self._size, overlap), self._size - overlap
        self._next = 0  # where in the input the next window starts: 0, and later the hop
        self._input = np.zeros(0)  # from the start of the last window on
        self._sum, self._weight = np.zeros(0), np.zeros(0)  # windows faded and added up, from there on

    def push(self, x: np.ndarray) -> np.ndarray:
        """Take more, (m,), and give what no later window reaches, (k,)."""
        self._input = np.concatenate([self._input, as_signal(x, "noisy", mono=True)])
        ready = [np.zeros(0)]
        while self._input.size > self._next + self._size:  # else this may be the last one, and lie elsewhere
            self._add(self._next)
            ready.append(self._give(self._next))
            self._next = self._hop
        return np.concatenate(ready)

    def flush(self) -> np.ndarray:
        """The rest, (k,)."""
        n = self._input.size
        if n <= self._size and not self._next:
            return self._short()
        self._add(n - self._size)
        return self._give(n)

    def _short(self) -> np.ndarray:
        """All of a signal that fits into one window."""
        n = self._input.size
        if not n:
            return np.zeros(0)
        least = min(round(SHORTEST_S * self._fs), self._size)
        return self._run(np.pad(self._input, (0, max(0, least - n))))[:n]

    def _add(self, start: int) -> None:
        """The window that starts here."""
        longer = (0, start + self._size - self._sum.size)
        self._sum, self._weight = np.pad(self._sum, longer), np.pad(self._weight, longer)
        self._sum[start:] += self._fade * self._run(self._input[start : start + self._size])
        self._weight[start:] += self._fade

    def _give(self, count: int) -> np.ndarray:
        """The first samples, which are complete, and let go of them."""
        ready = self._sum[:count] / self._weight[:count]
        self._input, self._sum, self._weight = self._input[count:], self._sum[count:], self._weight[count:]
        return ready

    def _run(self, window: np.ndarray) -> np.ndarray:
        out = np.asarray(self._system(window, self._fs), dtype=np.float64)
        if out.shape != window.shape or not np.isfinite(out).all():
            raise SignalError(f"the system gave NaN or shape {out.shape}: expected finite {window.shape}.")
        return out


class Resampler:
    """Polyphase resampling of a signal that comes in pieces, without delay and as if it were whole.

    y(m) = Σ_k x(k) h(m·down - k·up), fs_out/fs_in = up/down in lowest terms; h is a low-pass at ``CUTOFF`` of
    the lower Nyquist frequency, a sinc of ``CROSSINGS`` zero crossings on either side under a Kaiser window.
    Beyond its ends the signal is taken as zero. n samples give ceil(n·up/down).

    Args:
        fs_in, fs_out: whole numbers of Hz.

    Raises:
        SignalError: rates that are not positive whole numbers.
    """

    def __init__(self, fs_in: float, fs_out: float):
        for name, fs in (("fs_in", fs_in), ("fs_out", fs_out)):
            if check_rate(fs, name=name) % 1:
                raise SignalError(f"{name} is {fs:g} Hz: expected a whole number, to resample in blocks.")
        shared = math.gcd(int(fs_in), int(fs_out))
        self._up, self._down = int(fs_out) // shared, int(fs_in) // shared
        self._taps = _low_pass(self._up, self._down)
        self._half = self._taps.size // 2
        self._lead = -self._half % self._down  # zeros, so that an output falls on the filter's centre
        self._waiting = np.zeros(0)  # input from sample self._first on, a multiple of down
        self._first = self._received = self._given = 0

    def push(self, x: np.ndarray) -> np.ndarray:
        """Take more, (m,), and give what can be known of the output, (k,)."""
        x = as_signal(x, "signal", mono=True)
        self._waiting = np.concatenate([self._waiting, x])
        self._received += x.size
        return self._until((self._received * self._up - self._half - 1) // self._down + 1)

    def flush(self) -> np.ndarray:
        """The rest, with zeros beyond the end."""
        return self._until(-(-self._received * self._up // self._down))

    def _until(self, end: int) -> np.ndarray:
        """Outputs from the last given to ``end``."""
        if end <= self._given:
            return np.zeros(0)
        taps = np.concatenate([np.zeros(self._lead), self._taps])
        skipped = (self._half + self._lead) // self._down - self._first // self._down * self._up
        y = _upfirdn(taps, self._waiting, self._up, self._down, end + skipped)
        ready = y[self._given + skipped : end + skipped]
        self._given = end
        self._forget()
        return ready

    def _forget(self) -> None:
        """Drop the input that no later output needs, in whole multiples of ``down``."""
        needed = (self._given * self._down - self._half) // self._up
        count = max(0, min(needed, self._received) - self._first) // self._down * self._down
        self._waiting, self._first = self._waiting[count:], self._first + count


def resample(x: np.ndarray, fs_in: float, fs_out: float) -> np.ndarray:
    """A whole signal (n,) through a :class:`Resampler`: ceil(n·fs_out/fs_in) samples.

    Example:
        >>> resample(np.ones(300), 48000, 16000).size
        100
    """
    if fs_in == fs_out:
        return as_signal(x, mono=True).copy()
    resampler = Resampler(fs_in, fs_out)
    return np.concatenate([resampler.push(x), resampler.flush()])


class AtRate:
    """A stream that works at another rate than its signal: resampled, and back to exactly as many samples.

    Args:
        stream: what works at ``stream_fs``.
        fs: rate of the signal in Hz, a whole number.
        stream_fs: likewise. Where it is the lower one, nothing above its half comes through.
    """

    def __init__(self, stream: Stream, fs: float, stream_fs: float):
        self._there, self._stream, self._back = Resampler(fs, stream_fs), stream, Resampler(stream_fs, fs)
        self._owed = 0

    def push(self, x: np.ndarray) -> np.ndarray:
        """Take more, (m,), and give what is ready, (k,)."""
        self._owed += x.shape[-1]
        ready = _pushed(self._back, _pushed(self._stream, self._there.push(x)))
        self._owed -= ready.size
        return ready

    def flush(self) -> np.ndarray:
        """The rest, (k,)."""
        last = [_pushed(self._stream, self._there.flush()), self._stream.flush()]
        return np.concatenate([_pushed(self._back, np.concatenate(last)), self._back.flush()])[: self._owed]


class Channels:
    """One stream for each channel: (channels, m) in, (channels, k) out; a channel waits for the others."""

    def __init__(self, streams: Iterable[Stream]):
        self._streams = list(streams)
        self._held = [np.zeros(0) for _ in self._streams]

    def push(self, x: np.ndarray) -> np.ndarray:
        """Take more of every channel, and give what is ready of all.

        Raises:
            SignalError: another number of channels.
        """
        if x.ndim != 2 or len(x) != len(self._streams):
            raise SignalError(f"block has shape {x.shape}: expected ({len(self._streams)}, samples).")
        return self._even([_pushed(stream, row) for stream, row in zip(self._streams, x, strict=True)])

    def flush(self) -> np.ndarray:
        """The rest."""
        return self._even([stream.flush() for stream in self._streams])

    def _even(self, more: list[np.ndarray]) -> np.ndarray:
        self._held = [np.concatenate(pair) for pair in zip(self._held, more, strict=True)]
        count = min(row.size for row in self._held)
        ready = np.stack([row[:count] for row in self._held])
        self._held = [row[count:] for row in self._held]
        return ready


def _pushed(stream: Stream, x: np.ndarray) -> np.ndarray:
    return stream.push(x) if x.size else x


def _upfirdn(taps: np.ndarray, x: np.ndarray, up: int, down: int, least: int) -> np.ndarray:
    """``scipy.signal.upfirdn``, followed by zeros to at least so many samples."""
    if not x.size:
        return np.zeros(least)
    y = scipy.signal.upfirdn(taps, x, up, down)
    return np.pad(y, (0, max(0, least - y.size)))


@functools.lru_cache(maxsize=8)
def _low_pass(up: int, down: int) -> np.ndarray:
    """The filter at ``up`` times the input's rate, with gain ``up``."""
    fastest = max(up, down)
    taps = scipy.signal.firwin(2 * CROSSINGS * fastest + 1, CUTOFF / fastest, window=("kaiser", BETA))
    return up * taps
