"""Ideal masks against closed forms, brute force and one another."""

import doctest
import itertools

import numpy as np
import pytest
from reference.speech_makers import si_sdr, speech_like

from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal import masks
from biosig.signal.masks import ORACLES, cirm, compress_cirm, expand_cirm, ibm, irm, oracle, psm
from biosig.signal.mixing import mix_at_snr

FS = 16000
RNG = rng_for("masks")
SPEECH = speech_like(2 * FS, FS, "masks")
NOISY = mix_at_snr(SPEECH, RNG.standard_normal(SPEECH.size), 0.0)[0]
X, N = (RNG.standard_normal((6, 9)) + 1j * RNG.standard_normal((6, 9)) for _ in range(2))


def test_examples_run():
    result = doctest.testmod(masks)
    assert result.attempted and not result.failed


def test_binary_mask_is_the_sign_of_the_local_snr():
    local_db = 20 * np.log10(np.abs(X) / np.abs(N))
    for threshold in (-6.0, 0.0, 3.0):
        assert np.array_equal(ibm(X, N, threshold), np.where(local_db > threshold, 1.0, 0.0))
    assert 0 < ibm(X, N).mean() < 1


def test_ratio_mask_by_hand():
    clean, noise = np.array([[3.0, 2j, 0, 0]]), np.array([[4j, 0, 5.0, 0]])
    assert irm(clean, noise) == pytest.approx(np.array([[9 / 25, 1, 0, 0]]))
    assert irm(clean, noise, 0.5) == pytest.approx(np.array([[3 / 5, 1, 0, 0]]))


def test_complex_mask_by_its_real_and_imaginary_parts():
    """Williamson et al. (2016), eq. 6 and 7, written out."""
    y = X + N
    real = (y.real * X.real + y.imag * X.imag) / (y.real**2 + y.imag**2)
    imag = (y.real * X.imag - y.imag * X.real) / (y.real**2 + y.imag**2)
    assert np.allclose(cirm(X, y), real + 1j * imag, rtol=1e-12)
    assert np.array_equal(cirm(np.array([[1.0]]), np.array([[0.0]])), [[0]])


def test_compressed_complex_mask_is_bounded_and_inverted():
    mask = 300 * (RNG.standard_normal(500) + 1j * RNG.standard_normal(500))
    small = compress_cirm(mask)
    assert np.abs([small.real, small.imag]).max() <= 10
    e = np.exp(-0.1 * 7.0)
    assert compress_cirm(np.array([7.0]))[0] == pytest.approx(10 * (1 - e) / (1 + e))
    moderate = mask / 10
    assert np.allclose(expand_cirm(compress_cirm(moderate)), moderate, rtol=1e-6)
    assert np.isfinite(expand_cirm(np.array([10 - 12j]))).all()


def test_phase_sensitive_mask_is_the_best_real_mask():
    noisy, grid = X + N, np.linspace(0, 1, 2001)
    errors = np.abs(grid[:, None, None] * noisy - X) ** 2
    best = grid[errors.argmin(axis=0)]
    assert np.abs(psm(X, noisy) - best).max() <= (grid[1] - grid[0]) / 2 + 1e-12
    angle = np.angle(X) - np.angle(noisy)
    assert np.allclose(psm(X, noisy, truncated=False), np.abs(X) / np.abs(noisy) * np.cos(angle))
    assert psm(X, noisy, truncated=False).min() < 0 and psm(X, noisy, truncated=False).max() > 1


@pytest.mark.parametrize("n", [2 * FS, 2 * FS - 77])
def test_complex_oracle_is_the_clean_signal(n):
    assert np.allclose(oracle("cirm", SPEECH[:n], NOISY[:n], FS), SPEECH[:n], atol=1e-12)


def test_oracles_come_in_the_order_of_what_they_know():
    """cIRM has the phase; PSM is the best real gain; IRM ignores the phase's error; IBM rounds the IRM."""
    values = {name: si_sdr(SPEECH, oracle(name, SPEECH, NOISY, FS)) for name in ORACLES}
    for better, worse in itertools.pairwise(["cirm", "psm", "irm", "ibm"]):
        assert values[better] > values[worse] + 0.1, values
    assert values["ibm"] > si_sdr(SPEECH, NOISY) + 3


def test_oracles_take_channels_and_any_rate():
    clean, noisy = np.stack([SPEECH, SPEECH[::-1]]), np.stack([NOISY, NOISY[::-1]])
    both = oracle("irm", clean, noisy, 11025)
    assert both.shape == clean.shape
    assert np.allclose(both[1], oracle("irm", clean[1], noisy[1], 11025))


def test_silence_stays_silent():
    for name in ORACLES:
        assert not oracle(name, np.zeros(4000), np.zeros(4000), FS).any()
        assert np.allclose(oracle(name, np.zeros(4000), NOISY[:4000], FS), 0)


def test_errors_say_what_is_wrong():
    with pytest.raises(SignalError, match="oracle is 'wiener': expected one of ibm, irm, cirm, psm"):
        oracle("wiener", SPEECH, NOISY, FS)
    with pytest.raises(SignalError, match=r"clean has shape \(32000,\) but noisy has \(31999,\)"):
        oracle("irm", SPEECH, NOISY[:-1], FS)
    with pytest.raises(SignalError, match="noisy holds 1 NaN"):
        oracle("irm", SPEECH, np.where(np.arange(SPEECH.size) == 5, np.nan, NOISY), FS)
    with pytest.raises(SignalError, match="expected the same"):
        ibm(X, N[:-1])
    with pytest.raises(SignalError, match="noisy spectra hold NaN"):
        psm(X, N * np.nan)
    with pytest.raises(SignalError, match="exponent is 0"):
        irm(X, N, 0)
