"""FCN: size, lengths, crop."""

import pytest
import torch

from biosig.models.fcn import FCN, SHORTEST
from biosig.models.networks import count_parameters


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield FCN()


def test_parameters_are_the_papers(network):
    assert count_parameters(network) == 137_801
    layers = [*network.encoder, *network.decoder, network.out]
    assert [count_parameters(layer) for layer in layers] == [1520, 51320, 12860, 6460, 12920, 51440, 1281]


@pytest.mark.parametrize("n", [1, 16, 105, 106, 107, 108, 109, 500, 2000])
def test_any_length_comes_back(network, n):
    assert network.eval()(torch.randn(2, n)).shape == (2, n)
    assert network(torch.randn(2, 1, n)).shape == (2, 1, n)


@pytest.mark.parametrize("n", range(SHORTEST, SHORTEST + 9))
def test_the_bare_network_gives_12_to_15_samples_more(network, n):
    bare = network.out(network.decoder(network.encoder(torch.randn(2, 1, n))))
    assert 12 <= bare.shape[-1] - n <= 15


def test_short_signals_are_followed_by_zeros(network):
    network.eval()
    x = torch.randn(1, 40)
    padded = torch.cat([x, torch.zeros(1, SHORTEST - 40)], dim=1)
    torch.testing.assert_close(network(x), network(padded)[:, :40])


def test_an_impulse_moves_only_its_surroundings(network):
    network.eval()
    x, moved = torch.zeros(1, 2000), torch.zeros(1, 2000)
    moved[0, 1000] = 1
    with torch.no_grad():
        hit = (network(moved) - network(x)).abs()[0].gt(1e-9).nonzero().flatten()
    # backwards: k - 1 per layer times the stride so far, 15 + 2·15 + 4·15; forwards the same, and 15 of the last
    assert 1000 - 105 <= hit.min() < 1000 < hit.max() <= 1000 + 105 + 15


def test_every_parameter_gets_a_gradient(network):
    network(torch.randn(4, 300)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        if not name.endswith("0.bias"):  # a bias before batch normalisation is subtracted again
            assert parameter.grad.abs().max() > 0, name


def test_encoder_weights_are_xavier_uniform(network):
    weight = network.encoder[1][0].weight
    bound = (6 / ((80 + 40) * 16)) ** 0.5
    assert weight.abs().max().item() == pytest.approx(bound, rel=0.01)
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)
