"""AudioSet: ten-second pieces of YouTube videos and what is heard in them, the paper's noise.

Layout: ``ontology.json`` and ``balanced_train_segments.csv`` as Google hands them out, and ``wav/YTID_start.wav``, mono
at 16 kHz, as whoever fetched the sound named it. A list begins with three comments; its lines read
``--PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088"``.
"""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE, read_sound
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.types import Recording

LISTS = ("balanced_train", "unbalanced_train", "eval")
HEADER = ("# YTID", "start_seconds", "end_seconds", "positive_labels")
LEFT_OUT = ("Human sounds", "Music")  # "Human Source and Music" in Triantafyllopoulos et al., section 2.1

CARD = Card(
    name="audioset",
    title="AudioSet, without human sounds and music",
    what="Pieces of 10 s of YouTube videos with labels of 632 kinds of sound; 22,160 in the balanced training list.",
    units=FULL_SCALE,
    rate=FS,
    licence="labels CC BY 4.0, ontology CC BY-SA 4.0; the sound belongs to those who uploaded it",
    citation_key="gemmeke2017audio",
    citation="J. F. Gemmeke, D. P. W. Ellis, D. Freedman, A. Jansen, W. Lawrence, R. C. Moore, M. Plakal, M. Ritter: "
    "Audio Set: An ontology and human-labeled dataset for audio events. Proc. ICASSP, 776-780, 2017.",
    url="https://research.google.com/audioset/",
    how_to_get="Place ontology.json (https://github.com/audioset/ontology) and the lists "
    "(https://research.google.com/audioset/download.html) in $BIOSIG_DATA/audioset, and the sound that you have the "
    "right to use, mono at 16 kHz, as wav/YTID_start.wav in it; Google hands out no sound.",
    quirks=(
        "We do not have the sound. Sure: the ontology, which was read as handed out, and the form of the lists, which "
        "many quote. Not sure: how sound files are called, as that is up to whoever fetched them; YTID_30, "
        "YTID_30.000, YTID_30000, YTID_30.000_40.000, YTID and YYTID are tried in this order.",
        "Videos vanish: a piece whose file is not there is passed over, so two people do not have the same corpus.",
        "Of 632 classes the descendants of `Human sounds` are 83 and those of `Music` 189, 3 of them both: 269 are "
        "left out, with all that they share a piece with.",
        "Class by descent, not by ear: `Cowbell`, `Bell` and `Bicycle bell` go with Music, `Hubbub, speech noise, "
        "speech babble` with Human sounds; `Radio`, `Television` and `Vehicle` stay, and people may be heard in them.",
        "The paper says `Human Source and Music` and names neither the list nor how many pieces it took.",
        "Labels are of the whole 10 s and miss much: speech may be in a piece that is not labelled so.",
    ),
    folders=("audioset",),
)


@dataclass(frozen=True)
class Segment:
    """A line of a list: video, from when to when in s, and the ids of what is heard."""

    video: str
    start_s: float
    end_s: float
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """An entry of the ontology: its name and the ids of those under it."""

    name: str
    children: tuple[str, ...]


def read_ontology(path: Path) -> dict[str, Kind]:
    """Id → kind of sound.

    Raises:
        MissingDataError: no such file.
        DataError: it is no ontology, or names a child that it does not have.
    """
    text = _text(path)
    try:
        kinds = {entry["id"]: Kind(entry["name"], tuple(entry["child_ids"])) for entry in json.loads(text)}
    except (ValueError, TypeError, KeyError):
        raise DataError(f"{path} is no ontology: expected a list of entries with id, name and child_ids.") from None
    if strays := {child for kind in kinds.values() for child in kind.children} - set(kinds):
        raise DataError(f"{path} is not whole: {sorted(strays)[0]} is a child and has no entry of its own.")
    return kinds


def descendants(kinds: dict[str, Kind], names: Iterable[str] = LEFT_OUT) -> frozenset[str]:
    """Ids of the kinds with these names, and of all below them.

    Raises:
        DataError: the ontology has no such name.
    """
    by_name = {kind.name: key for key, kind in kinds.items()}
    if missing := [name for name in names if name not in by_name]:
        raise DataError(f"the ontology of AudioSet has no class {missing[0]!r}: expected the one of 2017.")
    found, waiting = set(), [by_name[name] for name in names]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting.extend(kinds[key].children)
    return frozenset(found)


def read_segments(path: Path) -> list[Segment]:
    """The lines of a list.

    Raises:
        MissingDataError: no such file.
        DataError: without its comments, or a line that is not video, start, end and labels.
    """
    lines = _text(path).splitlines()
    heads = [tuple(part.strip() for part in line.split(",")) for line in lines if line.startswith("#")]
    if HEADER not in heads:
        raise DataError(f"{path} has no comment `{', '.join(HEADER)}`: expected a list of segments of AudioSet.")
    rows = [(k, line) for k, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    return [_segment(path, k, line) for k, line in rows]


def usable(root: Path, name: str = "balanced_train") -> list[Segment]:
    """The segments of a list in which nothing of :data:`LEFT_OUT` is heard.

    Raises:
        ConfigError: no such list.
        MissingDataError, DataError: as :func:`read_ontology` and :func:`read_segments`; a label without a class.
    """
    return _usable(root, name)[0]


def _usable(root: Path, name: str) -> tuple[list[Segment], dict[str, Kind]]:
    """The usable segments, and the ontology that says so."""
    if name not in LISTS:
        raise ConfigError(f"audioset has no list {name!r}: expected one of {', '.join(LISTS)}.")
    kinds, path = read_ontology(Path(root) / "ontology.json"), Path(root) / f"{name}_segments.csv"
    segments = read_segments(path)
    if strange := {label for segment in segments for label in segment.labels} - set(kinds):
        raise DataError(f"{path} has the label {sorted(strange)[0]!r}: expected one of ontology.json.")
    out = descendants(kinds)
    return [segment for segment in segments if not out & set(segment.labels)], kinds


def noises(root: Path, name: str = "balanced_train") -> list[Recording]:
    """The usable pieces whose sound is here; the subject is the video, the channel what is heard.

    Raises:
        ConfigError: no such list.
        MissingDataError: list, ontology or every sound is missing.
        DataError: as :func:`usable`, or a sound that is damaged, stereo or at another rate.
    """
    segments, kinds = _usable(root, name)
    here = [(segment, path) for segment in segments if (path := _file(Path(root) / "wav", segment))]
    if not here:
        raise MissingDataError(f"{Path(root) / 'wav'} holds no sound of {name}: {CARD.how_to_get}")
    return [_noise(segment, path, kinds) for segment, path in here]


def _segment(path: Path, k: int, line: str) -> Segment:
    try:
        ((video, start, end, labels),) = csv.reader([line], skipinitialspace=True)
        segment = Segment(video, float(start), float(end), tuple(labels.split(",")))
    except ValueError:
        segment = Segment("", 0.0, 0.0, ())
    if not segment.video or Path(segment.video).name != segment.video or not 0 <= segment.start_s < segment.end_s:
        raise DataError(f'line {k} of {path} is no segment: expected `YTID, start, end, "label,label"`.')
    return segment


def _file(folder: Path, segment: Segment) -> Path | None:
    """The sound of a segment, by any of the names in use; None if it is not here."""
    video, start, end = segment.video, segment.start_s, segment.end_s
    stamps = (f"_{start:g}", f"_{start:.3f}", f"_{1000 * start:.0f}", f"_{start:.3f}_{end:.3f}", "")
    paths = (folder / f"{name}.wav" for name in (*(video + stamp for stamp in stamps), f"Y{video}"))
    return next((path for path in paths if path.is_file()), None)


def _noise(segment: Segment, path: Path, kinds: dict[str, Kind]) -> Recording:
    item, heard = f"audioset/{segment.video}_{segment.start_s:g}", "; ".join(kinds[key].name for key in segment.labels)
    signal = read_sound(path, CARD.how_to_get)
    return Recording(signal, FS, FULL_SCALE, item, segment.video, heard, f"wav/{path.name}")


def _text(path: Path) -> str:
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    return path.read_text(encoding="utf-8", errors="replace")
