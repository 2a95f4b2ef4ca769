"""Training one network of this chapter on one person's sentences."""

from pathlib import Path

import torch
from torch.nn import functional as F

from biosig.papers.emgse.mixtures import TrainingStream, validation_chunks
from biosig.papers.emgse.profiles import Network, Setup
from biosig.papers.emgse.sources import Sources
from biosig.papers.neural import initialised
from biosig.training.loop import FitResult, fit
from biosig.training.objectives import objective
from biosig.training.recipe import Recipe

NETWORK = "emgse"


def train(
    sources: Sources, setup: Setup, network: Network, folder: Path, device: str, progress: bool
) -> tuple[torch.nn.Module, dict, FitResult]:
    """Train (or resume, or reload) a network; its best weights are chosen on validation mixtures alone.

    Returns:
        The network, its notes for a checkpoint, and the :class:`biosig.training.loop.FitResult`.
    """
    recipe, options = network.recipe, {"channels": len(network.channels), **dict(network.options)}
    model = initialised(NETWORK, recipe.seed, recipe.name, **options).to(device)
    stream = TrainingStream(sources, setup, network)
    if hasattr(model, "emg_mean"):
        model.emg_mean.copy_(torch.from_numpy(stream.emg_mean()))
    validate = validation_of(sources, setup, network)
    result = fit(model, objective(recipe.loss), batches(stream, recipe), validate, recipe, folder, progress)
    notes = {
        "network_args": options,
        "channels": network.channels,
        "deaf": network.deaf,
        "order": network.order,
        "seed": recipe.seed,
        "recipe": recipe.name,
        "validation": result.best_value,
        "best_epoch": result.best_epoch,
    }
    return model, notes, result


def batches(stream: TrainingStream, recipe: Recipe):
    """(epoch, step) → (frames, clean), float32, mixed on the fly."""

    def batch(epoch: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        pair = stream.batch(recipe.batch, recipe.name, recipe.seed, epoch, step)
        return tuple(torch.from_numpy(side) for side in pair)

    return batch


def validation_of(sources: Sources, setup: Setup, network: Network):
    """network → its mean L1 distance over the validation chunks; lower is better."""
    frames, clean = (torch.from_numpy(side) for side in validation_chunks(sources, setup, network))

    def value(model: torch.nn.Module) -> float:
        device, size = next(model.parameters()).device, 4 * network.recipe.batch
        parts = zip(frames.split(size), clean.split(size), strict=True)
        losses = [len(x) * float(F.l1_loss(model(x.to(device)), y.to(device))) for x, y in parts]
        return sum(losses) / len(frames)

    return value
