"""A loop for two networks, beside :mod:`biosig.training.loop`: one enhances, the other learns how PESQ would judge it.

Source: Cao, Abdulatif and Yang, CMGAN, Interspeech 2022, section 2.3. In each step first the generator learns from the
discriminator as it is, then the discriminator from the PESQ that this step's estimates got. PESQ runs in other
processes meanwhile. Like the other loop everything random follows from (recipe, epoch, step), a killed run goes on
from its last epoch to the same weights, and one validation number per epoch chooses the generator.
"""

import copy
import csv
import io
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from biosig.files import write_text
from biosig.models.cmgan_discriminator import MetricDiscriminator, target_of
from biosig.seeds import seed_for
from biosig.training.cmgan_loss import estimated, magnitude, supervised
from biosig.training.judges import Judges
from biosig.training.loop import Batches, FitResult, drawing, evaluate, finite, prefetched, progress_bar, why_stop
from biosig.training.memory import enough_memory
from biosig.training.recipe import AdversarialRecipe
from biosig.training.state import Cosine, State

COLUMNS = ("epoch", "discriminator_loss", "mean_pesq", "asked", "failed", "why_failed")


class TwoNetworks(State):
    """A :class:`State` with a discriminator, its optimiser and schedule, and an account of every epoch's PESQ."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module, recipe: AdversarialRecipe, folder: Path):
        super().__init__(generator, recipe, folder)
        self.discriminator, self.account = discriminator, []
        self.judging = torch.optim.Adam(discriminator.parameters(), recipe.discriminator_lr, recipe.betas)
        self.judging_schedule = Cosine(self.judging, recipe.max_epochs)

    def parts(self) -> dict[str, dict]:
        """The state dictionaries to keep, and the account."""
        return super().parts() | {
            "discriminator": self.discriminator.state_dict(),
            "judging": self.judging.state_dict(),
            "judging_schedule": self.judging_schedule.state_dict(),
            "account": copy.deepcopy(self.account),
        }

    def restore(self, saved: dict) -> None:
        """Take over what was kept."""
        super().restore(saved)
        self.discriminator.load_state_dict(saved["discriminator"])
        self.judging.load_state_dict(saved["judging"])
        self.judging_schedule.load_state_dict(saved["judging_schedule"])
        self.account = saved["account"]

    def advance(self, loss: float, value: float, seconds: float) -> None:
        """Note an epoch of both networks, and save."""
        self.judging_schedule.step()
        super().advance(loss, value, seconds)
        text = io.StringIO()
        table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(self.account)
        write_text(self.folder / "pesq.csv", text.getvalue())


def fit_adversarial(
    generator: nn.Module,
    batches: Batches,
    validate: Callable[[nn.Module], float],
    recipe: AdversarialRecipe,
    run_dir: Path,
    progress: bool = True,
    judges: Judges | None = None,
) -> tuple[FitResult, dict]:
    """Train ``generator`` in place against a discriminator, and leave its best weights in it; a second call goes on.

    Args:
        generator: a :class:`biosig.models.cmgan.CMGAN`, on the device it is to be trained on.
        batches, validate, recipe, run_dir, progress: as in :func:`biosig.training.loop.fit`. Batches are at 16 kHz.
        judges: who computes PESQ; by default as many processes as the recipe says.

    Returns:
        The result, and what became of PESQ: clips asked for, how many have no score, and why.

    Raises:
        ConfigError: a loss is no longer finite, memory runs out, or run_dir holds a run of another recipe.
        CheckpointError: run_dir holds a damaged state.
        BiosigError: a process that computes PESQ died.
    """
    state = TwoNetworks(generator, discriminator_of(recipe, generator), recipe, Path(run_dir))
    state.resume()
    with judges or Judges(recipe.workers) as judges, progress_bar(recipe, state.progress, progress) as bar:
        while (stopped := why_stop(state.progress, recipe, None)) is None:
            start = time.perf_counter()
            loss = train_epoch(state, batches, judges, bar)
            value = finite(evaluate(generator, validate), "validation value", recipe, state.progress.epochs)
            state.advance(loss, value, time.perf_counter() - start)
    state.load_best()
    done = state.progress
    result = FitResult(done.best_epoch, done.best_value, tuple(done.curve), stopped, done.seconds)
    return result, told(state.account)


def discriminator_of(recipe: AdversarialRecipe, generator: nn.Module) -> MetricDiscriminator:
    """A fresh discriminator beside the generator, its weights decided by the recipe's name and seed."""
    device = next(generator.parameters()).device
    with torch.random.fork_rng():
        torch.manual_seed(seed_for("discriminator", recipe.name, recipe.seed))
        return MetricDiscriminator(recipe.discriminator_channels).to(device)


def train_epoch(state: TwoNetworks, batches: Batches, judges: Judges, bar: tqdm) -> float:
    """One epoch of steps of both networks; the generator's mean loss."""
    recipe, epoch, device = state.recipe, state.progress.epochs, next(state.network.parameters()).device
    state.network.train()
    asked, failed = judges.asked, Counter(judges.failed)
    total = doubt = heard = 0.0
    for step, (noisy, clean) in enumerate(prefetched(batches, epoch, recipe.steps_per_epoch)):
        dropout = drawing(device, "dropout", recipe.name, recipe.seed, epoch, step)
        with dropout, enough_memory(f"a step of {recipe.name}", "a smaller batch or window"):
            loss, misjudged, scores = train_step(state, noisy.to(device), clean.to(device), judges)
        total += finite(loss, "loss", recipe, epoch, step)
        doubt += finite(misjudged, "discriminator's loss", recipe, epoch, step)
        heard += float(scores.nan_to_num().sum())
        bar.update()
        bar.set_postfix_str(f"loss {total / (step + 1):.4g}, discriminator {doubt / (step + 1):.3g}", refresh=False)
    why = Counter(judges.failed) - failed
    asked, lost = judges.asked - asked, sum(why.values())
    mean = heard / (asked - lost) if asked > lost else None
    row = (epoch, doubt / recipe.steps_per_epoch, mean, asked, lost, "; ".join(f"{n} × {w}" for w, n in why.items()))
    state.account.append(dict(zip(COLUMNS, row, strict=True)))
    return total / recipe.steps_per_epoch


def train_step(
    state: TwoNetworks, noisy: torch.Tensor, clean: torch.Tensor, judges: Judges
) -> tuple[float, float, torch.Tensor]:
    """One step of the generator, then one of the discriminator: their losses, and PESQ (B,), NaN where there is none.

    Args:
        state: both networks and their optimisers.
        noisy, clean: (B, n).
        judges: who computes PESQ.
    """
    with torch.no_grad():
        wanted = state.network.compressed(clean)
        clean_magnitude = magnitude(wanted)
    spectra, sound = estimated(state.network, noisy)
    verdicts = judges.submit(clean.cpu().numpy(), sound.detach().cpu().numpy())
    doubt = (state.discriminator(clean_magnitude, magnitude(spectra)) - 1).square().mean()  # (D - 1)²
    loss = supervised(spectra, sound, wanted, clean) + state.recipe.adversarial * doubt
    descend(state.optimiser, loss, state.network, state.recipe.clip_norm)
    scores = torch.as_tensor(verdicts(), dtype=torch.float32, device=noisy.device)
    misjudged = discriminator_loss(state.discriminator, clean_magnitude, magnitude(spectra.detach()), scores)
    descend(state.judging, misjudged, state.discriminator, None)
    return loss.item(), misjudged.item(), scores


def discriminator_loss(
    discriminator: nn.Module, clean: torch.Tensor, estimate: torch.Tensor, pesq_wb: torch.Tensor
) -> torch.Tensor:
    """(D(clean, clean) - 1)² + (D(clean, estimate) - Q)², Q being PESQ scaled to 0 … 1.

    Args:
        discriminator: called as (clean, estimate) → (B,).
        clean, estimate: compressed magnitudes (B, F, T).
        pesq_wb: (B,), NaN for a clip that has none: it teaches what clean speech is worth, and no more.
    """
    perfect = (discriminator(clean, clean) - 1).square().mean()
    scored = pesq_wb.isfinite()
    if not scored.any():
        return perfect
    found = discriminator(clean[scored], estimate[scored])
    return perfect + F.mse_loss(found, target_of(pesq_wb[scored]))


def descend(optimiser: torch.optim.Optimizer, loss: torch.Tensor, network: nn.Module, clip_norm: float | None) -> None:
    """One step down the slope of ``loss`` for one of the two networks."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    if clip_norm is not None:
        nn.utils.clip_grad_norm_(network.parameters(), clip_norm)
    optimiser.step()


def told(account: list[dict]) -> dict:
    """What a run record says of the PESQ that was asked for, over all epochs."""
    asked, failed = (sum(row[name] for row in account) for name in ("asked", "failed"))
    reasons = [row["why_failed"] for row in account if row["why_failed"]]
    return {"pesq_asked": asked, "pesq_failed": failed, "pesq_failed_why": reasons}
