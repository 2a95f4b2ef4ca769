"""Training one network of this chapter on a profile's speech and noise."""

from pathlib import Path

import torch

from biosig.papers.neural import initialised, tensors
from biosig.papers.primer import sources as data
from biosig.papers.primer.frames import FrameStream, frame_pairs
from biosig.papers.primer.mixtures import TrainingStream, validation_mixtures, window_of
from biosig.papers.primer.profiles import FrameNetwork, Network, Setup, VariedNetwork, WindowedNetwork
from biosig.papers.primer.sources import FS
from biosig.papers.primer.varied import VariedStream, validation_pairs
from biosig.seeds import seed_for
from biosig.training.adversarial import fit_adversarial
from biosig.training.loop import FitResult, fit
from biosig.training.objectives import objective
from biosig.training.recipe import AdversarialRecipe, Recipe

SCALING = "rms"


def train(
    setup: Setup, network: Network, recipe: Recipe, folder: Path, device: str, progress: bool
) -> tuple[torch.nn.Module, dict, FitResult]:
    """Train (or resume, or reload) a network; its best weights are chosen on validation mixtures alone.

    Returns:
        The network, its notes for a checkpoint, and the :class:`biosig.training.loop.FitResult`.
    """
    options = dict(network.options)
    model = initialised(network.network, recipe.seed, recipe.name, **options).to(device)
    stream, validation = drawn(setup, network, recipe)
    draw, judge, heard = batches(stream, recipe), validation_of(validation, recipe), {}
    if isinstance(recipe, AdversarialRecipe):
        result, heard = fit_adversarial(model, draw, judge, recipe, folder, progress)
    else:
        result = fit(model, objective(recipe.loss), draw, judge, recipe, folder, progress)
    notes = {
        "network_args": options,
        "scaling": network.scaling if isinstance(network, VariedNetwork) else SCALING,
        "fs": FS,
        "seed": recipe.seed,
        "recipe": recipe.name,
        "validation": result.best_value,
        "best_epoch": result.best_epoch,
    }
    if isinstance(network, WindowedNetwork):
        notes["window_s"] = network.window_s
    if heard:
        notes["judged"] = heard
    return model, notes, result


def drawn(setup: Setup, network: Network, recipe: Recipe) -> tuple[TrainingStream, list]:
    """What the network trains on, and the (noisy, clean) windows that choose its weights."""
    training, held_out = (data.load(setup.name, part) for part in ("train", "validation"))
    if isinstance(network, VariedNetwork):
        pairs = validation_pairs(held_out, setup, network.levels_db, recipe.window)
        return VariedStream(training, network.levels_db), pairs
    if isinstance(network, FrameNetwork):
        return FrameStream(training, network), frame_pairs(held_out, setup, network, recipe.window)
    return TrainingStream(training), [window_of(each, recipe.window) for each in validation_mixtures(held_out, setup)]


def batches(stream: TrainingStream, recipe: Recipe):
    """(epoch, step) → (noisy, clean), float32 (batch, window), mixed on the fly."""

    def batch(epoch: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        names = [(recipe.name, recipe.seed, epoch, step, row) for row in range(recipe.batch)]
        return tensors(stream.pair(recipe.window, *name) for name in names)

    return batch


def validation_of(pairs: list, recipe: Recipe):
    """network → the mean of its own loss over the (noisy, clean) validation windows; lower is better."""
    noisy, clean = tensors(pairs)
    measure = objective(recipe.loss)

    def value(model: torch.nn.Module) -> float:
        device = next(model.parameters()).device
        generator = torch.Generator().manual_seed(seed_for("validation"))
        parts = zip(noisy.split(recipe.batch), clean.split(recipe.batch), strict=True)
        losses = [len(n) * float(measure(model, n.to(device), c.to(device), generator)) for n, c in parts]
        return sum(losses) / len(noisy)

    return value
