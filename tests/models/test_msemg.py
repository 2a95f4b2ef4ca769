"""MSEMG and the HNF block: size, shape, what reaches what."""

import copy

import pytest
import torch
from torch.nn import functional as F

from biosig.errors import ConfigError, SignalError
from biosig.models.hnf import HNF, convolve
from biosig.models.msemg import MSEMG, MambaBlock
from biosig.models.networks import build, count_parameters


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield MSEMG(backend="torch")


def test_parameters_are_the_papers(network):
    assert count_parameters(network) == 279_937
    assert count_parameters(network.hnf_in) == 106_688
    assert count_parameters(network.ssm) == 65_280 + 64


def test_shapes_with_and_without_a_channel_axis(network):
    x = torch.randn(2, 50)
    y = network(x)
    assert y.shape == (2, 50) and y.dtype == torch.float32
    torch.testing.assert_close(network(x[:, None])[:, 0], y)


def test_the_shortest_signal_is_eight_samples(network):
    assert network(torch.randn(1, 8)).shape == (1, 8)
    with pytest.raises(SignalError, match="7 samples: this network needs at least 8"):
        network(torch.randn(1, 7))


@pytest.mark.parametrize("shape", [(50,), (2, 3, 50)])
def test_more_than_one_channel_is_refused(network, shape):
    with pytest.raises(SignalError, match=r"expected \(batch, n\)"):
        network(torch.zeros(shape))


def test_every_parameter_gets_a_gradient(network):
    network(torch.randn(2, 40)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


def test_items_of_a_batch_do_not_touch(network):
    x = torch.randn(3, 60)
    torch.testing.assert_close(network(x)[1], network(x[1:2])[0], rtol=1e-4, atol=1e-4)


def reached(module, x, at):
    """Which output samples change when the input changes at one sample, as a sorted list."""
    moved = x.clone()
    moved[..., at] += 1
    with torch.no_grad():
        change = (module(moved) - module(x)).abs().amax(dim=(0, 1))
    return change.gt(0).nonzero().flatten().tolist()


def test_hnf_reaches_15_samples_to_each_side_without_its_norm():
    block = HNF(8)
    block.norm = torch.nn.Identity()  # instance statistics reach everywhere
    hit = reached(block, torch.randn(1, 8, 101), at=50)
    assert (hit[0], hit[-1]) == (50 - (7 + 4 + 4), 50 + (7 + 4 + 4))


@pytest.mark.parametrize("dilation", [2, 4])
def test_dilation_widens_the_parallel_filters_only(dilation):
    block = HNF(8, dilation)
    block.norm = torch.nn.Identity()
    hit = reached(block, torch.randn(1, 8, 121), at=60)
    assert (hit[0], hit[-1]) == (60 - (7 * dilation + 8), 60 + (7 * dilation + 8))


def test_the_mamba_block_looks_back_only():
    block = MambaBlock(8, d_state=4, expand=1, backend="torch")
    assert reached(block, torch.randn(1, 8, 30), at=12) == list(range(12, 30))


def test_hnf_normalises_its_first_half_only():
    block, seen = HNF(64), []
    block.norm.register_forward_hook(lambda module, inputs, output: seen.append((inputs[0], output)))
    block.out.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    block.mix.register_forward_hook(lambda module, inputs, output: seen.append(output))
    block(3 + 5 * torch.randn(2, 64, 200))
    mixed, (into_norm, normed), into_out = seen
    torch.testing.assert_close(into_norm, mixed[:, :32])
    torch.testing.assert_close(normed.mean(-1), torch.zeros(2, 32), atol=1e-4, rtol=0)
    torch.testing.assert_close(normed.var(-1, unbiased=False), torch.ones(2, 32), atol=1e-3, rtol=0)
    torch.testing.assert_close(into_out[:, 32:], F.leaky_relu(mixed[:, 32:], 0.2))


@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_one_reflection_and_split_kernels_equal_four_plain_convolutions(dilation):
    block, x = HNF(16, dilation).double(), torch.randn(2, 16, 40, dtype=torch.float64)
    torch.testing.assert_close(block.resolve(x), torch.cat([layer(x) for layer in block.filters], dim=1))


@pytest.mark.parametrize("k", [3, 14, 15, 16, 21, 40])
def test_convolve_is_conv1d(k):
    x, weight = torch.randn(2, 3, 90, dtype=torch.float64), torch.randn(4, 3, k, dtype=torch.float64)
    bias = torch.randn(4, dtype=torch.float64)
    torch.testing.assert_close(convolve(x, weight, bias, 2), F.conv1d(x, weight, bias, dilation=2))


def test_edges_are_reflected():
    layer = MSEMG(features=8, backend="torch").conv_in
    x = torch.randn(1, 1, 20)
    by_hand = torch.cat([x[..., 1:5].flip(-1), x, x[..., -5:-1].flip(-1)], dim=-1)
    torch.testing.assert_close(layer(x), F.conv1d(by_hand, layer.weight, layer.bias))


def test_initial_weights_are_kaiming_normal_with_zero_bias(network):
    layer = network.hnf_in.mix
    assert layer.bias.abs().max() == 0
    assert layer.weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.03)


def test_build_refuses_unknown_names_and_options():
    with pytest.raises(ConfigError, match="'resnet' is unknown: expected one of fcn, msemg, sdemg"):
        build("resnet")
    with pytest.raises(ConfigError, match="no option 'depth'"):
        build("msemg", depth=3)


@pytest.mark.parametrize("backend", ["reference", "numba", "torch"])
def test_in_double_precision_it_is_the_same_network(backend):
    network, x = MSEMG(features=8, d_state=4, expand=1, backend=backend), torch.randn(2, 60)
    single, double = network(x), copy.deepcopy(network).double()(x.double())
    assert double.dtype == torch.float64
    torch.testing.assert_close(single.double(), double, atol=1e-5, rtol=1e-4)


def test_under_autocast_the_mamba_block_stays_in_single_precision():
    network, seen = MSEMG(features=8, d_state=4, expand=1, backend="torch"), []
    network.ssm.mamba.register_forward_hook(lambda module, inputs, output: seen.extend([inputs[0].dtype, output.dtype]))
    with torch.autocast("cpu", torch.bfloat16):
        network(torch.randn(2, 60))
    assert seen == [torch.float32, torch.float32]
