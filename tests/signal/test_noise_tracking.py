import doctest
import importlib
import math

import numpy as np
import pytest
from reference import speech_slow
from scipy.integrate import quad
from scipy.optimize import brentq

from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal.noise_tracking import NOISE_TRACKERS, D, H, M, noise_tracker, track_noise
from biosig.signal.stft import stft

RATE = 62.5  # frames of 16 ms
TRACKERS = list(NOISE_TRACKERS)


def noise_power(seconds, *names, bins=129):
    """|N|² of white noise of power 1 in frames as the systems make them, overlapping by half."""
    x = rng_for("noise power", *names).standard_normal(round(seconds * 16000))
    return np.abs(stft(x, 2 * bins - 2, bins - 1)[1:-1]) ** 2 / (bins - 1)


def speech_like_power(frames, bins, *names):
    """Powers with bursts far above a noise of 1."""
    rng = rng_for("speech-like power", *names)
    bursts = 10 ** (rng.uniform(0, 3, size=(frames, bins)) * (np.arange(frames) // 20 % 3 == 1)[:, None])
    return rng.exponential(size=(frames, bins)) * bursts


def db(x):
    return 10 * np.log10(x)


def level(estimate, start_s, stop_s):
    """Mean of the estimate over all bins and some time, in dB."""
    return float(db(estimate[round(start_s * RATE) : round(stop_s * RATE)].mean()))


# ---- against independent computations ----


@pytest.mark.parametrize("frame_rate", [62.5, 100.0])
def test_voice_activity_equals_the_definition(frame_rate):
    power = speech_like_power(150, 5, "vad")
    expected = speech_slow.voice_activity(power.tolist(), frame_rate, 3.0, 0.7, 0.2)
    ours = track_noise(power, frame_rate, "voice_activity", memory_s=0.7, average_s=0.2)
    np.testing.assert_allclose(ours, expected, rtol=1e-10)


@pytest.mark.parametrize(("frame_rate", "first"), [(62.5, 5), (100.0, 8)])
def test_speech_presence_equals_the_definition(frame_rate, first):
    power = speech_like_power(300, 4, "spp")
    power[50:] *= 1000  # wakes the guard against stalling
    expected = speech_slow.speech_presence(power.tolist(), frame_rate, first)
    np.testing.assert_allclose(track_noise(power, frame_rate), expected, rtol=1e-10)


def bias(d, inverse_q):
    """Martin's bias factor, straight from the formula."""
    m, h = np.interp(d, D, M), np.interp(d, D, H)
    q_tilde = (1 / inverse_q - 2 * m) / (1 - m)
    return 1 + (d - 1) * 2 / q_tilde * math.gamma(1 + 2 * inverse_q) ** h


def test_minimum_statistics_equals_the_definition():
    power = speech_like_power(260, 6, "ms") * np.where(np.arange(260) > 120, 5.0, 1.0)[:, None]
    expected = speech_slow.minimum_statistics(power.tolist(), 5, 8, 6, bias)
    ours = track_noise(power, RATE, "minimum_statistics", window_s=0.768)
    np.testing.assert_allclose(ours, expected, rtol=1e-9)


@pytest.mark.parametrize(("alpha", "d"), [(0.5, 12), (0.7, 12), (0.9, 12), (0.7, 96), (0.85, 96), (0.95, 96)])
def test_the_bias_factor_is_that_of_simulated_minima(alpha, d):
    """The tabulated M and H, on recursively smoothed powers: within 5 % of one over the mean minimum."""
    rng, smooth, rows = rng_for("minima", alpha), np.ones(150), []
    for _ in range(3000):
        smooth = alpha * smooth + (1 - alpha) * rng.exponential(size=150)
        rows.append(smooth)
    windows = np.array(rows[120:][: 2880 // d * d]).reshape(-1, d, 150)
    inverse_q = (1 - alpha) / (1 + alpha) / 2  # variance of P over 2
    assert bias(d, inverse_q) * windows.min(axis=1).mean() == pytest.approx(1, abs=0.05)


def settled_presence_db(xi_db=15.0):
    """Where the speech-presence tracker comes to rest in noise of power 1: E[(1 - P)(|Y|² - σ²)] = 0."""
    xi = 10 ** (xi_db / 10)

    def drift(noise):
        def integrand(y):
            return math.exp(-y) * (y - noise) / (1 + math.exp(y / noise * xi / (1 + xi)) / (1 + xi))

        return quad(integrand, 0, 60, limit=200)[0]

    return db(brentq(drift, 0.3, 1.2))


def test_a_slow_speech_presence_tracker_rests_where_the_integral_says():
    power = rng_for("rest").exponential(size=(4000, 60))
    estimate = track_noise(power, RATE, smoothing=0.99)
    assert level(estimate, 20, 64) == pytest.approx(settled_presence_db(), abs=0.1)
    assert settled_presence_db() == pytest.approx(-0.90, abs=0.01)


# ---- what they are for ----


@pytest.mark.parametrize(
    ("tracker", "offset_db", "within_db"),
    [("voice_activity", 0, 0.3), ("minimum_statistics", 0, 0.5), ("speech_presence", -1.15, 0.3)],
)
@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e9])
def test_stationary_noise_is_found_at_any_scale(tracker, offset_db, within_db, scale):
    shape = 10 ** np.linspace(2, -2, 129)  # a tilted spectrum
    estimate = track_noise(scale * shape * noise_power(6, "stationary"), RATE, tracker) / (scale * shape)
    assert level(estimate, 2, 6) == pytest.approx(offset_db, abs=within_db)
    thirds = [level(estimate[:, part], 2, 6) for part in (slice(1, 43), slice(43, 86), slice(86, 128))]
    np.testing.assert_allclose(thirds, offset_db, atol=within_db + 0.2)


@pytest.mark.parametrize(("tracker", "after_s"), [("voice_activity", 2.6), ("minimum_statistics", 2.2),
                                                 ("speech_presence", 1.2)])
def test_a_step_up_is_followed_and_how_soon(tracker, after_s):
    power = noise_power(7, "step")
    power[round(3 * RATE) :] *= 10
    estimate = track_noise(power, RATE, tracker)
    settled = level(track_noise(noise_power(7, "step"), RATE, tracker), 3 + after_s, 7)
    assert level(estimate, 3 + after_s, 7) == pytest.approx(10 + settled, abs=0.7)
    assert level(estimate, 2.5, 3) < 1.0


@pytest.mark.parametrize("tracker", TRACKERS)
def test_a_step_down_is_followed_within_a_second(tracker):
    power = noise_power(5, "down")
    power[round(3 * RATE) :] /= 10
    assert level(track_noise(power, RATE, tracker), 4, 5) == pytest.approx(-10, abs=1.6)


@pytest.mark.parametrize("tracker", TRACKERS)
def test_bursts_do_not_raise_the_estimate(tracker):
    """Speech-like bursts 30 dB above the noise, half of the time, move it by less than 3 dB."""
    power = noise_power(8, "bursts")
    loud = np.arange(len(power)) // 25 % 2 == 1
    estimate = track_noise(power * np.where(loud, 1000.0, 1.0)[:, None], RATE, tracker)
    assert abs(level(estimate, 2, 8)) < 3


def test_the_voice_activity_detector_knows_bursts_from_noise():
    power = noise_power(4, "detector")
    loud = (np.arange(len(power)) // 25 % 2 == 1) & (np.arange(len(power)) > 40)
    tracker, heard = noise_tracker("voice_activity", RATE), []
    for frame in power * np.where(loud, 10.0, 1.0)[:, None]:
        tracker.step(frame)
        heard.append(bool(tracker.speech))
    np.testing.assert_array_equal(heard, loud)


@pytest.mark.parametrize("tracker", TRACKERS)
def test_nothing_looks_ahead(tracker):
    power = speech_like_power(200, 7, "ahead")
    changed = power.copy()
    changed[120:] *= 50
    before, after = track_noise(power, RATE, tracker), track_noise(changed, RATE, tracker)
    np.testing.assert_array_equal(before[:120], after[:120])
    assert not np.array_equal(before[120:], after[120:])


@pytest.mark.parametrize("tracker", TRACKERS)
def test_batch_equals_loop(tracker):
    power = np.stack([[speech_like_power(130, 9, a, b) for b in range(2)] for a in range(3)])
    together = track_noise(power, RATE, tracker)
    for index in np.ndindex(3, 2):
        np.testing.assert_allclose(track_noise(power[index], RATE, tracker), together[index], rtol=1e-12)


@pytest.mark.parametrize("tracker", TRACKERS)
def test_the_frame_rate_does_not_matter_to_what_is_found(tracker):
    """Frames of 8 ms instead of 16 ms: the same level, after as long a time."""
    power = rng_for("rate").exponential(size=(1000, 60))
    power[500:] *= 10
    estimate = track_noise(power, 125.0, tracker)
    expected = -1.2 if tracker == "speech_presence" else 0
    assert db(estimate[300:500].mean()) == pytest.approx(expected, abs=0.8)
    assert db(estimate[850:].mean()) == pytest.approx(10 + expected, abs=0.8)


@pytest.mark.parametrize("tracker", TRACKERS)
def test_silence_gives_no_noise_and_no_warnings(tracker, recwarn):
    power = noise_power(4, "then silence")
    power[60:160] = 0
    estimate = track_noise(power, RATE, tracker)
    assert np.isfinite(estimate).all() and estimate.min() >= 0
    assert not track_noise(np.zeros((200, 5)), RATE, tracker).any()
    assert not recwarn.list


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: track_noise(np.ones((3, 4)), RATE, "nobody"), "noise tracker is 'nobody'"),
        (lambda: track_noise(np.ones(4), RATE), r"power has shape \(4,\)"),
        (lambda: track_noise(-np.ones((3, 4)), RATE), "negative"),
        (lambda: track_noise(np.full((3, 4), np.nan), RATE), "NaN"),
        (lambda: track_noise(np.ones((3, 4)), 0.0), "frame_rate is 0.0"),
        (lambda: track_noise(np.ones((3, 4)), RATE, "minimum_statistics", window_s=-1.0), "window_s is -1.0"),
    ],
)
def test_bad_input_gets_one_sentence(call, words):
    with pytest.raises(SignalError, match=words):
        call()


def test_examples_run():
    result = doctest.testmod(importlib.import_module("biosig.signal.noise_tracking"))
    assert result.attempted and not result.failed
