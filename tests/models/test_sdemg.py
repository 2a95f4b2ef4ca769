"""SDEMG's network: the two forms, conditioning, dead layers."""

import math

import pytest
import torch

from biosig.errors import SignalError
from biosig.models.networks import count_parameters
from biosig.models.sdemg import SDEMG, Bridge, embed


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    return *(torch.randn(2, 40, generator=generator) for _ in range(2)), torch.rand(2, generator=generator)


@pytest.mark.parametrize(
    ("official", "features", "count"), [(True, 64, 1_233_857), (False, 64, 1_020_481), (True, 128, 4_925_313)]
)
def test_parameters_are_the_published(official, features, count):
    assert count_parameters(SDEMG(features, official)) == count


def test_shapes_with_and_without_a_channel_axis(batch):
    network = SDEMG(16)
    x_t, noisy, level = batch
    y = network(x_t, noisy, level)
    assert y.shape == (2, 40)
    torch.testing.assert_close(network(x_t[:, None], noisy[:, None], level)[:, 0], y)


def test_every_live_parameter_gets_a_gradient_and_no_dead_one(batch):
    network = SDEMG(official=True)
    network(*batch).square().sum().backward()
    dead = [name for name, p in network.named_parameters() if p.grad is None]
    assert {name[: name.index(".", name.index(".") + 1)] for name in dead} == {"stream.5", "condition.5"}
    assert sum(network.get_parameter(name).numel() for name in dead) == 213_376
    for name, p in network.named_parameters():
        assert name in dead or p.grad.abs().max() > 0, name


def test_the_two_forms_compute_the_same(batch):
    official, live = SDEMG(16, official=True), SDEMG(16)
    weights = {k: v for k, v in official.state_dict().items() if k in live.state_dict()}
    live.load_state_dict(weights)
    assert torch.equal(official(*batch), live(*batch))


def test_dilations_of_the_layers_that_run():
    assert [layer.dilation for layer in SDEMG(16).stream[1:]] == [1, 2, 4, 2]
    assert [layer.dilation for layer in SDEMG(16, official=True).condition[1:]] == [1, 2, 4, 2, 1]


def test_all_three_inputs_matter(batch):
    network, (x_t, noisy, level) = SDEMG(16), batch
    y = network(x_t, noisy, level)
    for other in ((x_t + 1, noisy, level), (x_t, noisy + 1, level), (x_t, noisy, level / 2)):
        assert not torch.allclose(network(*other), y)


def test_film_scales_and_shifts():
    bridge = Bridge(4)
    x, embedding = torch.randn(1, 4, 20), torch.randn(1, 4)
    gamma, beta = bridge.film(embedding)[0, :4], bridge.film(embedding)[0, 4:]
    expected = bridge.conv_out(bridge.conv_in(x) * (1 + gamma[:, None]) + beta[:, None])
    torch.testing.assert_close(bridge(x, embedding), expected)


def test_the_embedding_is_sines_then_cosines():
    got = embed(torch.tensor([0.5]))[0]
    angles = [0.5 * 1e4 ** (-i / 32) for i in range(32)]
    expected = [math.sin(a) for a in angles] + [math.cos(a) for a in angles]
    torch.testing.assert_close(got, torch.tensor(expected))


def test_the_shortest_signal_is_29_samples():
    network, level = SDEMG(16), torch.ones(1)
    assert network(torch.zeros(1, 29), torch.zeros(1, 29), level).shape == (1, 29)
    with pytest.raises(SignalError, match="28 samples: this network needs at least 29"):
        network(torch.zeros(1, 28), torch.zeros(1, 28), level)
