"""The OUVE process: clean speech drifts towards the noisy recording while Gaussian noise grows; and the way back.

Source: Welker, Richter and Gerkmann, Speech enhancement with score-based generative models in the complex STFT domain,
Interspeech 2022; Richter et al., Speech enhancement and dereverberation with diffusion-based generative models,
IEEE/ACM TASLP 31, 2023 (SGMSE+), sections III and IV, whose numbers the defaults are; the general form from Song et
al., ICLR 2021. OU: Ornstein-Uhlenbeck, the drift; VE: variance exploding, the noise. Glossary:
    B batch   x_0 clean   y noisy   t time, from 0 (clean) to 1   γ of the drift   N steps   r of the corrector
    z complex noise, E|z|² = 1   μ mean and σ² variance of x_t   score: ∇ log p, here (μ - x_t)/σ² for one x_0
    dx = γ(y - x)dt + g(t)dw,   g(t) = σ_min·(σ_max/σ_min)^t·√(2·ln(σ_max/σ_min))
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

import torch

from biosig.errors import ConfigError
from biosig.seeds import seed_for

Score = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]  # (x_t, y, t) → the shape of x_t
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class OUVE:
    """The process and its sampler; no parameters to train. Tensors are real or complex (B, …), times are (B,).

    Attributes:
        gamma: γ.
        sigma_min, sigma_max: of the noise.
        earliest: the smallest time in training, and where sampling ends.

    Raises:
        ConfigError: numbers of which no process can be made.
    """

    gamma: float = 1.5
    sigma_min: float = 0.05
    sigma_max: float = 0.5
    earliest: float = 0.03

    def __post_init__(self):
        if not (self.gamma > 0 and 0 < self.sigma_min < self.sigma_max and 0 < self.earliest < 1):
            raise ConfigError(f"{self}: expected γ > 0, 0 < σ_min < σ_max and 0 < earliest < 1.")

    @property
    def spread(self) -> float:
        """ln(σ_max/σ_min)."""
        return log(self.sigma_max / self.sigma_min)

    def diffusion(self, t: torch.Tensor) -> torch.Tensor:
        """g(t), eq. (6) of Richter et al."""
        return self.sigma_min * torch.exp(self.spread * t) * (2 * self.spread) ** 0.5

    def mean(self, x_0: torch.Tensor, y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """μ = e^(-γt)·x_0 + (1 - e^(-γt))·y, eq. (8)."""
        kept = along(torch.exp(-self.gamma * t), x_0)
        return kept * x_0 + (1 - kept) * y

    def deviation(self, t: torch.Tensor) -> torch.Tensor:
        """σ: its square is σ_min²·((σ_max/σ_min)^2t - e^(-2γt))·ln(σ_max/σ_min) / (γ + ln(σ_max/σ_min)), eq. (9)."""
        grown = torch.exp(2 * self.spread * t) - torch.exp(-2 * self.gamma * t)
        return self.sigma_min * (grown * self.spread / (self.gamma + self.spread)).sqrt()

    def loss(self, score: Score, x_0: torch.Tensor, y: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Denoising score matching, E |σ·score(x_t) + z|²: eq. (14) with each time's term times σ², a scalar.

        All draws come from ``generator`` (on the CPU): times, evenly in [earliest, 1], then noise.
        """
        t = self.earliest + (1 - self.earliest) * torch.rand(len(x_0), generator=generator)
        z = torch.randn(x_0.shape, generator=generator, dtype=x_0.dtype).to(x_0.device)
        t = t.to(x_0.device)
        sigma = along(self.deviation(t), x_0)
        error = sigma * score(self.mean(x_0, y, t) + sigma * z, y, t) + z
        return error.abs().square().mean()

    @torch.no_grad()
    def sample(
        self,
        score: Score,
        y: torch.Tensor,
        seeds: Sequence[object],
        steps: int = 30,
        corrections: int = 1,
        r: float = 0.5,
        progress: Progress | None = None,
    ) -> torch.Tensor:
        """Clean signals for noisy ones, from y + σ(1)·z back to the earliest time.

        Each of the steps corrects by annealed Langevin dynamics, then predicts by Euler-Maruyama on the reverse
        process; the score is asked (1 + corrections)·steps times. The last step adds no noise.

        Args:
            score: of x_t given y and t.
            y: noisy (B, …).
            seeds: B names or numbers; each item draws from its own generator, whatever else is in the batch.
            steps: N.
            corrections: of each step; 0 for the predictor alone.
            r: the corrector's step is 2·(r·σ)².
            progress: called as progress(steps done, N).

        Raises:
            ConfigError: no steps, or another number of seeds than of items.
        """
        if steps < 1 or len(seeds) != len(y):
            raise ConfigError(f"{steps} steps, {len(seeds)} seeds, {len(y)} items: expected ≥ 1, and a seed for each.")
        generators = [torch.Generator().manual_seed(seed_for("ouve", seed)) for seed in seeds]
        times = torch.linspace(1, self.earliest, steps + 1, device=y.device).tolist()  # N steps between N + 1 times
        x = y + along(self.deviation(torch.ones(len(y), device=y.device)), y) * noise_like(y, generators)
        for i, now in enumerate(times[:-1]):
            t = torch.full((len(y),), now, device=y.device)
            for _ in range(corrections):
                x = self.correct(score, x, y, t, r, generators)
            x, mean = self.predict(score, x, y, t, now - times[i + 1], generators)
            if progress:
                progress(i + 1, steps)
        return mean

    def correct(self, score: Score, x, y, t, r: float, generators: list[torch.Generator]) -> torch.Tensor:
        """One step of annealed Langevin dynamics at time t: x + ε·score + √(2ε)·z, ε = 2·(r·σ)²."""
        size = along(2 * (r * self.deviation(t)).square(), x)
        return x + size * score(x, y, t) + (2 * size).sqrt() * noise_like(x, generators)

    def predict(self, score: Score, x, y, t, step: float, generators: list[torch.Generator]):
        """x a step earlier, and the same without its noise: Euler-Maruyama on dx = [γ(y - x) - g²·score]dt + g·dw."""
        g = along(self.diffusion(t), x)
        mean = x - (self.gamma * (y - x) - g.square() * score(x, y, t)) * step
        return mean + g * step**0.5 * noise_like(x, generators), mean


def along(of_items: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """One number for each item (B,), in a shape that multiplies x (B, …)."""
    return of_items.reshape(-1, *[1] * (x.ndim - 1))


def noise_like(x: torch.Tensor, generators: list[torch.Generator]) -> torch.Tensor:
    """N(0, 1) in x's shape and type, complex with E|z|² = 1; row b from generator b, on the CPU: alike everywhere."""
    return torch.stack([torch.randn(x.shape[1:], generator=each, dtype=x.dtype) for each in generators]).to(x.device)
