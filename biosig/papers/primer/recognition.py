"""The third experiment: does enhancement help a recogniser that has heard much noise already?

Sentences of the sixteen TIMIT people, in the very mixtures of the second experiment, pass a front end and then Whisper.
What an item says is counts, of errors and of words, because an error rate belongs to a set of sentences. Beside the
front ends, *observation adding*: the recogniser hears w · enhanced + (1 - w) · noisy. Nothing here trains, and a
person's weight is chosen on the other people only (:mod:`biosig.papers.primer.tables_recognition`).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from tqdm import tqdm

from biosig.backends import whisper
from biosig.corpora.registry import locate
from biosig.files import sha256
from biosig.metrics.recognition import NORMALISED, Errors, character_errors, word_errors
from biosig.papers import data
from biosig.papers.neural import published
from biosig.papers.primer import sources, voices
from biosig.papers.primer.score import by_oracle
from biosig.papers.primer.systems import ORACLE, SYSTEMS, VARIED, load_system
from biosig.papers.primer.voices import Case, is_network
from biosig.peers import PEERS
from biosig.results.items import Item
from biosig.signal.types import Recording

PREFIX, ADDED = "asr_", "_added"
CORPORA = ("timit_sample", "emgse_noise")
FRONTS = ("noisy", "wiener", "log_mmse", *VARIED, *PEERS, "irm")  # a network once its checkpoint is published
MIXED = ("log_mmse", "recurrent_mask_long", "deepfilternet3")  # named before the test: one of each kind
SCORED = (*FRONTS, *(f"{name}{ADDED}" for name in MIXED))
COUNTS = ("substitutions", "deletions", "insertions")
CLEAN = "clean"  # instead of an SNR


@dataclass(frozen=True)
class Plan:
    """What is recognised.

    Attributes:
        snrs_db: of the second experiment's mixtures, those that are used; each sentence also without noise.
        weights: of the enhanced signal in observation adding; 0 and 1 are the noisy and the enhanced one themselves.
        added_snrs_db: where observation adding is tried.
    """

    snrs_db: tuple[float, ...] = (-5, 0, 5, 10)
    weights: tuple[float, ...] = (0.25, 0.5, 0.75)
    added_snrs_db: tuple[float, ...] = (0, 5)


PLAN = Plan()
Hear = Callable[[np.ndarray, float], str]


def config(system: str) -> dict:
    """All that decides the numbers of the cell ``asr_<system>``."""
    found = {
        "experiment": "recognition 1",
        "plan": asdict(PLAN),
        "mixtures": asdict(voices.PLAN),
        "data_files": data.hashes(data_files()),
        "recogniser": whisper.SETTINGS,
        "normalised": NORMALISED,
    }
    front = front_of(system)
    return found | ({"checkpoint": sha256(published("primer", front))} if is_network(front) else {})


def title(system: str) -> str:
    """What a system of this experiment is, for a list."""
    front = SYSTEMS[front_of(system)]
    return f"words recognised, {'noisy input added to' if system.endswith(ADDED) else 'behind'}: {front}"


def available(system: str) -> bool:
    """Whether a front end can be run: a network whose checkpoint is published, or anything else."""
    return voices.available(front_of(system))


def front_of(system: str) -> str:
    """The front end of a system of this experiment."""
    return system.removesuffix(ADDED)


def data_files() -> list[Path]:
    """The committed files that say which data this experiment uses."""
    return data.data_files(CORPORA)


def told() -> dict:
    """What a run record says of this experiment beyond every other one's; a ConfigError without a recogniser."""
    return {"recogniser": whisper.versions()}


def evaluate(system: str, device: str = "cpu", progress: bool = True) -> list[Item]:
    """Errors and words of every sentence, as the recogniser hears it behind a front end."""
    hear, enhance = whisper.load_recogniser(), front_end(front_of(system), device)
    added = system.endswith(ADDED)
    found = [case for case in cases() if not added or dict(case.conditions)["snr_db"] in levels(PLAN.added_snrs_db)]
    items: list[Item] = []
    for case in tqdm(found, desc=f"{PREFIX}{system}: recognising", disable=not progress):
        items += weighted(case, enhance, hear) if added else recognised(case, enhance, hear)
    return items


def front_end(name: str, device: str) -> Callable[[Case], np.ndarray]:
    """A system, or an oracle, as a function of a case."""
    if name in ORACLE:
        return by_oracle(name)
    system = load_system(name, device)
    return lambda case: system(case.noisy, case.fs)


def levels(snrs_db: tuple[float, ...]) -> tuple[str, ...]:
    """SNRs as items name them."""
    return tuple(f"{snr:g}" for snr in snrs_db)


@lru_cache(maxsize=1)  # every cell of a run asks for the same
def cases() -> tuple[Case, ...]:
    """The second experiment's sentences in its mixtures at some of its SNRs, and each without noise."""
    speech = voices.sentences(voices.PLAN)
    drawn = sources.Sources(tuple(speech), tuple(sources.unseen_noises()))
    mixed = voices.mixed(drawn, voices.PLAN.snrs_db)
    wanted = levels(PLAN.snrs_db)
    return (*map(clean_case, speech), *(case for case in mixed if dict(case.conditions)["snr_db"] in wanted))


def clean_case(speech: Recording) -> Case:
    """A sentence without noise as a case."""
    conditions = (("set", CLEAN), ("snr_db", CLEAN))
    return Case(speech.signal, speech.signal, speech.fs, speech.item, speech.subject, conditions)


def recognised(case: Case, enhance: Callable[[Case], np.ndarray], hear: Hear) -> Iterator[Item]:
    """The counts of one sentence behind a front end."""
    started = time.perf_counter()
    heard = hear(enhance(case), case.fs)
    yield from counts(case, heard, time.perf_counter() - started)


def weighted(case: Case, enhance: Callable[[Case], np.ndarray], hear: Hear) -> Iterator[Item]:
    """The counts of one sentence at every weight of the enhanced signal."""
    started = time.perf_counter()
    enhanced = enhance(case)
    seconds = time.perf_counter() - started
    for weight in PLAN.weights:
        heard = hear(added(case.noisy, enhanced, weight), case.fs)
        yield from counts(case, heard, seconds, f"{weight:g}")


def added(noisy: np.ndarray, enhanced: np.ndarray, weight: float) -> np.ndarray:
    """Observation adding: w · enhanced + (1 - w) · noisy, all of shape (n,).

    The two have to be aligned in time, or the sum is a comb filter: systems here take off their own delay.

    Source: Iwamoto et al., How Bad Are Artifacts?, Interspeech 2022, which writes enhanced + factor · noisy.
    """
    return weight * enhanced + (1 - weight) * noisy


def counts(case: Case, heard: str, seconds: float, weight: str = "") -> Iterator[Item]:
    """Errors and lengths in words and characters, each an item; the text itself is not kept."""
    said = reference(case.item)
    item = f"{case.item}/{weight}" if weight else case.item
    conditions = dict(case.conditions) | ({"weight": weight} if weight else {})
    for unit, found in (("word", word_errors(said, heard)), ("character", character_errors(said, heard))):
        for metric, value in amounts(unit, found).items():
            yield Item(item, case.subject, metric, NORMALISED, float(value), "", conditions, seconds)


def amounts(unit: str, found: Errors) -> dict[str, int]:
    """Metric → count, as items name them."""
    return {**{f"{unit}_{kind}": getattr(found, kind) for kind in COUNTS}, f"{unit}s": found.n}


def reference(item: str) -> str:
    """What is said in a sentence of the TIMIT sample, whatever mixture it is in."""
    from biosig.corpora import timit_sample

    return timit_sample.labels(locate("timit_sample"), item.partition("@")[0]).text
