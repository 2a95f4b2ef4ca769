import numpy as np
import pytest
from scipy.stats import multivariate_normal

from biosig.seeds import rng_for
from biosig.signal.filters import butter_zero_phase
from biosig.signal.pats import WIDE, aligned, infer, muscle_power, pats_like, smooth, windows


@pytest.mark.parametrize(("walk", "prior"), [(0.0, 1e-6), (0.1, 1e-6), (0.03, 10.0)])
def test_the_smoother_equals_the_conditional_mean_of_one_large_gaussian(walk, prior):
    rng = rng_for("pats", walk, prior)
    beats, power, stretch = rng.standard_normal((9, 4)), rng.uniform(0.2, 3, (9, 4)), rng.uniform(-0.2, 0.2, 9)
    found, likelihood = smooth(beats, power, stretch, walk, prior)
    order = np.arange(1, 10)
    heart = WIDE + walk * np.minimum.outer(order, order) + prior * np.outer(stretch, stretch)
    for lag in range(4):
        noisy = heart + np.diag(power[:, lag])
        np.testing.assert_allclose(found[:, lag], heart @ np.linalg.solve(noisy, beats[:, lag]), rtol=0, atol=1e-4)
    assert likelihood == pytest.approx(given_the_first(beats, [heart + np.diag(u) for u in power.T]), abs=1e-3)


def given_the_first(beats, covariances):
    """Log-density of beats two to nine given the first, σ² at its best, without the constant of a normal's."""
    parts = []
    for lag, cov in enumerate(covariances):
        gain = cov[1:, 0] / cov[0, 0]
        parts.append((beats[1:, lag] - gain * beats[0, lag], cov[1:, 1:] - np.outer(gain, cov[0, 1:])))
    sigma2 = np.mean([y @ np.linalg.solve(cov, y) for y, cov in parts]) / 8
    whole = sum(multivariate_normal(np.zeros(8), sigma2 * cov).logpdf(y) for y, cov in parts)
    return whole + 0.5 * 4 * 8 * (np.log(2 * np.pi) + 1)


def test_equal_beats_under_one_muscle_are_averaged_and_louder_ones_count_less():
    rng = rng_for("mean")
    beats = 3 + rng.standard_normal((12, 300))
    np.testing.assert_allclose(infer(beats, np.ones((12, 300)), np.zeros(12))[5], beats.mean(axis=0), atol=0.3)
    power = np.ones((12, 300))
    power[0] = 1e4
    beats[0] += 100
    np.testing.assert_allclose(infer(beats, power, np.zeros(12))[5], beats[1:].mean(axis=0), atol=0.5)


def test_windows_belong_to_one_beat_each():
    index, inside = windows(np.array([100, 900, 1300, 2100]), 2300)
    covered = index[inside]
    assert covered.size == np.unique(covered).size and covered.min() == 0 and covered.max() == 2299


def test_beats_out_of_step_are_put_in_step():
    t = np.arange(12_000)
    true = np.arange(500, 11_500, 800)
    x = sum(np.exp(-0.5 * ((t - peak) / 9) ** 2) for peak in true)
    moved = true + rng_for("jitter").integers(-8, 9, true.size)
    found = aligned(x, moved, 30)
    assert np.ptp(found - true) == 0


def test_the_muscle_s_power_is_measured_away_from_the_beats():
    rng = rng_for("power")
    muscle = rng.standard_normal(20_000) * np.where(np.arange(20_000) < 10_000, 1.0, 3.0)
    peaks = np.arange(400, 20_000, 800)
    beats = np.zeros(20_000)
    beats[peaks] = 200.0
    power = muscle_power(muscle + beats, 1000, peaks)
    high = butter_zero_phase(muscle, 1000, 4, 60, "highpass")
    for half in (slice(1000, 9000), slice(11_000, 19_000)):
        assert power[half].mean() == pytest.approx(np.square(high[half]).mean(), rel=0.1)


def test_a_heart_that_never_changes_goes_almost_whole():
    t = np.arange(15_000)
    peaks = np.arange(600, 15_000, 800)
    heart = sum(np.exp(-0.5 * ((t - peak) / 12) ** 2) - 0.3 * np.exp(-0.5 * ((t - peak - 40) / 20) ** 2)
                for peak in peaks)
    noise = 1e-3 * rng_for("pure").standard_normal(t.size)
    cleaned = pats_like(heart + noise, 1000, peaks)
    inside = slice(1000, 14_000)
    assert np.square(cleaned[inside]).sum() < 0.01 * np.square(heart[inside]).sum()
