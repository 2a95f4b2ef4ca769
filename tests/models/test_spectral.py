"""The STFT of networks: the numpy one's numbers, exact inversion, and the mask's bounds."""

import numpy as np
import pytest
import torch

from biosig.errors import ConfigError
from biosig.models.spectral import Spectral, compress, polar_mask
from biosig.signal.stft import stft


def noise(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("window", ["sqrt_hann", "hann"])
@pytest.mark.parametrize("n", [1, 255, 256, 257, 1000])
def test_spectra_are_those_of_the_signal_package(window, n):
    x = noise(2, n)
    found = Spectral(512, 128, window)(x).numpy()
    expected = stft(x.numpy().astype(float), 512, 128, window).swapaxes(1, 2)
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize("sizes", [(512, 256, 512), (512, 128, 512), (512, 100, 400), (64, 7, 50)])
@pytest.mark.parametrize("n", [1, 2, 99, 255, 256, 511, 513, 1601])
def test_what_goes_in_comes_back_at_its_length(sizes, n):
    n_fft, hop, win_length = sizes
    spectral, x = Spectral(n_fft, hop, "sqrt_hann", win_length), noise(3, n)
    torch.testing.assert_close(spectral.inverse(spectral(x), n), x, atol=1e-4, rtol=0)


def test_checkpoints_hold_no_window():
    assert not Spectral().state_dict()


@pytest.mark.parametrize("sizes", [(511, 128, None), (512, 257, None), (512, 256, 400), (512, 0, None), (256, 64, 512)])
def test_sizes_without_an_inverse_are_refused(sizes):
    with pytest.raises(ConfigError, match="expected an even n_fft"):
        Spectral(*sizes[:2], "hann", sizes[2])


def test_an_unknown_window_is_refused():
    with pytest.raises(ConfigError, match="window is 'kaiser'"):
        Spectral(window="kaiser")


def test_compression_takes_the_magnitude_and_keeps_the_phase():
    x = torch.complex(noise(4, 5), noise(5, 4).T)
    magnitude, turned = compress(x, 0.3)
    torch.testing.assert_close(magnitude, x.abs() ** 0.3)
    torch.testing.assert_close(turned.abs(), magnitude)
    torch.testing.assert_close(turned.angle(), x.angle())
    assert torch.equal(compress(torch.zeros(1, dtype=torch.complex64))[1], torch.zeros(1, dtype=torch.complex64))


@pytest.mark.parametrize("bound", [1.0, 2.0])
def test_a_polar_mask_has_its_phase_and_a_bounded_magnitude(bound):
    real, imag = 3 * noise(1000), 3 * noise(1000).flip(0)
    mask = polar_mask(real, imag, bound).numpy()
    real, imag = real.numpy(), imag.numpy()
    size = np.hypot(real, imag)
    np.testing.assert_allclose(np.abs(mask), bound * np.tanh(size / bound), rtol=1e-5)
    np.testing.assert_allclose(np.angle(mask), np.arctan2(imag, real), atol=1e-5)


def test_a_mask_of_nothing_has_a_gradient():
    real, imag = torch.zeros(3, requires_grad=True), torch.zeros(3, requires_grad=True)
    polar_mask(real, imag).real.sum().backward()
    torch.testing.assert_close(real.grad, torch.ones(3))  # tanh's slope at 0
    assert torch.equal(imag.grad, torch.zeros(3))
