"""What the profiles of the emotion chapter run: corpora, SNRs, features, front ends."""

from dataclasses import dataclass
from typing import ClassVar

from biosig.papers import setups
from biosig.papers.base import known
from biosig.papers.se_for_ser.naming import FRONTS, NOISY

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


@dataclass(frozen=True, kw_only=True)
class Setup(setups.Setup):
    """One profile of this chapter.

    Attributes:
        corpora: corpus → how much of it.
        features: openSMILE's sets.
        trainings: "clean", and what else the two front ends of the paper are tried with: "matched", "multi".
        snrs_db: of matched training and of every test.
    """

    corpora: tuple[tuple[str, Use], ...]
    features: tuple[str, ...] = ("compare", "egemaps")
    trainings: tuple[str, ...] = ("clean", "matched", "multi")
    snrs_db: tuple[float, ...] = SNRS_DB

    apart: ClassVar[tuple[str, ...]] = (*setups.Setup.apart, "corpora", "features", "trainings")  # a cell says its own

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
OPEN = Setup(name="open", corpora=(("emodb", Use(None, 1)), ("nemo", Use(5, 1))))
SETUPS = {setup.name: setup for setup in (QUICK, OPEN)}


def setup_of(profile: str) -> Setup:
    """The setup of a profile.

    Raises:
        ConfigError: unknown, or "paper": its corpora can be read here, and nobody has run them.
    """
    return SETUPS[known("profile of the emotion chapter", profile, SETUPS)]
