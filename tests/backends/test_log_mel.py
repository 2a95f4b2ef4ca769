"""Log-mel spectra against a loop written from Kaldi's definition, and what they refuse."""

import math

import numpy as np
import pytest

from biosig.backends.log_mel import BINS, FLOOR, log_mel, triangles
from biosig.errors import SignalError


def by_definition(signal: np.ndarray, at: int) -> np.ndarray:
    """One frame of 25 ms, sample by sample and bin by bin, with a discrete Fourier transform spelt out."""
    frame = [float(x) for x in signal[at : at + 400]]
    mean = sum(frame) / 400
    frame = [x - mean for x in frame]
    emphasised = [frame[0] - 0.97 * frame[0]] + [frame[k] - 0.97 * frame[k - 1] for k in range(1, 400)]
    windowed = [x * (0.54 - 0.46 * math.cos(2 * math.pi * k / 399)) for k, x in enumerate(emphasised)]
    turns = np.exp(-2j * np.pi * np.outer(np.arange(256), np.arange(400)) / 512)  # Kaldi leaves bin 256 out
    power = np.abs(turns @ np.array(windowed)) ** 2
    mel = [1127 * math.log(1 + k * 16000 / 512 / 700) for k in range(256)]
    step = 1127 * math.log(1 + 8000 / 700) / (BINS + 1)
    energies = []
    for b in range(BINS):
        left, centre, right = b * step, (b + 1) * step, (b + 2) * step
        total = 0.0
        for k in range(256):
            if left < mel[k] <= centre:
                total += power[k] * (mel[k] - left) / (centre - left)
            elif centre < mel[k] < right:
                total += power[k] * (right - mel[k]) / (right - centre)
        energies.append(math.log(max(total, 2**-23)))
    return np.array(energies)


def test_frames_equal_a_loop_written_from_the_definition():
    signal = 0.1 * np.random.default_rng(0).standard_normal(2000) + 0.02  # with an offset, which is taken out
    found = log_mel(signal)
    assert found.shape == (1 + (2000 - 400) // 160, BINS) and found.dtype == np.float32
    for t in (0, 4, 10):
        np.testing.assert_allclose(found[t], by_definition(signal, 160 * t), rtol=2e-5, atol=2e-5)


def test_five_seconds_make_498_frames_and_a_stack_is_its_signals():
    stack = 0.1 * np.random.default_rng(1).standard_normal((2, 80000))
    found = log_mel(stack)
    assert found.shape == (2, 498, BINS)
    np.testing.assert_array_equal(found[1], log_mel(stack[1]))


def test_a_tone_is_loudest_in_the_triangle_that_holds_it():
    found = log_mel(np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)).mean(axis=0)
    centres = 700 * (np.exp((np.arange(BINS) + 1) * 1127 * np.log1p(8000 / 700) / (BINS + 1) / 1127) - 1)
    assert abs(centres[found.argmax()] - 1000) < 40


def test_silence_is_the_floor():
    np.testing.assert_allclose(log_mel(np.zeros(800)), np.log(FLOOR), rtol=1e-6)


def test_neighbouring_triangles_add_up_to_one_between_their_centres():
    assert np.allclose(triangles().sum(axis=0)[4:240], 1)


@pytest.mark.parametrize("signal, fs", [(np.zeros(399), 16000), (np.zeros(800), 8000), (np.full(800, np.nan), 16000)])
def test_what_is_no_sound_is_refused(signal, fs):
    with pytest.raises(SignalError):
        log_mel(signal, fs)
