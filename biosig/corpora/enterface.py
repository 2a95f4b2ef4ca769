"""eNTERFACE'05: forty-four people react in English to six stories, five sentences for each of six emotions.

Layout as distributed, once the sound has been taken out of each video and left beside it:
``subject 1/anger/sentence 1/s1_an_1.wav``; subject 6 has no folders of sentences: ``subject 6/anger/s6_….wav``. Here
the folders say who speaks and how, as some of the files' own names are wrong.
"""

from collections.abc import Sequence
from pathlib import Path

from biosig.corpora.cards import Card
from biosig.corpora.emotional import SOUND, Naming, load
from biosig.corpora.sounds import FULL_SCALE
from biosig.signal.types import Recording

EMOTIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
SPEAKERS = tuple(str(k) for k in range(1, 45))

CARD = Card(
    name="enterface",
    title="eNTERFACE'05 audio-visual emotion database",
    what="English, five sentences for each of six emotions by 44 people, four in five of them men; about 1,290 videos.",
    units=FULL_SCALE,
    rate=48_000.0,
    licence="free for research",
    citation_key="martin2006enterface",
    citation="O. Martin, I. Kotsia, B. Macq, I. Pitas: The eNTERFACE'05 audio-visual emotion database. Proc. 22nd "
    "International Conference on Data Engineering Workshops, 8, 2006.",
    url="https://enterface.net/enterface05/main.php?frame=emotion",
    how_to_get="Download it from https://enterface.net/enterface05/main.php?frame=emotion, place its folders `subject "
    "1` to `subject 44` in $BIOSIG_DATA/enterface05, and leave the sound of each video beside it, mono at 16 kHz "
    "(`ffmpeg -i s1_an_1.avi -ac 1 -ar 16000 s1_an_1.wav`).",
    quirks=(
        "We do not have it: layout and counts are as others who do describe them, and nothing here was measured by us.",
        "Sure, as several readers of it agree: the tree and its six emotions; subject 6 has its files in the emotion's "
        "own folder; of the files' names some of subject 11 begin with s12, some of subject 3 with s_3, and one of "
        "subject 16 ends in `3avi.avi`. The folders count here.",
        "One published count of the copy has 1,293 videos. Subjects 31 to 44 have all 30 each; subjects 1 to 30 lack 4 "
        "of each emotion and 3 more of happiness. One video for each emotion of subject 6 would explain the 24; we "
        "cannot tell whether it holds all five sentences. The 3 may be those of subject 23, whom one reader leaves out "
        "together with subject 6.",
        "Its authors describe 42 people, 34 men and 8 women, and 1,166 videos; the copy has 44. Who is a woman is not "
        "said in the files.",
        "Triantafyllopoulos et al. count 967 utterances and list boredom and neutral among the labels: the corpus "
        "has neither, and they do not say which utterances they left out.",
        "Everyone says the same five sentences of an emotion, and other sentences for another one: the words give the "
        "emotion away.",
    ),
    folders=("enterface05",),
)


def _parse(path: Path) -> tuple[str, str]:
    subject, emotion = _folders(path)[-2:]
    what, number = subject.split(" ")
    return number if what == "subject" else "", emotion


def _folders(path: Path) -> tuple[str, ...]:
    """The folders down to the emotion."""
    folders = path.parts[:-1]
    return folders[:-1] if folders[-1].startswith("sentence ") else folders


def _item(path: Path) -> str:
    """With its folders: a file of subject 11 may have the name of one of subject 12."""
    return f"{'/'.join(_parse(path))}/{path.stem}"


NAMING = Naming(
    CARD, f"subject */**/{SOUND}", SPEAKERS, EMOTIONS, _parse, "subject 1/anger/sentence 1/s1_an_1", _item
)


def utterances(
    root: Path, emotions: Sequence[str] | None = None, speakers: Sequence[str] | None = None
) -> list[Recording]:
    """See :func:`biosig.corpora.emotional.load`; a speaker is a number, as "6"."""
    return load(NAMING, root, emotions, speakers)
