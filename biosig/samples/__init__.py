"""The recordings that travel with the package: real surface EMG and ECG at 1 kHz, real speech and noise at 16 kHz,
and words said in anger, fear and neutrally.

>>> from biosig import samples
>>> emg = samples.load("emg_bursts")
>>> emg.units, emg.fs, emg.signal.size
('mV', 1000.0, 28519)

>>> len(samples.speech("test")), len(samples.noises("test"))
(5, 5)

>>> angry = samples.emotions(speakers=["m5"])[0]
>>> angry.label, angry.subject, angry.channel
('anger', 'm5', 'nie')

Train, validation and test never share a source recording, nor a speaker. Whose EMG and ECG it is is not stated at
the source, so a file stands for a subject. Results on samples show that things work: they are no headline numbers.
"""

import functools
import hashlib
import io
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from importlib import resources

import numpy as np

from biosig.corpora.phones import Phone
from biosig.corpora.preparation import activity_from_envelope, as_interference, cut, normalised
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.samples import emotional, sounds
from biosig.signal.filters import butter_zero_phase
from biosig.signal.types import Recording

VCC_MV = 3000.0
KINDS = ("emg", "ecg", "speech", "noise")
SPLITS = ("train", "validation", "test")
ALIGNED = {"speech_novel_4": "phones_novel_4.txt"}


@functools.cache
def catalogue() -> dict:
    """SAMPLES.toml, the EMG and ECG: licence and credit on top, one table per sample under "samples"."""
    return tomllib.loads(resources.files(__package__).joinpath("SAMPLES.toml").read_text(encoding="utf-8"))


def names(kind: str | None = None, split: str | None = None) -> tuple[str, ...]:
    """Names of the samples, all or those of a kind ("emg", "ecg", "speech", "noise") and a split ("train", …).

    Raises:
        ConfigError: no such kind or split.
    """
    for value, known, what in ((kind, KINDS, "kind"), (split, SPLITS, "split")):
        if value is not None and value not in known:
            raise ConfigError(f"samples have no {what} {value!r}: expected one of {', '.join(known)}.")
    entries = (catalogue()["samples"] | sounds.catalogue()["samples"]).items()
    return tuple(name for name, e in entries if kind in (None, e["kind"]) and split in (None, e["split"]))


def load(name: str) -> Recording:
    """A sample as recorded: in mV at 1000 Hz, EMG with an activity mask derived from its own envelope; or 16 kHz sound.

    Raises:
        ConfigError: no such sample.
        DataError: its file is missing or is not the one whose sha256 the catalogue names.
    """
    if name in sounds.catalogue()["samples"]:
        return sounds.load(name)
    if name not in catalogue()["samples"]:
        raise ConfigError(f"no sample {name!r}: expected one of {', '.join(names())}.")
    entry = catalogue()["samples"][name]
    signal = to_millivolt(_counts(entry["file"], entry["sha256"]), entry["bits"], entry["gain"])
    active = activity_from_envelope(signal, entry["rate"]) if entry["kind"] == "emg" else None
    source = f"{catalogue()['source'].split(',')[0]}, {entry['from_file']}"
    return Recording(signal, entry["rate"], "mV", f"samples/{name}", name, source=source, active=active)


def speech(split: str) -> list[Recording]:
    """Clean utterances of 2 to 7 s at 16 kHz; the subject is the speaker. Test and validation have one reader each."""
    return [load(name) for name in names("speech", split)]


def text(name: str) -> str:
    """What is said in an English sample.

    Raises:
        ConfigError: a sample whose text is not here.
    """
    texts = tomllib.loads(resources.files(__package__).joinpath("TEXTS.toml").read_text(encoding="utf-8"))["texts"]
    if name not in texts:
        raise ConfigError(f"no text of {name!r}: expected one of {', '.join(texts)}.")
    return texts[name]


def phones(name: str) -> list[Phone]:
    """When each phone of an embedded sentence is said, by forced alignment (tools/align_sample.py), good to some 30 ms.

    Raises:
        ConfigError: a sample whose phones are not known; those of "speech_novel_4" are.
    """
    if name not in ALIGNED:
        raise ConfigError(f"no phones of sample {name!r}: expected one of {', '.join(ALIGNED)}.")
    lines = resources.files(__package__).joinpath(ALIGNED[name]).read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return [Phone(float(start), float(end), text) for start, end, text in rows]


def noises(split: str, seconds: float = 10.0) -> list[Recording]:
    """Noise at 16 kHz, repeated until it lasts ``seconds``; the subject is the source, the channel the kind of noise.

    The recordings are of 1 to 10 s: see :func:`biosig.samples.sounds.looped` for how they are repeated.
    """
    return [sounds.looped(load(name), seconds) for name in names("noise", split)]


def emotions(speakers: Iterable[str] | None = None) -> list[Recording]:
    """Polish words at 16 kHz, 54 by each of five men; label: emotion, subject: who speaks, channel: the word.

    Args:
        speakers: of "m1" to "m5", e.g. ``emotional.speakers("train")``; None for all.

    Raises:
        ConfigError: no such speaker.
        DataError: a file is missing or is not the one whose sha256 the catalogue names.
    """
    return emotional.load(speakers)


def to_millivolt(counts: np.ndarray, bits: int, gain: float) -> np.ndarray:
    """The sensors' documented transfer function: mV = VCC (counts / 2**bits - 1/2) / gain, with VCC = 3 V."""
    return VCC_MV * (counts / 2**bits - 0.5) / gain


def emg_segments(split: str, seconds: float = 10.0) -> list[Recording]:
    """Clean EMG to mix: 20 Hz high-pass (order 4, zero phase), cut, divided by the file's largest |x|."""
    return [segment for name in names("emg", split) for segment in _prepared_emg(load(name), seconds)]


def ecg_interference(split: str) -> list[Recording]:
    """ECG to mix in, in mV, prepared as NSRDB is: see :func:`biosig.corpora.preparation.as_interference`."""
    recordings = [load(name) for name in names("ecg", split)]
    return [replace(r, signal=as_interference(r.signal, r.fs)) for r in recordings]


def _prepared_emg(recording: Recording, seconds: float) -> list[Recording]:
    filtered = butter_zero_phase(recording.signal, recording.fs, 4, 20.0, "highpass")
    clean = replace(recording, signal=filtered, active=activity_from_envelope(filtered, recording.fs))
    return normalised(list(cut(clean, seconds)))


def _counts(file: str, expected: str) -> np.ndarray:
    """The counts in a sample's file, read only if the file is the one whose sha256 is committed."""
    try:
        content = resources.files(__package__).joinpath(file).read_bytes()
    except FileNotFoundError:
        raise MissingDataError(f"sample {file} is not in the package: reinstall biosig.") from None
    if hashlib.sha256(content).hexdigest() != expected:
        raise DataError(f"sample {file} has been altered: its sha256 is not the one in SAMPLES.toml.")
    return np.load(io.BytesIO(content), allow_pickle=False)["counts"].astype(np.float64)
