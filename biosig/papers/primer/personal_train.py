"""Some more steps for the published enhancer, on the mixtures of one voice or of others."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from biosig.corpora.nemo import SPEAKERS
from biosig.papers import neural
from biosig.papers.primer import personal, sources
from biosig.papers.primer.mixtures import TrainingStream, noisy_speech, unit, validation_mixtures, window_of
from biosig.papers.primer.personal import ADAPTATION, ENHANCER, VALIDATION, Plan
from biosig.papers.primer.profiles import VALIDATION_SNRS, setup_of
from biosig.papers.primer.train import SCALING, batches, validation_of
from biosig.results.items import Cell
from biosig.signal.types import Recording
from biosig.training.checkpoints import load_checkpoint
from biosig.training.loop import FitResult, fit
from biosig.training.objectives import objective
from biosig.training.recipe import Recipe
from biosig.training.state import COLUMNS, write_rows

Pairs = list[tuple[np.ndarray, np.ndarray]]
EVERYBODY = "everybody"


class AdaptationStream(TrainingStream):
    """Training mixtures whose speech is somebody's, and whose babble is still that of the training voices.

    Args:
        speech: to adapt to.
        training: of the speech and noise that the enhancer was trained on.
    """

    def __init__(self, speech: Sequence[Recording], training: TrainingStream):
        self.speech = [unit(each.signal.astype(np.float32)) for each in speech]
        self.noises, self.snrs_db, self.training = training.noises, training.snrs_db, training

    def babble(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n samples of several training voices at once: nobody is to be taken out of his own babble."""
        return self.training.babble(n, rng)


def train_cell(cell: Cell, folder: Path, device: str, progress: bool) -> neural.Trained:
    """Adapt (or resume, or reload) the enhancer to everybody in turn, or once where it is the same for all."""
    kind = cell.system.removeprefix(personal.PREFIX)
    found = {}
    for person in [EVERYBODY] if kind == "more" else SPEAKERS:
        stream, held_out = drawn(kind, person, personal.OPEN)
        recipe = personal.recipe(kind, person, cell.seed)
        found[person] = adapted(stream, held_out, recipe, folder / person, device, progress)
    of = {person: system_of(found.get(person, found.get(EVERYBODY))[0], device) for person in SPEAKERS}
    results = {person: result for person, (_, result) in found.items()}
    curve = folder / "curve.csv"
    rows = [{"person": person, **row} for person, result in results.items() for row in result.curve]
    write_rows(curve, ("person", *COLUMNS), rows)
    return neural.Trained(of, told(found), {"curve.csv": curve})


def told(found: dict[str, tuple[torch.nn.Module, FitResult]]) -> dict:
    """What the run record says of all adaptations together."""
    each = {person: neural.told(model, result) for person, (model, result) in found.items()}
    first, *_ = each.values()
    same = {name: first[name] for name in ("parameters", "threads", "computes_bf16")}
    seconds = round(sum(one["training_seconds"] for one in each.values()), 1)
    differ = {name: {person: one[name] for person, one in each.items()} for name in ("best_epoch", "best_validation")}
    return {**same, **differ, "training_seconds": seconds}


def drawn(kind: str, person: str, plan: Plan) -> tuple[TrainingStream, Pairs]:
    """What a kind of adaptation to a person hears, and the held-out windows that choose its epoch."""
    training = training_stream()
    if kind == "more":
        kept = validation_mixtures(sources.load("open", "validation"), setup_of("open"))
        return training, [window_of(each, plan.window) for each in kept]
    whose = personal.speech if kind == "own" else personal.speech_of_others
    stream = AdaptationStream(whose(person, ADAPTATION, plan), training)
    return stream, held_out(whose(person, VALIDATION, plan), sources.heard_noises("validation"), plan)


@lru_cache(maxsize=1)  # everybody's adaptation asks for the same
def training_stream() -> TrainingStream:
    """What the enhancer was trained on."""
    return TrainingStream(sources.load("open", "train"))


def held_out(speech: Sequence[Recording], noises: Sequence[Recording], plan: Plan) -> Pairs:
    """(noisy, clean) windows of sentences in validation noises, both of which take turns with the SNRs."""
    return [
        window_of(noisy_speech(each, noises[(5 * i) % len(noises)], VALIDATION_SNRS[i % len(VALIDATION_SNRS)],
                               "validation"), plan.window)
        for i, each in enumerate(speech)
    ]  # fmt: skip


def adapted(
    stream: TrainingStream, pairs: Pairs, recipe: Recipe, folder: Path, device: str = "cpu", progress: bool = True
) -> tuple[torch.nn.Module, FitResult]:
    """The published enhancer after the steps of a recipe on the mixtures of a stream."""
    model, _ = load_checkpoint(neural.published("primer", ENHANCER), ENHANCER)
    folder.mkdir(parents=True, exist_ok=True)
    draw, judge = batches(stream, recipe), validation_of(pairs, recipe)
    return model, fit(model.to(device), objective(recipe.loss), draw, judge, recipe, folder, progress)


def system_of(model: torch.nn.Module, device: str = "cpu") -> neural.System:
    """An adapted network as a system."""
    return neural.denoiser(model, {"scaling": SCALING, "fs": sources.FS}, device)
