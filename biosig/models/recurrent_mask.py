"""RecurrentMasker: an LSTM over compressed magnitudes that says what share of each bin to keep.

Source: masks by LSTM as in Weninger et al., Speech enhancement with LSTM recurrent neural networks, LVA/ICA
2015; the mask also turns the phase, as in Williamson et al. 2016. Glossary:
    B batch   n samples   T frames   F bins   H hidden units, of both directions together
"""

import math

import torch
from torch import nn

from biosig.models.shapes import with_channel
from biosig.models.spectral import Spectral, compress


class RecurrentMasker(nn.Module):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape, any n ≥ 1.

    Beside :class:`biosig.models.recurrent.RecurrentMapper` the body is much the same, and what comes out is
    another thing: a gain between 0 and 1 and an angle for every bin of the noisy STFT.

    Args:
        hidden: units of each LSTM layer and direction.
        layers: LSTM layers.
        bidirectional: whether each layer also runs backwards in time: then the output waits for the end.
        n_fft: samples per frame.
        hop: samples between frames.

    Raises:
        SignalError: a shape that is not one channel.
    """

    def __init__(
        self, hidden: int = 256, layers: int = 2, bidirectional: bool = True, n_fft: int = 512, hop: int = 256
    ):
        super().__init__()
        self.spectral = Spectral(n_fft, hop)
        bins, width = n_fft // 2 + 1, hidden * (1 + bidirectional)
        self.norm = nn.BatchNorm1d(bins)
        self.enter = nn.Linear(bins, width)
        self.lstm = nn.LSTM(width, hidden, layers, batch_first=True, bidirectional=bidirectional)
        self.mix = nn.Linear(width, width)
        self.gain, self.angle = nn.Linear(width, bins), nn.Linear(width, bins)
        nn.init.zeros_(self.angle.weight)  # training begins with the noisy phase
        nn.init.zeros_(self.angle.bias)

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        x = self.spectral(with_channel(noisy)[:, 0])              # (B, F, T)
        return self.masked(x, self.features(x), noisy.shape[-1]).reshape(noisy.shape)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """What the network makes of noisy spectra (B, F, T): (B, T, H)."""
        y = self.norm(compress(x)[0]).transpose(1, 2)             # (B, T, F)
        y = torch.relu(self.enter(y))                             # (B, T, H)
        return torch.relu(y + self.mix(self.lstm(y)[0]))          # (B, T, H)

    def masked(self, x: torch.Tensor, y: torch.Tensor, n: int) -> torch.Tensor:
        """The n samples of the spectra under the mask that the features ask for."""
        gain = torch.sigmoid(self.gain(y).float())                # (B, T, F)
        angle = math.pi * torch.tanh(self.angle(y).float())       # (B, T, F)
        mask = torch.polar(gain, angle).transpose(1, 2)           # (B, F, T)
        return self.spectral.inverse(x * mask, n)
