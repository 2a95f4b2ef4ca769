"""TD features against plain loops over channels and frames, and against what can be worked out by hand."""

import doctest
import itertools

import numpy as np
import pytest
import scipy.signal

from biosig.errors import ConfigError, SignalError
from biosig.signal import emg_features
from biosig.signal.emg_features import (
    frame_grid,
    min_max,
    running_mean,
    split_bands,
    stack_context,
    td10_features,
    td15,
    td_features,
)

RNG = np.random.default_rng(3)


def plain_td(emg, fs, size, starts, official):
    """Eq. (7), a channel and a frame at a time."""
    window = np.blackman(size)
    window[0] = window[-1] = 0
    b_low, a_low = scipy.signal.butter(3, 134 / (fs / 2), "low")
    b_high, a_high = scipy.signal.butter(3, 134 / (fs / 2), "high")
    out = np.zeros((len(starts), len(emg), 5))
    for c, x in enumerate(emg):
        low = scipy.signal.lfilter(b_low, a_low, x, zi=scipy.signal.lfilter_zi(b_low, a_low) * x[0])[0]
        high = scipy.signal.lfilter(b_high, a_high, x, zi=scipy.signal.lfilter_zi(b_high, a_high) * x[0])[0]
        for t, at in enumerate(starts):
            l, h = low[at : at + size] * window, high[at : at + size]
            crossings, seen = 0, h * window if official else h
            for a, b in itertools.pairwise(seen):
                crossings += a * b <= 0 if official else a * b < 0
            h = h * window
            out[t, c] = l.mean(), (l**2).mean(), np.abs(h).mean(), (h**2).mean(), crossings / size
    return out


@pytest.mark.parametrize("variant", ["paper", "official"])
@pytest.mark.parametrize("fs, size", [(2000, 64), (600, 19)])
def test_td_features_are_those_of_a_plain_loop(variant, fs, size):
    emg = 40 + RNG.standard_normal((3, 500))
    found = td_features(emg, fs, variant=variant)
    starts = [int(np.floor(i * 0.008 * fs + 0.5)) for i in range(len(found))]
    assert starts[-1] + size <= 500 < starts[-1] + 0.008 * fs + size + 1
    plain = plain_td(emg, fs, size, starts, variant == "official")
    found[0, :, 4] = plain[0, :, 4] = 0  # the first sample is 0 but for rounding, which has either sign
    np.testing.assert_allclose(found, plain, rtol=1e-7, atol=1e-9)


def test_an_offset_and_a_slow_wave_stay_in_the_low_band_and_a_fast_one_in_the_high_band():
    t = np.arange(4000) / 2000
    low, high = split_bands(np.stack([5 + np.sin(2 * np.pi * 20 * t), np.sin(2 * np.pi * 600 * t)]), 2000)
    assert np.abs(high[0]).max() < 0.05 and low[0].mean() == pytest.approx(5, abs=0.01)
    assert np.abs(low[1][50:]).max() < 0.02 and high[1][50:].std() == pytest.approx(np.sqrt(0.5), rel=0.02)
    both_ways = split_bands(np.sin(2 * np.pi * 134 * t), 2000, causal=False)[0]
    assert both_ways[1000:3000].std() == pytest.approx(0.5 * np.sqrt(0.5), rel=0.01)  # -3 dB twice


def test_causal_filters_do_not_look_ahead():
    step = np.zeros((1, 1000))
    step[:, 500:] = 1
    for band in split_bands(step, 2000):
        assert not band[:, :500].any() and band[:, 500:].any()


def test_td10_is_that_of_a_plain_loop():
    emg = RNG.standard_normal((2, 400))
    found = td10_features(emg, 600)
    padded = np.pad(emg, [(0, 0), (4, 4)], mode="edge")
    once = np.array([[padded[c, i : i + 9].mean() for i in range(400)] for c in range(2)])
    np.testing.assert_allclose(running_mean(emg), once, atol=1e-12)
    padded = np.pad(once, [(0, 0), (4, 4)], mode="edge")
    low = np.array([[padded[c, i : i + 9].mean() for i in range(400)] for c in range(2)])
    high = emg - low
    for i in (0, 7, len(found) - 1):
        part = slice(6 * i, 6 * i + 16)
        for c in range(2):
            l, h = low[c, part], high[c, part]
            crossings = (np.sign(h[1:]) != np.sign(h[:-1])).sum() / 16
            expected = l.mean(), (l**2).mean(), (h**2).mean(), crossings, np.abs(h).mean()
            np.testing.assert_allclose(found[i, c], expected, atol=1e-12)
    assert len(found) == 1 + (400 - 16) // 6


def test_context_is_the_neighbours_and_zeros_beyond_the_ends():
    x = np.arange(1.0, 6)[:, None]
    expected = [[0, 0, 1, 2, 3], [0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [2, 3, 4, 5, 0], [3, 4, 5, 0, 0]]
    np.testing.assert_array_equal(stack_context(x, 2)[..., 0], expected)
    assert stack_context(np.ones((7, 35, 5)), 15).reshape(7, -1).shape == (7, 5425)
    with pytest.raises(SignalError, match="0 frames with 2 of context"):
        stack_context(np.ones((0, 1)), 2)


def test_both_orders_of_stacking_and_scaling():
    emg = 100 + 30 * RNG.standard_normal((2, 900))
    paper, official = td15(emg, 2000, k=1), td15(emg, 2000, order="official", k=1)
    raw, code = td_features(emg, 2000), td_features(emg, 2000, variant="official")
    frames = len(raw)
    assert paper.shape == official.shape == (frames, 2 * 3 * 5)
    assert paper.min() == official.min() == 0 and paper.max() == official.max() == 1
    # paper: channel 1, second frame of three, feature 0; the padding is only in the outer frames' columns
    here = raw[:, 1, 0]
    np.testing.assert_allclose(paper[:, (1 * 3 + 1) * 5], (here - here.min()) / np.ptp(here))
    before = np.concatenate([[0], here[:-1]])  # the zero beyond the end takes part in the scaling
    np.testing.assert_allclose(paper[:, (1 * 3 + 0) * 5], (before - before.min()) / np.ptp(before))
    scaled = (code - code.min(axis=0)) / np.ptp(code, axis=0)
    np.testing.assert_allclose(official[1:, 0 * 10 + 1 * 5 + 2], scaled[:-1, 1, 2])
    assert not official[0, :10].any()


def test_min_max_and_what_is_constant():
    x = np.array([[1.0, 5, 2], [3, 5, 1], [2, 5, 0]])
    np.testing.assert_allclose(min_max(x), [[0, 0, 1], [1, 0, 0.5], [0.5, 0, 0]])
    np.testing.assert_allclose(min_max(x, inverted=True), [[1, 0, 0], [0, 0, 0.5], [0.5, 0, 1]])
    np.testing.assert_allclose(min_max(x, axis=None), x / 5)
    with pytest.raises(SignalError, match="1 of 3 features are constant: is a channel dead"):
        min_max(x, constant="refuse")
    with pytest.raises(ConfigError, match="constant is 'x'"):
        min_max(x, constant="x")


def test_a_dead_channel_gives_zeros_and_can_be_refused():
    emg = RNG.standard_normal((2, 600))
    emg[1] = 77.7  # an offset alone
    assert not td15(emg, 600, k=0)[:, 5:].any()
    with pytest.raises(SignalError, match="is a channel dead"):
        td15(emg, 600, constant="refuse")


def test_bad_input_is_one_sentence():
    with pytest.raises(SignalError, match="EMG at 200 Hz has nothing above 134 Hz"):
        td_features(np.ones((1, 100)), 200)
    with pytest.raises(SignalError, match=r"EMG has shape \(100,\): expected \(channels, samples\)"):
        td_features(np.ones(100), 2000)
    with pytest.raises(SignalError, match="30 samples at 2000 Hz: expected at least a frame of 32 ms"):
        td_features(np.ones((1, 30)), 2000)
    with pytest.raises(ConfigError, match="order is 'x': expected one of paper, official"):
        td15(np.ones((1, 100)), 2000, order="x")
    with pytest.raises(SignalError, match="NaN"):
        td_features(np.full((1, 100), np.nan), 2000)


def test_examples_run():
    result = doctest.testmod(emg_features)
    assert result.attempted and not result.failed


def test_frames_of_any_rate_keep_time():
    grid = frame_grid(6000, 600.0)
    np.testing.assert_allclose(grid.starts / 600, 0.008 * np.arange(len(grid.starts)), atol=0.5 / 600 + 1e-9)
