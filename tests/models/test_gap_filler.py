"""Filling gaps: what is hidden stays hidden, the loss is that of a slow loop, and only the body learns."""

import numpy as np
import pytest
import torch

from biosig.models.gap_filler import BAND, SHARE, SPAN, GapFiller, gaps
from biosig.models.recurrent_mask import RecurrentMasker
from biosig.training.objectives import objective

N = 16_000


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield GapFiller(RecurrentMasker(hidden=8, layers=1))


def noise(rows=2):
    return torch.randn(rows, N, generator=generator(1))


def test_gaps_are_stretches_of_frames_and_one_band_in_each_clip():
    hidden = gaps(50, 257, 126, generator())
    for clip in hidden.numpy():
        frames, bins = clip.all(axis=0), clip.all(axis=1)
        assert np.array_equal(clip, frames[None, :] | bins[:, None])
        edges = np.flatnonzero(np.diff(np.concatenate([[0], frames, [0]])))
        assert all(end - start >= SPAN for start, end in edges.reshape(-1, 2))
        assert 0 < frames.mean() <= 1.1 * SHARE
        assert 1 <= bins.sum() <= round(BAND * 257) and np.flatnonzero(np.diff(bins.astype(int))).size <= 2
    assert not torch.equal(hidden[0], hidden[1]) and torch.equal(hidden, gaps(50, 257, 126, generator()))
    assert gaps(1, 257, 3, generator()).any()  # a clip shorter than a stretch


def test_the_loss_is_that_of_a_slow_loop(network):
    x = noise()
    found = network.eval().loss(x, generator(7)).item()
    spectra = network.masker.spectral(x)
    hidden = gaps(*spectra.shape, generator(7))
    guess, total, count = network(x, hidden), 0.0, 0
    for row, k, l in np.argwhere(hidden.numpy()):
        total += abs(guess[row, k, l].item() - abs(complex(spectra[row, k, l])) ** 0.3)
        count += 1
    assert found == pytest.approx(total / count, rel=1e-4)
    assert found == objective("filled")(network, x, None, generator(7)).item()  # nobody asks for the clean side


def test_what_is_hidden_is_not_heard(network):
    x = noise(1)
    hidden = torch.zeros(network.masker.spectral(x).shape, dtype=torch.bool)
    hidden[:, :, 20:28] = True
    other = x.clone()
    other[:, 22 * 256 : 26 * 256] *= -3  # reaches frames 21 to 26
    with torch.no_grad():
        unheard = [network.eval()(each, hidden) for each in (x, other)]
        heard = [network(each, torch.zeros_like(hidden)) for each in (x, other)]
    torch.testing.assert_close(*unheard)
    assert not torch.allclose(*heard)


def test_the_body_learns_and_the_heads_of_the_mask_rest(network):
    before = {name: value.clone() for name, value in network.masker.named_parameters()}
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(15):
        optimiser.zero_grad()
        loss = network.train().loss(noise(), generator(3))
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
    moved = {name for name, value in network.masker.named_parameters() if not torch.equal(value, before[name])}
    resting = {name for name in before if name.startswith(("gain", "angle"))}
    assert moved == before.keys() - resting and resting
