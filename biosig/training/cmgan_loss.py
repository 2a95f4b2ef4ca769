"""What CMGAN's generator makes small: errors of the compressed spectra and of the waveform, and the critic's doubt.

Source: Cao, Abdulatif and Yang, Interspeech 2022, section 2.3; the weights are those of its published code. Signals
(B, n) have an RMS near 1, compressed spectra (B, F, T) are those of the network's own STFT.
"""

import torch
from torch import Generator, Tensor, nn

RI_WEIGHT, MAGNITUDE_WEIGHT, TIME_WEIGHT = 0.1, 0.9, 0.2
TINY = 1e-12  # power: at 0 the root has no slope


def magnitude(spectra: Tensor) -> Tensor:
    """|X| of complex spectra, with a slope that is finite at 0."""
    return (spectra.real.square() + spectra.imag.square() + TINY).sqrt()


def supervised(spectra: Tensor, sound: Tensor, wanted: Tensor, clean: Tensor) -> Tensor:
    """0.1·RI + 0.9·magnitude + 0.2·time: what is left of the loss without a discriminator.

    Args:
        spectra, sound: the estimate, compressed (B, F, T) and as a signal (B, n).
        wanted, clean: the same of the clean signal.
    """
    error = spectra - wanted
    ri = error.real.square().mean() + error.imag.square().mean()
    magnitudes = (magnitude(spectra) - magnitude(wanted)).square().mean()
    time = (sound - clean).abs().mean()
    return RI_WEIGHT * ri + MAGNITUDE_WEIGHT * magnitudes + TIME_WEIGHT * time


def estimated(network: nn.Module, noisy: Tensor) -> tuple[Tensor, Tensor]:
    """The network's compressed spectra (B, F, T), which no second STFT has smoothed, and their sound (B, n)."""
    spectra = network.enhanced(network.compressed(noisy))
    return spectra, network.sound(spectra, noisy.shape[-1])


def cmgan(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """:func:`supervised` as an objective, for :class:`biosig.models.cmgan.CMGAN`: training without a discriminator."""
    with torch.no_grad():
        wanted = network.compressed(clean)
    return supervised(*estimated(network, noisy), wanted, clean)
