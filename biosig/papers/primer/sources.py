"""Where a profile's speech and noise come from, and which of it trains, validates and tests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from biosig.corpora.registry import locate
from biosig.corpora.splits import split
from biosig.papers.data import require_some
from biosig.signal.types import Mixture, Recording

FS = 16000.0
HEARD_NOISES = ("hu100", "esc10")
TRAINING = ("picovoice", "asterisk", *HEARD_NOISES)  # train and validate; all others test
CORPORA = {"quick": (), "open": (*TRAINING, "emgse_noise", "voicebank"), "paper": ()}


@dataclass(frozen=True)
class Sources:
    """Clean utterances and noises at 16 kHz of one part of a split."""

    speech: tuple[Recording, ...]
    noises: tuple[Recording, ...]

    def __post_init__(self):
        require_some({"utterance": self.speech, "noise": self.noises})


@lru_cache(maxsize=4)  # every cell of a run asks for the same parts
def load(profile: str, part: str) -> Sources:
    """What a profile trains ("train") or validates ("validation") on; what it tests on, for the quick one."""
    if profile == "quick":
        return _sources(_quick(part))
    return _sources(_open(part))


def _sources(parts: tuple[Sequence[Recording], Sequence[Recording]]) -> Sources:
    return Sources(*(tuple(recordings) for recordings in parts))


def _quick(part: str) -> tuple[Sequence[Recording], Sequence[Recording]]:
    from biosig import samples

    return samples.speech(part), samples.noises(part)


def _open(part: str) -> tuple[Sequence[Recording], Sequence[Recording]]:
    from biosig.corpora import asterisk, picovoice

    sides = {name: getattr(split(name), part).subjects for name in ("picovoice", "asterisk")}
    speech = [
        *picovoice.utterances(locate("picovoice"), sides["picovoice"]),
        *asterisk.utterances(locate("asterisk"), sides["asterisk"]),
    ]
    return speech, heard_noises(part)


def heard_noises(part: str) -> list[Recording]:
    """The noises that networks of the open profile are trained ("train") or validated with."""
    from biosig.corpora import esc10, hu100

    sides = {name: getattr(split(name), part).subjects for name in HEARD_NOISES}
    noises = [*hu100.noises(locate("hu100"), sides["hu100"]), *esc10.noises(locate("esc10"), sides["esc10"])]
    return [noise for noise in noises if noise.signal.any()]


def voicebank_pairs() -> list[Mixture]:
    """The VoiceBank-DEMAND test pairs: evaluation only, nothing is trained or chosen on them."""
    from biosig.corpora import voicebank

    return voicebank.pairs(locate("voicebank"))


def voicebank_set() -> list[Mixture]:
    """The same, each saying which test set it belongs to."""
    return [replace(pair, conditions=(("set", "voicebank"),)) for pair in voicebank_pairs()]


def unseen_noises() -> list[Recording]:
    """The noises that no network of the open profile has heard."""
    from biosig.corpora import emgse_noise

    return emgse_noise.noises(locate("emgse_noise"))
