"""Several sources and microphones in one simulated room, and simulated noise that comes from everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.signal

from biosig.checks import as_signal, check_rate
from biosig.errors import ConfigError, SignalError
from biosig.signal.arrays import SOUND_SPEED, bin_frequencies, diffuse_coherence
from biosig.signal.stft import istft, stft

Point = tuple[float, float, float]
DIFFUSE_FRAME_S = 0.064


@dataclass(frozen=True)
class ArrayRoom:
    """A shoebox room with sources and microphones in it, in m, and its RT60 in s."""

    size: Point
    rt60_s: float
    sources: tuple[Point, ...]
    microphones: tuple[Point, ...]

    def __post_init__(self):
        if len(self.size) != 3 or not min(self.size) > 0 or not np.isfinite(self.size).all():
            raise SignalError(f"room size is {self.size}: expected three positive lengths in m.")
        for name, places in (("source", self.sources), ("microphone", self.microphones)):
            if not places:
                raise SignalError(f"the room has no {name}: expected at least one.")
            for place in places:
                if len(place) != 3 or not all(0 < p < edge for p, edge in zip(place, self.size, strict=True)):
                    raise SignalError(f"a {name} is at {tuple(place)} m: expected it inside {self.size} m.")
        check_rate(self.rt60_s, name="rt60_s")


def array_responses(room: ArrayRoom, fs: float, max_order: int | None = None) -> np.ndarray:
    """Impulse responses from each source to each microphone of a simulated room, shape (sources, microphones, m).

    By image sources, as :func:`biosig.signal.degradations.rooms.image_source_response`. With ``max_order`` 0 only the
    direct ways are left, at the same delays and levels.

    Raises:
        ConfigError: ``pyroomacoustics`` is not installed.
        SignalError: an RT60 too short for the room, or an impossible rate or order.
    """
    return shoebox_responses(room.size, room.rt60_s, room.sources, room.microphones, fs, max_order)


def shoebox_responses(
    size: Point,
    rt60_s: float,
    sources: Sequence[Point],
    microphones: Sequence[Point],
    fs: float,
    max_order: int | None = None,
) -> np.ndarray:
    """The responses of a shoebox whose walls absorb alike, as Sabine's formula asks for the RT60.

    Shape (sources, microphones, m), zeros after the end of the shorter ones. Arguments and errors as
    :func:`array_responses`.
    """
    try:
        import pyroomacoustics
    except ImportError:
        raise ConfigError("image-source rooms need pyroomacoustics: pip install pyroomacoustics.") from None
    if check_rate(fs) != int(fs):
        raise SignalError(f"fs is {fs:g} Hz: expected a whole number of Hz for a simulated room.")
    try:
        absorption, needed = pyroomacoustics.inverse_sabine(rt60_s, size)
    except ValueError:
        raise SignalError(f"a room of {size} m cannot have an RT60 of only {rt60_s:g} s.") from None
    if max_order is not None and (max_order != int(max_order) or max_order < 0):
        raise SignalError(f"max_order is {max_order!r}: expected a whole number of reflections from 0.")
    box = pyroomacoustics.ShoeBox(
        size,
        fs=int(fs),
        materials=pyroomacoustics.Material(absorption),
        max_order=needed if max_order is None else int(max_order),
    )
    for source in sources:
        box.add_source(list(source))
    box.add_microphone_array(np.array(microphones, dtype=np.float64).T)
    box.compute_rir()
    out = np.zeros((len(sources), len(microphones), max(len(h) for heard in box.rir for h in heard)))
    for m, heard in enumerate(box.rir):
        for s, h in enumerate(heard):
            out[s, m, : len(h)] = h
    return out


def through(source: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """What each microphone hears of a source, from the source's first sample on: (n,) and (M, m) → (M, n).

    Unlike :func:`biosig.signal.degradations.rooms.reverberate` it leaves the sound's way to the microphones in: what
    an array goes by is how the ways differ.

    Raises:
        SignalError: NaN, or other shapes.
    """
    source, responses = as_signal(source, "source", mono=True), as_signal(responses, "responses")
    if responses.ndim != 2:
        raise SignalError(f"responses have shape {responses.shape}: expected (microphones, m).")
    return scipy.signal.oaconvolve(source[None], responses, axes=-1)[:, : source.size]


def diffuse_noise(
    sources: np.ndarray, microphones: np.ndarray, fs: float, sound_speed: float = SOUND_SPEED
) -> np.ndarray:
    """Simulated noise from everywhere alike, as an array hears it: (M, n) noises → (M, n) microphones.

    The noises are mixed in each bin by the symmetric root C of the theoretical coherence Γ, so that C Cᵀ = Γ
    (Habets, Cohen and Gannot, 2008, who take another root). Frames of 64 ms.

    Args:
        sources: as many noises as microphones, independent and equally loud, as stretches of one recording are.
        microphones: places, shape (M, 3), in m.
        fs: rate in Hz.
        sound_speed: in m/s.

    Raises:
        SignalError: NaN, or another number of noises than of microphones.
    """
    sources, places = as_signal(sources, "sources"), np.asarray(microphones, dtype=np.float64)
    if sources.ndim != 2 or len(sources) != len(places):
        raise SignalError(f"sources have shape {sources.shape}: expected ({len(places)}, n), one for each microphone.")
    n_fft = 2 * round(check_rate(fs) * DIFFUSE_FRAME_S / 2)
    coherence = diffuse_coherence(places, bin_frequencies(fs, n_fft), sound_speed)
    values, vectors = np.linalg.eigh(coherence)
    root = (vectors * np.sqrt(np.maximum(values, 0))[:, None]) @ vectors.swapaxes(1, 2)
    mixed = np.einsum("fmn,ntf->mtf", root, stft(sources, n_fft, n_fft // 4))
    return istft(mixed, n_fft, n_fft // 4, length=sources.shape[-1])
