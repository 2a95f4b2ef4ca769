"""ResidualEnhancer: its size by hand, that a frame is what 35 frames make of it, and how it begins."""

import pytest
import torch

from biosig.models.costs import macs_per_second
from biosig.models.networks import count_parameters
from biosig.models.residual import BINS, FRAMES, HOP, N_FFT, ResidualEnhancer


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = ResidualEnhancer(maps=2)
        torch.nn.init.normal_(made.head.weight, std=0.01)
        yield made.eval()


def noise(n=8000):
    return torch.randn(1, n, generator=torch.Generator().manual_seed(0))


def convolutions(maps, frames=FRAMES, bins=BINS):
    """(weights, places) of every convolution of the eight blocks, counted from the text."""
    before = 1
    for block in range(8):
        after, kernel = maps * 2 ** (block // 2), 4 if block < 4 else 3
        stride = 2 if block in (2, 4, 6) else 1
        made = [(size + 2 * (kernel // 2) - kernel) // stride + 1 for size in (frames, bins)]
        yield before * after * kernel**2, made[0] * made[1]
        frames, bins = -(-frames // stride), -(-bins // stride)
        yield after * after * kernel**2, (frames + 1 - kernel % 2) * (bins + 1 - kernel % 2)
        if before != after:
            yield before * after, frames * bins
        before = after


@pytest.mark.parametrize("maps", [2, 64])
def test_parameters_by_hand(maps):
    norms = sum(2 * 2 * maps * 2 ** (block // 2) for block in range(8))
    norms += sum(2 * maps * times for times in (1, 2, 4, 8))  # beside the sum, where the number of maps changes
    reduced = 8 * maps * maps + maps
    head = (maps * 5 * 26 + 1) * BINS
    weights = sum(size for size, _ in convolutions(maps))
    assert count_parameters(ResidualEnhancer(maps)) == weights + norms + reduced + head


def test_a_frame_costs_what_its_convolutions_cost(network):
    frames = 1 + -(-1600 // HOP)
    whole = sum(size * places for size, places in convolutions(2)) + 2 * 16 * 5 * 26 + 2 * 5 * 26 * BINS
    assert macs_per_second(network, seconds=0.1) == pytest.approx(frames * whole / 0.1)


def test_each_frame_follows_from_its_own_35(network):
    x, at = noise(), 25
    with torch.no_grad():
        before, after = (network.spectral(y[:, 0])[0] for y in (x[None], network(x)[None]))
        window = x[:, at * HOP - N_FFT // 2 - 17 * HOP :][:, : N_FFT + 34 * HOP]
        change = network.mask(network.seen(window))[0].exp()
    wanted = before[:, at].abs() * change
    # a spectrogram that was changed belongs to no signal, so what comes back is near it and not it
    assert torch.corrcoef(torch.stack([after[:, at].abs().log(), wanted.log()]))[0, 1] > 0.99
    assert torch.corrcoef(torch.stack([after[:, at].abs().log(), wanted.log()]))[0, 1] > (
        torch.corrcoef(torch.stack([after[:, at + 1].abs().log(), wanted.log()]))[0, 1]
    )


def test_it_begins_with_the_noisy_signal():
    with torch.no_grad():
        x = noise()
        torch.testing.assert_close(ResidualEnhancer(maps=2).eval()(x), x, atol=1e-5, rtol=0)


def test_bfloat16_changes_little(network, monkeypatch):
    monkeypatch.setattr("biosig.models.precision.computes_bf16", lambda device_type: True)  # emulated where it is not
    with torch.no_grad():
        exact = network(noise())
        network.bf16 = True
        assert (network(noise()) - exact).abs().max() < 0.05 * exact.abs().max()
