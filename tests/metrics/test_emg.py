import numpy as np
import pytest
import scipy.signal
from reference import emg_slow
from reference.emg_makers import synthetic_ecg, synthetic_emg

from biosig.errors import SignalError
from biosig.metrics.emg import (
    VERSIONS,
    active_frames,
    arv,
    r_peak_energy_ratio_db,
    rmse_arv,
    rmse_mf,
    score,
)
from biosig.signal.mixing import mix_at_snr
from biosig.signal.spectra import frame_centres, mean_frequency
from biosig.signal.types import Mixture

N = 3500
CLEAN = np.stack([synthetic_emg(N, "metrics", k) for k in range(4)]).reshape(2, 2, N)
NOISY = mix_at_snr(CLEAN, np.broadcast_to(synthetic_ecg(N, 1000, 80, "metrics")[0], CLEAN.shape), -6.0)[0]
ACTIVE = np.arange(N) // 700 % 2 == 1


def mixture(clean=None, noisy=None, active=ACTIVE):
    clean = CLEAN[0, 0] if clean is None else clean
    noisy = NOISY[0, 0] if noisy is None else noisy
    return Mixture(clean, noisy - clean, noisy, 1000, -6.0, "synthetic", active=active)


def values(scores):
    return {s.metric: s.value for s in scores}


def test_arv_equals_the_loop_and_drops_the_remainder():
    np.testing.assert_allclose(arv(CLEAN[0, 1]), emg_slow.arv(CLEAN[0, 1], 1000), rtol=1e-12)
    assert arv(CLEAN).shape == (2, 2, 3)
    np.testing.assert_allclose(arv(CLEAN[0, 1], 500), emg_slow.arv(CLEAN[0, 1], 500), rtol=1e-12)
    with pytest.raises(SignalError, match="999 samples at 1000 Hz: ARV needs at least 1 s"):
        arv(np.ones(999))


def test_rmse_of_arv_is_the_distance_of_the_vectors_and_scales():
    difference = np.array(emg_slow.arv(CLEAN[1, 0], 1000)) - emg_slow.arv(NOISY[1, 0], 1000)
    assert rmse_arv(CLEAN, NOISY)[1, 0] == pytest.approx(np.sqrt((difference**2).mean()), rel=1e-12)
    np.testing.assert_allclose(rmse_arv(5 * CLEAN, 5 * NOISY), 5 * rmse_arv(CLEAN, NOISY), rtol=1e-12)
    np.testing.assert_allclose(rmse_arv(CLEAN, -CLEAN), 0)  # rectified: the sign is not heard


def peer_rmse_mf(clean, estimate, active):
    """The same number by librosa's STFT, all written out."""
    librosa = pytest.importorskip("librosa")
    window = scipy.signal.windows.hamming(128, sym=True)
    options = {"n_fft": 256, "hop_length": 32, "win_length": 128, "window": window, "pad_mode": "constant"}
    frequencies = librosa.fft_frequencies(sr=1000, n_fft=256)[3:]  # 0, 3.9 and 7.8 Hz lie below 10 Hz
    tracks = []
    for x in (clean, estimate):
        magnitude = np.abs(librosa.stft(x, **options))[3:]
        tracks.append(frequencies @ magnitude / magnitude.sum(axis=0))
    frames = [i for i in range(magnitude.shape[1]) if active[min(32 * i, len(active) - 1)]]
    return np.sqrt(np.mean((tracks[0][frames] - tracks[1][frames]) ** 2))


def test_rmse_of_mf_equals_librosa():
    for index in np.ndindex(2, 2):
        expected = peer_rmse_mf(CLEAN[index], NOISY[index], ACTIVE)
        assert rmse_mf(CLEAN, NOISY, ACTIVE)[index] == pytest.approx(expected, rel=1e-10)


def test_rmse_of_mf_equals_the_definition():
    clean, noisy, active = CLEAN[0, 0, :320], NOISY[0, 0, :320], np.arange(320) > 100
    ours = rmse_mf(clean, noisy, active)
    a, b = (np.array(emg_slow.mean_frequencies(x, 1000, 128, 256, 32, 10.0)) for x in (clean, noisy))
    frames = [i for i in range(len(a)) if min(32 * i, 319) > 100]
    assert ours == pytest.approx(np.sqrt(np.mean((a[frames] - b[frames]) ** 2)), rel=1e-10)


def test_rmse_of_mf_ignores_scale_and_what_happens_at_rest():
    value = rmse_mf(CLEAN, NOISY, ACTIVE)
    np.testing.assert_allclose(rmse_mf(9 * CLEAN, 0.1 * NOISY, ACTIVE), value, rtol=1e-9)
    spoiled = NOISY.copy()
    spoiled[..., 200:500] = 100.0  # at rest, and more than half a window from the next active centre
    np.testing.assert_allclose(rmse_mf(CLEAN, spoiled, ACTIVE), value, rtol=1e-12)


def test_a_frame_is_active_when_its_centre_sample_is():
    only = np.zeros(N, bool)
    only[3200] = True
    difference = mean_frequency(NOISY)[..., 100] - mean_frequency(CLEAN)[..., 100]
    np.testing.assert_allclose(rmse_mf(CLEAN, NOISY, only), np.abs(difference), rtol=1e-12)
    beside = np.ones(N, bool)
    beside[frame_centres(N)] = False
    assert np.isnan(rmse_mf(CLEAN, NOISY, beside)).all()
    np.testing.assert_array_equal(np.flatnonzero(active_frames(only, (N,))), [100])


def test_a_mask_per_segment_leaves_the_others_alone():
    masks = np.broadcast_to(ACTIVE, CLEAN.shape).copy()
    masks[0, 1] = False
    value = rmse_mf(CLEAN, NOISY, masks)
    assert np.isnan(value[0, 1]) and np.isnan(value).sum() == 1
    assert value[1, 1] == rmse_mf(CLEAN, NOISY, ACTIVE)[1, 1]


def test_silence_counts_only_where_the_subject_moves():
    silent_rest, silent_move = NOISY[0, 0].copy(), NOISY[0, 0].copy()
    silent_rest[200:500], silent_move[900:1300] = 0, 0
    assert np.isfinite(rmse_mf(CLEAN[0, 0], silent_rest, ACTIVE))
    assert np.isnan(rmse_mf(CLEAN[0, 0], silent_move, ACTIVE))


@pytest.mark.parametrize("measure", [rmse_arv, lambda clean, estimate: rmse_mf(clean, estimate, ACTIVE)])
def test_batch_equals_loop_identity_is_zero_and_more_noise_is_worse(measure):
    together = measure(CLEAN, NOISY)
    for index in np.ndindex(2, 2):
        np.testing.assert_allclose(together[index], measure(CLEAN[index], NOISY[index]), rtol=1e-12)
    np.testing.assert_array_equal(measure(CLEAN, CLEAN), 0)
    interference = NOISY - CLEAN
    falling = [measure(CLEAN, mix_at_snr(CLEAN, interference, snr_db)[0]) for snr_db in (-14, -7, 0, 10, 30)]
    assert (np.diff(falling, axis=0) < 0).all()


@pytest.mark.parametrize("mask", [np.ones(10, bool), np.ones((2, 1), bool), True])
def test_masks_that_do_not_fit_are_refused(mask):
    with pytest.raises(SignalError, match="activity mask has shape"):
        rmse_mf(CLEAN, NOISY, mask)


def test_shapes_that_differ_are_refused():
    for measure in (rmse_arv, lambda a, b: rmse_mf(a, b, ACTIVE)):
        with pytest.raises(SignalError, match="clean has shape"):
            measure(CLEAN, NOISY[0])


def test_energy_ratio_is_zero_for_a_level_signal_and_the_gain_for_a_raised_one():
    x, peaks = np.ones(5000), np.array([500, 1300, 2100, 4999])
    assert r_peak_energy_ratio_db(x, peaks) == pytest.approx(0, abs=1e-12)
    for peak in peaks:
        x[peak - 60 : peak + 61] = 10
    assert r_peak_energy_ratio_db(x, peaks) == pytest.approx(20, abs=1e-12)
    doubled = np.repeat(x, 2)
    assert r_peak_energy_ratio_db(doubled, 2 * peaks, 2000) == pytest.approx(20, abs=0.2)
    np.testing.assert_allclose(r_peak_energy_ratio_db(np.stack([x, 3 * x]), peaks), 20, atol=1e-12)


@pytest.mark.parametrize("peaks", [[], [-1], [5000], np.arange(0, 5000, 90)])
def test_peaks_that_cannot_be_compared_are_refused(peaks):
    with pytest.raises(SignalError, match="R peaks"):
        r_peak_energy_ratio_db(np.ones(5000), peaks)


def test_silence_between_peaks_is_refused():
    with pytest.raises(SignalError, match="silent between"):
        r_peak_energy_ratio_db(np.zeros(5000), [2000])


def test_score_holds_every_metric_with_the_functions_values():
    estimate = 0.5 * (CLEAN[0, 0] + NOISY[0, 0])
    scores = score(mixture(), estimate)
    assert [s.metric for s in scores] == ["snr_imp_db", "rmse", "rmse_arv", "rmse_mf_hz", "snr_db"]
    assert all(s.version == VERSIONS[s.metric] and s.reason == "" for s in scores)
    half = 20 * np.log10(2)  # half the interference is left
    assert values(scores)["snr_imp_db"] == pytest.approx(half, abs=1e-9)
    assert values(scores)["snr_db"] == pytest.approx(half - 6, abs=1e-9)
    assert values(scores)["rmse"] == pytest.approx(0.5 * np.sqrt(np.mean((NOISY - CLEAN)[0, 0] ** 2)))
    assert values(scores)["rmse_arv"] == rmse_arv(CLEAN[0, 0], estimate)
    assert values(scores)["rmse_mf_hz"] == rmse_mf(CLEAN[0, 0], estimate, ACTIVE)


def test_a_perfect_estimate_is_nan_with_its_reason_and_no_error():
    scores = {s.metric: s for s in score(mixture(), CLEAN[0, 0])}
    for metric in ("snr_imp_db", "snr_db"):
        assert np.isnan(scores[metric].value) and scores[metric].reason == "perfect"
    for metric in ("rmse", "rmse_arv", "rmse_mf_hz"):
        assert scores[metric].value == 0 and scores[metric].reason == ""


def test_a_perfect_input_has_no_improvement():
    scores = {s.metric: s for s in score(mixture(noisy=CLEAN[0, 0]), NOISY[0, 0])}
    assert np.isnan(scores["snr_imp_db"].value) and scores["snr_imp_db"].reason == "input is perfect"
    assert scores["snr_db"].value == pytest.approx(-6, abs=1e-9)


def test_every_nan_has_a_reason_and_every_number_none():
    silent = NOISY[0, 0].copy()
    silent[900:1300] = 0
    cases = {
        "activity unknown": score(mixture(active=None), NOISY[0, 0]),
        "no active frame": score(mixture(active=np.zeros(N, bool)), NOISY[0, 0]),
        "silent active frame": score(mixture(), silent),
    }
    for reason, scores in cases.items():
        assert {s.metric: s.reason for s in scores}["rmse_mf_hz"] == reason
        assert all(np.isnan(s.value) == bool(s.reason) for s in scores)


@pytest.mark.parametrize(
    ("estimate", "sentence"),
    [
        (np.ones(N - 1), "clean of synthetic has shape"),
        (np.ones((1, N)), "estimate of synthetic has shape"),
        (np.full(N, np.nan), "estimate of synthetic holds 3500 NaN"),
    ],
)
def test_score_names_the_item_of_a_bad_estimate(estimate, sentence):
    with pytest.raises(SignalError, match=sentence):
        score(mixture(), estimate)
