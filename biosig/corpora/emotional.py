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


def load(
    naming: Naming, root: Path, emotions: Sequence[str] | None = None, speakers: Sequence[str] | None = None
) -> list[Recording]:
    """The utterances of some emotions and speakers (None: all) by name; subject: speaker, label: emotion.

    Raises:
        ConfigError: an emotion or a speaker that the corpus does not have.
        MissingDataError, DataError: no files, a damaged one, or a name that is none of the corpus.
    """
    emotions = _known(naming, "emotion", emotions, naming.emotions)
    speakers = _known(naming, "speaker", speakers, naming.speakers)
    paths = sound_files(Path(root), naming.card.how_to_get, naming.pattern)
    told = [(path, *_parse(naming, path)) for path in paths]
    return [
        _recording(naming, path, Path(root), speaker, emotion)
        for path, speaker, emotion in told
        if speaker in speakers and emotion in emotions
    ]


def _recording(naming: Naming, path: Path, root: Path, speaker: str, emotion: str) -> Recording:
    signal, source = read_sound(path, naming.card.how_to_get), path.relative_to(root).as_posix()
    item = f"{naming.card.name}/{naming.item(path)}"
    return Recording(signal, FS, FULL_SCALE, item, speaker, source=source, label=emotion)


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
