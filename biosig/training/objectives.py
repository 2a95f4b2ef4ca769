"""What training makes small, by name: objective(network, noisy, clean, generator) → scalar tensor.

Signals are (B, n). Only ``diffusion`` draws anything, from the generator it is handed.
"""

from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from biosig.errors import ConfigError
from biosig.models.diffusion import Diffusion

Objective = Callable[[nn.Module, Tensor, Tensor, Generator], Tensor]
EPS = 1e-8


def l1(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """Mean absolute error."""
    return F.l1_loss(network(noisy), clean)


def l2(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """Mean squared error."""
    return F.mse_loss(network(noisy), clean)


def snr(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """Minus the mean output SNR in dB, every item weighing alike: what SNRimp measures."""
    return -ratio_db(clean, network(noisy) - clean).mean()


def si_sdr(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """Minus the mean SI-SDR in dB (Le Roux et al. 2019, no mean removal); blind to the output's scale."""
    estimate = network(noisy)
    dot = (estimate * clean).sum(-1, keepdim=True)
    target = dot / (clean.square().sum(-1, keepdim=True) + EPS) * clean
    return -ratio_db(target, estimate - target).mean()


def ratio_db(signal: Tensor, error: Tensor) -> Tensor:
    """10·log10 of the energy ratio over the last axis, (..., n) → (...)."""
    return 10 * torch.log10((signal.square().sum(-1) + EPS) / (error.square().sum(-1) + EPS))


def diffusion(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """MSE of the predicted diffusion noise, see :meth:`biosig.models.diffusion.Diffusion.loss`."""
    return Diffusion().loss(network, noisy, clean, generator)


OBJECTIVES: dict[str, Objective] = {"l1": l1, "l2": l2, "snr": snr, "si": si_sdr, "diffusion": diffusion}


def objective(name: str) -> Objective:
    """The objective called ``name``.

    Raises:
        ConfigError: no such objective.
    """
    if name not in OBJECTIVES:
        raise ConfigError(f"Loss {name!r} is unknown: expected one of {', '.join(OBJECTIVES)}.")
    return OBJECTIVES[name]
