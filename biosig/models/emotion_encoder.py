"""From log-mel spectra to one vector for an utterance, and from that to an emotion: the recogniser inside TRNet.

Source: Chen & Zhang, TRNet, section 3.3 and 4.2, and the authors' code. Glossary:
    B batch   T frames of 10 ms   F 80 mel bins   C maps   D size of the representation h

The paper's text and its authors' code are two networks:

================  ========================================  =================================================
                  PaperEncoder: the text                    CodeEncoder: the code
================  ========================================  =================================================
convolutions      5×5, stride 2, around them a shortcut     5×5, stride 1, then the largest of 2×2
dropout           none                                      0.2 behind each
maps              32, 64, 128, 256                          64, 128, 256, 512
attention         one weight for each frame (ref. 21)       a weight for each frame and each of 256 outputs
h                 256                                       256
================  ========================================  =================================================

The text says "residual connections" and no more. Chosen here: every other frame and bin of the input is added behind
the ReLU, where it cannot be absorbed: a linear shortcut in front of it would be one more weight in the middle of each
5×5 kernel. Batch norm of the input and the classifier, of which the text says nothing, are the code's in both; the
dropout between convolutions is in the code's form alone.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from biosig.errors import ConfigError

BINS = 80
WIDTHS = {"paper": 32, "code": 64}  # form → maps of the first convolution
CLAMP = 10.0  # of the code's attention before the softmax
SLOPE_FRAMES = 2  # on either side of a frame


def deltas(x: Tensor) -> Tensor:
    """The slope over five frames of (B, T, F), with the first and last frame repeated at the ends.

    Δ_t = Σ_n n · (x_{t+n} - x_{t-n}) / (2 · Σ_n n²), n = 1, 2: the regression of HTK and Kaldi.
    """
    padded = torch.cat([x[:, :1]] * SLOPE_FRAMES + [x] + [x[:, -1:]] * SLOPE_FRAMES, dim=1)
    steps = range(1, SLOPE_FRAMES + 1)
    middle, frames = SLOPE_FRAMES, x.shape[1]
    slopes = [n * (padded[:, middle + n :][:, :frames] - padded[:, middle - n :][:, :frames]) for n in steps]
    return sum(slopes) / (2 * sum(n * n for n in steps))


def with_deltas(x: Tensor) -> Tensor:
    """(B, T, F) → (B, 3, T, F): the spectra, their slopes, and the slopes of those."""
    first = deltas(x)
    return torch.stack([x, first, deltas(first)], dim=1)


class Strided(nn.Module):
    """A 5×5 convolution of stride 2, and every other frame and bin of its input added: (B, C, T, F) → (B, C', T', F').

    T' = ⌈T/2⌉ and F' = ⌈F/2⌉. The maps that the input does not have get nothing added (He et al., 2016, option A).
    """

    def __init__(self, channels: int, maps: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, maps, 5, stride=2, padding=2, bias=False)
        self.norm = nn.BatchNorm2d(maps)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm(self.conv(x)))
        return y + F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, y.shape[1] - x.shape[1]))


class Pooled(nn.Module):
    """A 5×5 convolution and the largest of each 2×2: (B, C, T, F) → (B, C', T // 2, F // 2)."""

    def __init__(self, channels: int, maps: int, dropout: float = 0.2):
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.conv = nn.Conv2d(channels, maps, 5, padding=2, bias=False)
        self.norm = nn.BatchNorm2d(maps)
        nn.init.xavier_uniform_(self.conv.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(F.max_pool2d(torch.relu(self.norm(self.conv(x))), 2))


class FrameAttention(nn.Module):
    """(B, C, T) → (B, C): h = Σ_t a_t · y_t with a = softmax_t(u · y_t).

    Source: Mirsamadi, Barsoum, Zhang, ICASSP 2017, eqs. (7) and (8), which is the paper's reference 21.
    """

    def __init__(self, size: int):
        super().__init__()
        self.u = nn.Linear(size, 1, bias=False)

    def forward(self, y: Tensor) -> Tensor:
        weights = torch.softmax(self.u(y.transpose(1, 2)), dim=1)  # (B, T, 1)
        return (y @ weights).squeeze(-1)


class OutputAttention(nn.Module):
    """(B, C, T) → (B, D): h = Σ_t a_t · v_t, a and v linear in the frame, with weights over time for each of the D.

    As the authors' code has it, down to the 2·D parameters of a batch norm that it makes and never calls: without them
    its number of parameters would not come out.
    """

    def __init__(self, channels: int, size: int):
        super().__init__()
        self.attention, self.values = nn.Conv1d(channels, size, 1), nn.Conv1d(channels, size, 1)
        self.never_called = nn.BatchNorm1d(size)
        for conv in (self.attention, self.values):
            nn.init.xavier_uniform_(conv.weight)
            nn.init.zeros_(conv.bias)

    def forward(self, y: Tensor) -> Tensor:
        weights = torch.softmax(self.attention(y).clamp(-CLAMP, CLAMP), dim=-1)
        return (weights * self.values(y)).sum(-1)


class Encoder(nn.Module):
    """Log-mel spectra (B, T, 80) → h (B, ``size``), T ≥ 16.

    Args:
        form: "paper" or "code", see above.
        width: maps of the first convolution; each further one has twice as many. None: the form's own.

    Raises:
        ConfigError: another form.
    """

    def __init__(self, form: str = "paper", width: int | None = None):
        super().__init__()
        if form not in WIDTHS:
            raise ConfigError(f"the encoder has no form {form!r}: expected one of {', '.join(WIDTHS)}.")
        maps = [(width or WIDTHS[form]) * 2**k for k in range(4)]
        self.norm = nn.BatchNorm1d(BINS)  # over the 80 bins, spectra and slopes together
        pairs = zip([3, *maps], maps, strict=False)
        self.layers = nn.Sequential(*(Strided(a, b) if form == "paper" else Pooled(a, b) for a, b in pairs))
        self.size = maps[-1] if form == "paper" else maps[-1] // 2
        self.pool = FrameAttention(self.size) if form == "paper" else OutputAttention(maps[-1], self.size)

    def forward(self, x: Tensor) -> Tensor:
        x = with_deltas(x)
        x = self.norm(x.reshape(-1, BINS)).view(x.shape)
        return self.pool(self.layers(x).mean(dim=3))  # over frequency, then over time


class Classifier(nn.Sequential):
    """h (B, D) → logits (B, classes): D - D/2, batch norm, ReLU, dropout, D/2 - classes."""

    def __init__(self, size: int, classes: int, dropout: float = 0.3):
        half = size // 2
        super().__init__(
            nn.Linear(size, half), nn.BatchNorm1d(half), nn.ReLU(), nn.Dropout(dropout), nn.Linear(half, classes)
        )
