"""The recurrent mask with a second task: the mask is the same, the labels by a slow loop, the loss by hand."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from biosig.models.voiced_mask import VoicedMasker, active
from biosig.papers.primer import beyond
from biosig.signal.types import Mixture
from biosig.training.inference import Denoiser
from biosig.training.objectives import VOICED_WEIGHT, objective
from biosig.training.spectral_losses import compressed, level


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield VoicedMasker(hidden=8, layers=1)


def clip(n=8000):
    """Synthetic: a loud tone with a pause of 60 dB less, (1, n)."""
    x = torch.sin(0.3 * torch.arange(n))[None]
    x[:, n // 3 : 2 * n // 3] *= 1e-3
    return x


def test_the_estimate_is_what_the_mask_alone_gives(network):
    noisy = clip() + 0.1 * torch.randn(2, 8000, generator=torch.Generator().manual_seed(0))
    estimate, voice = network.eval().estimates(noisy)
    torch.testing.assert_close(estimate, network(noisy))
    assert voice.shape == (2, network.spectral(noisy).shape[-1])


def test_speech_is_where_a_slow_loop_finds_it(network):
    spectra = network.spectral(clip())
    found = active(spectra)[0]
    energy = [sum(abs(complex(v)) ** 2 for v in spectra[0, :, l]) for l in range(spectra.shape[-1])]
    np.testing.assert_array_equal(found, [float(e > 1e-4 * max(energy)) for e in energy])
    assert 0 < found.mean() < 1 and not active(network.spectral(torch.zeros(1, 4000))).any()


def test_the_loss_by_hand_and_its_head_learns(network):
    clean = clip()
    noisy = clean + 0.1 * torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    loss = objective("compressed+voice")(network.eval(), noisy, clean, torch.Generator())
    estimate, voice = network.estimates(noisy)
    scale = level(clean, noisy)
    told = F.binary_cross_entropy_with_logits(voice, active(network.spectral(clean)))
    torch.testing.assert_close(loss, compressed(estimate / scale, clean / scale) + VOICED_WEIGHT * told)
    loss.backward()
    assert network.voice.weight.grad.abs().max() > 0


def test_balanced_shares_by_hand():
    truth = np.array([1, 1, 1, 1, 0, 0])
    assert beyond.balanced(truth, np.array([1, 1, 1, 0, 0, 1])) == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert beyond.balanced(np.ones(3), np.ones(3)) is None


def test_both_networks_are_asked_by_level_and_the_one_with_a_head_by_its_head(network):
    clean = clip()[0].double().numpy()
    noisy = clean + 1e-5 * np.random.default_rng(0).standard_normal(clean.size)
    mixture = Mixture(clean, noisy - clean, noisy, 16000.0, 60.0, "item", "man")

    def items(system):
        return {item.metric: item.value for item in beyond.of_mixture(system, mixture)}

    assert set(items(Denoiser(network, "rms", 1.0, 16000))) == {beyond.BY_LEVEL, beyond.BY_HEAD}

    class Open(torch.nn.Module):
        spectral = network.spectral

        def forward(self, x):
            return x

    assert items(Denoiser(Open(), "rms", 1.0, 16000)) == {beyond.BY_LEVEL: 1.0}  # what is clean tells itself
