"""EMGSE: sizes against the authors' counts, and the forward pass against one that is written out."""

import numpy as np
import pytest
import torch

from biosig.errors import ConfigError, SignalError
from biosig.models.emgse import BINS, EMGSE
from biosig.models.networks import build, count_parameters


@pytest.mark.parametrize("channels, parameters", [(35, 4_638_381), (28, 4_421_381), (0, 3_513_081)])
def test_official_sizes_are_those_of_the_authors_code(channels, parameters):
    assert count_parameters(EMGSE(channels)) == parameters


def test_the_papers_sizes_by_hand():
    dense = lambda i, o: i * o + o  # noqa: E731
    lstm = lambda i, h: 2 * (4 * h * (i + h) + 8 * h)  # noqa: E731 (both directions, two biases)
    expected = dense(257, 200) + dense(200, 100) + dense(5425, 200) + dense(200, 100) + dense(200, 200)
    expected += lstm(200, 250) + lstm(500, 250) + dense(500, 257)
    assert count_parameters(EMGSE(sizes="paper")) == expected


def small(**options):
    return EMGSE(6, audio=(12, 8), emg=(10, 8), fused=9, hidden=7, **options).eval()


@pytest.mark.parametrize("directions", ["sum", "concatenate"])
def test_forward_is_encoders_fusion_blstm_and_output(directions):
    torch.manual_seed(0)
    network, frames = small(directions=directions), torch.rand(2, 5, BINS + 2 + 930)
    dense = lambda layer, x: x @ layer.weight.T + layer.bias  # noqa: E731
    audio, emg = frames[..., :BINS], frames[..., BINS + 2 :]
    a, e = network.audio_encoder, network.emg_encoder
    audio = dense(a[2], dense(a[0], audio).clamp_min(0)).clamp_min(0)
    emg = dense(e[3], dense(e[0], emg).clamp_min(0)).clamp_min(0)
    latent = dense(network.fusion, torch.cat([audio, emg], -1)).clamp_min(0)
    torch.testing.assert_close(network.latent(frames), latent)
    both = network.blstm(latent)[0]
    y = both[..., :7] + both[..., 7:] if directions == "sum" else both
    torch.testing.assert_close(network(frames), dense(network.out, y).clamp_min(0))


def test_a_mask_keeps_a_share_of_the_noisy_magnitude():
    network, noisy = small(output="mask"), torch.rand(1, 4, BINS) * 3
    low, span = noisy.min(), noisy.max() - noisy.min()
    frames = torch.cat([(noisy - low) / span, low.expand(1, 4, 1), span.expand(1, 4, 1), torch.rand(1, 4, 930)], -1)
    magnitude = torch.expm1(network(frames))
    assert (magnitude >= 0).all() and (magnitude <= torch.expm1(noisy) * 1.0001).all()
    network.out.bias.data += 100  # a gain of 1 everywhere
    torch.testing.assert_close(network(frames), noisy, atol=1e-4, rtol=1e-4)


def test_only_the_encoder_of_emg_drops_out_and_only_in_training():
    network, frames = small(), torch.rand(1, 3, BINS + 2 + 930)
    torch.testing.assert_close(network(frames), network(frames))
    network.train()
    assert not torch.equal(network(frames), network(frames))
    silent = EMGSE(0, audio=(12, 8), fused=9, hidden=7).train()
    frames = frames[..., : BINS + 2]
    torch.testing.assert_close(silent(frames), silent(frames))
    assert network.takes_emg and not silent.takes_emg


def test_bad_options_and_frames():
    with pytest.raises(ConfigError, match="sizes is 'tiny': expected one of official, paper"):
        EMGSE(sizes="tiny")
    with pytest.raises(ConfigError, match="directions is 'mean'"):
        EMGSE(directions="mean")
    with pytest.raises(ConfigError, match="output is 'phase'"):
        build("emgse", output="phase")
    with pytest.raises(SignalError, match="frames hold 259 numbers: expected 1189, 930 of EMG"):
        small()(torch.zeros(1, 2, 259))
    assert np.isfinite(small()(torch.zeros(1, 2, 1189)).detach().numpy()).all()


def test_a_centred_network_says_what_a_bias_could_say():
    centred = small(centred=True)
    plain, frames = small(), torch.rand(2, 5, BINS + 2 + 6 * 31 * 5)
    centred.emg_mean.copy_(torch.rand(6 * 31 * 5))
    weights = centred.state_dict()
    mean = weights.pop("emg_mean")
    weights["emg_encoder.0.bias"] = weights["emg_encoder.0.bias"] - weights["emg_encoder.0.weight"] @ mean
    plain.load_state_dict(weights)
    torch.testing.assert_close(centred(frames), plain(frames))
    assert count_parameters(centred) == count_parameters(plain)


def test_units_that_see_uncentred_emg_die_at_the_open_profile_s_rate():
    """Sixty steps at 0.003, of features as they are: 0 to 1, far from 0."""
    generator = torch.Generator().manual_seed(1)
    frames = torch.rand(8, 64, BINS + 2 + 930, generator=generator).square()  # a third on average, as TD15 is
    clean = torch.rand(8, 64, BINS, generator=generator)
    alive = {}
    for centred in (False, True):
        torch.manual_seed(0)
        network = EMGSE(6, audio=(12, 8), emg=(64, 8), fused=9, hidden=7, dropout=0.0, centred=centred)
        if centred:
            network.emg_mean.copy_(frames[..., BINS + 2 :].mean((0, 1)))
        optimiser = torch.optim.Adam(network.parameters(), 3e-3)
        for _ in range(60):
            optimiser.zero_grad()
            (network(frames) - clean).abs().mean().backward()
            optimiser.step()
        first = network.emg_encoder[:2](network.emg_of(frames))
        alive[centred] = int((first > 0).flatten(0, 1).any(0).sum())
    assert alive[False] <= 40 and alive[True] == 64
