"""U-Net on the spectrogram: a mask from convolutions at several scales.

Source: Ronneberger et al. 2015 (the U), Jansson et al. 2017 (a mask on a spectrogram). The default is the
three-level network of widths 64, 128, 256 that introductions draw, made complete. Glossary:
    B batch   n samples   C channels   T frames   F bins   BN batch normalisation
"""

import itertools

import torch
from torch import nn
from torch.nn import functional as F

from biosig.errors import ConfigError
from biosig.models.shapes import with_channel
from biosig.models.spectral import Spectral, compress, polar_mask

TARGETS = ("mask", "complex")
MASK_BOUND = 2.0  # a complex mask may be above one where speech and noise cancel


def block(c_in: int, c_out: int) -> nn.Sequential:
    """3 × 3 convolution, BN, ReLU: the size stays."""
    layer = nn.Conv2d(c_in, c_out, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return nn.Sequential(layer, nn.BatchNorm2d(c_out), nn.ReLU())


def up(c_in: int, c_out: int, pool: tuple[int, int]) -> nn.Sequential:
    """Transposed convolution, BN, ReLU: undoes a pooling by ``pool`` (1 or 2 in time, 2 in frequency)."""
    kernel = tuple(4 if p == 2 else 3 for p in pool)  # kernel 4, stride 2: every output sums as many inputs
    layer = nn.ConvTranspose2d(c_in, c_out, kernel, stride=pool, padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(c_out), nn.ReLU())


class Memory(nn.Module):
    """A GRU along time over all channels and bins, added to what went in: (B, C, T, F) → the same."""

    def __init__(self, features: int, hidden: int, bidirectional: bool):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=bidirectional)
        self.out = nn.Linear(hidden * (1 + bidirectional), features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, C, T, bins = x.shape
        y = x.transpose(1, 2).reshape(B, T, C * bins)
        y = self.out(self.gru(y)[0])
        return x + y.reshape(B, T, C, bins).transpose(1, 2)


class UNet(nn.Module):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape, any n ≥ 1.

    Target "mask": the log-compressed magnitude goes in, a mask between 0 and 1 comes out, the phase stays
    noisy. Target "complex": compressed magnitude, real and imaginary part go in, a complex mask comes out
    that also turns the phase. Either mask multiplies the noisy STFT.

    Args:
        channels: width of each level, at most 9 levels; between two levels the spectrogram is pooled by 2.
        target: "mask" or "complex".
        n_fft: samples per frame, 16·2^(levels - 1) at least or so.
        hop: samples between frames.
        pool_time: pool in time too, not in frequency alone.
        gru: hidden units of a GRU over time in the innermost level; 0 for none.
        bidirectional: whether that GRU also runs backwards.

    Raises:
        ConfigError: an unknown target, or more levels than the bins can be halved.
        SignalError: a shape that is not one channel.
    """

    def __init__(
        self,
        channels: tuple[int, ...] = (64, 128, 256),
        target: str = "mask",
        n_fft: int = 512,
        hop: int = 128,
        pool_time: bool = True,
        gru: int = 0,
        bidirectional: bool = False,
    ):
        super().__init__()
        _check(channels, target, n_fft)
        self.spectral, self.target, self.channels = Spectral(n_fft, hop), target, tuple(channels)
        self.pool = (2, 2) if pool_time else (1, 2)
        bins, maps = n_fft // 2, 1 if target == "mask" else 3  # all bins but the highest: they can be halved
        self.norm = nn.BatchNorm1d(maps * bins)                # each bin has its own level: speech is weaker higher up
        self.encoder = nn.ModuleList(block(*pair) for pair in itertools.pairwise((maps, *channels)))
        inner = channels[-1] * (bins >> (len(channels) - 1))
        self.memory = Memory(inner, gru, bidirectional) if gru else nn.Identity()
        self.decoder = nn.ModuleList(self._up(level) for level in range(len(channels) - 1, 0, -1))
        self.smooth = block(channels[0] * (2 if len(channels) > 1 else 1), channels[0])
        self.out = nn.Conv2d(channels[0], 1 if target == "mask" else 2, 1)
        nn.init.zeros_(self.out.bias)
        self.out.bias.data[0] = 1.0  # the first mask lets most of the signal through

    def _up(self, level: int) -> nn.Sequential:
        joined = 1 if level == len(self.channels) - 1 else 2  # below the innermost level a skip path joins
        return up(joined * self.channels[level], self.channels[level - 1], self.pool)

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        x = self.spectral(with_channel(noisy)[:, 0])        # (B, F + 1, T)
        maps = self._maps(self._features(x))                # (B, 1 or 2, T, F)
        maps = F.pad(maps, (0, 1, 0, 0), mode="replicate")   # the highest bin gets its neighbour's mask
        maps = maps.transpose(2, 3)
        mask = torch.sigmoid(maps[:, 0].float()) if self.target == "mask" else polar_mask(*maps.unbind(1), MASK_BOUND)
        return self.spectral.inverse(x * mask, noisy.shape[-1]).reshape(noisy.shape)

    def _features(self, x: torch.Tensor) -> torch.Tensor:
        """What the convolutions see of the spectra: (B, F + 1, T) → (B, maps, T, F), about normal in every bin."""
        x = x[:, :-1]
        if self.target == "mask":
            maps = torch.log1p(x.abs())[:, None]
        else:
            magnitude, turned = compress(x)
            maps = torch.stack([magnitude, turned.real, turned.imag], dim=1)
        y = self.norm(maps.flatten(1, 2))
        return y.reshape(maps.shape).transpose(2, 3).contiguous(memory_format=torch.channels_last)  # a third faster

    def _maps(self, y: torch.Tensor) -> torch.Tensor:
        """Down and up: (B, maps, T, F) → (B, 1 or 2, T, F)."""
        T, whole = y.shape[2], self.pool[0] ** (len(self.channels) - 1)
        y = F.pad(y, (0, 0, 0, -T % whole))
        skips = []
        for level, down in enumerate(self.encoder):
            y = down(F.max_pool2d(y, self.pool) if level else y)  # half the bins, the next width
            skips.append(y)
        y = self.memory(skips.pop())
        for rise in self.decoder:
            y = torch.cat([rise(y), skips.pop()], dim=1)          # twice the bins
        return self.out(self.smooth(y))[:, :, :T]


def _check(channels: tuple[int, ...], target: str, n_fft: int) -> None:
    if target not in TARGETS:
        raise ConfigError(f"target is {target!r}: expected one of {', '.join(TARGETS)}.")
    if not channels or (n_fft // 2) % 2 ** (len(channels) - 1):
        raise ConfigError(
            f"channels has {len(channels)} levels: expected at least 1, and n_fft/2 = {n_fft // 2} bins that can"
            " be halved between each two."
        )
