"""The second experiment: sixteen other voices, and inputs that are not noisy speech.

It scores systems as a user gets them, networks by their published checkpoints, in cells of their own, so that no
cell of the first experiment changes. Nothing in it trains, and nothing is chosen by it.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import scipy.fft
from tqdm import tqdm

from biosig.corpora.registry import locate
from biosig.corpora.splits import split
from biosig.files import sha256
from biosig.metrics.speech import MEASURES
from biosig.papers import data
from biosig.papers.neural import is_published, published
from biosig.papers.primer import mixtures, sources
from biosig.papers.primer.score import by_oracle, items_of
from biosig.papers.primer.sources import FS, Sources
from biosig.papers.primer.systems import CALLABLE, NEURAL, ORACLE, VARIED, load_system
from biosig.results.items import Item
from biosig.seeds import lot, rng_for
from biosig.signal.blocks import resample
from biosig.signal.mixing import mix_at_snr
from biosig.signal.types import Recording

PREFIX = "voices_"
SCORED = (*CALLABLE, *VARIED, "irm")
CORPORA = ("timit_sample", "voicebank", "voicebank_more", "emgse_noise")
REDUCTION, REDUCTION_VERSION = "noise_reduction_db", "1; energy in over energy out, whole clip"
HEARD = ("pesq_wb", "stoi", "si_sdr_db")
METRICS = {
    "timit": HEARD,
    "voicebank": HEARD,
    "voicebank_48k": HEARD,
    "voicebank_7k": HEARD,
    "clean": HEARD,
    "noise_alone": (REDUCTION,),
    "two_talkers": HEARD,
}
NARROWED = ("48k", "7k")  # the pairs once more, by two ways that empty the band below 8 kHz


@dataclass(frozen=True)
class Plan:
    """What decides the inputs.

    Attributes:
        sentences: of each person, drawn by lot from those that only some people read.
        seconds: the shortest and the longest of them.
        snrs_db: of each sentence in unseen noises.
        talker_snrs_db: of each person's first sentence under somebody else of the other sex.
        edge_hz: above it nothing is left by the second way of NARROWED, as by codecs and steep filters.
        level_db: RMS of clean speech, and of noise alone, re full scale.
        noise_s: duration of noise alone.
    """

    sentences: int = 2
    seconds: tuple[float, float] = (2.0, 4.0)
    snrs_db: tuple[float, ...] = (-5, 0, 5, 10, 15)
    talker_snrs_db: tuple[float, ...] = (0, -10)
    edge_hz: float = 7000
    level_db: float = -26.0
    noise_s: float = 4.0


PLAN = Plan()


@dataclass(frozen=True)
class Case:
    """One input, and what should come out of it; both of shape (n,)."""

    clean: np.ndarray
    noisy: np.ndarray
    fs: float
    item: str
    subject: str
    conditions: tuple[tuple[str, str], ...]


def config(system: str) -> dict:
    """All that decides the numbers of the cell ``voices_<system>``."""
    variants = {name: MEASURES[name].variant for name in HEARD} | {REDUCTION: REDUCTION_VERSION}
    found = {
        "experiment": "voices 1",
        "plan": asdict(PLAN),
        "data_files": data.hashes(data_files()),
        "metrics": {name: {each: variants[each] for each in measures} for name, measures in METRICS.items()},
    }
    if is_network(system):
        found["checkpoint"] = sha256(published("primer", system))
    return found


def available(system: str) -> bool:
    """Whether a system can be scored: a network whose checkpoint is published, or anything else."""
    return not is_network(system) or is_published("primer", system)


def is_network(system: str) -> bool:
    """Whether it is one of this chapter's own networks."""
    return system in NEURAL or system in VARIED


def data_files() -> list[Path]:
    """The committed files that say which data this experiment uses."""
    return data.data_files(CORPORA)


def evaluate(system: str, device: str = "cpu", progress: bool = True) -> list[Item]:
    """Every measure of every input as ``system`` leaves it."""
    if system in ORACLE:
        enhance = by_oracle(system)
    else:
        called = load_system(system, device)
        enhance = lambda case: called(case.noisy, case.fs)  # noqa: E731
    items: list[Item] = []
    for case in tqdm(cases(), desc=f"{PREFIX}{system}: scoring", disable=not progress):
        measures = METRICS[dict(case.conditions)["set"]]
        items += reduction(case, enhance) if measures == (REDUCTION,) else items_of(case, enhance, measures)
    return items


def reduction(case: Case, enhance) -> Iterator[Item]:
    """By how many dB noise alone comes out lower."""
    started = time.perf_counter()
    out = enhance(case)
    seconds, left = time.perf_counter() - started, float(np.square(out).sum())
    value = float(10 * np.log10(np.square(case.noisy).sum() / left)) if left > 0 else None
    reason = "" if left > 0 else "nothing came out"
    yield Item(case.item, case.subject, REDUCTION, REDUCTION_VERSION, value, reason, dict(case.conditions), seconds)


@lru_cache(maxsize=1)  # every cell of a run asks for the same
def cases() -> tuple[Case, ...]:
    """All inputs, in the order of METRICS."""
    speech, noises = sentences(PLAN), sources.unseen_noises()
    first = speech[:: PLAN.sentences]
    pairs = voicebank()
    return (
        *mixed(Sources(tuple(speech), tuple(noises)), PLAN.snrs_db),
        *pairs,
        *(narrowed(pair, by, PLAN) for by in NARROWED for pair in pairs),
        *(case(each, each.signal, each.signal, "clean") for each in first),
        *(noise_alone(noise, PLAN) for noise in noises),
        *two_talkers(first, PLAN),
    )


def sentences(plan: Plan) -> list[Recording]:
    """``plan.sentences`` sentences of each person, at one level; order and choice depend on their names alone."""
    from biosig.corpora import timit_sample

    root, found = locate("timit_sample"), []
    for person in split("timit_sample").test.subjects:
        own = [
            each for each in timit_sample.utterances(root, [person])
            if each.channel not in timit_sample.SHARED and plan.seconds[0] <= each.seconds <= plan.seconds[1]
        ]  # fmt: skip
        own.sort(key=lambda each: lot("sentence", each.item))
        found += [at_level(each, plan.level_db) for each in own[: plan.sentences]]
    return found


def at_level(recording: Recording, level_db: float) -> Recording:
    """The recording at an RMS of ``level_db`` re full scale: peers were trained at usual levels, TIMIT is quiet."""
    return replace(recording, signal=recording.signal * 10 ** (level_db / 20) / mixtures.rms(recording.signal))


def mixed(found: Sources, snrs_db: tuple[float, ...]) -> list[Case]:
    """Every sentence at every SNR, the unseen noises taking turns."""
    return [
        Case(m.clean, m.noisy, m.fs, m.item, m.subject, m.conditions)
        for m in mixtures.test_mixtures(found, snrs_db, "timit")
    ]


def voicebank() -> list[Case]:
    """The 14 and the 6 pairs of p232."""
    from biosig.corpora import voicebank_more

    pairs = [*sources.voicebank_pairs(), *voicebank_more.pairs(locate("voicebank_more"))]
    return [
        Case(m.clean, m.noisy, m.fs, m.item, m.subject, (("set", "voicebank"), ("speaker", "p232"))) for m in pairs
    ]


def noise_alone(noise: Recording, plan: Plan) -> Case:
    """A stretch of an unseen noise, of which nothing should be left."""
    stretch = mixtures.audible(noise.signal, round(plan.noise_s * FS), rng_for("noise alone", noise.item))
    sound = at_level(replace(noise, signal=stretch, active=None), plan.level_db).signal
    return case(noise, np.zeros_like(sound), sound, "noise_alone")


def two_talkers(speech: list[Recording], plan: Plan) -> Iterator[Case]:
    """Each person's sentence under that of the next person of the other sex, who is looped if shorter."""
    for i, wanted in enumerate(speech):
        turn = speech[i + 1 :] + speech[:i]
        other = next(each for each in turn if each.subject[0] != wanted.subject[0])
        over = np.resize(other.signal, wanted.signal.size)
        for snr_db in plan.talker_snrs_db:
            noisy = mix_at_snr(wanted.signal, over, snr_db)[0]
            yield case(wanted, wanted.signal, noisy, "two_talkers", f"{snr_db:g}")


def narrowed(before: Case, by: str, plan: Plan) -> Case:
    """A pair, clean speech too, without the top of its band: brought to 48 kHz and back, or cut off at an edge."""

    def narrow(x: np.ndarray) -> np.ndarray:
        if by == "48k":
            return resample(resample(x, FS, 48000), 48000, FS)[: x.size]
        spectrum = scipy.fft.rfft(x)
        spectrum[scipy.fft.rfftfreq(x.size, 1 / FS) > plan.edge_hz] = 0
        return scipy.fft.irfft(spectrum, x.size)

    conditions = tuple((name, f"{value}_{by}" if name == "set" else value) for name, value in before.conditions)
    return Case(narrow(before.clean), narrow(before.noisy), FS, f"{before.item}/{by}", before.subject, conditions)


def case(recording: Recording, clean: np.ndarray, noisy: np.ndarray, which: str, snr_db: str = "") -> Case:
    """An input made of a recording, named after it."""
    conditions = (("set", which), *([("snr_db", snr_db)] if snr_db else []))
    item = "/".join(part for part in (recording.item, which, snr_db) if part)
    return Case(clean, noisy, recording.fs, item, recording.subject, conditions)
