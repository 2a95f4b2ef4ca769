"""RECOLA as AVEC 2016 handed it out: five minutes of each of 18 people, and how aroused they sound every 40 ms.

Layout: ``recordings_audio/train_1.wav`` and ``ratings_gold_standard/arousal/train_1.arff``, for train_1 to train_9 and
dev_1 to dev_9; ``valence`` beside ``arousal``. The gold standard of the test part was never handed out.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE, read_sound
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.types import Recording

PARTS = {part: tuple(f"{part}_{k}" for k in range(1, 10)) for part in ("train", "dev")}
NAMES = PARTS["train"] + PARTS["dev"]
DIMENSIONS = ("arousal", "valence")
STEP_S = 0.04
SLACK_S = 1.0  # by which a rating may outlast the sound

CARD = Card(
    name="recola",
    title="RECOLA, the part that AVEC 2016 handed out",
    what="French, spontaneous, two people solving a task by video call; 5 min each of 18 people, arousal every 40 ms.",
    units=FULL_SCALE,
    rate=44_100.0,
    licence="on its own terms, after a signed agreement: not redistributable",
    citation_key="ringeval2013introducing",
    citation="F. Ringeval, A. Sonderegger, J. Sauer, D. Lalanne: Introducing the RECOLA multimodal corpus of remote "
    "collaborative and affective interactions. Proc. IEEE FG, EmoSPACE workshop, 2013.",
    url="https://diuf.unifr.ch/main/diva/recola/",
    how_to_get="Ask for it at https://diuf.unifr.ch/main/diva/recola/download.html, place the folders "
    "recordings_audio and ratings_gold_standard of the AVEC 2016 package in $BIOSIG_DATA/recola, and convert the sound "
    "to mono at 16 kHz; it cannot be fetched for you.",
    quirks=(
        "We do not have it: the layout is as others who do describe it, and nothing here was measured by us.",
        "Sure, as the organisers' own script and several readers agree: folders and names, 9 + 9 recordings, 7,501 "
        "values from 0 to 300 s, and in each line of the ARFF name, time and value in this order.",
        "Not sure: that the time is in s in every copy, and a CSV in its place; either is refused unless its last two "
        "columns are a time that goes up by 0.04 and a value from -1 to 1.",
        "Triantafyllopoulos et al. state 46 people and 2 h 15 min, as the whole corpus is described; 27 recordings of "
        "5 min, which AVEC took from it, are 2 h 15 min, and the gold standard of 9 of them is not public.",
        "Six people rated, each with a lag of some seconds: the rating of a moment stands later in the file.",
    ),
    folders=("recola",),
)


@dataclass(frozen=True)
class Trace:
    """A rating over time: ``time`` in s and ``value`` in [-1, 1], both of shape (n,)."""

    time: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class Session:
    """One person's sound, and how it was rated."""

    recording: Recording
    trace: Trace


def sessions(root: Path, names: Iterable[str] | None = None, dimension: str = "arousal") -> list[Session]:
    """The sessions with their gold standard; all ratings are read and checked before any sound is.

    Args:
        root: folder that holds ``recordings_audio`` and ``ratings_gold_standard``.
        names: e.g. ``PARTS["dev"]``; None for all 18. Each is a person, and the subject.
        dimension: "arousal" or "valence".

    Raises:
        ConfigError: no such name or dimension.
        MissingDataError: a sound or a rating that is not there.
        DataError: one that is damaged, a rating that is not one every 40 ms or that outlasts its sound.
    """
    wanted = NAMES if names is None else tuple(names)
    if foreign := [name for name in wanted if name not in NAMES]:
        raise ConfigError(f"recola has no recording {foreign[0]!r}: expected train_1 to train_9 or dev_1 to dev_9.")
    if dimension not in DIMENSIONS:
        raise ConfigError(f"recola has no dimension {dimension!r}: expected one of {', '.join(DIMENSIONS)}.")
    traces = {name: read_trace(_gold(Path(root), name, dimension)) for name in wanted}
    return [_session(Path(root), name, trace) for name, trace in traces.items()]


def read_trace(path: Path) -> Trace:
    """A gold standard: an ARFF or CSV file whose last two columns are time in s and value.

    Raises:
        DataError: no such columns, or not a value in [-1, 1] every 40 ms from 0 s on.
    """
    lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    rows = _arff_rows(path, lines) if path.suffix == ".arff" else lines[1:]
    rows = [row for row in rows if row and not row.startswith("%")]
    try:
        columns = [row[-2:] for row in csv.reader(rows, delimiter=";" if rows and ";" in rows[0] else ",")]
        values = np.array(columns, dtype=np.float64).reshape(-1, 2)
    except ValueError:
        raise DataError(f"{path} has a line that does not end in a time and a value: expected both.") from None
    time, value = values.T
    if not time.size or not np.allclose(time, STEP_S * np.arange(time.size), rtol=0, atol=STEP_S / 10):
        raise DataError(f"{path} holds no value every 40 ms from 0 s on: expected times 0, 0.04, 0.08 s and so on.")
    if not (np.abs(value) <= 1).all():
        raise DataError(f"{path} holds a value that is no number from -1 to 1: expected the scale of the ratings.")
    return Trace(time, value)


def _arff_rows(path: Path, lines: list[str]) -> list[str]:
    starts = [k for k, line in enumerate(lines) if line.lower() == "@data"]
    if not starts:
        raise DataError(f"{path} has no line @data: expected an ARFF file.")
    return lines[starts[0] + 1 :]


def _gold(root: Path, name: str, dimension: str) -> Path:
    folder = root / "ratings_gold_standard" / dimension
    for path in (folder / f"{name}.arff", folder / f"{name}.csv"):
        if path.is_file():
            return path
    raise MissingDataError(f"{folder / name}.arff is not there: {CARD.how_to_get}")


def _session(root: Path, name: str, trace: Trace) -> Session:
    path = root / "recordings_audio" / f"{name}.wav"
    source = path.relative_to(root).as_posix()
    recording = Recording(read_sound(path, CARD.how_to_get), FS, FULL_SCALE, f"recola/{name}", name, source=source)
    if trace.time[-1] > recording.seconds + SLACK_S:
        lengths = f"{path} lasts {recording.seconds:.1f} s, and is rated up to {trace.time[-1]:.1f} s"
        raise DataError(f"{lengths}: expected a rating of the same length.")
    return Session(recording, trace)
