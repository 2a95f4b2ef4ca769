"""Whose emotions, in which noises: utterances of a corpus, and each of them at an SNR in a noise drawn by lot.

The noises that train and those that test come from different collections. An utterance meets one noise of each, the
same stretch of it at every SNR, so that two SNRs differ in nothing else.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np

from biosig import samples
from biosig.corpora import emodb, emotional, nemo
from biosig.corpora.registry import locate
from biosig.papers.primer.mixtures import audible
from biosig.papers.primer.sources import HEARD_NOISES, heard_noises, unseen_noises
from biosig.papers.se_for_ser.profiles import Setup
from biosig.seeds import lot, rng_for
from biosig.signal.mixing import mix_at_snr
from biosig.signal.types import Mixture, Recording

TEST, TRAIN = "test", "train"
FULL = 0.99  # largest sample of a noisy utterance
TRAINING_NOISES = HEARD_NOISES
TEST_NOISES = "emgse_noise"
DRAW = "utterance of the emotion chapter"
Spoken = TypeVar("Spoken", Recording, emotional.Named)  # a recording, or what its file's name says
FULL_LENGTH = {"emodb": emodb, "nemo": nemo}


@lru_cache(maxsize=4)  # every cell of a run asks for the same
def utterances(setup: Setup, corpus: str) -> tuple[Recording, ...]:
    """The utterances of a corpus that a profile uses, in the order of their names."""
    found = samples.emotions() if corpus == "polish" else FULL_LENGTH[corpus].utterances(locate(corpus))
    return tuple(sorted(drawn(found, setup.use(corpus).per_class), key=lambda each: each.item))


def drawn(recordings: Sequence[Spoken], per_class: int | None, by: str = DRAW) -> list[Spoken]:
    """At most so many of each speaker and label, drawn from their names by a lot that has a name itself."""
    if per_class is None:
        return list(recordings)
    groups: dict[tuple, list[Spoken]] = {}
    for each in recordings:
        groups.setdefault((each.subject, each.label), []).append(each)
    ordered = [sorted(group, key=lambda each: lot(by, each.item)) for group in groups.values()]
    return [each for group in ordered for each in group[:per_class]]


@lru_cache(maxsize=4)
def noises(profile: str, side: str) -> tuple[Recording, ...]:
    """The noises that train or test a recogniser."""
    if profile == "quick":
        return tuple(samples.noises(side))
    return tuple(unseen_noises() if side == TEST else heard_noises(side))


def noise_of(speech: Recording, side: str, profile: str) -> tuple[Recording, np.random.Generator]:
    """The noise of one side that an utterance's name draws, and the generator that goes on to draw the stretch."""
    rng, there = rng_for(f"noise of an utterance, {side}", speech.item), noises(profile, side)
    return there[rng.integers(len(there))], rng


def in_noise(speech: Recording, snr_db: float, side: str, profile: str) -> Mixture:
    """An utterance at an exact SNR, over all of it, in the noise of one side that its name draws."""
    noise, rng = noise_of(speech, side, profile)
    noisy, interference = mix_at_snr(speech.signal, audible(noise.signal, speech.signal.size, rng), snr_db)
    level = min(1.0, FULL / np.abs(noisy).max())  # as it would have to be recorded
    conditions = (("snr_db", f"{snr_db:g}"), ("noise", kind(noise)))
    item = f"{speech.item}@{snr_db:g}dB"
    return Mixture(
        level * speech.signal, level * interference, level * noisy, speech.fs, snr_db, item, speech.subject,
        conditions=conditions,
    )  # fmt: skip


def kind(noise: Recording) -> str:
    """What items call a noise."""
    return noise.channel or noise.item
