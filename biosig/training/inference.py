"""A trained network as a system: noisy float64 signals (..., n) and their rate in, clean ones out."""

import hashlib
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from biosig.checks import as_signal, check_rate
from biosig.errors import ConfigError, SignalError
from biosig.models.diffusion import Diffusion
from biosig.signal.blocks import OVERLAP_S, WINDOW_S, fade
from biosig.training.memory import enough_memory
from biosig.training.scaling import scale_of

SHORTEST_S = 0.1
KINDS = ("regression", "diffusion")


class Denoiser:
    """Calls a network as ``denoiser(noisy, fs)``: scales, cuts into windows, cross-fades, scales back.

    Up to 10 s, or what ``window_s`` says, go through in one pass. Longer signals go through in windows of that length
    that overlap by at least 1 s and are cross-faded, each window with its own scale, so what a pass needs does not
    grow with the length.

    Args:
        network: maps (B, n) → (B, n), or predicts diffusion noise where ``kind`` is "diffusion".
        scaling: "none" or "emg_rms", as in training, see :mod:`biosig.training.scaling`.
        factor: of the scale, as in training.
        fs: the rate in Hz the network was trained at.
        device: to run on.
        kind: "regression" (one pass), or "diffusion" (the 50-step sampler).
        batch: windows per pass; by default 1 on a CPU, where more is not faster, and 16 elsewhere.
        seed: of the diffusion sampler, which draws from (seed, what the window holds): neither the order of
            the windows nor what else is in the call changes one.
        progress: for diffusion, called as progress(steps done, steps) in every batch.
        window_s: the longest that goes through in one pass, s: shorter for a network whose attention needs
            memory with the square of the length.

    Raises:
        ConfigError: an unknown scaling or kind, or a window that is no longer than two overlaps.
    """

    def __init__(
        self,
        network: nn.Module,
        scaling: str = "none",
        factor: float = 1.0,
        fs: float = 1000,
        device: str | torch.device = "cpu",
        kind: str = "regression",
        batch: int | None = None,
        seed: int = 0,
        progress: Callable[[int, int], None] | None = None,
        window_s: float = WINDOW_S,
    ):
        if not window_s > 2 * OVERLAP_S:
            raise ConfigError(f"window_s is {window_s!r}: expected more than {2 * OVERLAP_S:g}.")
        if kind not in KINDS:
            raise ConfigError(f"kind is {kind!r}: expected one of {', '.join(KINDS)}.")
        scale_of(np.ones(1000), 1000, scaling, factor)  # an unknown scaling is refused now
        self.device = torch.device(device)
        self.network = network.to(self.device).eval()
        self.scaling, self.factor, self.fs, self.kind = scaling, factor, check_rate(fs), kind
        self.batch = batch or (1 if self.device.type == "cpu" else 16)
        self.seed, self.progress, self.window_s = seed, progress, window_s

    def __call__(self, noisy: np.ndarray, fs: float = 1000) -> np.ndarray:
        """Denoise signals of shape (..., n) → the same shape, float64, in the same units.

        Raises:
            SignalError: another rate than the network's, samples that are not finite, or less than 0.1 s.
        """
        noisy = as_signal(noisy, "noisy")
        check_rate(fs, self.fs)
        self._long_enough(noisy.shape[-1])
        rows = noisy.reshape(-1, noisy.shape[-1])
        starts, size = windows(rows.shape[-1], self.fs, self.window_s)
        fade = cross_fade(rows.shape[-1], starts, size, self.fs)
        out = np.zeros_like(rows)
        jobs = [(row, at) for row in range(len(rows)) for at in starts]
        for first in range(0, len(jobs), self.batch):
            part = jobs[first : first + self.batch]
            clean = self._one_pass(np.stack([rows[row, at : at + size] for row, at in part]))
            for (row, at), window in zip(part, clean, strict=True):
                out[row, at : at + size] += window * fade[at]
        return out.reshape(noisy.shape)

    def _long_enough(self, n: int) -> None:
        need = round(SHORTEST_S * self.fs)
        if n < need:
            raise SignalError(f"noisy has {n} samples: expected at least {need} ({SHORTEST_S:g} s).")

    def _one_pass(self, noisy: np.ndarray) -> np.ndarray:
        """One batch of equally long windows through the network, (B, n) → (B, n)."""
        scale = scale_of(noisy, self.fs, self.scaling, self.factor)
        scaled = noisy / np.where(scale > 0, scale, 1)  # silence has scale 0: it comes back as silence
        x = torch.as_tensor(scaled, dtype=torch.float32, device=self.device)
        with enough_memory(f"{len(x)} × {x.shape[-1] / self.fs:g} s at once", "a shorter window_s or a smaller batch"):
            return scale * self._network(x, noisy).cpu().numpy().astype(np.float64)

    @torch.no_grad()
    def _network(self, x: torch.Tensor, noisy: np.ndarray) -> torch.Tensor:
        if self.kind == "regression":
            return self.network(x)
        seeds = [f"{self.seed}/{hashlib.sha256(row.tobytes()).hexdigest()}" for row in noisy]
        return Diffusion().sample(self.network, x, seeds, self.progress)


def windows(n: int, fs: float, window_s: float = WINDOW_S) -> tuple[list[int], int]:
    """First samples of the windows that cover n samples, and their common length; the last one ends at n."""
    size = round(window_s * fs)
    if n <= size:
        return [0], n
    hop = size - round(OVERLAP_S * fs)
    return [*range(0, n - size, hop), n - size], size


def cross_fade(n: int, starts: list[int], size: int, fs: float) -> dict[int, np.ndarray]:
    """The weight of each window's samples, by its start: ramps of 1 s, weights summing to one everywhere."""
    shape = fade(size, round(OVERLAP_S * fs))
    total = np.zeros(n)
    for at in starts:
        total[at : at + size] += shape
    return {at: shape / total[at : at + size] for at in starts}
