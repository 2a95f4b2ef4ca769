"""Leave one speaker out: who trains, who validates, and who is tested, each speaker being tested once."""

from collections.abc import Iterable
from dataclasses import dataclass

from biosig.errors import DataError


@dataclass(frozen=True)
class Fold:
    """One fold: the speaker tested, the one whose utterances choose settings, and those who train."""

    test: str
    validation: str
    train: tuple[str, ...]


def leave_one_speaker_out(speakers: Iterable[str]) -> list[Fold]:
    """A fold for each speaker, in the order of their names; the next one in that order validates.

    Raises:
        DataError: fewer than three speakers, of whom one would have to play two parts.
    """
    names = sorted(set(speakers))
    if len(names) < 3:
        raise DataError(f"{len(names)} speakers ({', '.join(names)}): expected 3 or more, to test, validate and train.")
    after = names[1:] + names[:1]
    return [
        Fold(test, validation, tuple(name for name in names if name not in (test, validation)))
        for test, validation in zip(names, after, strict=True)
    ]
