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


def _run(kernel, tasks: int, *arrays) -> None:
    """Share the tasks among torch's number of threads: plain ones, as the kernels hold no lock.

    numba's own `prange` would bring a threading layer that dies when two threads call it at once (workqueue)
    or when the process forks after use (OpenMP).
    """
    threads = min(torch.get_num_threads(), tasks)
    if threads <= 1:
        kernel(0, tasks, *arrays)
        return
    slices = min(tasks, 4 * threads)  # several a thread: a core that others use gets fewer of them
    edges = [tasks * i // slices for i in range(slices + 1)]
    jobs = [_pool(threads).submit(kernel, *edge, *arrays) for edge in zip(edges, edges[1:], strict=False)]
    for job in jobs:
        job.result()


def _numpy(*tensors):
    return [t.detach().numpy() for t in tensors]


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
    """y (batch, D, L) and the last state (batch, D, N) from u, delta, A, B, C and the skip weight (D, 1)."""

    @staticmethod
    def forward(ctx, keep, u, delta, A, B, C, skip):
        batch, D, L = u.shape
        lanes = VECTOR_BYTES // u.element_size()
        blocks, A, B, C, skip = -(-D // lanes), A.contiguous(), _padded(B), _padded(C), skip.contiguous()
        y, state = u.new_empty(batch, D, L), u.new_empty(batch, D, A.shape[1])
        starts = u.new_empty(batch, blocks, B.shape[2] // CHUNK if keep else 0, A.shape[1], lanes)
        forward, _ = kernels(str(u.dtype).removeprefix("torch."))
        _run(forward, batch * blocks, *_numpy(u, delta, A, B, C, skip, y, state, starts))
        ctx.save_for_backward(u, delta, A, B, C, skip, starts)
        return y, state

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, dy, dstate):
        u, delta, A, B, C, skip, starts = ctx.saved_tensors
        batch, D, L = u.shape
        groups = min(GROUPS, starts.shape[1])
        du, ddelta = u.new_empty(batch, D, L), u.new_empty(batch, D, L)
        dA, dskip = u.new_empty(batch, D, A.shape[1]), u.new_empty(batch, D, 1)
        dB, dC = (u.new_zeros(batch, groups, *B.shape[1:]) for _ in range(2))
        arrays = u, delta, A, B, C, skip, starts, dy, dstate, du, ddelta, dA, dB, dC, dskip
        _, backward = kernels(str(u.dtype).removeprefix("torch."))
        _run(backward, batch * groups, *_numpy(*arrays))
        dB, dC = (_in_order(d, 1)[..., :L] for d in (dB, dC))
        return None, du, ddelta, _in_order(dA, 0), dB, dC, _in_order(dskip, 0)


def scan(u, delta, A, B, C, D):
    """y (batch, D, L) and last state (batch, D, N); delta as it enters the exponential, D (D,) or None."""
    skip = u.new_zeros(u.shape[1], 1) if D is None else D[:, None]
    tensors = u, delta, A, B, C, skip
    keep = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)  # states for a backward pass
    return _Scan.apply(keep, *tensors)
