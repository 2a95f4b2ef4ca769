import numpy as np
import pytest
from reference.emg_makers import synthetic_ecg, synthetic_emg

from biosig.signal import swt as module
from biosig.signal.mixing import mix_at_snr
from biosig.signal.swt import cycles, swt, weaken

ROOT3 = np.sqrt(3)
DB2 = np.array([1 + ROOT3, 3 + ROOT3, 3 - ROOT3, 1 - ROOT3]) / (4 * np.sqrt(2))  # Daubechies 1988
PEAKS = np.array([700, 1500, 2300, 3150])


def fourier_swt(noisy, levels, threshold):
    """The same by Fourier: every band is one filter, and the adjoint of a tight frame is its inverse."""
    before = 4 * 2**levels
    padded = np.pad(noisy, (before, before + -noisy.size % 2**levels), mode="symmetric")
    f = np.arange(padded.size) / padded.size
    low = lambda f: sum(h * np.exp(-2j * np.pi * f * k) for k, h in enumerate(DB2)) / np.sqrt(2)  # noqa: E731
    high = lambda f: low(f + 0.5) * np.exp(-2j * np.pi * f)  # noqa: E731
    filters, so_far = [], np.ones(padded.size, complex)
    for level in range(levels):
        filters.append(so_far * high(2**level * f))
        so_far = so_far * low(2**level * f)
    whole = np.zeros(padded.size)
    edges = [0, *(int((a + b + 2 * before) / 2) for a, b in zip(PEAKS, PEAKS[1:], strict=False)), padded.size]
    for response in [so_far, *filters]:
        band = np.fft.ifft(np.fft.fft(padded) * response).real
        for start, stop in zip(edges, edges[1:], strict=False):
            sd = np.median(np.abs(band[start:stop])) / 0.6745
            band[start:stop][np.abs(band[start:stop]) > threshold * sd] = 0
        whole += np.fft.ifft(np.fft.fft(band) * response.conj()).real
    return whole[before : before + noisy.size]


@pytest.mark.parametrize("fs", [500, 1000])
def test_the_filter_bank_equals_one_made_in_the_fourier_domain(fs, monkeypatch):
    noisy = mix_at_snr(synthetic_emg(4001, "swt"), synthetic_ecg(4001, 1000, 75, "swt")[0], -8)[0]
    monkeypatch.setattr(module, "THRESHOLD", np.inf)
    expected = fourier_swt(noisy, 5 if fs == 1000 else 4, np.inf)
    np.testing.assert_allclose(swt(noisy, fs, PEAKS), expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(expected, noisy, rtol=0, atol=1e-10)


def test_what_is_removed_equals_it_too_where_no_delay_moves_a_coefficient_over_a_cycle_s_edge():
    noisy = mix_at_snr(synthetic_emg(4001, "swt"), synthetic_ecg(4001, 1000, 75, "swt")[0], -8)[0]
    cleaned, expected = swt(noisy, 1000, PEAKS), fourier_swt(noisy, 5, 4.5)
    # the two libraries delay a band by another number of samples, so a few coefficients fall into another cycle
    assert np.square(cleaned - expected).sum() < 0.05 * np.square(noisy - cleaned).sum()


def test_weak_coefficients_stay_and_strong_ones_go():
    bands = np.array([[1.0, -1.0, 2.0, -7.0, 1.0], [0.0, 0.0, 0.0, 0.0, 3.0]])
    weaken(bands)  # medians 1 and 0: thresholds 6.7 and 0
    np.testing.assert_array_equal(bands, [[1, -1, 2, 0, 1], [0, 0, 0, 0, 0]])


def test_cycles_cover_every_sample_once():
    assert cycles(np.array([10, 21, 40]), 50) == [slice(0, 15), slice(15, 30), slice(30, 50)]
    assert cycles(np.array([], int), 50) == [slice(0, 50)]
