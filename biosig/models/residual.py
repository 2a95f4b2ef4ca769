"""ResidualEnhancer: a deep residual network that sees 35 frames and corrects the one in their middle.

Source: Triantafyllopoulos et al., Towards robust speech emotion recognition using deep residual networks for speech
enhancement, Interspeech 2019, section 2.2; after Keren et al., Scaling speech enhancement in unseen environments
with noise embeddings, CHiME 2018. Glossary:
    B batch   n samples   T frames   F = 201 bins   W = 35 frames seen at once
"""

import torch
from torch import nn
from torch.nn import functional as F

from biosig.models.precision import bf16
from biosig.models.shapes import with_channel
from biosig.models.spectral import Spectral

N_FFT, HOP = 400, 160  # 25 and 10 ms at 16 kHz
BINS = N_FFT // 2 + 1
FRAMES = 35
WINDOW = N_FFT + (FRAMES - 1) * HOP  # samples under them
FLOOR = 0.01  # of a magnitude, under the logarithm; an input of RMS 1 has bins of about 12
PLAN = ((1, 4, 1), (1, 4, 1), (2, 4, 2), (2, 4, 1), (4, 3, 2), (4, 3, 1), (8, 3, 2), (8, 3, 1))  # maps, kernel, stride
PASS = 256  # frames that go through at once: more take memory and no less time


class ResidualEnhancer(nn.Module):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape, any n ≥ 1; its input should have RMS 1.

    The text leaves open, and here is: two convolutions a block, each with batch norm, the second one's ReLU after the
    sum (He et al., CVPR 2016); zeros around every convolution, so that only strides shrink it; a reducing
    convolution of 1×1 to as many maps as the first block has; a periodic Hann window; natural logarithms of
    magnitudes, not below 0.01. The noisy phase is kept.

    Every frame is a picture of its own, so nothing is shared between neighbours: with 64 maps about 5 GMAC a frame.

    Args:
        maps: of the first two blocks; the paper has 64.
        bf16: whether convolutions compute in bfloat16 on processors that have it, where they are twice as fast.

    Raises:
        SignalError: a shape that is not one channel.
    """

    def __init__(self, maps: int = 64, bf16: bool = False):
        super().__init__()
        self.bf16 = bf16
        self.spectral = Spectral(N_FFT, HOP, "hann")
        widths = [1, *(maps * times for times, _, _ in PLAN)]
        self.blocks = nn.Sequential(*(
            Block(before, after, kernel, stride)
            for before, after, (_, kernel, stride) in zip(widths, widths[1:], PLAN, strict=False)
        ))  # fmt: skip
        self.reduce = nn.Conv2d(widths[-1], maps, 1)
        self.head = nn.Linear(maps * halved(FRAMES) * halved(BINS), BINS)
        nn.init.zeros_(self.head.weight)  # training begins with the noisy frame
        nn.init.zeros_(self.head.bias)
        self.to(memory_format=torch.channels_last)

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        x = self.spectral(with_channel(noisy)[:, 0])                          # (B, F, T)
        magnitude = x.abs()
        log = log_magnitude(magnitude)                                        # (B, T, F)
        silence = FRAMES // 2 * [log.new_full(log[:, :1].shape, FLOOR).log()]
        seen = torch.cat([*silence, log, *silence], 1).unfold(1, FRAMES, 1)   # (B, T, F, W)
        mask = torch.cat([self.mask(part) for part in seen.transpose(2, 3).flatten(0, 1).split(PASS)])
        clean = (log + mask.reshape(log.shape)).exp().transpose(1, 2)         # (B, F, T)
        return self.spectral.inverse(x / magnitude.clamp_min(1e-8) * clean, noisy.shape[-1]).reshape(noisy.shape)

    def mask(self, seen: torch.Tensor) -> torch.Tensor:
        """What to add to the log magnitude of the middle frame: (B, W, F) → (B, F)."""
        device = seen.device.type
        with bf16(device, self.bf16 or torch.is_autocast_enabled(device)):
            y = self.blocks(seen[:, None].contiguous(memory_format=torch.channels_last))
            return self.head(F.relu(self.reduce(y)).flatten(1)).float()

    def seen(self, windows: torch.Tensor) -> torch.Tensor:
        """Log magnitudes (B, W, F) of windows (B, 5840) that hold 35 whole frames."""
        frames = windows.float().unfold(-1, N_FFT, HOP) * self.spectral.values  # (B, W, N_FFT)
        return log_magnitude(torch.fft.rfft(frames).abs().transpose(1, 2))


class Block(nn.Module):
    """Two convolutions beside a path that lets the input through: (B, before, W, F) → (B, after, W/s, F/s)."""

    def __init__(self, before: int, after: int, kernel: int, stride: int):
        super().__init__()
        self.first, self.second = (
            nn.Sequential(nn.Conv2d(maps, after, kernel, step, kernel // 2, bias=False), nn.BatchNorm2d(after))
            for maps, step in ((before, stride), (after, 1))
        )
        through = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
        self.through = nn.Identity() if before == after and stride == 1 else through

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        past = self.through(x)
        y = F.relu(cropped(self.first(x), past))
        return F.relu(cropped(self.second(y), past) + past)


def cropped(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """As many frames and bins as ``like`` has: an even kernel between zeros on both sides makes one too many."""
    return x[..., : like.shape[-2], : like.shape[-1]]


def halved(length: int) -> int:
    """What all strides leave of a length."""
    for _, _, stride in PLAN:
        length = -(-length // stride)
    return length


def log_magnitude(magnitude: torch.Tensor) -> torch.Tensor:
    """Natural logarithm of magnitudes, not below the floor, frames first: (B, F, T) → (B, T, F)."""
    return magnitude.clamp_min(FLOOR).log().transpose(1, 2)
