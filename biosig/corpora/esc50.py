"""ESC-50: fifty kinds of environmental sound, 40 clips of 5 s each, in five folds that share no recording.

Layout as distributed: ``meta/esc50.csv`` with the columns filename, fold, target, category, esc10, src_file and take,
and ``audio/1-100032-A-0.wav`` (fold, Freesound recording, take, class), mono, 44.1 kHz.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE, read_sound, without_zeros
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.types import Recording

FOLDS = ("1", "2", "3", "4", "5")
N_CLASSES = 50
COLUMNS = ("filename", "fold", "category", "src_file")

CARD = Card(
    name="esc50",
    title="ESC-50: environmental sound classification",
    what="Fifty kinds of sound: animals, nature, people without words, inside, outside; 40 clips of 5 s each.",
    units=FULL_SCALE,
    rate=44_100.0,
    licence="CC BY-NC 3.0 (its ten classes ESC-10: CC BY 3.0)",
    citation_key="piczak2015esc",
    citation="K. J. Piczak: ESC: Dataset for environmental sound classification. Proc. ACM MM, 1015-1018, 2015.",
    url="https://github.com/karolpiczak/ESC-50",
    how_to_get="Clone https://github.com/karolpiczak/ESC-50 and place its folders meta and audio in "
    "$BIOSIG_DATA/esc50.",
    quirks=(
        "We do not have all of it: our numbers rest on its ten CC BY classes, ESC-10, which we do have.",
        "Clips that were too short were filled up with zeros at the source: `noises` cuts those off.",
        "Several clips may come from one recording, which is the subject; a fold holds all clips of it, and the loader "
        "refuses a list in which that is not so.",
        "Crying babies, laughter, coughs and breathing are among the fifty: some of this noise is a human voice.",
    ),
    folders=("esc50",),
)


@dataclass(frozen=True)
class Clip:
    """A line of the list: file, fold ("1" to "5"), kind of sound, and the recording that it was cut from."""

    file: str
    fold: str
    kind: str
    recording: str


def clips(root: Path) -> list[Clip]:
    """The list of all clips, checked.

    Raises:
        MissingDataError: it is not there.
        DataError: a column, a fold or a class is missing, a line is cut short, or one recording is in two folds.
    """
    path = Path(root) / "meta" / "esc50.csv"
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.DictReader(file)
        if missing := [column for column in COLUMNS if column not in (rows.fieldnames or ())]:
            raise DataError(f"{path} has no column {missing[0]}: expected the list of ESC-50.")
        found = [_clip(path, rows.line_num, row) for row in rows]
    _check(path, found)
    return found


def noises(root: Path, folds: Iterable[str] | None = None) -> list[Recording]:
    """The clips of some folds at 16 kHz, without the zeros at their ends; channel: class, subject: recording.

    Args:
        root: folder that holds ``meta`` and ``audio``.
        folds: of "1" to "5"; None for all.

    Raises:
        ConfigError: no such fold.
        MissingDataError: list or sound is not there.
        DataError: as :func:`clips`, or a sound that is damaged, silent, stereo or at another rate.
    """
    wanted = FOLDS if folds is None else tuple(map(str, folds))
    if foreign := [fold for fold in wanted if fold not in FOLDS]:
        raise ConfigError(f"esc50 has no fold {foreign[0]!r}: expected some of {', '.join(FOLDS)}.")
    return [_noise(Path(root), clip) for clip in clips(root) if clip.fold in wanted]


def _clip(path: Path, line: int, row: dict[str, str | None]) -> Clip:
    file, fold, kind, recording = (row[column] for column in COLUMNS)
    if not (file and fold and kind and recording) or Path(file).name != file:
        raise DataError(f"line {line} of {path} is no clip: expected file name, fold, category and src_file.")
    return Clip(file, fold, kind.replace("_", " "), recording)


def _check(path: Path, found: list[Clip]) -> None:
    kinds, folds = {clip.kind for clip in found}, {clip.fold for clip in found}
    if len(kinds) != N_CLASSES or folds != set(FOLDS):
        raise DataError(f"{path} has {len(kinds)} classes in {len(folds)} folds: expected {N_CLASSES} in {len(FOLDS)}.")
    fold_of = {}
    for clip in found:
        if fold_of.setdefault(clip.recording, clip.fold) != clip.fold:
            raise DataError(f"{path} has recording {clip.recording} in two folds: expected each in one.")


def _noise(root: Path, clip: Clip) -> Recording:
    path = root / "audio" / clip.file
    signal = without_zeros(read_sound(path, CARD.how_to_get, CARD.rate), path)
    item, source = f"esc50/{path.stem}", f"audio/{clip.file}"
    return Recording(signal, FS, FULL_SCALE, item, f"{clip.fold}-{clip.recording}", clip.kind, source)
