"""Denoising diffusion conditioned on the noisy signal: schedule, training loss, sampler.

Source: Ho et al. 2020 (DDPM), eqs. (4), (7), (11); cosine schedule of Nichol & Dhariwal 2021, eq. (17);
continuous noise levels of Chen et al. 2021 (WaveGrad); the constants are SDEMG's. Glossary:
    T steps   β_t noise added at step t   ᾱ_t product of 1 - β up to t   B batch   n samples
    level = sqrt(ᾱ), from 0 (all noise) to 1 (clean)   x_0 clean   x_t = level·x_0 + sqrt(1 - level²)·ε
    ε the noise the network predicts
"""

from collections.abc import Callable, Sequence
from math import sqrt

import numpy as np
import torch
from torch.nn import functional as F

from biosig.errors import ConfigError
from biosig.seeds import seed_for

Network = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def cosine_betas(steps: int = 50, s: float = 0.008, largest: float = 0.999) -> np.ndarray:
    """β_1 … β_T of the cosine schedule, shape (T,)."""
    t = np.arange(steps + 1) / steps
    signal_power = np.cos((t + s) / (1 + s) * np.pi / 2) ** 2
    return np.clip(1 - signal_power[1:] / signal_power[:-1], 0, largest)


class Diffusion:
    """The process for a given number of steps; holds no parameters. Arrays are float64, index t = 0 … T."""

    def __init__(self, steps: int = 50):
        if steps < 1:
            raise ConfigError(f"steps is {steps}: expected at least one diffusion step.")
        self.steps = steps
        self.beta = np.concatenate([[0.0], cosine_betas(steps)])  # β_0 = 0: nothing has been added yet
        self.abar = np.cumprod(1 - self.beta)                     # ᾱ_0 = 1
        self.level = np.sqrt(self.abar)

    def q_sample(self, x_0: torch.Tensor, level: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """x_t at the given levels: x_0 and noise (B, …), level (B,). DDPM eq. (4)."""
        level = level.reshape(-1, *[1] * (x_0.ndim - 1))
        return level * x_0 + torch.sqrt(1 - level**2) * noise

    def draw_levels(self, batch: int, generator: torch.Generator) -> torch.Tensor:
        """Levels for training, (B,): a step t in 1 … T each, then uniform between levels t - 1 and t."""
        t = torch.randint(1, self.steps + 1, (batch,), generator=generator)
        level = torch.as_tensor(self.level, dtype=torch.float32)
        position = torch.rand(batch, generator=generator)
        return level[t] + position * (level[t - 1] - level[t])

    def loss(
        self, network: Network, noisy: torch.Tensor, clean: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        """MSE of the predicted noise, a scalar; all draws come from ``generator`` (on the CPU)."""
        level = self.draw_levels(len(clean), generator).to(clean.device)          # (B,)
        noise = torch.randn(clean.shape, generator=generator).to(clean.device)    # as clean
        x_t = self.q_sample(clean, level, noise)
        return F.mse_loss(network(x_t, noisy, level), noise)

    @torch.no_grad()
    def sample(
        self,
        network: Network,
        noisy: torch.Tensor,
        seeds: Sequence[object],
        progress: Callable[[int, int], None] | None = None,
    ) -> torch.Tensor:
        """Draw a clean signal for every noisy one, in all T steps from N(0, 1).

        Args:
            network: predicts ε from (x_t, noisy, level).
            noisy: (B, …), scaled so that the clean signal lies within ±1: x_0 is clamped there at each step.
            seeds: B item names or numbers. Every item draws from its own generator, so that what else
                is in the batch does not change its sample.
            progress: called as progress(steps done, T).
        """
        if len(seeds) != len(noisy):
            raise ConfigError(f"{len(seeds)} seeds for {len(noisy)} signals: expected one for each.")
        generators = [torch.Generator().manual_seed(seed_for("diffusion", seed)) for seed in seeds]
        x = draw_like(noisy, generators)
        for t in range(self.steps, 0, -1):
            x = self.step(network, x, noisy, t, generators)
            if progress:
                progress(self.steps - t + 1, self.steps)
        return x

    def step(
        self,
        network: Network,
        x: torch.Tensor,
        noisy: torch.Tensor,
        t: int,
        generators: list[torch.Generator],
    ) -> torch.Tensor:
        """x_{t-1} from x_t: ancestral sampling, DDPM eqs. (6) and (7) with x_0 clamped to ±1."""
        beta, abar, before = map(float, (self.beta[t], self.abar[t], self.abar[t - 1]))
        level = torch.full((len(x),), sqrt(abar), dtype=x.dtype, device=x.device)
        noise = network(x, noisy, level)
        x_0 = ((x - sqrt(1 - abar) * noise) / sqrt(abar)).clamp(-1, 1)
        mean = (sqrt(before) * beta * x_0 + sqrt(1 - beta) * (1 - before) * x) / (1 - abar)
        if t == 1:
            return mean
        return mean + sqrt(beta * (1 - before) / (1 - abar)) * draw_like(x, generators)


def draw_like(x: torch.Tensor, generators: list[torch.Generator]) -> torch.Tensor:
    """N(0, 1) of x's shape (B, …), row b from generator b; drawn on the CPU, so alike on every device."""
    rows = [torch.randn(x.shape[1:], generator=generator) for generator in generators]
    return torch.stack(rows).to(device=x.device, dtype=x.dtype)
