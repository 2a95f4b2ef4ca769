"""TrustEMG-like: size, lengths, what the mask does."""

import pytest
import torch

from biosig.errors import SignalError
from biosig.models.networks import build, count_parameters
from biosig.models.trustemg import TrustEMGLike


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield TrustEMGLike()


def by_hand():
    """Convolutions of 8 taps without bias, two numbers per normalised channel, the transformer's own formula."""
    encoder = 8 * (1 * 32 + 32 * 64 + 3 * 64 * 64) + 2 * (32 + 4 * 64)
    decoder = 8 * (64 * 64 + 2 * 128 * 64 + 128 * 32 + 64 * 32) + 2 * (3 * 64 + 2 * 32)
    attention, feed_forward = 4 * (64 * 64 + 64), 64 * 128 + 128 + 128 * 64 + 64
    transformer = 2 * (attention + feed_forward + 2 * 2 * 64)
    return encoder + decoder + transformer + (32 * 9 + 1)


def test_parameters_are_those_counted_by_hand(network):
    assert count_parameters(network) == by_hand() == 396_257
    assert count_parameters(build("trustemg_like", channels=(8, 16), layers=1)) < 10_000


@pytest.mark.parametrize("n", [1, 31, 32, 33, 500, 2000])
def test_any_length_comes_back(network, n):
    assert network.eval()(torch.randn(2, n)).shape == (2, n)
    assert network(torch.randn(2, 1, n)).shape == (2, 1, n)


def test_the_mask_weakens_and_never_turns_a_representation(network):
    z = torch.randn(3, 64, 20)
    masked = network.mask(z)
    assert torch.all(masked.abs() <= z.abs()) and torch.all(masked * z >= 0)


def test_the_mask_at_one_step_looks_at_all_others(network):
    z = torch.randn(1, 64, 20, requires_grad=True)
    network.mask.eval()(z)[0, :, 3].sum().backward()
    assert torch.all(z.grad[0].abs().sum(dim=0) > 0)


def test_rows_of_a_batch_are_independent_once_trained(network):
    network.eval()
    x = torch.randn(3, 640)
    torch.testing.assert_close(network(x)[1:2], network(x[1:2]), rtol=1e-4, atol=1e-5)


def test_every_parameter_gets_a_gradient(network):
    network(torch.randn(4, 320)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in network.parameters())


def test_several_channels_are_refused(network):
    with pytest.raises(SignalError):
        network(torch.randn(2, 3, 100))
