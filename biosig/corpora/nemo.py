"""nEMO: nine actors, six acted emotions, ninety Polish sentences, the same for every emotion.

Layout: ``samples/{speaker}_{emotion}_{sentence}.flac``, mono, here at 16 kHz (24 kHz as distributed).
"""

from collections.abc import Sequence
from pathlib import Path

from biosig.corpora.cards import Card
from biosig.corpora.emotional import SOUND, Naming, load
from biosig.corpora.sounds import FS, FULL_SCALE
from biosig.signal.types import Recording

EMOTIONS = ("anger", "fear", "happiness", "neutral", "sadness", "surprised")
SPEAKERS = ("EB0", "IC0", "KD0", "KS0", "MK0", "MP0", "SM0", "TP0", "WR0")
WOMEN = ("EB0", "IC0", "KD0", "MK0")

CARD = Card(
    name="nemo",
    title="nEMO: Polish emotional speech",
    what="Ninety Polish sentences spoken by nine actors in six acted emotions, 4,481 utterances, 3 h.",
    units=FULL_SCALE,
    rate=FS,
    licence="CC BY-NC-SA 4.0",
    citation_key="christop2024nemo",
    citation="I. Christop: nEMO: Dataset of emotional speech in Polish. Proc. LREC-COLING, 12111-12116, 2024.",
    url="https://github.com/amu-cai/nEMO",
    how_to_get="Clone https://github.com/amu-cai/nEMO and place its samples, as FLAC at 16 kHz, in "
    "$BIOSIG_DATA/nemo/samples.",
    quirks=(
        "Actor MP0 has 256 utterances only, 17 to 49 of a class, and MK0 none that is surprised; the others have 90 "
        "of each class.",
        "Every sentence is spoken in every emotion, so words give nothing away.",
        "Acted, in Polish, by nine people.",
    ),
    stands_in_for="eNTERFACE'05",
    folders=("nemo",),
    manifest="nemo.txt",
)


def _parse(path: Path) -> tuple[str, str]:
    speaker, emotion, _ = path.stem.split("_")
    return speaker, emotion


NAMING = Naming(
    CARD, f"samples/{SOUND}", SPEAKERS, EMOTIONS, _parse, "EB0_anger_13 (speaker, emotion, sentence)"
)


def utterances(
    root: Path, emotions: Sequence[str] | None = None, speakers: Sequence[str] | None = None
) -> list[Recording]:
    """See :func:`biosig.corpora.emotional.load`."""
    return load(NAMING, root, emotions, speakers)
