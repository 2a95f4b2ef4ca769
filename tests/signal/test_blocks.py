"""In blocks as in one piece: windows, resampling and the classical systems, however the sound is cut."""

import tracemalloc

import numpy as np
import pytest
import scipy.signal

from biosig.errors import SignalError
from biosig.signal.blocks import (
    AtRate,
    Channels,
    Resampler,
    Unchanged,
    Windowed,
    classical_stream,
    in_blocks,
    resample,
)
from biosig.signal.enhancement import CLASSICAL_SPEECH

RATES = [(44100, 16000), (16000, 44100), (48000, 16000), (16000, 48000), (8000, 16000), (16000, 8000), (11025, 16000)]


def noise(n, *shape):
    return np.random.default_rng(7).standard_normal((*shape, n))


def cut(x, *sizes):
    """Pieces of these sizes, over and over."""
    at, k = 0, 0
    while at < x.shape[-1]:
        yield x[..., at : at + sizes[k % len(sizes)]]
        at, k = at + sizes[k % len(sizes)], k + 1


def through(stream, pieces):
    return np.concatenate(list(in_blocks(stream, pieces)), axis=-1)


# --- resampling --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fs_in, fs_out", RATES)
@pytest.mark.parametrize("n", [1, 7, 6001])
def test_resampling_in_blocks_is_resampling_the_whole(fs_in, fs_out, n):
    x = noise(n)
    whole = resample(x, fs_in, fs_out)
    assert whole.size == -(-n * fs_out // fs_in)
    np.testing.assert_allclose(through(Resampler(fs_in, fs_out), cut(x, 1, 1000, 37)), whole, atol=1e-12)


@pytest.mark.parametrize("fs_in, fs_out", RATES)
def test_a_tone_is_resampled_to_the_same_tone(fs_in, fs_out):
    """Against the formula of the tone: no delay, no loss, at 1 kHz."""
    tone = lambda fs, n: np.sin(2 * np.pi * 1000 * np.arange(n) / fs + 0.3)  # noqa: E731
    found = resample(tone(fs_in, fs_in // 4), fs_in, fs_out)
    edge = fs_out // 50
    np.testing.assert_allclose(found[edge:-edge], tone(fs_out, found.size)[edge:-edge], atol=3e-4)


def test_what_the_lower_rate_cannot_hold_is_gone():
    t = np.arange(48000) / 48000
    assert np.abs(resample(np.sin(2 * np.pi * 9000 * t), 48000, 16000)[500:-500]).max() < 1e-3


def test_the_resampler_is_scipys_with_its_own_filter():
    from biosig.signal.blocks import _low_pass

    x = noise(5000)
    expected = scipy.signal.resample_poly(x, 160, 441, window=_low_pass(160, 441) / 160)
    np.testing.assert_allclose(resample(x, 44100, 16000), expected, atol=1e-12)


def test_there_and_back_is_as_long_and_no_seam_is_heard():
    x = scipy.signal.sosfilt(scipy.signal.cheby2(12, 80, 6500, fs=44100, output="sos"), noise(50_001))
    there = lambda: AtRate(Unchanged(), 44100, 16000)  # noqa: E731
    back = through(there(), cut(x, 4410, 1, 777))
    assert back.size == x.size
    np.testing.assert_allclose(back, through(there(), [x]), atol=1e-12)
    np.testing.assert_allclose(back[200:-200], x[200:-200], atol=3e-3 * np.abs(x).max())


@pytest.mark.parametrize("fs", [0, -1, 16000.5, np.nan])
def test_a_rate_that_cannot_be_resampled_in_blocks(fs):
    with pytest.raises(SignalError, match="fs_in is"):
        Resampler(fs, 16000)


# --- windows -----------------------------------------------------------------------------------------------------


def smoothed(x, fs):
    """A linear system that hears 20 samples to either side."""
    return np.convolve(x, np.hanning(43)[1:-1] / 21, mode="same")


@pytest.mark.parametrize("n", [1, 40, 99, 100, 101, 180, 181, 190, 191, 555, 1000])
def test_windows_cover_every_sample_once(n):
    x = noise(n)
    stream = Windowed(lambda window, fs: window, fs=10, window_s=10, overlap_s=1)
    np.testing.assert_allclose(through(stream, cut(x, 33, 1, 250)), x, atol=1e-12)


@pytest.mark.parametrize("n", [3000, 10_001, 10_900, 28_123])
def test_a_linear_system_in_windows_is_that_system_on_the_whole(n):
    """But for what it does not hear beyond a window's edge, where the fade is near 0."""
    x = noise(n)
    out = through(Windowed(smoothed, fs=1000), cut(x, 1999, 4))
    np.testing.assert_allclose(out, smoothed(x, 1000), atol=0.02)
    alone = max(0, min(9000, n - 10_000))  # what only the first window covers
    np.testing.assert_allclose(out[:alone], smoothed(x, 1000)[:alone], atol=1e-12)


@pytest.mark.parametrize("n", [50, 5000, 10_001, 19_500, 40_321])
def test_windows_are_those_of_the_denoiser(n):
    """The trained networks' own cutting, which needs the whole signal, gives the same."""
    torch = pytest.importorskip("torch")
    from biosig.training.inference import Denoiser

    class Odd(torch.nn.Module):
        def forward(self, x):
            return torch.tanh(x) * torch.linspace(0, 1, x.shape[-1])

    denoiser = Denoiser(Odd(), fs=1000)
    x = noise(n)
    in_windows = through(Windowed(denoiser, fs=1000), cut(x, 3000))
    if n >= 500:
        np.testing.assert_allclose(in_windows, denoiser(x, 1000), atol=1e-12)
    assert in_windows.shape == x.shape


def test_a_system_that_fails_says_so():
    for system, found in ((lambda x, fs: x[1:], "shape"), (lambda x, fs: x * np.nan, "NaN")):
        with pytest.raises(SignalError, match=found):
            through(Windowed(system, fs=100), [np.ones(500)])
    with pytest.raises(SignalError, match="overlap"):
        Windowed(smoothed, fs=100, window_s=1, overlap_s=1)


# --- classical systems, channels, memory -------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSICAL_SPEECH)
def test_classical_systems_in_blocks_are_those_on_the_whole(name):
    x = noise(9001, 2) * [[1.0], [0.01]]
    x[1, :700] = 0  # one channel begins in silence, and the other does not wait for it
    stream = Channels([classical_stream(name, 8000) for _ in x])
    np.testing.assert_allclose(through(stream, cut(x, 1000, 1, 256)), CLASSICAL_SPEECH[name](x, 8000), atol=1e-10)


def test_silence_and_less_than_a_frame_come_back():
    for x in (np.zeros((2, 500)), noise(3, 2), np.stack([np.zeros(900), noise(900)])):
        assert through(Channels([classical_stream("wiener", 8000) for _ in x]), [x]).shape == x.shape


def test_unknown_names_and_other_channels():
    with pytest.raises(SignalError, match="no classical system"):
        classical_stream("wiener_best", 8000)
    with pytest.raises(SignalError, match=r"expected \(2, samples\)"):
        Channels([Unchanged(), Unchanged()]).push(np.ones((3, 10)))


def held_at_most(stream, seconds, fs):
    """The most memory in bytes, and the longest block, of so many seconds in blocks of 1 s."""
    x = noise(fs, 1)
    tracemalloc.start()
    longest = max(block.shape[-1] for block in in_blocks(stream, (x for _ in range(seconds))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, longest


def test_windows_hold_two_windows_however_long_the_signal():
    peaks = [held_at_most(Channels([AtRate(Windowed(lambda x, fs: x, 1600), 4410, 1600)]), s, 4410) for s in (25, 250)]
    assert peaks[1][0] < 1.2 * peaks[0][0] and peaks[1][1] <= 20 * 4410


def test_classical_systems_hold_a_frame_however_long_the_signal():
    make = lambda: Channels([AtRate(classical_stream("spectral_subtraction", 800), 2205, 800)])  # noqa: E731
    peaks = [held_at_most(make(), seconds, 2205) for seconds in (4, 24)]
    assert peaks[1][0] < 1.2 * peaks[0][0] + 20_000 and peaks[1][1] <= 1.1 * 2205
