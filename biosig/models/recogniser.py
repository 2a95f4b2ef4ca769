"""PhoneRecogniser: log-mel frames to phones by dilated convolutions, small enough for a few minutes of speech.

Glossary: B batch   n samples   T frames of 20 ms   K classes, 0 being CTC's blank   M mel bands   H channels
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

N_FFT, HOP, WINDOW = 512, 160, 400  # 25 ms frames every 10 ms at 16 kHz
LEAST_HZ, FLOOR = 20.0, 1e-6
DILATIONS = (1, 2, 4, 8)


class LogMel(nn.Module):
    """(B, n) → (B, M, 1 + n // 160), each band of each utterance at mean 0 and deviation 1; zeros after its end.

    The norm makes it blind to level and to the tilt of a microphone. It needs the whole utterance.
    """

    def __init__(self, bands: int = 40, fs: float = 16000.0):
        super().__init__()
        self.register_buffer("bank", torch.from_numpy(mel_bank(bands, fs)), persistent=False)
        self.register_buffer("window", torch.hann_window(WINDOW), persistent=False)

    def forward(self, signals: Tensor, lengths: Tensor) -> Tensor:
        spectra = torch.stft(
            signals, N_FFT, HOP, WINDOW, self.window, center=True, pad_mode="constant", return_complex=True
        )
        power = spectra.real.square() + spectra.imag.square()
        x = torch.log(self.bank @ power + FLOOR)
        inside = (torch.arange(x.shape[-1], device=x.device) < 1 + lengths[:, None] // HOP)[:, None]
        count = inside.sum(-1, keepdim=True)
        x = (x - (x * inside).sum(-1, keepdim=True) / count) * inside
        return x / ((x.square().sum(-1, keepdim=True) / count).sqrt() + 1e-3)


class Block(nn.Module):
    """A dilated convolution beside a straight path, (B, H, T) → (B, H, T)."""

    def __init__(self, channels: int, dilation: int, dropout: float):
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.norm = nn.BatchNorm1d(channels)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.drop(F.relu(self.norm(self.conv(x))))


class PhoneRecogniser(nn.Module):
    """signals (B, n), lengths (B,) → log probabilities (B, T, K) and frames (B,) of each, one every 20 ms.

    Args:
        classes: K, the blank among them.
        channels: H.
        blocks: convolutions; their dilations are 1, 2, 4, 8, 1, 2, …
        dropout: of each.
    """

    def __init__(self, classes: int, channels: int = 128, blocks: int = 6, dropout: float = 0.15):
        super().__init__()
        self.features = LogMel()
        self.enter = nn.Conv1d(len(self.features.bank), channels, 5, stride=2, padding=2)
        self.body = nn.Sequential(*(Block(channels, DILATIONS[k % 4], dropout) for k in range(blocks)))
        self.leave = nn.Conv1d(channels, classes, 1)

    def forward(self, signals: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        x = self.body(F.relu(self.enter(self.features(signals, lengths))))
        return self.leave(x).transpose(1, 2).log_softmax(-1), 1 + lengths // HOP // 2


class Chain(nn.Module):
    """An enhancer, or none, and a recogniser behind it: signals, lengths → estimates (B, n), log probabilities, frames.

    Args:
        enhancer: (B, n) → (B, n); None passes signals on.
        recogniser: behind it.
        frozen: the enhancer stays as it is. It is always in eval mode, so that padding moves none of its averages.
        slower: the enhancer's learning rate, relative to the recogniser's.
    """

    def __init__(
        self, enhancer: nn.Module | None, recogniser: nn.Module, frozen: bool = False, slower: float = 1.0
    ):
        super().__init__()
        self.enhancer, self.recogniser, self.slower = enhancer, recogniser, slower
        if enhancer is not None:
            enhancer.requires_grad_(not frozen)

    def parameter_groups(self, lr: float) -> list[dict]:
        """What an optimiser learns, and at which rates."""
        groups = [{"params": list(self.recogniser.parameters()), "lr": lr}]
        if self.enhancer is not None:
            groups.append({"params": list(self.enhancer.parameters()), "lr": lr * self.slower})
        return groups

    def train(self, mode: bool = True) -> "Chain":
        super().train(mode)
        if self.enhancer is not None:
            self.enhancer.eval()
        return self

    def forward(self, signals: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        estimates = signals if self.enhancer is None else self.enhancer(signals)
        return estimates, *self.recogniser(estimates, lengths)


def collapsed(path: Sequence[int], blank: int = 0) -> list[int]:
    """What a path of classes spells: repeats are one, then blanks are nothing.

    Example:
        >>> collapsed([0, 3, 3, 0, 3, 5, 5])
        [3, 3, 5]
    """
    path = list(path)
    return [now for before, now in zip([blank, *path], path, strict=False) if now not in (blank, before)]


def mel_bank(bands: int, fs: float) -> np.ndarray:
    """Triangles evenly spaced in mel from 20 Hz to fs / 2, float32 (bands, F), each with the peak 1.

    Source: mel(f) = 2595·log10(1 + f/700), O'Shaughnessy, Speech Communication, 1987.
    """
    ends = 2595 * np.log10(1 + np.array([LEAST_HZ, fs / 2]) / 700)
    edges = 700 * (10 ** (np.linspace(*ends, bands + 2) / 2595) - 1)
    hz = np.fft.rfftfreq(N_FFT, 1 / fs)
    up = (hz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    down = (edges[2:, None] - hz) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(up, down)).astype(np.float32)
