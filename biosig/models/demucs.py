"""DEMUCS on the waveform: a U-Net of strided convolutions with an LSTM in its middle, causal or not.

Source: Défossez, Synnaeve and Adi, Real time speech enhancement in the waveform domain, Interspeech 2020, section 2;
the first weights as in Défossez et al., Music source separation in the waveform domain, 2019, section 3. The letters
are the paper's:
    L layers   H channels of the first   K kernel   S stride   U resampling factor
    B batch   n samples   C channels   T samples of a layer   GLU gated linear unit, a·σ(b)
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from biosig.errors import ConfigError
from biosig.models.shapes import with_channel

HALF = 56  # zero crossings of the sinc on each side
REFERENCE = 0.1  # the deviation that a convolution's first weights are pulled towards


class Demucs(nn.Module):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape, any n ≥ 1.

    The defaults are the paper's smaller network: 18,867,937 parameters; H = 64 has 33,533,569. The paper divides a
    signal by its deviation first; here that is left to the scaling of :class:`biosig.training.inference.Denoiser`.

    Args:
        H: channels of the first layer; each further one has twice as many.
        L: layers on each side.
        K, S: kernel and stride.
        U: the signal is resampled to so many times its rate, 1, 2 or 4, and back at the end.
        causal: the LSTM runs forwards only; otherwise in both directions, and a linear layer halves its width.

    Raises:
        ConfigError: another U, or a kernel shorter than its stride.
        SignalError: a shape that is not one channel.
    """

    def __init__(self, H: int = 48, L: int = 5, K: int = 8, S: int = 4, U: int = 4, causal: bool = True):
        super().__init__()
        if U not in (1, 2, 4) or K < S:
            raise ConfigError(f"U is {U}, K {K} and S {S}: expected a U of 1, 2 or 4 and a K of at least S.")
        self.K, self.S, self.U = K, S, U
        widths = [1, *(H * 2**layer for layer in range(L))]
        pairs = list(zip(widths, widths[1:], strict=False))
        self.encoder = nn.ModuleList(_down(*pair, K, S) for pair in pairs)
        self.decoder = nn.ModuleList(_up(c_in, c_out, K, S, last=c_out == 1) for c_out, c_in in reversed(pairs))
        self.lstm = nn.LSTM(widths[-1], widths[-1], 2, batch_first=True, bidirectional=not causal)
        self.join = nn.Identity() if causal else nn.Linear(2 * widths[-1], widths[-1])
        self.register_buffer("sinc", half_sample_sinc(), persistent=False)
        for layer in self.modules():
            if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
                _rescale(layer)

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        n = noisy.shape[-1]
        x = F.pad(with_channel(noisy).float(), (0, self.padded(n) - n))
        for _ in range(self.U // 2):                        # 2 = 2^1 and 4 = 2^2
            x = upsample2(x, self.sinc)                     # (B, 1, U·n)
        x = self.network(x)
        for _ in range(self.U // 2):
            x = downsample2(x, self.sinc)
        return x[..., :n].reshape(noisy.shape)

    def network(self, x: torch.Tensor) -> torch.Tensor:
        """Down, along time, and up: (B, 1, T) → the same, for a T that the strides fit into."""
        skips = []
        for down in self.encoder:
            x = down(x)                                     # (B, C, T)
            skips.append(x)
        x = self.join(self.lstm(x.transpose(1, 2))[0]).transpose(1, 2)
        for up in self.decoder:
            x = up(x + skips.pop())                         # as wide as its twin below
        return x

    def padded(self, n: int) -> int:
        """The shortest length from n on that goes down and comes up again without a rest."""
        length = n * self.U
        for _ in self.encoder:
            length = max(1, math.ceil((length - self.K) / self.S) + 1)
        for _ in self.encoder:
            length = (length - 1) * self.S + self.K
        return math.ceil(length / self.U)


def _down(c_in: int, c_out: int, K: int, S: int) -> nn.Sequential:
    """Eq. (1): a strided convolution, ReLU, a 1 × 1 convolution and GLU: (B, C_in, T) → (B, C_out, T/S)."""
    return nn.Sequential(nn.Conv1d(c_in, c_out, K, S), nn.ReLU(), nn.Conv1d(c_out, 2 * c_out, 1), nn.GLU(1))


def _up(c_in: int, c_out: int, K: int, S: int, last: bool) -> nn.Sequential:
    """1 × 1 convolution, GLU, transposed convolution and, but for the last, ReLU: (B, C_in, T) → (B, C_out, T·S)."""
    layers = [nn.Conv1d(c_in, 2 * c_in, 1), nn.GLU(1), nn.ConvTranspose1d(c_in, c_out, K, S)]
    return nn.Sequential(*layers, *([] if last else [nn.ReLU()]))


@torch.no_grad()
def _rescale(layer: nn.Conv1d | nn.ConvTranspose1d) -> None:
    """Divide weights and bias by √(σ/0.1), σ the weights' deviation, so that wide and narrow layers learn alike."""
    by = (layer.weight.std() / REFERENCE).sqrt()
    layer.weight /= by
    layer.bias /= by


def half_sample_sinc() -> torch.Tensor:
    """The values half-way between samples: sinc(j + ½) under a Hann window, j = -56 … 55, shape (1, 1, 112)."""
    window = torch.hann_window(4 * HALF + 1, periodic=False, dtype=torch.float64)[1::2]
    at = torch.arange(-HALF, HALF, dtype=torch.float64) + 0.5
    return (torch.sinc(at) * window).float()[None, None]


def upsample2(x: torch.Tensor, sinc: torch.Tensor) -> torch.Tensor:
    """Twice the rate: every sample, and after it the value half-way to the next; (B, 1, n) → (B, 1, 2n)."""
    between = F.conv1d(x, sinc, padding=HALF)[..., 1:]
    return torch.stack([x, between], -1).flatten(-2)


def downsample2(x: torch.Tensor, sinc: torch.Tensor) -> torch.Tensor:
    """Half the rate, what lies above being filtered out: (B, 1, 2n) → (B, 1, n); an odd end is completed by a zero."""
    x = F.pad(x, (0, x.shape[-1] % 2))
    even, odd = x[..., ::2], x[..., 1::2]
    return (even + F.conv1d(odd, sinc, padding=HALF)[..., :-1]) / 2
