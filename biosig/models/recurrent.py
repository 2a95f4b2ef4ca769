"""RecurrentMapper: an LSTM that maps the noisy log-magnitude straight to the clean one.

Source: the direct mapping of Sun et al., Multiple-target deep learning for LSTM-RNN based speech enhancement,
HSCMA 2017; the size is ours. Glossary:
    B batch   n samples   T frames   F bins   LSTM long short-term memory
"""

import torch
from torch import nn

from biosig.models.shapes import with_channel
from biosig.models.spectral import Spectral

FLOOR = 1e-2  # added to magnitudes before the logarithm: 60 dB below those of white noise of RMS 1
HIGHEST = 7.0  # of a log-magnitude that comes out: a sine of RMS 1 has 5.4


class RecurrentMapper(nn.Module):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape, any n ≥ 1.

    The clean magnitude is predicted outright, not as a share of the noisy one, so what the noise covered can
    be guessed and what the network does not know is lost. The phase stays noisy.

    Args:
        hidden: units of each LSTM layer.
        layers: LSTM layers.
        bidirectional: whether each layer also runs backwards in time.
        n_fft: samples per frame.
        hop: samples between frames.

    Raises:
        SignalError: a shape that is not one channel.
    """

    def __init__(
        self, hidden: int = 512, layers: int = 2, bidirectional: bool = False, n_fft: int = 512, hop: int = 256
    ):
        super().__init__()
        self.spectral = Spectral(n_fft, hop)
        bins = n_fft // 2 + 1
        self.norm = nn.BatchNorm1d(bins, affine=False)
        self.lstm = nn.LSTM(bins, hidden, layers, batch_first=True, bidirectional=bidirectional)
        self.out = nn.Linear(hidden * (1 + bidirectional), bins)
        for name, bias in self.lstm.named_parameters():
            if name.startswith("bias_ih"):
                nn.init.ones_(bias.data[hidden : 2 * hidden])  # a forget gate that begins open

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        x = self.spectral(with_channel(noisy)[:, 0])             # (B, F, T)
        magnitude = x.abs()
        y = self.norm(torch.log(magnitude + FLOOR))              # (B, F, T), each bin of mean 0 and variance 1
        y = self.out(self.lstm(y.transpose(1, 2))[0])            # (B, T, F)
        clean = self._denormalise(y.transpose(1, 2).float())     # (B, F, T)
        phase = x / magnitude.clamp_min(1e-8)
        return self.spectral.inverse(clean * phase, noisy.shape[-1]).reshape(noisy.shape)

    def _denormalise(self, y: torch.Tensor) -> torch.Tensor:
        """Magnitudes from what the network says in the noisy log-magnitudes' own mean and deviation."""
        mean, deviation = self.norm.running_mean[:, None], self.norm.running_var[:, None].sqrt()
        return torch.exp((mean + deviation * y).clamp_max(HIGHEST))
