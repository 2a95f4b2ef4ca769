"""Where a profile's sentences, their EMG and the noises come from, and which of them train, validate and test."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import scipy.fft

from biosig.corpora.registry import locate
from biosig.corpora.splits import PARTS, split
from biosig.papers.data import require_some
from biosig.papers.emgse.profiles import fold_of
from biosig.seeds import rng_for
from biosig.signal.paired import Channels
from biosig.signal.two_signals import resample_polyphase
from biosig.signal.types import Recording

FS = 16000.0
TRAINING_NOISE, TEST_NOISE = "hu100", "emgse_noise"
CORPORA = {
    "quick": (),
    "open": ("emguka", TRAINING_NOISE, TEST_NOISE),
    "paper": ("csl_emg_array", TRAINING_NOISE, TEST_NOISE),
}
CSL_FS, TD_FS = 2048, 2000  # as recorded, and as features are taken
CSL_TEST, CSL_VALIDATION, CSL_TRAIN = range(1, 41), range(41, 61), range(61, 341)  # numbers of sentences
KINDS = {"babble chinese": "chinese", "babble english": "english"}
VOICES = tuple(KINDS.values())
PINK_S = 20.0


@dataclass(frozen=True)
class Spoken:
    """A sentence that somebody read once.

    Attributes:
        sound: at 16 kHz, (n,), brought to the profile's level.
        emg: of the same duration, each channel without its own mean.
        session: while electrodes stayed where they were.
        sentence: which sentence of whom, the same for every reading of it: what the statistics count.
    """

    sound: Recording
    emg: Channels
    session: str
    sentence: str


@dataclass(frozen=True)
class Sources:
    """All of one speaker, by part of the split, and the noises to train (and validate) and to test with."""

    train: tuple[Spoken, ...]
    validation: tuple[Spoken, ...]
    test: tuple[Spoken, ...]
    heard: tuple[Recording, ...]
    unheard: tuple[Recording, ...]

    def __post_init__(self):
        sides = {f"{part} sentence": getattr(self, part) for part in PARTS}
        require_some({**sides, "training noise": self.heard, "test noise": self.unheard})


@lru_cache(maxsize=2)  # every cell of a run asks for the same, and one control for two people
def load(profile: str, speaker: str, level: float) -> Sources:
    """One speaker's sentences, at an RMS of ``level``, and the noises.

    Raises:
        MissingDataError, DataError: a corpus that is not here, or not whole.
    """
    spoken = {"quick": _quick, "open": _open, "paper": _paper}[profile](speaker)
    parts = {part: tuple(prepared(each, level) for each in spoken[part]) for part in PARTS}
    return Sources(**parts, heard=tuple(heard_noises(profile)), unheard=tuple(unheard_noises(profile)))


def prepared(spoken: Spoken, level: float) -> Spoken:
    """The sound at an RMS of ``level``, and every channel without its mean: the amplifier's offset is no muscle."""
    sound = spoken.sound.signal
    scaled = sound * (level / max(np.sqrt(np.mean(sound**2)), np.finfo(float).tiny))
    emg = spoken.emg.signal - spoken.emg.signal.mean(axis=-1, keepdims=True)
    return replace(spoken, sound=replace(spoken.sound, signal=scaled), emg=replace(spoken.emg, signal=emg))


def heard_noises(profile: str) -> list[Recording]:
    """Those that train and validate, as in the paper; the two copies among the hundred are left out."""
    if profile == "quick":
        from biosig import samples

        return samples.noises("train")
    from biosig.corpora import hu100

    return hu100.noises(locate(TRAINING_NOISE))


def unheard_noises(profile: str) -> list[Recording]:
    """Those that test, first those without voices, each with its kind as channel; the paper's are eighteen."""
    if profile == "quick":
        from biosig import samples

        return [replace(noise, channel=noise.item.split("_")[1]) for noise in samples.noises("test")]
    from biosig.corpora import emgse_noise

    found = [replace(each, channel=KINDS.get(each.channel, each.channel)) for each in
             emgse_noise.noises(locate(TEST_NOISE))]  # fmt: skip
    order = ("car", "engine", "pink", "white", "street", *VOICES)
    return sorted([*found, pink_noise()], key=lambda noise: (order.index(noise.channel), noise.item))


def pink_noise(seconds: float = PINK_S) -> Recording:
    """Synthetic Gaussian noise whose power falls as 1/f above 20 Hz; the authors' own was not published."""
    n = round(seconds * FS)
    spectrum = scipy.fft.rfft(rng_for("emgse pink noise").standard_normal(n))
    frequency = np.maximum(scipy.fft.rfftfreq(n, 1 / FS), 20.0)
    signal = scipy.fft.irfft(spectrum / np.sqrt(frequency), n)
    signal /= np.abs(signal).max()
    return Recording(signal, FS, "full scale", "synthetic/pink", "pink", "pink", synthetic=True)


def _quick(speaker: str) -> dict[str, Sequence[Spoken]]:
    """Embedded prompts of one voice, with EMG that is simulated from their own sound."""
    from biosig import samples
    from biosig.papers.emgse.simulated import emg_from_sound

    voice = [each for each in samples.speech("train") if each.item.startswith("samples/speech_it_")]
    spoken = [Spoken(each, emg_from_sound(each), "1", f"1/{each.item.rsplit('_')[-1]}") for each in voice]
    return {"test": spoken[:5], "validation": spoken[5:9], "train": spoken[9:]}


def _open(speaker: str) -> dict[str, Sequence[Spoken]]:
    from biosig.corpora import emguka

    root, sides = locate("emguka"), split("emguka")
    return {
        part: [
            Spoken(each.sound, each.emg, each.session, each.text)
            for each in emguka.utterances(root, [n for n in getattr(sides, part).subjects if n.startswith(speaker)])
        ]
        for part in PARTS
    }


def _paper(speaker: str) -> dict[str, Sequence[Spoken]]:
    """The first block of one person's audible session, 40 channels, by the authors' split; 2048 → 2000 Hz."""
    from biosig.corpora import csl_emg_array as csl

    found: dict[str, list[Spoken]] = {part: [] for part in PARTS}
    for each in csl.utterances(locate("csl_emg_array"), speaker):
        if each.part:
            emg = Channels(
                resample_polyphase(each.emg, CSL_FS, TD_FS), TD_FS, "counts", each.audio.item,
                tuple(map(str, range(len(each.emg)))),
            )  # fmt: skip
            found[each.part].append(Spoken(each.audio, emg, speaker, f"{fold_of(speaker)}/{each.number:04d}"))
    return found
