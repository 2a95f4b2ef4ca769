"""The epoch of two networks against each other: one enhances, the other learns to judge what comes out.

What the two want is a :class:`Game`; everything else is :mod:`biosig.training.loop`'s: what is random follows from
(recipe, epoch, step), a killed run goes on from its last epoch to the same weights, and one validation number per
epoch, which knows no judge, chooses the network. In each step first the network moves, then its rival.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from biosig.seeds import seed_for
from biosig.training.loop import Batches, FitResult, descend, drawing, finite, precision, prefetched, run
from biosig.training.memory import enough_memory
from biosig.training.recipe import Recipe
from biosig.training.state import State, optimiser_of, schedule_of, write_rows

Terms = Mapping[str, torch.Tensor]  # what is made small, by name; a loss is their sum


class Game(contextlib.AbstractContextManager):
    """Who plays against a network, and for what. As a context it may hold processes or files.

    Attributes:
        rival: the network that judges.
        account: the file beside curve.csv that gets a row for each epoch.
    """

    rival: nn.Module
    account: str = "game.csv"

    def __exit__(self, *error) -> None:
        """Nothing to give back."""

    def play(
        self, network: nn.Module, noisy: torch.Tensor, clean: torch.Tensor
    ) -> tuple[Terms, Callable[[], tuple[Terms, Mapping[str, float]]]]:
        """One step on signals (B, n): the network's terms, and, once it has moved, the rival's and what to note."""
        raise NotImplementedError

    def heard(self) -> Mapping[str, object]:
        """What an epoch's row says beside the means of all terms and notes; asked once for each epoch."""
        return {}

    def told(self, account: Sequence[Mapping[str, object]]) -> dict[str, object]:
        """What a run record says of the whole account, beside what every run's says."""
        return {}


class TwoNetworks(State):
    """A :class:`State` with a rival, its optimiser and schedule, and an account of every epoch."""

    def __init__(self, network: nn.Module, game: Game, recipe: Recipe, folder: Path):
        super().__init__(network, recipe, folder)
        self.game, self.account = game, []
        self.judging = optimiser_of(replace(recipe, lr=recipe.discriminator_lr), game.rival)
        self.judging_schedule = schedule_of(recipe, self.judging)

    def parts(self) -> dict[str, dict]:
        """The state dictionaries to keep, and the account."""
        return super().parts() | {
            "discriminator": self.game.rival.state_dict(),
            "judging": self.judging.state_dict(),
            "judging_schedule": self.judging_schedule.state_dict(),
            "account": list(self.account),
        }

    def restore(self, saved: dict) -> None:
        """Take over what was kept."""
        super().restore(saved)
        self.game.rival.load_state_dict(saved["discriminator"])
        self.judging.load_state_dict(saved["judging"])
        self.judging_schedule.load_state_dict(saved["judging_schedule"])
        self.account = saved["account"]

    def advance(self, loss: float, value: float, seconds: float) -> None:
        """Note an epoch of both networks, and save."""
        self.judging_schedule.step(value)
        super().advance(loss, value, seconds)
        write_rows(self.folder / self.game.account, list(self.account[0]), self.account)


def fit_adversarial(
    network: nn.Module,
    game: Game,
    batches: Batches,
    validate: Callable[[nn.Module], float],
    recipe: Recipe,
    run_dir: Path,
    progress: bool = True,
) -> tuple[FitResult, list[dict[str, object]]]:
    """Train ``network`` in place against the game's rival, and leave its best weights in it; a second call goes on.

    Args:
        network: on the device it is to be trained on, as the rival is.
        game: what both want.
        batches, validate, recipe, run_dir, progress: as in :func:`biosig.training.loop.fit`; the recipe has a
            ``discriminator_lr``.

    Returns:
        The result, and the account: a row for each epoch.

    Raises:
        ConfigError: a loss is no longer finite, memory runs out, or run_dir holds a run of another recipe.
        CheckpointError: run_dir holds a damaged state.
    """
    state = TwoNetworks(network, game, recipe, Path(run_dir))
    with game:
        result = run(state, partial(train_epoch, batches), validate, progress)
    return result, state.account


def train_epoch(batches: Batches, state: TwoNetworks, bar: tqdm) -> float:
    """One epoch of steps of both networks; the network's mean loss. The means of all terms go into the account."""
    recipe, epoch, device = state.recipe, state.progress.epochs, next(state.network.parameters()).device
    state.network.train(), state.game.rival.train()
    total, sums = 0.0, {}
    for step, (noisy, clean) in enumerate(prefetched(batches, epoch, recipe.steps_per_epoch)):
        dropout = drawing(device, "dropout", recipe.name, recipe.seed, epoch, step)
        memory = enough_memory(f"a step of {recipe.name}", "a smaller batch or window")
        with precision(recipe, device), dropout, memory:
            loss, noted = train_step(state, noisy.to(device), clean.to(device))
        total += finite(loss, "loss", recipe, epoch, step)
        for name, value in noted.items():
            sums[name] = sums.get(name, 0.0) + finite(value, name, recipe, epoch, step)
        bar.update()
        bar.set_postfix_str(f"loss {total / (step + 1):.4g}", refresh=False)
    means = {name: value / recipe.steps_per_epoch for name, value in sums.items()}
    state.account.append({"epoch": epoch, **means, **state.game.heard()})
    return total / recipe.steps_per_epoch


def train_step(state: TwoNetworks, noisy: torch.Tensor, clean: torch.Tensor) -> tuple[float, dict[str, float]]:
    """One step of the network, then one of its rival, on signals (B, n): the network's loss, and every term."""
    terms, then = state.game.play(state.network, noisy, clean)
    loss = sum(terms.values())
    descend(state.optimiser, loss, state.network, state.recipe.clip_norm)
    judged, noted = then()
    descend(state.judging, sum(judged.values()), state.game.rival, None)
    return loss.item(), {name: value.item() for name, value in {**terms, **judged}.items()} | dict(noted)


def rival_of(recipe: Recipe, make: Callable[[], nn.Module]) -> nn.Module:
    """A fresh rival whose weights follow from the recipe's name and seed, whatever was drawn before."""
    with torch.random.fork_rng():
        torch.manual_seed(seed_for("discriminator", recipe.name, recipe.seed))
        return make()
