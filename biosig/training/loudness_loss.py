"""A differentiable stand-in for PESQ: our own, in the spirit of ITU-T P.862, and far from all of it."""

import functools

import torch
from torch import Tensor

from biosig.training.spectral_losses import N_FFT, parts, spectrum

FS = 16000
SPEECH_DB = 79.0  # level of an RMS of 1, dB SPL: where P.862 sets speech to
BARK_STEP = 0.5
ZWICKER = 0.23  # loudness is a power of power
DEAD_ZONE = 0.25  # of the lesser loudness: differences below it are masked
ASYMMETRY, LEAST, MOST = 1.2, 3.0, 12.0  # exponent; what was added counts from 3 times up, by at most 12
ASYMMETRY_WEIGHT = 0.309  # P.862: 0.0309 of the asymmetric disturbance beside 0.1 of the other
AUDIBLE = 10.0  # thresholds: powers beside which an increase is taken


def pesq_proxy(estimate: Tensor, clean: Tensor) -> Tensor:
    """Mean audible difference in loudness, with what was added counting for more than what is missing.

    Loudness by Zwicker's law in bands of half a Bark, S = (P0/0.5)^0.23·((0.5 + 0.5·P/P0)^0.23 - 1), P0 the
    threshold of hearing; D = max(|Ŝ - S| - 0.25·min(Ŝ, S), 0); the result is mean(D) + 0.309·mean(h·D), where
    h = ((P̂ + 10·P0)/(P + 10·P0))^1.2 is 0 below 3 and 12 at most. From P.862 (Beerends et al., 2002) it leaves
    out the alignment of time and level, the filters of the telephone, and the way frames are weighed and summed.

    Args:
        estimate: (B, n) at 16 kHz, of an RMS near 1.
        clean: same shape.
    """
    (loud, power), (clean_loud, clean_power) = (_loudness(x) for x in (estimate, clean))
    masked = DEAD_ZONE * torch.minimum(loud, clean_loud)
    disturbance = ((loud - clean_loud).abs() - masked).clamp_min(0)
    added = ((power.detach() + AUDIBLE) / (clean_power + AUDIBLE)) ** ASYMMETRY
    added = torch.where(added < LEAST, 0.0, added.clamp_max(MOST))
    return (disturbance * (1 + ASYMMETRY_WEIGHT * added)).mean()


def _loudness(x: Tensor) -> tuple[Tensor, Tensor]:
    """Loudness and power over the threshold of hearing, each (B, frames, bands)."""
    bands, threshold = _bark_bands(x.device)
    real, imag = parts(spectrum(x))
    power = (real.square() + imag.square()).transpose(1, 2) @ bands
    ratio = 0.5 + 0.5 * power
    return (2 * threshold) ** ZWICKER * (ratio**ZWICKER - 1).clamp_min(0), power


@functools.cache
def _bark_bands(device: torch.device) -> tuple[Tensor, Tensor]:
    """What sums bins to powers over the threshold, (bins, bands), and that threshold as a power, 0 dB SPL = 1."""
    with torch.inference_mode(False):
        hertz = torch.arange(1, N_FFT // 2 + 1, dtype=torch.float64) * FS / N_FFT  # nobody hears bin 0
        band = (6 * torch.asinh(hertz / 600) / BARK_STEP).long()  # Wang, Sekey and Gersho (1992)
        member = (band.unsqueeze(-1) == band.unique()).double()
        centre = (member * hertz.unsqueeze(-1)).sum(0) / member.sum(0) / 1000
        # Terhardt (1979), dB SPL
        quiet_db = 3.64 * centre**-0.8 - 6.5 * torch.exp(-0.6 * (centre - 3.3) ** 2) + 1e-3 * centre**4
        threshold = 10 ** (quiet_db / 10)
        sound = 10 ** (SPEECH_DB / 10) / (N_FFT / 2)  # a frame of RMS 1 has n_fft/2 in all bins together
        matrix = torch.cat([torch.zeros(1, len(centre)), member * sound / threshold])
        return matrix.float().to(device), threshold.float().to(device)
