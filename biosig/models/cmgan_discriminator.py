"""CMGAN's metric discriminator: a network that learns what PESQ would say, because PESQ itself has no gradient.

Source: Cao, Abdulatif and Yang, CMGAN: conformer-based metric GAN for speech enhancement, Interspeech 2022, section
2.2; the idea from Fu et al., MetricGAN, ICML 2019, and the learnable sigmoid from Fu et al., MetricGAN+, Interspeech
2021. Glossary:
    B batch   F bins   T frames
"""

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

PESQ_FROM, PESQ_RANGE = 1.0, 3.5


class LearnableSigmoid(nn.Module):
    """1 / (1 + exp(-a·x)) with a slope a that is learned: (…) → the same."""

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.ones(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.slope * x)


class MetricDiscriminator(nn.Module):
    """Compressed magnitudes (B, F, T) of a clean signal and of an estimate of it → (B,), PESQ scaled to 0 … 1.

    The defaults are the paper's: 181,650 parameters. Four convolutions, each halving frames and bins, then the largest
    value of each channel, so that signals of any length from 16 frames on have one score.

    Args:
        channels: of the first convolution; each further one has twice as many.
    """

    def __init__(self, channels: int = 16):
        super().__init__()
        widths = (2, channels, 2 * channels, 4 * channels, 8 * channels)
        self.convs = nn.Sequential(*(_halving(*pair) for pair in zip(widths, widths[1:], strict=False)))
        self.judge = nn.Sequential(
            spectral_norm(nn.Linear(widths[4], widths[3])), nn.PReLU(widths[3]),
            spectral_norm(nn.Linear(widths[3], 1)), LearnableSigmoid(),
        )  # fmt: skip

    def forward(self, clean: torch.Tensor, estimate: torch.Tensor) -> torch.Tensor:
        maps = self.convs(torch.stack([clean, estimate], 1))            # (B, 8·channels, F/16, T/16)
        return self.judge(maps.amax((2, 3)))[:, 0]


def _halving(c_in: int, c_out: int) -> nn.Sequential:
    """Half as many bins and frames; the spectral norm bounds how fast the score can change with its input."""
    conv = spectral_norm(nn.Conv2d(c_in, c_out, 4, stride=2, padding=1, bias=False))
    return nn.Sequential(conv, nn.InstanceNorm2d(c_out, affine=True), nn.PReLU(c_out))


def target_of(pesq_wb: torch.Tensor) -> torch.Tensor:
    """What the discriminator is to say: (PESQ - 1) / 3.5, which is 0 … about 1."""
    return (pesq_wb - PESQ_FROM) / PESQ_RANGE
