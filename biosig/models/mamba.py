"""The Mamba block (Gu & Dao 2023, arXiv:2312.00752, fig. 3): a gated convolution and a selective state space.

Symbols, with mamba-ssm's names for parameters, so that its weights load unchanged:

    B          batch                          d_model  channels in and out
    L          length in time                 d_inner  channels inside, E = expand * d_model
    N          d_state, states per channel    dt_rank  R, rank of the projection to the step sizes
    x          (B, E, L)  input of the state space       z      (B, E, L)  gate
    delta, dt  (B, E, L)  step sizes, positive           A      (E, N)     decay rates, kept as log(-A)
    B_t, C_t   (B, N, L)  into and out of the state      D      (E,)       skip connection
    h          (B, E, N)  state of the state space       window (B, E, d_conv)  last inputs of the convolution

    x, z = in_proj(input);   x = silu(conv1d(x));   dt, B_t, C_t = x_proj(x);   delta = softplus(dt_proj(dt))
    output = out_proj(selective_scan(x, delta, A, B_t, C_t, D) * silu(z))

"Selective" is that delta, B_t and C_t come from the input: each step decides what to take in and keep.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from biosig.errors import SignalError
from biosig.models.scan import check_backend, selective_scan


class MambaState(NamedTuple):
    """What a Mamba block remembers between two steps."""

    window: Tensor  # (B, E, d_conv)
    h: Tensor  # (B, E, N)


class Mamba(nn.Module):
    """One Mamba block, (B, L, d_model) -> (B, L, d_model), causal; the same numbers come out of `step`.

    Args:
        d_model: channels in and out. d_state: N. d_conv: taps of the causal convolution. expand: E / d_model.
        dt_rank: R; "auto" is ceil(d_model / 16). dt_min, dt_max: range of the step sizes at the start.
        dt_scale, dt_init_floor: scale of dt_proj's weights and the smallest step size at the start.
        conv_bias, bias: whether the convolution, and the in- and output projections, have a bias.
        backend: of `selective_scan`.

    Example:
        >>> Mamba(d_model=8)(torch.zeros(2, 100, 8)).shape
        torch.Size([2, 100, 8])
    """

    def __init__(
        self,
        d_model: int,
        d_state: int = 16,
        d_conv: int = 4,
        expand: int = 2,
        dt_rank: int | str = "auto",
        dt_min: float = 0.001,
        dt_max: float = 0.1,
        dt_scale: float = 1.0,
        dt_init_floor: float = 1e-4,
        conv_bias: bool = True,
        bias: bool = False,
        backend: str = "auto",
    ):
        super().__init__()
        self.d_model, self.d_state, self.d_conv, self.backend = d_model, d_state, d_conv, check_backend(backend)
        self.d_inner = E = int(expand * d_model)
        self.dt_rank = R = math.ceil(d_model / 16) if dt_rank == "auto" else int(dt_rank)
        self.in_proj = nn.Linear(d_model, 2 * E, bias=bias)
        self.conv1d = nn.Conv1d(E, E, d_conv, groups=E, padding=d_conv - 1, bias=conv_bias)
        self.x_proj = nn.Linear(E, R + 2 * d_state, bias=False)
        self.dt_proj = nn.Linear(R, E)
        self.A_log = nn.Parameter(torch.log(torch.arange(1.0, d_state + 1)).repeat(E, 1))  # A = -1, …, -N
        self.D = nn.Parameter(torch.ones(E))
        self.out_proj = nn.Linear(E, d_model, bias=bias)
        self.A_log._no_weight_decay = self.D._no_weight_decay = True
        _init_step_sizes(self.dt_proj, dt_min, dt_max, dt_scale, dt_init_floor)

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, L, d_model) -> (B, L, d_model)."""
        if inputs.ndim != 3 or inputs.shape[2] != self.d_model:
            found = tuple(inputs.shape)
            raise SignalError(f"Mamba's input has shape {found}: expected (batch, time, {self.d_model}).")
        x, z = _project(self.in_proj, inputs.transpose(1, 2)).chunk(2, dim=1)  # (B, E, L) each
        x = F.silu(self.conv1d(x)[..., : inputs.shape[1]])  # (B, E, L), cut to the causal part
        dt, B_t, C_t = _project(self.x_proj, x).split([self.dt_rank, self.d_state, self.d_state], dim=1)
        delta = _project(self.dt_proj, dt, bias=False)  # (B, E, L)
        y = selective_scan(
            x,
            delta,
            -torch.exp(self.A_log),  # (E, N)
            B_t,  # (B, N, L)
            C_t,  # (B, N, L)
            self.D,
            z,
            delta_bias=self.dt_proj.bias,
            delta_softplus=True,
            backend=self.backend,
        )  # (B, E, L)
        return _project(self.out_proj, y).transpose(1, 2)  # (B, L, d_model)

    def _selection(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Step sizes (…, E), before bias and softplus, and B_t, C_t (…, N), all from the input x (…, E)."""
        dt, B_t, C_t = self.x_proj(x).split([self.dt_rank, self.d_state, self.d_state], dim=-1)
        return F.linear(dt, self.dt_proj.weight), B_t, C_t

    def initial_state(self, batch: int) -> MambaState:
        """The state before the first step: zeros."""
        zeros = self.A_log.new_zeros
        return MambaState(zeros(batch, self.d_inner, self.d_conv), zeros(batch, self.d_inner, self.d_state))

    def step(self, x_t: Tensor, state: MambaState) -> tuple[Tensor, MambaState]:
        """One time step: x_t (B, d_model) and a state to y_t (B, d_model) and the next state."""
        if x_t.ndim != 2 or x_t.shape[1] != self.d_model or len(x_t) != len(state.h):
            found, expected = tuple(x_t.shape), (len(state.h), self.d_model)
            raise SignalError(f"the input of Mamba's step has shape {found}: expected {expected}, as the state.")
        x, z = self.in_proj(x_t).chunk(2, dim=-1)  # (B, E) each
        window = torch.cat([state.window[..., 1:], x[..., None]], dim=-1)  # (B, E, d_conv)
        x = (window * self.conv1d.weight[:, 0]).sum(-1)  # (B, E)
        x = F.silu(x if self.conv1d.bias is None else x + self.conv1d.bias)  # (B, E)
        delta, B_t, C_t = self._selection(x)  # (B, E), (B, N), (B, N)
        delta = F.softplus(delta + self.dt_proj.bias)  # (B, E)
        decay = torch.exp(delta[..., None] * -torch.exp(self.A_log))  # (B, E, N)
        h = decay * state.h + (delta * x)[..., None] * B_t[:, None]  # (B, E, N)
        y = (h * C_t[:, None]).sum(-1) + self.D * x  # (B, E)
        return self.out_proj(y * F.silu(z)), MambaState(window, h)


def _project(layer: nn.Linear, x: Tensor, bias: bool = True) -> Tensor:
    """A linear layer over channels that lie before time, (B, C, L) -> (B, C', L).

    On a CPU as a convolution with one tap: no transposed copies, and 1.3 to 1.5 times as fast a Mamba block.
    """
    offset = layer.bias if bias else None
    if x.device.type == "cpu":
        return F.conv1d(x, layer.weight[..., None], offset)
    return F.linear(x.transpose(1, 2), layer.weight, offset).transpose(1, 2)


def _init_step_sizes(dt_proj: nn.Linear, low: float, high: float, scale: float, floor: float) -> None:
    """Start delta log-uniform in [low, high]: the bias is its inverse under softplus.

    Both are marked `_no_reinit`: a network that sets all biases to zero would make every delta 0.69, up to
    hundreds of times the step the state space is meant to begin with.
    """
    bound = scale * dt_proj.in_features**-0.5
    nn.init.uniform_(dt_proj.weight, -bound, bound)
    dt = torch.exp(torch.rand(dt_proj.out_features) * math.log(high / low) + math.log(low)).clamp(min=floor)
    with torch.no_grad():
        dt_proj.bias.copy_(dt + torch.log(-torch.expm1(-dt)))
    dt_proj.bias._no_reinit = dt_proj.weight._no_reinit = True
