"""Objectives against numpy."""

import numpy as np
import pytest
import torch

from biosig.training.objectives import objective


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(3, 200, generator=generator), torch.randn(3, 200, generator=generator)


def value(name, noisy, clean):
    return objective(name)(lambda x: x, noisy, clean, torch.Generator()).item()


def test_l1_and_l2(pair):
    error = (pair[0] - pair[1]).double().numpy()
    assert value("l1", *pair) == pytest.approx(np.abs(error).mean(), rel=1e-5)
    assert value("l2", *pair) == pytest.approx((error**2).mean(), rel=1e-5)


def test_snr_is_the_mean_over_items_in_db(pair):
    estimate, clean = (signal.double().numpy() for signal in pair)
    snr = 10 * np.log10((clean**2).sum(-1) / ((estimate - clean) ** 2).sum(-1))
    assert value("snr", *pair) == pytest.approx(-snr.mean(), rel=1e-5)


def test_si_sdr_is_the_correlation_in_db_and_blind_to_scale(pair):
    mixed = pair[1] + 0.5 * pair[0]
    estimate, clean = mixed.double().numpy(), pair[1].double().numpy()
    r2 = (estimate * clean).sum(-1) ** 2 / ((estimate**2).sum(-1) * (clean**2).sum(-1))
    expected = -np.mean(10 * np.log10(r2 / (1 - r2)))
    assert value("si", mixed, pair[1]) == pytest.approx(expected, rel=1e-5)
    assert value("si", 7 * mixed, pair[1]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ["snr", "si"])
def test_silence_and_perfection_give_finite_gradients(name, pair):
    for noisy, clean in ((pair[0], torch.zeros(3, 200)), (pair[1], pair[1])):
        estimate = noisy.clone().requires_grad_()
        objective(name)(lambda x: x, estimate, clean, torch.Generator()).backward()
        assert torch.isfinite(estimate.grad).all()
