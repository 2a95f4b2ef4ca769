"""IEMOCAP: ten actors in five sessions, in pairs, play scripts and improvise; every turn was given an emotion.

Layout: ``Session1/dialog/EmoEvaluation/Ses01F_impro01.txt``, one file a dialogue, whose lines
``[6.2901 - 8.2357]<tab>Ses01F_impro01_F000<tab>neu<tab>[2.5000, 2.5000, 2.5000]`` say when a turn begins and ends, its
name, its emotion, and valence, activation and dominance; and the sound of each turn, mono at 16 kHz, as
``Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE, read_sound, sound_files
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.types import Recording

SESSIONS = ("1", "2", "3", "4", "5")
SPEAKERS = tuple(f"{session}{sex}" for session in SESSIONS for sex in "FM")
WOMEN = tuple(speaker for speaker in SPEAKERS if speaker.endswith("F"))
MERGED = {"ang": "angry", "hap": "happy", "exc": "happy", "neu": "neutral", "sad": "sad"}  # excited counts as happy
EMOTIONS = ("angry", "happy", "neutral", "sad")
OTHERS = ("fru", "fea", "sur", "dis", "oth", "xxx")  # not among the four; xxx: the raters did not agree
COUNTS = {"angry": 1103, "happy": 1636, "neutral": 1708, "sad": 1084}  # of the whole corpus, as TRNet counts: 5531

TURN = re.compile(r"\[[\d.]+ - [\d.]+\]\t(?P<name>Ses0(?P<session>[1-5])[FM]_\w+_(?P<sex>[FM])\w+)\t(?P<code>\w+)\t")

CARD = Card(
    name="iemocap",
    title="IEMOCAP: interactive emotional dyadic motion capture database",
    what="English, ten actors in five sessions of two, scripts and improvisations, 10,039 turns in 12 h, each rated "
    "by several people.",
    units=FULL_SCALE,
    rate=FS,
    licence="on its own terms, after a signed release form: not redistributable",
    citation_key="busso2008iemocap",
    citation="C. Busso, M. Bulut, C.-C. Lee, A. Kazemzadeh, E. Mower, S. Kim, J. N. Chang, S. Lee, S. S. Narayanan: "
    "IEMOCAP: Interactive emotional dyadic motion capture database. Language Resources and Evaluation 42(4), 335-359, "
    "2008.",
    url="https://sail.usc.edu/iemocap/",
    how_to_get="Ask for it at https://sail.usc.edu/iemocap/iemocap_release.htm and place its folders Session1 to "
    "Session5 in $BIOSIG_DATA/iemocap; it cannot be fetched for you.",
    quirks=(
        "We do not have it: layout and counts are as others who do describe them, and nothing here was measured by us.",
        "`happy` here is happy (595) together with excited (1,041), as most papers have it. With angry 1,103, neutral "
        "1,708 and sad 1,084 that makes the 5,531 turns of TRNet and of many others; the other 4,508 are left out.",
        "Who speaks is said by the end of a turn's name, _F000 or _M000. The F or M at its beginning says who wore the "
        "markers of the motion capture in that dialogue.",
        "The other one is often heard in the background, and turns overlap: a turn is not clean in every sense.",
        "In the scripts all five pairs say the same lines with the same emotions: words give the emotion away there, "
        "and leaving a speaker out does not leave out the words.",
        "An emotion is what most raters said. Where they did not agree it is xxx, which here leaves the turn out.",
    ),
    folders=("iemocap",),
)


@dataclass(frozen=True)
class Turn:
    """A line of an evaluation: the turn's name, who speaks ("1F"), the code of its emotion, and its dialogue."""

    name: str
    speaker: str
    code: str
    dialogue: str

    @property
    def path(self) -> str:
        """Where its sound lies below the corpus's folder."""
        return f"Session{self.speaker[0]}/sentences/wav/{self.dialogue}/{self.name}.wav"


def turns(root: Path, sessions: Sequence[str] = SESSIONS) -> list[Turn]:
    """All rated turns of some sessions, of every emotion.

    Raises:
        ConfigError: no such session.
        MissingDataError: a session, or its evaluations, are not there.
        DataError: an evaluation without a turn, or a code that is none of an emotion.
    """
    if foreign := [session for session in sessions if session not in SESSIONS]:
        raise ConfigError(f"iemocap has no session {foreign[0]!r}: expected some of {', '.join(SESSIONS)}.")
    return [turn for session in sessions for path in _evaluations(Path(root), session) for turn in read_turns(path)]


def utterances(
    root: Path, emotions: Sequence[str] | None = None, speakers: Sequence[str] | None = None
) -> list[Recording]:
    """The turns of the four emotions by speaker and name; subject: speaker ("1F"), label: emotion.

    Everything is read from the evaluations and held against the folders before any sound is read. 5,531 turns take
    3 GB: ask for a speaker at a time where that is too much.

    Args:
        root: folder that holds ``Session1`` to ``Session5``, or those of the speakers asked for.
        emotions: of "angry", "happy" (with excited), "neutral" and "sad"; None for all four.
        speakers: of "1F" to "5M"; None for all ten.

    Raises:
        ConfigError: an emotion or a speaker that the corpus does not have.
        MissingDataError: a session, or the sound of a turn, is not there.
        DataError: no turn of an emotion or of a speaker, a damaged evaluation or sound.
    """
    emotions = _known("emotion", emotions, EMOTIONS)
    speakers = _known("speaker", speakers, SPEAKERS)
    found = turns(root, [session for session in SESSIONS if any(speaker[0] == session for speaker in speakers)])
    wanted = [turn for turn in found if turn.speaker in speakers and MERGED.get(turn.code) in emotions]
    _check_whole(Path(root), wanted, emotions, speakers)
    return [_utterance(Path(root), turn) for turn in sorted(wanted, key=lambda turn: (turn.speaker, turn.name))]


def read_turns(path: Path) -> list[Turn]:
    """The turns of one dialogue's evaluation.

    Raises:
        DataError: none, or one whose code stands for no emotion.
    """
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    matches = [match for line in lines if (match := TURN.match(line))]
    if not matches:
        raise DataError(f"{path} holds no turn: expected `[start - end]<tab>Ses01F_impro01_F000<tab>neu`.")
    if strange := [match for match in matches if match["code"] not in (*MERGED, *OTHERS)]:
        known = ", ".join((*MERGED, *OTHERS))
        raise DataError(f"{path} calls {strange[0]['name']} {strange[0]['code']!r}: expected one of {known}.")
    return [Turn(m["name"], m["session"] + m["sex"], m["code"], path.stem) for m in matches]


def _evaluations(root: Path, session: str) -> list[Path]:
    """The evaluations of a session; names that begin with a dot are what a Mac leaves in an archive."""
    if not (root / f"Session{session}").is_dir():
        raise MissingDataError(f"{root} has no Session{session}: {CARD.how_to_get}")
    return sound_files(root / f"Session{session}" / "dialog" / "EmoEvaluation", CARD.how_to_get, "Ses*.txt")


def _check_whole(root: Path, wanted: list[Turn], emotions: Sequence[str], speakers: Sequence[str]) -> None:
    kinds = {"emotion": (emotions, {MERGED[turn.code] for turn in wanted}),
             "speaker": (speakers, {turn.speaker for turn in wanted})}  # fmt: skip
    for what, (expected, there) in kinds.items():
        if absent := [name for name in expected if name not in there]:
            raise DataError(f"{root} has no turn of {what} {absent[0]}: expected {', '.join(expected)}.")
    if silent := [turn.path for turn in wanted if not (root / turn.path).is_file()]:
        raise MissingDataError(f"{root / silent[0]} and {len(silent) - 1} more are not there: {CARD.how_to_get}")


def _utterance(root: Path, turn: Turn) -> Recording:
    signal = read_sound(root / turn.path, CARD.how_to_get)
    item = f"iemocap/{turn.name}"
    return Recording(signal, FS, FULL_SCALE, item, turn.speaker, source=turn.path, label=MERGED[turn.code])


def _known(what: str, wanted: Sequence[str] | None, there: tuple[str, ...]) -> tuple[str, ...]:
    wanted = there if wanted is None else tuple(wanted)
    if foreign := [name for name in wanted if name not in there]:
        raise ConfigError(f"iemocap has no {what} {foreign[0]!r}: expected some of {', '.join(there)}.")
    return wanted
