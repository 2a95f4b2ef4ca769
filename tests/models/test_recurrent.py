"""The recurrent mapper: sizes by hand, direction of time, and that it maps rather than masks."""

import pytest
import torch

from biosig.models.networks import count_parameters
from biosig.models.recurrent import HIGHEST, RecurrentMapper


def by_hand(hidden, layers, ways, bins=257):
    total, features = 0, bins
    for _ in range(layers):
        total += ways * 4 * hidden * (features + hidden + 2)
        features = ways * hidden
    return total + bins * (features + 1)


@pytest.mark.parametrize(("hidden", "layers", "both"), [(512, 2, False), (20, 3, True)])
def test_parameters_are_those_counted_by_hand(hidden, layers, both):
    assert count_parameters(RecurrentMapper(hidden, layers, both)) == by_hand(hidden, layers, 1 + both)


def test_one_direction_sees_nothing_ahead_of_its_frames():
    network = RecurrentMapper(16).eval()
    x = torch.randn(1, 6000)
    changed = x.clone()
    changed[:, 4000:] += 1
    difference = (network(x) - network(changed)).abs()[0]
    # frames reach 256 samples to either side of their centre, and a sample lies in two of them
    assert difference[: 4000 - 512].max() == 0 < difference[4000 - 256 :].max()


def test_the_magnitude_comes_from_the_network_and_not_from_the_input():
    """With constant outputs a louder input changes nothing: there is no path around the LSTM but the phase."""
    network = RecurrentMapper(8).eval()
    torch.nn.init.zeros_(network.out.weight)
    x = torch.randn(1, 4000)
    torch.testing.assert_close(network(x), network(3 * x), atol=1e-4, rtol=1e-3)


def test_magnitudes_are_bounded():
    network = RecurrentMapper(8).eval()
    torch.nn.init.constant_(network.out.bias, 1e6)
    y = network._denormalise(network.out.bias[:, None])
    torch.testing.assert_close(y, torch.full_like(y, HIGHEST).exp())


def test_forget_gates_begin_open():
    network = RecurrentMapper(8, 2)
    for name, bias in network.lstm.named_parameters():
        if name.startswith("bias_ih"):
            assert torch.equal(bias[8:16], torch.ones(8))
            assert bias[:8].abs().max() < 0.5 and bias[16:].abs().max() < 0.5
