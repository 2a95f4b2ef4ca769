"""The selective scan of Mamba, by whichever backend is there: one recurrence, four ways to compute it.

Symbols (Gu & Dao 2023, arXiv:2312.00752, sections 2 and 3.2; shapes as in mamba-ssm):

    u      (B, D, L)  input: batch, channels, time
    delta  (B, D, L)  step size of each channel at each time
    A      (D, N)     decay rates of the N states of each channel, negative
    B, C   (B, N, L)  input and output weights of the states, at each time, shared by the channels
    D      (D,)       weight of the skip connection
    z      (B, D, L)  gate
    h      (B, D, N)  state

    h[t] = exp(delta[t] A) h[t-1] + delta[t] B[t] u[t]
    y[t] = sum over n of C[t] h[t]  +  D u[t],       gated: y[t] * silu(z[t])
"""

import importlib
import warnings
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

import torch
from torch import Tensor
from torch.nn import functional as F

from biosig.errors import ConfigError, SignalError

BACKENDS = ("reference", "numba", "torch", "mamba_ssm")
INTERFACE = "mamba_ssm.ops.selective_scan_interface"


def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    z: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
    return_last_state: bool = False,
    backend: str = "auto",
) -> Tensor | tuple[Tensor, Tensor]:
    """The selective scan, with gradients for every tensor.

    Args:
        u, delta: (B, D, L). A: (D, N). B, C: (B, N, L). All of one dtype and device; with a half-precision u,
            the parameters A, D and delta_bias may stay in float32, as under autocast.
        D: (D,), skip connection. z: (B, D, L), gate. delta_bias: (D,), added to delta.
        delta_softplus: pass delta (with its bias) through softplus, so that it is positive.
        return_last_state: also return h after the last step.
        backend: "auto" (the fastest that is there), or one of `available_backends`.

    Returns:
        y (B, D, L); with ``return_last_state``, (y, h) with h (B, D, N).

    Raises:
        ConfigError: an unknown backend, or one that cannot work here.
        SignalError: shapes or dtypes that do not fit together.
    """
    _check(u, delta, A, B, C, D, z, delta_bias)
    mixed = any(t is not None and t.dtype != u.dtype for t in (A, D, delta_bias))
    name = _choose(u, mixed) if check_backend(backend) == "auto" else _usable(backend, u, mixed)
    y, h = _load(name)(u, delta, A, B, C, D, z, delta_bias, delta_softplus)
    return (y, h) if return_last_state else y


def reference_scan(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor):
    """The recurrence as it is written, one step after the other: what the other backends must equal.

    Any device and dtype. `unbind` and not u[:, :, t]: the gradient of an index is a full-length tensor of
    zeros with one slice filled, so that the backward pass would take time quadratic in L.
    """
    h = u.new_zeros(u.shape[0], *A.shape)  # (B, D, N)
    ys = []
    for u_t, delta_t, B_t, C_t in zip(u.unbind(2), delta.unbind(2), B.unbind(2), C.unbind(2), strict=True):
        decay = torch.exp(delta_t[:, :, None] * A)  # (B, D, N)
        h = decay * h + (delta_t * u_t)[:, :, None] * B_t[:, None, :]  # (B, D, N)
        ys.append((h * C_t[:, None, :]).sum(-1))  # (B, D)
    y = torch.stack(ys, dim=2)  # (B, D, L)
    return y, h


def _around(recurrence: Callable) -> Callable:
    """What comes before and after the recurrence, for backends that compute that alone."""

    def scan(u, delta, A, B, C, D, z, delta_bias, delta_softplus):
        if delta_bias is not None:
            delta = delta + delta_bias[:, None]
        if delta_softplus:
            delta = F.softplus(delta)
        y, h = recurrence(u, delta, A, B, C)
        if D is not None:
            y = y + D[:, None] * u
        if z is not None:
            y = y * F.silu(z)
        return y.to(u.dtype), h

    return scan


def _mamba_ssm(u, delta, A, B, C, D, z, delta_bias, delta_softplus):
    """The CUDA kernel of Mamba's authors."""
    scan = importlib.import_module(INTERFACE).selective_scan_fn
    return scan(u, delta, A, B, C, D, z, delta_bias, delta_softplus, return_last_state=True)


# --- which backend ----------------------------------------------------------------------------------------


def available_backends() -> list[str]:
    """The backends that can be used on this machine, on a tensor of the right device and dtype."""
    found = {"numba": _installed("numba"), "mamba_ssm": not _no_kernel()}
    return [name for name in BACKENDS if found.get(name, True)]


@cache
def _installed(package: str) -> bool:
    return find_spec(package) is not None


def _no_kernel() -> str:
    """Why mamba-ssm cannot be called here, or nothing."""
    if not (torch.cuda.is_available() and _installed("mamba_ssm")):
        return "it needs CUDA and the package mamba-ssm"
    return _kernel_fault()


@cache
def _kernel_fault() -> str:
    """What keeps an installed mamba-ssm from working, or nothing; a warning says it once.

    The kernel is asked for, and not the package: releases from July 2026 on import without it, and fail when called.
    """
    try:
        interface = importlib.import_module(INTERFACE)
        if callable(interface.selective_scan_fn) and getattr(interface, "selective_scan_cuda", None) is not None:
            return ""
        lacking = "selective_scan_cuda is not there"
    except Exception as error:  # built for another torch, it can fail in any way; all mean one thing here
        lacking = str(error)
    reason = f"mamba-ssm is here without its CUDA kernel ({lacking})"
    warnings.warn(f"{reason}: the selective scan runs in PyTorch, more slowly.", stacklevel=2)
    return reason


def _load(name: str) -> Callable:
    """The function of a backend, imported only now: numba takes a second to load."""
    if name == "mamba_ssm":
        return _mamba_ssm
    if name == "numba":
        from biosig.models.scan_numba import scan

        return scan
    if name == "torch":
        from biosig.models.scan_torch import chunked_scan

        return _around(chunked_scan)
    return _around(reference_scan)


def _obstacle(name: str, u: Tensor, mixed: bool) -> str:
    """Why a backend cannot work on this tensor, or nothing."""
    if name not in available_backends():
        return "it is not installed here" if name == "numba" else _no_kernel()
    if name == "numba" and (u.device.type != "cpu" or u.dtype not in (torch.float32, torch.float64) or mixed):
        return f"it takes float32 or float64 alone on the CPU, and u is {u.dtype} on {u.device}"
    if name == "mamba_ssm" and u.device.type != "cuda":
        return f"it works on CUDA, and u is on {u.device}"
    return ""


def _choose(u: Tensor, mixed: bool) -> str:
    return next(name for name in ("mamba_ssm", "numba", "torch") if not _obstacle(name, u, mixed))


def check_backend(name: str) -> str:
    """The name of a backend or "auto"; ConfigError for any other."""
    if name != "auto" and name not in BACKENDS:
        raise ConfigError(f"backend {name!r} is unknown: expected 'auto' or one of {', '.join(BACKENDS)}.")
    return name


def _usable(name: str, u: Tensor, mixed: bool) -> str:
    if reason := _obstacle(name, u, mixed):
        raise ConfigError(f"backend {name!r} cannot be used: {reason}.")
    return name


def _check(u, delta, A, B, C, D, z, delta_bias) -> None:
    """Raise SignalError unless all shapes follow from u (B, D, L) and A (D, N), and dtype and device from u."""
    if u.ndim != 3 or 0 in u.shape or not u.is_floating_point():
        found = f"{tuple(u.shape)} of {u.dtype}"
        raise SignalError(f"u has shape {found}: expected (batch, channels, time) of floats, none of them 0.")
    if A.ndim != 2 or A.shape[0] != u.shape[1] or A.shape[1] == 0:
        raise SignalError(f"A has shape {tuple(A.shape)}: expected ({u.shape[1]}, number of states).")
    (batch, channels, length), n = u.shape, A.shape[1]
    wide, shared, per_channel = (batch, channels, length), (batch, n, length), (channels,)
    signals = {"delta": (delta, wide), "B": (B, shared), "C": (C, shared), "z": (z, wide)}
    parameters = {"A": (A, tuple(A.shape)), "D": (D, per_channel), "delta_bias": (delta_bias, per_channel)}
    for name, (tensor, shape) in (signals | parameters).items():
        if tensor is not None:
            _check_one(name, tensor, shape, u, half=name in parameters and u.element_size() == 2)


def _check_one(name: str, tensor: Tensor, shape: tuple, u: Tensor, half: bool) -> None:
    if tuple(tensor.shape) != shape:
        raise SignalError(f"{name} has shape {tuple(tensor.shape)}: expected {shape} to fit u and A.")
    dtypes = (u.dtype, torch.float32) if half else (u.dtype,)
    if tensor.dtype not in dtypes or tensor.device != u.device:
        found, expected = f"{tensor.dtype} on {tensor.device}", f"{u.dtype} on {u.device}"
        raise SignalError(f"{name} is {found}: expected {expected} as u is.")
