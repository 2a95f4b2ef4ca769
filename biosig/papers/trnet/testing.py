"""What a cell keeps: every prediction, the gate's c, and how far conditions and emotions lie apart in h."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from biosig.corpora.folds import Fold
from biosig.models.networks import count_parameters
from biosig.models.trnet import Told, TRNet
from biosig.papers.trnet.learning import TEACHER, Bench, asked, learned, teacher
from biosig.papers.trnet.naming import (
    CLEAN,
    DISTANCE_VERSION,
    EMOTIONS,
    GATE,
    GATE_VERSION,
    MATCHED,
    SHIFT,
)
from biosig.papers.trnet.sources import Condition, folds
from biosig.results.items import Item
from biosig.results.predictions import prediction
from biosig.training.loop import FitResult

SHOWN_DB = (20.0, 10.0, 0.0)  # Fig. 3's


@dataclass
class Found:
    """What the folds of a cell came to; ``points`` are those of Fig. 3 for the first actor."""

    items: list[Item] = field(default_factory=list)
    told: dict = field(default_factory=dict)
    points: bytes | None = None


def all_folds(bench: Bench, which: str, tests: Sequence[Condition], folder: Path, gated: bool) -> Found:
    """Train every fold of a system, and test each on the actor that it left out."""
    found, shared = Found(), folder.parent
    for fold in folds(bench.setup):
        network, result = teacher(bench, fold, shared)
        if which != TEACHER:
            own = folder / fold.test
            own.mkdir(parents=True, exist_ok=True)
            network, result = learned(bench, which, fold, own, network)
        found.told[fold.test] = said(network, result)
        made = tested(bench, network, fold, tests, gated)
        found.items += made.items
        found.points = found.points or made.points
    return found


def said(network: TRNet, result: FitResult) -> dict:
    """What a run record keeps of one fold's training."""
    return {
        "parameters": count_parameters(network),
        "validation_uar": 1 - result.best_value,
        "best_epoch": result.best_epoch,
        "epochs": len(result.curve),
        "training_seconds": round(result.seconds, 1),
    }


def tested(bench: Bench, network: TRNet, fold: Fold, tests: Sequence[Condition], gated: bool) -> Found:
    """Predictions and c for the actor left out under every condition, and the distances of Fig. 3."""
    places, found, shown = bench.spectra.of(fold.test), Found(), {}
    for condition in tests:
        told = joined(asked(network, bench.spectra, places, condition))
        found.items += rows(bench, places, condition, told, gated)
        if condition[0] == MATCHED and condition[1] in SHOWN_DB:
            shown[condition] = told.representation.cpu().numpy()
    labels = bench.spectra.labels[places]
    if len(shown) > 1:
        found.items += distances(fold.test, shown, labels)
        found.points = as_file(shown, labels)
    return found


def joined(parts: Iterator[Told]) -> Told:
    """Several batches as one."""
    parts = list(parts)
    names = ("logits", "c", "representation")
    logits, c, h = (torch.cat([getattr(part, name) for part in parts]) for name in names)
    return Told(logits, c, parts[0].mixed, h)


def rows(bench: Bench, places: np.ndarray, condition: Condition, told: Told, gated: bool) -> Iterator[Item]:
    """One prediction for each utterance and, where there is a gate, its c."""
    environment, snr_db = condition
    level = CLEAN if snr_db is None else f"{snr_db:g}"
    for place, logits, c in zip(places, told.logits, told.c, strict=True):
        name, actor = f"{bench.spectra.items[place]}@{environment} {level}", str(bench.spectra.actors[place])
        at = {"environment": environment, "snr_db": level, "noise": bench.spectra.kinds[condition][place]}
        truth, guess = (bench.setup.emotions[int(k)] for k in (bench.spectra.labels[place], logits.argmax()))
        yield prediction(name, actor, truth, guess, conditions=at)
        if gated:
            yield Item(name, actor, GATE, GATE_VERSION, round(float(c), 4), conditions=at)


def distances(actor: str, shown: dict[Condition, np.ndarray], labels: np.ndarray) -> list[Item]:
    """How far the centres of SNRs, and of emotions, lie apart in h, against the spread around them."""
    h = np.concatenate(list(shown.values()))
    by_condition = np.repeat(np.arange(len(shown)), len(labels))
    by_emotion = np.tile(labels, len(shown))
    values = {SHIFT: separation(h, by_condition), EMOTIONS: separation(h, by_emotion)}
    return [Item(actor, actor, name, DISTANCE_VERSION, value) for name, value in values.items()]


def separation(h: np.ndarray, group: np.ndarray) -> float:
    """Mean distance between the groups' centres over the root mean square distance of points (N, D) from their own.

    NaN where the points of each group coincide.
    """
    names, places = np.unique(group, return_inverse=True)
    centres = np.stack([h[group == name].mean(axis=0) for name in names])
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=-1)[np.triu_indices(len(names), 1)].mean()
    spread = np.sqrt(np.square(h - centres[places]).sum(axis=1).mean())
    return float(apart / spread) if spread > 0 else float("nan")


def as_file(shown: dict[Condition, np.ndarray], labels: np.ndarray) -> bytes:
    """The points of Fig. 3, as an .npy of columns SNR in dB, label, h: (points, 2 + D) float16."""
    levels = np.repeat([snr_db for _, snr_db in shown], len(labels))
    columns = np.column_stack([levels, np.tile(labels, len(shown)), np.concatenate(list(shown.values()))])
    content = io.BytesIO()
    np.save(content, columns.astype(np.float16), allow_pickle=False)
    return content.getvalue()
