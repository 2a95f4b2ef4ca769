"""Table 1 as counted here: from the names in the corpora's committed lists of files, as each corpus parses them."""

from collections import Counter
from collections.abc import Mapping
from importlib import resources
from pathlib import PurePath
from types import ModuleType

from biosig.corpora import emodb, nemo

PLACES = {"open": {"EMO-DB": (emodb, emodb.SIX), "eNTERFACE": (nemo, nemo.EMOTIONS)}}
LANGUAGES = {"emodb": "German", "nemo": "Polish"}
Described = Mapping[str, Mapping[str, str]]  # the paper's corpus → row of Table 1 → what is counted here


def described(profile: str) -> Described:
    """What stands in each corpus's place in a profile, as far as a list of files says it."""
    return {place: _counted(corpus, emotions) for place, (corpus, emotions) in PLACES.get(profile, {}).items()}


def _counted(corpus: ModuleType, emotions: tuple[str, ...]) -> dict[str, str]:
    told = [corpus.NAMING.parse(path) for path in _files(corpus.CARD.manifest)]
    used = [(speaker, emotion) for speaker, emotion in told if emotion in emotions]
    speakers = {speaker for speaker, _ in used}
    women = len(speakers & set(corpus.WOMEN))
    classes = Counter(emotion for _, emotion in used)
    return {
        "Subjects (m/f)": f"{len(speakers) - women}/{women}",
        "Sample rate": f"{corpus.CARD.rate / 1000:g} kHz",
        "Language": LANGUAGES[corpus.CARD.name],
        "Utterances": f"{len(used):,}",
        "Emotion": "acted",
        "Labels": ", ".join(f"{emotion} ({classes[emotion]})" for emotion in emotions),
    }


def _files(manifest: str) -> list[PurePath]:
    text = resources.files("biosig").joinpath("corpora", "manifests", manifest).read_text(encoding="utf-8")
    return [PurePath(line.split(None, 1)[1].strip()) for line in text.splitlines() if line.strip()]
