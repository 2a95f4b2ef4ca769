"""What training makes small, by name: objective(network, noisy, clean, generator) → scalar tensor.

Signals are (B, n). Only ``diffusion`` draws anything, from the generator it is handed. Those of speech
(``spectral_mse`` and after) are meant for 16 kHz, and measure in float32 whatever the network's precision.
"""

from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from biosig.errors import ConfigError
from biosig.models.diffusion import Diffusion
from biosig.models.voiced_mask import active
from biosig.training.cmgan_loss import cmgan
from biosig.training.loudness_loss import pesq_proxy
from biosig.training.spectral_losses import compressed, level, multi_resolution_stft, spectral_mse
from biosig.training.stoi_loss import stoi

Objective = Callable[[nn.Module, Tensor, Tensor, Generator], Tensor]
Distance = Callable[[Tensor, Tensor], Tensor]  # (estimate, clean), each (B, n) → scalar
EPS = 1e-8
BOUND_DB = 30.0
# beside "compressed": as large a gradient of the parameters (0.037 and 15 in the mean of ten batches), measured
# before the first training with it at the published recurrent mask
BOUNDED_WEIGHT = 0.0025
VOICE_WEIGHT = 0.05  # of voice activity beside the gains: it helps the network along, and nobody hears it
VOICED_WEIGHT = 0.02  # of the second task beside "compressed": a fifth to the whole of its value at the beginning
SI_WEIGHT, STOI_WEIGHT = 0.02, 0.25  # beside "compressed": a half to the whole of its gradient, at 0 to 10 dB SNR


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
    return minus_si_sdr(network(noisy), clean)


def ratio_db(signal: Tensor, error: Tensor) -> Tensor:
    """10·log10 of the energy ratio over the last axis, (..., n) → (...)."""
    return 10 * torch.log10((signal.square().sum(-1) + EPS) / (error.square().sum(-1) + EPS))


def diffusion(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """MSE of the predicted diffusion noise, see :meth:`biosig.models.diffusion.Diffusion.loss`."""
    return Diffusion().loss(network, noisy, clean, generator)


def of_distance(distance: Distance, levelled: bool = True) -> Objective:
    """The objective that ``distance(estimate, clean)`` is, out of autocast; ``levelled`` makes it blind to loudness."""

    def measured(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
        estimate = network(noisy)
        with torch.autocast(noisy.device.type, enabled=False):
            noisy, clean, estimate = noisy.float(), clean.float(), estimate.float()
            scale = level(clean, noisy) if levelled else 1.0
            return distance(estimate / scale, clean / scale)

    return measured


def minus_stoi(estimate: Tensor, clean: Tensor) -> Tensor:
    """Minus the mean STOI, see :func:`biosig.training.stoi_loss.stoi`."""
    return -stoi(estimate, clean).mean()


def minus_si_sdr(estimate: Tensor, clean: Tensor) -> Tensor:
    """Minus the mean SI-SDR in dB (Le Roux et al. 2019, no mean removal)."""
    dot = (estimate * clean).sum(-1, keepdim=True)
    target = dot / (clean.square().sum(-1, keepdim=True) + EPS) * clean
    return -ratio_db(target, estimate - target).mean()


def bounded_error(estimate: Tensor, clean: Tensor, noisy: Tensor) -> Tensor:
    """Mean of 10·log10(|x̂ - x|²/|y|² + 10^-3): the error in dB below the input, at least -30 dB.

    SI-SDR has no bound where the input is clean already, and no meaning where the target is silent. This has
    both: below -30 dB nothing more is asked. Source: the thresholds of Wisdom et al., What's all the fuss about
    free universal sound separation data, ICASSP 2021, with the input as reference throughout.
    """
    error, whole = ((x.square().sum(-1) + EPS) for x in (estimate - clean, noisy))
    return 10 * torch.log10(error / whole + 10 ** (-BOUND_DB / 10)).mean()


def compressed_bounded(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """"compressed" plus the bounded error: finite for clean input and for noise alone, whose target is silence.

    A silent target is measured at the level of the noise: a tenth of it, as elsewhere, would let it dominate.
    """
    estimate = network(noisy)
    with torch.autocast(noisy.device.type, enabled=False):
        noisy, clean, estimate = noisy.float(), clean.float(), estimate.float()
        silent = clean.square().mean(-1, keepdim=True) < EPS * noisy.square().mean(-1, keepdim=True)
        scale = level(torch.where(silent, noisy, clean), noisy)
        error = bounded_error(estimate / scale, clean / scale, noisy / scale)
        return compressed(estimate / scale, clean / scale) + BOUNDED_WEIGHT * error


def one_minus_ccc(estimate: Tensor, truth: Tensor) -> Tensor:
    """1 - ρc of traces (B, T), all frames of all rows together, in the population form.

    A batch is thus one long trace: a row's own level counts, as it does where people are pooled in the test. The mean
    of the rows' own coefficients would be another loss, with no say in how rows stand to each other.

    Source: Lin, Biometrics 45(1):255-268, 1989, eq. (2); as a loss: Trigeorgis et al., ICASSP 2016.
    """
    x, y = truth - truth.mean(), estimate - estimate.mean()
    apart = (truth.mean() - estimate.mean()).square()
    return 1 - 2 * (x * y).mean() / (x.square().mean() + y.square().mean() + apart + EPS)


def total(first: Distance, weight: float, second: Distance) -> Distance:
    """first + weight · second."""
    return lambda estimate, clean: first(estimate, clean) + weight * second(estimate, clean)


def compressed_voice(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """"compressed" plus the cross-entropy of voice activity, for :class:`biosig.models.voiced_mask.VoicedMasker`."""
    estimate, voice = network.estimates(noisy)
    with torch.autocast(noisy.device.type, enabled=False):
        noisy, clean, estimate = noisy.float(), clean.float(), estimate.float()
        scale = level(clean, noisy)
        spoken = active(network.spectral(clean))
        told = F.binary_cross_entropy_with_logits(voice.float(), spoken)
        return compressed(estimate / scale, clean / scale) + VOICED_WEIGHT * told


def score(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """Denoising score matching, for :class:`biosig.models.score_unet.ScoreUNet`."""
    return network.loss(noisy, clean, generator)


def middle_frame(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """MSE of the log magnitude of the middle frame, for :class:`biosig.models.residual.ResidualEnhancer`."""
    seen, wanted = network.seen(noisy), network.seen(clean)
    middle = seen.shape[1] // 2
    return F.mse_loss(seen[:, middle] + network.mask(seen), wanted[:, middle])


def band_gains(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """Mean (√g - √ĝ)² of the bands' gains, and the cross-entropy of voice activity, for a network that gives both.

    For :class:`biosig.models.rnnoise_own.RNNoiseOwn`. The root, γ = 1/2, weighs too much suppression as hearing does;
    bands with nothing in them have no gain and do not count. Source: Valin 2018, section 3.2.
    """
    gains, voice = network.estimates(noisy)
    wanted, heard, active = network.wanted(noisy, clean)
    error = (wanted.sqrt() - gains.float().sqrt()).square()
    told = F.binary_cross_entropy(voice.float().clamp(0, 1), active)
    return (error * heard).sum() / heard.sum().clamp_min(1) + VOICE_WEIGHT * told


def refinement(network: nn.Module, heard, truth, generator: Generator) -> Tensor:
    """The loss that a :class:`biosig.models.trnet.TRNet` says itself, of what it hears and what training knows."""
    return network.loss(heard, truth)


def filled(network: nn.Module, noisy: Tensor, clean: Tensor, generator: Generator) -> Tensor:
    """How well gaps are filled, for :class:`biosig.models.gap_filler.GapFiller`; the clean signal is not looked at."""
    return network.loss(noisy, generator)


OBJECTIVES: dict[str, Objective] = {
    "l1": l1,
    "l2": l2,
    "snr": snr,
    "si": si_sdr,
    "diffusion": diffusion,
    "spectral_mse": of_distance(spectral_mse, levelled=False),
    "mrstft": of_distance(multi_resolution_stft),
    "compressed": of_distance(compressed),
    "stoi": of_distance(minus_stoi),
    "pesq_proxy": of_distance(pesq_proxy),
    "compressed+si": of_distance(total(compressed, SI_WEIGHT, minus_si_sdr)),
    "compressed+stoi": of_distance(total(compressed, STOI_WEIGHT, minus_stoi)),
    "compressed+bounded": compressed_bounded,
    "middle_frame": middle_frame,
    "ccc": of_distance(one_minus_ccc, levelled=False),
    "band_gains": band_gains,
    "l1+mrstft": of_distance(total(F.l1_loss, 1.0, multi_resolution_stft)),
    "score": score,
    "compressed+voice": compressed_voice,
    "cmgan": cmgan,
    "refinement": refinement,
    "filled": filled,
}


def objective(name: str) -> Objective:
    """The objective called ``name``.

    Raises:
        ConfigError: no such objective.
    """
    if name not in OBJECTIVES:
        raise ConfigError(f"Loss {name!r} is unknown: expected one of {', '.join(OBJECTIVES)}.")
    return OBJECTIVES[name]
