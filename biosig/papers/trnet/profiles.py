"""What the profiles of this chapter run: whose emotions, how much of them, in which noises, behind which enhancers."""

from dataclasses import dataclass
from typing import ClassVar

from biosig.papers import setups
from biosig.papers.base import known
from biosig.papers.trnet.naming import SNRS_DB
from biosig.training.recipe import Recipe

ADAM = (0.9, 0.999)


@dataclass(frozen=True, kw_only=True)
class Setup(setups.Setup):
    """One profile of this chapter.

    Attributes:
        corpus: of emotions: "polish", "nemo" or "iemocap".
        emotions: the classes.
        per_class: utterances of each actor and emotion, drawn by lot from their names; None takes all.
        seconds: of each utterance, repeated where it is shorter, cut where it is longer.
        snrs_db: beside clean speech.
        recipe: of the networks that hear noise; the steps of an epoch follow from a fold's number of utterances.
        clean_recipe: of the clean recogniser: Baseline-c, and TRNet's teacher.
        from_clean: whether the networks that hear noise begin with the clean recogniser's weights.
        form, width: of the encoder.
        enhancers: that the systems are run with.
        controls: whether the three controls are run, behind the first enhancer.
    """

    corpus: str
    emotions: tuple[str, ...]
    recipe: Recipe
    clean_recipe: Recipe
    from_clean: bool = False
    per_class: int | None = None
    seconds: float = 5.0
    snrs_db: tuple[float, ...] = SNRS_DB
    form: str = "paper"
    width: int | None = None
    enhancers: tuple[str, ...] = ()
    controls: bool = True

    apart: ClassVar[tuple[str, ...]] = (
        *setups.Setup.apart,
        "recipe",
        "clean_recipe",
        "from_clean",
        "form",
        "width",
        "enhancers",
        "controls",
    )

    def has_controls(self, enhancer: str) -> bool:
        """Whether the controls are run behind this enhancer: the question they answer does not depend on which."""
        return self.controls and enhancer == self.enhancers[0]


def recipe(name: str, epochs: int, batch: int, lr: float, patience: int) -> Recipe:
    """A schedule: Adam, the gradient's norm at most 10, the rate divided by 10 where validation stands still."""
    return Recipe(
        name, 1, epochs, batch, lr=lr, betas=ADAM, loss="refinement", clip_norm=10.0, plateau_factor=0.1,
        plateau_patience=patience, early_stop=epochs,
    )  # fmt: skip


QUICK = Setup(
    name="quick",
    corpus="polish",
    emotions=("anger", "fear", "neutral"),
    per_class=2,
    seconds=0.8,
    recipe=recipe("trnet quick", 4, 9, 1e-3, 4),
    clean_recipe=recipe("trnet quick, clean", 12, 9, 3e-3, 12),
    from_clean=True,
    width=4,
    seeds=(0,),
    enhancers=("log_mmse",),
    controls=False,
)
# What one core does in two hours: every row and every fold, with less speech, shorter, in a narrower network. What a
# full run costs beside it stands in a table of its own: see chosen.cut
OPEN = Setup(
    name="open",
    corpus="nemo",
    emotions=("anger", "happiness", "neutral", "sadness"),
    per_class=20,
    seconds=1.5,
    recipe=recipe("trnet open", 3, 16, 1e-3, 3),
    clean_recipe=recipe("trnet open, clean", 10, 16, 3e-3, 5),
    from_clean=True,
    width=12,
    enhancers=("nsnet2", "recurrent_mask_long", "cmgan"),
)
PAPER = Setup(
    name="paper",
    corpus="iemocap",
    emotions=("angry", "happy", "neutral", "sad"),
    recipe=recipe("trnet paper", 80, 32, 1e-3, 15),
    clean_recipe=recipe("trnet paper, clean", 80, 32, 1e-3, 15),
    enhancers=("cmgan", "nsnet2"),
)
SETUPS = {setup.name: setup for setup in (QUICK, OPEN, PAPER)}


# Of what the gates learn, where a training is a hundred times as short as the paper's: see EstimatedGate
PACE = {"open": 10.0}
# What makes a system of the one network
OPTIONS = {
    "baseline_c": {"gate": "noisy", "bridge": False, "alpha": 0.0, "beta": 0.0},
    "baseline_n": {"gate": "noisy", "bridge": False, "alpha": 0.0, "beta": 0.0},
    "baseline_e": {"gate": "enhanced", "bridge": False, "alpha": 0.0, "beta": 0.0},
    "trnet": {},
    "trnet_no_low": {"alpha": 0.0},
    "trnet_no_high": {"beta": 0.0},
    "trnet_oracle": {"gate": "oracle"},
    "trnet_learned": {"gate": "learned"},
    "trnet_told": {"gate": "told"},
}


def options(setup: Setup, which: str) -> dict:
    """The network's options for a system."""
    found = {"classes": len(setup.emotions), "form": setup.form, "width": setup.width, **OPTIONS[which]}
    gated = found.get("gate", "estimated") in ("estimated", "learned", "told")
    return found | ({"pace": PACE[setup.name]} if gated and setup.name in PACE else {})


def setup_of(profile: str) -> Setup:
    """The setup of a profile.

    Raises:
        ConfigError: unknown.
    """
    return SETUPS[known("profile of TRNet", profile, SETUPS)]
