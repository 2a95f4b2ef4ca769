"""1 - ρc as a loss, against the measure."""

import numpy as np
import pytest
import torch

from biosig.metrics.emotion import ccc
from biosig.training.objectives import objective, one_minus_ccc


@pytest.fixture
def traces():
    generator = torch.Generator().manual_seed(3)
    truth = torch.randn(4, 50, generator=generator).cumsum(1)
    return truth + 0.5 * torch.randn(4, 50, generator=generator) + 0.3, truth


def loss(estimate, truth):
    return objective("ccc")(lambda x: x, estimate, truth, torch.Generator())


def test_it_is_the_measure_of_all_frames_of_all_rows_together(traces):
    estimate, truth = traces
    together = ccc(truth.double().numpy().ravel(), estimate.double().numpy().ravel())
    assert loss(*traces).item() == pytest.approx(1 - together, rel=1e-5)
    rows = np.mean([ccc(t.double().numpy(), e.double().numpy()) for e, t in zip(*traces, strict=True)])
    assert abs(together - rows) > 0.01  # another number, so the test could tell


def test_perfect_and_opposite(traces):
    _, truth = traces
    centred = truth - truth.mean()
    assert loss(truth, truth).item() == pytest.approx(0, abs=1e-5)
    assert loss(-centred, centred).item() == pytest.approx(2, abs=1e-5)
    assert loss(torch.zeros_like(truth), truth).item() == pytest.approx(1, abs=1e-6)


def test_bias_and_scale_cost_though_the_correlation_is_one(traces):
    _, truth = traces
    assert loss(truth + 2, truth).item() > 0.05
    assert loss(3 * truth, truth).item() > 0.05


def test_the_gradient_is_the_slope(traces):
    estimate, truth = (trace.double() for trace in traces)
    estimate.requires_grad_()
    assert torch.autograd.gradcheck(one_minus_ccc, (estimate, truth))


def test_two_equal_constants_give_a_finite_gradient():
    estimate = torch.zeros(2, 5, requires_grad=True)
    loss(estimate, torch.zeros(2, 5)).backward()
    assert torch.isfinite(estimate.grad).all()
