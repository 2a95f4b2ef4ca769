"""All backends of the selective scan against its recurrence: values, gradients, extremes, threads, bad input.

Tolerances, relative to the largest number of each result: 1e-10 in float64, 2e-5 in float32 (against float64).
"""

import multiprocessing
import sys
import types
import warnings
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest
import torch

from biosig.errors import ConfigError, SignalError
from biosig.models import scan, scan_kernels
from biosig.models.scan import BACKENDS, available_backends, selective_scan
from biosig.seeds import rng_for

FAST = ("numba", "torch")
TOLERANCE = {torch.float64: 1e-10, torch.float32: 2e-5}


def problem(batch, channels, length, states, dtype=torch.float64, extras=True):
    """Random inputs of one scan as a dict, each asking for its gradient; time lies last or second, by turns."""
    rng = rng_for("scan", batch, channels, length, states)

    def normal(*shape):
        return torch.from_numpy(rng.standard_normal(shape)).to(dtype)

    inputs = {
        "u": normal(batch, length, channels).transpose(1, 2),  # as a linear layer leaves it
        "delta": normal(batch, channels, length) - 1,
        "A": -torch.exp(normal(channels, states)),
        "B": normal(batch, length, states).transpose(1, 2),
        "C": normal(batch, states, length),
    }
    if extras:
        inputs |= {"D": normal(channels), "z": normal(batch, channels, length), "delta_bias": normal(channels)}
    else:
        inputs["delta"] = inputs["delta"].exp()
    return {name: tensor.requires_grad_() for name, tensor in inputs.items()}


def weights(like):
    """Fixed numbers of both signs, to make one number of a result without losing any of it."""
    return torch.cos(torch.arange(like.numel(), dtype=torch.float64)).reshape(like.shape).to(like.dtype)


def value_and_gradients(inputs, backend, softplus=True):
    """y, last state and the gradient of every input, through both outputs."""
    y, h = selective_scan(**inputs, delta_softplus=softplus, return_last_state=True, backend=backend)
    total = (y * weights(y)).sum() + (h * weights(h)).sum()
    gradients = torch.autograd.grad(total, list(inputs.values()))
    return {"y": y.detach(), "h": h.detach(), **{f"d{k}": g for k, g in zip(inputs, gradients, strict=True)}}


def assert_close(found, expected, tolerance):
    for name, e in expected.items():
        f = found[name].to(torch.float64)
        assert f.shape == e.shape, name
        worst = (f - e).abs().max().item()
        assert worst <= tolerance * max(e.abs().max().item(), 1e-300), f"{name} is off by {worst:.2g}"


def by_hand(u, delta, A, B, C, D, z, delta_bias):
    """The definition, one number at a time, in numpy: y and the last state."""
    u, delta, A, B, C, D, z, bias = (x.detach().numpy() for x in (u, delta, A, B, C, D, z, delta_bias))
    y, h = np.zeros(u.shape), np.zeros((u.shape[0], *A.shape))
    for b, d, t in np.ndindex(u.shape):
        step = np.log1p(np.exp(delta[b, d, t] + bias[d]))
        for n in range(A.shape[1]):
            h[b, d, n] = np.exp(step * A[d, n]) * h[b, d, n] + step * B[b, n, t] * u[b, d, t]
            y[b, d, t] += C[b, n, t] * h[b, d, n]
        y[b, d, t] = (y[b, d, t] + D[d] * u[b, d, t]) * z[b, d, t] / (1 + np.exp(-z[b, d, t]))
    return y, h


@pytest.mark.parametrize("backend", ["reference", *FAST])
def test_equals_the_definition(backend):
    inputs = problem(2, 3, 9, 4)
    y, h = selective_scan(**inputs, delta_softplus=True, return_last_state=True, backend=backend)
    y_by_hand, h_by_hand = by_hand(**inputs)
    np.testing.assert_allclose(y.detach().numpy(), y_by_hand, rtol=0, atol=1e-12)
    np.testing.assert_allclose(h.detach().numpy(), h_by_hand, rtol=0, atol=1e-12)


SIZES = [(2, 5, 1, 3), (1, 16, 2, 16), (2, 37, 77, 16), (3, 8, 257, 5), (1, 70, 64, 2)]
CASES = [(size, extras) for size in SIZES for extras in (True, False)] + [((1, 2, 10_000, 3), True)]


@pytest.mark.parametrize(("size", "extras"), CASES, ids=str)
def test_backends_agree_with_the_reference(size, extras):
    expected = value_and_gradients(problem(*size, extras=extras), "reference", softplus=extras)
    for dtype, tolerance in TOLERANCE.items():
        for backend in FAST:
            found = value_and_gradients(problem(*size, dtype, extras), backend, softplus=extras)
            assert found["y"].dtype == dtype
            assert_close(found, expected, tolerance)


@pytest.mark.parametrize("left_out", ["D", "z", "delta_bias"])
@pytest.mark.parametrize("backend", FAST)
def test_each_option_may_be_left_out(backend, left_out):
    inputs = problem(2, 6, 30, 4)
    del inputs[left_out]
    expected = value_and_gradients(inputs, "reference")
    assert_close(value_and_gradients(inputs, backend), expected, 1e-10)


@pytest.mark.parametrize("length", [1, 5, scan_kernels.CHUNK + 2])
def test_gradients_of_numba_are_those_of_finite_differences(length):
    inputs = problem(1, 2, length, 2)

    def scan(*tensors):
        named = dict(zip(inputs, tensors, strict=True))
        return selective_scan(**named, delta_softplus=True, return_last_state=True, backend="numba")

    assert torch.autograd.gradcheck(scan, tuple(inputs.values()))


def test_gradients_of_the_torch_scan_are_those_of_finite_differences():
    inputs = problem(1, 2, 7, 2)

    def scan(*tensors):
        named = dict(zip(inputs, tensors, strict=True))
        return selective_scan(**named, delta_softplus=True, return_last_state=True, backend="torch")

    assert torch.autograd.gradcheck(scan, tuple(inputs.values()))


# --- extremes --------------------------------------------------------------------------------------------------


def bare(backend, delta, A, dtype=torch.float32, length=300):
    """A scan of ones with one step size and one rate: y (length,)."""
    one = torch.ones(1, 1, length, dtype=dtype)
    return selective_scan(one, one * delta, torch.full((1, 1), A, dtype=dtype), one, one, backend=backend)[0, 0]


@pytest.mark.parametrize("backend", ["reference", *FAST])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_state_that_is_forgotten_at_once_leaves_the_input(backend, dtype):
    for delta, rate in [(50.0, -16.0), (1e3, -1e3), (1e15, -1e15)]:
        assert torch.equal(bare(backend, delta, rate, dtype), torch.full((300,), delta, dtype=dtype))


@pytest.mark.parametrize("backend", ["reference", *FAST])
def test_no_step_at_all_keeps_the_state(backend):
    one = torch.ones(1, 1, 300)
    delta = torch.cat([one[..., :1], 0 * one[..., 1:]], dim=-1)
    y = selective_scan(one, delta, -torch.ones(1, 1), one, one, backend=backend)
    assert torch.equal(y, one)


@pytest.mark.parametrize("backend", FAST)
def test_tiny_steps_add_up_without_drift(backend):
    """10,000 decays of 1 - 1e-7 or so: a bias of the exponential at 0 would show ten thousandfold."""
    delta, n = 1e-7, 10_000
    exact = delta * (1 - np.exp(-delta * n)) / (1 - np.exp(-delta))
    assert bare(backend, delta, -1.0, length=n)[-1].item() == pytest.approx(exact, rel=2e-3)
    assert bare(backend, delta, -1.0, torch.float64, n)[-1].item() == pytest.approx(exact, rel=1e-11)


@pytest.mark.parametrize("backend", FAST)
def test_large_decays_have_the_gradients_of_the_reference(backend):
    inputs = problem(1, 4, 40, 4, extras=False)
    with torch.no_grad():
        inputs["delta"][..., ::3] *= 1e4
        inputs["delta"][..., 1::3] *= 1e-12
    expected = value_and_gradients(inputs, "reference", softplus=False)
    assert all(torch.isfinite(v).all() for v in expected.values())
    assert_close(value_and_gradients(inputs, backend, softplus=False), expected, 1e-10)


@pytest.mark.parametrize("backend", FAST)
def test_large_and_small_delta_before_softplus_have_the_gradients_of_the_reference(backend):
    inputs = problem(2, 5, 40, 4)
    with torch.no_grad():
        inputs["delta"] *= 40  # beyond 20, where torch's softplus is the identity, and far below 0
        inputs["z"] *= 100
    expected = value_and_gradients(inputs, "reference")
    assert (inputs["delta"] > 25).any() and (inputs["delta"] < -100).any()
    assert_close(value_and_gradients(inputs, backend), expected, 1e-10)


@pytest.mark.parametrize("backend", FAST)
def test_nan_comes_out_where_it_went_in_and_not_before(backend):
    inputs = problem(1, 1, 200, 2, torch.float32, extras=False)
    with torch.no_grad():
        inputs["delta"][0, 0, 150] = torch.nan
    y = selective_scan(**inputs, backend=backend)[0, 0]
    assert torch.isfinite(y[:150]).all() and torch.isnan(y[150:]).all()


def vectors(function):
    """A vector function of the kernels as a function of an array whose size fills whole vectors."""

    @numba.njit
    def apply(x, out):
        for k in range(0, x.size, scan_kernels.lanes(x)):
            scan_kernels.store(out, k, function(scan_kernels.load(x, k)))

    def of(x):
        out = np.empty_like(x)
        apply(x, out)
        return out

    return of


def exactly(name, x):
    """The same functions in extended precision."""
    e = np.exp(-np.abs(x))
    sigmoid = np.where(x > 0, 1 / (1 + e), e / (1 + e))
    softplus = np.where(x > 20, x, np.maximum(x, 0) + np.log1p(e))
    slope = np.where(x > 20, 1, sigmoid)
    return {"exp2": np.exp2(x), "sigmoid": sigmoid, "softplus": softplus, "softplus_slope": slope}[name]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "low", "high", "units"),
    [("exp2", -120, 120, 2), ("sigmoid", -6, 40, 8), ("softplus", -6, 40, 8), ("softplus_slope", -6, 40, 8)],
)
def test_vector_functions_are_right_to_a_few_units_in_the_last_place(dtype, name, low, high, units):
    x = np.linspace(low, high, 1 << 14).astype(dtype)
    found = vectors(getattr(scan_kernels, name))(x)
    exact = exactly(name, x.astype(np.longdouble))
    assert np.max(np.abs(found - exact) / np.spacing(np.abs(found))) < units


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_vector_functions_at_their_ends(dtype):
    x = np.array([-np.inf, -1e4, -40, 0, 40, 1e4, np.inf, np.nan, *[0] * 8], dtype)
    small = np.exp(dtype(-40))
    ends = {"softplus": [0, 0, small, np.log(2), 40, 1e4, np.inf, np.nan]}
    ends["sigmoid"] = ends["softplus_slope"] = [0, 0, small, 0.5, 1, 1, 1, np.nan]
    for name, expected in ends.items():
        found = vectors(getattr(scan_kernels, name))(x)[:8]
        np.testing.assert_allclose(found, np.array(expected, dtype), rtol=1e-5, atol=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_vector_exponential_at_its_ends(dtype):
    x = np.array([-np.inf, -1e30, -5000, 0, -0.0, 1e-30, 5000, np.inf, np.nan, 3, -3, *[0] * 5], dtype)
    expected = np.array([0, 0, 0, 1, 1, 1, np.inf, np.inf, np.nan, 8, 0.125], dtype)
    np.testing.assert_array_equal(vectors(scan_kernels.exp2)(x)[:11], expected)


# --- threads and processes -------------------------------------------------------------------------------------


@pytest.fixture
def threads():
    """A way to set torch's number of threads that is undone afterwards."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("size", [(1, 130, 70, 4), (3, 20, 33, 16)], ids=str)
def test_the_number_of_threads_changes_no_bit(threads, size):
    results = []
    for count in (1, 2, 5):
        threads(count)
        results.append(value_and_gradients(problem(*size, torch.float32), "numba"))
    for other in results[1:]:
        assert all(torch.equal(results[0][name], other[name]) for name in other)


def test_scans_from_several_threads_at_once(threads):
    threads(2)
    inputs = problem(2, 40, 150, 4, torch.float32)
    expected = value_and_gradients(inputs, "numba")
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: value_and_gradients(inputs, "numba"), range(12)):
            assert all(torch.equal(expected[name], found[name]) for name in found)


def _in_child(inputs, expected, queue):
    with torch.no_grad():
        queue.put(np.array_equal(expected, selective_scan(**inputs, backend="numba").numpy()))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
def test_a_forked_process_can_scan_too(threads):
    threads(2)
    inputs = problem(2, 40, 50, 4, extras=False)  # torch's own exponential is not for a forked process
    expected = selective_scan(**inputs, backend="numba").detach().numpy()
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads running: what this is about
        child = context.Process(target=_in_child, args=(inputs, expected, queue), daemon=True)
        child.start()
    child.join(60)
    if child.is_alive():
        child.kill()
    assert child.exitcode == 0 and queue.get()


def test_kernels_compile_where_nothing_can_be_written(monkeypatch):
    calls = []

    def njit(signature, cache=False, nogil=False):
        calls.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(scan_kernels.numba, "njit", njit)
    assert scan_kernels._compile(len, None) is len and calls == [True, False]


# --- which backend, and bad input ------------------------------------------------------------------------------


def test_backends_are_listed_and_auto_takes_numba_on_the_cpu():
    assert [name for name in BACKENDS if name in available_backends()] == available_backends()
    assert {"reference", "numba", "torch"} <= set(available_backends())
    inputs = problem(1, 4, 20, 2, torch.float32, extras=False)
    assert torch.equal(selective_scan(**inputs), selective_scan(**inputs, backend="numba"))


def test_half_precision_goes_to_torch_with_parameters_in_float32():
    inputs = {k: v.detach() for k, v in problem(1, 4, 20, 2, torch.float32).items()}
    expected = selective_scan(**inputs, delta_softplus=True)
    mixed = {k: v if k in ("A", "D", "delta_bias") else v.bfloat16() for k, v in inputs.items()}
    y = selective_scan(**mixed, delta_softplus=True)
    assert y.dtype == torch.bfloat16
    assert (y - expected).abs().max() < 0.05 * expected.abs().max()


def test_without_numba_auto_takes_torch(monkeypatch):
    monkeypatch.setattr("biosig.models.scan._installed", lambda package: package != "numba")
    inputs = problem(1, 4, 20, 2, extras=False)
    assert torch.equal(selective_scan(**inputs), selective_scan(**inputs, backend="torch"))
    with pytest.raises(ConfigError, match="backend 'numba' cannot be used: it is not installed here"):
        selective_scan(**inputs, backend="numba")


@pytest.mark.parametrize(
    ("backend", "sentence"),
    [
        ("fortran", "backend 'fortran' is unknown: expected 'auto' or one of reference, numba, torch, mamba_ssm."),
        ("numba", "backend 'numba' cannot be used: it takes float32 or float64 alone on the CPU, and u is"),
    ],
)
def test_a_backend_that_cannot_be_used_is_refused(backend, sentence):
    inputs = {k: v.detach().bfloat16() for k, v in problem(1, 2, 3, 2).items()}
    with pytest.raises(ConfigError) as error:
        selective_scan(**inputs, backend=backend)
    assert str(error.value).startswith(sentence)


@pytest.mark.skipif("mamba_ssm" in available_backends(), reason="mamba-ssm is here")
def test_mamba_ssm_is_refused_where_it_is_not():
    with pytest.raises(ConfigError, match="it needs CUDA and the package mamba-ssm"):
        selective_scan(**problem(1, 2, 3, 2), backend="mamba_ssm")


@pytest.fixture
def fake_mamba(monkeypatch):
    """A machine with CUDA, as far as torch says, and a mamba-ssm that holds what the test puts into it."""

    def install(**content):
        for name in ("mamba_ssm", "mamba_ssm.ops", scan.INTERFACE):
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        vars(sys.modules[scan.INTERFACE]).update(content)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(scan, "_installed", lambda package: True)
    scan._kernel_fault.cache_clear()
    yield install
    scan._kernel_fault.cache_clear()


def test_mamba_ssm_with_its_kernel_is_chosen_and_called(fake_mamba):
    asked = []

    def kernel(*inputs, **more):
        asked.append(more)
        return inputs[0], "state"

    fake_mamba(selective_scan_fn=kernel, selective_scan_cuda=object())
    on_cuda = types.SimpleNamespace(device=torch.device("cuda"), dtype=torch.float32)
    assert "mamba_ssm" in available_backends() and scan._choose(on_cuda, mixed=False) == "mamba_ssm"
    assert scan._load("mamba_ssm")(*range(9)) == (0, "state") and asked == [{"return_last_state": True}]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"selective_scan_fn": print},
        {"selective_scan_fn": print, "selective_scan_cuda": None},
        {"selective_scan_cuda": object()},
    ],
)
def test_mamba_ssm_without_its_kernel_is_passed_over_with_a_word(fake_mamba, content):
    """As the package is from July 2026 on: it imports, and would fail when called."""
    fake_mamba(**content)
    on_cuda = types.SimpleNamespace(device=torch.device("cuda"), dtype=torch.float32)
    with pytest.warns(UserWarning, match="mamba-ssm is here without its CUDA kernel .*runs in PyTorch"):
        assert scan._choose(on_cuda, mixed=False) == "torch"
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is said once
        assert "mamba_ssm" not in available_backends()
    with pytest.raises(ConfigError, match="'mamba_ssm' cannot be used: mamba-ssm is here without its CUDA kernel"):
        selective_scan(**problem(1, 2, 3, 2), backend="mamba_ssm")


def test_mamba_ssm_that_cannot_be_imported_is_passed_over(fake_mamba, monkeypatch):
    fake_mamba()
    monkeypatch.setitem(sys.modules, scan.INTERFACE, None)
    with pytest.warns(UserWarning, match="without its CUDA kernel"):
        assert "mamba_ssm" not in available_backends()


@pytest.mark.parametrize(
    ("name", "shape", "sentence"),
    [
        ("u", (2, 3), r"u has shape \(2, 3\) of torch.float64: expected \(batch, channels, time\)"),
        ("u", (2, 3, 0), r"u has shape \(2, 3, 0\)"),
        ("delta", (2, 3, 8), r"delta has shape \(2, 3, 8\): expected \(2, 3, 9\) to fit u and A"),
        ("A", (4, 4), r"A has shape \(4, 4\): expected \(3, number of states\)"),
        ("B", (2, 3, 9), r"B has shape \(2, 3, 9\): expected \(2, 4, 9\)"),
        ("C", (1, 4, 9), r"C has shape \(1, 4, 9\): expected \(2, 4, 9\)"),
        ("D", (3, 1), r"D has shape \(3, 1\): expected \(3,\)"),
        ("z", (2, 9, 3), r"z has shape \(2, 9, 3\): expected \(2, 3, 9\)"),
        ("delta_bias", (4,), r"delta_bias has shape \(4,\): expected \(3,\)"),
    ],
)
def test_a_wrong_shape_is_named(name, shape, sentence):
    inputs = problem(2, 3, 9, 4)
    inputs[name] = torch.zeros(shape, dtype=torch.float64)
    with pytest.raises(SignalError, match=sentence):
        selective_scan(**inputs)


def test_a_wrong_dtype_is_named():
    inputs = problem(2, 3, 9, 4)
    inputs["A"] = inputs["A"].float()
    with pytest.raises(SignalError, match="A is torch.float32 on cpu: expected torch.float64 on cpu as u is"):
        selective_scan(**inputs)
    whole = {k: v.detach().long() for k, v in problem(1, 2, 3, 2).items()}
    with pytest.raises(SignalError, match="of torch.int64: expected"):
        selective_scan(**whole)
