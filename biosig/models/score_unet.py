"""A small U-Net that tells the score of a noisy spectrogram on its way to a clean one, and the enhancer around it.

Source: Richter et al., Speech enhancement and dereverberation with diffusion-based generative models, IEEE/ACM TASLP
31, 2023, sections III and IV: the process, the compressed spectrum, the sampler. Their network, NCSN++, has 65 million
parameters, attention and progressive inputs; this one keeps its shape alone: residual blocks with group norm that are
told the time, strides, skips. Glossary:
    B batch   n samples   C channels   F bins   T frames   E features of the time   x_t spectra with diffusion noise
"""

import itertools
import math
from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn import functional as F

from biosig.errors import ConfigError
from biosig.models.ouve import OUVE
from biosig.models.shapes import with_channel
from biosig.models.spectral import Spectral

GROUP = 8  # channels of a group norm
FASTEST = 1000.0  # radians per unit of time of the time's quickest sine


class Block(nn.Module):
    """Norm, SiLU, convolution, twice, the time between, beside a straight path: (B, C_in, T, F) → (B, C_out, T, F)."""

    def __init__(self, c_in: int, c_out: int, E: int):
        super().__init__()
        self.first = nn.Sequential(nn.GroupNorm(c_in // GROUP, c_in), nn.SiLU(), nn.Conv2d(c_in, c_out, 3, padding=1))
        self.time = nn.Linear(E, c_out)
        self.second = nn.Sequential(
            nn.GroupNorm(c_out // GROUP, c_out), nn.SiLU(), nn.Conv2d(c_out, c_out, 3, padding=1)
        )
        self.straight = nn.Identity() if c_in == c_out else nn.Conv2d(c_in, c_out, 1)

    def forward(self, x: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        y = self.first(x) + self.time(embedding)[:, :, None, None]
        return (self.straight(x) + self.second(y)) / math.sqrt(2)


def embed_time(t: torch.Tensor, E: int) -> torch.Tensor:
    """Sines, then cosines of E/2 rates from 1 to 1000 radians, evenly by ratio: (B,) → (B, E)."""
    rates = FASTEST ** (torch.arange(E // 2, device=t.device) / (E // 2 - 1))
    angle = t[:, None] * rates
    return torch.cat([angle.sin(), angle.cos()], 1)


class ScoreUNet(nn.Module):
    """The network and the process; called on noisy (B, n) or (B, 1, n) it samples the clean signal, any n ≥ 1.

    Spectra are compressed, β|X|^α·e^(jφ), so that loud and faint bins come nearer to each other: eq. (15).

    Args:
        channels: of the levels, multiples of 8; between two, bins and frames are halved.
        blocks: residual blocks on each level, down and up.
        features: E of the time.
        n_fft, hop: of the STFT, Hann windows; n_fft/2 + 1 bins that can be halved.
        alpha, beta: of the compression; the paper's β is meant for a peak of 1, an RMS of 1 asks for less.
        steps, corrections: of the sampler.

    Raises:
        ConfigError: channels or bins that do not fit.
        SignalError: a shape that is not one channel.
    """

    def __init__(
        self,
        channels: tuple[int, ...] = (64, 128, 128, 256),
        blocks: int = 2,
        features: int = 128,
        n_fft: int = 510,
        hop: int = 128,
        alpha: float = 0.5,
        beta: float = 0.15,
        steps: int = 30,
        corrections: int = 1,
    ):
        super().__init__()
        _check(channels, n_fft // 2 + 1)
        self.spectral, self.process = Spectral(n_fft, hop, "hann"), OUVE()
        self.alpha, self.beta, self.steps, self.corrections = alpha, beta, steps, corrections
        self.features, self.levels = features, len(channels)
        self.tell = nn.Sequential(nn.Linear(features, features), nn.SiLU(), nn.Linear(features, features), nn.SiLU())
        self.enter = nn.Conv2d(4, channels[0], 3, padding=1)
        pairs = list(itertools.pairwise((channels[0], *channels)))
        self.down = nn.ModuleList(_blocks(*pair, blocks, features) for pair in pairs)
        self.halve = nn.ModuleList(nn.Conv2d(c, c, 3, stride=2, padding=1) for c in channels[:-1])
        rises = reversed(list(itertools.pairwise(channels)))
        self.up = nn.ModuleList(_blocks(above + c, c, blocks, features) for c, above in rises)
        self.leave = nn.Sequential(
            nn.GroupNorm(channels[0] // GROUP, channels[0]), nn.SiLU(), nn.Conv2d(channels[0], 2, 3, padding=1)
        )
        nn.init.zeros_(self.leave[-1].weight)  # training begins with a score of 0, a loss of 1

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        return self.sampled(noisy, [0] * len(noisy))

    def sampled(
        self,
        noisy: torch.Tensor,
        seeds: Sequence[object],
        steps: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> torch.Tensor:
        """As :meth:`forward`, with the draws' names, and in so many steps."""
        y = self.compressed(with_channel(noisy)[:, 0])
        x = self.process.sample(self.score, y, seeds, steps or self.steps, self.corrections, progress=progress)
        return self.sound(x, noisy.shape[-1]).reshape(noisy.shape)

    def loss(self, noisy: torch.Tensor, clean: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Denoising score matching on compressed spectra of signals (B, n)."""
        return self.process.loss(self.score, self.compressed(clean), self.compressed(noisy), generator)

    def compressed(self, x: torch.Tensor) -> torch.Tensor:
        """Signals (B, n) → β|X|^α·e^(jφ), complex (B, F, T)."""
        spectra = self.spectral(x)
        return self.beta * spectra * spectra.abs().clamp_min(1e-8) ** (self.alpha - 1)

    def sound(self, spectra: torch.Tensor, n: int) -> torch.Tensor:
        """Compressed spectra (B, F, T) → signals (B, n)."""
        power = spectra.abs() / self.beta
        return self.spectral.inverse(spectra / self.beta * power ** (1 / self.alpha - 1), n)

    def score(self, x_t: torch.Tensor, y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The score of complex x_t (B, F, T) at times (B,): what the network says, over σ."""
        parts = [part for spectra in (x_t, y) for part in (spectra.real, spectra.imag)]
        real, imag = self.network(torch.stack(parts, 1).transpose(2, 3), t).transpose(2, 3).float().unbind(1)
        return torch.complex(real, imag) / self.process.deviation(t)[:, None, None]

    def network(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """(B, 4, T, F) and times (B,) → (B, 2, T, F)."""
        T, whole = x.shape[2], 2 ** (self.levels - 1)
        x = F.pad(x, (0, 0, 0, -T % whole)).contiguous(memory_format=torch.channels_last)
        embedding = self.tell(embed_time(t, self.features))         # (B, E)
        x, skips = self.enter(x), []
        for level, blocks in enumerate(self.down):
            x = self.halve[level - 1](x) if level else x
            x = _through(blocks, x, embedding)                      # (B, C, T/2^level, F/2^level)
            skips.append(x)
        skips.pop()
        for blocks in self.up:
            x = F.interpolate(x, scale_factor=2)
            x = _through(blocks, torch.cat([x, skips.pop()], 1), embedding)
        return self.leave(x)[:, :, :T]


def _blocks(c_in: int, c_out: int, count: int, E: int) -> nn.ModuleList:
    return nn.ModuleList(Block(c_in if i == 0 else c_out, c_out, E) for i in range(count))


def _through(blocks: nn.ModuleList, x: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
    for block in blocks:
        x = block(x, embedding)
    return x


def _check(channels: tuple[int, ...], bins: int) -> None:
    if not channels or any(c % GROUP for c in channels) or bins % 2 ** (len(channels) - 1):
        raise ConfigError(
            f"channels is {tuple(channels)} for {bins} bins: expected multiples of {GROUP}, and bins that can be halved"
            " between each two."
        )
