"""What the corpora of emotional speech share: one label and one speaker a file, both said by its name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE, read_sound, sound_files
from biosig.errors import ConfigError, DataError
from biosig.signal.types import Recording

SOUND = "*.[wWf][aAl][vVa]*"  # .wav as most are distributed, .flac as the smaller copies are


@dataclass(frozen=True)
class Naming:
    """How a corpus names its files.

    Attributes:
        card: of the corpus.
        pattern: of the files below the corpus's root.
        speakers, emotions: all that there are.
        parse: path → (speaker, emotion); ValueError or KeyError for a name that says neither.
        example: a right name, for the sentence about a wrong one.
        item: path → a name that no other file of the corpus has.
    """

    card: Card
    pattern: str
    speakers: tuple[str, ...]
    emotions: tuple[str, ...]
    parse: Callable[[Path], tuple[str, str]]
    example: str
    item: Callable[[Path], str] = attrgetter("stem")


@dataclass(frozen=True)
class Named:
    """What a file's name says: which item it is, who speaks, in which emotion."""

    path: Path
    item: str
    subject: str
    label: str


def named(
    naming: Naming, root: Path, emotions: Sequence[str] | None = None, speakers: Sequence[str] | None = None
) -> list[Named]:
    """The utterances that :func:`load` would read, by their names alone.

    Raises:
        ConfigError: an emotion or a speaker that the corpus does not have.
        MissingDataError, DataError: no files, or a name that is none of the corpus.
    """
    emotions = _known(naming, "emotion", emotions, naming.emotions)
    speakers = _known(naming, "speaker", speakers, naming.speakers)
    paths = sound_files(Path(root), naming.card.how_to_get, naming.pattern)
    told = [_named(naming, path) for path in paths]
    return [each for each in told if each.subject in speakers and each.label in emotions]


def load(
    naming: Naming, root: Path, emotions: Sequence[str] | None = None, speakers: Sequence[str] | None = None
) -> list[Recording]:
    """The utterances of some emotions and speakers (None: all) by name; subject: speaker, label: emotion.

    Raises:
        ConfigError: an emotion or a speaker that the corpus does not have.
        MissingDataError, DataError: no files, a damaged one, or a name that is none of the corpus.
    """
    return [read(naming, Path(root), each) for each in named(naming, root, emotions, speakers)]


def read(naming: Naming, root: Path, each: Named) -> Recording:
    """The recording behind a name.

    Raises:
        DataError: a damaged file.
    """
    signal, source = read_sound(each.path, naming.card.how_to_get), each.path.relative_to(root).as_posix()
    return Recording(signal, FS, FULL_SCALE, each.item, each.subject, source=source, label=each.label)


def _named(naming: Naming, path: Path) -> Named:
    said = _parse(naming, path)  # first: what cannot be parsed has no item
    return Named(path, f"{naming.card.name}/{naming.item(path)}", *said)


def _parse(naming: Naming, path: Path) -> tuple[str, str]:
    try:
        speaker, emotion = naming.parse(path)
    except (ValueError, KeyError, IndexError):
        speaker = emotion = ""
    if speaker not in naming.speakers or emotion not in naming.emotions:
        raise DataError(f"{path} is no name of {naming.card.name}: expected one like {naming.example}.")
    return speaker, emotion


def _known(naming: Naming, what: str, wanted: Sequence[str] | None, there: tuple[str, ...]) -> tuple[str, ...]:
    wanted = there if wanted is None else tuple(wanted)
    if foreign := [name for name in wanted if name not in there]:
        raise ConfigError(f"{naming.card.name} has no {what} {foreign[0]!r}: expected some of {', '.join(there)}.")
    return wanted
