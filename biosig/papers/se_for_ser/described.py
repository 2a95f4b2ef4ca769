"""Table 1 as counted here: from the names in the corpora's committed lists of files, as each corpus parses them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import PurePath
from types import ModuleType

from biosig.corpora import emodb, nemo
from biosig.papers.se_for_ser.profiles import SETUPS

PLACES = {"open": {"EMO-DB": (emodb, emodb.SIX), "eNTERFACE": (nemo, nemo.EMOTIONS)}}
LANGUAGES = {"emodb": "German", "nemo": "Polish"}
Described = Mapping[str, Mapping[str, str]]  # the paper's corpus → row of Table 1 → what is counted here


def described(profile: str) -> Described:
    """What stands in each corpus's place in a profile, as far as a list of files says it."""
    return {
        place: _counted(corpus, emotions, SETUPS[profile].use(corpus.CARD.name).per_class)
        for place, (corpus, emotions) in PLACES.get(profile, {}).items()
    }


def _counted(corpus: ModuleType, emotions: tuple[str, ...], per_class: int | None) -> dict[str, str]:
    told = [corpus.NAMING.parse(path) for path in _files(corpus.CARD.manifest)]
    used = [(speaker, emotion) for speaker, emotion in told if emotion in emotions]
    speakers = {speaker for speaker, _ in used}
    women = len(speakers & set(corpus.WOMEN))
    classes = Counter(emotion for _, emotion in used)
    return {
        "Subjects (m/f)": f"{len(speakers) - women}/{women}",
        "Sample rate": f"{corpus.CARD.rate / 1000:g} kHz",
        "Language": LANGUAGES[corpus.CARD.name],
        "Utterances": _utterances(used, per_class),
        "Emotion": "acted",
        "Labels": ", ".join(f"{emotion} ({classes[emotion]})" for emotion in emotions),
    }


def _utterances(used: Sequence[tuple[str, str]], per_class: int | None) -> str:
    """How many there are and, where a profile takes a part of them, how many that is."""
    if per_class is None:
        return f"{len(used):,}"
    taken = sum(min(count, per_class) for count in Counter(used).values())
    return f"{len(used):,}, of which {taken:,} are used: {per_class} of each person and emotion"


def _files(manifest: str) -> list[PurePath]:
    text = resources.files("biosig").joinpath("corpora", "manifests", manifest).read_text(encoding="utf-8")
    return [PurePath(line.split(None, 1)[1].strip()) for line in text.splitlines() if line.strip()]
