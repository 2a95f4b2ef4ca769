"""SEGAN's game: the discriminator tells clean recordings from generated ones, the generator tries to pass for clean.

Source: Pascual, Bonafonte and Serrà, SEGAN, Interspeech 2017, eqs. (3) to (5): least squares (Mao et al., ICCV 2017),
and an L1 distance that keeps the generator at what was said. Glossary:
    D judgement, 1: clean   x clean   x̂ generated   y noisy   λ weight of the distance
"""

from collections.abc import Callable, Mapping

import torch
from torch import nn
from torch.nn import functional as F

from biosig.models.segan import SEGANDiscriminator, emphasise
from biosig.training.adversarial import Game, Terms


class SEGANGame(Game):
    """Least squares plus λ·L1 of emphasised signals.

    Args:
        rival: on the device of the network; its reference batch is the first that it is played with.
        distance: λ, 0 for the adversary alone.
    """

    def __init__(self, rival: SEGANDiscriminator, distance: float = 100.0):
        self.rival, self.distance = rival, distance

    def play(
        self, network: nn.Module, noisy: torch.Tensor, clean: torch.Tensor
    ) -> tuple[Terms, Callable[[], tuple[Terms, Mapping[str, float]]]]:
        """½(D(x̂, y) - 1)² + λ·|x - x̂|; then ½(D(x, y) - 1)² + ½D(x̂, y)², and the mean judgements."""
        if not self.rival.reference.any():
            self.rival.refer(clean, noisy)
        made = network(noisy)
        terms = {"passing": (self.rival(made, noisy) - 1).square().mean() / 2}
        if self.distance:
            terms["distance"] = self.distance * F.l1_loss(emphasise(made), emphasise(clean)) / self.rival.peak

        def then() -> tuple[Terms, Mapping[str, float]]:
            both = self.rival(torch.cat([clean, made.detach()]), torch.cat([noisy, noisy]))
            real, false = both.chunk(2)
            judged = {"real": (real - 1).square().mean() / 2, "false": false.square().mean() / 2}
            return judged, {"judged_real": real.mean().item(), "judged_false": false.mean().item()}

        return terms, then
