"""Does it help to hear first? The recurrent mask after filling gaps in unlabelled sound, against none, at equal steps.

- *pretrained*: first it fills gaps in noisy windows whose clean side is thrown away, then it learns from pairs.
- *scratch*: the same first weights and no filling; as many steps on pairs, on the same batches.
- *longer*: the same without filling; as many steps on pairs as *pretrained* takes in all.

Each of them twice: with few pairs, which are drawn once for a seed and then shown again and again, and with all, where
every pair is a fresh mixture. Validation mixtures choose the weights of all alike. Nothing is published.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from biosig.metrics.speech import MEASURES
from biosig.papers import data
from biosig.papers.primer import mixtures, sources
from biosig.papers.primer.profiles import RECURRENT, Setup
from biosig.papers.primer.score import evaluate
from biosig.results.items import Item
from biosig.signal.types import Mixture
from biosig.training.recipe import CosineRecipe

NETWORK = "recurrent_mask"
KINDS = {
    "pretrained": "recurrent mask that first filled gaps in unlabelled noisy sound",
    "scratch": "the same without filling, as many steps on pairs",
    "longer": "the same without filling, as many steps in all",
}
AMOUNTS = {"few": "few pairs", "all": "all pairs"}
SYSTEMS = {f"{kind}_{amount}": f"{words}, {AMOUNTS[amount]}" for amount in AMOUNTS for kind, words in KINDS.items()}
SET, METRICS = "unseen", ("pesq_wb", "stoi", "si_sdr_db")
FILLING, PAIRS = "filling", "pairs"  # the two stages


@dataclass(frozen=True)
class Plan:
    """What the experiment is made of.

    Attributes:
        profile: whose speech and noise it is.
        steps: of an epoch.
        filling: epochs of filling gaps.
        pairs: epochs on pairs after it.
        few: how many pairs are few.
        batch, window, lr: of every training; the window in samples.
        options: of the network.
        stream: the version of its draws, and of the gaps'.
    """

    profile: str = "open"
    steps: int = 50
    filling: int = 6
    pairs: int = 6
    few: int = 60
    batch: int = 16
    window: int = 32_000
    lr: float = 1e-3
    options: tuple[tuple[str, object], ...] = RECURRENT
    stream: int = 1

    @property
    def few_minutes(self) -> float:
        """How long the few pairs last."""
        return self.few * self.window / sources.FS / 60


OPEN = Plan()
QUICK = Plan("quick", 4, 2, 2, 8, 4, 16_000, 3e-3, (("hidden", 32), ("layers", 1)))


def parts(system: str) -> tuple[str, str]:
    """A system's kind and its amount of pairs."""
    kind, amount = system.split("_")
    return kind, amount


def recipes(system: str, seed: int = 0, plan: Plan = OPEN) -> dict[str, CosineRecipe]:
    """Stage → how a system is trained in it, in order; names say which draws two systems share."""
    kind, amount = parts(system)
    epochs = plan.pairs + (plan.filling if kind == "longer" else 0)

    def recipe(name: str, epochs: int, loss: str) -> CosineRecipe:
        return CosineRecipe(f"pretraining {name} {plan.profile}", plan.steps, epochs, plan.batch, plan.window, plan.lr,
                            loss=loss, early_stop=epochs, seed=seed)  # fmt: skip

    first = {FILLING: recipe(FILLING, plan.filling, "filled")} if kind == "pretrained" else {}
    return first | {PAIRS: recipe(AMOUNTS[amount], epochs, "compressed")}


def steps(system: str, plan: Plan = OPEN) -> Mapping[str, int]:
    """Stage → the optimiser steps that a system takes in it."""
    return {stage: each.steps_per_epoch * each.max_epochs for stage, each in recipes(system, plan=plan).items()}


def config(system: str, setup: Setup, seed: int) -> dict:
    """All that decides the numbers of a seed's cell."""
    return {
        "experiment": "pretraining 1",
        "plan": asdict(OPEN),
        "network": {"network": NETWORK, **{name: asdict(each) for name, each in recipes(system, seed).items()}},
        "data": setup.data_config(),
        "data_files": data.hashes(data_files()),
        "metrics": {SET: {name: MEASURES[name].variant for name in METRICS}},
    }


def data_files() -> list[Path]:
    """The committed files that say which data this experiment uses."""
    return data.data_files(sources.CORPORA["open"])


def test(setup: Setup) -> list[Mixture]:
    """The chapter's clean test speech in noises that no network has heard."""
    return mixtures.unseen_mixtures(sources.voicebank_set(), sources.unseen_noises(), setup.test_snrs)


def measured(system: str, network, setup: Setup, progress: bool = True) -> list[Item]:
    """Every measure of every test mixture."""
    return evaluate(network, test(setup), {SET: METRICS}, system, progress)
