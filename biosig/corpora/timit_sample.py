"""The TIMIT sample that NLTK distributes: sixteen people read ten sentences each, with hand-made phone and word times.

Layout: ``dr1-fvmh0/sa1.flac`` (mono, 16 kHz) with ``sa1.phn``, ``sa1.wrd`` and ``sa1.txt`` beside it, whose lines are
``first_sample end_sample label``. A folder is a person: dialect region, sex (f, m), initials, a digit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE, read_sound, sound_files
from biosig.errors import DataError, MissingDataError
from biosig.signal.types import Recording

SILENT = ("h#", "pau", "epi")  # before and after, a pause, a gap between consonants
SHARED = ("sa1", "sa2")  # read by everyone

CARD = Card(
    name="timit_sample",
    title="TIMIT, the sample of NLTK",
    what="Read English, 8 women and 8 men from 8 regions, 10 sentences each, 8.2 min, with phones, words and texts.",
    units=FULL_SCALE,
    rate=FS,
    licence="CC BY-NC-SA as its README says, © 1993 Linguistic Data Consortium",
    citation_key="garofolo1993timit",
    citation="J. S. Garofolo, L. F. Lamel, W. M. Fisher, J. G. Fiscus, D. S. Pallett, N. L. Dahlgren, V. Zue: TIMIT "
    "Acoustic-Phonetic Continuous Speech Corpus. Linguistic Data Consortium, LDC93S1, 1993.",
    url="https://catalog.ldc.upenn.edu/LDC93S1",
    how_to_get="Place the sample (`nltk.download('timit')`), its WAV files as FLAC, in $BIOSIG_DATA/timit_sample.",
    quirks=(
        "Evaluation only, but for one experiment of the speech chapter: a small phone recogniser, and the copy of an "
        "enhancer that learns with it, train on it in folds of people. No published network has heard it.",
        "Everyone reads sa1 and sa2, and some of the other sentences are shared by two people.",
        "si1367 of madc0: the sound is 0.18 s longer than its labels, which end early.",
        "Recorded in a studio, and still not silent between the words: the level there lies 15 to 50 dB under that of "
        "the speech, 32 dB in the middle.",
        "Quiet: RMS -46 to -28 dB re full scale.",
    ),
    folders=("timit_sample",),
    manifest="timit_sample.txt",
)


@dataclass(frozen=True)
class Label:
    """What is said from sample ``start`` up to, not with, ``end``: a phone, a word or a sentence."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Labels:
    """The text of a sentence, and its words and phones in order."""

    text: str
    words: tuple[Label, ...]
    phones: tuple[Label, ...]


def people(root: Path) -> dict[str, Path]:
    """Person ("fvmh0") → folder.

    Raises:
        MissingDataError: there is none.
    """
    found = {path.name.split("-")[1]: path for path in sorted(Path(root).glob("dr?-?????")) if path.is_dir()}
    if not found:
        raise MissingDataError(f"{root} holds no folder of a person: {CARD.how_to_get}")
    return found


def utterances(root: Path, names: Iterable[str] | None = None) -> list[Recording]:
    """The sentences, person by person; ``active`` where the phones are not silence, ``channel`` is the sentence's name.

    Args:
        root: folder that holds one folder per person.
        names: people, e.g. those of a side of the split; None for all.

    Raises:
        MissingDataError: no such person, a sentence without its labels.
        DataError: a file that is damaged, stereo or at another rate, or labels that are none.
    """
    here = people(root)
    wanted = tuple(here if names is None else names)
    if missing := [name for name in wanted if name not in here]:
        raise MissingDataError(f"{root} has nobody called {missing[0]}: {CARD.how_to_get}")
    return [_utterance(path, name) for name in wanted for path in sound_files(here[name], CARD.how_to_get)]


def labels(root: Path, item: str) -> Labels:
    """Text, words and phones of the recording called ``item`` ("timit_sample/fvmh0/sa1"); errors as above."""
    _, person, sentence = item.split("/")
    here = people(root)
    if person not in here:
        raise MissingDataError(f"{root} has nobody called {person}: {CARD.how_to_get}")
    path = here[person] / sentence
    (text, *_) = read_labels(path.with_suffix(".txt"))
    return Labels(text.text, read_labels(path.with_suffix(".wrd")), read_labels(path.with_suffix(".phn")))


def read_labels(path: Path) -> tuple[Label, ...]:
    """The lines of a .phn, .wrd or .txt file.

    Raises:
        MissingDataError: it is not there.
        DataError: empty, a line that is no label, or one that ends before it begins.
    """
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    try:
        found = tuple(Label(int(start), int(end), text) for start, end, text in (line.split(None, 2) for line in lines))
    except ValueError:
        raise DataError(f"{path} holds a line that is no label: expected `first_sample end_sample text`.") from None
    if not found or any(not 0 <= label.start <= label.end for label in found):
        raise DataError(f"{path} is empty, or a label in it ends before it begins: expected times in samples.")
    return found


def _utterance(path: Path, person: str) -> Recording:
    signal = read_sound(path, CARD.how_to_get)
    active = np.zeros(signal.size, bool)
    for phone in read_labels(path.with_suffix(".phn")):
        active[phone.start : phone.end] = phone.text not in SILENT
    item, source = f"timit_sample/{person}/{path.stem}", f"{path.parent.name}/{path.name}"
    return Recording(signal, FS, FULL_SCALE, item, person, path.stem, source, active)
