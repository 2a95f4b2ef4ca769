"""Measured responses: where they end, what their direct sound is, when it arrives, and how long they decay."""

import numpy as np
import pytest

from biosig.errors import SignalError
from biosig.metrics.reverberation import reverberation_time
from biosig.seeds import rng_for
from biosig.signal.degradations import decaying_response
from biosig.signal.responses import arrivals, direct_sound, noise_of, without_noise

FS = 16_000
START = 80


def noisy_decay(rt60=0.5, noise_db=-30.0, seconds=1.0, channels=4):
    """White decays of one time after a direct sound, in noise so far under the decay's start."""
    h = np.zeros((channels, round(seconds * FS)))
    for m in range(channels):
        decay = decaying_response(FS, rt60, "decay", m, direct_to_reverberant_db=6.0)
        h[m, START : START + decay.size] = decay[: h.shape[1] - START]
    begin = np.sqrt(np.mean(h[:, START + 1 : START + 81] ** 2))
    return h + begin * 10 ** (noise_db / 20) * rng_for("noise of a measurement").standard_normal(h.shape)


@pytest.mark.parametrize(("rt60", "noise_db"), [(0.3, -20.0), (0.5, -20.0), (0.5, -30.0), (0.8, -25.0)])
def test_a_response_ends_where_the_room_is_no_louder_than_the_noise(rt60, noise_db):
    """A decay of 60 dB in RT60 reaches the noise after noise_db / 60 of it."""
    h = noisy_decay(rt60, noise_db, seconds=1.5)
    end, power = noise_of(h, FS)
    assert (end - START) / FS == pytest.approx(-noise_db / 60 * rt60, abs=0.025)
    assert 10 * np.log10(power / np.mean(h[:, -8000:] ** 2)) == pytest.approx(0, abs=0.3)
    kept = without_noise(h, FS)
    assert kept.shape == (4, end) and np.abs(kept[:, -1]).max() < 1e-3 * np.abs(kept).max()
    np.testing.assert_array_equal(kept[:, : end - 200], h[:, : end - 200])


def test_a_response_without_noise_is_kept_nearly_whole():
    h = decaying_response(FS, 0.4, "clean")
    assert np.sum(without_noise(h, FS) ** 2) > 0.9999 * np.sum(h**2)


@pytest.mark.parametrize(("rt60", "noise_db"), [(0.3, -20.0), (0.5, -20.0), (0.8, -25.0)])
def test_the_decay_is_found_above_the_noise(rt60, noise_db):
    h = noisy_decay(rt60, noise_db, seconds=1.5)
    assert reverberation_time(h, FS, fit_db=(-2.0, -12.0)) == pytest.approx(rt60, rel=0.1)
    octave = reverberation_time(h, FS, (1000 / 2**0.5, 1000 * 2**0.5), (-2.0, -12.0))
    assert octave == pytest.approx(rt60, rel=0.2)
    assert np.isnan(reverberation_time(h, FS, fit_db=(-5.0, -45.0)))  # there is only noise so far down


def test_the_decay_is_that_of_another_program():
    acoustics = pytest.importorskip("pyroomacoustics.experimental.rt60")
    h = decaying_response(FS, 0.6, "another", direct_to_reverberant_db=-20.0)
    theirs = acoustics.measure_rt60(h, fs=FS, decay_db=20)  # from -5 to -25 dB, by two points of the curve
    assert reverberation_time(h, FS) == pytest.approx(theirs, rel=0.06)


def test_the_direct_sound_is_what_stands_in_the_window():
    h = np.ones(2000) * 0.01
    h[500] = 1.0
    cut = direct_sound(h, FS, before_ms=1.0, after_ms=2.0, fade_ms=0.5)
    np.testing.assert_array_equal(cut[484:533], h[484:533])
    assert not cut[:476].any() and not cut[541:].any()
    assert (np.diff(cut[532:542]) < 0).all() and cut[536] == pytest.approx(0.005, rel=0.2)
    early = direct_sound(np.eye(1, 300)[0], FS)  # it begins with the response
    assert early[0] == 1 and early.sum() == 1


def test_arrivals_are_delays_to_a_fraction_of_a_sample():
    delays, n = np.array([0.0, 3.0, 5.5, -2.25]), 1024
    f = np.fft.rfftfreq(n)
    band = np.exp(-(((f - 0.12) / 0.05) ** 2))
    h = np.array([np.fft.irfft(band * np.exp(-2j * np.pi * f * (100 + d)), n) for d in delays])
    np.testing.assert_allclose(arrivals(h, FS) * FS, delays, atol=0.07)
    np.testing.assert_allclose(arrivals(h, FS, 1) * FS, delays - 3, atol=0.07)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: noise_of(np.zeros(1000), FS), "silent"),
        (lambda: noise_of(np.ones(300), FS), "expected 4 blocks of 160"),
        (lambda: without_noise(np.full(9000, np.nan), FS), "NaN"),
        (lambda: direct_sound(np.ones((2, 9)), FS), "one channel|mono|shape"),
        (lambda: direct_sound(np.ones(900), FS, after_ms=0), "after_ms"),
        (lambda: arrivals(np.ones(900), FS), "expected \\(microphones, m\\)"),
        (lambda: arrivals(np.ones((2, 900)), FS, 2), "expected a microphone from 0 to 1"),
        (lambda: reverberation_time(np.eye(1, 9000)[0], FS, fit_db=(-5.0, -5.0)), "two falling levels"),
        (lambda: reverberation_time(np.eye(1, 9000)[0], FS, (100.0, 9000.0)), "two rising frequencies below 8000"),
    ],
)
def test_bad_input_is_one_sentence(call, told):
    with pytest.raises(SignalError, match=told):
        call()
