"""CMGAN's generator: the paper's counts, each part by hand, and what goes round the network."""

import numpy as np
import pytest
import torch
from torch import nn

from biosig.errors import ConfigError
from biosig.models.cmgan import CMGAN, ComplexDecoder, DilatedDense, Encoder, MaskDecoder, SubPixel, TwoStage
from biosig.models.costs import macs_per_second
from biosig.models.networks import build, count_parameters
from biosig.signal.stft import stft
from biosig.training.inference import Denoiser

SMALL = dict(channels=4, blocks=1, heads=2, hop=200)


@pytest.fixture
def small():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        yield build("cmgan", **SMALL).eval()


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_sizes_are_the_published_ones():
    network = CMGAN()
    assert count_parameters(network.encoder) == 259_776
    assert [count_parameters(block) for block in network.blocks] == [257_824] * 4
    assert count_parameters(network.mask) == 271_823 and count_parameters(network.complex) == 271_938
    assert count_parameters(network) == 1_834_833


def by_hand(C, bins):
    """Encoder, mask decoder and complex decoder, from their layers."""
    norm = 3 * C  # gains and shifts of the norm, slopes of the PReLU
    dense = sum(6 * C * C * k + C + norm for k in (1, 2, 3, 4))
    rise = 3 * C * 2 * C + 2 * C
    return (3 * C + C + norm + dense + 3 * C * C + C + norm,
            dense + rise + 2 * C + 1 + 3 + 2 + bins, dense + rise + norm + 2 * 2 * C + 2)  # fmt: skip


@pytest.mark.parametrize(("C", "bins"), [(64, 201), (16, 201), (4, 33)])
def test_the_parts_add_up_at_any_width(C, bins):
    parts = Encoder(C), MaskDecoder(C, bins), ComplexDecoder(C)
    assert tuple(map(count_parameters, parts)) == by_hand(C, bins)


def test_the_dense_block_sees_fifteen_frames_back_and_none_ahead():
    """Seen by the gradient of one frame: the newest of the layers lies 1 + 2 + 4 + 8 frames behind it.

    Instance norm looks everywhere, so it is left out here.
    """
    block, x = DilatedDense(3), noise(1, 3, 40, 9).requires_grad_()
    for layer in block.layers:
        layer[1] = nn.Identity()
    gradient = torch.autograd.grad(block(x)[0, :, 30].sum(), x)[0][0].abs().sum((0, 2))
    assert gradient.nonzero().flatten().tolist() == list(range(15, 31))


def test_a_layer_of_the_dense_block_sees_all_before_it_the_newest_first():
    block, x = DilatedDense(2), noise(1, 2, 6, 5)
    first = block.layers[0](nn.functional.pad(x, (1, 1, 1, 0)))
    seen = {}
    block.layers[1].register_forward_pre_hook(lambda _, inputs: seen.update(second=inputs[0]))
    block(x)
    torch.testing.assert_close(seen["second"][:, :, 2:, 1:-1], torch.cat([first, x], 1))
    assert seen["second"].shape == (1, 4, 6 + 2, 5 + 2)  # two frames of zeros before, one bin on each side


def test_sub_pixel_puts_channels_k_and_C_plus_k_side_by_side():
    layer, x = SubPixel(3), noise(2, 3, 5, 4)
    y, made = layer(x), layer.conv(x)
    torch.testing.assert_close(y[..., 0::2], made[:, :3])
    torch.testing.assert_close(y[..., 1::2], made[:, 3:])


def test_two_stages_are_time_for_every_bin_then_frequency_for_every_frame():
    block, x = TwoStage(4, heads=2).eval(), noise(2, 4, 6, 5)
    y = torch.zeros_like(x)
    for f in range(5):
        row = x[:, :, :, f].transpose(1, 2)
        y[:, :, :, f] = (row + block.time(row)).transpose(1, 2)
    z = torch.zeros_like(x)
    for t in range(6):
        column = y[:, :, t].transpose(1, 2)
        z[:, :, t] = (column + block.frequency(column)).transpose(1, 2)
    torch.testing.assert_close(block(x), z, atol=1e-5, rtol=1e-4)


def silenced(small, gain):
    """A network whose mask is ``gain`` everywhere, and which adds nothing."""
    for last in (small.complex.out, small.mask.scale):
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
    nn.init.constant_(small.mask.scale.bias, gain)
    return small


def test_a_mask_of_one_and_nothing_added_is_the_input(small):
    x = noise(2, 3000)
    torch.testing.assert_close(silenced(small, 1.0)(x), x, atol=2e-5, rtol=1e-4)


def test_the_mask_works_on_compressed_magnitudes(small):
    """Half of |X|^0.3 is 0.5^(1/0.3) of |X|, a tenth."""
    x = noise(1, 3000)
    torch.testing.assert_close(silenced(small, 0.5)(x), 0.5 ** (1 / 0.3) * x, atol=2e-5, rtol=1e-3)


def test_what_is_added_can_turn_the_phase(small):
    network, x = silenced(small, 0.0), noise(1, 3000)
    network.complex.out.bias.data[1] = 0.7
    spectra = network.enhanced(network.compressed(x))
    torch.testing.assert_close(spectra, torch.full_like(spectra, 0.7j))


def test_the_compressed_spectra_are_those_of_numpy(small):
    """Hamming windows of 400, which :mod:`biosig.signal.stft` does not have: frames by hand."""
    x = noise(1, 1000).double()
    padded = np.pad(x.numpy()[0], (200, 400))
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = np.stack([np.fft.rfft(window * padded[at : at + 400]) for at in range(0, 1001, 200)])
    expected = frames * np.abs(frames) ** (0.3 - 1)
    found = small.compressed(x.float())[0].T.numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert stft(x.numpy()[0], 400, 200).shape[-2] == len(found)  # and as many frames as everywhere else here


def test_the_magnitude_is_the_first_of_three_inputs(small):
    seen = {}
    small.encoder.register_forward_pre_hook(lambda _, inputs: seen.update(x=inputs[0]))
    small(noise(1, 2000))
    magnitude, real, imag = seen["x"][0]
    assert magnitude.shape == (11, 201)
    torch.testing.assert_close(magnitude.square(), real.square() + imag.square(), atol=1e-4, rtol=1e-3)


def test_silence_and_loudness_are_the_denoisers_business(small):
    """RMS 1 goes in whatever comes, and is undone; silence stays silence, though the decoder has biases."""
    system = Denoiser(small, "rms", fs=16_000, window_s=4.0)
    assert not system(np.zeros((1, 8000)), 16_000).any()
    x = noise(1, 8000).double().numpy()
    np.testing.assert_allclose(system(0.01 * x, 16_000), 0.01 * system(x, 16_000), rtol=1e-3, atol=1e-6)
    half_silent = np.concatenate([np.zeros((1, 8000)), x], 1)
    assert np.isfinite(system(half_silent, 16_000)).all()


def test_costs_count_the_attention(small):
    """By hand: the pairs of frames for every bin, and of bins for every frame, three products of 4 channels each."""
    with_attention = macs_per_second(small, seconds=1)
    for block in small.blocks:
        for conformer in (block.time, block.frequency):
            conformer.attention.macs = lambda x, y: 0
    frames, bins = 81, 101
    expected = 3 * 4 * (bins * frames**2 + frames * bins**2)
    assert with_attention - macs_per_second(small, seconds=1) == expected


def test_heads_that_cannot_share_are_refused():
    with pytest.raises(ConfigError, match="channels is 6 and heads 4"):
        CMGAN(channels=6)
