"""Training one network of Table I on a profile's mixtures."""

from pathlib import Path

import numpy as np
import torch

from biosig.metrics.waveform import snr_improvement
from biosig.models.diffusion import Diffusion
from biosig.papers.msemg import sources as data
from biosig.papers.msemg.mixtures import crop, fixed_mixtures, training_mixture
from biosig.papers.msemg.profiles import Network, Setup
from biosig.papers.neural import denoiser, initialised, tensors
from biosig.seeds import seed_for
from biosig.signal.types import Mixture
from biosig.training.loop import FitResult, fit
from biosig.training.objectives import objective
from biosig.training.recipe import Recipe
from biosig.training.scaling import scale_of


def train(
    name: str, setup: Setup, network: Network, recipe: Recipe, folder: Path, device: str, progress: bool
) -> tuple[torch.nn.Module, dict, FitResult]:
    """Train (or resume, or reload) a network; its best weights are chosen on validation mixtures alone.

    Returns:
        The network, its notes for a checkpoint, and the :class:`biosig.training.loop.FitResult`.
    """
    model = initialised(name, recipe.seed).to(device)
    training, validation = data.load(setup.name, "train"), data.load(setup.name, "validation")
    mixtures = fixed_mixtures(validation, setup.validation_snrs, setup.validation_per_channel)
    notes = describe(network, recipe)
    result = fit(
        model,
        objective(recipe.loss),
        batches(training, setup, network, recipe),
        validation_of(network, notes, mixtures, recipe),
        recipe,
        folder,
        progress,
    )
    return model, {**notes, "validation": result.best_value, "best_epoch": result.best_epoch}, result


def describe(network: Network, recipe: Recipe) -> dict:
    """What a checkpoint has to say about how its network is to be called."""
    return {
        "scaling": network.scaling,
        "factor": network.factor,
        "kind": network.kind,
        "fs": 1000.0,
        "seed": recipe.seed,
        "recipe": recipe.name,
    }


def batches(sources: data.Sources, setup: Setup, network: Network, recipe: Recipe):
    """(epoch, step) → (noisy, clean), float32 (batch, window), mixed on the fly and scaled as at inference."""

    def row(*name: object) -> tuple[np.ndarray, np.ndarray]:
        mixture = training_mixture(sources, setup.train_snrs, recipe.name, recipe.seed, *name)
        scale = scale_of(mixture.noisy, mixture.fs, network.scaling, network.factor)
        noisy, clean = crop(mixture, recipe.window, recipe.seed, *name)
        return noisy / scale, clean / scale

    def batch(epoch: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        return tensors(row(epoch, step, i) for i in range(recipe.batch))

    return batch


def validation_of(network: Network, notes: dict, mixtures: list[Mixture], recipe: Recipe):
    """network → a number, lower is better: minus the mean SNRimp in dB, or the diffusion loss at fixed draws."""
    if network.kind == "diffusion":
        return lambda model: diffusion_loss(model, network, mixtures, recipe)

    def minus_snr_improvement(model: torch.nn.Module) -> float:
        system = denoiser(model, notes, next(model.parameters()).device)
        clean, noisy = stacked(mixtures)
        return -float(snr_improvement(clean, noisy, system(noisy, notes["fs"])).mean())

    return minus_snr_improvement


def diffusion_loss(model: torch.nn.Module, network: Network, mixtures: list[Mixture], recipe: Recipe) -> float:
    """Mean loss over the middle windows of the mixtures, the same noise and levels in every epoch."""
    device = next(model.parameters()).device
    clean, noisy = stacked(mixtures)
    scale = scale_of(noisy, mixtures[0].fs, network.scaling, network.factor)
    middle = slice((clean.shape[-1] - recipe.window) // 2, (clean.shape[-1] + recipe.window) // 2)
    clean, noisy = (torch.from_numpy((x / scale)[:, middle].astype(np.float32)) for x in (clean, noisy))
    generator = torch.Generator().manual_seed(seed_for("validation"))
    losses = [
        float(Diffusion().loss(model, n.to(device), c.to(device), generator))
        for n, c in zip(noisy.split(recipe.batch), clean.split(recipe.batch), strict=True)
    ]
    return sum(losses) / len(losses)


def stacked(mixtures: list[Mixture]) -> tuple[np.ndarray, np.ndarray]:
    """Clean and noisy signals, (mixtures, n) each."""
    return np.stack([m.clean for m in mixtures]), np.stack([m.noisy for m in mixtures])
