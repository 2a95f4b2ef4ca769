"""The other families of ECG removal: what all share. Each one's own computation is tested in a file of its own."""

import numpy as np
import pytest
from reference.emg_makers import synthetic_ecg, synthetic_emg

from biosig.errors import SignalError
from biosig.metrics.waveform import snr_improvement
from biosig.signal.ecg_families import FAMILIES, USES_PEAKS
from biosig.signal.ecg_removal import CLASSICAL, hp
from biosig.signal.filters import butter_zero_phase
from biosig.signal.mixing import mix_at_snr
from biosig.signal.rpeaks import checked_peaks, detect_r_peaks

PLAIN = [name for name in FAMILIES if not name.endswith("_hp")]


def contaminated(*names, seconds=12, bpm=80, snr_db=-10.0, fs=1000):
    n = seconds * fs
    clean = butter_zero_phase(synthetic_emg(n, *names), fs, 4, 20, "highpass")
    ecg, peaks = synthetic_ecg(n, fs, bpm, *names)
    return clean, mix_at_snr(clean, butter_zero_phase(ecg, fs, 3, 10, "highpass"), snr_db)[0], peaks


@pytest.mark.parametrize("name", PLAIN)
def test_each_family_raises_the_snr_of_a_heavy_mixture(name):
    clean, noisy, _ = contaminated("families", bpm=82)
    assert snr_improvement(clean, noisy, FAMILIES[name](noisy, 1000)) > 7  # dB


@pytest.mark.parametrize("name", PLAIN)
def test_channels_are_independent_and_the_input_is_left_alone(name):
    batch = np.stack([contaminated("channels", k, seconds=6, bpm=140 + 9 * k)[1] for k in range(3)])
    before = batch.copy()
    together = FAMILIES[name](batch, 1000)
    assert together.shape == batch.shape
    np.testing.assert_allclose(together[1], FAMILIES[name](batch[1], 1000), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(batch, before)


@pytest.mark.parametrize("name", PLAIN)
def test_the_result_scales_with_the_signal_and_turns_with_it(name):
    _, noisy, _ = contaminated("scale", seconds=6, bpm=140)
    peaks = detect_r_peaks(noisy, 1000)
    cleaned = FAMILIES[name](noisy, 1000, peaks)
    largest = np.abs(cleaned).max()
    np.testing.assert_allclose(FAMILIES[name](1e-3 * noisy, 1000, peaks) / 1e-3, cleaned, rtol=0, atol=1e-3 * largest)
    np.testing.assert_allclose(-FAMILIES[name](-noisy, 1000, peaks), cleaned, rtol=0, atol=1e-3 * largest)


@pytest.mark.parametrize("name", PLAIN)
def test_silence_stays_silence(name):
    np.testing.assert_array_equal(FAMILIES[name](np.zeros(3000), 1000), np.zeros(3000))


@pytest.mark.parametrize("name", [name for name in PLAIN if name not in ("swt", "emd")])
def test_without_peaks_the_input_comes_back_and_is_a_copy(name):
    noisy = contaminated("none", seconds=3)[1]
    cleaned = FAMILIES[name](noisy, 1000, np.array([], int))
    np.testing.assert_array_equal(cleaned, noisy)
    assert not np.shares_memory(cleaned, noisy)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("bad", [np.ones(5), [], [np.nan] * 500, ["x"] * 500])
def test_every_family_refuses_what_is_no_signal(name, bad):
    with pytest.raises(SignalError):
        FAMILIES[name](bad, 1000)


@pytest.mark.parametrize("name", [name for name in FAMILIES if name.endswith("_hp")])
def test_hp_forms_are_the_family_then_the_high_pass(name):
    noisy = contaminated("forms", seconds=4, bpm=170)[1]
    expected = hp(FAMILIES[name.removesuffix("_hp")](noisy, 1000))
    np.testing.assert_array_equal(FAMILIES[name](noisy, 1000), expected)


@pytest.mark.parametrize("name", sorted(USES_PEAKS & set(PLAIN) | {"fts", "ats", "ats_hp"}))
def test_given_peaks_replace_the_detector_s(name):
    _, noisy, true = contaminated("given", bpm=75)
    system = {**CLASSICAL, **FAMILIES}[name]
    found = detect_r_peaks(noisy, 1000)
    np.testing.assert_array_equal(system(noisy, 1000, found[::-1]), system(noisy, 1000))
    assert not np.array_equal(system(noisy, 1000, true[::2] + 150), system(noisy, 1000))


@pytest.mark.parametrize(
    ("peaks", "words"), [([1.5], "whole sample numbers"), ([[1, 2]], "whole"), ([-1], "expected 0"), ([9], "to 8")]
)
def test_peaks_that_cannot_be_are_refused(peaks, words):
    with pytest.raises(SignalError, match=words):
        checked_peaks(peaks, 9)
