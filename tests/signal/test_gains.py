import doctest
import importlib

import numpy as np
import pytest
from reference import speech_slow
from scipy.integrate import quad
from scipy.special import i0e, i1e

from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal import gains

RATIOS_DB = [-20, -8, 0, 5, 15, 30]
PAIRS = [(xi, gamma) for xi in RATIOS_DB for gamma in RATIOS_DB]


def expectation(function, xi, gamma, bessel=i0e):
    """∫ function(a) a exp(-a²/ξ - (a - R)²) I(2aR) da over a = |X|, R = √γ, where σ² = 1 and E|X|² = ξ.

    That is what is left of the posterior of X given |Y| = R when speech and noise are complex Gaussian and
    the phase is integrated out.
    """
    r = np.sqrt(gamma)
    middle, width = r * xi / (1 + xi), np.sqrt(xi / (1 + xi))
    end = middle + 12 * width

    def integrand(a):
        # divided by its value near the peak, or high SNRs underflow
        exponent = -(a**2) / xi - (a - r) ** 2 + middle**2 / xi + (middle - r) ** 2
        return function(a) * a * np.exp(exponent) * bessel(2 * a * r)

    return quad(integrand, 1e-12 * width, end, points=[middle], limit=400, epsabs=0, epsrel=1e-11)[0]


@pytest.mark.parametrize(("xi_db", "gamma_db"), PAIRS)
def test_gains_are_the_expectations_they_are_defined_by(xi_db, gamma_db):
    xi, gamma = 10 ** (xi_db / 10), 10 ** (gamma_db / 10)
    r, whole = np.sqrt(gamma), expectation(lambda a: 1.0, xi, gamma)
    amplitude = expectation(lambda a: a, xi, gamma) / whole
    log_amplitude = expectation(np.log, xi, gamma) / whole
    along_y = expectation(lambda a: a, xi, gamma, i1e) / whole  # E[a·cos(phase - phase of Y)]
    assert gains.stsa_gain(xi, gamma) == pytest.approx(amplitude / r, rel=1e-7)
    assert gains.log_stsa_gain(xi, gamma) == pytest.approx(np.exp(log_amplitude) / r, rel=1e-7)
    assert gains.wiener_gain(xi, gamma) == pytest.approx(along_y / r, rel=1e-7)


def test_more_cautious_estimators_suppress_less():
    """Wiener < log-MMSE < MMSE-STSA everywhere: Jensen's inequality, twice."""
    xi, gamma = np.meshgrid(10 ** np.linspace(-4, 4, 60), 10 ** np.linspace(-3, 5, 70))
    wiener, log, stsa = (f(xi, gamma) for f in (gains.wiener_gain, gains.log_stsa_gain, gains.stsa_gain))
    assert np.all(wiener <= log) and np.all(log <= stsa * (1 + 1e-12))
    seen = gamma * wiener < 20  # beyond, they differ by less than rounding
    assert np.all(wiener[seen] < log[seen]) and np.all(log[seen] < stsa[seen])


@pytest.mark.parametrize("gain", [gains.wiener_gain, gains.stsa_gain, gains.log_stsa_gain])
def test_extremes_are_finite_and_end_at_one(gain):
    with np.errstate(all="raise", under="ignore"):
        values = gain(*np.meshgrid([1e-10, 1e-3, 1.0, 1e6, 1e12], [0.0, 1e-300, 1e-10, 1.0, 1e6, 1e12]))
    assert np.isfinite(values).all() and values.min() >= 0
    assert gain(np.array(1e9), np.array(1e9)) == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("exponent", [1.0, 2.0, 0.5, 3.0])
def test_subtraction_takes_off_the_mean_of_the_noise(exponent):
    """|X̂|^p + α·mean|N|^p = |Y|^p where it is above the floor, the mean taken over complex Gaussian noise."""
    rng = rng_for("subtraction", exponent)
    noise = 3 * np.hypot(*rng.standard_normal((2, 400_000))) / np.sqrt(2)
    mean = np.mean(noise**exponent)
    y, sigma2 = np.array([8.0, 12.0, 50.0]), 9.0
    out = y * gains.subtraction_gain(y**2 / sigma2, 1.7, 0.01, exponent)
    np.testing.assert_allclose(y**exponent - out**exponent, 1.7 * mean, rtol=0.02)


def test_subtraction_has_its_floor_and_never_amplifies():
    gamma = np.array([0.0, 1e-4, 0.02, 0.5, 1.0, 3.9, 4.1, 1e12])
    power = gamma * gains.subtraction_gain(gamma, 4.0, 0.02) ** 2
    np.testing.assert_allclose(power, [0, 1e-4, 0.02, 0.02, 0.02, 0.02, 0.1, 1e12 - 4], rtol=1e-9, atol=1e-12)
    assert gains.subtraction_gain(gamma, 1.0).max() <= 1
    assert not gains.subtraction_gain(np.array([0.0, 0.9, 1.0]), 1.0).any()


def test_decision_directed_equals_the_definition():
    rng = rng_for("decision-directed")
    power = rng.exponential(size=(60, 3)) * 10 ** rng.uniform(-1, 3, size=(60, 3))
    noise = rng.uniform(1, 2, size=(60, 3))
    rule = gains.DecisionDirected(gains.log_stsa_gain, smoothing=0.9, xi_min_db=-12.0)
    ours = [rule(p, n) for p, n in zip(power, noise, strict=True)]
    for k in range(3):
        slow = speech_slow.decision_directed_log_mmse(power[:, k].tolist(), noise[:, k].tolist(), 0.9, -12.0)
        np.testing.assert_allclose(np.array(ours)[:, k], slow, rtol=1e-9)


def test_the_least_xi_is_the_most_suppression():
    rule = gains.DecisionDirected(gains.wiener_gain, xi_min_db=-20.0)
    for _ in range(400):
        gain = rule(np.array([0.3]), np.array([1.0]))
    assert 10 * np.log10(gain / (1 - gain)) == pytest.approx(-20, abs=1e-9)


def test_no_noise_is_no_suppression_and_silence_stays():
    assert gains.posterior_snr(np.array([0.0, 1.0, 1e-200]), np.zeros(3)).tolist() == [0, 1e12, 1e12]
    rule = gains.DecisionDirected(gains.log_stsa_gain)
    for _ in range(50):
        gain = rule(np.array([2.0, 5.0]), np.zeros(2))
    np.testing.assert_allclose(gain, 1, atol=1e-8)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gains.DecisionDirected(gains.wiener_gain, smoothing=1.0), "smoothing is 1.0"),
        (lambda: gains.DecisionDirected(gains.wiener_gain, xi_min_db=float("nan")), "xi_min_db is nan"),
        (lambda: gains.subtraction_gain(np.ones(2), -1.0), "over_subtraction -1.0"),
        (lambda: gains.subtraction_gain(np.ones(2), 1.0, -0.1), "floor -0.1"),
        (lambda: gains.subtraction_gain(np.ones(2), 1.0, 0.1, 0.0), "exponent is 0.0"),
    ],
)
def test_impossible_parameters_get_one_sentence(call, words):
    with pytest.raises(SignalError, match=words):
        call()


def test_examples_run():
    result = doctest.testmod(importlib.import_module("biosig.signal.gains"))
    assert result.attempted and not result.failed
