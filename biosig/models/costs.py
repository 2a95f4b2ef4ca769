"""What a network costs: multiply-accumulates per second of sound, and how far its output looks."""

import torch
from torch import nn

CONVS = (nn.Conv1d, nn.Conv2d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d)
RECURRENT = (nn.LSTM, nn.GRU)


def layer_macs(layer: nn.Module, x: torch.Tensor, y: torch.Tensor) -> int:
    """Multiply-accumulates of one call of ``layer`` that made y of x; 0 for layers that hold no weight matrix.

    A layer with a method ``macs(x, y)`` of its own is asked instead.
    """
    if hasattr(layer, "macs"):
        return layer.macs(x, y)
    if isinstance(layer, CONVS):
        return layer.weight[0].numel() * y.numel()
    if isinstance(layer, TRANSPOSED):
        return layer.weight[0].numel() * x.numel()
    if isinstance(layer, nn.Linear):
        return layer.in_features * y.numel()
    if isinstance(layer, RECURRENT):
        weights = sum(p.numel() for name, p in layer.named_parameters() if name.startswith("weight"))
        return weights * x.numel() // x.shape[-1]
    return 0


def macs_per_second(network: nn.Module, fs: float = 16000, seconds: float = 4.0) -> float:
    """Multiply-accumulates per second of sound in convolutions, linear layers, LSTMs and GRUs.

    Counted while ``seconds`` of silence go through once; what is padded at the ends is spread over them.
    Fourier transforms, norms, activations and scans are not counted.

    Args:
        network: maps (B, n) → (B, n).
        fs: rate in Hz.
        seconds: length of the signal.
    """
    total = 0

    def count(layer, inputs, output):
        nonlocal total
        total += layer_macs(layer, inputs[0], output[0] if isinstance(output, tuple) else output)

    hooks = [layer.register_forward_hook(count) for layer in network.modules() if layer is not network]
    try:
        _silently(network, torch.zeros(1, round(fs * seconds), device=_device(network)))
    finally:
        for hook in hooks:
            hook.remove()
    return total / seconds


def receptive_field(network: nn.Module, n: int = 16000, at: int | None = None) -> tuple[int, int]:
    """Samples (back, ahead) of the input that output sample ``at`` depends on, measured by the gradient.

    The network is in eval mode meanwhile and sees noise of RMS 1. Where either number reaches the signal's
    end, the field is that long at least: take a larger n. A global norm reaches everywhere.

    Args:
        network: maps (B, n) → (B, n).
        n: samples of the signal.
        at: the output sample; by default the middle one.
    """
    at, training = n // 2 if at is None else at, network.training
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, n, generator=generator).to(_device(network)).requires_grad_()
    try:
        gradient = torch.autograd.grad(network.eval()(x)[0, at], x)[0][0]
    finally:
        network.train(training)
    hit = gradient.nonzero().flatten()
    return at - int(hit.min()), int(hit.max()) - at


@torch.no_grad()
def _silently(network: nn.Module, x: torch.Tensor) -> None:
    """One pass that leaves no trace in running statistics."""
    training = network.training
    try:
        network.eval()(x)
    finally:
        network.train(training)


def _device(network: nn.Module) -> torch.device:
    return next(network.parameters()).device
