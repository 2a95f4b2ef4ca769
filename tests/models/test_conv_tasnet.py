"""Conv-TasNet: the paper's size and receptive field, its norms by hand, causality."""

import numpy as np
import pytest
import torch
from torch import nn

from biosig.errors import ConfigError
from biosig.models.conv_tasnet import ConvTasNet, CumulativeNorm, receptive_frames
from biosig.models.costs import receptive_field
from biosig.models.networks import count_parameters

TINY = dict(N=6, L=8, B=4, H=5, Sc=3)


def by_hand(N, L, B, H, Sc, P, X, R, speakers):
    """The paper's network: Fig. 1 with every block alike."""
    widen, depthwise = B * H + H + 1 + 2 * H, H * P + H + 1 + 2 * H
    block = widen + depthwise + (H * B + B) + (H * Sc + Sc)
    ends = N * L + 2 * N + N * B + B + N * L
    return ends + X * R * block + 1 + speakers * (Sc * N + N)


def test_the_size_is_the_papers_less_a_mask_and_a_dead_path():
    paper = dict(N=512, L=16, B=128, H=512, Sc=128, P=3, X=8, R=3)
    assert by_hand(**paper, speakers=2) == 5_050_545  # Table II: 5.1 M
    dead = 512 * 128 + 128  # the residual path of the last block leads nowhere
    assert count_parameters(ConvTasNet()) == by_hand(**paper, speakers=1) - dead == 4_918_833


def test_the_receptive_field_is_the_papers():
    frames = receptive_frames(P=3, X=8, R=3)
    assert frames == 1531
    assert ((frames - 1) * 8 + 16) / 8000 == pytest.approx(1.53, abs=0.005)  # Table II, seconds at 8 kHz


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("P", "X", "R"), [(3, 3, 2), (2, 4, 1), (3, 1, 3)])
def test_the_measured_receptive_field_is_the_formulas(P, X, R, causal):
    network = ConvTasNet(**TINY, P=P, X=X, R=R, norm="bn", causal=causal)
    reach = (receptive_frames(P, X, R) - 1) * network.hop
    # sample 800 lies at the beginning of one frame and in the middle of another, each 8 long
    back, ahead = receptive_field(network, 1600, at=800)
    assert back == (reach if causal else self_centred(P, X, R)[0] * network.hop) + network.hop
    assert ahead == (0 if causal else self_centred(P, X, R)[1] * network.hop) + 2 * network.hop - 1


def self_centred(P, X, R):
    """Frames back and ahead of blocks that are padded alike on both sides, one more ahead where that is odd."""
    reaches = [(P - 1) * 2**x for x in range(X)] * R
    return sum(r // 2 for r in reaches), sum(r - r // 2 for r in reaches)


def test_a_causal_network_looks_at_most_l_minus_1_samples_ahead():
    network = ConvTasNet(**TINY, X=3, R=1, causal=True)  # with its cumulative norm
    reaches = {receptive_field(network, 400, at=at)[1] for at in range(200, 208)}
    assert max(reaches) == 8 - 1


def test_the_cumulative_norm_by_hand():
    norm = CumulativeNorm(3)
    nn.init.normal_(norm.gain)
    nn.init.normal_(norm.bias)
    x = torch.randn(2, 3, 7, dtype=torch.float64) + 2
    expected = np.empty((2, 3, 7))
    for k in range(7):
        past = x[..., : k + 1].numpy().reshape(2, -1)
        normal = (x[..., k].numpy() - past.mean(1)[:, None]) / past.std(1)[:, None]
        expected[..., k] = norm.gain[:, 0].detach().numpy() * normal + norm.bias[:, 0].detach().numpy()
    np.testing.assert_allclose(norm(x).detach(), expected, atol=1e-6)


def test_the_global_norm_by_hand():
    norm = ConvTasNet(**TINY, X=1, R=1).bottleneck[0]
    x = torch.randn(2, 6, 9) * 3 + 1
    flat = x.flatten(1)
    mean, deviation = flat.mean(1)[:, None, None], flat.std(1, unbiased=False)[:, None, None]
    torch.testing.assert_close(norm(x), (x - mean) / deviation, atol=1e-5, rtol=1e-5)


def test_the_mask_multiplies_the_encoders_output():
    """With an open mask the network is its decoder after its encoder, which is linear."""
    network = ConvTasNet(**TINY, X=2, R=1)
    nn.init.zeros_(network.mask[1].weight)
    nn.init.constant_(network.mask[1].bias, 100.0)
    x, y = torch.randn(2, 1, 101)
    torch.testing.assert_close(network(2 * x - y), 2 * network(x) - network(y), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("options", [dict(L=15), dict(norm="layer")])
def test_what_cannot_be_built_is_refused(options):
    with pytest.raises(ConfigError, match="expected one of gln, cln, bn and an even L"):
        ConvTasNet(**options)
