"""The diffusion process against closed forms, and with a network that knows the answer."""

import math

import numpy as np
import pytest
import torch

from biosig.errors import ConfigError
from biosig.models.diffusion import Diffusion, cosine_betas


def silent(x, noisy, level):
    """A network that predicts no noise."""
    return torch.zeros_like(x)


def leaky(x, noisy, level):
    """A network whose prediction depends on all it is given."""
    return 0.5 * x + noisy * level[:, None]


def test_the_schedule_follows_nichol_and_dhariwal():
    def f(t):
        return math.cos((t / 50 + 0.008) / 1.008 * math.pi / 2) ** 2

    process = Diffusion()
    assert process.beta.shape == process.abar.shape == (51,)
    np.testing.assert_allclose(process.abar[:50], [f(t) / f(0) for t in range(50)], rtol=1e-12)
    assert process.beta[50] == 0.999  # clipped: the cosine itself is 0 at the end
    assert process.abar[50] == pytest.approx(process.abar[49] * 0.001)


@pytest.mark.parametrize("steps", [1, 7, 50, 1000])
def test_the_schedule_falls_from_signal_to_noise(steps):
    process = Diffusion(steps)
    assert process.abar[0] == 1 and process.abar[-1] > 0
    assert np.all(np.diff(process.abar) < 0)
    assert np.all((cosine_betas(steps) > 0) & (cosine_betas(steps) <= 0.999))
    np.testing.assert_allclose(process.level**2, process.abar)


def test_no_steps_is_refused():
    with pytest.raises(ConfigError, match="steps is 0"):
        Diffusion(0)


def test_q_sample_keeps_unit_variance():
    generator = torch.Generator().manual_seed(0)
    x_0, noise = (torch.randn(3, 20_000, generator=generator) for _ in range(2))
    level = torch.tensor([0.0, 0.6, 1.0])
    x_t = Diffusion().q_sample(x_0, level, noise)
    torch.testing.assert_close(x_t.var(-1), torch.ones(3), atol=0.05, rtol=0)
    assert torch.equal(x_t[0], noise[0]) and torch.equal(x_t[2], x_0[2])
    torch.testing.assert_close(x_t[1], 0.6 * x_0[1] + 0.8 * noise[1])


def test_training_levels_are_uniform_between_neighbouring_steps():
    process = Diffusion(4)
    drawn = process.draw_levels(40_000, torch.Generator().manual_seed(0)).numpy()
    assert drawn.min() >= process.level[4] - 1e-6 and drawn.max() <= 1
    counts, _ = np.histogram(drawn, bins=process.level[::-1])
    assert np.all(np.abs(counts / 40_000 - 0.25) < 0.01)  # every step as often …
    for high, low in zip(process.level[:-1], process.level[1:], strict=True):
        inside = drawn[(drawn > low) & (drawn < high)]
        assert inside.mean() == pytest.approx((low + high) / 2, abs=0.02 * (high - low))  # … and centred in it


def test_the_loss_of_a_silent_network_is_the_noise_power():
    clean = torch.zeros(8, 2000)
    loss = Diffusion().loss(silent, clean, clean, torch.Generator().manual_seed(0))
    assert loss.item() == pytest.approx(1, abs=0.03)


def test_the_loss_is_zero_for_a_network_that_knows():
    clean = torch.full((4, 100), 0.3)

    def oracle(x_t, noisy, level):
        level = level[:, None]
        return (x_t - level * noisy) / torch.sqrt(1 - level**2)

    assert Diffusion().loss(oracle, clean, clean, torch.Generator().manual_seed(0)).item() < 1e-6


def test_the_loss_depends_on_the_generator_alone():
    clean = torch.randn(2, 50)
    first, again, other = (
        Diffusion().loss(leaky, clean, clean, torch.Generator().manual_seed(seed)).item() for seed in (1, 1, 2)
    )
    assert first == again != other


def test_the_sampler_finds_the_clean_signal_with_an_oracle():
    clean = torch.rand(2, 200, generator=torch.Generator().manual_seed(0)) * 1.8 - 0.9

    def oracle(x_t, noisy, level):
        level = level[:, None]
        return (x_t - level * clean) / torch.sqrt(1 - level**2)

    sample = Diffusion().sample(oracle, torch.zeros(2, 200), seeds=["a", "b"])
    torch.testing.assert_close(sample, clean, atol=1e-5, rtol=0)


def test_the_sampler_turns_gaussian_noise_into_its_target_distribution():
    """With the exact score of N(0, s²) the samples must have that variance; s is small, so the clamp is idle."""
    s = 0.2

    def exact(x_t, noisy, level):
        power = level[:, None] ** 2
        return torch.sqrt(1 - power) * x_t / (power * s**2 + 1 - power)

    sample = Diffusion(200).sample(exact, torch.zeros(2, 20_000), seeds=[0, 1])
    torch.testing.assert_close(sample.std(-1), torch.full((2,), s), rtol=0.1, atol=0)
    assert sample.mean().abs() < 0.01


def test_clean_estimates_are_clamped():
    sample = Diffusion().sample(silent, torch.zeros(1, 500), seeds=[0])
    assert sample.abs().max() <= 1


def test_a_sample_does_not_depend_on_its_batch():
    noisy = torch.randn(3, 60, generator=torch.Generator().manual_seed(0))
    together = Diffusion().sample(leaky, noisy, seeds=["a", "b", "c"])
    backwards = Diffusion().sample(leaky, noisy.flip(0), seeds=["c", "b", "a"]).flip(0)
    alone = Diffusion().sample(leaky, noisy[1:2], seeds=["b"])
    assert torch.equal(together, backwards) and torch.equal(together[1:2], alone)
    other = Diffusion().sample(leaky, noisy[1:2], seeds=["d"])
    assert not torch.allclose(other, alone)


def test_the_sampler_wants_a_seed_for_each_signal():
    with pytest.raises(ConfigError, match="1 seeds for 2 signals"):
        Diffusion().sample(silent, torch.zeros(2, 10), seeds=["a"])


def test_progress_counts_every_step():
    seen = []
    Diffusion(3).sample(silent, torch.zeros(1, 10), [0], progress=lambda done, steps: seen.append((done, steps)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
