"""MSEMG: convolutions, one Mamba block, convolutions. 279,937 parameters.

Source: Liu et al., MSEMG: Surface Electromyography Denoising with a Mamba-based Efficient Network, section
III and Fig. 2; what the text leaves out follows the authors' public code. Glossary:
    B batch   n samples   C = 64 features   HNF half-normalised filters (hnf.py)   SSM state space model
"""

import torch
from torch import nn
from torch.nn import functional as F

from biosig.models.hnf import HNF, KERNELS, SLOPE, conv
from biosig.models.mamba import Mamba
from biosig.models.shapes import with_channel


class MambaBlock(nn.Module):
    """RMSNorm → Mamba, with a residual path: (B, C, n) → (B, C, n). Runs forward in time only."""

    def __init__(self, features: int, d_state: int = 16, expand: int = 4, backend: str = "auto"):
        super().__init__()
        self.norm = nn.RMSNorm(features, eps=1e-5)
        self.mamba = Mamba(features, d_state=d_state, d_conv=4, expand=expand, backend=backend)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # the weights' own precision also under autocast: the recurrence multiplies thousands of numbers close to one
        with torch.autocast(x.device.type, enabled=False):
            y = self.norm(x.to(self.norm.weight.dtype).transpose(1, 2))  # (B, n, C)
            y = self.mamba(y).transpose(1, 2)         # (B, C, n)
        return x + y


class MSEMG(nn.Module):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape; there is no global skip path.

    Args:
        features: C.
        d_state: length of the hidden state h of eq. (3).
        expand: the SSM works on expand·C channels.
        backend: of the selective scan, see :func:`biosig.models.scan.selective_scan`.

    Raises:
        SignalError: a shape that is not one channel, or fewer than 8 samples (the edges are reflected by 7).
    """

    shortest = KERNELS[-1] // 2 + 1

    def __init__(self, features: int = 64, d_state: int = 16, expand: int = 4, backend: str = "auto"):
        super().__init__()
        self.conv_in = conv(1, features, 9)
        self.hnf_in = HNF(features)
        self.ssm = MambaBlock(features, d_state, expand, backend)
        self.hnf_out = HNF(features)
        self.conv_out = conv(features, 1, 9)

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        y = with_channel(noisy, self.shortest)      # (B, 1, n)
        y = F.leaky_relu(self.conv_in(y), SLOPE)    # (B, C, n)
        y = self.hnf_in(y)                          # (B, C, n)
        y = self.ssm(y)                             # (B, C, n)
        y = self.hnf_out(y)                         # (B, C, n)
        return self.conv_out(y).reshape(noisy.shape)
