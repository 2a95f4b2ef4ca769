"""What U-Net, the recurrent networks, Conv-TasNet and DCCRN have in common: lengths, batches, gradients, learning."""

import math

import pytest
import torch

from biosig.errors import SignalError
from biosig.models.networks import build
from biosig.seeds import seed_for

SMALL = {
    "unet": ("unet", dict(channels=(4, 6, 8), hop=256)),
    "unet_complex": (
        "unet", dict(channels=(6, 8, 8, 8), target="complex", hop=256, pool_time=False, gru=16, bidirectional=True),
    ),
    "recurrent": ("recurrent", dict(hidden=64)),
    "recurrent_mask": ("recurrent_mask", dict(hidden=32)),
    "conv_tasnet": ("conv_tasnet", dict(N=32, L=32, B=16, H=24, Sc=16, X=4, R=2)),
    "conv_tasnet_causal": ("conv_tasnet", dict(N=32, L=32, B=16, H=24, Sc=16, X=4, R=2, causal=True)),
    "dccrn": ("dccrn", dict(channels=(8, 8, 12, 12), hidden=12, hop=200)),
}  # fmt: skip


@pytest.fixture(params=SMALL)
def network(request):
    with torch.random.fork_rng():
        torch.manual_seed(seed_for("tests", "speech networks") % 2**32)
        name, options = SMALL[request.param]
        yield build(name, **options)


def tone_in_noise(batch=2, n=6400):
    """(noisy, clean): a swelling harmonic sound in white noise at 0 dB, both scaled by the noisy one's RMS."""
    generator = torch.Generator().manual_seed(1)
    t = torch.arange(n) / 16000
    pitch = 100 + 100 * torch.rand(batch, 1, generator=generator)
    clean = sum(torch.sin(2 * math.pi * k * pitch * t + k) / k for k in range(1, 20))
    clean = clean * (1 + torch.sin(2 * math.pi * 5 * t)) / 2
    clean = clean / clean.square().mean(-1, keepdim=True).sqrt()
    noisy = clean + torch.randn(clean.shape, generator=generator)
    level = noisy.square().mean(-1, keepdim=True).sqrt()
    return noisy / level, clean / level


def si_sdr(estimate, clean):
    target = (estimate * clean).sum(-1, keepdim=True) / clean.square().sum(-1, keepdim=True) * clean
    return 10 * torch.log10(target.square().sum(-1) / (estimate - target).square().sum(-1)).mean()


@pytest.mark.parametrize("n", [1, 2, 127, 256, 1601])
def test_any_length_comes_back(network, n):
    x = torch.randn(2, n, generator=torch.Generator().manual_seed(n))
    y = network.eval()(x)
    assert y.shape == x.shape and y.dtype == torch.float32 and torch.isfinite(y).all()
    torch.testing.assert_close(network(x[:, None])[:, 0], y)
    assert torch.isfinite(network.train()(x)).all()


def test_an_item_does_not_depend_on_its_batch(network):
    x, _ = tone_in_noise(3, 2000)
    together = network.eval()(x)
    torch.testing.assert_close(network(x[1:2]), together[1:2], atol=1e-5, rtol=1e-4)


def test_silence_comes_back_as_silence(network):
    assert torch.equal(network.eval()(torch.zeros(1, 3000)), torch.zeros(1, 3000))


def test_two_channels_are_refused(network):
    with pytest.raises(SignalError, match=r"shape \(2, 2, 100\)"):
        network(torch.zeros(2, 2, 100))


def test_every_parameter_gets_a_finite_gradient(network):
    noisy, clean = tone_in_noise()
    (network(noisy) - clean).square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


def test_a_silent_item_leaves_the_gradient_finite(network):
    noisy, clean = tone_in_noise()
    noisy[0], clean[0] = 0, 0
    (network(noisy) - clean).square().mean().backward()
    assert all(torch.isfinite(p.grad).all() and p.grad.abs().max() < 100 for p in network.parameters())


def test_evaluation_leaves_the_network_as_it_was(network):
    network.eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network(torch.randn(1, 1000))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_few_steps_make_one_batch_better(network):
    """Adam at 1e-3 and clipping, as the recipes have it: better than where it began and than the noisy 0 dB."""
    noisy, clean = tone_in_noise()
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    losses = []
    for _ in range(40):
        loss = -si_sdr(network(noisy), clean)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < min(losses[0], 0) - 1.5
    assert max(losses[20:]) < losses[0]  # no step threw it back to where it began
