"""Where a training run stands: weights, optimiser, schedule and curve, in one file that is always whole."""

import copy
import csv
import io
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, ReduceLROnPlateau

from biosig.errors import CheckpointError, ConfigError
from biosig.files import atomic_path, write_text
from biosig.training.recipe import CosineRecipe, Recipe, SgdRecipe

COLUMNS = ("epoch", "train_loss", "validation", "lr", "seconds")


@dataclass
class Progress:
    """Epochs done, the best of them (-1: none yet), and one curve row for each."""

    best_epoch: int = -1
    best_value: float = float("inf")
    curve: list[dict[str, float]] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """How many are done."""
        return len(self.curve)

    @property
    def seconds(self) -> float:
        """Time spent, over all resumptions."""
        return sum(row["seconds"] for row in self.curve)


class State:
    """Network, optimiser, schedule, best weights and :class:`Progress`, kept together in ``folder``."""

    def __init__(self, network: nn.Module, recipe: Recipe, folder: Path):
        self.network, self.recipe, self.folder = network, recipe, folder
        self.optimiser = optimiser_of(recipe, network)
        self.schedule = schedule_of(recipe, self.optimiser)
        self.best = copy.deepcopy(network.state_dict())
        self.progress = Progress()

    @property
    def path(self) -> Path:
        """The file a run resumes from."""
        return self.folder / "state.pt"

    def advance(self, loss: float, value: float, seconds: float) -> None:
        """Note an epoch, keep its weights if they are the best, turn down the rate on a plateau, save."""
        done = self.progress
        rate = self.optimiser.param_groups[0]["lr"]
        done.curve.append(dict(zip(COLUMNS, (done.epochs, loss, value, rate, seconds), strict=True)))
        if value < done.best_value:
            done.best_epoch, done.best_value = done.epochs - 1, value
            self.best = copy.deepcopy(self.network.state_dict())
        self.schedule.step(value)
        self.save()

    def save(self) -> None:
        """Write state.pt, then curve.csv, each at one stroke."""
        with atomic_path(self.path) as temporary:
            notes = {"recipe": asdict(self.recipe), "progress": asdict(self.progress)}
            torch.save({**notes, **self.parts()}, temporary)
        text = io.StringIO()
        table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(self.progress.curve)
        write_text(self.folder / "curve.csv", text.getvalue())

    def parts(self) -> dict[str, dict]:
        """The state dictionaries to keep."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "best": self.best,
        }

    def resume(self) -> None:
        """Go on from state.pt if there is one."""
        if not self.path.exists():
            return
        saved = self.read()
        self.same_recipe(saved["recipe"])
        self.restore(saved)

    def restore(self, saved: dict) -> None:
        """Take over what :meth:`save` kept."""
        self.network.load_state_dict(saved["network"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.schedule.load_state_dict(saved["schedule"])
        self.best = saved["best"]
        self.progress = Progress(**saved["progress"])

    def read(self) -> dict:
        """The saved run, its tensors on the CPU."""
        try:
            return torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception:
            raise CheckpointError(f"{self.path} is damaged: expected a whole file; remove it.") from None

    def same_recipe(self, saved: dict) -> None:
        """Refuse to mix two recipes in one curve; only a longer schedule is the same run going on."""
        here = asdict(self.recipe)
        longer = set() if isinstance(self.recipe, CosineRecipe) else {"max_epochs"}
        for name in here.keys() - longer:
            if saved.get(name) != here[name]:
                raise ConfigError(
                    f"{self.folder} holds a run with {name} = {saved.get(name)}, not {here[name]}: "
                    "expected the same recipe, or another folder."
                )

    def load_best(self) -> None:
        """Put the best weights into the network."""
        self.network.load_state_dict(self.best)


class Cosine(CosineAnnealingLR):
    """Half a cosine that can be stepped as the plateau's schedule is, with a value that it does not look at."""

    def step(self, value: float | None = None) -> None:
        """One epoch further."""
        super().step()


def optimiser_of(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """Adam, or plain gradient descent where the recipe says so."""
    if isinstance(recipe, SgdRecipe):
        return torch.optim.SGD(network.parameters(), lr=recipe.lr, momentum=recipe.momentum)
    return torch.optim.Adam(network.parameters(), lr=recipe.lr, betas=recipe.betas)


def schedule_of(recipe: Recipe, optimiser: torch.optim.Optimizer) -> LRScheduler | ReduceLROnPlateau:
    """What turns down the rate after an epoch."""
    if isinstance(recipe, CosineRecipe):
        return Cosine(optimiser, recipe.max_epochs)
    return ReduceLROnPlateau(optimiser, factor=recipe.plateau_factor, patience=recipe.plateau_patience)
