"""How to train: the numbers a paper's appendix should hold, in one frozen object."""

from dataclasses import dataclass

from biosig.errors import ConfigError

# those of objectives.py, named here too: a recipe is made without loading torch
LOSSES = (
    *("l1", "l2", "snr", "si", "diffusion"),
    *("spectral_mse", "mrstft", "compressed", "stoi", "pesq_proxy", "compressed+si", "compressed+stoi"),
    *("compressed+bounded", "middle_frame", "ccc"),
    "band_gains",
    *("l1+mrstft", "score", "compressed+voice"),
    "cmgan",
    "refinement",
    "filled",
)
PRECISIONS = ("float32", "bf16")


@dataclass(frozen=True)
class Recipe:
    """A training schedule, checked when made.

    Attributes:
        name: of the run; it seeds the objective's draws together with ``seed``.
        steps_per_epoch: optimiser steps between two validations.
        max_epochs: the longest schedule.
        batch: windows per step.
        window: samples per window.
        lr: Adam's first learning rate.
        betas: Adam's decay rates.
        loss: a name of :data:`biosig.training.objectives.OBJECTIVES`.
        clip_norm: largest norm of the whole gradient; None leaves it alone.
        plateau_factor: the learning rate is multiplied by it …
        plateau_patience: … after this many epochs without a better validation value, counted anew each time.
        early_stop: stop after this many epochs without a better validation value.
        precision: "float32", or "bf16" for convolutions under autocast where the device has it (the scan: float32).
        seed: which repetition this is.

    Raises:
        ConfigError: a number that cannot be trained with.
    """

    name: str
    steps_per_epoch: int
    max_epochs: int
    batch: int = 16
    window: int = 2000
    lr: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.99)
    loss: str = "l1"
    clip_norm: float | None = 1.0
    plateau_factor: float = 0.8
    plateau_patience: int = 5
    early_stop: int = 15
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self):
        if self.loss not in LOSSES:
            raise ConfigError(f"Loss {self.loss!r} is unknown: expected one of {', '.join(LOSSES)}.")
        for field in ("steps_per_epoch", "max_epochs", "batch", "window", "lr", "early_stop"):
            if not getattr(self, field) > 0:
                found = getattr(self, field)
                raise ConfigError(f"{field} of recipe {self.name} is {found}: expected more than 0.")
        if self.precision not in PRECISIONS:
            raise ConfigError(f"precision is {self.precision!r}: expected one of {', '.join(PRECISIONS)}.")


@dataclass(frozen=True)
class CosineRecipe(Recipe):
    """A schedule whose rate falls along half a cosine, to 0 after ``max_epochs``; the plateau's fields mean nothing.

    A schedule of its own length: unlike the other, it cannot be gone on with by raising ``max_epochs``.
    """

    schedule: str = "cosine"


@dataclass(frozen=True)
class GanRecipe(CosineRecipe):
    """A schedule for a generator and a discriminator, RMSprop for both; ``loss`` is what validation alone measures.

    See :mod:`biosig.training.segan_game`.

    Attributes:
        distance: weight of the L1 distance beside the adversary, 0 for none.
        discriminator_lr: its first learning rate; it falls as the generator's does.
    """

    distance: float = 100.0
    discriminator_lr: float = 2e-4


@dataclass(frozen=True)
class AdversarialRecipe(CosineRecipe):
    """A schedule for two networks: one that enhances, and one that learns to judge it as PESQ does.

    See :mod:`biosig.training.adversarial`. Validation knows the loss alone, and no discriminator.

    Attributes:
        adversarial: weight of the discriminator's doubt beside the loss.
        discriminator_lr: its first learning rate; it falls as the other does.
        discriminator_channels: of its first convolution.
        workers: processes that compute PESQ; they change nothing but the time it takes.
    """

    adversarial: float = 0.05
    discriminator_lr: float = 1e-3
    discriminator_channels: int = 16
    workers: int = 1


@dataclass(frozen=True)
class SgdRecipe(Recipe):
    """A schedule with plain stochastic gradient descent in Adam's place; ``betas`` mean nothing.

    Attributes:
        momentum: 0 for none.
    """

    momentum: float = 0.0
