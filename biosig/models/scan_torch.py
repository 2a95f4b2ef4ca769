"""The selective scan by torch alone, on any device and for any dtype: a parallel scan, chunk by chunk.

The recurrence h[t] = a[t] h[t-1] + x[t] is joined in pairs: two steps make one, with the decay a[1] a[0] and
the input a[1] x[0] + x[1]. The pairs are half as many steps of the same kind, and their states are those of
every second step; the states between follow (Blelloch 1990, "Prefix sums and their applications"). That is
log2(L) rounds of whole-tensor operations instead of L, and about twice the arithmetic in all.

Decays are only ever multiplied, so that one that vanishes (a large |delta A|) is harmless. The shorter way by
cumulative sums divides by exp(cumsum(delta A)), and by 0 after a few hundred steps.

`torch.compile` of `_chunk` halves the time on a CPU (forward + backward at (B, D, L) = (1, 128, 2048), float32,
N = 16, one core: 135 ms as it is, 64 ms compiled) for a minute or more of compiling at each new shape. The numba
backend takes 5 ms there, so nothing is compiled by default.
"""

import torch
from torch import Tensor

CHUNKS = {"cpu": 256}  # steps at a time: few enough for the processor's cache, and
CHUNK = 2048  # many enough elsewhere to keep a device busy; bounds the tensors of steps x batch x channels x states


def linear_scan(a: Tensor, x: Tensor) -> Tensor:
    """h with h[t] = a[t] h[t-1] + x[t] and h[-1] = 0, for a and x of shape (L, …)."""
    return _LinearScan.apply(a, x)


def _by_pairs(a: Tensor, x: Tensor) -> Tensor:
    """The recurrence itself; `linear_scan` adds cheaper gradients than those of its parts."""
    length = a.shape[0]
    if length == 1:
        return x
    if length % 2:
        most = _by_pairs(a[:-1], x[:-1])
        return torch.cat([most, a[-1:] * most[-1:] + x[-1:]])
    a_0, a_1 = a.unflatten(0, (-1, 2)).unbind(1)  # the first and the second of each pair
    x_0, x_1 = x.unflatten(0, (-1, 2)).unbind(1)
    second = _by_pairs(a_1 * a_0, a_1 * x_0 + x_1)
    first = torch.cat([x_0[:1], a_0[1:] * second[:-1] + x_0[1:]])
    return torch.stack([first, second], dim=1).flatten(0, 1)


class _LinearScan(torch.autograd.Function):
    """Its gradient is a linear scan too, from the end: g[t] = dh[t] + a[t+1] g[t+1]."""

    @staticmethod
    def forward(ctx, a, x):
        h = _by_pairs(a, x)
        ctx.save_for_backward(a, h)
        return h

    @staticmethod
    def backward(ctx, dh):
        a, h = ctx.saved_tensors
        after = torch.cat([torch.zeros_like(a[:1]), a[1:].flip(0)])
        g = linear_scan(after, dh.flip(0)).flip(0)
        return torch.cat([torch.zeros_like(h[:1]), g[1:] * h[:-1]]), g


def _chunk(h, u, delta, A, B, C):
    """One chunk from state h (B, D, N): u, delta (K, B, D), B, C (K, B, N) to y (K, B, D) and the next state."""
    a = torch.exp(delta[..., None] * A)  # (K, B, D, N)
    x = (delta * u)[..., None] * B[:, :, None]  # (K, B, D, N)
    x = torch.cat([x[:1] + a[:1] * h, x[1:]])
    h = linear_scan(a, x)
    return (h * C[:, :, None]).sum(-1), h[-1].clone()  # a view would keep every state of the chunk


class _Chunk(torch.autograd.Function):
    """`_chunk` that keeps its inputs only, and computes the states again for their gradients.

    As torch.utils.checkpoint does, which loads the whole of torch's compiler, seconds of it, at the first call.
    """

    @staticmethod
    def forward(ctx, *inputs):
        ctx.save_for_backward(*inputs)
        return _chunk(*inputs)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, *gradients):
        inputs = [v.detach().requires_grad_() for v in ctx.saved_tensors]
        with torch.enable_grad():
            outputs = _chunk(*inputs)
        return torch.autograd.grad(outputs, inputs, gradients)


def chunked_scan(u, delta, A, B, C):
    """y (B, D, L) and the last state (B, D, N)."""
    h, ys = u.new_zeros(u.shape[0], *A.shape), []
    length = CHUNKS.get(u.device.type, CHUNK)
    chunks = zip(*(v.movedim(2, 0).split(length) for v in (u, delta, B, C)), strict=True)
    for u_k, delta_k, B_k, C_k in chunks:
        y, h = _Chunk.apply(h, u_k, delta_k, A, B_k, C_k)
        ys.append(y)
    return torch.cat(ys).movedim(0, 2), h
