"""What the network sees: a noisy sentence and its EMG as frames, (T, 257 + 2 + E), see :mod:`biosig.models.emgse`."""

from dataclasses import dataclass

import numpy as np

from biosig.errors import SignalError
from biosig.signal.emg_features import ROUNDING, td_features
from biosig.signal.log_spectrogram import log1p_magnitude
from biosig.signal.paired import Channels

CONTEXT = 15
SLACK = 4  # frames by which EMG and sound of one sentence may differ


@dataclass(frozen=True)
class EmgFrames:
    """The EMG of a sentence, stacked and scaled when asked for: TD15 takes 31 times as much memory as TD.

    Attributes:
        padded: features with 15 frames of zeros before and after, (T + 30, C, 5), float32.
        low, span: what the scaling takes off and divides by, shaped as a stacked frame in the ``order``.
        order: "paper" (C, 31, 5) or "official" (31, C, 5).
    """

    padded: np.ndarray
    low: np.ndarray
    span: np.ndarray
    order: str

    def __len__(self) -> int:
        return len(self.padded) - 2 * CONTEXT

    def rows(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Frames ``start`` to ``stop`` of TD15: float32 (stop - start, C·31·5)."""
        stop = len(self) if stop is None else stop
        view = np.lib.stride_tricks.sliding_window_view(self.padded[start : stop + 2 * CONTEXT], 2 * CONTEXT + 1, 0)
        stacked = np.moveaxis(view, -1, 2 if self.order == "paper" else 1)
        return ((stacked - self.low) / self.span).reshape(stop - start, -1)


def emg_frames(emg: Channels, frames: int, order: str = "paper") -> EmgFrames:
    """TD15 of EMG for a sentence of ``frames`` frames; zeros where the EMG ends a little earlier, as in the code.

    The same numbers as :func:`biosig.signal.emg_features.td15`, but for those last frames; float32.

    Raises:
        SignalError: the EMG has another number of frames than the sound, by more than four.
    """
    found = td_features(emg.signal, emg.fs, variant=order)
    if abs(len(found) - frames) > SLACK:
        raise SignalError(f"{emg.item} has {len(found)} frames of EMG and {frames} of sound: expected the same.")
    found = found[:frames]
    if order == "official":
        low, high = found.min(axis=0), found.max(axis=0)
        found, low, span = (found - low) / _span(low, high), np.zeros(1), np.ones(1)
    else:
        low, high = _stacked_range(found)
        span = _span(low, high)
    flat = np.isinf(span)
    low = np.where(flat, 0, low)
    padded = np.pad(found, [(CONTEXT, CONTEXT + frames - len(found)), (0, 0), (0, 0)])
    return EmgFrames(*(x.astype(np.float32) for x in (padded, low, span)), order)


def noisy_frames(noisy: np.ndarray, emg: EmgFrames | None = None, deaf: bool = False) -> np.ndarray:
    """All frames of a noisy signal (n,), float32 (T, 257 + 2 + E).

    Args:
        noisy: the signal.
        emg: its EMG; None for a network that only hears.
        deaf: put a constant in the place of the spectrum: the network sees EMG alone.
    """
    spectrum, low, span = scaled(log1p_magnitude(noisy))
    if deaf:
        spectrum, low, span = np.zeros_like(spectrum), 0.0, 0.0
    parts = [spectrum, np.broadcast_to(np.float32([low, span]), (len(spectrum), 2))]
    if emg is not None:
        parts.append(emg.rows())
    return np.concatenate(parts, axis=1, dtype=np.float32)


def scaled(spectrum: np.ndarray) -> tuple[np.ndarray, float, float]:
    """A spectrogram (T, 257) scaled to 0 … 1 over all of it, float32, and what was taken off and divided by.

    Silence, which has no range, becomes 0.
    """
    low, high = float(spectrum.min()), float(spectrum.max())
    span = high - low
    return ((spectrum - low) / (span or 1.0)).astype(np.float32), low, span


def _stacked_range(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest value of each number of a stacked frame over the sentence, zeros beyond the ends included.

    A frame at distance d from the middle holds all features but the |d| first or last, and |d| zeros: running minima
    from both ends give the ranges without stacking anything. Shapes (C, 31, 5).
    """
    ranges = []
    for reduce in (np.minimum, np.maximum):
        from_start, from_end = reduce.accumulate(found), reduce.accumulate(found[::-1])
        columns = []
        for d in range(-CONTEXT, CONTEXT + 1):
            kept = len(found) - abs(d)
            own = (from_start if d < 0 else from_end)[kept - 1] if kept > 0 else np.zeros(found.shape[1:])
            columns.append(reduce(own, 0) if d else own)
        ranges.append(np.stack(columns, axis=1))
    return ranges[0], ranges[1]


def _span(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The range of values, infinite where there is none: what does not vary becomes 0."""
    span = high - low
    return np.where(span <= ROUNDING * np.maximum(np.abs(low), np.abs(high)), np.inf, span)
