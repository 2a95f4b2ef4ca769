"""DCCRN: a U-Net of complex convolutions on the STFT with a complex LSTM in its middle.

Source: Hu et al., DCCRN: deep complex convolution recurrent network for phase-aware speech enhancement,
Interspeech 2020; complex batch normalisation from Trabelsi et al., Deep complex networks, ICLR 2018. A
complex tensor is kept as a real one with its real parts in the first half of the channels. Glossary:
    B batch   n samples   C channels, real and imaginary ones together   F bins   T frames
"""

import itertools

import torch
from torch import nn
from torch.nn import functional as F

from biosig.errors import ConfigError
from biosig.models.shapes import with_channel
from biosig.models.spectral import Spectral, polar_mask

KERNEL, STRIDE = (5, 2), (2, 1)  # (frequency, time)


class ComplexConv(nn.Module):
    """Complex convolution, eq. (4): W = A + jB on X = Xr + jXi, as one real one with weights [[A, -B], [B, A]].

    Halves the bins, (B, C_in, F, T) → (B, C_out, F/2, T), looking one frame back; transposed it doubles them
    and looks one frame ahead, or back where ``look_ahead`` is off.
    """

    def __init__(self, c_in: int, c_out: int, transposed: bool = False, look_ahead: bool = False):
        super().__init__()
        self.transposed, self.look_ahead = transposed, look_ahead
        inner, outer = c_in // 2, c_out // 2
        shape = (inner, outer, *KERNEL) if transposed else (outer, inner, *KERNEL)
        taps = KERNEL[0] * KERNEL[1] / (STRIDE[0] if transposed else 1)
        self.weight = nn.Parameter(torch.randn(2, *shape) / (2 * inner * taps) ** 0.5)  # the power stays
        self.bias = nn.Parameter(torch.zeros(c_out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a, b = self.weight.unbind(0)
        if not self.transposed:
            weight = torch.cat([torch.cat([a, -b], 1), torch.cat([b, a], 1)])
            return F.conv2d(F.pad(x, (KERNEL[1] - 1, 0)), weight, self.bias, STRIDE, padding=(2, 0))
        weight = torch.cat([torch.cat([a, b], 1), torch.cat([-b, a], 1)])
        y = F.conv_transpose2d(x, weight, self.bias, STRIDE, padding=(2, 0), output_padding=(1, 0))
        return y[..., 1:] if self.look_ahead else y[..., :-1]

    def macs(self, x: torch.Tensor, y: torch.Tensor) -> int:
        """Real multiply-accumulates of one call, for :mod:`biosig.models.costs`."""
        places = x if self.transposed else y
        return 2 * self.weight.numel() * places.numel() // places.shape[1]


class ComplexBatchNorm(nn.Module):
    """Whitens (real, imaginary) per channel with the square root of its 2 × 2 covariance, then scales and shifts.

    Source: Trabelsi et al. 2018, section 3.5. (B, C, F, T) → the same.
    """

    def __init__(self, channels: int, momentum: float = 0.1, eps: float = 1e-5):
        super().__init__()
        half = channels // 2
        self.momentum, self.eps = momentum, eps
        # rows: the covariance's and the gain's rr, ii and ri; begun so that the output has variance 1/2 + 1/2
        self.gain = nn.Parameter(torch.tensor([0.5**0.5, 0.5**0.5, 0.0])[:, None].repeat(1, half))
        self.bias = nn.Parameter(torch.zeros(2, half))
        self.register_buffer("mean", torch.zeros(2, half))
        self.register_buffer("covariance", torch.tensor([0.5, 0.5, 0.0])[:, None].repeat(1, half))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, C, bins, T = x.shape
        z = x.float().reshape(B, 2, C // 2, bins * T)
        mean, (rr, ii, ri) = self._statistics(z)
        rr, ii = rr + self.eps, ii + self.eps
        s = (rr * ii - ri.square()).clamp_min(self.eps**2).sqrt()
        t = s * (rr + ii + 2 * s).sqrt()
        whiten = torch.stack([ii + s, rr + s, -ri]) / t             # V^(-1/2): rr, ii, ri
        (grr, gii, gri), (wrr, wii, wri) = self.gain, whiten
        rows = ((grr * wrr + gri * wri, grr * wri + gri * wii), (gri * wrr + gii * wri, gri * wri + gii * wii))
        real, imag = z.unbind(1)
        out = [
            row[0][:, None] * real + row[1][:, None] * imag + (b - row[0] * mean[0] - row[1] * mean[1])[:, None]
            for row, b in zip(rows, self.bias, strict=True)
        ]
        return torch.stack(out, 1).reshape(B, C, bins, T)

    def _statistics(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean (2, C/2) and covariance (3, C/2), of this batch in training and else those kept."""
        if not self.training:
            return self.mean, self.covariance
        mean = z.mean((0, 3))
        real, imag = (z - mean[:, :, None]).unbind(1)
        covariance = torch.stack([(p * q).mean((0, 2)) for p, q in ((real, real), (imag, imag), (real, imag))])
        with torch.no_grad():
            self.mean.lerp_(mean, self.momentum)
            self.covariance.lerp_(covariance, self.momentum)
        return mean, covariance


class ComplexLSTM(nn.Module):
    """Two LSTMs A and B as one complex layer, eqs. (5) to (7); (B, T, 2, features) → (B, T, 2, hidden).

    real = A(Xr) - B(Xi), imaginary = A(Xi) + B(Xr).
    """

    def __init__(self, features: int, hidden: int):
        super().__init__()
        self.a = nn.LSTM(features, hidden, batch_first=True)
        self.b = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        both = torch.cat(x.unbind(2))  # real and imaginary parts as items of one batch
        (a_r, a_i), (b_r, b_i) = self.a(both)[0].chunk(2), self.b(both)[0].chunk(2)
        return torch.stack([a_r - b_i, a_i + b_r], dim=2)


class ComplexLinear(nn.Module):
    """Complex linear layer: (B, T, 2, features) → (B, T, 2, out)."""

    def __init__(self, features: int, out: int):
        super().__init__()
        self.a, self.b = nn.Linear(features, out), nn.Linear(features, out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        real, imag = x.unbind(2)
        return torch.stack([self.a(real) - self.b(imag), self.a(imag) + self.b(real)], dim=2)


class DCCRN(nn.Module):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape, any n ≥ 1.

    The defaults are the paper's DCCRN-CL: widths 32 to 256, 128 complex LSTM units, the polar mask "E". A
    width counts real and imaginary channels together, which is how the paper's 3.7 million parameters come out
    (here 3,671,917). The paper does not say what becomes of the 257th bin: here the constant is left out.

    Args:
        channels: width of each level, even; the bins are halved at each.
        hidden: complex units of the LSTM.
        layers: LSTM layers.
        mask: "E" (polar, magnitude below 1), "C" (complex product) or "R" (real and imaginary part each on
            its own), section 2.4.
        n_fft, win_length, hop: of the STFT, samples; the paper's 32, 25 and 6.25 ms at 16 kHz.
        look_ahead: each level of the decoder sees one frame ahead, as in the paper (6 · 6.25 ms).

    Raises:
        ConfigError: an unknown mask, an odd width, or bins that cannot be halved so often.
        SignalError: a shape that is not one channel.
    """

    def __init__(
        self,
        channels: tuple[int, ...] = (32, 64, 128, 256, 256, 256),
        hidden: int = 128,
        layers: int = 2,
        mask: str = "E",
        n_fft: int = 512,
        win_length: int | None = 400,
        hop: int = 100,
        look_ahead: bool = True,
    ):
        super().__init__()
        _check(channels, mask, n_fft)
        self.spectral, self.mask = Spectral(n_fft, hop, "hann", win_length), mask
        pairs = list(itertools.pairwise((2, *channels)))
        self.encoder = nn.ModuleList(_level(ComplexConv(*pair), pair[1]) for pair in pairs)
        features = channels[-1] // 2 * (n_fft // 2 >> len(channels))
        sizes = [features] + [hidden] * layers
        self.lstm = nn.Sequential(*(ComplexLSTM(*pair) for pair in itertools.pairwise(sizes)))
        self.dense = ComplexLinear(hidden, features)
        ups = [(2 * c_out, c_in) for c_in, c_out in reversed(pairs)]
        *convs, last = [ComplexConv(*pair, transposed=True, look_ahead=look_ahead) for pair in ups]
        self.decoder = nn.ModuleList([_level(conv, conv.bias.numel()) for conv in convs] + [last])
        last.bias.data[0] = 1.0  # the first mask lets most of the signal through

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        x = self.spectral(with_channel(noisy)[:, 0])               # (B, F + 1, T)
        y, skips = torch.stack([x.real, x.imag], 1)[:, :, 1:], []  # (B, 2, F, T): without the constant
        for level in self.encoder:
            y = level(y)                                           # (B, C, F/2, T)
            skips.append(y)
        y = self._remember(y)
        for level in self.decoder:
            y = level(_join(y, skips.pop()))                       # (B, C, 2F, T)
        clean = F.pad(_apply(self.mask, x[:, 1:], *y.unbind(1)), (0, 0, 1, 0))
        return self.spectral.inverse(clean, noisy.shape[-1]).reshape(noisy.shape)

    def _remember(self, y: torch.Tensor) -> torch.Tensor:
        """The LSTM along time over all complex channels and bins: (B, C, F, T) → the same."""
        B, C, bins, T = y.shape
        z = y.reshape(B, 2, C // 2 * bins, T).permute(0, 3, 1, 2)  # (B, T, 2, features)
        z = self.dense(self.lstm(z))
        return z.permute(0, 2, 3, 1).reshape(B, C, bins, T)


def _level(conv: ComplexConv, width: int) -> nn.Sequential:
    return nn.Sequential(conv, ComplexBatchNorm(width), nn.PReLU())


def _join(y: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
    """Two complex tensors one after the other along the channels."""
    (a, b), (c, d) = y.chunk(2, 1), skip.chunk(2, 1)
    return torch.cat([a, c, b, d], 1)


def _apply(kind: str, x: torch.Tensor, real: torch.Tensor, imag: torch.Tensor) -> torch.Tensor:
    """The mask real + j·imag on spectra x, section 2.4."""
    if kind == "E":
        return x * polar_mask(real, imag)
    if kind == "C":
        return x * torch.complex(real.float(), imag.float())
    return torch.complex(x.real * real, x.imag * imag)


def _check(channels: tuple[int, ...], mask: str, n_fft: int) -> None:
    if mask not in ("E", "C", "R"):
        raise ConfigError(f"mask is {mask!r}: expected one of E, C, R.")
    if not channels or any(c % 2 for c in channels) or (n_fft // 2) % 2 ** len(channels):
        raise ConfigError(
            f"channels is {tuple(channels)}: expected even widths, and n_fft/2 = {n_fft // 2} bins that can be"
            f" halved {len(channels)} times."
        )
