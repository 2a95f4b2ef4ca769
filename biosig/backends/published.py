"""Emotion recognisers that travel with the package: a machine, its calibration, and what both were made of.

One file each in ``models/``, plain arrays without pickle, listed in SHA256SUMS; made by
``tools/publish_emotion_models.py``.
"""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from biosig.backends import svm
from biosig.backends.calibration import Calibration, calibrate
from biosig.backends.features import features
from biosig.backends.loso import loso
from biosig.cache import ArrayCache
from biosig.checks import as_signal
from biosig.corpora.folds import leave_one_speaker_out
from biosig.errors import ConfigError, DataError
from biosig.files import atomic_path
from biosig.metrics.emotion import confusion, uar, war

DEFAULT = "emodb-egemaps"
PEAK = 0.9
_ARRAYS = ("mean", "scale", "vectors", "weights", "pair_offsets")  # of the machine


@dataclass(frozen=True)
class EmotionModel:
    """Features (n, d) → probabilities (n, K) in the order of ``labels``; ``about`` says what it was made of."""

    classifier: svm.Classifier
    calibration: Calibration
    about: dict

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions that it chooses from."""
        return self.classifier.labels

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.calibration(self.classifier.scores(x))

    def hear(self, signal: np.ndarray, fs: float, cache: ArrayCache | None = None) -> np.ndarray:
        """The probabilities (K,) of one utterance (n,) at 16 kHz.

        Raises:
            ConfigError, SignalError: see :func:`biosig.backends.features.features`.
        """
        return self(features(levelled(signal), fs, self.about["features"], cache)[None])[0]


def levelled(signal: np.ndarray) -> np.ndarray:
    """At a peak of 0.9, as the models hear all that they learn from and tell: a microphone's gain is no emotion.

    Within one corpus the level helps, so the tables of the book, where it stays, stand a little higher.
    """
    signal = as_signal(signal, "utterance", mono=True)
    peak = np.abs(signal).max(initial=0)
    return signal * (PEAK / peak) if peak else signal


def fit_model(x: np.ndarray, y: Sequence[str], speakers: Sequence[str], about: dict) -> EmotionModel:
    """A model of all speakers, its settings chosen as in each fold of leave-one-speaker-out, with nobody tested.

    What is said about it in ``about`` comes from those folds. Of the most probable class, calibrated on the other
    speakers' scores: its ``uar``, how often it was ``right``, and how ``sure`` it was.
    """
    y, speakers = np.asarray(y), np.asarray(speakers)
    labels = sorted(set(y.tolist()))
    scores = np.zeros((y.size, len(labels)))
    for each in loso(x, y, speakers, {"": x}):
        scores[each.indices] = each.scores
    likely = _calibrated_apart(scores, y, speakers, labels)
    guessed = np.array(labels)[likely.argmax(axis=1)]
    held = speakers == leave_one_speaker_out(speakers.tolist())[0].validation
    classifier = svm.fit(x[~held], y[~held], (x[held], y[held]))
    counts = confusion(y, guessed, labels)
    measured = {"uar": uar(counts), "right": war(counts), "sure": likely.max(axis=1).mean()}
    about = about | {"n": y.size, "speakers": len(set(speakers.tolist()))}
    about |= {name: round(float(value), 4) for name, value in measured.items()}
    return EmotionModel(classifier, calibrate(scores, y, labels), about)


def _calibrated_apart(scores: np.ndarray, y: np.ndarray, speakers: np.ndarray, labels: list[str]) -> np.ndarray:
    """Probabilities (n, K) of each speaker, calibrated without him or her."""
    likely = np.zeros_like(scores)
    for name in np.unique(speakers):
        mine = speakers == name
        likely[mine] = calibrate(scores[~mine], y[~mine], labels)(scores[mine])
    return likely


# --- files -------------------------------------------------------------------------------------------------------


def save_model(path: Path, model: EmotionModel) -> None:
    """As .npz of plain arrays in float32, with ``about`` as JSON; the same model gives the same bytes."""
    machine = asdict(model.classifier)
    arrays = {name: machine[name].astype(np.float32) for name in _ARRAYS}
    header = {name: machine[name] for name in ("labels", "cost", "width")}
    header |= {"slope": model.calibration.slope, "about": model.about}
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, header=np.array(json.dumps(header)), **arrays)


def read_model(path: Path) -> EmotionModel:
    """What :func:`save_model` wrote, computing in float64.

    Raises:
        DataError: damaged, or no such model.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            header = json.loads(str(found["header"]))
            arrays = {name: found[name].astype(float) for name in _ARRAYS}
            settings = float(header["cost"]), float(header["width"])
            classifier = svm.Classifier(tuple(header["labels"]), *(arrays[name] for name in _ARRAYS), *settings)
            return EmotionModel(classifier, Calibration(float(header["slope"])), header["about"])
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        raise DataError(f"{path} is damaged: expected an emotion model; reinstall biosig.") from None


def models() -> tuple[str, ...]:
    """The names of those published."""
    folder = resources.files(__package__).joinpath("models")
    return tuple(sorted(Path(file.name).stem for file in folder.iterdir() if file.name.endswith(".npz")))


def load_model(name: str = DEFAULT) -> EmotionModel:
    """A published model by name.

    Raises:
        ConfigError: no model of that name.
        DataError: its file is damaged.
    """
    if name not in models():
        raise ConfigError(f"no model {name!r}: expected one of {', '.join(models())}.")
    with resources.as_file(resources.files(__package__).joinpath("models", f"{name}.npz")) as path:
        return read_model(path)
