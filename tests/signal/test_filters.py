import numpy as np
import pytest

from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal.filters import butter_zero_phase, resample_fft


def analytic_gain(f, fs, order, cutoff, kind):
    """Two-pass gain of a Butterworth filter by its formula, bilinear warping included: |H(f)|²."""
    omega, edges = np.tan(np.pi * f / fs), np.tan(np.pi * np.atleast_1d(cutoff) / fs)
    if kind == "bandpass":
        ratio = (omega**2 - edges[0] * edges[1]) / (omega * (edges[1] - edges[0]))
    else:
        ratio = omega / edges[0] if kind == "lowpass" else edges[0] / omega
    return 1 / (1 + ratio ** (2 * order))


@pytest.mark.parametrize("fs", [1000, 2000])
@pytest.mark.parametrize(
    ("order", "cutoff", "kind"),
    [(4, 40, "highpass"), (3, 200, "lowpass"), (4, (2.5, 50), "bandpass"), (1, 100, "highpass")],
)
@pytest.mark.parametrize("f", [4, 20, 40, 100, 230])
def test_tones_pass_with_the_squared_gain_and_no_delay(fs, order, cutoff, kind, f):
    t = np.arange(8 * fs) / fs
    tone = np.sin(2 * np.pi * f * t)
    middle = slice(3 * fs, 5 * fs)
    expected = analytic_gain(f, fs, order, cutoff, kind) * tone
    filtered = butter_zero_phase(tone, fs, order, cutoff, kind)
    np.testing.assert_allclose(filtered[middle], expected[middle], rtol=0, atol=1e-6)


def test_the_cutoff_lies_at_minus_six_decibels():
    tone = np.sin(2 * np.pi * 40 * np.arange(4000) / 1000)
    filtered = butter_zero_phase(tone, 1000, 4, 40, "highpass")[1000:3000]
    assert filtered.std() / tone[1000:3000].std() == pytest.approx(0.5, abs=1e-6)


def test_an_impulse_stays_symmetric():
    impulse = np.zeros(4001)
    impulse[2000] = 1
    response = butter_zero_phase(impulse, 1000, 4, (2.5, 50), "bandpass")
    np.testing.assert_allclose(response, response[::-1], rtol=0, atol=1e-7)
    assert response.argmax() == 2000


def test_batch_equals_loop_and_the_input_is_left_alone():
    x = rng_for("filter batch").standard_normal((2, 3, 400))
    before = x.copy()
    together = butter_zero_phase(x, 1000, 4, 40, "highpass")
    for index in np.ndindex(2, 3):
        np.testing.assert_array_equal(together[index], butter_zero_phase(x[index], 1000, 4, 40, "highpass"))
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    ("fs", "order", "cutoff", "kind", "sentence"),
    [
        (1000, 4, 500, "lowpass", "cutoff 500 Hz at 1000 Hz: expected edges between 0 and 500 Hz"),
        (1000, 4, 0, "highpass", "cutoff 0 Hz"),
        (1000, 4, (20, 600), "bandpass", "cutoff 20–600 Hz"),
        (1000, 4, (50, 20), "bandpass", "expected the lower one first"),
        (1000, 4, 20, "bandpass", r"takes 2 cutoff\(s\): found 1"),
        (1000, 4, (20, 30), "highpass", r"takes 1 cutoff\(s\): found 2"),
        (1000, 4, 20, "notch", "filter kind is 'notch'"),
        (1000, 0, 20, "highpass", "filter order is 0"),
        (1000, 2.5, 20, "highpass", "filter order is 2.5"),
        (-1, 4, 20, "highpass", "fs is -1"),
        (np.nan, 4, 20, "highpass", "fs is nan"),
    ],
)
def test_impossible_filters_are_refused(fs, order, cutoff, kind, sentence):
    with pytest.raises(SignalError, match=sentence):
        butter_zero_phase(np.ones(500), fs, order, cutoff, kind)


@pytest.mark.parametrize(
    ("order", "cutoff", "kind"), [(4, 40, "highpass"), (3, 40, "lowpass"), (4, (5, 50), "bandpass")]
)
def test_the_shortest_signal_named_in_the_error_is_the_shortest_that_works(order, cutoff, kind):
    with pytest.raises(SignalError, match="signal has 1 samples: .* needs at least") as caught:
        butter_zero_phase(np.ones(1), 1000, order, cutoff, kind)
    shortest = int(str(caught.value).rstrip(".").split()[-1])
    assert butter_zero_phase(np.ones(shortest), 1000, order, cutoff, kind).shape == (shortest,)
    with pytest.raises(SignalError):
        butter_zero_phase(np.ones(shortest - 1), 1000, order, cutoff, kind)


@pytest.mark.parametrize("bad", [[], [1.0, np.nan], 3.0, ["a"]])
def test_signals_that_are_none_are_refused(bad):
    with pytest.raises(SignalError):
        butter_zero_phase(bad, 1000, 4, 40, "highpass")


@pytest.mark.parametrize(("fs_in", "fs_out"), [(128, 1000), (2000, 1000), (360, 1000)])
def test_a_periodic_tone_resamples_to_itself(fs_in, fs_out):
    def tone(fs):
        return np.sin(2 * np.pi * 11 * np.arange(5 * fs) / fs + 0.3)

    resampled = resample_fft(np.stack([tone(fs_in), 2 * tone(fs_in)]), fs_in, fs_out)
    np.testing.assert_allclose(resampled, np.stack([tone(fs_out), 2 * tone(fs_out)]), rtol=0, atol=1e-12)


def test_resampling_to_the_same_rate_copies():
    x = np.arange(5.0)
    same = resample_fft(x, 1000, 1000)
    np.testing.assert_array_equal(same, x)
    assert not np.shares_memory(same, x)


def test_resampling_refuses_what_leaves_nothing():
    with pytest.raises(SignalError, match="leave none at 1 Hz"):
        resample_fft(np.ones(10), 1000, 1)
    with pytest.raises(SignalError, match="fs_out is 0"):
        resample_fft(np.ones(10), 1000, 0)
