"""What the profiles of the emotion chapter run: corpora, SNRs, features, front ends, simulated arousal."""

from dataclasses import dataclass
from typing import ClassVar

from biosig.papers import setups
from biosig.papers.base import known
from biosig.papers.se_for_ser.naming import FRONTS, NOISY
from biosig.training.recipe import Recipe

SNRS_DB = (-5, 0, 5, 10, 15, 20)
EVERYWHERE = (NOISY, "residual")  # the paper's two; the other front ends are ours, and tested as its second table does


@dataclass(frozen=True)
class Use:
    """How much of a corpus is used.

    Attributes:
        per_class: utterances of each speaker and emotion, drawn by lot from their names; None takes all.
        heard: as many of these are also measured as sound: PESQ takes longer than everything else.
        fronts: what stands before the recogniser that is trained on clean speech.
    """

    per_class: int | None
    heard: int
    fronts: tuple[str, ...] = tuple(FRONTS)


@dataclass(frozen=True)
class Arousal:
    """How the network of simulated arousal is trained, and on how much.

    Attributes:
        recipe: the schedule; ``window`` is 6 s.
        options: of the network; the paper's is wider.
        seconds: of a simulated session.
        per_speaker: sessions of each training, validation and test speaker.
        train_snrs_db: of Table 6, where training and test are both in noise.
    """

    recipe: Recipe
    options: tuple[tuple[str, object], ...] = ()
    seconds: float = 60.0
    per_speaker: tuple[int, int, int] = (3, 1, 1)
    train_snrs_db: tuple[float, ...] = (5, 10, 15)


@dataclass(frozen=True, kw_only=True)
class Setup(setups.Setup):
    """One profile of this chapter.

    Attributes:
        corpora: corpus → how much of it.
        features: openSMILE's sets.
        trainings: "clean", and what else the two front ends of the paper are tried with: "matched", "multi".
        snrs_db: of matched training and of every test.
        arousal: the experiment on simulated arousal; None in a profile without it.
    """

    corpora: tuple[tuple[str, Use], ...]
    features: tuple[str, ...] = ("compare", "egemaps")
    trainings: tuple[str, ...] = ("clean", "matched", "multi")
    snrs_db: tuple[float, ...] = SNRS_DB
    arousal: Arousal | None = None

    apart: ClassVar[tuple[str, ...]] = (*setups.Setup.apart, "corpora", "features", "trainings", "arousal")

    def use(self, corpus: str) -> Use:
        """How much of a corpus this profile uses."""
        return dict(self.corpora)[corpus]


QUICK = Setup(
    name="quick",
    corpora=(("polish", Use(3, 1, (NOISY, "log_mmse"))),),
    features=("egemaps",),
    trainings=("clean",),
    snrs_db=(0, 10),
)
# A patient CPU: a narrower network than the paper's, and minutes for each; one seed
OPEN = Setup(
    name="open",
    corpora=(("emodb", Use(None, 1)), ("nemo", Use(5, 1))),
    seeds=(0,),
    arousal=Arousal(
        Recipe("simulated arousal open", 40, 12, 10, 96_000, 1e-3, loss="ccc", early_stop=12),
        (("filters", (8, 16)), ("hidden", 128)),
    ),
)
SETUPS = {setup.name: setup for setup in (QUICK, OPEN)}


def setup_of(profile: str) -> Setup:
    """The setup of a profile.

    Raises:
        ConfigError: unknown, or "paper": its corpora can be read here, and nobody has run them.
    """
    return SETUPS[known("profile of the emotion chapter", profile, SETUPS)]
