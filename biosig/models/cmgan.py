"""CMGAN's generator: conformers along time and along frequency, between a dense encoder and two decoders.

Source: Cao, Abdulatif and Yang, CMGAN: conformer-based metric GAN for speech enhancement, Interspeech 2022, section
2.1; sizes that the paper leaves out as its published code has them. Spectra are power-compressed, |X|^0.3 with the
phase as it was. Glossary:
    B batch   n samples   C channels   T frames   F bins, F' = (F + 1)/2 of them after the encoder
"""

import torch
from torch import nn
from torch.nn import functional as F

from biosig.models.conformer import Conformer
from biosig.models.shapes import with_channel
from biosig.models.spectral import Spectral, compress, expand

COMPRESSION = 0.3
FIRST_SLOPE = -0.25  # of the mask's last PReLU, so that training begins with a mask above 0


def normed(conv: nn.Module, channels: int) -> nn.Sequential:
    """A convolution with instance norm and PReLU behind it."""
    return nn.Sequential(conv, nn.InstanceNorm2d(channels, affine=True), nn.PReLU(channels))


class DilatedDense(nn.Module):
    """Four convolutions, each on all that came before: (B, C, T, F) → the same.

    Kernels of 2 frames × 3 bins. The two frames are 1, 2, 4 and 8 frames apart, the later one being the present, so
    that the last layer sees 15 frames back and none ahead.
    """

    def __init__(self, C: int, depth: int = 4):
        super().__init__()
        convs = (nn.Conv2d(C * (i + 1), C, (2, 3), dilation=(2**i, 1)) for i in range(depth))
        self.layers = nn.ModuleList(normed(conv, C) for conv in convs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for i, layer in enumerate(self.layers):
            y = layer(F.pad(x, (1, 1, 2**i, 0)))
            x = torch.cat([y, x], 1)
        return y


class Encoder(nn.Module):
    """Magnitude, real and imaginary part (B, 3, T, F) → features (B, C, T, F') of half as many bins."""

    def __init__(self, C: int):
        super().__init__()
        self.enter = normed(nn.Conv2d(3, C, 1), C)
        self.dense = DilatedDense(C)
        self.halve = normed(nn.Conv2d(C, C, (1, 3), stride=(1, 2), padding=(0, 1)), C)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.halve(self.dense(self.enter(x)))


class TwoStage(nn.Module):
    """A conformer along time for every bin, then one along frequency for every frame: (B, C, T, F') → the same."""

    def __init__(self, C: int, heads: int = 4, dropout: float = 0.0):
        super().__init__()
        self.time = Conformer(C, heads, dropout=dropout)
        self.frequency = Conformer(C, heads, dropout=dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, C, T, bins = x.shape
        y = x.permute(0, 3, 2, 1).reshape(B * bins, T, C)
        y = y + self.time(y)
        y = y.reshape(B, bins, T, C).transpose(1, 2).reshape(B * T, bins, C)
        y = y + self.frequency(y)
        return y.reshape(B, T, bins, C).permute(0, 3, 1, 2)


class SubPixel(nn.Module):
    """Twice as many bins without the checkerboard of a transposed convolution: (B, C, T, F') → (B, C, T, 2F').

    An ordinary convolution makes 2C channels, and channels k and C + k become the even and the odd bins of channel k.
    Source: Shi et al., Real-time single image and video super-resolution, CVPR 2016.
    """

    def __init__(self, C: int):
        super().__init__()
        self.conv = nn.Conv2d(C, 2 * C, (1, 3), padding=(0, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, C, T, bins = x.shape
        return self.conv(x).reshape(B, 2, C, T, bins).permute(0, 2, 3, 4, 1).reshape(B, C, T, 2 * bins)


class MaskDecoder(nn.Module):
    """What to multiply magnitudes by: features (B, C, T, F') → (B, T, F); every bin's PReLU has a slope of its own."""

    def __init__(self, C: int, bins: int):
        super().__init__()
        self.dense, self.rise = DilatedDense(C), SubPixel(C)
        self.one = normed(nn.Conv2d(C, 1, (1, 2)), 1)
        self.scale, self.slopes = nn.Conv2d(1, 1, 1), nn.PReLU(bins, init=FIRST_SLOPE)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mask = self.scale(self.one(self.rise(self.dense(x))))[:, 0]     # (B, T, F)
        return self.slopes(mask.transpose(1, 2)).transpose(1, 2)


class ComplexDecoder(nn.Module):
    """What to add, real and imaginary part: features (B, C, T, F') → (B, 2, T, F). No bound, so it can turn phases."""

    def __init__(self, C: int):
        super().__init__()
        self.dense, self.rise = DilatedDense(C), SubPixel(C)
        self.norm, self.out = nn.Sequential(nn.InstanceNorm2d(C, affine=True), nn.PReLU(C)), nn.Conv2d(C, 2, (1, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.norm(self.rise(self.dense(x))))


class CMGAN(nn.Module):
    """noisy (B, n) or (B, 1, n), divided by its RMS, → the clean signal in the same shape, any n ≥ 1.

    The defaults are the paper's: 1,834,833 parameters. What the attention holds in memory grows with the square of the
    frames: 0.6 GB for each block at the paper's size and 4 s, so long signals go through in windows.

    Args:
        channels: of every layer.
        blocks: two-stage conformer blocks.
        heads: of the attention.
        n_fft, hop: of the STFT, samples; the paper's 25 and 6.25 ms at 16 kHz, Hamming windows.
        dropout: in training, within the conformers.

    Raises:
        ConfigError: channels that the heads cannot share, or sizes of an STFT that has no inverse.
        SignalError: a shape that is not one channel.
    """

    def __init__(
        self, channels: int = 64, blocks: int = 4, heads: int = 4, n_fft: int = 400, hop: int = 100,
        dropout: float = 0.0,
    ):  # fmt: skip
        super().__init__()
        self.spectral = Spectral(n_fft, hop, "hamming")
        self.encoder = Encoder(channels)
        self.blocks = nn.ModuleList(TwoStage(channels, heads, dropout) for _ in range(blocks))
        self.mask = MaskDecoder(channels, n_fft // 2 + 1)
        self.complex = ComplexDecoder(channels)

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        spectra = self.enhanced(self.compressed(with_channel(noisy)[:, 0]))
        return self.sound(spectra, noisy.shape[-1]).reshape(noisy.shape)

    def compressed(self, x: torch.Tensor) -> torch.Tensor:
        """Signals (B, n) → compressed complex spectra (B, F, T)."""
        return compress(self.spectral(x), COMPRESSION)[1]

    def enhanced(self, noisy: torch.Tensor) -> torch.Tensor:
        """Compressed spectra (B, F, T), noisy → clean: mask · magnitude at the noisy phase, plus what is added."""
        x = noisy.transpose(1, 2)                                       # (B, T, F)
        y = self.encoder(torch.stack([x.abs(), x.real, x.imag], 1))     # (B, C, T, F')
        for block in self.blocks:
            y = block(y)
        added = torch.complex(*self.complex(y).float().unbind(1))       # (B, T, F)
        return (self.mask(y) * x + added).transpose(1, 2)

    def sound(self, spectra: torch.Tensor, n: int) -> torch.Tensor:
        """Compressed spectra (B, F, T) → signals (B, n)."""
        return self.spectral.inverse(expand(spectra, COMPRESSION), n)
