"""What every network here takes: (B, n) or (B, 1, n), one channel, long enough for its padding."""

import torch

from biosig.errors import SignalError


def with_channel(x: torch.Tensor, at_least: int = 1, name: str = "noisy") -> torch.Tensor:
    """``x`` of shape (B, n) or (B, 1, n) as (B, 1, n).

    Args:
        x: a batch of one-channel signals.
        at_least: the shortest length the network can take, samples.
        name: what to call ``x`` in the error.

    Raises:
        SignalError: another shape, or fewer samples than ``at_least``.
    """
    if x.ndim not in (2, 3) or (x.ndim == 3 and x.shape[1] != 1):
        raise SignalError(f"{name} has shape {tuple(x.shape)}: expected (batch, n) or (batch, 1, n).")
    if x.shape[-1] < at_least:
        raise SignalError(f"{name} has {x.shape[-1]} samples: this network needs at least {at_least}.")
    return x if x.ndim == 3 else x.unsqueeze(1)
