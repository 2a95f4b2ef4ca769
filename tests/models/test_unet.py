"""U-Net: sizes by hand, masks that only ever weaken, and the options."""

import pytest
import torch

from biosig.errors import ConfigError
from biosig.models.networks import count_parameters
from biosig.models.unet import MASK_BOUND, UNet


def by_hand(channels, maps, outputs, kernel):
    """Weights of the convolutions and two numbers per channel of each norm."""
    pairs = list(zip((maps, *channels), channels, strict=False))
    total = sum(9 * a * b + 2 * b for a, b in pairs)
    joined = [1] + [2] * (len(channels) - 2)
    total += sum(kernel * j * b * a + 2 * a for j, (a, b) in zip(joined, reversed(pairs[1:]), strict=True))
    total += 9 * 2 * channels[0] * channels[0] + 2 * channels[0]
    return total + outputs * (channels[0] + 1) + 2 * 256 * maps


def test_parameters_are_those_counted_by_hand():
    assert count_parameters(UNet()) == by_hand((64, 128, 256), 1, 1, 16) == 1_231_361
    small = UNet((4, 6, 8, 10), "complex", pool_time=False)
    assert count_parameters(small) == by_hand((4, 6, 8, 10), 3, 2, 12)


def test_a_gru_sits_in_the_innermost_level():
    plain, with_gru = (UNet((4, 6), "mask", gru=gru) for gru in (0, 5))
    features = 6 * 128
    assert count_parameters(with_gru) - count_parameters(plain) == 3 * 5 * (features + 5 + 2) + features * (5 + 1)


@pytest.mark.parametrize("target", ["mask", "complex"])
def test_a_saturated_mask_lets_everything_through(target):
    network = UNet((4, 6), target).eval()
    torch.nn.init.zeros_(network.out.weight)
    network.out.bias.data[:] = torch.tensor([100.0] if target == "mask" else [100.0, 0.0])
    x = torch.randn(2, 3001)
    bound = 1 if target == "mask" else MASK_BOUND
    torch.testing.assert_close(network(x), bound * x, atol=1e-4, rtol=0)


def test_a_complex_mask_turns_the_phase():
    network = UNet((4, 6), "complex").eval()
    torch.nn.init.zeros_(network.out.weight)
    network.out.bias.data[:] = torch.tensor([0.0, 100.0])
    t = torch.arange(4000) / 16000
    cosine, sine = (wave(2 * torch.pi * 1000 * t)[None] for wave in (torch.cos, torch.sin))
    middle = slice(1000, 3000)
    torch.testing.assert_close(network(cosine)[:, middle], -MASK_BOUND * sine[:, middle], atol=1e-3, rtol=0)


def test_the_first_mask_lets_most_of_the_signal_through():
    x = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    for target in ("mask", "complex"):
        shares = [(x * UNet((8, 16, 16), target).eval()(x)).sum() / x.square().sum() for _ in range(8)]
        assert torch.stack(shares).mean() > 0.3  # one draw of weights alone may lie anywhere from 0.1 to 0.9


@pytest.mark.parametrize("options", [dict(target="irm"), dict(channels=()), dict(channels=(2,) * 10)])
def test_what_cannot_be_built_is_refused(options):
    with pytest.raises(ConfigError, match="target is 'irm'|channels has"):
        UNet(**options)


def test_nine_levels_and_one_can_be_built():
    x = torch.randn(1, 600)
    assert UNet((2,) * 9, pool_time=False, gru=3).eval()(x).shape == UNet((3,)).eval()(x).shape == x.shape
