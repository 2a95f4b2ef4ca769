"""Mozilla Common Voice: sentences read by volunteers into their own microphones, the paper's clean speech.

Layout of one language's folder: ``clips/common_voice_en_1.mp3`` (mono, mostly 48 kHz), and ``validated.tsv``,
``train.tsv``, ``dev.tsv``, ``test.tsv``, which name clip and speaker in the columns ``path`` and ``client_id``.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.blocks import resample
from biosig.signal.types import Recording

PARTS = ("validated", "train", "dev", "test")
COLUMNS = ("client_id", "path", "sentence")

CARD = Card(
    name="common_voice",
    title="Mozilla Common Voice, one language of a release",
    what="Read sentences by many thousands of volunteers at home; how much depends on language and release.",
    units=FULL_SCALE,
    rate=48_000.0,
    licence="CC0 1.0",
    citation_key="ardila2020common",
    citation="R. Ardila, M. Branson, K. Davis, M. Henretty, M. Kohler, J. Meyer, R. Morais, L. Saunders, F. M. Tyers, "
    "G. Weber: Common Voice: A massively-multilingual speech corpus. Proc. LREC, 2020.",
    url="https://commonvoice.mozilla.org/datasets",
    how_to_get="Download a release of a language from https://commonvoice.mozilla.org/datasets and place what is in "
    "its folder (clips and the .tsv lists) in $BIOSIG_DATA/common_voice.",
    quirks=(
        "We do not have it: nothing here was measured by us. Sure, as many quote them: the folder, the lists, and "
        "their columns client_id, path, sentence, up_votes, down_votes, age, gender, locale.",
        "Not sure: lists of the first releases, which are said to name clips without `.mp3`; both are read.",
        "MP3 has lost what its encoder took for inaudible, and cuts off high frequencies: not clean in every sense.",
        "Microphones and rooms are the volunteers' own: many clips hold noise that a network is told is clean.",
        "`train`, `dev` and `test` share no speaker by the corpus's own account; `validated` holds all three and more.",
        "A client_id is an account or a browser: one person may have several.",
        "The paper names neither the release nor the languages it took.",
    ),
    folders=("common_voice",),
)


@dataclass(frozen=True)
class Clip:
    """A line of a list: the file's name in ``clips``, who speaks, and the text."""

    file: str
    speaker: str
    sentence: str


def clips(root: Path, part: str) -> list[Clip]:
    """The lines of a list, in their order.

    Raises:
        ConfigError: no such part.
        MissingDataError: no such list.
        DataError: a column is missing, a line is cut short, or names a file outside ``clips``.
    """
    if part not in PARTS:
        raise ConfigError(f"common_voice has no part {part!r}: expected one of {', '.join(PARTS)}.")
    path = Path(root) / f"{part}.tsv"
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if missing := [column for column in COLUMNS if column not in (rows.fieldnames or ())]:
            raise DataError(f"{path} has no column {missing[0]}: expected a list of Common Voice.")
        return [_clip(path, rows.line_num, row) for row in rows]


def utterances(root: Path, part: str = "train", files: Iterable[str] | None = None) -> list[Recording]:
    """Clips at 16 kHz; the subject is the speaker. The whole list is checked before any sound is read.

    Args:
        root: folder that holds ``clips`` and the lists.
        part: "validated", "train", "dev" or "test".
        files: names of the clips wanted, in the list's order; None for all, which may be more than memory holds.

    Raises:
        ConfigError: no such part.
        MissingDataError: a list or clip is not there, or a file that is not on the list.
        DataError: a list as in :func:`clips`, or a clip that is damaged, empty or not mono.
    """
    listed = clips(root, part)
    wanted = {clip.file for clip in listed} if files is None else set(files)
    if foreign := sorted(wanted - {clip.file for clip in listed}):
        raise MissingDataError(f"{part}.tsv in {root} has no clip {foreign[0]}: expected names as in its column path.")
    chosen = [clip for clip in listed if clip.file in wanted]
    if absent := [clip.file for clip in chosen if not (Path(root) / "clips" / clip.file).is_file()]:
        raise MissingDataError(f"{Path(root) / 'clips' / absent[0]} is not there: {CARD.how_to_get}")
    return [_utterance(Path(root) / "clips" / clip.file, clip.speaker) for clip in chosen]


def _clip(path: Path, line: int, row: dict[str, str | None]) -> Clip:
    name, speaker, sentence = (row[column] for column in ("path", "client_id", "sentence"))
    if not name or not speaker or sentence is None:
        raise DataError(f"line {line} of {path} is cut short: expected a client_id, a path and a sentence.")
    if Path(name).name != name:
        raise DataError(f"line {line} of {path} names {name[:60]}: expected a file in clips.")
    return Clip(name if name.endswith(".mp3") else f"{name}.mp3", speaker, sentence)


def _utterance(path: Path, speaker: str) -> Recording:
    from biosig.corpora.audio_io import check_sound, read_sound  # asks for soundfile

    if (channels := check_sound(path).channels) != 1:
        raise DataError(f"{path} has {channels} channels: expected 1.")
    (signal,), fs = read_sound(path)
    item, source = f"common_voice/{path.stem}", f"clips/{path.name}"
    return Recording(resample(signal, fs, FS), FS, FULL_SCALE, item, speaker, source=source)
