"""Conv-TasNet with one output: a learned transform, a mask from dilated convolutions, and back.

Source: Luo and Mesgarani, Conv-TasNet: surpassing ideal time-frequency magnitude masking for speech
separation, IEEE/ACM TASLP 27(8), 2019. The letters are the paper's:
    N filters   L their length   B bottleneck and residual channels   Sc skip channels   H channels in a block
    P kernel    X blocks in a repeat   R repeats   K frames
"""

import torch
from torch import nn
from torch.nn import functional as F

from biosig.errors import ConfigError
from biosig.models.shapes import with_channel

EPS = 1e-8


class CumulativeNorm(nn.Module):
    """cLN, eqs. (10) to (12): mean and variance over all channels and all frames so far; (B, C, K) → the same."""

    def __init__(self, channels: int):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        count = x.shape[1] * torch.arange(1, x.shape[2] + 1, device=x.device)
        mean = x.sum(1).cumsum(-1) / count
        variance = x.square().sum(1).cumsum(-1) / count - mean.square()
        scale = (variance.clamp_min(0) + EPS).rsqrt()  # rounding may leave the difference below 0
        return self.gain * (x - mean[:, None]) * scale[:, None] + self.bias


NORMS = {
    "gln": lambda channels: nn.GroupNorm(1, channels, eps=EPS),  # eqs. (7) to (9): over channels and frames
    "cln": CumulativeNorm,
    "bn": nn.BatchNorm1d,
}


class Block(nn.Module):
    """1-D convolutional block, Fig. 1C: (B, B, K) → residual (B, B, K) or None, skip (B, Sc, K)."""

    def __init__(self, B: int, H: int, Sc: int, P: int, dilation: int, norm: str, causal: bool, last: bool):
        super().__init__()
        reach = (P - 1) * dilation
        self.pad = (reach, 0) if causal else (reach // 2, reach - reach // 2)
        self.widen = nn.Sequential(nn.Conv1d(B, H, 1), nn.PReLU(), NORMS[norm](H))
        self.depthwise = nn.Conv1d(H, H, P, dilation=dilation, groups=H)
        self.activate = nn.Sequential(nn.PReLU(), NORMS[norm](H))
        self.residual = None if last else nn.Conv1d(H, B, 1)  # nothing comes after the last block's
        self.skip = nn.Conv1d(H, Sc, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor]:
        y = self.depthwise(F.pad(self.widen(x), self.pad))
        y = self.activate(y)
        return None if self.residual is None else x + self.residual(y), self.skip(y)


class ConvTasNet(nn.Module):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape, any n ≥ 1.

    The defaults are the paper's best (Table II). The encoder has no nonlinearity, the mask is a sigmoid.

    Args:
        N, L, B, H, Sc, P, X, R: sizes, as above; L even.
        norm: "gln", "cln" or "bn"; by default gln, and cln where causal.
        causal: each frame sees only earlier ones; the output then depends on at most L - 1 samples ahead.

    Raises:
        ConfigError: an odd L, or an unknown norm.
        SignalError: a shape that is not one channel.
    """

    def __init__(
        self,
        N: int = 512,
        L: int = 16,
        B: int = 128,
        H: int = 512,
        Sc: int = 128,
        P: int = 3,
        X: int = 8,
        R: int = 3,
        norm: str | None = None,
        causal: bool = False,
    ):
        super().__init__()
        norm = norm or ("cln" if causal else "gln")
        if norm not in NORMS or L % 2:
            raise ConfigError(f"norm {norm!r} and L = {L}: expected one of {', '.join(NORMS)} and an even L.")
        self.hop = L // 2
        self.encoder = nn.Conv1d(1, N, L, self.hop, bias=False)
        self.bottleneck = nn.Sequential(NORMS[norm](N), nn.Conv1d(N, B, 1))
        self.blocks = nn.ModuleList(
            Block(B, H, Sc, P, 2**x, norm, causal, last=(r, x) == (R - 1, X - 1)) for r in range(R) for x in range(X)
        )
        self.mask = nn.Sequential(nn.PReLU(), nn.Conv1d(Sc, N, 1), nn.Sigmoid())
        self.decoder = nn.ConvTranspose1d(N, 1, L, self.hop, bias=False)

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        n = noisy.shape[-1]
        x = F.pad(with_channel(noisy), (self.hop, self.hop + -n % self.hop))  # every sample lies in two frames
        frames = self.encoder(x)                                              # (B, N, K)
        y, total = self.bottleneck(frames), 0                                 # (B, B, K)
        for block in self.blocks:
            y, skip = block(y)
            total = total + skip                                              # (B, Sc, K)
        clean = self.decoder(frames * self.mask(total))                       # (B, 1, n + 2·hop or more)
        return clean[..., self.hop : self.hop + n].reshape(noisy.shape)


def receptive_frames(P: int = 3, X: int = 8, R: int = 3) -> int:
    """Frames of the encoder that one frame of the mask depends on, norms aside: 1 + R·(P - 1)·(2^X - 1)."""
    return 1 + R * (P - 1) * (2**X - 1)
