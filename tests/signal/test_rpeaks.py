import numpy as np
import pytest
from reference import emg_slow
from reference.emg_makers import synthetic_ecg, synthetic_emg

from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal.mixing import mix_at_snr
from biosig.signal.rpeaks import detect_r_peaks, ecg_band, moving_mean, r_peaks_in_band


def hits(found, true, tolerance):
    """How many of ``found`` lie within ``tolerance`` samples of one of ``true``."""
    return sum(np.abs(true - peak).min() <= tolerance for peak in found)


@pytest.mark.parametrize("fs", [500, 1000, 2000])
def test_synthetic_beats_are_found_at_99_percent_under_moderate_noise(fs):
    true_count = found_count = sensitivity = precision = 0
    for bpm in (60, 70, 80, 90, 100):
        n = 30 * fs
        ecg, true = synthetic_ecg(n, fs, bpm, "rpeaks")
        noisy = mix_at_snr(ecg, rng_for("rpeaks", bpm).standard_normal(n), 10.0)[0]  # white, the whole band
        found = detect_r_peaks(noisy, fs)
        sensitivity += hits(true, found, 0.03 * fs)
        precision += hits(found, true, 0.03 * fs)
        true_count, found_count = true_count + true.size, found_count + found.size
    assert sensitivity / true_count >= 0.99
    assert precision / found_count >= 0.99


@pytest.mark.parametrize(("fs", "bpm"), [(1000, 75), (500, 95)])
def test_detection_equals_the_loop_over_samples(fs, bpm):
    n = 5 * fs
    noisy = mix_at_snr(synthetic_emg(n, "slow"), synthetic_ecg(n, fs, bpm, "slow")[0], -8.0)[0]
    filtered = ecg_band(noisy, fs)
    slow = emg_slow.r_peaks(filtered, fs, fs // 10, 3 * fs // 2, round(0.14 * fs))
    np.testing.assert_array_equal(detect_r_peaks(noisy, fs), slow)
    assert len(slow) >= 4


@pytest.mark.parametrize("window", [1, 2, 5, 100])
def test_moving_mean_is_centred_with_zeros_beyond_the_ends(window):
    x = rng_for("moving").standard_normal(60)
    padded = np.pad(x, window)
    expected = [padded[window + t - window // 2 :][:window].mean() for t in range(60)]
    np.testing.assert_allclose(moving_mean(x, window), expected, rtol=0, atol=1e-13)


def test_a_region_shorter_than_140_samples_is_no_beat():
    # The short mean of a burst of b ones is above its long mean, b/1000, while more than b/10 of them are
    # inside the short window: over 100 + b - 2·b/10 - 1 samples, 139 for b = 50 and 147 for b = 60.
    for length, peaks in ((1, []), (50, []), (60, [2507])):
        burst = np.zeros(5000)
        burst[2500 : 2500 + length] = 1
        burst[2507] += 1e-9 * (length > 7)
        np.testing.assert_array_equal(r_peaks_in_band(burst), peaks)


def test_peaks_move_with_the_signal_and_ignore_its_scale():
    ecg = synthetic_ecg(10_000, 1000, 72, "shift")[0]
    noisy = mix_at_snr(ecg, synthetic_emg(10_000, "shift"), 10.0)[0]
    peaks = detect_r_peaks(noisy)
    np.testing.assert_array_equal(detect_r_peaks(1e-5 * noisy), peaks)
    filtered = ecg_band(noisy)
    np.testing.assert_array_equal(r_peaks_in_band(np.pad(filtered, (4000, 0))), peaks + 4000)


def test_silence_has_no_beats_and_an_inverted_lead_is_not_turned():
    assert detect_r_peaks(np.zeros(5000)).size == 0
    ecg, true = synthetic_ecg(10_000, 1000, 72, "inverted")
    assert hits(detect_r_peaks(ecg), true, 2) == true.size
    assert hits(detect_r_peaks(-ecg), true, 2) == 0


@pytest.mark.parametrize(
    ("x", "fs", "sentence"),
    [
        (np.ones((2, 500)), 1000, "one channel"),
        (np.ones(10), 1000, "needs at least"),
        (np.ones(500), 100, "cutoff 2.5–50 Hz at 100 Hz"),
        (np.array([np.inf] * 500), 1000, "500 NaN or infinite"),
    ],
)
def test_what_holds_no_ecg_is_refused(x, fs, sentence):
    with pytest.raises(SignalError, match=sentence):
        detect_r_peaks(x, fs)
