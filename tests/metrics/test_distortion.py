import doctest

import numpy as np
import pytest
from reference import speech_measures as slow
from reference.speech_makers import speech_like

from biosig.errors import SignalError
from biosig.metrics import delay, distortion, quality
from biosig.metrics.distortion import log_spectral_distance, segmental_snr, si_sdr
from biosig.metrics.scores import ClipError
from biosig.metrics.waveform import snr
from biosig.seeds import rng_for
from biosig.signal.mixing import mix_at_snr

FS, N = 2000, 3001
CLEAN = np.stack([speech_like(N, FS, "distortion", k) for k in range(4)]).reshape(2, 2, N)
NOISE = rng_for("distortion").standard_normal((2, 2, N))
NOISY = mix_at_snr(CLEAN, NOISE, 3.0)[0]
LENGTH = 64  # 32 ms
MEASURES = {
    "si_sdr": si_sdr,
    "seg_snr": lambda clean, estimate: segmental_snr(clean, estimate, FS),
    "lsd": lambda clean, estimate: log_spectral_distance(clean, estimate, FS),
}


def test_each_equals_its_definition_in_loops():
    for index in np.ndindex(2, 2):
        clean, noisy = CLEAN[index], NOISY[index]
        assert si_sdr(clean, noisy) == pytest.approx(slow.si_sdr(clean, noisy), abs=1e-10)
        expected = slow.segmental_snr(clean, noisy, LENGTH)
        assert segmental_snr(clean, noisy, FS) == pytest.approx(expected, abs=1e-10)
    clean, noisy = CLEAN[0, 0, :700], NOISY[0, 0, :700]
    expected = slow.log_spectral_distance(list(clean), list(noisy), LENGTH)
    assert log_spectral_distance(clean, noisy, FS) == pytest.approx(expected, abs=1e-9)


def test_spectra_far_below_the_loudest_count_as_equal():
    clean, noisy = CLEAN[0, 0, :700], CLEAN[0, 0, :700] + 1e-9 * NOISE[0, 0, :700]
    assert log_spectral_distance(clean, noisy, FS) < 1e-3
    gone = log_spectral_distance(clean, np.zeros(700), FS)  # finite, though a logarithm of nothing is not
    assert gone == pytest.approx(slow.log_spectral_distance(list(clean), [0.0] * 700, LENGTH), abs=1e-9)


@pytest.mark.parametrize("name", MEASURES)
def test_batch_equals_loop_and_more_noise_is_worse(name):
    together = MEASURES[name](CLEAN, NOISY)
    assert together.shape == (2, 2)
    for index in np.ndindex(2, 2):
        np.testing.assert_allclose(together[index], MEASURES[name](CLEAN[index], NOISY[index]), rtol=1e-12)
    better = [MEASURES[name](CLEAN, mix_at_snr(CLEAN, NOISE, level)[0]) for level in (-10, -3, 4, 11, 18)]
    rising = np.diff(better, axis=0) * (-1 if name == "lsd" else 1)
    assert (rising > 0).all()


def test_si_sdr_ignores_gain_and_sign_and_knows_its_closed_form():
    for gain in (-3.0, 1e-6, 1e160, 1e-160):
        np.testing.assert_allclose(si_sdr(CLEAN, gain * NOISY), si_sdr(CLEAN, NOISY), atol=1e-9)
    apart = NOISE - (NOISE * CLEAN).sum(-1, keepdims=True) / (CLEAN**2).sum(-1, keepdims=True) * CLEAN
    noisy = mix_at_snr(CLEAN, apart, 7.0)[0]  # noise without a trace of the clean signal: SI-SDR is SNR
    np.testing.assert_allclose(si_sdr(CLEAN, noisy), 7.0, atol=1e-9)
    np.testing.assert_allclose(snr(CLEAN, noisy), 7.0, atol=1e-9)


@pytest.mark.parametrize("gain", [1.0, 0.3, -7.7, 1e-9])
def test_si_sdr_of_the_clean_signal_itself_is_infinite(gain):
    assert np.all(si_sdr(CLEAN, gain * CLEAN) == np.inf)


def test_si_sdr_of_what_holds_nothing_of_the_clean_signal_is_minus_infinite():
    assert si_sdr(np.array([1.0, 1.0, -1.0, -1.0]), np.array([1.0, -1.0, 1.0, -1.0])) == -np.inf


def test_segmental_snr_is_limited_and_passes_over_pauses():
    level = np.where(np.arange(N) < 1500, 1.0, 1e-3)  # the second half lies 60 dB lower: a pause
    clean = np.sin(np.arange(N)) * level
    estimate = clean + 0.1 * np.cos(np.arange(N)) * (np.arange(N) < 1600)
    spoiled = estimate + 5 * (np.arange(N) >= 1600)
    assert segmental_snr(clean, estimate, FS) == pytest.approx(segmental_snr(clean, spoiled, FS), abs=1e-12)
    assert segmental_snr(clean, estimate, FS) == pytest.approx(20, abs=0.3)
    assert segmental_snr(clean, clean, FS) == 35
    assert segmental_snr(clean, clean + 1e-5, FS) == 35
    assert segmental_snr(clean, clean + 100, FS) == -10
    assert segmental_snr(clean, np.zeros(N), FS) == pytest.approx(0, abs=1e-12)


def test_segmental_snr_is_the_mean_of_what_each_frame_has():
    clean = np.ones(128)
    error = np.repeat([0.1, 1.0, 10.0, 0.001], 32)  # half frames; three frames of 64
    expected = [-10 * np.log10(np.mean(error[a : a + 64] ** 2)) for a in (0, 32, 64)]
    assert expected[1] < -10 and expected[2] < -10
    assert segmental_snr(clean, clean + error, FS) == pytest.approx((expected[0] - 20) / 3, abs=1e-9)


@pytest.mark.parametrize("gain", [0.25, 0.5, 2.0, -3.0])
def test_log_spectral_distance_of_a_gain_is_the_gain(gain):
    distance = log_spectral_distance(NOISE, gain * NOISE, FS)
    np.testing.assert_allclose(distance, abs(20 * np.log10(abs(gain))), atol=5e-3)  # but for bins at the floor


def test_log_spectral_distance_is_zero_for_itself_and_keeps_under_common_gain():
    np.testing.assert_array_equal(log_spectral_distance(CLEAN, CLEAN, FS), 0)
    once, louder = log_spectral_distance(CLEAN, NOISY, FS), log_spectral_distance(9 * CLEAN, 9 * NOISY, FS)
    np.testing.assert_allclose(louder, once, rtol=1e-9)


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize(
    ("clean", "estimate", "sentence"),
    [
        (np.ones(400), np.ones(399), "clean has shape"),
        (np.ones(400), np.full(400, np.inf), "estimate holds 400 NaN or infinite"),
        (np.zeros(400), np.ones(400), "clean is silent"),
    ],
)
def test_what_cannot_be_compared_is_refused(name, clean, estimate, sentence):
    with pytest.raises(SignalError, match=sentence):
        MEASURES[name](clean, estimate)


def test_a_silent_estimate_a_short_clip_and_a_tiny_rate_are_refused():
    with pytest.raises(ClipError, match="estimate is silent: expected a signal with power"):
        si_sdr(np.ones(400), np.zeros(400))
    with pytest.raises(ClipError, match="shorter than one frame"):
        segmental_snr(np.ones(63), np.ones(63), FS)
    for measure in (segmental_snr, log_spectral_distance):
        with pytest.raises(SignalError, match="fs is 50 Hz"):
            measure(np.ones(400), np.ones(400), 50)


@pytest.mark.parametrize("module", [delay, distortion, quality])
def test_the_examples_run(module):
    result = doctest.testmod(module)
    assert result.attempted and not result.failed
