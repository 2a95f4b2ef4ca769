"""The trained numbers of a network as plain arrays, and its step in numpy: what every other form is held against.

Batch norms are folded into the layers behind them, and what a transposed matrix would need is laid out: every weight
is (outputs, inputs).
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from biosig.models.light_mask import LEAST, LightMasker

Arrays = dict[str, np.ndarray]


def light_arrays(network: LightMasker) -> Arrays:
    """Weights of a light mask: enter, two matrices and biases a GRU layer, gain, and the bands; float32.

    ``enter`` takes the band magnitudes as they are, the norm is in it.
    """
    found = {"bands": plain(network.spread), "window": plain(network.window)}
    found |= linear("enter", network.enter, network.norm)
    for layer in range(network.gru.num_layers):
        found |= gru(f"gru{layer}", network.gru, layer)
    return found | linear("gain", network.gain)


def linear(name: str, layer: nn.Linear, norm: nn.BatchNorm1d | None = None) -> Arrays:
    """A dense layer as ``name_w`` (outputs, inputs) and ``name_b``, the norm of its input folded in."""
    weight, bias = (plain(each).astype(np.float64) for each in (layer.weight, layer.bias))
    if norm is not None:
        deviation = np.sqrt(plain(norm.running_var).astype(np.float64) + norm.eps)
        weight = weight / deviation
        bias = bias - weight @ plain(norm.running_mean).astype(np.float64)
    return {f"{name}_w": weight.astype(np.float32), f"{name}_b": bias.astype(np.float32)}


def gru(name: str, layer: nn.GRU, number: int = 0) -> Arrays:
    """A GRU layer: ``_wi`` (3U, inputs), ``_wh`` (3U, U), ``_bi``, ``_bh``; gates in the order reset, update, new."""
    parts = {"wi": "weight_ih", "wh": "weight_hh", "bi": "bias_ih", "bh": "bias_hh"}
    return {f"{name}_{short}": plain(getattr(layer, f"{long}_l{number}")) for short, long in parts.items()}


def plain(tensor: torch.Tensor) -> np.ndarray:
    """A tensor as a float32 array."""
    return tensor.detach().cpu().numpy().astype(np.float32)


def light_step(
    arrays: Mapping[str, np.ndarray], power: np.ndarray, memory: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One frame of a light mask: powers of its bins (F,) and a memory (layers, U) → gains (F,), the next memory.

    Twenty lines that C and JavaScript repeat.
    """
    bands = arrays["bands"]
    bins = np.maximum(power, LEAST) ** 0.15                    # |Y|^0.3
    y = bands @ bins / bands.sum(axis=1)
    y = np.maximum(arrays["enter_w"] @ y + arrays["enter_b"], 0)
    x, after = y, []
    for layer, h in enumerate(memory):
        x = gru_step(arrays, f"gru{layer}", x, h)
        after.append(x)
    gains = logistic(arrays["gain_w"] @ (y + x) + arrays["gain_b"])
    return gains @ bands, np.stack(after)


def gru_step(arrays: Mapping[str, np.ndarray], name: str, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """One step of a GRU: h' = n + z (h - n), n = tanh(W x + r · (U h + b)) (Cho et al., 2014, as torch has it)."""
    from_x = arrays[f"{name}_wi"] @ x + arrays[f"{name}_bi"]
    from_h = arrays[f"{name}_wh"] @ h + arrays[f"{name}_bh"]
    (xr, xz, xn), (hr, hz, hn) = np.split(from_x, 3), np.split(from_h, 3)
    r, z = logistic(xr + hr), logistic(xz + hz)
    n = np.tanh(xn + r * hn)
    return n + z * (h - n)


def logistic(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x))."""
    return 0.5 + 0.5 * np.tanh(0.5 * x)
