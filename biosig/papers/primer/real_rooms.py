"""The experiment with a measured room: the systems for rooms and arrays once more, in one that is not simulated.

The responses are those of an office (``ispl_office``), cut where they sink into the noise of their measurement. Six of
its microphones, 6 cm apart, are the array. Cells ``real_…`` hear the sixteen people in it, without a noise from three
distances, and with one from another place of the loudspeaker. Nothing is chosen or trained on these scenes. What should
come out is the direct sound at the first microphone, cut out of its response. One more cell, ``real_measured``, says
what is measured on the responses themselves.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from biosig.corpora import ispl_office
from biosig.corpora.registry import locate
from biosig.files import sha256
from biosig.metrics.reverberation import clarity, direct_to_reverberant, reverberation_time
from biosig.metrics.speech import MEASURES
from biosig.papers import data
from biosig.papers.neural import is_published, published
from biosig.papers.primer import arrays, scenes
from biosig.papers.primer.arrays import ARRAYS, ROOMS, Beam, Design, Job
from biosig.papers.primer.scenes import FS, HOP, N_FFT, Scene
from biosig.results.items import Item
from biosig.signal import beamforming, responses
from biosig.signal.arrays import SOUND_SPEED, Geometry, azimuth_of
from biosig.signal.degradations import direct_path
from biosig.signal.types import Recording

PREFIX = "real_"
MEASURED = "measured"  # no system: what the responses are like
CORPORA = (*scenes.CORPORA, ispl_office.CARD.name)
BANDS_HZ = (250, 500, 1000, 2000, 4000)
PICTURED = (2, 5, 8)  # the places straight ahead of the array, of which the whole decay is kept
VERSIONS = {
    "away_m": "1; from the first microphone of the array to the loudspeaker, as told",
    "drr_db": "1; first microphone, 2.5 ms around the direct sound, up to the noise",
    "c50_db": "1; first microphone, 50 ms, up to the noise",
    "heard_ms": "1; from the direct sound to where the room is no louder than the noise, six microphones",
    "rt60_s": "1; Schroeder, six microphones, without direct sound and noise, line from -2 to -12 dB, octave",
    "arrival_error_us": "1; RMS over 32 microphones of measured less computed arrival, about their mean",
    "early_us": "1; every second of 32 microphones, by how much early before it is mended",
    "level_db": "1; energy of 2 ms, first microphone, over the loudest",
}
FIT_DB, SLICE_MS, SHOWN_MS = (-2.0, -12.0), 2.0, 250.0


@dataclass(frozen=True)
class Plan:
    """What decides the scenes.

    Attributes:
        channels: of the measured row, the first being the reference; each is as early or as late as the others.
        distances: what a row of places is called, and its places.
        pairs: places of talker and noise; people take turns.
        snrs_db: of the scenes with a noise.
        window_ms: of the direct sound, before, after and falling.
    """

    channels: tuple[int, ...] = (10, 12, 14, 16, 18, 20)
    distances: tuple[tuple[str, tuple[int, ...]], ...] = (("0.3", (1, 2, 3)), ("0.6", (4, 5, 6)), ("0.9", (7, 8, 9)))
    pairs: tuple[tuple[int, int], ...] = ((5, 7), (8, 6), (4, 9), (6, 1))
    snrs_db: tuple[float, ...] = (0.0, 10.0)
    window_ms: tuple[float, float, float] = (responses.BEFORE_MS, responses.AFTER_MS, responses.FADE_MS)


PLAN = Plan()
FIRMER = 0.1  # loading of Capon's beamformer, once more


def far(make: Callable[..., Beam]) -> Callable[[Scene], Beam]:
    """The same beam, told only the direction: as if the talker were far away and his waves plane."""
    return lambda scene: make(replace(scene, near=None))


def _told(design: Design, **changes) -> Design:
    """As in simulated rooms, heard once."""
    return replace(design, posts=arrays.POSTS[:1], robust=(), **changes)


def _far(design: Design) -> Design:
    return _told(design, what=f"{design.what}, as if far away", beam=far(design.beam))


DESIGNS = {
    **{name: _told(ROOMS[name]) for name in ("noisy", "log_mmse")},
    "mask": _told(ARRAYS["mask"]),
    **{name: _told(ROOMS[name]) for name in ("wpe_1", "wpe_6")},
    "delay_and_sum": _told(ARRAYS["delay_and_sum"]),
    "delay_and_sum_far": _far(ARRAYS["delay_and_sum"]),
    "superdirective": _told(ARRAYS["superdirective"]),
    "superdirective_far": _far(ARRAYS["superdirective"]),
    "wpe_6_superdirective": _told(ROOMS["wpe_6_superdirective"]),
    "capon": _told(ARRAYS["capon"]),
    "capon_far": _far(ARRAYS["capon"]),
    "capon_loaded": _told(
        ARRAYS["capon"], what=f"{ARRAYS['capon'].what}, loading {FIRMER:g}", beam=partial(arrays.capon, loading=FIRMER)
    ),
    "mvdr": _told(ARRAYS["mvdr"]),
    **{name: _told(ARRAYS[name]) for name in ("mvdr_masks", "gev_masks", "oracle")},
}
WITH_MASKS = ("mask", "mvdr_masks", "gev_masks")
SYSTEMS = {
    **{name: f"in a measured room: {design.what}" for name, design in DESIGNS.items()},
    MEASURED: "what is measured on the responses of the measured room; no system",
}


def available(system: str) -> bool:
    """Whether a system can be scored: the network that it needs is published, or it needs none."""
    return system not in WITH_MASKS or is_published("primer", arrays.MASKER)


def config(system: str) -> dict:
    """All that decides the numbers of a cell."""
    found = {
        "experiment": "measured room 1",
        "plan": asdict(PLAN),
        "microphones": geometry().positions,
        "sound_speed": SOUND_SPEED,
        "cut_at_noise": (responses.BLOCK_MS, responses.NOISE_SHARE, responses.ROUNDS),
        "data_files": data.hashes(data_files()),
    }
    if system == MEASURED:
        decay = {"bands_hz": BANDS_HZ, "fit_db": FIT_DB, "pictured": PICTURED, "slices_ms": (SLICE_MS, SHOWN_MS)}
        return found | {"metrics": VERSIONS} | decay
    left = {name: version for name, (_, version) in arrays.LEFT.items()}
    found |= {
        "own_noise_db": scenes.PLAN.own_noise_db,
        "frames": (N_FFT, HOP),
        "wpe": (arrays.TAPS, arrays.DELAY),
        "loadings": (arrays.FIRM, beamforming.LOADING, FIRMER),
        "metrics": {name: MEASURES[name].variant for name in arrays.HEARD} | left,
    }
    return found | ({"checkpoint": sha256(published("primer", arrays.MASKER))} if system in WITH_MASKS else {})


def data_files() -> list[Path]:
    """The committed files that say which data this experiment uses."""
    return data.data_files(CORPORA)


# --- scenes ------------------------------------------------------------------------------------------------------


def geometry() -> Geometry:
    """The array, around its centre."""
    places = ispl_office.microphones()[list(PLAN.channels)]
    return Geometry("row of six", tuple(tuple(map(float, place)) for place in places - places.mean(axis=0)))


@lru_cache(maxsize=1)
def places() -> np.ndarray:
    """Where the loudspeaker is from the array's centre, (9, 3)."""
    centre = ispl_office.microphones()[list(PLAN.channels)].mean(axis=0)
    return ispl_office.sources(locate(ispl_office.CARD.name)) - centre


@lru_cache(maxsize=len(ispl_office.SOURCES))
def ways(place: int) -> tuple[np.ndarray, np.ndarray]:
    """(direct, whole) responses from a place to the array, (6, m) each; the direct sound at the first has energy 1."""
    measured = ispl_office.responses(locate(ispl_office.CARD.name), place, FS)[list(PLAN.channels)]
    whole = responses.without_noise(measured, FS)
    direct = np.stack([responses.direct_sound(h, FS, *PLAN.window_ms) for h in whole])
    level = np.linalg.norm(direct[0])
    return direct / level, whole / level


def scene(
    speech: Recording,
    place: int,
    conditions: tuple[tuple[str, str], ...],
    noise: Recording | None = None,
    noise_place: int = 0,
    snr_db: float = 0.0,
) -> Scene:
    """One person at a place of the loudspeaker, with or without a noise at another one."""
    conditions = (*conditions, ("place", str(place)))
    item = "/".join((speech.item, "measured room", *(value for _, value in conditions)))

    def field(n: int) -> np.ndarray:
        return scenes.point_noise(noise, ways(noise_place)[1], n, item)

    parts = scenes.parts_of(speech, ways(place), item, None if noise is None else field, snr_db)
    at = tuple(map(float, places()[place - 1]))
    azimuth = azimuth_of(np.asarray(at), np.zeros(3))
    return Scene(*parts, ways(place)[1], geometry(), azimuth, item, speech.subject, conditions, near=at)


def rooms() -> Iterator[Scene]:
    """Scenes without a noise but the microphones' own: everybody from every distance."""
    for distance, places in PLAN.distances:
        for i, speech in enumerate(scenes.people()):
            yield scene(speech, places[i % len(places)], (("set", "room"), ("distance_m", distance)))


def noisy() -> Iterator[Scene]:
    """Scenes with a noise from another place: everybody at every SNR."""
    for snr_db in PLAN.snrs_db:
        for i, speech in enumerate(scenes.people()):
            talker, other = PLAN.pairs[i % len(PLAN.pairs)]
            noise = scenes.noises()[i % len(scenes.noises())]
            yield scene(speech, talker, (("set", "array"), ("snr_db", f"{snr_db:g}")), noise, other, snr_db)


# --- items -------------------------------------------------------------------------------------------------------


def evaluate(system: str, progress: bool = True) -> list[Item]:
    """Every measure of every scene; or what is measured on the responses."""
    if system == MEASURED:
        return list(measured())
    design, total = DESIGNS[system], len(scenes.people()) * (len(PLAN.distances) + len(PLAN.snrs_db))
    return arrays.scored(f"{PREFIX}{system}", design, design.beam, _jobs(), total, progress)


def _jobs() -> Iterator[Job]:
    for made in (rooms(), noisy()):
        yield from ((each, None, arrays.POSTS[:1]) for each in made)


def measured() -> Iterator[Item]:
    """What is measured on the responses from each place."""
    for place in ispl_office.SOURCES:
        whole = ispl_office.responses(locate(ispl_office.CARD.name), place, FS)[list(PLAN.channels)]
        kept = responses.without_noise(whole, FS)
        start, end = direct_path(whole[0]), kept.shape[1]
        away = float(np.linalg.norm(places()[place - 1] - geometry().places[0]))
        yield _item(place, "away_m", away)
        yield _item(place, "drr_db", direct_to_reverberant(kept[0], FS))
        yield _item(place, "c50_db", clarity(kept[0], FS))
        yield _item(place, "heard_ms", 1000 * (end - start) / FS)
        for band in BANDS_HZ:
            edges = (band / np.sqrt(2), band * np.sqrt(2))
            yield _item(place, "rt60_s", reverberation_time(whole, FS, edges, FIT_DB), band_hz=band)
        yield from _arrivals(place)
        for number, level in enumerate(slices_db(whole[0]) if place in PICTURED else ()):
            yield _item(place, "level_db", float(level), ms=f"{number * SLICE_MS:g}")


def _arrivals(place: int) -> Iterator[Item]:
    """How well the direct sound's arrivals fit the places that are told, at all 32 microphones and 48 kHz."""
    root, row = locate(ispl_office.CARD.name), ispl_office.microphones()
    told = np.linalg.norm(ispl_office.sources(root)[place - 1] - row, axis=1) / SOUND_SPEED
    mended, raw = (
        responses.arrivals(ispl_office.responses(root, place, aligned=aligned), ispl_office.FS, len(row) // 2) - told
        for aligned in (True, False)
    )
    yield _item(place, "arrival_error_us", 1e6 * float(np.std(mended)))
    between = raw[1:-1] - (raw[:-2] + raw[2:]) / 2  # a microphone against its neighbours: + late, - early, in turns
    yield _item(place, "early_us", -1e6 * float(np.median(between[::2])))  # the odd ones; counted from 0


def slices_db(response: np.ndarray, fs: float = FS) -> np.ndarray:
    """The energy of a response (m,) in slices of 2 ms, the first around the direct sound, in dB re the loudest."""
    size, count = round(SLICE_MS / 1000 * fs), round(SHOWN_MS / SLICE_MS)
    first = max(0, direct_path(response) - size // 2)
    shown = response[first : first + size * count]
    energy = np.square(np.pad(shown, (0, size * count - shown.size))).reshape(count, size).sum(axis=1)
    return 10 * np.log10(np.maximum(energy, np.finfo(float).tiny) / energy.max())


def _item(place: int, metric: str, value: float, **conditions: object) -> Item:
    told = {name: str(level) for name, level in conditions.items()}
    name = "/".join((f"place {place}", *told.values()))
    had = np.isfinite(value)
    reason = "" if had else "the decay does not reach down to -12 dB above the noise"
    return Item(name, f"place {place}", metric, VERSIONS[metric], value if had else None, reason, told)
