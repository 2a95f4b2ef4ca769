"""Scaling and the Denoiser: any scale, any length, any number of channels."""

import numpy as np
import pytest
import torch
from torch import nn

from biosig.errors import ConfigError, SignalError
from biosig.models.msemg import MSEMG
from biosig.training.inference import Denoiser, cross_fade, windows
from biosig.training.scaling import emg_level, scale_of


class Copy(nn.Module):
    """Returns its input, and remembers the shapes and peaks it was shown."""

    def __init__(self):
        super().__init__()
        self.shapes, self.peaks = [], []

    def forward(self, x):
        self.shapes.append(tuple(x.shape))
        self.peaks.append(x.abs().max().item())
        return x


def noise(*shape, seed=0):
    """Synthetic white noise."""
    return np.random.default_rng(seed).standard_normal(shape)


def tone(hz, seconds=4, fs=1000):
    return np.sin(2 * np.pi * hz * np.arange(int(seconds * fs)) / fs)


def msemg():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MSEMG(features=16, backend="torch")


def test_the_level_is_the_rms_above_40_hz():
    emg, ecg = 3 * tone(150), 100 * tone(5)
    level = emg_level(np.stack([emg, emg + ecg]))
    assert level.shape == (2, 1)
    assert level[:, 0] == pytest.approx(3 / np.sqrt(2), rel=0.01)


def test_scales():
    x = noise(2, 500)
    assert np.array_equal(scale_of(x), np.ones((2, 1)))
    np.testing.assert_allclose(scale_of(x, 1000, "emg_rms", 5), 5 * emg_level(x))
    np.testing.assert_allclose(scale_of(1e-9 * x, 1000, "emg_rms"), 1e-9 * emg_level(x))


def test_without_emg_the_scale_is_the_peak_and_silence_has_none():
    flat = np.stack([np.full(500, -2.5), np.zeros(500)])
    assert scale_of(flat, 1000, "emg_rms").tolist() == [[2.5], [0.0]]


def test_unknown_scalings_and_factors_are_refused():
    with pytest.raises(ConfigError, match="scaling is 'max': expected one of none, rms, emg_rms"):
        Denoiser(Copy(), scaling="max")
    with pytest.raises(ConfigError, match="factor is 0"):
        Denoiser(Copy(), "emg_rms", factor=0)
    with pytest.raises(ConfigError, match="kind is 'gan'"):
        Denoiser(Copy(), kind="gan")


def test_output_has_the_inputs_shape_type_and_scale():
    x = 1e-4 * noise(2, 3, 400)
    y = Denoiser(Copy(), "emg_rms")(x)
    assert y.shape == (2, 3, 400) and y.dtype == np.float64
    np.testing.assert_allclose(y, x, rtol=1e-6)


def test_the_network_sees_unit_emg():
    network = Copy()
    x = 250 * tone(120, 1)
    Denoiser(network, "emg_rms", factor=5)(x)
    assert network.peaks[0] == pytest.approx(np.sqrt(2) / 5, rel=0.02)
    Denoiser(network, "none")(x)
    assert network.peaks[1] == pytest.approx(np.abs(x).max())


@pytest.mark.parametrize("gain", [1e-6, 1024.0])
def test_a_gain_passes_through_msemg(gain):
    denoiser, x = Denoiser(msemg(), "emg_rms"), noise(400)
    y = denoiser(x)
    np.testing.assert_allclose(denoiser(gain * x), gain * y, atol=1e-4 * gain * np.abs(y).max())
    unscaled = Denoiser(msemg(), "none")
    assert not np.allclose(unscaled(gain * x), gain * unscaled(x), atol=1e-4 * gain * np.abs(y).max())


def test_silence_comes_back_as_silence():
    y = Denoiser(msemg(), "emg_rms")(np.stack([noise(300), np.zeros(300)]))
    assert np.abs(y[0]).max() > 0 and np.all(y[1] == 0)


def test_ten_seconds_are_one_pass():
    network = Copy()
    Denoiser(network)(noise(10_000))
    assert network.shapes == [(1, 10_000)]


@pytest.mark.parametrize("n", [10_001, 10_500, 19_000, 19_001, 34_567])
def test_long_signals_go_through_in_windows_and_come_back_whole(n):
    network, x = Copy(), noise(n)
    np.testing.assert_allclose(Denoiser(network)(x), x, atol=1e-6)
    assert set(network.shapes) == {(1, 10_000)}
    starts, size = windows(n, 1000)
    assert starts[0] == 0 and starts[-1] + size == n
    assert all(0 < b - a <= 9000 for a, b in zip(starts, starts[1:], strict=False))


def test_windows_fade_into_each_other():
    starts, size = windows(28_000, 1000)
    weights = cross_fade(28_000, starts, size, 1000)
    total = np.zeros(28_000)
    for at in starts:
        total[at : at + size] += weights[at]
    np.testing.assert_allclose(total, 1)
    middle = weights[9000]
    assert np.all(np.diff(middle[:1000]) > 0) and np.all(middle[1000:9000] == 1)  # a ramp of 1 s, then alone
    assert middle[0] < 0.002 and middle[-1] < 0.002  # so no step is heard where a window begins


def test_each_window_has_its_own_scale():
    network = Copy()
    loud_then_soft = np.concatenate([100 * tone(100, 10), tone(100, 9)])
    y = Denoiser(network, "emg_rms")(loud_then_soft)
    np.testing.assert_allclose(y, loud_then_soft, atol=1e-4)
    assert network.peaks[0] == pytest.approx(np.sqrt(2), rel=0.05)


def test_batches_hold_windows_and_do_not_change_the_result():
    network, x = Copy(), noise(3, 19_000)
    np.testing.assert_allclose(Denoiser(network, batch=4)(x), x, atol=1e-6)
    assert [shape[0] for shape in network.shapes] == [4, 2]
    x = noise(3, 300)
    one, three = (Denoiser(msemg(), "emg_rms", batch=batch)(x) for batch in (1, 3))
    np.testing.assert_allclose(one, three, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("x", "fs", "sentence"),
    [
        (noise(500), 2000, "fs is 2000 Hz: expected 1000 Hz"),
        (noise(99), 1000, r"99 samples: expected at least 100 \(0.1 s\)"),
        (np.full(500, np.nan), 1000, "500 NaN or infinite"),
    ],
)
def test_bad_signals_are_refused_before_any_work(x, fs, sentence):
    network = Copy()
    with pytest.raises(SignalError, match=sentence):
        Denoiser(network)(x, fs)
    assert network.shapes == []


class Half(nn.Module):
    """A stand-in for a diffusion network."""

    def forward(self, x_t, noisy, level):
        return 0.5 * x_t + 0.1 * noisy


def test_diffusion_samples_do_not_depend_on_company_or_batch():
    x = noise(3, 200)
    together = Denoiser(Half(), "emg_rms", 5, kind="diffusion", batch=3)(x)
    alone = np.stack([Denoiser(Half(), "emg_rms", 5, kind="diffusion")(row) for row in x[::-1]])[::-1]
    np.testing.assert_allclose(together, alone, rtol=1e-6)
    assert np.abs(together).max() <= 5 * emg_level(x).max()


def test_the_seed_names_the_diffusion_sample():
    x = noise(200)
    first, again, other = (Denoiser(Half(), kind="diffusion", seed=seed)(x) for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.allclose(first, other)
