"""The loss of a network that corrects one frame: by hand, and what a stream of such windows holds."""

import numpy as np
import pytest
import torch

from biosig.models.residual import FLOOR, HOP, N_FFT, WINDOW, ResidualEnhancer
from biosig.papers.primer import sources
from biosig.papers.primer.frames import FrameStream, frame_pairs
from biosig.papers.primer.profiles import FrameNetwork, setup_of
from biosig.training.objectives import objective
from biosig.training.recipe import SgdRecipe
from biosig.training.state import optimiser_of

RECIPE = SgdRecipe("frames", 1, 1, 8, WINDOW, 0.01, loss="middle_frame")
PLAN = FrameNetwork("residual", RECIPE, (("maps", 2),))


def log_magnitude(window, frame):
    """One frame of a window (5840,), by numpy."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    part = window[frame * HOP : frame * HOP + N_FFT].astype(float)
    return np.log(np.maximum(np.abs(np.fft.rfft(part * hann)), FLOOR))


def test_the_loss_by_hand():
    rng = np.random.default_rng(0)
    noisy, clean = (rng.standard_normal((3, WINDOW)).astype(np.float32) for _ in range(2))
    network = ResidualEnhancer(maps=2).eval()  # its mask begins at zero
    found = objective("middle_frame")(network, torch.from_numpy(noisy), torch.from_numpy(clean), None)
    expected = np.mean([(log_magnitude(a, 17) - log_magnitude(b, 17)) ** 2 for a, b in zip(noisy, clean, strict=True)])
    assert found.item() == pytest.approx(expected, rel=1e-4)


def test_windows_are_parts_of_one_mixture_at_one_of_the_snrs():
    stream = FrameStream(sources.load("quick", "train"), PLAN)
    pairs = [stream.pair(WINDOW, "frames", 0, 0, 0, row) for row in range(8)]
    again = FrameStream(sources.load("quick", "train"), PLAN).pair(WINDOW, "frames", 0, 0, 0, 5)  # asked out of order
    np.testing.assert_array_equal(pairs[5][0], again[0])
    for first in (0, 4):
        noisy, clean = stream.mixture("frames", 0, 0, 0, first // 4)
        assert np.sqrt(np.mean(noisy**2)) == pytest.approx(1, rel=1e-4)
        snr_db = 10 * np.log10(np.square(clean).sum() / np.square(noisy - clean).sum())
        assert min(abs(snr_db - wanted) for wanted in PLAN.snrs_db) < 0.01
        for row in range(first, first + 4):
            starts = np.flatnonzero(np.isclose(noisy[: noisy.size - WINDOW + 1], pairs[row][0][0]))
            assert any(np.array_equal(noisy[s : s + WINDOW], pairs[row][0]) for s in starts)


def test_validation_windows_are_fixed_and_whole():
    held_out = sources.load("quick", "validation")
    first, again = (frame_pairs(held_out, setup_of("quick"), PLAN, WINDOW) for _ in range(2))
    assert {noisy.size for noisy, _ in first} == {WINDOW}
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a[0], b[0])


def test_plain_gradient_descent():
    weight = torch.nn.Linear(1, 1, bias=False)
    start = weight.weight.item()
    optimiser = optimiser_of(RECIPE, weight)
    weight(torch.ones(1, 1)).sum().backward()
    optimiser.step()
    assert weight.weight.item() == pytest.approx(start - RECIPE.lr)
