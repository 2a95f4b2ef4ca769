"""Whose emotions, in which noises: utterances of a corpus, and each of them at an SNR in a noise drawn by lot.

The noises that train and those that test come from different collections. An utterance meets one noise of each, the
same stretch of it at every SNR, so that two SNRs differ in nothing else.
"""

from functools import lru_cache

import numpy as np

from biosig import samples
from biosig.corpora import emodb, esc10, hu100, nemo
from biosig.corpora.registry import locate
from biosig.corpora.splits import split
from biosig.papers.primer.mixtures import audible
from biosig.papers.primer.sources import unseen_noises
from biosig.papers.se_for_ser.profiles import Setup
from biosig.seeds import rng_for
from biosig.signal.mixing import mix_at_snr
from biosig.signal.types import Mixture, Recording

TEST, TRAIN = "test", "train"
FULL = 0.99  # largest sample of a noisy utterance
TRAINING_NOISES = ("hu100", "esc10")
TEST_NOISES = "emgse_noise"
FULL_LENGTH = {"emodb": emodb, "nemo": nemo}


@lru_cache(maxsize=4)  # every cell of a run asks for the same
def utterances(setup: Setup, corpus: str) -> tuple[Recording, ...]:
    """The utterances of a corpus that a profile uses, in the order of their names."""
    found = samples.emotions() if corpus == "polish" else FULL_LENGTH[corpus].utterances(locate(corpus))
    return tuple(sorted(drawn(found, setup.use(corpus).per_class), key=lambda each: each.item))


def drawn(recordings: list[Recording], per_class: int | None) -> list[Recording]:
    """At most so many of each speaker and label, drawn by lot from their names."""
    if per_class is None:
        return list(recordings)
    groups: dict[tuple, list[Recording]] = {}
    for each in recordings:
        groups.setdefault((each.subject, each.label), []).append(each)
    return [each for group in groups.values() for each in sorted(group, key=lot)[:per_class]]


def lot(recording: Recording) -> float:
    """The number that an utterance draws."""
    return rng_for("utterance of the emotion chapter", recording.item).random()


@lru_cache(maxsize=4)
def noises(profile: str, side: str) -> tuple[Recording, ...]:
    """The noises that train or test a recogniser."""
    if profile == "quick":
        return tuple(samples.noises(side))
    if side == TEST:
        return tuple(unseen_noises())
    hundred, fifty = (split(name).train.subjects for name in TRAINING_NOISES)
    found = [*hu100.noises(locate("hu100"), hundred), *esc10.noises(locate("esc10"), fifty)]
    return tuple(noise for noise in found if noise.signal.any())


def in_noise(speech: Recording, snr_db: float, side: str, profile: str) -> Mixture:
    """An utterance at an exact SNR, over all of it, in the noise of one side that its name draws."""
    rng, there = rng_for(f"noise of an utterance, {side}", speech.item), noises(profile, side)
    noise = there[rng.integers(len(there))]
    noisy, interference = mix_at_snr(speech.signal, audible(noise.signal, speech.signal.size, rng), snr_db)
    level = min(1.0, FULL / np.abs(noisy).max())  # as it would have to be recorded
    conditions = (("snr_db", f"{snr_db:g}"), ("noise", noise.channel or noise.item))
    item = f"{speech.item}@{snr_db:g}dB"
    return Mixture(
        level * speech.signal, level * interference, level * noisy, speech.fs, snr_db, item, speech.subject,
        conditions=conditions,
    )  # fmt: skip
