"""The half-normalised filters (HNF) block that MSEMG and SDEMG are built from.

Source: MSEMG, section III-B, whose reference [22] first filtered ECG at several resolutions. Glossary:
    B batch   n samples   C = 64 features   k kernel length   d dilation of the parallel filters
"""

import torch
from torch import nn
from torch.nn import functional as F

KERNELS = (3, 5, 9, 15)
SLOPE = 0.2  # of every LeakyReLU
FAST_TAPS = 14  # see convolve


def conv(c_in: int, c_out: int, k: int, dilation: int = 1) -> nn.Conv1d:
    """A length-preserving convolution with reflected edges, Kaiming-normal weights and zero bias."""
    layer = nn.Conv1d(c_in, c_out, k, padding="same", dilation=dilation, padding_mode="reflect")
    nn.init.kaiming_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class HNF(nn.Module):
    """Filters at four resolutions, half of them instance-normalised, around a residual path.

    (B, C, n) → (B, C, n), n > 7·dilation (the reflection of the longest filter).

    Args:
        features: C, divisible by 4.
        dilation: of the four parallel filters only.
    """

    def __init__(self, features: int = 64, dilation: int = 1):
        super().__init__()
        quarter = features // len(KERNELS)
        self.dilation = dilation
        self.filters = nn.ModuleList(conv(features, quarter, k, dilation) for k in KERNELS)
        self.mix = conv(features, features, 9)
        self.norm = nn.InstanceNorm1d(features // 2)  # no affine, no running statistics
        self.out = conv(features, features, 9)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.mix(self.resolve(x))                       # (B, C, n)
        normed, plain = y.chunk(2, dim=1)                   # (B, C/2, n) twice
        y = torch.cat([self.norm(normed), plain], dim=1)    # (B, C, n)
        y = self.out(F.leaky_relu(y, SLOPE))                # (B, C, n)
        return x + F.leaky_relu(y, SLOPE)

    def resolve(self, x: torch.Tensor) -> torch.Tensor:
        """The four parallel filters, (B, C, n) → (B, C, n): C/4 channels from each."""
        reach = KERNELS[-1] // 2 * self.dilation
        padded = F.pad(x, (reach, reach), mode="reflect")   # once for all four: a seventh faster
        return torch.cat([self.filter_padded(f, padded, reach) for f in self.filters], dim=1)

    def filter_padded(self, layer: nn.Conv1d, padded: torch.Tensor, reach: int) -> torch.Tensor:
        """One filter over a signal that is reflected by ``reach``, of which a shorter filter needs less."""
        spare = reach - layer.kernel_size[0] // 2 * self.dilation
        x = padded[..., spare : padded.shape[-1] - spare]
        return convolve(x, layer.weight, layer.bias, self.dilation)


def convolve(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, dilation: int = 1) -> torch.Tensor:
    """``F.conv1d``, a long kernel being the sum of its halves' halves: (B, C, n) → (B, C', n - (k - 1)·dilation).

    The compiled gradients of oneDNN, PyTorch's library for convolutions on a CPU, end at 14 taps: 15 take
    two to seven times as long as 8 and 7.
    """
    k = weight.shape[-1]
    if k <= FAST_TAPS:
        return F.conv1d(x, weight, bias, dilation=dilation)
    head, tail = weight[..., : (k + 1) // 2], weight[..., (k + 1) // 2 :]
    first = x[..., : x.shape[-1] - tail.shape[-1] * dilation]
    last = x[..., head.shape[-1] * dilation :]
    return convolve(first, head, bias, dilation) + convolve(last, tail, None, dilation)
