"""Fit the emotion recognisers that ``biosig emotion`` offers and write them into the package.

    BIOSIG_DATA=… python tools/publish_emotion_models.py [NAME ...] [--each N]

Each is an SVM on eGeMAPS features of a whole corpus, calibrated on leave-one-speaker-out scores. The ComParE set has no
model: the support vectors of EMO-DB are 6 MB at half precision.
"""

import argparse
import importlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import biosig.backends
from biosig.backends import features, published
from biosig.cache import ArrayCache
from biosig.corpora.registry import locate
from biosig.results.provenance import checkout, git_state
from biosig.results.verify import write_sums
from biosig.seeds import rng_for
from biosig.signal.types import Recording

FOLDER = Path(biosig.backends.__file__).parent / "models"
SAID = {  # what a user is told about a corpus
    "emodb": {"corpus": "EMO-DB", "how": "acted, in German, in a studio, each cut to 2 s"},
    "nemo": {"corpus": "nEMO", "how": "acted, in Polish"},
}
NAMES = {f"{corpus}-egemaps": corpus for corpus in SAID}


def drawn(recordings: Sequence[Recording], each: int) -> list[Recording]:
    """At most so many utterances of every speaker and emotion, drawn by name, in their order."""
    groups: dict[tuple[str, str], list[Recording]] = {}
    for recording in recordings:
        groups.setdefault((recording.subject, recording.label), []).append(recording)
    kept = set()
    for (speaker, label), group in groups.items():
        order = rng_for("emotion model", speaker, label).permutation(len(group))
        kept |= {group[at].item for at in order[:each]}
    return [recording for recording in recordings if recording.item in kept]


def publish(name: str, each: int, code: dict) -> Path:
    """Fit one model and write it with the state of the code it was made by."""
    corpus = importlib.import_module(f"biosig.corpora.{NAMES[name]}")
    recordings = drawn(corpus.utterances(locate(NAMES[name])), each)
    heard = [replace(one, signal=published.levelled(one.signal)) for one in recordings]
    x = features.features_of(heard, "egemaps", ArrayCache.beside_data())
    seconds = [recording.seconds for recording in recordings]
    about = {
        **SAID[NAMES[name]], "licence": corpus.CARD.licence, "features": "egemaps", "opensmile": features.version(),
        "seconds": [min(seconds), max(seconds)], **code,
    }  # fmt: skip
    model = published.fit_model(x, [one.label for one in recordings], [one.subject for one in recordings], about)
    path = FOLDER / f"{name}.npz"
    published.save_model(path, model)
    print(name, model.about, f"{path.stat().st_size / 1e6:.2f} MB")
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=[*NAMES], metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--each", type=int, default=30, help="most utterances of a speaker and emotion (default: 30)")
    arguments = parser.parse_args()
    code = git_state(checkout())  # before the first file changes it
    for name in arguments.names:
        publish(name, arguments.each, code)
    write_sums(FOLDER, "*.npz")
