"""RecurrentMasker: how it begins, what a mask cannot do, and its size by hand."""

import pytest
import torch

from biosig.models.networks import count_parameters
from biosig.models.recurrent_mask import RecurrentMasker


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield RecurrentMasker(hidden=16).eval()


def noise(n=4000):
    return torch.randn(2, n, generator=torch.Generator().manual_seed(0))


def test_it_begins_with_the_noisy_phase(network):
    x = noise()
    before, after = (network.spectral(y) for y in (x, network(x).detach()))
    # a real gain between 0 and 1 in every bin: consistent up to overlapping frames, so held in the middle alone
    turned = (after * before.conj())[..., 2:-2]
    assert (turned.real > 0).float().mean() > 0.99


def test_it_makes_no_bin_louder_and_silence_stays_silent(network):
    with torch.no_grad():
        network.gain.bias.fill_(20.0)  # the mask as open as it gets
        x = noise()
        torch.testing.assert_close(network(x), x, atol=2e-3, rtol=0)
        assert not network(torch.zeros(1, 3000)).any()


@pytest.mark.parametrize("bidirectional", [False, True])
def test_parameters_by_hand(bidirectional):
    F, H, D = 257, 16, 1 + bidirectional
    lstm = sum(D * 4 * H * (inputs + H + 2) for inputs in (D * H, D * H))  # two bias vectors each
    linear = (F + 1) * D * H + (D * H + 1) * D * H + 2 * (D * H + 1) * F
    network = RecurrentMasker(hidden=H, bidirectional=bidirectional)
    assert count_parameters(network) == 2 * F + linear + lstm


def test_one_direction_looks_no_further_than_its_frame():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = RecurrentMasker(hidden=16, bidirectional=False).eval()
    x = noise()
    changed = x.clone()
    changed[:, 2000:] += 1
    with torch.no_grad():
        differs = (network(x) - network(changed)).abs().amax(0) > 1e-6
    assert 2000 - 512 <= int(differs.nonzero().min()) < 2000
