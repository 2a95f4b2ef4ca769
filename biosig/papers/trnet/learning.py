"""One fold of one system: its frozen clean teacher, its training, and what it tells of an actor it never met."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from biosig.corpora.folds import Fold
from biosig.errors import DataError
from biosig.models.trnet import CLEAN_DB, Heard, Told, TRNet, Truth
from biosig.papers.neural import initialised
from biosig.papers.trnet.profiles import Setup, options
from biosig.papers.trnet.sources import Condition
from biosig.papers.trnet.spectra import Spectra
from biosig.results.cells import digest
from biosig.seeds import rng_for
from biosig.training.loop import FitResult, fit
from biosig.training.memory import enough_memory
from biosig.training.objectives import objective
from biosig.training.recipe import Recipe

CLEAN_ONLY: Condition = ("clean", None)
TEACHER = "baseline_c"
BATCH = 64  # utterances at a time where nothing is learnt


@dataclass(frozen=True)
class Bench:
    """What all folds of a cell share: the profile, the repetition, what is heard, and where."""

    setup: Setup
    seed: int
    spectra: Spectra
    training: tuple[Condition, ...]
    device: str = "cpu"
    progress: bool = False

    def recipe(self, which: str, fold: Fold) -> Recipe:
        """The schedule of a fold. All that hear noise share its name, and so the order and conditions they meet."""
        given = self.setup.clean_recipe if which == TEACHER else self.setup.recipe
        steps = len(self.spectra.of(*fold.train)) // given.batch
        if not steps:
            raise DataError(
                f"{len(self.spectra.of(*fold.train))} utterances train the fold of {fold.test}: expected at least one "
                f"batch of {given.batch}."
            )
        return replace(given, name=f"{given.name}, {fold.test} left out", steps_per_epoch=steps, seed=self.seed)


def learned(bench: Bench, which: str, fold: Fold, folder: Path, clean: TRNet | None) -> tuple[TRNet, FitResult]:
    """Train a system on a fold, or resume or reload it from ``folder``; test data are not touched.

    Args:
        clean: the frozen teacher; None for the teacher itself.
    """
    recipe = bench.recipe(which, fold)
    network = initialised("trnet", bench.seed, recipe.name, **options(bench.setup, which)).to(bench.device)
    if clean is None:
        met, reference = (CLEAN_ONLY,), torch.zeros(len(bench.spectra.labels), network.encoder.size)
    else:
        met, reference = bench.training, references(clean, bench)
        if bench.setup.from_clean:
            network.encoder.load_state_dict(clean.encoder.state_dict())
            network.classifier.load_state_dict(clean.classifier.state_dict())
    validation = bench.spectra.of(fold.validation)
    with enough_memory(f"a step of {recipe.name}", f"a batch below {recipe.batch}, or a narrower network"):
        result = fit(
            network,
            objective(recipe.loss),
            batches(bench.spectra, bench.spectra.of(*fold.train), met, recipe, reference),
            lambda model: 1 - validated(model, bench.spectra, validation, met),
            recipe,
            folder,
            bench.progress,
        )
    return network.eval(), result


def teacher(bench: Bench, fold: Fold, folder: Path) -> tuple[TRNet, FitResult]:
    """The clean recogniser of a fold and seed: trained once, and shared by every system below ``folder``."""
    known_by = digest([asdict(bench.setup), bench.seed, fold.test])
    own = folder / f"teacher-{known_by[:12]}"
    own.mkdir(parents=True, exist_ok=True)
    return learned(bench, TEACHER, fold, own, None)


def references(network: TRNet, bench: Bench) -> Tensor:
    """The frozen teacher's h_s for the clean spectra of every utterance, (U, D)."""
    everybody = np.arange(len(bench.spectra.labels))
    return torch.cat([told.representation for told in asked(network, bench.spectra, everybody, CLEAN_ONLY)]).cpu()


def batches(spectra: Spectra, places: np.ndarray, met: tuple[Condition, ...], recipe: Recipe, reference: Tensor):
    """(epoch, step) → what is heard and what is true; every utterance draws one condition for each epoch."""
    clean, labels = spectra.noisy[CLEAN_ONLY], torch.from_numpy(spectra.labels)

    def batch(epoch: int, step: int) -> tuple[Heard, Truth]:
        rng = rng_for("order and conditions, TRNet", recipe.name, recipe.seed, epoch)
        order, draws = rng.permutation(places), rng.integers(len(met), size=len(places))
        part = slice(step * recipe.batch, (step + 1) * recipe.batch)
        chosen = order[part]
        heard = [(met[draw], place) for draw, place in zip(draws[part], chosen, strict=True)]
        noisy, enhanced = (
            torch.from_numpy(np.stack([side[condition][place] for condition, place in heard]))
            for side in (spectra.noisy, spectra.enhanced)
        )
        snr_db = torch.tensor([decibels(condition) for condition, _ in heard])
        truth = Truth(torch.from_numpy(clean[chosen]), reference[chosen], labels[chosen])
        return Heard(noisy, enhanced, snr_db), truth

    return batch


def decibels(condition: Condition) -> float:
    """A condition's SNR as the controls are told it."""
    return CLEAN_DB if condition[1] is None else condition[1]


def validated(network: TRNet, spectra: Spectra, places: np.ndarray, met: tuple[Condition, ...]) -> float:
    """UAR of some utterances, each under one of the conditions of training that its name draws."""
    draws = np.array([rng_for("condition of validation, TRNet", spectra.items[k]).integers(len(met)) for k in places])
    truth, hits = spectra.labels[places], np.zeros(len(places), dtype=bool)
    for draw in np.unique(draws):
        own = draws == draw
        hits[own] = told_labels(asked(network, spectra, places[own], met[draw])) == truth[own]
    return float(np.mean([hits[truth == label].mean() for label in np.unique(truth)]))


@torch.no_grad()
def asked(network: TRNet, spectra: Spectra, places: np.ndarray, condition: Condition) -> Iterator[Told]:
    """What a network makes of some utterances under a condition, batch by batch."""
    device = next(network.parameters()).device
    for part in np.array_split(places, -(-len(places) // BATCH)):
        sides = (torch.from_numpy(side[condition][part]) for side in (spectra.noisy, spectra.enhanced))
        yield network(Heard(*sides, torch.full((len(part),), decibels(condition))).to(device))


def told_labels(told: Iterator[Told]) -> np.ndarray:
    """The most likely class of each utterance."""
    return torch.cat([each.logits.argmax(dim=1) for each in told]).cpu().numpy()
