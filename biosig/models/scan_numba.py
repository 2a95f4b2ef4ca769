"""The selective scan on a CPU: the compiled kernels as one torch operation with gradients."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import torch
from torch.nn import functional as F

from biosig.models.scan_kernels import CHUNK, VECTOR_BYTES, kernels

GROUPS = 8  # of channel blocks in the gradients of B and C: fixed, so that no sum depends on the threads


@lru_cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="selective-scan")


if hasattr(os, "register_at_fork"):  # a forked child has the pool's object but none of its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)


def _run(kernel, tasks: int, *arguments) -> None:
    """Share the tasks among torch's number of threads: plain ones, as the kernels hold no lock.

    numba's own `prange` would bring a threading layer that dies when two threads call it at once (workqueue)
    or when the process forks after use (OpenMP).
    """
    threads = min(torch.get_num_threads(), tasks)
    if threads <= 1:
        kernel(0, tasks, *arguments)
        return
    slices = min(tasks, 4 * threads)  # several a thread: a core that others use gets fewer of them
    edges = [tasks * i // slices for i in range(slices + 1)]
    jobs = [_pool(threads).submit(kernel, *edge, *arguments) for edge in zip(edges, edges[1:], strict=False)]
    for job in jobs:
        job.result()


def _numpy(*values):
    return [v.detach().numpy() if isinstance(v, torch.Tensor) else v for v in values]


def _padded(x: torch.Tensor) -> torch.Tensor:
    """(batch, N, L) contiguous, with zeros up to a whole number of chunks."""
    return F.pad(x, (0, -x.shape[-1] % CHUNK)).contiguous()


def _in_order(parts: torch.Tensor, dim: int) -> torch.Tensor:
    """The sum along ``dim`` from first to last, whatever the number of threads."""
    total, *rest = parts.unbind(dim)
    for part in rest:
        total = total + part
    return total


class _Scan(torch.autograd.Function):
    """y (batch, D, L) and the last state (batch, D, N); skip and bias (D, 1), z of size 0 where there is no gate."""

    @staticmethod
    def forward(ctx, keep, positive, u, delta, A, B, C, skip, bias, z):
        batch, D, L = u.shape
        lanes = VECTOR_BYTES // u.element_size()
        blocks, (A, B, C) = -(-D // lanes), (A.contiguous(), _padded(B), _padded(C))
        y, state = u.new_empty(batch, D, L), u.new_empty(batch, D, A.shape[1])
        ungated = torch.empty_like(y) if keep and z.numel() else u.new_empty(0, 0, 0)
        starts = u.new_empty(batch, blocks, B.shape[2] // CHUNK if keep else 0, A.shape[1], lanes)
        inputs = u, delta, A, B, C, skip.contiguous(), bias.contiguous(), z
        forward, _ = kernels(str(u.dtype).removeprefix("torch."))
        _run(forward, batch * blocks, *_numpy(*inputs, positive, y, ungated, state, starts))
        ctx.save_for_backward(*inputs, ungated, starts)
        ctx.positive = positive
        return y, state

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, dy, dstate):
        *inputs, ungated, starts = ctx.saved_tensors
        u, _, A, B, *_, z = inputs
        (batch, D, L), groups = u.shape, min(GROUPS, starts.shape[1])
        du, ddelta, dz = u.new_empty(batch, D, L), u.new_empty(batch, D, L), u.new_empty(z.shape)
        dA, dskip, dbias = (u.new_empty(batch, D, n) for n in (A.shape[1], 1, 1))
        dB, dC = (u.new_zeros(batch, groups, *B.shape[1:]) for _ in range(2))
        outputs = du, ddelta, dA, dB, dC, dskip, dbias, dz
        _, backward = kernels(str(u.dtype).removeprefix("torch."))
        _run(backward, batch * groups, *_numpy(*inputs, ctx.positive, ungated, starts, dy, dstate, *outputs))
        dA, dskip, dbias = (_in_order(d, 0) for d in (dA, dskip, dbias))
        dB, dC = (_in_order(d, 1)[..., :L] for d in (dB, dC))
        return None, None, du, ddelta, dA, dB, dC, dskip, dbias, dz


def scan(u, delta, A, B, C, D, z, delta_bias, delta_softplus):
    """y (batch, D, L) and last state (batch, D, N). Bias, softplus, skip and gate are part of the kernels:

    as torch operations around them they took as long again as the forward pass, and four tensors of u's size.
    """
    skip, bias = (u.new_zeros(u.shape[1], 1) if v is None else v[:, None] for v in (D, delta_bias))
    tensors = u, delta, A, B, C, skip, bias, u.new_empty(0, 0, 0) if z is None else z
    keep = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)  # states for a backward pass
    return _Scan.apply(keep, bool(delta_softplus), *tensors)
