import numpy as np
import pytest
from reference import emg_slow

from biosig.errors import SignalError
from biosig.metrics.waveform import rmse, snr, snr_improvement
from biosig.seeds import rng_for
from biosig.signal.mixing import mix_at_snr

CLEAN, OTHER = rng_for("waveform").standard_normal((2, 3, 2, 400))


def test_snr_equals_the_exact_sums_and_the_mixing():
    for index in np.ndindex(3, 2):
        assert snr(CLEAN, OTHER)[index] == pytest.approx(emg_slow.snr(CLEAN[index], OTHER[index]), abs=1e-12)
    for snr_db in (-14.0, 0.0, 31.5):
        np.testing.assert_allclose(snr(CLEAN, mix_at_snr(CLEAN, OTHER, snr_db)[0]), snr_db, atol=1e-10)


@pytest.mark.parametrize("gain_db", [-20, -6, 3, 40])
def test_a_gain_error_has_the_snr_of_the_gain_error(gain_db):
    estimate = CLEAN * (1 + 10 ** (-gain_db / 20))
    np.testing.assert_allclose(snr(CLEAN, estimate), gain_db, atol=1e-10)
    np.testing.assert_allclose(snr(-7 * CLEAN, -7 * estimate), gain_db, atol=1e-10)


def test_improvement_is_the_difference_and_nothing_done_is_zero():
    noisy, better = mix_at_snr(CLEAN, OTHER, -8)[0], mix_at_snr(CLEAN, OTHER, 5)[0]
    np.testing.assert_allclose(snr_improvement(CLEAN, noisy, better), 13, atol=1e-10)
    np.testing.assert_array_equal(snr_improvement(CLEAN, noisy, noisy), 0)
    np.testing.assert_allclose(snr_improvement(CLEAN, better, noisy), -13, atol=1e-10)


def test_rmse_is_its_definition_and_grows_with_scale():
    np.testing.assert_allclose(rmse(CLEAN, CLEAN + 0.25), 0.25, rtol=1e-12)
    expected = np.linalg.norm(CLEAN - OTHER, axis=-1) / 20  # 20² samples
    np.testing.assert_allclose(rmse(CLEAN, OTHER), expected, rtol=1e-12)
    np.testing.assert_allclose(rmse(3 * CLEAN, 3 * OTHER), 3 * rmse(CLEAN, OTHER), rtol=1e-12)


def test_more_noise_is_never_better():
    levels = [mix_at_snr(CLEAN, OTHER, snr_db)[0] for snr_db in (-15, -5, 0, 10, 30)]
    assert (np.diff([rmse(CLEAN, x) for x in levels], axis=0) < 0).all()
    assert (np.diff([snr(CLEAN, x) for x in levels], axis=0) > 0).all()


def test_batch_equals_loop():
    for index in np.ndindex(3, 2):
        np.testing.assert_array_equal(snr(CLEAN, OTHER)[index], snr(CLEAN[index], OTHER[index]))
        np.testing.assert_array_equal(rmse(CLEAN, OTHER)[index], rmse(CLEAN[index], OTHER[index]))


def test_a_perfect_estimate_is_infinite():
    assert snr(CLEAN[0, 0], CLEAN[0, 0]) == np.inf
    assert snr_improvement(CLEAN[0, 0], OTHER[0, 0], CLEAN[0, 0]) == np.inf
    assert np.isnan(snr_improvement(CLEAN[0, 0], CLEAN[0, 0], CLEAN[0, 0]))
    assert rmse(CLEAN[0, 0], CLEAN[0, 0]) == 0


@pytest.mark.parametrize("measure", [snr, rmse])
@pytest.mark.parametrize(
    ("clean", "estimate", "sentence"),
    [
        (np.ones(4), np.ones(5), "clean has shape"),
        (np.ones(4), np.ones((2, 4)), "clean has shape"),
        (np.ones(4), [1, 1, 1, np.nan], "estimate holds 1 NaN"),
    ],
)
def test_what_cannot_be_compared_is_refused(measure, clean, estimate, sentence):
    with pytest.raises(SignalError, match=sentence):
        measure(clean, estimate)


def test_a_silent_clean_signal_has_no_snr():
    with pytest.raises(SignalError, match="clean is silent"):
        snr(np.stack([np.ones(4), np.zeros(4)]), np.ones((2, 4)))
