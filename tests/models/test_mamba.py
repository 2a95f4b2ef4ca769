"""Mamba: mamba-ssm's names and initialisation, the block of mambapy with the same weights, and a loop in numpy."""

import numpy as np
import pytest
import torch
from mambapy.mamba import MambaBlock, MambaConfig
from torch.nn import functional as F

from biosig.errors import ConfigError, SignalError
from biosig.models.mamba import Mamba
from biosig.seeds import rng_for, seed_for


@pytest.fixture(autouse=True)
def _seeded():
    """The layers draw from torch's generator: each test gets the same one and leaves none behind."""
    with torch.random.fork_rng():
        torch.manual_seed(seed_for("tests", "mamba") % 2**32)
        yield


def normal(*shape):
    return torch.from_numpy(rng_for("mamba", *shape).standard_normal(shape))


# --- names, shapes, initialisation -----------------------------------------------------------------------------


def test_parameters_have_the_names_and_shapes_of_mamba_ssm():
    shapes = {name: tuple(p.shape) for name, p in Mamba(24, d_state=8, d_conv=3, expand=2).state_dict().items()}
    assert shapes == {
        "A_log": (48, 8),
        "D": (48,),
        "in_proj.weight": (96, 24),
        "conv1d.weight": (48, 1, 3),
        "conv1d.bias": (48,),
        "x_proj.weight": (2 + 2 * 8, 48),  # dt_rank = ceil(24 / 16)
        "dt_proj.weight": (48, 2),
        "dt_proj.bias": (48,),
        "out_proj.weight": (24, 48),
    }


def test_biases_can_be_chosen():
    names = set(Mamba(8, conv_bias=False, bias=True).state_dict())
    assert "conv1d.bias" not in names and {"in_proj.bias", "out_proj.bias"} <= names


def test_step_sizes_begin_log_uniform_in_their_range():
    bias = Mamba(2000, d_state=1).dt_proj.bias
    delta = np.sort(F.softplus(bias.detach().double()).numpy())
    assert delta[0] >= 0.001 * (1 - 1e-4) and delta[-1] <= 0.1 * (1 + 1e-4)
    uniform = (np.log(delta) - np.log(0.001)) / np.log(100)
    empirical = (np.arange(delta.size) + 0.5) / delta.size
    assert np.abs(uniform - empirical).max() < 1.95 / np.sqrt(delta.size)  # Kolmogorov–Smirnov, p = 0.001


def test_step_sizes_have_a_floor():
    bias = Mamba(64, dt_min=1e-7, dt_max=1e-6).dt_proj.bias
    torch.testing.assert_close(F.softplus(bias.detach()), torch.full((128,), 1e-4), rtol=1e-3, atol=0)


def test_weights_of_the_step_sizes_are_uniform_within_the_rank():
    weight = Mamba(64, dt_scale=0.5).dt_proj.weight.detach().abs()  # (128, 4)
    assert 0.98 * 0.25 < weight.max() <= 0.25 and 0.1 < weight.mean() < 0.15


def test_decay_rates_begin_at_1_to_n_and_the_skip_at_1():
    block = Mamba(8, d_state=5)
    rates = torch.exp(block.A_log.detach())
    torch.testing.assert_close(rates, torch.arange(1.0, 6).expand(16, 5))
    assert torch.equal(block.D.detach(), torch.ones(16))


def test_what_an_outer_initialisation_and_weight_decay_must_leave_alone_is_marked():
    block = Mamba(8)
    assert block.dt_proj.bias._no_reinit and block.dt_proj.weight._no_reinit
    assert block.A_log._no_weight_decay and block.D._no_weight_decay


# --- the same maths as others ----------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["numba", "torch", "reference"])
def test_equals_the_block_of_mambapy_in_value_and_gradient(backend):
    """To 1e-6 and no further: mambapy, as mamba-ssm, takes exp(A_log) in float32 whatever the dtype."""
    peer = MambaBlock(MambaConfig(d_model=20, n_layers=1, d_state=6, d_conv=4, expand_factor=3)).double()
    ours = Mamba(20, d_state=6, expand=3, backend=backend).double()
    ours.load_state_dict(peer.state_dict())
    x = normal(2, 37, 20)
    expected, found = peer(x), ours(x)
    assert (found - expected).abs().max() < 1e-6 * expected.abs().max()
    expected.square().sum().backward()
    found.square().sum().backward()
    for name, parameter in peer.named_parameters():
        difference = ours.get_parameter(name).grad - parameter.grad
        assert difference.abs().max() < 1e-6 * parameter.grad.abs().max(), name


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def by_hand(weights, x):
    """One channel sequence x (L, d_model) through the block, step by step, in numpy."""
    w = {name: value.detach().numpy() for name, value in weights.items()}
    E, N = w["A_log"].shape
    rank, taps = w["dt_proj.weight"].shape[1], w["conv1d.weight"].shape[2]
    past, h, out = [np.zeros(E)] * (taps - 1), np.zeros((E, N)), []
    for x_t in x:
        xz = w["in_proj.weight"] @ x_t
        past.append(xz[:E])
        c = w["conv1d.bias"] + sum(w["conv1d.weight"][:, 0, k] * past[len(past) - taps + k] for k in range(taps))
        c = c * sigmoid(c)
        dbc = w["x_proj.weight"] @ c
        delta = np.log1p(np.exp(w["dt_proj.weight"] @ dbc[:rank] + w["dt_proj.bias"]))
        for e in range(E):
            h[e] = np.exp(-delta[e] * np.exp(w["A_log"][e])) * h[e] + delta[e] * c[e] * dbc[rank : rank + N]
        y = h @ dbc[rank + N :] + w["D"] * c
        out.append(w["out_proj.weight"] @ (y * xz[E:] * sigmoid(xz[E:])))
    return np.array(out)


@pytest.mark.parametrize("length", [1, 2, 23])
def test_equals_a_loop_in_numpy(length):
    block, x = Mamba(6, d_state=3).double(), normal(2, length, 6)
    expected = np.stack([by_hand(block.state_dict(), one) for one in x.numpy()])
    np.testing.assert_allclose(block(x).detach().numpy(), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("options", [{}, {"conv_bias": False, "bias": True}, {"d_conv": 2, "dt_rank": 3}], ids=str)
def test_step_by_step_equals_the_whole(options):
    block, x = Mamba(6, d_state=4, **options).double(), normal(3, 31, 6)
    state, ys = block.initial_state(3), []
    for x_t in x.unbind(1):
        y_t, state = block.step(x_t, state)
        ys.append(y_t)
    torch.testing.assert_close(torch.stack(ys, dim=1), block(x), rtol=0, atol=1e-13)


def test_is_causal():
    block, x = Mamba(6).double(), normal(1, 90, 6)
    changed = x.clone()
    changed[:, 70:] += 1
    before, after = block(x), block(changed)
    assert torch.equal(before[:, :70], after[:, :70]) and (before[:, 70:] != after[:, 70:]).any(-1).all()


def test_precision_and_backends_agree_in_float32():
    block, x = Mamba(16), normal(2, 301, 16).float()
    exact = Mamba(16, backend="reference").double()
    exact.load_state_dict(block.state_dict())
    expected = exact(x.double())
    for backend in ("numba", "torch"):
        block.backend = backend
        assert (block(x) - expected).abs().max() < 2e-6 * expected.abs().max()


# --- bad input -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(2, 10), (2, 6, 10), (10, 6)])
def test_a_wrong_input_is_named(shape):
    with pytest.raises(SignalError, match=r"Mamba's input has shape .*: expected \(batch, time, 6\)"):
        Mamba(6)(torch.zeros(shape))


def test_a_step_that_does_not_fit_its_state_is_named():
    block = Mamba(6)
    with pytest.raises(SignalError, match=r"shape \(3, 6\): expected \(2, 6\), as the state"):
        block.step(torch.zeros(3, 6), block.initial_state(2))


def test_an_unknown_backend_is_refused_when_the_block_is_made():
    with pytest.raises(ConfigError, match="backend 'cuda' is unknown: expected 'auto' or one of reference, numba"):
        Mamba(6, backend="cuda")
