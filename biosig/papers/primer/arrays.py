"""The experiment with rooms and arrays: WPE, beamformers, a network whose masks steer, filters behind them.

Cells ``room_…`` take the room off speech, cells ``array_…`` a noise. All are scored against the direct sound at the
reference microphone. Nothing is chosen on these scenes; one network, ``room_network``, is trained for them.

A system looks at a scene once and gives a *beam*, (M, n) → (n,). Where it is linear and stands still, the response of
the room is sent through as well: what comes out is the room that is left, whose DRR and C50 are known.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from biosig.files import sha256
from biosig.metrics.reverberation import clarity, direct_to_reverberant
from biosig.metrics.speech import MEASURES, score_speech
from biosig.papers import data
from biosig.papers.neural import System, is_published, published
from biosig.papers.primer import scenes
from biosig.papers.primer.scenes import FS, HOP, N_FFT, Scene
from biosig.papers.primer.sources import TRAINING
from biosig.papers.primer.systems import load_system
from biosig.results.items import Item
from biosig.signal import beamforming
from biosig.signal.arrays import bin_frequencies, diffuse_coherence
from biosig.signal.degradations import direct_path
from biosig.signal.dereverberation import recursive_wpe, without_prediction, wpe_filters
from biosig.signal.enhancement import log_mmse
from biosig.signal.stft import istft, stft

ROOM, ARRAY = "room_", "array_"
MASKER = "recurrent_mask_long"  # the published network whose masks steer, and that filters behind
NETWORK = "room_network"
HEARD = ("pesq_wb", "stoi", "si_sdr_db")
BRIEF = ("stoi", "si_sdr_db")  # of the many scenes in which something is wrong
LEFT = {
    "drr_db": (direct_to_reverberant, "1; of the response that a linear system leaves, 2.5 ms around the direct sound"),
    "c50_db": (clarity, "1; of the response that a linear system leaves, 50 ms"),
}
NOT_LINEAR = "not a linear filter of the whole clip: the room's response cannot be sent through"
AROUND = (2048, 4096)  # zeros before and after the response: filters ring
TAPS, DELAY = 10, 3
FIRM = 1e-2  # loading of a theoretical field
LOADINGS = (beamforming.LOADING, 1e-2, 1e-1, 1.0)
PAIR = (0, 3)  # opposite microphones of the circle
POSTS = ("none", "log_mmse", "mask")

Beam = Callable[[np.ndarray], np.ndarray]
Job = tuple[Scene, float | None, tuple[str, ...]]  # a scene, the loading if it has one, what may stand behind


@dataclass(frozen=True)
class Design:
    """How a system makes its beam.

    Attributes:
        what: in words.
        beam: Scene → beam.
        linear: whether the beam is a linear filter.
        posts: what may stand behind it, in the first settings.
        robust: whether it is also heard where something is wrong, and with which loadings.
    """

    what: str
    beam: Callable[..., Beam]
    linear: bool = True
    posts: tuple[str, ...] = POSTS[:1]
    robust: tuple[float | None, ...] = ()


# --- beams -------------------------------------------------------------------------------------------------------


def spectra(x: np.ndarray) -> np.ndarray:
    """(M, n) → (M, T, F)."""
    return stft(x, N_FFT, HOP)


def wave(z: np.ndarray, n: int) -> np.ndarray:
    """(T, F) → (n,)."""
    return istft(z, N_FFT, HOP, length=n)


def weighted(weights: np.ndarray) -> Beam:
    """The beam of weights (F, M)."""
    return lambda x: wave(beamforming.beamform(weights, spectra(x)), x.shape[-1])


def reference(scene: Scene) -> Beam:
    """One microphone as it is."""
    return lambda x: x[0].copy()


def one_channel(system: System) -> Callable[[Scene], Beam]:
    """A system for one channel, on the reference."""
    return lambda scene: lambda x: system(x[0], FS)


def delay_and_sum(scene: Scene) -> Beam:
    """Told where the talker is."""
    return weighted(beamforming.delay_and_sum(scene.steering))


def superdirective(scene: Scene) -> Beam:
    """MVDR for a noise that comes from everywhere, by theory: told where the talker is, and listens to nothing."""
    return weighted(superdirective_weights(scene))


def superdirective_weights(scene: Scene) -> np.ndarray:
    """Its weights, (F, M)."""
    field = diffuse_coherence(scene.geometry.places, bin_frequencies(FS, N_FFT), scene.sound_speed)
    return beamforming.mvdr(field, scene.steering, FIRM)


def mvdr(scene: Scene) -> Beam:
    """Told where the talker is and what the noise alone is like."""
    return weighted(beamforming.mvdr(beamforming.covariance(spectra(scene.noise)), scene.steering))


def capon(scene: Scene, loading: float = beamforming.LOADING) -> Beam:
    """Told where the talker is; takes all that is heard, the talker too, for the noise."""
    return weighted(beamforming.mvdr(beamforming.covariance(spectra(scene.heard)), scene.steering, loading))


def oracle(scene: Scene) -> Beam:
    """Told the covariances of speech and noise."""
    speech, noise = (beamforming.covariance(spectra(x)) for x in (scene.direct + scene.late, scene.noise))
    return weighted(beamforming.souden_mvdr(noise, speech))


def by_masks(scene: Scene, rule: str, network: System) -> Beam:
    """Told nothing: a network says in each bin how much of it is speech."""
    y = spectra(scene.heard)
    speech, noise = mask_covariances(y, median_mask(network, scene.heard))
    if rule == "mvdr":
        return weighted(beamforming.souden_mvdr(noise, speech))
    return weighted(beamforming.blind_analytic_normalisation(beamforming.gev(noise, speech), noise))


def median_mask(network: System, heard: np.ndarray) -> np.ndarray:
    """What share of the magnitude is speech, as a network for one channel says: median over channels, (T, F)."""
    y, x = spectra(heard), spectra(network(heard, FS))
    shares = np.abs(x) / np.maximum(np.abs(y), np.finfo(float).tiny)
    return np.median(np.minimum(shares, 1), axis=0)


def mask_covariances(y: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Covariances (F, M, M) of speech, m·y, and of noise, (1 - m)·y, up to their scale."""
    return beamforming.covariance(y, mask**2), beamforming.covariance(y, (1 - mask) ** 2)


def wpe_of(scene: Scene, channels: tuple[int, ...], weights: np.ndarray | None = None) -> Beam:
    """WPE on these microphones; then the first of them, or a beam of all."""
    chosen = list(channels)
    filters = wpe_filters(spectra(scene.heard[chosen]), TAPS, DELAY)

    def beam(x: np.ndarray) -> np.ndarray:
        dry = without_prediction(spectra(x[chosen]), filters, DELAY)
        return wave(dry[0] if weights is None else beamforming.beamform(weights, dry), x.shape[-1])

    return beam


def recursive(scene: Scene) -> Beam:
    """WPE on two microphones, a frame at a time."""
    return lambda x: wave(recursive_wpe(spectra(x[list(PAIR)]), TAPS, DELAY)[0], x.shape[-1])


def wpe_superdirective(scene: Scene) -> Beam:
    """WPE on all microphones, then the beam against what comes from everywhere."""
    return wpe_of(scene, range(len(scene.geometry)), superdirective_weights(scene))


def all_of(scene: Scene) -> Beam:
    """WPE on all microphones."""
    return wpe_of(scene, range(len(scene.geometry)))


@lru_cache(maxsize=1)
def masker() -> System:
    """The published network."""
    return load_system(MASKER)


def masks(rule: str) -> Callable[[Scene], Beam]:
    """Beams by the published network's masks."""
    return lambda scene: by_masks(scene, rule, masker())


ROOMS = {
    "noisy": Design("one microphone as it is", reference),
    "log_mmse": Design("log-MMSE, a method for noise", one_channel(log_mmse), linear=False),
    "mask": Design("the recurrent mask, trained on noise", lambda s: one_channel(masker())(s), linear=False),
    "network": Design("the recurrent mask, narrow, trained on rooms", reference, linear=False),
    "wpe_1": Design("WPE, one microphone", partial(wpe_of, channels=(0,))),
    "wpe_2": Design("WPE, two microphones", partial(wpe_of, channels=PAIR)),
    "wpe_2_recursive": Design("WPE, two microphones, recursive", recursive, linear=False),
    "wpe_6": Design("WPE, six microphones", all_of),
    "delay_and_sum": Design("delay and sum, six microphones", delay_and_sum),
    "superdirective": Design("MVDR for a diffuse field, six microphones", superdirective),
    "wpe_6_superdirective": Design("WPE, then MVDR for a diffuse field", wpe_superdirective),
}
ARRAYS = {
    "noisy": Design("one microphone as it is", reference, robust=(None,)),
    "mask": Design("one microphone, recurrent mask", lambda s: one_channel(masker())(s), linear=False),
    "delay_and_sum": Design("delay and sum", delay_and_sum, posts=POSTS, robust=(None,)),
    "superdirective": Design("MVDR for a diffuse field", superdirective, posts=POSTS, robust=(None,)),
    "mvdr": Design("MVDR, noise covariance known", mvdr, robust=(None,)),
    "capon": Design("MVDR, covariance of all that is heard", capon, robust=LOADINGS),
    "mvdr_masks": Design("MVDR, masks by a network", masks("mvdr"), posts=POSTS),
    "gev_masks": Design("GEV, masks by a network", masks("gev"), posts=POSTS),
    "oracle": Design("MVDR, both covariances known", oracle),
}
SYSTEMS = {
    **{f"{ROOM}{name}": f"in a simulated room: {design.what}" for name, design in ROOMS.items()},
    **{f"{ARRAY}{name}": f"in simulated noise, by an array: {design.what}" for name, design in ARRAYS.items()},
}
WITH_MASKS = {f"{ROOM}mask", f"{ARRAY}mask", f"{ARRAY}mvdr_masks", f"{ARRAY}gev_masks"}
WITH_POSTS = {f"{ARRAY}{name}" for name, design in ARRAYS.items() if "mask" in design.posts}


def concerns(system: str) -> bool:
    """Whether a system is one of this experiment."""
    return system in SYSTEMS


def design_of(system: str) -> Design:
    """How it makes its beam."""
    return ROOMS[system.removeprefix(ROOM)] if system.startswith(ROOM) else ARRAYS[system.removeprefix(ARRAY)]


def needs_masker(system: str) -> bool:
    """Whether the published network takes part in it."""
    return system in WITH_MASKS | WITH_POSTS


def available(system: str) -> bool:
    """Whether a system can be scored: the network that it needs is published, or it needs none."""
    return not needs_masker(system) or is_published("primer", MASKER)


def config(system: str) -> dict:
    """All that decides the numbers of a cell, but for a network's training."""
    measures = {name: MEASURES[name].variant for name in HEARD} | {name: version for name, (_, version) in LEFT.items()}
    found = {
        "experiment": "rooms and arrays 1",
        "plan": asdict(scenes.PLAN),
        "places": [asdict(place) for place in scenes.PLACES],
        "microphones": {name: each.positions for name, each in scenes.GEOMETRIES.items()},
        "frames": (N_FFT, HOP),
        "wpe": (TAPS, DELAY),
        "loadings": (FIRM, *LOADINGS),
        "data_files": data.hashes(data_files(system)),
        "metrics": measures,
    }
    return found | ({"checkpoint": sha256(published("primer", MASKER))} if needs_masker(system) else {})


def corpora(system: str) -> tuple[str, ...]:
    """What a cell reads: the scenes', and the training's of the network that is trained for one."""
    return (*scenes.CORPORA, *(TRAINING if system == NETWORK else ()))


def data_files(system: str) -> list[Path]:
    """The committed files that say which data a cell reads."""
    return data.data_files(corpora(system))


# --- scores ------------------------------------------------------------------------------------------------------


def evaluate(system: str, network: System | None = None, progress: bool = True) -> list[Item]:
    """Every measure of every scene; ``network`` is the one that was trained for the cell, if one was."""
    design = design_of(system)
    make = one_channel(network) if system == NETWORK else design.beam
    return scored(system, design, make, jobs(system), count(system), progress)


def scored(
    system: str, design: Design, make: Callable[..., Beam], jobs: Iterable[Job], total: int, progress: bool = True
) -> list[Item]:
    """Every measure of these jobs, of which there are so many, with the beams that ``make`` makes."""
    items: list[Item] = []
    for scene, loading, posts in tqdm(jobs, desc=f"{system}: scoring", total=total, disable=not progress):
        items += of_scene(scene, make if loading is None else partial(make, loading=loading), design, posts, loading)
    return items


def jobs(system: str) -> Iterator[Job]:
    """All that a system is scored on, each made when it is its turn."""
    design, plain = design_of(system), POSTS[:1]
    if system.startswith(ROOM):
        yield from ((scene, None, plain) for scene in scenes.rooms())
        return
    for scene in scenes.arrays():
        told = dict(scene.conditions)
        first = (told["geometry"], float(told["snr_db"])) == scenes.PLAN.settings[0]
        yield scene, None, design.posts if first else plain
    for scene in scenes.robust() if design.robust else ():
        yield from ((scene, loading, plain) for loading in design.robust)


def count(system: str) -> int:
    """How many jobs there are."""
    people = len(scenes.people())
    if system.startswith(ROOM):
        return people * len(scenes.PLAN.rt60_s)
    return people * (2 * len(scenes.PLAN.settings) + len(scenes.PLAN.robust) * len(design_of(system).robust))


def of_scene(
    scene: Scene, make: Callable[[Scene], Beam], design: Design, posts: tuple[str, ...], loading: float | None
) -> Iterator[Item]:
    """The items of one scene, once for each of what may stand behind the beam."""
    started = time.perf_counter()
    beam = make(scene)
    out = beam(scene.heard)
    seconds = time.perf_counter() - started
    brief = dict(scene.conditions)["set"] == "robust"
    for post in posts:
        named = named_after(scene, post, loading)
        for score in score_speech(scene.clean, behind(post, out), scene.fs, BRIEF if brief else HEARD):
            value = None if np.isnan(score.value) else score.value
            yield replace(
                named, metric=score.metric, version=score.version, value=value, reason=score.reason, seconds=seconds
            )
        if post == POSTS[0] and not brief:
            yield from room_left(scene, beam if design.linear else None, named)


def named_after(scene: Scene, post: str, loading: float | None) -> Item:
    """An item of the scene without a measure, to be filled in."""
    conditions = dict(scene.conditions) | {"post": post}
    conditions |= {} if loading is None else {"loading": f"{loading:g}"}
    parts = [scene.item, *([post] if post != POSTS[0] else []), *([f"{loading:g}"] if loading is not None else [])]
    return Item("/".join(parts), scene.subject, "none yet", "", None, NOT_LINEAR, conditions)


def room_left(scene: Scene, beam: Beam | None, named: Item) -> Iterator[Item]:
    """The measures of the room that a linear beam leaves."""
    left, at = None, AROUND[0] + direct_path(scene.response[0])
    if beam is not None:
        left = beam(np.pad(scene.response, ((0, 0), AROUND)))
    for name, (measure, version) in LEFT.items():
        item = replace(named, metric=name, version=version)
        yield item if left is None else replace(item, value=measure(left, FS, at=at), reason="")


def behind(post: str, out: np.ndarray) -> np.ndarray:
    """What a filter for one channel makes of a beam's output."""
    if post == "log_mmse":
        return log_mmse(out, FS)
    return masker()(out, FS) if post == "mask" else out
