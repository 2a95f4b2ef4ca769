import doctest
import importlib

import numpy as np
import pytest
import scipy.signal
from reference import speech_slow

from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal.stft import istft, n_frames, overlap_add, stft

SIZES = [(512, 256, "sqrt_hann"), (512, 128, "hann"), (512, 256, "hann"), (400, 160, "hamming"),
         (320, 160, "boxcar"), (64, 37, "blackman"), (256, 80, "half hann of 200")]


def window_of(name):
    return scipy.signal.windows.hann(200, sym=False) ** 0.5 if name == "half hann of 200" else name


@pytest.mark.parametrize(("n_fft", "hop", "window"), SIZES)
@pytest.mark.parametrize("n", [1, 5, 255, 256, 257, 4096, 4999])
def test_reconstruction_is_perfect_for_any_length(n_fft, hop, window, n):
    x = rng_for("stft", n).standard_normal((2, n))
    back = istft(stft(x, n_fft, hop, window_of(window)), n_fft, hop, window_of(window), length=n)
    assert back.shape == x.shape
    np.testing.assert_allclose(back, x, rtol=0, atol=1e-10 * (1 if window != "hann" or hop < 256 else 100))


@pytest.mark.parametrize("n", [700, 256, 2, 3])
def test_reflected_ends_do_not_change_the_inverse(n):
    x = rng_for("stft reflect", n).standard_normal(n)
    spectra = stft(x, 512, 256, pad_mode="reflect")
    np.testing.assert_allclose(istft(spectra, 512, 256, length=n), x, rtol=0, atol=1e-12)


def test_equals_the_definition():
    x = rng_for("stft slow").standard_normal(50)
    window = scipy.signal.windows.hann(12, sym=False)
    expected = speech_slow.stft(list(x), 16, 5, list(window))
    np.testing.assert_allclose(stft(x, 16, 5, window), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("n", [4096, 5000])
def test_frames_are_librosas(n):
    librosa = pytest.importorskip("librosa")
    x = rng_for("stft librosa").standard_normal(n)
    for pad_mode in ("constant", "reflect"):
        theirs = librosa.stft(x, n_fft=512, hop_length=128, window="hann", pad_mode=pad_mode)
        ours = stft(x, 512, 128, "hann", pad_mode=pad_mode)
        np.testing.assert_allclose(ours[: theirs.shape[1]], theirs.T, rtol=0, atol=1e-12 * 512)
        assert len(ours) == 1 + -(-n // 128)


@pytest.mark.parametrize("n", [4096, 4100])
def test_both_ways_equal_scipy(n):
    """An enhanced (randomly scaled) spectrum comes back as scipy's own inverse has it, away from the ends."""
    rng = rng_for("stft scipy")
    x, window = rng.standard_normal(n), scipy.signal.windows.hann(512, sym=False)
    theirs = scipy.signal.ShortTimeFFT(window, hop=128, fs=1, fft_mode="onesided", phase_shift=None)
    spectra = stft(x, 512, 128, window)
    np.testing.assert_allclose(spectra, theirs.stft(x, p0=0, p1=n_frames(n, 128)).T, rtol=0, atol=1e-10)
    changed = theirs.stft(x) * rng.uniform(size=(257, theirs.p_num(n)))
    first = -theirs.p_min
    back = istft(changed.T[first : first + len(spectra)], 512, 128, window, length=n)
    np.testing.assert_allclose(back[512:-512], theirs.istft(changed, k1=n)[512:-512], rtol=0, atol=1e-12)


def test_inverse_is_the_least_squares_one():
    """No other signal's STFT lies nearer to spectra that are no STFT: its gradient there is zero."""
    rng = rng_for("stft least squares")
    spectra = rng.standard_normal((n_frames(40, 5), 9)) + 1j * rng.standard_normal((n_frames(40, 5), 9))
    spectra[:, [0, -1]] = spectra[:, [0, -1]].real
    twice = np.array([1, *[2] * 7, 1])  # a one-sided bin stands for two

    def distance(x):
        return float((twice * np.abs(stft(x, 16, 5) - spectra) ** 2).sum())

    best = istft(spectra, 16, 5, length=40)
    for direction in np.eye(40)[::7]:
        assert distance(best + 1e-3 * direction) > distance(best) < distance(best - 1e-3 * direction)


def test_batch_equals_loop_and_scale_passes_through():
    x = rng_for("stft batch").standard_normal((2, 3, 333))
    together = stft(x, 64, 16)
    for index in np.ndindex(2, 3):
        np.testing.assert_array_equal(stft(x[index], 64, 16), together[index])
    np.testing.assert_allclose(stft(-4 * x, 64, 16), -4 * together, rtol=1e-12)


@pytest.mark.parametrize("hop", [1, 3, 4, 9])
def test_overlap_add_is_the_plain_sum(hop):
    frames = rng_for("overlap").standard_normal((2, 5, 8))
    expected = np.zeros((2, 4 * hop + 8))
    for number in range(5):
        expected[:, number * hop : number * hop + 8] += frames[:, number]
    np.testing.assert_allclose(overlap_add(frames, hop), expected, atol=1e-14)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((16, 16, "hann"), "leaves samples out"),
        ((16, 17, "boxcar"), "leaves samples out"),
        ((16, 4, np.r_[np.ones(4), np.zeros(8), np.ones(4)]), "the given window of 16 samples leaves"),
        ((16, 0, "hann"), "hop_length is 0"),
        ((16, 4.0, "hann"), "hop_length is 4.0"),
        ((15, 5, "hann"), "n_fft is 15"),
        ((16, 8, "no such window"), "window is 'no such window'"),
        ((16, 8, np.ones(17)), "window has 17 samples"),
    ],
)
def test_impossible_sizes_get_one_sentence(arguments, words):
    with pytest.raises(SignalError, match=words):
        stft(np.ones(100), *arguments)
    with pytest.raises(SignalError, match=words):
        istft(np.ones((13, 9)), *arguments, length=100)


def test_bad_signals_and_spectra_get_one_sentence():
    with pytest.raises(SignalError, match="1 NaN"):
        stft(np.array([0.0, np.nan]), 16, 8)
    with pytest.raises(SignalError, match="pad mode is 'edge'"):
        stft(np.ones(9), 16, 8, pad_mode="edge")
    with pytest.raises(SignalError, match="1 sample"):
        stft(np.ones(1), 16, 8, pad_mode="reflect")
    with pytest.raises(SignalError, match=r"shape \(14, 9\): expected \(..., 13, 9\) for 90 samples"):
        istft(stft(np.ones(100), 16, 8), 16, 8, length=90)
    with pytest.raises(SignalError, match="length is 0"):
        istft(np.ones((1, 9)), 16, 8, length=0)
    with pytest.raises(SignalError, match="NaN"):
        istft(np.full((2, 9), np.nan), 16, 8, length=5)


def test_examples_run():
    result = doctest.testmod(importlib.import_module("biosig.signal.stft"))
    assert result.attempted and not result.failed
