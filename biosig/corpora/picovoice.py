"""Spoken English commands from many people's own microphones, 207 files: the open stand-in for Common Voice.

Layout: ``speech/{uuid}.flac``, mono, 16 kHz.
"""

from collections.abc import Iterable
from pathlib import Path

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE, read_sound, sound_files, trimmed
from biosig.signal.types import Recording

CARD = Card(
    name="picovoice",
    title="Picovoice speech-to-intent benchmark, part",
    what="Spoken orders to a coffee machine in English, 207 of its utterances, 29.5 min of which 11 are speech.",
    units=FULL_SCALE,
    rate=FS,
    licence="Apache-2.0",
    citation_key="picovoice2020speech",
    citation="Picovoice: Speech-to-Intent Benchmark, 2020.",
    url="https://github.com/Picovoice/speech-to-intent-benchmark",
    how_to_get="Clone https://github.com/Picovoice/speech-to-intent-benchmark and place its speech, as FLAC at "
    "16 kHz, in $BIOSIG_DATA/picovoice_s2i/speech.",
    quirks=(
        "Speakers are not stated: a file stands for a subject, and one person may be on both sides of the split.",
        "Most of a file is silence: 1.2 s before the order and 4.1 s after it (medians), up to 5.3 and 8.2 s. "
        "`utterances` cuts it off, or an SNR over the whole file would be set by its silence.",
        "The silence is quiet, not zero: the floor lies 33 to 102 dB under the speech, 60 dB in the middle. "
        "One file in ten has less than 47 dB: a room or a fan, and part of what a network is told is clean.",
        "Every file peaks at 0.5 of full scale or less, so that loudness says nothing about distance.",
        "The orders are alike: a network that has heard them has heard few words.",
    ),
    stands_in_for="Common Voice",
    folders=("picovoice_s2i",),
    manifest="picovoice.txt",
)


def utterances(root: Path, names: Iterable[str] | None = None, margin_s: float | None = 0.25) -> list[Recording]:
    """The utterances without the silence around them, each by its own subject.

    Args:
        root: folder that holds ``speech``.
        names: uuids, e.g. those of a side of the split; None for all.
        margin_s: what to leave of the silence before and after; None leaves all of it.

    Raises:
        MissingDataError: no such file.
        DataError: a file that is damaged, stereo or at another rate.
    """
    folder = Path(root) / "speech"
    if names is None:
        names = [path.stem for path in sound_files(folder, CARD.how_to_get)]
    recordings = [_utterance(folder / f"{name}.flac") for name in names]
    return recordings if margin_s is None else [trimmed(recording, margin_s) for recording in recordings]


def _utterance(path: Path) -> Recording:
    item = f"picovoice/{path.stem}"
    return Recording(read_sound(path, CARD.how_to_get), FS, FULL_SCALE, item, path.stem, source=f"speech/{path.name}")
