"""MUSAN's noise: 930 recordings of machines, rooms, weather and streets, some minutes long, cut to pieces of 5 s.

Layout: ``noise/free-sound/noise-free-sound-0000.wav`` and ``noise/sound-bible/noise-sound-bible-0000.wav``, mono, 16
kHz. Music and speech of the corpus are not read.
"""

from collections.abc import Iterable
from pathlib import Path

from biosig.corpora.cards import Card
from biosig.corpora.preparation import cut
from biosig.corpora.sounds import FS, FULL_SCALE, read_sound, sound_files
from biosig.errors import DataError, MissingDataError
from biosig.signal.types import Recording

SOURCES = ("free-sound", "sound-bible")
CUT_S = 5.0

CARD = Card(
    name="musan",
    title="MUSAN, its noise",
    what="Technical and ambient sounds, 930 recordings, about 6 h: dial tones, fax machines, thunder, rain, footsteps.",
    units=FULL_SCALE,
    rate=FS,
    licence="CC BY 4.0 as a whole; each file is in the public domain or under a Creative Commons licence",
    citation_key="snyder2015musan",
    citation="D. Snyder, G. Chen, D. Povey: MUSAN: A music, speech, and noise corpus. arXiv:1510.08484, 2015.",
    url="https://www.openslr.org/17/",
    how_to_get="Download it from https://www.openslr.org/17/ and place its folder noise in $BIOSIG_DATA/musan.",
    quirks=(
        "We do not have it: layout and counts are as others who do describe them, and nothing here was measured by us.",
        "Recordings last from a second to several minutes. `noises` gives pieces of 5 s, all of them cuts of one "
        "recording, which is the subject: a split by pieces would have one recording on two sides.",
        "What is left behind the last whole piece is dropped, and a recording shorter than a piece is taken whole.",
        "Some of the noise is crowds, in which nobody can be understood.",
    ),
    folders=("musan",),
)


def noises(root: Path, names: Iterable[str] | None = None, seconds: float = CUT_S) -> list[Recording]:
    """Pieces of the recordings, in order; subject: recording, channel: where it was collected.

    Args:
        root: folder that holds ``noise``.
        names: of recordings, e.g. ("noise-free-sound-0000",); None for all, which take 2.8 GB.
        seconds: length of a piece in s.

    Raises:
        MissingDataError: one of the two sources, or a recording that was asked for, is not there.
        DataError: a file that is damaged, silent, stereo or at another rate.
    """
    folders = [Path(root) / "noise" / source for source in SOURCES]
    found = {path.stem: path for folder in folders for path in sound_files(folder, CARD.how_to_get, "*.wav")}
    wanted = list(found) if names is None else list(names)
    if missing := [name for name in wanted if name not in found]:
        raise MissingDataError(f"{Path(root) / 'noise'} has no recording {missing[0]}: {CARD.how_to_get}")
    return [piece for name in wanted for piece in _pieces(Path(root), found[name], seconds)]


def _pieces(root: Path, path: Path, seconds: float) -> list[Recording]:
    signal = read_sound(path, CARD.how_to_get)
    if not signal.any():
        raise DataError(f"{path} is silent: expected a sound.")
    source = path.relative_to(root).as_posix()
    whole = Recording(signal, FS, FULL_SCALE, f"musan/{path.stem}", path.stem, path.parent.name, source)
    sounding = [piece for piece in cut(whole, seconds) if piece.signal.any()]  # silence cannot be scaled to an SNR
    return sounding or [whole]
