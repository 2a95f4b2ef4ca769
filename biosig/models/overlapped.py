"""What networks that work frame by frame have in common: a whole signal at once, or one hop at a time, to the same.

A frame of two hops is seen every hop, so a hop that has just arrived ends the frame, and the hop before it is done.
That is all the delay there is: one frame. Glossary:
    B batch   n samples   T frames   L samples in a frame   H = L/2 in a hop   M samples before a frame   F bins
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from biosig.errors import ConfigError, SignalError
from biosig.models.shapes import with_channel

WINDOWS = ("sqrt_hann", "vorbis")
Tensors = tuple[torch.Tensor, ...]


class Overlapped(nn.Module):
    """A network that turns frames into spectra, with a memory: its whole-signal form and its step are one computation.

    A subclass says what it remembers (:meth:`memory`) and what it makes of frames (:meth:`advance`).

    Args:
        frame: L, even.
        history: M, samples of the past that are handed over in front of each frame.
        window: "sqrt_hann", or "vorbis" (Valin 2018); the squares of two neighbours sum to 1.

    Raises:
        ConfigError: an odd frame or an unknown window.
    """

    def __init__(self, frame: int = 320, history: int = 0, window: str = "sqrt_hann"):
        super().__init__()
        if frame < 2 or frame % 2 or window not in WINDOWS:
            raise ConfigError(f"frame {frame}, window {window!r}: expected an even frame and one of {WINDOWS}.")
        self.frame, self.hop, self.history = frame, frame // 2, history
        sine = torch.sin(math.pi * torch.arange(frame, dtype=torch.float64) / frame)
        values = sine if window == "sqrt_hann" else torch.sin(math.pi / 2 * sine.square())
        self.register_buffer("window", values.float(), persistent=False)

    def memory(self, rows: int) -> Tensors:
        """What the network remembers before anything was heard: tensors whose first axis is B."""
        raise NotImplementedError

    def advance(self, seen: torch.Tensor, memory: Tensors) -> tuple[torch.Tensor, Tensors]:
        """Frames with what lies before them (B, T, M + L) → clean spectra (B, T, F), and the memory after them."""
        raise NotImplementedError

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        """noisy (B, n) or (B, 1, n) → the clean signal in the same shape, any n ≥ 1."""
        seen = self.seen(noisy)
        frames = self.synthesis(self.advance(seen, self.memory(len(seen)))[0])         # (B, T, L)
        hops = frames[:, :-1, self.hop :] + frames[:, 1:, : self.hop]                  # (B, T - 1, H)
        return hops.flatten(1)[:, : noisy.shape[-1]].reshape(noisy.shape)

    def seen(self, noisy: torch.Tensor) -> torch.Tensor:
        """Every frame with its history, zeros before the beginning and after the end: (B, n) → (B, T, M + L)."""
        x = with_channel(noisy)[:, 0].float()
        x = F.pad(x, (self.history + self.hop, -x.shape[-1] % self.hop + self.hop))
        return x.unfold(-1, self.history + self.frame, self.hop)

    def analysis(self, seen: torch.Tensor) -> torch.Tensor:
        """Spectra of the frames alone: (B, T, M + L) → complex (B, T, F)."""
        return torch.fft.rfft(seen[..., self.history :] * self.window)

    def synthesis(self, spectra: torch.Tensor) -> torch.Tensor:
        """Windowed frames, ready to be added up: complex (B, T, F) → (B, T, L)."""
        return torch.fft.irfft(spectra, self.frame) * self.window

    def start(self, rows: int = 1) -> Tensors:
        """The state before the first hop: the last M + H samples heard, half a frame to add to, and the memory."""
        like = self.window.new_zeros
        return like(rows, self.history + self.hop), like(rows, self.hop), *self.memory(rows)

    def step(self, new: torch.Tensor, state: Tensors) -> tuple[torch.Tensor, Tensors]:
        """One hop in, one hop out, a hop late: (B, H) and a state → (B, H) and the next state.

        The outputs, put together and without the first, are what :meth:`forward` gives for the whole.

        Raises:
            SignalError: another number of samples than a hop.
        """
        if new.shape[-1] != self.hop:
            raise SignalError(f"a step takes one hop of {self.hop} samples: found {new.shape[-1]}.")
        past, half, *memory = state
        seen = torch.cat([past, new], -1)
        spectra, after = self.advance(seen[:, None], tuple(memory))
        frame = self.synthesis(spectra)[:, 0]
        return half + frame[:, : self.hop], (seen[:, self.hop :], frame[:, self.hop :], *after)
