import numpy as np
import pytest
from reference import speech_measures as slow
from reference.speech_makers import speech_like

from biosig.errors import SignalError
from biosig.metrics.delay import align, estimate_delay
from biosig.seeds import rng_for
from biosig.signal.mixing import mix_at_snr

FS = 8000
CLEAN = speech_like(FS, FS, "delay")
NOISE = rng_for("delay").standard_normal(FS)


def late(x, delay):
    """By ``delay`` samples, zeros instead of what came before; early where negative."""
    out = np.zeros_like(x)
    out[max(delay, 0) : x.size + min(delay, 0)] = x[max(-delay, 0) : x.size - max(delay, 0)]
    return out


@pytest.mark.parametrize("delay", [-400, -37, -1, 0, 1, 2, 160, 399, 400])
@pytest.mark.parametrize("gain", [1.0, -0.2])
def test_a_delay_is_found_in_noise_and_removed(delay, gain):
    noisy = mix_at_snr(CLEAN, NOISE, 0.0)[0]
    estimate = gain * late(noisy, delay)
    assert estimate_delay(CLEAN, estimate, FS) == delay
    clean, aligned, found = align(CLEAN, estimate, FS)
    assert found == delay and clean.size == aligned.size == FS - abs(delay)
    start = max(-delay, 0)
    np.testing.assert_array_equal(clean, CLEAN[start : start + clean.size])
    np.testing.assert_array_equal(aligned, gain * noisy[start : start + clean.size])


@pytest.mark.parametrize("snr_db", [-10, 0, 20])
def test_it_is_the_lag_that_trying_them_all_finds(snr_db):
    for shift in (-90, 0, 55):
        estimate = late(mix_at_snr(CLEAN, NOISE, snr_db)[0], shift) + 0.3 * late(CLEAN, shift + 40)
        assert estimate_delay(CLEAN, estimate, FS, 0.02) == slow.delay(CLEAN, estimate, 160)


def test_hum_and_offset_do_not_move_it():
    hum = 20 * np.sin(2 * np.pi * 50 * np.arange(FS) / FS + 1) + 100
    assert estimate_delay(CLEAN, late(CLEAN, 21) + hum, FS) == 21
    assert estimate_delay(CLEAN - 50, late(CLEAN, 21) + hum, FS) == 21


def test_beyond_the_longest_delay_nothing_is_found():
    estimate = late(CLEAN, 200)
    assert estimate_delay(CLEAN, estimate, FS, 0.025) == 200
    assert abs(estimate_delay(CLEAN, estimate, FS, 0.0245)) <= 196
    assert estimate_delay(CLEAN, estimate, FS, 0) == 0


def test_silence_and_short_clips_have_a_delay_that_leaves_something():
    assert estimate_delay(CLEAN, np.zeros(FS), FS) == 0
    clean, estimate, delay = align(np.array([0.0, 1, 0, 0, 0]), np.array([0.0, 0, 1, 0, 0]), FS)
    assert delay == 1 and clean.size == estimate.size == 4
    assert align(np.ones(1), np.ones(1), FS)[2] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((np.ones(4), np.ones(5), FS), "clean has shape"),
        ((np.ones((2, 4)), np.ones((2, 4)), FS), "one channel"),
        ((np.ones(4), np.ones(4), 0), "positive rate"),
        ((np.ones(4), np.ones(4), FS, -1.0), "longest delay is -1.0"),
        ((np.ones(4), np.ones(4), FS, np.nan), "longest delay is nan"),
    ],
)
def test_misuse_is_refused(arguments, sentence):
    for function in (estimate_delay, align):
        with pytest.raises(SignalError, match=sentence):
            function(*arguments)
