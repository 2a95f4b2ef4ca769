"""SEGAN: a generator on the waveform, and a discriminator that tells clean recordings from its work.

Source: Pascual, Bonafonte and Serrà, SEGAN: Speech enhancement generative adversarial network, Interspeech 2017,
sections 3 and 4; virtual batch norm from Salimans et al., Improved techniques for training GANs, NeurIPS 2016, section
3.4. Glossary:
    B batch   n samples   C channels   T samples of a layer   R rows of the reference batch   z latent, N(0, 1)
"""

import torch
from torch import nn
from torch.nn import functional as F

from biosig.errors import ConfigError, SignalError
from biosig.models.shapes import with_channel
from biosig.seeds import seed_for

CHANNELS = (16, 32, 32, 64, 64, 128, 128, 256, 256, 512, 1024)
KERNEL = 31
WINDOW = 16384
EMPHASIS = 0.95
SLOPE = 0.3
DOUBLINGS = 9  # 0.95^512 is below 10^-11


def emphasise(x: torch.Tensor) -> torch.Tensor:
    """x(t) - 0.95·x(t - 1) over the last axis: speech is weak in its high frequencies, and an L1 would not see them."""
    return x - EMPHASIS * F.pad(x, (1, 0))[..., :-1]


def deemphasise(x: torch.Tensor) -> torch.Tensor:
    """The inverse, Σ 0.95^k·x(t - k): as Π (1 + 0.95^(2^i)·delay by 2^i), which sums 512 terms in nine steps."""
    for i in range(DOUBLINGS):
        x = x + EMPHASIS ** (2**i) * F.pad(x, (2**i, 0))[..., : -(2**i)]
    return x


class SEGAN(nn.Module):
    """The generator: noisy (B, n) or (B, 1, n) → the clean signal in the same shape, any n ≥ 1.

    The defaults are the paper's. In training z is drawn anew in each pass, from torch's global generator; in eval mode
    it is drawn by name, so that the same signal always gives the same output.

    Args:
        channels: of the layers, each of which halves the samples.
        peak: what the output's ±1 stands for: 1 for signals within full scale, as in the paper; 8 for an RMS of 1.

    Raises:
        ConfigError: no layers.
        SignalError: a shape that is not one channel.
    """

    def __init__(self, channels: tuple[int, ...] = CHANNELS, peak: float = 1.0):
        super().__init__()
        if not channels:
            raise ConfigError("channels is empty: expected at least one layer.")
        self.channels, self.peak = tuple(channels), peak
        down = (1, *channels)
        up = (2 * channels[-1], *(2 * c for c in reversed(channels[:-1])), 1)  # with z, then with a skip path each
        narrow = (*reversed(channels[:-1]), 1)
        self.encoder = nn.ModuleList(_conv(*pair) for pair in zip(down, down[1:], strict=False))
        self.decoder = nn.ModuleList(_rise(*pair) for pair in zip(up, narrow, strict=False))
        self.slopes_down = nn.ModuleList(nn.PReLU(c) for c in channels)
        self.slopes_up = nn.ModuleList(nn.PReLU(c) for c in narrow[:-1])

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        n, whole = noisy.shape[-1], 2 ** len(self.channels)
        x = emphasise(with_channel(noisy).float()) / self.peak
        x = self.generated(F.pad(x, (0, -n % whole)))[..., :n]
        return self.peak * deemphasise(x).reshape(noisy.shape)

    def generated(self, x: torch.Tensor) -> torch.Tensor:
        """Emphasised signals (B, 1, T), noisy → clean, T a multiple of 2^layers."""
        skips = []
        for conv, slope in zip(self.encoder, self.slopes_down, strict=True):
            x = slope(conv(x))                              # half as many samples
            skips.append(x)
        x = torch.cat([skips.pop(), self.latent(x)], 1)     # (B, 2C, T/2^layers)
        for rise, slope in zip(self.decoder, self.slopes_up, strict=False):
            x = torch.cat([slope(rise(x)), skips.pop()], 1)
        return torch.tanh(self.decoder[-1](x))

    def latent(self, x: torch.Tensor) -> torch.Tensor:
        """z in the shape of x (B, C, T); one and the same for all rows where nothing is trained."""
        if self.training:
            return torch.randn_like(x)
        generator = torch.Generator().manual_seed(seed_for("segan", "latent", *x.shape[1:]))
        return torch.randn(x.shape[1:], generator=generator).to(x).expand_as(x)


class VirtualBatchNorm(nn.Module):
    """Norms each row by the statistics of a fixed reference batch and, by 1/(R + 1), its own: (R + B, C, T) → the same.

    The first R rows are the reference. A row's result thus does not depend on the others it happens to come with.
    """

    def __init__(self, channels: int, eps: float = 1e-5):
        super().__init__()
        self.gain, self.bias = nn.Parameter(torch.ones(channels, 1)), nn.Parameter(torch.zeros(channels, 1))
        self.eps = eps

    def forward(self, x: torch.Tensor, rows: int) -> torch.Tensor:
        own = x.mean(-1, keepdim=True), x.square().mean(-1, keepdim=True)       # (R + B, C, 1)
        share = 1 / (rows + 1)
        mean, power = (share * each + (1 - share) * each[:rows].mean(0) for each in own)
        return self.gain * (x - mean) * (power - mean.square() + self.eps).rsqrt() + self.bias


class SEGANDiscriminator(nn.Module):
    """Candidate and noisy signal (B, n) each, n = window → (B,): near 1 for clean, near 0 for generated ones.

    The defaults are the paper's. Before its first use it has to be shown the reference batch, :meth:`refer`.

    Args:
        channels: as the generator's.
        window: samples, a multiple of 2^layers.
        peak: as the generator's; what it hears is emphasised and divided by it.
        rows: R of the reference batch.

    Raises:
        ConfigError: a window that cannot be halved so often.
        SignalError: another length than the window.
    """

    def __init__(
        self, channels: tuple[int, ...] = CHANNELS, window: int = WINDOW, peak: float = 1.0, rows: int = 16
    ):
        super().__init__()
        if not channels or window % 2 ** len(channels):
            raise ConfigError(f"window is {window}: expected a multiple of 2^{len(channels)}.")
        down = (2, *channels)
        self.window, self.peak = window, peak
        self.convs = nn.ModuleList(_conv(*pair) for pair in zip(down, down[1:], strict=False))
        self.norms = nn.ModuleList(map(VirtualBatchNorm, channels))
        self.mix = nn.Conv1d(channels[-1], 1, 1)
        self.judge = nn.Linear(window >> len(channels), 1)
        self.register_buffer("reference", torch.zeros(rows, 2, window))

    def refer(self, clean: torch.Tensor, noisy: torch.Tensor) -> None:
        """Keep pairs of (B, n) as the reference batch; repeated or cut to its R rows."""
        pairs, rows = self.heard(clean, noisy).detach(), len(self.reference)
        self.reference.copy_(pairs.repeat(-(-rows // len(pairs)), 1, 1)[:rows])

    def forward(self, candidate: torch.Tensor, noisy: torch.Tensor) -> torch.Tensor:
        rows = len(self.reference)
        x = torch.cat([self.reference, self.heard(candidate, noisy)])           # (R + B, 2, n)
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = F.leaky_relu(norm(conv(x), rows), SLOPE)
        return self.judge(self.mix(x[rows:]))[:, 0, 0]

    def heard(self, candidate: torch.Tensor, noisy: torch.Tensor) -> torch.Tensor:
        """What the first layer sees, (B, 2, n)."""
        if candidate.shape[-1] != self.window or noisy.shape != candidate.shape:
            found = tuple(candidate.shape), tuple(noisy.shape)
            raise SignalError(f"candidate and noisy are {found[0]} and {found[1]}: expected (batch, {self.window}).")
        return emphasise(torch.stack([candidate, noisy], 1)) / self.peak


def _conv(c_in: int, c_out: int) -> nn.Conv1d:
    """31 taps, half as many samples."""
    layer = nn.Conv1d(c_in, c_out, KERNEL, stride=2, padding=KERNEL // 2)
    nn.init.xavier_uniform_(layer.weight)
    return layer


def _rise(c_in: int, c_out: int) -> nn.ConvTranspose1d:
    """31 taps, twice as many samples."""
    layer = nn.ConvTranspose1d(c_in, c_out, KERNEL, stride=2, padding=KERNEL // 2, output_padding=1)
    nn.init.xavier_uniform_(layer.weight)
    return layer
