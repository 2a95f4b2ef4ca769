"""The training loop, on one screen: :func:`fit` and what it calls, in reading order.

:mod:`biosig.training.adversarial` has the epoch of two networks that play against each other; all else is as here.

Everything random is a function of (recipe, epoch, step), so a run that was killed goes on where its last
epoch ended and comes to the same weights. The loop sees training batches and one validation number per epoch,
never test data.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from biosig.errors import ConfigError
from biosig.models.precision import bf16
from biosig.seeds import seed_for
from biosig.training.objectives import Objective
from biosig.training.recipe import Recipe
from biosig.training.state import Progress, State

Batch = tuple[torch.Tensor, ...]  # what goes in, and what should come out; for an enhancer (noisy, clean)
Batches = Callable[[int, int], Batch]


@dataclass(frozen=True)
class FitResult:
    """What a run came to.

    Attributes:
        best_epoch: the epoch, from 0, whose weights were kept.
        best_value: its validation value, lower is better.
        curve: one row per epoch: epoch, train_loss, validation, lr, seconds.
        stopped: "max_epochs", "early_stop", or "max_seconds" where the clock ended the run (not repeatable).
        seconds: spent in training and validation, over all resumptions.
    """

    best_epoch: int
    best_value: float
    curve: tuple[dict[str, float], ...]
    stopped: str
    seconds: float


def fit(
    network: nn.Module,
    objective: Objective,
    batches: Batches,
    validate: Callable[[nn.Module], float],
    recipe: Recipe,
    run_dir: Path,
    progress: bool = True,
    max_seconds: float | None = None,
) -> FitResult:
    """Train ``network`` in place and leave its best weights in it. A second call goes on, or returns at once.

    Args:
        network: on the device it is to be trained on.
        objective: (network, the parts of a batch, generator) → loss; the generator's seed is (recipe, epoch, step).
        batches: (epoch, step) → (noisy, clean), float32 (B, n), or what else the objective takes; a pure function,
            called from a thread.
        validate: network (in eval mode, no gradients) → float, lower is better; validation data only.
        recipe: the schedule.
        run_dir: state.pt (for resuming) and curve.csv go here, whole at every moment.
        progress: show a bar with loss and time left.
        max_seconds: stop after the epoch that passes it; prefer recipe.max_epochs, which is repeatable.

    Raises:
        ConfigError: the loss is no longer finite, or run_dir holds a run of another recipe.
        CheckpointError: run_dir holds a damaged state.
    """
    epoch = partial(train_epoch, network, objective, batches, recipe)
    return run(State(network, recipe, Path(run_dir)), epoch, validate, progress, max_seconds)


def run(
    state: State,
    train: Callable[[State, tqdm], float],
    validate: Callable[[nn.Module], float],
    progress: bool = True,
    max_seconds: float | None = None,
) -> FitResult:
    """Epochs until there is reason to stop: ``train(state, bar)`` → mean loss, then validation; see :func:`fit`."""
    recipe = state.recipe
    state.resume()
    with progress_bar(recipe, state.progress, progress) as bar:
        while (stopped := why_stop(state.progress, recipe, max_seconds)) is None:
            start = time.perf_counter()
            loss = train(state, bar)
            value = finite(evaluate(state.network, validate), "validation value", recipe, state.progress.epochs)
            state.advance(loss, value, time.perf_counter() - start)
    state.load_best()
    done = state.progress
    return FitResult(done.best_epoch, done.best_value, tuple(done.curve), stopped, done.seconds)


def progress_bar(recipe: Recipe, done: Progress, show: bool) -> tqdm:
    """A bar over all steps of the schedule, standing where the run stands."""
    total, initial = (epochs * recipe.steps_per_epoch for epochs in (recipe.max_epochs, done.epochs))
    return tqdm(total=total, initial=initial, disable=not show, desc=recipe.name, unit="step")


def why_stop(done: Progress, recipe: Recipe, max_seconds: float | None) -> str | None:
    """The reason not to begin another epoch, None while there is no reason."""
    if done.epochs >= recipe.max_epochs:
        return "max_epochs"
    if done.epochs - 1 - done.best_epoch >= recipe.early_stop:
        return "early_stop"
    if max_seconds is not None and done.seconds >= max_seconds:
        return "max_seconds"
    return None


def train_epoch(
    network: nn.Module,
    objective: Objective,
    batches: Batches,
    recipe: Recipe,
    state: State,
    bar: tqdm,
) -> float:
    """One epoch of optimiser steps; the mean training loss."""
    network.train()
    device, epoch, total = next(network.parameters()).device, state.progress.epochs, 0.0
    for step, batch in enumerate(prefetched(batches, epoch, recipe.steps_per_epoch)):
        seed = seed_for("objective", recipe.name, recipe.seed, epoch, step)
        with precision(recipe, device), drawing(device, "dropout", recipe.name, recipe.seed, epoch, step):
            loss = objective(network, *(part.to(device) for part in batch), torch.Generator().manual_seed(seed))
        descend(state.optimiser, loss, network, recipe.clip_norm)
        total += finite(loss.item(), "loss", recipe, epoch, step)
        bar.update()
        best = state.progress.best_value
        bar.set_postfix_str(f"loss {total / (step + 1):.4g}, best validation {best:.4g}", refresh=False)
    return total / recipe.steps_per_epoch


def descend(optimiser: torch.optim.Optimizer, loss: torch.Tensor, network: nn.Module, clip_norm: float | None) -> None:
    """One step down the slope of ``loss``, its gradient no longer than ``clip_norm``."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    if clip_norm is not None:
        nn.utils.clip_grad_norm_(network.parameters(), clip_norm)
    optimiser.step()


def evaluate(network: nn.Module, validate: Callable[[nn.Module], float]) -> float:
    """The validation value of the network as it is now."""
    network.eval()
    with torch.no_grad():
        return float(validate(network))


def prefetched(batches: Batches, epoch: int, steps: int) -> Iterator[Batch]:
    """The epoch's batches in order, the next one being mixed while the network works on this one."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(batches, epoch, 0)
        for step in range(1, steps + 1):
            batch = coming.result()
            if step < steps:
                coming = thread.submit(batches, epoch, step)
            yield batch


@contextlib.contextmanager
def drawing(device: torch.device, *name: object) -> Iterator[None]:
    """Torch's global generators, from which dropout draws, seeded by ``name`` inside and untouched outside."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed_for(*name))
        yield


def precision(recipe: Recipe, device: torch.device) -> contextlib.AbstractContextManager:
    """Autocast to bfloat16 where the recipe asks for it and the device has it."""
    return bf16(device.type, recipe.precision == "bf16")


def finite(value: float, what: str, recipe: Recipe, epoch: int, step: int | None = None) -> float:
    """``value``, if training can go on from it."""
    if math.isfinite(value):
        return value
    where = f"epoch {epoch}" if step is None else f"epoch {epoch}, step {step}"
    raise ConfigError(
        f"The {what} of {recipe.name} is {value} at {where}: expected a finite number; "
        f"try a learning rate below {recipe.lr:g}."
    )
