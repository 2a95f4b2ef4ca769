"""The OUVE process against its differential equations, a simulation, and scores that are known exactly."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from biosig.errors import ConfigError
from biosig.models.ouve import OUVE

PROCESS = OUVE()


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_mean_and_variance_solve_the_moments_equations():
    """dμ/dt = γ(y - μ) and dv/dt = -2γv + g², from (x_0, 0): what Itô's rule gives, integrated by another hand."""
    x_0, y = 0.7, -0.4
    at = np.linspace(0, 1, 11)

    def slopes(t, moments):
        g = 0.05 * (0.5 / 0.05) ** t * math.sqrt(2 * math.log(0.5 / 0.05))
        return [1.5 * (y - moments[0]), -2 * 1.5 * moments[1] + g**2]

    mean, variance = solve_ivp(slopes, (0, 1), [x_0, 0.0], t_eval=at, rtol=1e-10, atol=1e-12).y
    t = torch.tensor(at)
    found = PROCESS.mean(torch.full((11, 1), x_0, dtype=t.dtype), torch.full((11, 1), y, dtype=t.dtype), t)
    np.testing.assert_allclose(found[:, 0], mean, rtol=1e-7)
    np.testing.assert_allclose(PROCESS.deviation(t) ** 2, variance, rtol=1e-6, atol=1e-10)
    g = np.array([0.05 * 10**s * math.sqrt(2 * math.log(10)) for s in at])
    np.testing.assert_allclose(PROCESS.diffusion(t), g, rtol=1e-10)


def test_a_simulation_of_the_equation_has_the_closed_form_moments():
    paths, steps, end = 20_000, 300, 0.6
    x_0, y, dt = 0.5 + 0.2j, -0.3j, 0.6 / 300
    x = torch.full((paths,), x_0, dtype=torch.complex64)
    draws = generator()
    for k in range(steps):
        g = PROCESS.diffusion(torch.tensor((k + 0.5) * dt))
        noise = torch.randn(paths, generator=draws, dtype=torch.complex64)
        x = x + 1.5 * (y - x) * dt + g * math.sqrt(dt) * noise
    t = torch.full((1,), end)
    mean = PROCESS.mean(torch.full((1, 1), x_0), torch.full((1, 1), y), t)[0, 0]
    deviation = float(PROCESS.deviation(t))
    assert abs(x.mean() - mean) < 5 * deviation / math.sqrt(paths) + 2e-3
    assert float((x - x.mean()).abs().square().mean().sqrt()) == pytest.approx(deviation, rel=0.02)


def test_the_loss_of_no_score_is_the_noise_and_that_of_the_true_score_is_nothing():
    x_0 = torch.randn(16, 40, 50, generator=generator(), dtype=torch.complex64)
    y = x_0 + 0.5
    silent = PROCESS.loss(lambda x, y, t: torch.zeros_like(x), x_0, y, generator(1))
    assert silent.item() == pytest.approx(1, abs=0.03)

    def true(x, y, t):
        return (PROCESS.mean(x_0, y, t) - x) / PROCESS.deviation(t)[:, None, None] ** 2

    assert PROCESS.loss(true, x_0, y, generator(1)).item() < 1e-6


def test_the_loss_depends_on_the_generator_alone():
    x_0 = torch.randn(4, 30, generator=generator(), dtype=torch.complex64)
    first, again, other = (PROCESS.loss(lambda x, y, t: -x, x_0, x_0, generator(s)).item() for s in (3, 3, 4))
    assert first == again != other


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
def test_with_the_true_score_the_sampler_draws_from_the_true_distribution(dtype):
    """x_0 ~ N(0, s²) and y = 0: at every time x_t is Gaussian, and its score is -x over its variance."""
    s = 0.3

    def exact(x, y, t):
        variance = torch.exp(-2 * 1.5 * t) * s**2 + PROCESS.deviation(t) ** 2
        return -x / variance[:, None]

    y = torch.zeros(2, 20_000, dtype=dtype)
    found = PROCESS.sample(exact, y, ["a", "b"], steps=100, corrections=0)
    wanted = math.sqrt(math.exp(-2 * 1.5 * 0.03) * s**2 + float(PROCESS.deviation(torch.tensor(0.03))) ** 2)
    assert found.abs().square().mean().sqrt().item() == pytest.approx(wanted, rel=0.04)
    assert found.mean().abs() < 0.01


@pytest.mark.parametrize("corrections", [0, 1])
def test_with_the_true_score_of_one_clean_signal_the_sampler_finds_it(corrections):
    x_0 = torch.randn(1, 400, generator=generator(), dtype=torch.complex64)
    y = x_0 + 0.5 * torch.randn(1, 400, generator=generator(1), dtype=torch.complex64)

    def true(x, y, t):
        return (PROCESS.mean(x_0, y, t) - x) / PROCESS.deviation(t)[:, None] ** 2

    found = PROCESS.sample(true, y, ["a"], 60, corrections)
    left = PROCESS.mean(x_0, y, torch.full((1,), 0.03))  # sampling ends a little before 0
    assert (found - left).abs().square().mean().sqrt() < 0.05 < (y - x_0).abs().square().mean().sqrt() / 5


def test_the_corrector_settles_where_its_step_says():
    """x ← (1 - ε/σ²)x + √(2ε)z has the variance 2ε / (1 - (1 - ε/σ²)²): above σ², the more so the longer the step."""
    t, r = torch.full((1,), 0.5), 0.3
    sigma = float(PROCESS.deviation(t))
    draws = [generator()]
    x = torch.zeros(1, 20_000, dtype=torch.complex64)
    for _ in range(60):
        x = PROCESS.correct(lambda x, y, t: -x / sigma**2, x, None, t, r, draws)
    size = 2 * r**2
    wanted = sigma**2 * 2 * size / (1 - (1 - size) ** 2)
    assert x.abs().square().mean().item() == pytest.approx(wanted, rel=0.03)


def test_a_sample_does_not_depend_on_its_batch_and_follows_from_its_seed():
    y = torch.randn(3, 50, generator=generator(), dtype=torch.complex64)

    def leaky(x, y, t):
        return y - x * t[:, None]

    together = PROCESS.sample(leaky, y, ["a", "b", "c"], 4)
    alone = PROCESS.sample(leaky, y[1:2], ["b"], 4)
    torch.testing.assert_close(together[1:2], alone)
    assert not torch.allclose(PROCESS.sample(leaky, y[1:2], ["d"], 4), alone)


def test_progress_counts_every_step():
    seen = []
    y = torch.zeros(1, 3)
    PROCESS.sample(lambda x, y, t: -x, y, [0], 3, progress=lambda done, steps: seen.append((done, steps)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_what_cannot_be_is_refused():
    with pytest.raises(ConfigError, match="expected γ > 0"):
        OUVE(sigma_min=0.5, sigma_max=0.05)
    for seeds, steps in ((["a", "b"], 3), (["a"], 0)):
        with pytest.raises(ConfigError, match="a seed for each"):
            PROCESS.sample(lambda x, y, t: x, torch.zeros(1, 4), seeds, steps)
