"""DCCRN: complex layers against numpy's complex numbers, whitening, the paper's size, and how far it looks."""

import numpy as np
import pytest
import torch
from torch import nn

from biosig.errors import ConfigError
from biosig.models.costs import receptive_field
from biosig.models.dccrn import DCCRN, ComplexBatchNorm, ComplexConv, ComplexLinear, ComplexLSTM
from biosig.models.networks import count_parameters

SMALL = dict(channels=(4, 6), hidden=3)


def as_complex(x):
    """(B, C, …) with real parts first → complex (B, C/2, …)."""
    real, imag = x.detach().double().chunk(2, 1)
    return torch.complex(real, imag).numpy()


def by_hand(channels, hidden, bins=256):
    pairs = list(zip((2, *channels), channels, strict=False))
    conv = sum(5 * a * b + b for a, b in pairs) + sum(5 * 2 * b * a + a for a, b in pairs)
    norms = sum(5 * c // 2 + 1 for c in (*channels, *channels[:-1]))  # 3 gains, 2 shifts, one slope of the PReLU
    features = channels[-1] // 2 * (bins >> len(channels))
    lstm = 2 * 4 * hidden * (features + hidden + 2) + 2 * 4 * hidden * (2 * hidden + 2)
    return conv + norms + lstm + 2 * features * (hidden + 1)


def test_the_size_is_the_papers():
    count = count_parameters(DCCRN())
    assert count == by_hand((32, 64, 128, 256, 256, 256), 128) == 3_671_917
    assert round(count / 1e6, 1) == 3.7  # section 3.2
    assert count_parameters(DCCRN(**SMALL)) == by_hand((4, 6), 3)


@pytest.mark.parametrize("bins", [2, 8])
def test_a_complex_convolution_by_hand(bins):
    conv = ComplexConv(4, 6)
    x = torch.randn(2, 4, bins, 5)
    z, w = as_complex(x), torch.complex(*conv.weight.detach().double()).numpy()
    padded = np.pad(z, [(0, 0), (0, 0), (2, 2), (1, 0)])
    expected = np.zeros((2, 3, bins // 2, 5), complex)
    for f in range(bins // 2):
        for t in range(5):
            expected[:, :, f, t] = np.einsum("bcij,ocij->bo", padded[:, :, 2 * f : 2 * f + 5, t : t + 2], w)
    np.testing.assert_allclose(as_complex(conv(x)), expected, atol=1e-5)


@pytest.mark.parametrize("look_ahead", [False, True])
def test_a_transposed_complex_convolution_by_hand(look_ahead):
    conv = ComplexConv(4, 6, transposed=True, look_ahead=look_ahead)
    x = torch.randn(2, 4, 4, 5)
    z, w = as_complex(x), torch.complex(*conv.weight.detach().double()).numpy()
    spread = np.zeros((2, 3, 2 * 4 + 4, 6), complex)
    for f in range(4):
        for t in range(5):
            spread[:, :, 2 * f : 2 * f + 5, t : t + 2] += np.einsum("bc,coij->boij", z[:, :, f, t], w)
    expected = spread[:, :, 2:10, 1:] if look_ahead else spread[:, :, 2:10, :-1]
    np.testing.assert_allclose(as_complex(conv(x)), expected, atol=1e-5)


def test_a_complex_linear_layer_multiplies_complex_numbers():
    layer, x = ComplexLinear(5, 4), torch.randn(2, 3, 2, 5)
    for part in (layer.a, layer.b):
        nn.init.zeros_(part.bias)
    w = torch.complex(layer.a.weight, layer.b.weight)
    y = torch.complex(*x.unbind(2)) @ w.T
    torch.testing.assert_close(layer(x), torch.stack([y.real, y.imag], 2))


def test_a_complex_lstm_combines_four_passes():
    layer, x = ComplexLSTM(5, 4), torch.randn(2, 6, 2, 5)
    real, imag = x.unbind(2)
    expected_real = layer.a(real)[0] - layer.b(imag)[0]
    expected_imag = layer.a(imag)[0] + layer.b(real)[0]
    torch.testing.assert_close(layer(x), torch.stack([expected_real, expected_imag], 2))


def correlated(seed=0):
    """(4, 4, 6, 50): two complex channels whose parts hang together, off centre."""
    z = torch.randn(4, 4, 6, 50, generator=torch.Generator().manual_seed(seed))
    return torch.cat([z[:, :2] + 3, 0.7 * z[:, :2] + 2 * z[:, 2:] - 1], 1)


def test_the_complex_norm_whitens():
    norm, x = ComplexBatchNorm(4, eps=1e-9), correlated()
    y = norm(x)
    for channel in range(2):
        pair = torch.stack([y[:, channel].flatten(), y[:, channel + 2].flatten()]).detach().numpy()
        np.testing.assert_allclose(pair.mean(1), 0, atol=1e-5)
        np.testing.assert_allclose(np.cov(pair, bias=True), 0.5 * np.eye(2), atol=1e-5)


def test_the_complex_norm_is_the_inverse_square_root_of_the_covariance():
    norm, x = ComplexBatchNorm(4, eps=1e-9), correlated()
    norm.gain.data = torch.randn(3, 2)
    norm.bias.data = torch.randn(2, 2)
    y = norm(x)
    for c in range(2):
        pair = torch.stack([x[:, c].flatten(), x[:, c + 2].flatten()]).double().numpy()
        values, vectors = np.linalg.eigh(np.cov(pair, bias=True))
        white = vectors @ np.diag(values**-0.5) @ vectors.T @ (pair - pair.mean(1, keepdims=True))
        rr, ii, ri = norm.gain[:, c].tolist()
        expected = np.array([[rr, ri], [ri, ii]]) @ white + norm.bias[:, c].detach().numpy()[:, None]
        found = torch.stack([y[:, c].flatten(), y[:, c + 2].flatten()]).detach().numpy()
        np.testing.assert_allclose(found, expected, atol=2e-5)


def test_the_complex_norm_remembers_what_it_saw():
    norm, x = ComplexBatchNorm(4, momentum=1.0), correlated()
    seen = norm(x)
    torch.testing.assert_close(norm.eval()(x), seen, atol=1e-5, rtol=1e-4)


def test_the_complex_norm_of_parts_that_are_one_is_finite():
    x = torch.ones(2, 4, 3, 5) * torch.randn(2, 1, 3, 5)  # real and imaginary parts alike: no full covariance
    x.requires_grad_()
    y = ComplexBatchNorm(4)(x)
    y.square().sum().backward()
    assert torch.isfinite(y).all() and torch.isfinite(x.grad).all()


@pytest.mark.parametrize("mask", ["E", "C", "R"])
def test_each_mask_with_constant_outputs(mask):
    network = DCCRN(**SMALL, mask=mask).eval()
    last = network.decoder[-1]
    nn.init.zeros_(last.weight)
    last.bias.data[:] = torch.tensor([2.0, 0.0])
    x = torch.randn(1, 2000)
    x = x - x.mean()
    spectra = network.spectral(x)
    spectra[:, 0] = 0  # the constant is left out
    flat = network.spectral.inverse(spectra, 2000)
    if mask == "R":
        real = torch.complex(spectra.real, torch.zeros(()))
        flat = network.spectral.inverse(real, 2000)
    expected = (np.tanh(2) if mask == "E" else 2) * flat
    torch.testing.assert_close(network(x), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("look_ahead", "frames"), [(True, 2), (False, 0)])
def test_each_level_of_the_decoder_looks_one_frame_ahead(look_ahead, frames):
    network = DCCRN(**SMALL, look_ahead=look_ahead)
    # sample 2000 is the centre of frame 20: the furthest frame it lies in is centred 1 hop on (the 400 samples'
    # window is 0 at its first), and a frame sees 199 samples beyond its centre
    _, ahead = receptive_field(network, 4000, at=2000)
    assert ahead == (1 + frames) * 100 + 199


@pytest.mark.parametrize("options", [dict(mask="D"), dict(channels=(3,)), dict(channels=(2,) * 9), dict(channels=())])
def test_what_cannot_be_built_is_refused(options):
    with pytest.raises(ConfigError, match="mask is 'D'|expected even widths"):
        DCCRN(**options)
