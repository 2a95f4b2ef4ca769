"""LightMasker: two small GRUs over bands of hearing say how much of each band to keep, as the sound comes in.

Sources: gains on bands of hearing by a small recurrent network as in Valin 2018; compressed magnitudes as the input as
in Braun and Tashev 2021; low bins by themselves and ERB bands above as in Rong et al., GTCRN, ICASSP 2024. The size is
ours. Glossary:
    B batch   T frames   F bins   K bands   U units   GRU gated recurrent unit
"""

import torch
from torch import nn

from biosig.models.overlapped import Overlapped, Tensors
from biosig.signal.bands import erb_bands

FS = 16000
COMPRESSION = 0.3
LEAST = 1e-12  # power below which a bin is silent, -120 dB re a bin of 1: keeps the slope of the root finite


class LightMasker(Overlapped):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape; causal, in frames of 20 ms every 10.

    The input may have any usual level: nothing is scaled by a clip that is not over yet. The noisy phase is kept.

    Args:
        units: of each GRU layer.
        layers: of GRUs.
        narrow: lowest bins that are bands of their own, 50 Hz each.
        wide: bands above them, equally far apart in ERB-rate.

    Raises:
        SignalError: a shape that is not one channel, or more bands than the frame has bins for.
    """

    def __init__(self, units: int = 76, layers: int = 2, narrow: int = 32, wide: int = 32):
        super().__init__(frame=320)
        bands = torch.from_numpy(erb_bands(self.frame, FS, narrow, wide)).float()      # (K, F)
        self.register_buffer("spread", bands, persistent=False)
        self.register_buffer("gather", (bands / bands.sum(1, keepdim=True)).T.contiguous(), persistent=False)
        self.norm = nn.BatchNorm1d(len(bands), affine=False)
        self.enter = nn.Linear(len(bands), units)
        self.gru = nn.GRU(units, units, layers, batch_first=True)
        self.gain = nn.Linear(units, len(bands))

    def memory(self, rows: int) -> Tensors:
        return (self.window.new_zeros(rows, self.gru.num_layers, self.gru.hidden_size),)

    def advance(self, seen: torch.Tensor, memory: Tensors) -> tuple[torch.Tensor, Tensors]:
        x = self.analysis(seen)                                                        # (B, T, F)
        gains, memory = self.gains(x.real.square() + x.imag.square(), memory)
        return x * gains, memory

    def gains(self, power: torch.Tensor, memory: Tensors) -> tuple[torch.Tensor, Tensors]:
        """Powers of bins |Y|² and a memory (B, layers, U) → gains of the bins, each (B, T, F), and the next memory."""
        y = power.clamp_min(LEAST) ** (COMPRESSION / 2) @ self.gather                  # (B, T, K)
        y = torch.relu(self.enter(self.norm(y.transpose(1, 2)).transpose(1, 2)))       # (B, T, U)
        z, last = self.gru(y, memory[0].transpose(0, 1).contiguous())
        gains = torch.sigmoid(self.gain(y + z))                                        # (B, T, K)
        return gains @ self.spread, (last.transpose(0, 1),)
