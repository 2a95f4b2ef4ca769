"""Six Polish words in anger, fear and neutrally, said by five men, that travel with the package: EMOTIONS.toml.

Three of the five times that each word was said in each emotion, by name the first, third and fifth: 270 recordings of
half a second to 1.6 s. Enough to see that a recogniser works; too few people and words to say how well.
"""

import functools
import tomllib
from collections.abc import Iterable
from importlib import resources

from biosig.corpora.sounds import FS, FULL_SCALE
from biosig.errors import ConfigError
from biosig.samples import sounds
from biosig.signal.types import Recording

FILE = "EMOTIONS.toml"
EMOTIONS = ("anger", "fear", "neutral")


@functools.cache
def catalogue() -> dict:
    """EMOTIONS.toml: licence and credit on top, each speaker's side under "speakers", a table per file in "samples"."""
    return tomllib.loads(resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8"))


def speakers(split: str | None = None) -> tuple[str, ...]:
    """The five men, or those of "train", "validation" or "test".

    Raises:
        ConfigError: no such split.
    """
    sides = catalogue()["speakers"]
    if split is not None and split not in sides.values():
        expected = ", ".join(dict.fromkeys(sides.values()))
        raise ConfigError(f"samples have no split {split!r}: expected one of {expected}.")
    return tuple(name for name, side in sides.items() if split in (None, side))


def load(wanted: Iterable[str] | None = None) -> list[Recording]:
    """The recordings of some speakers by name; see :func:`biosig.samples.emotions`."""
    chosen = speakers() if wanted is None else tuple(wanted)
    if foreign := [name for name in chosen if name not in speakers()]:
        raise ConfigError(f"the emotions have no speaker {foreign[0]!r}: expected some of {', '.join(speakers())}.")
    return [_load(name, entry) for name, entry in catalogue()["samples"].items() if entry["speaker"] in chosen]


def _load(name: str, entry: dict) -> Recording:
    signal = sounds.decode(f"emotions/{name}.flac", entry["sha256"], FILE)
    source = f"{catalogue()['package']}, {entry['from_file']}"
    item, speaker, word = f"samples/emotions/{name}", entry["speaker"], entry["word"]
    return Recording(signal, FS, FULL_SCALE, item, speaker, word, source, label=entry["emotion"])
