import numpy as np
import pytest
from reference import emg_slow
from reference.emg_makers import synthetic_ecg, synthetic_emg

from biosig.errors import SignalError
from biosig.metrics.waveform import snr_improvement
from biosig.signal.ecg_removal import CLASSICAL, ats, ats_hp, fts, fts_hp, hp, template_subtraction
from biosig.signal.filters import butter_zero_phase
from biosig.signal.mixing import mix_at_snr
from biosig.signal.rpeaks import ecg_band

N = 10_000


def contaminated(*names, bpm=80, snr_db=-10.0, fs=1000):
    clean = butter_zero_phase(synthetic_emg(10 * fs, *names), fs, 4, 20, "highpass")
    ecg = butter_zero_phase(synthetic_ecg(10 * fs, fs, bpm, *names)[0], fs, 3, 10, "highpass")
    return clean, mix_at_snr(clean, ecg, snr_db)[0]


@pytest.mark.parametrize("kind", ["fts", "ats", "ats_official"])
@pytest.mark.parametrize(("fs", "bpm"), [(1000, 75), (1000, 98), (500, 80)])
def test_template_subtraction_equals_the_loop_over_beats(kind, fs, bpm):
    noisy = contaminated("slow", bpm=bpm, fs=fs)[1]
    cleaned, report = template_subtraction(noisy, fs, kind)
    slow = emg_slow.subtract_templates(noisy, ecg_band(noisy, fs), report.peaks.tolist(), kind)
    np.testing.assert_allclose(cleaned, slow, rtol=0, atol=1e-11)
    assert not report.unchanged and report.peaks.size >= 11


@pytest.mark.parametrize("kind", ["ats", "ats_official"])
def test_beats_that_hang_over_both_ends_equal_the_loop_too(kind):
    noisy = contaminated("ends", bpm=90)[1]
    peaks = template_subtraction(noisy, 1000, "ats")[1].peaks
    cut = noisy[peaks[0] - 40 : peaks[-1] + 40]  # RR is about 660: windows reach 165 back and 297 on
    cleaned, report = template_subtraction(cut, 1000, kind)
    assert report.peaks[0] < 100 and report.peaks[-1] > cut.size - 100
    slow = emg_slow.subtract_templates(cut, ecg_band(cut), report.peaks.tolist(), kind)
    np.testing.assert_allclose(cleaned, slow, rtol=0, atol=1e-11)


def test_each_system_raises_the_snr_and_averages_do_better_than_single_beats_and_the_filter_alone():
    gains = {name: [] for name in CLASSICAL}
    for number in range(6):
        clean, noisy = contaminated("gain", number, bpm=70 + 5 * number)
        for name, system in CLASSICAL.items():
            gains[name].append(float(snr_improvement(clean, noisy, system(noisy))))
    means = {name: np.mean(values) for name, values in gains.items()}
    assert min(means.values()) > 10
    assert means["ats_hp"] > means["hp"] + 1 and means["ats_hp"] > means["fts_hp"] + 1
    assert means["ats"] > means["fts"] + 1


def test_the_authors_ats_is_another_one():
    noisy = contaminated("official", bpm=80)[1]
    ours, theirs = (template_subtraction(noisy, 1000, kind)[0] for kind in ("ats", "ats_official"))
    assert 0 < np.square(ours - theirs).sum() < 0.05 * np.square(noisy).sum()


def test_ats_removes_a_regular_heart_almost_whole():
    ecg = butter_zero_phase(synthetic_ecg(N, 1000, 80, "pure")[0], 1000, 3, 10, "highpass")
    cleaned, report = template_subtraction(ecg, 1000, "ats")
    inside = slice(report.peaks[0], report.peaks[-1])
    assert np.square(cleaned[inside]).sum() < 0.02 * np.square(ecg[inside]).sum()


def test_fts_leaves_samples_outside_the_windows_alone_and_empties_the_band_inside():
    noisy = contaminated("fts")[1]
    cleaned, report = template_subtraction(noisy, 1000, "fts")
    shortest = np.diff(report.peaks).min()
    lags = np.arange(-int(0.25 * shortest), int(0.45 * shortest) + 1)
    index = (report.peaks[:, None] + lags).ravel()
    index = index[(index >= 0) & (index < N)]
    outside = np.ones(N, bool)
    outside[index] = False
    np.testing.assert_array_equal(cleaned[outside], noisy[outside])
    np.testing.assert_allclose(noisy[index] - cleaned[index], ecg_band(noisy)[index], rtol=0, atol=1e-12)


def test_the_ats_scalar_is_least_squares_for_every_beat():
    noisy = contaminated("lsq")[1]
    cleaned, report = template_subtraction(noisy, 1000, "ats")
    shortest = np.diff(report.peaks).min()
    for peak in report.peaks[1:-1]:
        window = slice(peak - int(0.25 * shortest), peak + int(0.45 * shortest) + 1)
        removed = noisy[window] - cleaned[window]
        assert abs(removed @ cleaned[window]) < 1e-9 * (removed @ removed)


@pytest.mark.parametrize("seconds", [2, 5])
def test_fewer_than_eleven_beats_give_the_input_back_and_say_so(seconds):
    noisy = contaminated("few")[1][: 1000 * seconds]
    for kind, plain, then_hp in (("fts", fts, fts_hp), ("ats", ats, ats_hp)):
        cleaned, report = template_subtraction(noisy, 1000, kind)
        assert report.unchanged and 0 < report.peaks.size < 11
        np.testing.assert_array_equal(cleaned, noisy)
        assert not np.shares_memory(cleaned, noisy)
        np.testing.assert_array_equal(plain(noisy), noisy)
        np.testing.assert_array_equal(then_hp(noisy), hp(noisy))


def test_hp_forms_are_the_template_then_the_high_pass():
    noisy = contaminated("forms")[1]
    high = butter_zero_phase(noisy, 1000, 4, 40, "highpass")
    np.testing.assert_array_equal(hp(noisy), high)
    for kind, system in (("fts", fts_hp), ("ats", ats_hp)):
        cleaned = template_subtraction(noisy, 1000, kind)[0]
        np.testing.assert_array_equal(system(noisy), butter_zero_phase(cleaned, 1000, 4, 40, "highpass"))


@pytest.mark.parametrize("name", CLASSICAL)
def test_batch_equals_loop_and_the_input_is_left_alone(name):
    batch = np.stack([contaminated("batch", k, bpm=70 + 9 * k)[1] for k in range(4)]).reshape(2, 2, N)
    before = batch.copy()
    together = CLASSICAL[name](batch, 1000)
    for index in np.ndindex(2, 2):
        np.testing.assert_array_equal(together[index], CLASSICAL[name](batch[index], 1000))
    np.testing.assert_array_equal(batch, before)


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize("bad", [np.ones(5), [], [np.nan] * 500, ["x"] * 500])
def test_every_system_refuses_what_is_no_signal(name, bad):
    with pytest.raises(SignalError):
        CLASSICAL[name](bad, 1000)


@pytest.mark.parametrize("name", CLASSICAL)
def test_every_system_refuses_a_rate_without_its_band(name):
    with pytest.raises(SignalError, match="at 80 Hz"):
        CLASSICAL[name](np.ones(500), 80)


def test_other_kinds_and_several_channels_are_refused():
    with pytest.raises(SignalError, match="template kind is 'mean'"):
        template_subtraction(np.ones(500), 1000, "mean")
    with pytest.raises(SignalError, match="one channel"):
        template_subtraction(np.ones((2, 500)), 1000, "ats")
