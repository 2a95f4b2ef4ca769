"""Whose emotions, in which noises: each utterance clean, and at every SNR in a noise of its actor's own.

The sources of the matched noise (ESC) are dealt out among the actors by lot, so that no recording of it is heard by
two of them: whichever actor is left out, training, validation and test share no noise. On IEMOCAP they are dealt out
among the sessions, as the paper does. The unmatched noise is heard in tests only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from biosig import samples
from biosig.corpora import emotional, esc10, esc50, hu100, iemocap, musan, nemo
from biosig.corpora.folds import Fold, leave_one_speaker_out
from biosig.corpora.registry import locate
from biosig.errors import DataError
from biosig.papers.primer.mixtures import audible
from biosig.papers.se_for_ser.sources import drawn
from biosig.papers.trnet.naming import CLEAN, MATCHED
from biosig.papers.trnet.profiles import Setup
from biosig.seeds import lot, rng_for
from biosig.signal.mixing import mix_at_snr
from biosig.signal.types import Recording

FS = 16000.0
DRAW = "utterance of the TRNet chapter"
Condition = tuple[str, float | None]  # environment, SNR in dB (None: clean)


@dataclass(frozen=True)
class Noises:
    """What an actor's speech is mixed with."""

    matched: tuple[Recording, ...]
    unmatched: tuple[Recording, ...]

    def of(self, environment: str) -> tuple[Recording, ...]:
        """Those of one environment."""
        return self.matched if environment == MATCHED else self.unmatched


@lru_cache(maxsize=2)  # every cell of a run asks for the same
def utterances(setup: Setup) -> tuple[Recording, ...]:
    """The utterances that a profile uses, by actor and name, each brought to the profile's length.

    Raises:
        DataError: an actor lacks one of the emotions.
    """
    found = _spoken(setup)
    check_classes(found, setup.emotions)
    return tuple(sorted(found, key=lambda each: (each.subject, each.item)))


def _spoken(setup: Setup) -> list[Recording]:
    if setup.corpus == "polish":
        return drawn(samples.emotions(), setup.per_class, DRAW)
    if setup.corpus == "iemocap":
        return drawn(iemocap.utterances(locate("iemocap"), setup.emotions), setup.per_class, DRAW)
    root = locate("nemo")
    names = drawn(emotional.named(nemo.NAMING, root, setup.emotions), setup.per_class, DRAW)
    return [emotional.read(nemo.NAMING, root, each) for each in names]  # decoding all takes longer than drawing


def check_classes(recordings: Sequence[Recording], emotions: Sequence[str]) -> None:
    """Refuse a corpus in which an actor never acts one of the emotions: he or she could not be scored on it."""
    there = {(each.subject, each.label) for each in recordings}
    for actor in sorted({each.subject for each in recordings}):
        for emotion in emotions:
            if (actor, emotion) not in there:
                raise DataError(f"actor {actor} has no utterance of {emotion}: expected {', '.join(emotions)} of each.")


def folds(setup: Setup) -> list[Fold]:
    """One fold for each actor: another one validates, the others train.

    On IEMOCAP the other one is the partner of the session, and the four other sessions train, as in the paper.
    """
    actors = sorted({each.subject for each in utterances(setup)})
    if setup.corpus != "iemocap":
        return leave_one_speaker_out(actors)
    partner = {actor: actor[0] + ("M" if actor[1] == "F" else "F") for actor in actors}
    if lone := [actor for actor in actors if partner[actor] not in partner]:
        raise DataError(f"session {lone[0][0]} has actor {lone[0]} alone: expected both, as one validates the other.")
    trains = {actor: tuple(name for name in actors if name[0] != actor[0]) for actor in actors}
    if empty := [actor for actor in actors if not trains[actor]]:
        raise DataError(f"there is no session beside {empty[0][0]}: expected another one to train on.")
    return [Fold(actor, partner[actor], trains[actor]) for actor in actors]


def group_of(setup: Setup, actor: str) -> str:
    """Who shares noises: an actor with nobody, on IEMOCAP with the partner of the session."""
    return actor[0] if setup.corpus == "iemocap" else actor


@lru_cache(maxsize=2)
def noises_of(setup: Setup) -> dict[str, Noises]:
    """Actor → the noises of his or her speech."""
    matched, unmatched = _recorded(setup)
    actors = sorted({each.subject for each in utterances(setup)})
    dealt = deal(matched, sorted({group_of(setup, actor) for actor in actors}))
    return {actor: Noises(dealt[group_of(setup, actor)], tuple(unmatched)) for actor in actors}


def _recorded(setup: Setup) -> tuple[list[Recording], list[Recording]]:
    if setup.corpus == "polish":
        return [*samples.noises("train"), *samples.noises("validation")], samples.noises("test")
    if setup.corpus == "iemocap":
        return esc50.noises(locate("esc50")), musan.noises(locate("musan"))
    return esc10.noises(locate("esc10")), hu100.noises(locate("hu100"))


def deal(noises: Sequence[Recording], groups: Sequence[str]) -> dict[str, tuple[Recording, ...]]:
    """Hand out the noises by source recording, kind after kind, in an order that a lot decides.

    Raises:
        DataError: fewer sources than groups.
    """
    sources = sorted({(each.channel, each.subject) for each in noises}, key=lambda s: (s[0], lot("noise source", s[1])))
    owner: dict[str, str] = {}
    for _, source in sources:
        owner.setdefault(source, groups[len(owner) % len(groups)])
    if len(owner) < len(groups):
        raise DataError(f"{len(owner)} sources of noise for {len(groups)} groups of speakers: expected one for each.")
    return {group: tuple(each for each in noises if owner[each.subject] == group) for group in groups}


def fitted(signal: np.ndarray, seconds: float) -> np.ndarray:
    """A signal repeated or cut to a length, as the authors' code does: (round(seconds · fs),)."""
    return np.resize(signal, round(seconds * FS))


def conditions(setup: Setup, *environments: str) -> list[Condition]:
    """Clean speech, then every environment at every SNR."""
    noisy = [(environment, snr_db) for environment in environments for snr_db in setup.snrs_db]
    return [(CLEAN, None), *noisy]


def heard_as(setup: Setup, speech: Recording, condition: Condition) -> tuple[np.ndarray, str]:
    """An utterance under a condition, (n,), and what noise it was; the same noise at every SNR of an environment."""
    environment, snr_db = condition
    clean = fitted(speech.signal, setup.seconds)
    if snr_db is None:
        return clean, ""
    there = noises_of(setup)[speech.subject].of(environment)
    rng = rng_for(f"noise of an utterance, TRNet, {environment}", speech.item)
    noise = there[rng.integers(len(there))]
    return mix_at_snr(clean, audible(noise.signal, clean.size, rng), snr_db)[0], noise.channel or noise.item
