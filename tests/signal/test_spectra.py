import numpy as np
import pytest
import scipy.signal
from reference import emg_slow
from reference.emg_makers import synthetic_emg

from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal.spectra import frame_centres, frame_sizes, mean_frequency, stft_magnitude


def test_sizes_are_the_papers_at_1_khz_and_scale_with_the_rate():
    assert frame_sizes(1000) == (128, 256, 32)
    assert frame_sizes(2000) == (256, 512, 64)
    with pytest.raises(SignalError, match="fs is 10 Hz"):
        frame_sizes(10)


@pytest.mark.parametrize(("n", "fs"), [(320, 1000), (31, 1000), (250, 2000)])
def test_mean_frequency_equals_the_definition(n, fs):
    x = synthetic_emg(n, "mf", n)
    window, n_fft, hop = frame_sizes(fs)
    expected = emg_slow.mean_frequencies(x, fs, window, n_fft, hop, 10.0)
    np.testing.assert_allclose(mean_frequency(x, fs), expected, rtol=1e-11)


@pytest.mark.parametrize("n", [10_000, 9_984, 777])
def test_magnitudes_equal_librosa(n):
    librosa = pytest.importorskip("librosa")
    x = synthetic_emg(n, "librosa")
    window = scipy.signal.windows.hamming(128, sym=True)
    theirs = librosa.stft(x, n_fft=256, hop_length=32, win_length=128, window=window, pad_mode="constant")
    np.testing.assert_allclose(stft_magnitude(x)[1], np.abs(theirs).T, rtol=0, atol=1e-10)


@pytest.mark.parametrize("n", [10_000, 9_984, 777])
def test_magnitudes_equal_scipy(n):
    x = synthetic_emg(n, "scipy")
    window = np.zeros(256)
    window[64:192] = scipy.signal.windows.hamming(128, sym=True)
    stft = scipy.signal.ShortTimeFFT(window, hop=32, fs=1000, fft_mode="onesided")
    theirs = np.abs(stft.stft(x, p0=0, p1=1 + n // 32))
    frequencies, ours = stft_magnitude(x)
    np.testing.assert_allclose(ours, theirs.T, rtol=0, atol=1e-10)
    np.testing.assert_allclose(frequencies, stft.f)


def test_one_signal_has_one_spectrum_at_any_rate():
    def spectrum(fs):
        t = np.arange(2 * fs) / fs
        x = np.sin(2 * np.pi * 101.3 * t) + 0.5 * np.sin(2 * np.pi * 57 * t)
        frequencies, magnitude = stft_magnitude(x, fs)
        return magnitude[10:40, frequencies <= 200] / fs

    at_1k = spectrum(1000)
    np.testing.assert_allclose(spectrum(2000), at_1k, rtol=0, atol=0.02 * at_1k.max())


@pytest.mark.parametrize("f", [60.0, 125.0, 300.0])
def test_a_tone_dominates_its_mean_frequency(f):
    inner = mean_frequency(np.sin(2 * np.pi * f * np.arange(2000) / 1000))[5:-5]
    assert np.abs(inner - f).max() < 30  # the window's side lobes pull towards the middle of the band


def test_scale_does_not_matter_and_batch_equals_loop():
    x = rng_for("mf batch").standard_normal((2, 3, 700))
    together = mean_frequency(x)
    np.testing.assert_allclose(mean_frequency(1e-6 * x), together, rtol=1e-12)
    for index in np.ndindex(2, 3):
        np.testing.assert_allclose(mean_frequency(x[index]), together[index], rtol=0, atol=1e-12 * 500)


def test_only_silent_frames_are_nan():
    x = np.zeros(1000)
    x[600:] = rng_for("mf silent").standard_normal(400)
    silent = frame_centres(1000) + 64 <= 600
    np.testing.assert_array_equal(np.isnan(mean_frequency(x)), silent)


def test_frames_are_centred_on_multiples_of_the_hop_and_never_outside():
    np.testing.assert_array_equal(frame_centres(100), [0, 32, 64, 96])
    np.testing.assert_array_equal(frame_centres(64), [0, 32, 63])
    click = np.zeros(1000)
    click[480] = 1
    energy = stft_magnitude(click)[1].sum(axis=-1)
    assert frame_centres(1000)[energy.argmax()] == 480
    assert stft_magnitude(click)[1].shape == (frame_centres(1000).size, 129)
