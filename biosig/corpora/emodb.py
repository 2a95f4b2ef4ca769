"""EMO-DB, the Berlin Database of Emotional Speech: ten actors, seven acted emotions, ten German sentences.

Layout: ``wav/03a01Fa.wav`` (or .flac), mono, 16 kHz: speaker 03, sentence a01, emotion F, take a.
"""

from collections.abc import Sequence
from pathlib import Path

from biosig.corpora.cards import Card
from biosig.corpora.emotional import SOUND, Naming, load
from biosig.corpora.sounds import FS, FULL_SCALE
from biosig.signal.types import Recording

LETTERS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "joy",
    "T": "sadness",
    "N": "neutral",
}
EMOTIONS = tuple(sorted(LETTERS.values()))
SIX = tuple(name for name in EMOTIONS if name != "disgust")  # the six that Triantafyllopoulos et al. (2019) tell apart
SPEAKERS = ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16")
WOMEN = ("08", "09", "13", "14", "16")

CARD = Card(
    name="emodb",
    title="EMO-DB, Berlin Database of Emotional Speech; every file cut to 2.0 s",
    what="Ten German sentences spoken by five actresses and five actors in seven acted emotions, 535 utterances.",
    units=FULL_SCALE,
    rate=FS,
    licence="free for research",
    citation_key="burkhardt2005database",
    citation="F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier, B. Weiss: A database of German emotional speech. "
    "Proc. Interspeech, 1517-1520, 2005.",
    url="http://emodb.bilderbar.info/",
    how_to_get="Download it from http://emodb.bilderbar.info/ and place its files in $BIOSIG_DATA/emodb/wav.",
    quirks=(
        "The copy that our numbers rest on has every file cut or padded to 2.000 s (one is 1.926 s) and had been "
        "at 22.05 kHz once; the original files are 1.2 to 9 s long.",
        "Padding gives a short sentence away: neither duration nor the share of silence may be a feature here.",
        "Every original file was normalised to its peak, so loudness between files is gone.",
        "The six emotions without disgust have 489 utterances, and Triantafyllopoulos et al. count 465.",
        "Acted, in German, by ten people in a studio: what is learnt here is how actors portray an emotion.",
    ),
    folders=("emodb",),
    manifest="emodb.txt",
)


def _parse(path: Path) -> tuple[str, str]:
    speaker, letter = path.stem[:2], path.stem[5]
    return speaker, LETTERS[letter]


NAMING = Naming(CARD, f"wav/{SOUND}", SPEAKERS, EMOTIONS, _parse, "03a01Fa (speaker, sentence, emotion, take)")


def utterances(
    root: Path, emotions: Sequence[str] = SIX, speakers: Sequence[str] | None = None
) -> list[Recording]:
    """See :func:`biosig.corpora.emotional.load`; by default the six emotions without disgust."""
    return load(NAMING, root, emotions, speakers)
