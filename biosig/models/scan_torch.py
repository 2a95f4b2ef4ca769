"""The selective scan by torch alone, on any device and for any dtype: a parallel scan, chunk by chunk.

The recurrence h[t] = a[t] h[t-1] + x[t] is joined in pairs: two steps make one, with the decay a[1] a[0] and
the input a[1] x[0] + x[1]. The pairs are half as many steps of the same kind, and their states are those of
every second step; the states between follow (Blelloch 1990, "Prefix sums and their applications"). That is
log2(L) rounds of whole-tensor operations instead of L, and about twice the arithmetic in all.

Decays are only ever multiplied, so that one that vanishes (a large |delta A|) is harmless. The shorter way by
cumulative sums divides by exp(cumsum(delta A)), and by 0 after a few hundred steps.
"""

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

CHUNK = 512  # steps at a time: bounds the tensors of CHUNK x batch x channels x states


def linear_scan(a: Tensor, x: Tensor) -> Tensor:
    """h with h[t] = a[t] h[t-1] + x[t] and h[-1] = 0, for a and x of shape (L, …)."""
    length = a.shape[0]
    if length == 1:
        return x
    if length % 2:
        ends = linear_scan(a[:-1], x[:-1])
        return torch.cat([ends, a[-1:] * ends[-1:] + x[-1:]])
    a_0, a_1 = a.unflatten(0, (-1, 2)).unbind(1)  # the first and the second of each pair
    x_0, x_1 = x.unflatten(0, (-1, 2)).unbind(1)
    second = linear_scan(a_1 * a_0, a_1 * x_0 + x_1)
    first = torch.cat([x_0[:1], a_0[1:] * second[:-1] + x_0[1:]])
    return torch.stack([first, second], dim=1).flatten(0, 1)


def _chunk(h, u, delta, A, B, C):
    """One chunk from state h (B, D, N): u, delta (K, B, D), B, C (K, B, N) to y (K, B, D) and the next state."""
    a = torch.exp(delta[..., None] * A)  # (K, B, D, N)
    x = (delta * u)[..., None] * B[:, :, None]  # (K, B, D, N)
    x = torch.cat([x[:1] + a[:1] * h, x[1:]])
    h = linear_scan(a, x)
    return (h * C[:, :, None]).sum(-1), h[-1]


def scan(u, delta, A, B, C, D):
    """y (B, D, L) and the last state (B, D, N). A chunk's states are computed again for its gradients."""
    h, ys = u.new_zeros(u.shape[0], *A.shape), []
    chunks = zip(*(v.movedim(2, 0).split(CHUNK) for v in (u, delta, B, C)), strict=True)
    for u_k, delta_k, B_k, C_k in chunks:
        y, h = checkpoint(_chunk, h, u_k, delta_k, A, B_k, C_k, use_reentrant=False, preserve_rng_state=False)
        ys.append(y)
    y = torch.cat(ys).movedim(0, 2)
    return (y if D is None else y + D[:, None] * u), h
