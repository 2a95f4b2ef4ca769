"""The two arousal networks against their published sizes, torch's own layers, and what an LSTM must not see."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from biosig.errors import ConfigError, SignalError
from biosig.models.costs import macs_per_second
from biosig.models.end_to_end import FRAME, EndToEnd, EndToEndEarlier
from biosig.models.networks import build, count_parameters
from biosig.training.loop import drawing

SMALL = {"filters": (3, 10), "kernels": (8, 6), "hidden": 4}
BOTH = pytest.mark.parametrize("kind", [EndToEnd, EndToEndEarlier])


def speech(rows=2, frames=5, seed=0):
    return torch.randn(rows, frames * FRAME, generator=torch.Generator().manual_seed(seed))


def fresh(kind, **options):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return kind(**{**SMALL, **options}).eval()


@pytest.mark.parametrize("name, first, features", [("end_to_end", 20, 32 * 40), ("end_to_end_earlier", 40, 320 * 4)])
def test_parameters_by_hand(name, first, features):
    convolutions = 20 * first + first + 40 * first * 40 + 40
    lstms = 4 * 256 * (features + 256 + 2) + 4 * 256 * (256 + 256 + 2)
    assert count_parameters(build(name)) == convolutions + lstms + 256 + 1


@pytest.mark.parametrize("name, first", [("end_to_end", 20), ("end_to_end_earlier", 40)])
def test_multiply_accumulates_of_six_seconds_by_hand(name, first):
    convolutions = 96_000 * first * 20 + 48_000 * 40 * first * 40
    dense = 150 * (4 * 256 * (1280 + 256) + 4 * 256 * (256 + 256) + 256)
    assert 6 * macs_per_second(build(name), seconds=6) == convolutions + dense


@BOTH
@pytest.mark.parametrize("frames", [1, 2, 150])
def test_one_value_every_40_ms(kind, frames):
    network = fresh(kind)
    with torch.no_grad():
        assert network(speech(2, frames)).shape == (2, frames)
        assert network(speech(2, frames)[:, None]).shape == (2, frames)


@BOTH
def test_what_does_not_fill_a_frame_is_not_used(kind):
    network, x = fresh(kind), speech(1, 3)
    with torch.no_grad():
        torch.testing.assert_close(network(x[:, :-1]), network(x[:, : 2 * FRAME]))


def test_features_as_a_plain_loop_has_them():
    network, x = fresh(EndToEnd), speech(1, 2)[:, None]
    with torch.no_grad():
        y = F.relu(F.conv1d(F.pad(x, (3, 4)), network.first.weight, network.first.bias))
        y = F.max_pool1d(y, 2)
        y = F.relu(F.conv1d(F.pad(y, (2, 3)), network.second.weight, network.second.bias))
        y = F.max_pool1d(y, 10)[0].numpy()
        expected = np.stack([[y[c, 32 * t + s] for c in range(10) for s in range(32)] for t in range(2)])
        torch.testing.assert_close(network.features(x)[0], torch.from_numpy(expected))


def test_the_earlier_codes_features_frame_by_frame():
    network, x = fresh(EndToEndEarlier, filters=(3, 20)), speech(1, 2)[:, None]
    with torch.no_grad():
        found = network.features(x)[0]
        for t in range(2):
            y = F.pad(x[..., t * FRAME : (t + 1) * FRAME], (3, 4))
            y = F.max_pool1d(F.relu(F.conv1d(y, network.first.weight, network.first.bias)), 2)
            y = F.relu(F.conv1d(F.pad(y, (2, 3)), network.second.weight, network.second.bias))[0].numpy()
            expected = np.concatenate([y[:10].max(axis=0), y[10:].max(axis=0)])
            torch.testing.assert_close(found[t], torch.from_numpy(expected))


@BOTH
def test_nothing_is_told_before_it_is_heard(kind):
    """Of the sound after a frame, its value sees the convolutions' reach and no more; all later values see it."""
    network, x = fresh(kind), speech(1, 6)
    reach = 0 if kind is EndToEndEarlier else 4 + 2 * 3 + 2  # behind the first kernel, the second, and a pool's partner
    later, last = x.clone(), x.clone()
    later[:, 3 * FRAME + reach :] = 0
    last[:, :FRAME] = 0
    with torch.no_grad():
        torch.testing.assert_close(network(later)[:, :3], network(x)[:, :3], rtol=0, atol=1e-7)
        assert (network(later)[:, 3:] != network(x)[:, 3:]).all()
        assert (network(last) != network(x)).all()  # uni-directional, and with a memory


def test_the_text_ends_in_tanh_and_the_code_does_not():
    for kind, bounded in ((EndToEnd, True), (EndToEndEarlier, False)):
        network = fresh(kind)
        torch.nn.init.constant_(network.out.bias, 5.0)
        with torch.no_grad():
            assert (network(speech()).abs() <= 1).all().item() is bounded


@BOTH
def test_dropout_follows_from_recipe_epoch_and_step(kind):
    network, x = fresh(kind).train(), speech()

    def forward(*name):
        with drawing(torch.device("cpu"), "dropout", "a recipe", 0, *name):
            return network(x)

    torch.testing.assert_close(forward(1, 2), forward(1, 2), rtol=0, atol=0)
    assert (forward(1, 2) != forward(1, 3)).any()


def test_where_dropout_stands():
    seen = {}
    for kind in (EndToEnd, EndToEndEarlier):
        network, shapes = fresh(kind), []
        network.dropout.register_forward_hook(lambda layer, x, y, shapes=shapes: shapes.append(tuple(x[0].shape)))
        network(speech(1, 2))
        seen[kind] = shapes
    assert seen == {EndToEnd: [(1, 3, 640), (1, 10, 64)], EndToEndEarlier: [(1, 1, 1280)]}


def test_what_cannot_be_built_or_heard():
    with pytest.raises(ConfigError, match="12 feature maps cannot be pooled by 10"):
        EndToEndEarlier(filters=(3, 12))
    with pytest.raises(SignalError, match="639 samples: this network needs at least 640"):
        fresh(EndToEnd)(torch.zeros(1, 639))
    with pytest.raises(SignalError, match="expected"):
        fresh(EndToEnd)(torch.zeros(1, 2, 640))
