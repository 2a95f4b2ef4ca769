"""FCN: a fully convolutional denoising autoencoder. 137,801 parameters.

Source: Wang et al., ECG artifact removal from single-channel surface EMG using fully convolutional networks,
ICASSP 2023, as used for MSEMG's Table I. Glossary:
    B batch   n samples   k = 16 kernel length   BN batch normalisation   ELU exponential linear unit
"""

import torch
from torch import nn
from torch.nn import functional as F

from biosig.models.shapes import with_channel

KERNEL = 16
ENCODER = ((1, 80, 2), (80, 40, 2), (40, 20, 1))  # (channels in, channels out, stride)
DECODER = ((20, 20, 1), (20, 40, 2), (40, 80, 2))
SHORTEST = 106  # the input for which the innermost layer holds one sample


def down(c_in: int, c_out: int, stride: int) -> nn.Sequential:
    """Unpadded convolution, BN, ELU: n → (n - 16) // stride + 1."""
    layer = nn.Conv1d(c_in, c_out, KERNEL, stride)
    nn.init.xavier_uniform_(layer.weight)
    return nn.Sequential(layer, nn.BatchNorm1d(c_out), nn.ELU())


def up(c_in: int, c_out: int, stride: int) -> nn.Sequential:
    """Transposed convolution, BN, ELU: n → (n - 1)·stride + 16."""
    layer = nn.ConvTranspose1d(c_in, c_out, KERNEL, stride)
    return nn.Sequential(layer, nn.BatchNorm1d(c_out), nn.ELU())


class FCN(nn.Module):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape, any n ≥ 1.

    The bare network gives 12 to 15 samples more than it takes; the first n are kept, because each layer of
    the decoder starts where its twin in the encoder started. Fewer than 106 samples are followed by zeros up
    to 106.

    Raises:
        SignalError: a shape that is not one channel.
    """

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(*(down(*layer) for layer in ENCODER))
        self.decoder = nn.Sequential(*(up(*layer) for layer in DECODER))
        self.out = nn.ConvTranspose1d(80, 1, KERNEL)

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        n = noisy.shape[-1]
        y = with_channel(noisy)                     # (B, 1, n)
        y = F.pad(y, (0, max(0, SHORTEST - n)))     # (B, 1, ≥ 106)
        y = self.encoder(y)                         # (B, 20, about n/4 - 26)
        y = self.decoder(y)                         # (B, 80, n - 3 … n)
        return self.out(y)[..., :n].reshape(noisy.shape)
