"""What the arrays of this chapter hear: sixteen people in simulated rooms, in parts, so that each can be followed.

Everything is fixed by lists and names: four rooms, in which people take turns, with a talker and a noise at fixed
places; rooms and noise fields are simulated, voices and noises recorded. The array lies at the talker's height.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from biosig.cache import ArrayCache
from biosig.metrics.optional import installed_version
from biosig.papers.primer import mixtures, sources, voices
from biosig.papers.primer.sources import FS
from biosig.seeds import lot, rng_for
from biosig.signal.arrays import (
    GEOMETRIES,
    SOUND_SPEED,
    Geometry,
    bin_frequencies,
    direction,
    plane_wave,
    relative,
    spherical_wave,
)
from biosig.signal.degradations import ArrayRoom, array_responses, diffuse_noise, through
from biosig.signal.types import Recording

N_FFT, HOP = 512, 128
CORPORA = ("timit_sample", "emgse_noise")


@dataclass(frozen=True)
class Place:
    """Where everything is in a room: lengths in m, azimuths in degrees as seen from the array."""

    size: tuple[float, float, float]
    array: tuple[float, float, float]
    talker: tuple[float, float]
    noise: tuple[float, float]

    def source(self, which: str) -> tuple[float, float, float]:
        """The talker or the noise: (distance, azimuth) from the array, at its height."""
        away, azimuth = getattr(self, which)
        return tuple(map(float, np.asarray(self.array) + away * direction(azimuth)))


PLACES = (
    Place((5.0, 4.0, 2.7), (2.2, 1.7, 1.3), (1.0, 30.0), (1.4, 130.0)),
    Place((6.5, 4.5, 3.0), (3.6, 2.0, 1.2), (1.2, 155.0), (1.8, 60.0)),
    Place((4.2, 3.6, 2.5), (1.9, 1.5, 1.1), (0.9, 70.0), (1.5, -10.0)),
    Place((6.0, 5.0, 2.8), (2.5, 2.9, 1.4), (1.1, -50.0), (2.1, 15.0)),
)


@dataclass(frozen=True)
class Plan:
    """What decides the scenes.

    Attributes:
        rt60_s: of the rooms without noise.
        dry_rt60_s: of those with noise.
        settings: (geometry, SNR in dB) with noise, each once with noise from a point and once from everywhere.
        robust: (what is wrong, by how much); of the first setting's scenes with a noise from a point.
        robust_snr_db: in those.
        own_noise_db: of the microphones, under the talker at the reference.
    """

    rt60_s: tuple[float, ...] = (0.3, 0.6, 0.9)
    dry_rt60_s: float = 0.2
    settings: tuple[tuple[str, float], ...] = (("circular", 0.0), ("circular", 10.0), ("linear", 0.0), ("pair", 0.0))
    robust: tuple[tuple[str, float], ...] = (
        *(("steering, degrees", error) for error in (0.0, 5.0, 10.0, 20.0)),
        *(("sound speed, m/s", speed) for speed in (331.0, 300.0)),
        *(("gains, dB", spread) for spread in (1.0, 3.0)),
    )
    robust_snr_db: float = 10.0
    own_noise_db: float = 40.0


PLAN = Plan()


@dataclass(frozen=True)
class Scene:
    """What M microphones hear, in three parts that add up to it, each (M, n), and what a beamformer is told.

    Attributes:
        direct: speech, straight.
        late: the same speech by way of the walls.
        noise: all noise, the microphones' own too.
        response: of the room from talker to microphones, (M, m).
        geometry, azimuth_deg, sound_speed: what a system is told; wrong where the scene is about that.
        item, subject, conditions: as in a Mixture.
        near: the talker's place from the array's centre in m, where a system is told that too; else he is far away.
    """

    direct: np.ndarray
    late: np.ndarray
    noise: np.ndarray
    response: np.ndarray
    geometry: Geometry
    azimuth_deg: float
    item: str
    subject: str
    conditions: tuple[tuple[str, str], ...]
    sound_speed: float = SOUND_SPEED
    fs: float = FS
    near: tuple[float, float, float] | None = None

    @property
    def heard(self) -> np.ndarray:
        """What comes in, (M, n)."""
        return self.direct + self.late + self.noise

    @property
    def clean(self) -> np.ndarray:
        """What should come out: the direct sound at the reference microphone, (n,)."""
        return self.direct[0]

    @property
    def steering(self) -> np.ndarray:
        """The steering vector of what is told, 1 at the reference, (F, M)."""
        frequencies, speed = bin_frequencies(self.fs, N_FFT), self.sound_speed
        if self.near is not None:
            return relative(spherical_wave(self.geometry.places, frequencies, np.asarray(self.near), speed))
        return relative(plane_wave(self.geometry, frequencies, self.azimuth_deg, sound_speed=speed))


@lru_cache(maxsize=1)  # every cell of a run asks for the same
def people() -> tuple[Recording, ...]:
    """One sentence of each person, all at one level."""
    return tuple(voices.sentences(voices.PLAN)[:: voices.PLAN.sentences])


@lru_cache(maxsize=1)
def noises() -> tuple[Recording, ...]:
    """The noises that no network has heard."""
    return tuple(sources.unseen_noises())


def rooms() -> Iterator[Scene]:
    """Reverberant scenes without a noise but the microphones' own: everybody at every RT60, in a circular array."""
    for rt60 in PLAN.rt60_s:
        for i, speech in enumerate(people()):
            yield scene(speech, PLACES[i % len(PLACES)], rt60, "circular", (("set", "room"),))


def arrays() -> Iterator[Scene]:
    """Scenes with noise, from a point and from everywhere: everybody in every setting."""
    for geometry, snr_db in PLAN.settings:
        for i, speech in enumerate(people()):
            for kind in ("point", "diffuse"):
                where = (("set", "array"), ("noise", kind), ("snr_db", f"{snr_db:g}"))
                place, noise = PLACES[i % len(PLACES)], noises()[i % len(noises())]
                yield scene(speech, place, PLAN.dry_rt60_s, geometry, where, noise, snr_db)


def robust() -> Iterator[Scene]:
    """Scenes with a noise from a point, in which something is not as the beamformer is told."""
    geometry = PLAN.settings[0][0]
    for i, speech in enumerate(people()):
        where, place = (("set", "robust"), ("noise", "point")), PLACES[i % len(PLACES)]
        noise = noises()[i % len(noises())]
        base = scene(speech, place, PLAN.dry_rt60_s, geometry, where, noise, PLAN.robust_snr_db)
        for what, size in PLAN.robust:
            yield mistaken(base, what, size)


def mistaken(base: Scene, what: str, size: float) -> Scene:
    """The scene with one thing wrong: a steering error to a side drawn by name, a speed, or gains of microphones."""
    told = (*base.conditions, ("error", f"{what}: {size:g}"))
    wrong = replace(base, item=f"{base.item}/{what}: {size:g}", conditions=told)
    if what.startswith("steering"):
        side = 1 if lot("side of a steering error", base.item) < 0.5 else -1
        return replace(wrong, azimuth_deg=base.azimuth_deg + side * size)
    if what.startswith("sound speed"):
        return replace(wrong, sound_speed=size)
    spread = rng_for("gains of microphones", base.item).uniform(-size, size, len(base.geometry))
    gains = 10 ** ((spread - spread[0]) / 20)[:, None]  # the reference is as it was, and so is what should come out
    return replace(wrong, **{part: gains * getattr(base, part) for part in ("direct", "late", "noise", "response")})


def scene(
    speech: Recording,
    place: Place,
    rt60_s: float,
    geometry: str,
    conditions: tuple[tuple[str, str], ...],
    noise: Recording | None = None,
    snr_db: float = 0.0,
) -> Scene:
    """One person at a place, with or without a noise, whose SNR at the reference counts all of the speech."""
    conditions = (*conditions, ("rt60_s", f"{rt60_s:g}"), ("geometry", geometry))
    item = "/".join((speech.item, *(value for _, value in conditions)))
    ways = responses(place, rt60_s, geometry, "talker")

    def field(n: int) -> np.ndarray:
        return noise_field(noise, place, rt60_s, geometry, dict(conditions)["noise"], n, item)

    parts = parts_of(speech, ways, item, None if noise is None else field, snr_db)
    return Scene(*parts, ways[1], GEOMETRIES[geometry], place.talker[1], item, speech.subject, conditions)


def parts_of(
    speech: Recording,
    ways: tuple[np.ndarray, np.ndarray],
    item: str,
    field: Callable[[int], np.ndarray] | None = None,
    snr_db: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(direct, late, noise) as the microphones hear them, (M, n) each.

    Args:
        speech: the talker.
        ways: (direct, whole) responses, (M, m) each.
        item: the scene, which names the microphones' own noise.
        field: n → a noise as the microphones hear it, (M, n), of any level.
        snr_db: at the reference, of all of the speech.
    """
    direct, whole = (through(speech.signal, h) for h in ways)
    level = mixtures.rms(whole[0])
    own = rng_for("own noise of microphones", item).standard_normal(whole.shape)
    total = own * level * 10 ** (-PLAN.own_noise_db / 20)
    if field is not None:
        heard = field(whole.shape[1])
        total = total + heard * level * 10 ** (-snr_db / 20) / mixtures.rms(heard[0])
    return direct, whole - direct, total


def noise_field(
    noise: Recording, place: Place, rt60_s: float, geometry: str, kind: str, n: int, item: str
) -> np.ndarray:
    """A noise as the microphones hear it, (M, n): from its place in the room, or from everywhere at once."""
    if kind == "point":
        return point_noise(noise, responses(place, rt60_s, geometry, "noise")[1], n, item)
    rng = rng_for("noise of an array", item)
    microphones, start = GEOMETRIES[geometry].places, int(rng.integers(noise.signal.size))
    looped = np.tile(noise.signal, -(-n // noise.signal.size))
    apart = noise.signal.size // len(microphones)  # far enough for what is heard at one time to be independent
    copies = [np.roll(looped, -(start + m * apart))[:n] for m in range(len(microphones))]
    return diffuse_noise([copy / max(mixtures.rms(copy), mixtures.FAINT) for copy in copies], microphones, FS)


def point_noise(noise: Recording, response: np.ndarray, n: int, item: str) -> np.ndarray:
    """A stretch of a noise, drawn by the scene's name, from the place that the response (M, m) is of, (M, n)."""
    return through(mixtures.audible(noise.signal, n, rng_for("noise of an array", item)), response)


@lru_cache(maxsize=64)
def responses(place: Place, rt60_s: float, geometry: str, which: str) -> tuple[np.ndarray, np.ndarray]:
    """(direct, whole) responses of the talker or the noise at each microphone, (M, m) each."""
    microphones = tuple(tuple(map(float, m)) for m in GEOMETRIES[geometry].at(place.array))
    room = ArrayRoom(place.size, rt60_s, (place.source(which),), microphones)
    name = ("responses of a simulated room", installed_version("pyroomacoustics"), repr(room), FS)
    whole = ArrayCache.beside_data().get(name, lambda: array_responses(room, FS))[0]
    return array_responses(room, FS, max_order=0)[0], whole
