"""Filling gaps first, then training on pairs; or the pairs alone."""

from pathlib import Path

import torch

from biosig.models.gap_filler import GapFiller
from biosig.papers import neural
from biosig.papers.primer import pretraining, sources
from biosig.papers.primer.mixtures import TrainingStream, validation_mixtures, window_of
from biosig.papers.primer.pretraining import FILLING, PAIRS, Plan
from biosig.papers.primer.profiles import setup_of
from biosig.papers.primer.train import SCALING, batches, validation_of
from biosig.results.items import Cell
from biosig.seeds import rng_for, seed_for
from biosig.training.loop import Batches, FitResult, fit
from biosig.training.objectives import objective
from biosig.training.recipe import Recipe


def train_cell(cell: Cell, folder: Path, device: str, progress: bool) -> neural.Trained:
    """Train (or resume, or reload) the network of a cell; the record tells of both stages."""
    model, results = train(cell.system, cell.seed, folder, pretraining.OPEN, device, progress)
    told = neural.told(model, results[PAIRS])
    told["training_seconds"] = round(sum(each.seconds for each in results.values()), 1)
    if FILLING in results:
        told["filling"] = {"best_epoch": results[FILLING].best_epoch, "best_validation": results[FILLING].best_value}
    files = {("curve" if stage == PAIRS else stage) + ".csv": folder / stage / "curve.csv" for stage in results}
    return neural.Trained(neural.denoiser(model, {"scaling": SCALING, "fs": sources.FS}, device), told, files)


def train(
    system: str, seed: int, folder: Path, plan: Plan, device: str = "cpu", progress: bool = True
) -> tuple[torch.nn.Module, dict[str, FitResult]]:
    """A system's network after its stages, and stage → its :class:`biosig.training.loop.FitResult`."""
    model, found = fresh(seed, plan).to(device), {}
    training, held_out = (sources.load(plan.profile, part) for part in ("train", "validation"))
    stream = TrainingStream(training)
    kept = [window_of(each, plan.window) for each in validation_mixtures(held_out, setup_of(plan.profile))]
    for stage, recipe in pretraining.recipes(system, seed, plan).items():
        learner = filler(model, seed).to(device) if stage == FILLING else model
        few = stage == PAIRS and pretraining.parts(system)[1] == "few"
        draw = again(pairs(stream, seed, plan), recipe) if few else batches(stream, recipe)
        run_dir = folder / stage
        run_dir.mkdir(parents=True, exist_ok=True)
        judge = validation_of(kept, recipe)
        found[stage] = fit(learner, objective(recipe.loss), draw, judge, recipe, run_dir, progress)
    return model, found


def fresh(seed: int, plan: Plan) -> torch.nn.Module:
    """The untrained network, the same for all systems of a seed."""
    return neural.initialised(pretraining.NETWORK, seed, "pretraining", **dict(plan.options))


def filler(model: torch.nn.Module, seed: int) -> GapFiller:
    """The head that fills gaps around a mask, whose body learns with it."""
    with torch.random.fork_rng():
        torch.manual_seed(seed_for("gap filler", seed))
        return GapFiller(model)


def pairs(stream: TrainingStream, seed: int, plan: Plan) -> tuple[torch.Tensor, torch.Tensor]:
    """The few pairs of a seed, (noisy, clean), float32 (few, window) each."""
    return neural.tensors(stream.pair(plan.window, "few pairs", seed, k) for k in range(plan.few))


def again(few: tuple[torch.Tensor, torch.Tensor], recipe: Recipe) -> Batches:
    """(epoch, step) → a batch of different pairs, always out of the same few."""

    def batch(epoch: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        rng = rng_for("which of the few pairs", recipe.seed, epoch, step)
        rows = torch.from_numpy(rng.choice(len(few[0]), recipe.batch, replace=False))
        return few[0][rows], few[1][rows]

    return batch
