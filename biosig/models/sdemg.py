"""SDEMG: the network that predicts the noise of a diffusion process, given the contaminated signal.

Source: Liu et al., SDEMG: Score-based diffusion model for surface electromyographic signal denoising, ICASSP
2024; what the text leaves out follows the authors' public code. Left open by our notes on both and chosen as
in MSEMG: reflected edges and Kaiming-normal weights in every convolution. Glossary:
    B batch   n samples   C = 64 features   x_t clean signal with diffusion noise   level = sqrt(ᾱ), 1: clean
    γ, β scale and shift of FiLM (feature-wise linear modulation)   bridge: from the x_t stream to the other

Two forms. As published, each stream owns a fifth HNF that is never run: five bridges for six layers. Those
213,376 parameters are in the paper's count of 1,233,857 and get no gradient; 1,020,481 do the work, and are
the default.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from biosig.models.hnf import HNF, KERNELS, SLOPE, conv
from biosig.models.shapes import with_channel

DILATIONS = (1, 2, 4, 2, 1)  # of the HNFs; the last one is the dead layer


class Head(nn.Module):
    """First layer of a stream, conv → LeakyReLU: (B, 1, n) → (B, C, n)."""

    def __init__(self, features: int):
        super().__init__()
        self.conv = conv(1, features, 9)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.leaky_relu(self.conv(x), SLOPE)


class Bridge(nn.Module):
    """conv → FiLM by the noise level → conv: (B, C, n), (B, C) → (B, C, n)."""

    def __init__(self, features: int):
        super().__init__()
        self.conv_in = conv(features, features, 3)
        self.film = nn.Linear(features, 2 * features)
        self.conv_out = conv(features, features, 3)

    def forward(self, x: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        gamma, beta = self.film(embedding).unsqueeze(-1).chunk(2, dim=1)  # (B, C, 1) twice
        return self.conv_out((1 + gamma) * self.conv_in(x) + beta)


def embed(level: torch.Tensor, features: int = 64) -> torch.Tensor:
    """Sines, then cosines, of level·10⁴^(-i/32), i = 0 … 31: (B,) → (B, C)."""
    half = features // 2
    rate = torch.exp(-math.log(1e4) * torch.arange(half, device=level.device, dtype=level.dtype) / half)
    angle = level[:, None] * rate               # (B, C/2)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


class SDEMG(nn.Module):
    """x_t, noisy (B, n) or (B, 1, n) and level (B,) → the diffusion noise in x_t, in the shape of x_t.

    Args:
        features: C, 64 in the paper's count (the repository's own setting of 128 has 4,925,313 parameters).
        official: keep the two layers that never run, so that the count is the published 1,233,857.

    Raises:
        SignalError: not one channel, or fewer than 29 samples (the edges are reflected by 28).
    """

    shortest = max(DILATIONS) * (KERNELS[-1] // 2) + 1

    def __init__(self, features: int = 64, official: bool = False):
        super().__init__()
        dilations = DILATIONS if official else DILATIONS[:-1]
        self.features = features
        self.stream = nn.ModuleList([Head(features), *(HNF(features, d) for d in dilations)])
        self.condition = nn.ModuleList([Head(features), *(HNF(features, d) for d in dilations)])
        self.bridges = nn.ModuleList(Bridge(features) for _ in DILATIONS)
        self.conv_out = conv(features, 1, 9)

    def forward(self, x_t: torch.Tensor, noisy: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        x = with_channel(x_t, self.shortest, "x_t")     # (B, 1, n)
        y = with_channel(noisy, self.shortest)          # (B, 1, n)
        embedding = embed(level, self.features)         # (B, C)
        # five bridges end the loop: in the official form the sixth layers are not reached
        for layer, conditioned, bridge in zip(self.stream, self.condition, self.bridges, strict=False):
            x = layer(x)                                # (B, C, n)
            y = conditioned(y) + bridge(x, embedding)   # (B, C, n)
        return self.conv_out(y).reshape(x_t.shape)
