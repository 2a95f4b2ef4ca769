"""CMGAN's game: the discriminator learns how PESQ would judge, the generator tries to be judged well.

Source: Cao, Abdulatif and Yang, CMGAN, Interspeech 2022, section 2.3. In each step first the generator learns from the
discriminator as it is, then the discriminator from the PESQ that this step's estimates got. PESQ runs in other
processes meanwhile.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn
from torch.nn import functional as F

from biosig.models.cmgan_discriminator import MetricDiscriminator, target_of
from biosig.training.adversarial import Game, Terms, rival_of
from biosig.training.cmgan_loss import estimated, magnitude, supervised
from biosig.training.judges import Judges
from biosig.training.recipe import AdversarialRecipe


class CMGANGame(Game):
    """The generator's loss plus the discriminator's doubt; and PESQ, which the discriminator is taught.

    Args:
        rival: called as (clean, estimate) → (B,).
        judges: who computes PESQ; they are entered and left with the game.
        weight: of the doubt beside the loss.
    """

    account = "pesq.csv"

    def __init__(self, rival: nn.Module, judges: Judges, weight: float = 0.05):
        self.rival, self.judges, self.weight = rival, judges, weight
        self._before, self._heard = (0, Counter()), 0.0

    def __enter__(self) -> "CMGANGame":
        self.judges.__enter__()
        self._before = self.judges.asked, Counter(self.judges.failed)
        return self

    def __exit__(self, *error) -> None:
        self.judges.__exit__(*error)

    def play(
        self, network: nn.Module, noisy: torch.Tensor, clean: torch.Tensor
    ) -> tuple[Terms, Callable[[], tuple[Terms, Mapping[str, float]]]]:
        """supervised + weight·(D - 1)²; then the discriminator's loss by the PESQ (B,) of what came out."""
        with torch.no_grad():
            wanted = network.compressed(clean)
            clean_magnitude = magnitude(wanted)
        spectra, sound = estimated(network, noisy)
        verdicts = self.judges.submit(clean.cpu().numpy(), sound.detach().cpu().numpy())
        doubt = (self.rival(clean_magnitude, magnitude(spectra)) - 1).square().mean()  # (D - 1)²

        def then() -> tuple[Terms, Mapping[str, float]]:
            scores = torch.as_tensor(verdicts(), dtype=torch.float32, device=noisy.device)
            self._heard += float(scores.nan_to_num().sum())
            misjudged = discriminator_loss(self.rival, clean_magnitude, magnitude(spectra.detach()), scores)
            return {"discriminator_loss": misjudged}, {}

        return {"supervised": supervised(spectra, sound, wanted, clean), "doubt": self.weight * doubt}, then

    def heard(self) -> Mapping[str, object]:
        """The epoch's mean PESQ, how many clips were asked for, how many have no score, and why."""
        asked, why = self.judges.asked - self._before[0], Counter(self.judges.failed) - self._before[1]
        lost = sum(why.values())
        mean = self._heard / (asked - lost) if asked > lost else None
        self._before, self._heard = (self.judges.asked, Counter(self.judges.failed)), 0.0
        reasons = "; ".join(f"{n} × {w}" for w, n in why.items())
        return {"mean_pesq": mean, "asked": asked, "failed": lost, "why_failed": reasons}

    def told(self, account: Sequence[Mapping[str, object]]) -> dict[str, object]:
        """What a run record says of the PESQ that was asked for, over all epochs."""
        asked, failed = (sum(row[name] for row in account) for name in ("asked", "failed"))
        reasons = [row["why_failed"] for row in account if row["why_failed"]]
        return {"pesq_asked": asked, "pesq_failed": failed, "pesq_failed_why": reasons}


def metric_discriminator(recipe: AdversarialRecipe) -> MetricDiscriminator:
    """A fresh discriminator, its weights decided by the recipe's name and seed."""
    return rival_of(recipe, lambda: MetricDiscriminator(recipe.discriminator_channels))


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
