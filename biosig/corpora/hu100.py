"""Guoning Hu's 100 environmental sounds, the training noise of EMGSE and of much speech-enhancement work before it.

Layout: ``n1.flac`` to ``n100.flac``, mono, 16 kHz.
"""

from collections.abc import Iterable
from pathlib import Path

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE, read_sound
from biosig.errors import ConfigError
from biosig.signal.types import Recording

DUPLICATES = {"n9": "n7", "n58": "n56"}
NAMES = tuple(f"n{k}" for k in range(1, 101) if f"n{k}" not in DUPLICATES)

CARD = Card(
    name="hu100",
    title="100 Nonspeech Environmental Sounds",
    what="Crowds, machines, alarms, traffic, animals, water, wind and small sounds: 100 clips of 0.9 to 8.8 s.",
    units=FULL_SCALE,
    rate=FS,
    licence="none stated",
    citation_key="hu2004nonspeech",
    citation="G. Hu: 100 Nonspeech Environmental Sounds. The Ohio State University, 2004.",
    url="http://web.cse.ohio-state.edu/pnl/corpus/HuNonspeech/HuCorpus.html",
    how_to_get="Place n1 to n100, as FLAC at 16 kHz, in $BIOSIG_DATA/hu100.",
    quirks=(
        "n9 is byte for byte n7, and n58 is n56: n9 and n58 are refused, which leaves 98 sounds.",
        "n20 and n27 are one recording as well (cross-correlation 0.84), so the split has them on one side.",
        "n1 and n2, two crowds, share most of a recording (0.61 over 3 s, of first differences at 8 kHz), and n1 "
        "trains while n2 validates: one validation noise in 93 was half known to the speech chapter's first networks. "
        "Tests use other sounds. No other pair of the hundred is above 0.45, on as little as 0.3 s.",
        "4.9 min in all, and some clips are shorter than 1 s: a longer mixture repeats them.",
    ),
    folders=("hu100",),
    manifest="hu100.txt",
)


def noises(root: Path, names: Iterable[str] | None = None) -> list[Recording]:
    """The sounds, each its own subject; by default the 98 that differ.

    Args:
        root: folder of the files.
        names: e.g. ("n1", "n2").

    Raises:
        ConfigError: a name that is none, or that is a copy of another.
        MissingDataError, DataError: no such file, or one that is damaged, stereo or at another rate.
    """
    return [_noise(Path(root), name) for name in (NAMES if names is None else names)]


def _noise(root: Path, name: str) -> Recording:
    if name in DUPLICATES:
        raise ConfigError(f"{name} of hu100 is a copy of {DUPLICATES[name]}: leave it out.")
    if name not in NAMES:
        raise ConfigError(f"hu100 has no sound {name!r}: expected n1 to n100.")
    signal = read_sound(root / f"{name}.flac", CARD.how_to_get)
    return Recording(signal, FS, FULL_SCALE, f"hu100/{name}", name, source=f"{name}.flac")
