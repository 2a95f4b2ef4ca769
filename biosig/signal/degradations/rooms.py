"""Reverberation: simulated shoebox rooms by image sources, and decaying noise that needs no room at all."""

from dataclasses import dataclass

import numpy as np
import scipy.signal

from biosig.checks import as_signal, check_rate
from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal.degradations.array_rooms import Point, shoebox_responses

SMALLEST_M, LARGEST_M = (3.0, 3.0, 2.4), (8.0, 6.0, 3.5)  # a small office to a classroom
FROM_WALL_M, APART_M = 0.5, 0.5


@dataclass(frozen=True)
class Room:
    """A shoebox room with one source and one microphone in it, in m, and its RT60 in s."""

    size: Point
    source: Point
    microphone: Point
    rt60_s: float

    def __post_init__(self):
        if len(self.size) != 3 or not min(self.size) > 0 or not np.isfinite(self.size).all():
            raise SignalError(f"room size is {self.size}: expected three positive lengths in m.")
        for name in ("source", "microphone"):
            place = getattr(self, name)
            if len(place) != 3 or not all(0 < p < edge for p, edge in zip(place, self.size, strict=True)):
                raise SignalError(f"{name} is at {place} m: expected it inside {self.size} m.")
        if self.source == self.microphone:
            raise SignalError(f"source and microphone are both at {self.source} m: expected them apart.")
        check_rate(self.rt60_s, name="rt60_s")


def draw_room(*names: object, rt60_s: tuple[float, float] = (0.2, 0.8)) -> Room:
    """A room drawn by name: size from 3 × 3 × 2.4 m to 8 × 6 × 3.5 m, RT60 uniform in the given range.

    Source and microphone lie at least 0.5 m from every wall and 0.5 m from each other.
    """
    rng = rng_for("simulated", "room", *names)
    size = rng.uniform(SMALLEST_M, LARGEST_M)
    rt60 = float(rng.uniform(*rt60_s))
    source = microphone = size / 2
    while np.linalg.norm(source - microphone) < APART_M:
        source, microphone = rng.uniform(FROM_WALL_M, size - FROM_WALL_M, size=(2, 3))
    return Room(*(tuple(map(float, place)) for place in (size, source, microphone)), rt60_s=rt60)


def image_source_response(room: Room, fs: float, max_order: int | None = None) -> np.ndarray:
    """Impulse response of a simulated room by image sources (Allen and Berkley, 1979), shape (m,).

    All walls absorb alike, as Sabine's formula asks for the room's RT60; the response of a shoebox is only
    near that time. It begins with the sound's way to the microphone, whose end :func:`direct_path` gives.

    Args:
        room: where.
        fs: rate in Hz, a whole number.
        max_order: most reflections on a path; None takes as many as the RT60 needs.

    Raises:
        ConfigError: ``pyroomacoustics`` is not installed.
        SignalError: an RT60 too short for the room, or an impossible rate or order.
    """
    return shoebox_responses(room.size, room.rt60_s, (room.source,), (room.microphone,), fs, max_order)[0, 0]


def decaying_response(
    fs: float, rt60_s: float, *names: object, direct_to_reverberant_db: float = 0.0
) -> np.ndarray:
    """A synthetic impulse response: the direct sound, then Gaussian noise that falls by 60 dB in ``rt60_s``.

    h(0) = 1 and h(t) = s·g(t)·10^(-3t/RT60) after it (Polack, 1988), with s such that 1 / Σ_{t>0} h² is
    exactly the direct-to-reverberant ratio. Shape (1 + round(fs·rt60_s),).

    Raises:
        SignalError: a rate or time that is not positive, a ratio that is not finite.
    """
    n = round(check_rate(fs) * check_rate(rt60_s, name="rt60_s"))
    if n < 1 or not np.isfinite(direct_to_reverberant_db):
        ratio = f"{direct_to_reverberant_db} dB"
        raise SignalError(f"a tail of {n} samples at {ratio}: expected some samples and a finite ratio.")
    noise = rng_for("synthetic", "reverberation", *names).standard_normal(n)
    tail = noise * 10 ** (-3 * np.arange(1, n + 1) / (fs * rt60_s))
    tail *= np.sqrt(10 ** (-direct_to_reverberant_db / 10) / np.square(tail).sum())
    return np.concatenate([[1.0], tail])


def reverberate(dry: np.ndarray, response: np.ndarray) -> np.ndarray:
    """The signal as heard through an impulse response, without the delay of the direct sound.

    The convolution, starting where the direct sound arrives, cut to the input's length: wet and dry line up,
    so that measures need no alignment. The level changes by the direct sound's.

    Args:
        dry: shape (..., n).
        response: shape (m,).

    Returns:
        Shape (..., n).

    Raises:
        SignalError: NaN, or a silent response.
    """
    dry, start = as_signal(dry, "dry"), direct_path(response)
    response = as_signal(response, "response").reshape((1,) * (dry.ndim - 1) + (-1,))
    return scipy.signal.oaconvolve(dry, response, axes=-1)[..., start : start + dry.shape[-1]]


def direct_path(response: np.ndarray) -> int:
    """The sample at which the direct sound arrives: the first peak of |h| half as high as the highest.

    The highest itself may be a pile of reflections.

    Raises:
        SignalError: not one finite channel, or silent.
    """
    response = as_signal(response, "response", mono=True)
    if not response.any():
        raise SignalError("response is silent (all zeros): expected an impulse response.")
    size = np.abs(response)
    place = int((size >= size.max() / 2).argmax())
    while place + 1 < size.size and size[place + 1] > size[place]:
        place += 1
    return place


def split_response(response: np.ndarray, fs: float, early_ms: float = 50.0) -> tuple[np.ndarray, np.ndarray]:
    """Early and late part of a response, both of its shape (m,), whose sum it is.

    Early is all up to ``early_ms`` after the direct sound: it helps understanding, the rest smears.
    """
    end = direct_path(response) + 1 + round(early_ms / 1000 * check_rate(fs))
    early = as_signal(response).copy()
    early[end:] = 0
    return early, response - early
