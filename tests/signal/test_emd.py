import numpy as np
import pytest
from scipy.interpolate import make_interp_spline

from biosig.seeds import rng_for
from biosig.signal.emd import emd, mean_envelope, modes, zero_crossings


def slow_envelope(x, sign):
    """Extrema found one by one, two of them mirrored at either end, and a B-spline instead of CubicSpline."""
    x = sign * x
    at = [t for t in range(1, len(x) - 1) if x[t] > x[t - 1] and x[t] >= x[t + 1]]
    last = len(x) - 1
    at = [-at[1], -at[0], *at, 2 * last - at[-1], 2 * last - at[-2]]
    heights = [x[abs(t)] if t <= last else x[2 * last - t] for t in at]
    return sign * make_interp_spline(at, heights, k=3)(np.arange(len(x)))


def test_the_mean_envelope_equals_the_one_from_a_loop_and_b_splines():
    x = rng_for("emd").standard_normal(600)
    expected = (slow_envelope(x, 1) + slow_envelope(x, -1)) / 2
    np.testing.assert_allclose(mean_envelope(x), expected, rtol=0, atol=1e-9)


def test_two_tones_come_apart_and_the_modes_add_up_to_the_signal():
    t = np.arange(4000) / 1000
    fast, slow = np.sin(2 * np.pi * 90 * t), 2 * np.sin(2 * np.pi * 6 * t)
    found = modes(fast + slow)
    middle = slice(300, -300)
    np.testing.assert_allclose(found[0][middle], fast[middle], rtol=0, atol=0.03)
    np.testing.assert_allclose(found[1][middle], slow[middle], rtol=0, atol=0.06)
    rest = fast + slow - sum(found)
    assert zero_crossings(rest) < zero_crossings(found[-1]) and np.abs(rest[middle]).max() < 0.1
    np.testing.assert_allclose(emd(fast + slow, 1000, np.array([], int))[middle], fast[middle], rtol=0, atol=0.03)


def test_modes_of_white_noise_halve_in_frequency():
    """Flandrin et al. 2004: the decomposition of noise is a filter bank of octaves."""
    crossings = [zero_crossings(mode) for mode in modes(rng_for("octaves").standard_normal(20_000))[:6]]
    ratios = np.array(crossings[:-1]) / crossings[1:]
    assert np.all((ratios > 1.6) & (ratios < 2.6))


@pytest.mark.parametrize("x", [np.zeros(500), np.ones(500), np.arange(500.0)])
def test_what_does_not_oscillate_has_no_modes(x):
    assert modes(x) == []
