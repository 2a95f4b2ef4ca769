"""WaveNet without its causality and without its dice: dilated convolutions that map noisy samples to clean ones.

Source: Rethage, Pons and Serra, A Wavenet for speech denoising, ICASSP 2018, sections 2 and 3; the gates and skips from
van den Oord et al., WaveNet: a generative model for raw audio, 2016. Glossary:
    B batch   n samples   C = 128 channels   z gated activity, tanh(a)·σ(b)
"""

import torch
from torch import nn
from torch.nn import functional as F

from biosig.models.shapes import with_channel


class Layer(nn.Module):
    """Gated dilated convolution: x (B, C, n) → residual (B, C, n) or None, skip (B, S, n). Zeros beyond the ends."""

    def __init__(self, channels: int, skip: int, dilation: int, last: bool):
        super().__init__()
        self.gated = nn.Conv1d(channels, 2 * channels, 3, padding=dilation, dilation=dilation)
        self.residual = None if last else nn.Conv1d(channels, channels, 1)  # nothing comes after the last one's
        self.skip = nn.Conv1d(channels, skip, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor]:
        a, b = self.gated(x).chunk(2, 1)
        z = torch.tanh(a) * torch.sigmoid(b)
        return None if self.residual is None else x + self.residual(z), self.skip(z)


class WaveNetDenoiser(nn.Module):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape, any n ≥ 1.

    The defaults are the paper's: 6.3 million parameters, and the stacks look 3,069 samples back and as many ahead. The
    paper's label of the speaker, an input for people known in training, is left out.

    Args:
        channels: C of the residual path.
        skip: channels of the sum of all layers.
        final: channels of the two 3-tap convolutions after it.
        dilations: how many doublings in a stack, 1, 2, …, 2^(dilations - 1).
        stacks: how often they are repeated.

    Raises:
        SignalError: a shape that is not one channel.
    """

    def __init__(
        self,
        channels: int = 128,
        skip: int = 128,
        final: tuple[int, int] = (2048, 256),
        dilations: int = 10,
        stacks: int = 3,
    ):
        super().__init__()
        steps = [2**i for _ in range(stacks) for i in range(dilations)]
        self.enter = nn.Conv1d(1, channels, 3, padding=1)
        self.layers = nn.ModuleList(
            Layer(channels, skip, step, last=i == len(steps) - 1) for i, step in enumerate(steps)
        )
        first, second = final
        self.leave = nn.Sequential(
            nn.ReLU(), nn.Conv1d(skip, first, 3, padding=1), nn.ReLU(), nn.Conv1d(first, second, 3, padding=1),
            nn.Conv1d(second, 1, 1),
        )  # fmt: skip

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        x, total = self.enter(with_channel(noisy)), 0       # (B, C, n)
        for layer in self.layers:
            x, skip = layer(x)
            total = total + skip                            # (B, S, n)
        return self.leave(total).reshape(noisy.shape)


def receptive_samples(dilations: int = 10, stacks: int = 3) -> int:
    """Input samples behind one output sample: 1 + 2·stacks·(2^dilations - 1), and 6 for three more convolutions."""
    return 1 + 2 * stacks * (2**dilations - 1) + 6


def energy_conserving(estimate: torch.Tensor, clean: torch.Tensor, noisy: torch.Tensor) -> torch.Tensor:
    """The paper's loss, eq. (3): mean |s - ŝ| + |b - b̂|, where the noise b̂ is what the estimate leaves, y - ŝ."""
    noise, left = noisy - clean, noisy - estimate
    return F.l1_loss(estimate, clean) + F.l1_loss(left, noise)
