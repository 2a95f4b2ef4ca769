"""ESC-10: ten kinds of environmental sound, 40 clips of 5 s each, in five folds that share no recording.

Layout: ``001 - Dog bark/1-30226-A.flac``: fold, Freesound recording, take; mono, 16 kHz.
"""

from collections.abc import Iterable
from pathlib import Path

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE, read_sound, sound_files, without_zeros
from biosig.errors import ConfigError
from biosig.signal.types import Recording

FOLDS = ("1", "2", "3", "4", "5")

CARD = Card(
    name="esc10",
    title="ESC-10, the CC BY part of ESC-50",
    what="Dog bark, rain, sea waves, baby cry, clock tick, sneeze, helicopter, chainsaw, rooster, fire: 40 clips each.",
    units=FULL_SCALE,
    rate=FS,
    licence="CC BY 3.0",
    citation_key="piczak2015esc",
    citation="K. J. Piczak: ESC: Dataset for environmental sound classification. Proc. ACM MM, 1015-1018, 2015.",
    url="https://github.com/karolpiczak/ESC-50",
    how_to_get="Clone https://github.com/karolpiczak/ESC-50 and place its ten CC BY classes, as FLAC at 16 kHz in one "
    "folder per class, in $BIOSIG_DATA/esc10.",
    quirks=(
        "Clips that were too short were filled up with zeros at the source: `noises` cuts those off.",
        "Takes A, B, … come from one recording, which is the subject; a fold holds all takes of it.",
    ),
    folders=("esc10",),
    manifest="esc10.txt",
)


def noises(root: Path, folds: Iterable[str] | None = None) -> list[Recording]:
    """The clips of some folds without the zeros at their ends; the channel is the class, the subject the recording.

    Args:
        root: folder that holds one folder per class.
        folds: of "1" to "5", e.g. those of a side of the split; None for all.

    Raises:
        ConfigError: no such fold.
        MissingDataError, DataError: no files, or one that is damaged, silent, stereo or at another rate.
    """
    wanted = FOLDS if folds is None else tuple(map(str, folds))
    if set(wanted) - set(FOLDS):
        raise ConfigError(f"esc10 has no fold {sorted(set(wanted) - set(FOLDS))}: expected some of {', '.join(FOLDS)}.")
    paths = sound_files(Path(root), CARD.how_to_get, "*/*.flac")
    return [_noise(path) for path in paths if path.stem.split("-")[0] in wanted]


def _noise(path: Path) -> Recording:
    signal, kind = read_sound(path, CARD.how_to_get), path.parent.name.split(" - ")[-1].lower()
    signal, source = without_zeros(signal, path), f"{path.parent.name}/{path.name}"
    return Recording(signal, FS, FULL_SCALE, f"esc10/{path.stem}", path.stem.rsplit("-", 1)[0], kind, source)
