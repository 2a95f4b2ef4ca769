"""STOI in torch, with gradients: speech made more intelligible by descent (Taal et al., 2011)."""

import functools
import math
from fractions import Fraction

import torch
from torch import Tensor
from torch.nn import functional as F

RATE, FRAME, HOP, N_FFT = 10000, 256, 128, 512  # Hz, samples
BANDS, LOWEST_HZ = 15, 150.0  # third octaves, centre of the first
SEGMENT = 30  # frames that are correlated, 384 ms
CLIP = 1 + 10 ** (15 / 20)  # an estimate counts as at most this many times clean: SDR of at least -15 dB
SILENCE_DB = 40.0
STOPBAND_DB, ROLL_OFF = 60.0, 0.1  # of the resampling filter; its transition as a part of the lower Nyquist
EPS = 1e-8


def stoi(estimate: Tensor, clean: Tensor, fs: int = 16000) -> Tensor:
    """Short-time objective intelligibility, shape (B,), with a gradient for the estimate.

    As :func:`biosig.metrics.intelligibility.stoi`: resampled to 10 kHz, frames of which clean is 40 dB below
    its loudest cut out of both, 15 third-octave bands, segments of 30 frames scaled to clean, clipped at
    -15 dB and correlated. What is cut depends on clean alone, so that the value stays differentiable. At 16 kHz
    it is pystoi's within 5e-4; at rates with other resampling filters, within some 1e-3.

    Args:
        estimate: float32 (B, n), of an RMS near 1.
        clean: same shape.
        fs: whole rate in Hz.

    Returns:
        Shape (B,); 0, without a gradient, for an item with at most 30 frames of speech.
    """
    estimate, clean, frames = remove_silence(resample(estimate, fs), resample(clean, fs))
    return correlation(third_octaves(estimate), third_octaves(clean), frames)


def resample(x: Tensor, fs: int, rate: int = RATE) -> Tensor:
    """(B, n) at ``fs`` as (B, ceil(n·rate/fs)) at ``rate``: a polyphase FIR of linear phase, without a delay."""
    ratio = Fraction(rate, int(fs))
    kernel, reach = _polyphase(ratio, x.device)
    periods, length = -(-x.shape[-1] // ratio.denominator), -(-x.shape[-1] * rate // int(fs))
    padded = F.pad(x, (reach, periods * ratio.denominator - x.shape[-1] + reach))
    phases = F.conv1d(padded.unsqueeze(1), kernel, stride=ratio.denominator)  # (B, up, periods)
    return phases.transpose(1, 2).flatten(1)[:, :length]


def remove_silence(estimate: Tensor, clean: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Overlap-add both again from the frames in which clean speaks: (estimate, clean, frames kept (B,)).

    The length stays; after the kept frames, moved to the front, there are zeros.
    """
    estimate, clean = (_frames(x) for x in (estimate, clean))
    energy = clean.square().sum(-1)
    active = energy > energy.amax(-1, keepdim=True) * 10 ** (-SILENCE_DB / 10)
    order = (~active).to(torch.uint8).argsort(dim=-1, stable=True)
    kept = active.gather(-1, order).unsqueeze(-1)
    estimate, clean = (_overlap_add(torch.take_along_dim(x, order.unsqueeze(-1), 1) * kept) for x in (estimate, clean))
    return estimate, clean, active.sum(-1)


def third_octaves(x: Tensor) -> Tensor:
    """Magnitudes in 15 third-octave bands, (B, n) at 10 kHz → (B, frames, 15)."""
    spectra = torch.view_as_real(torch.fft.rfft(_frames(x), N_FFT))
    return (spectra.square().sum(-1) @ _band_matrix(x.device) + EPS).sqrt()


def correlation(estimate: Tensor, clean: Tensor, frames: Tensor) -> Tensor:
    """Mean correlation over bands and segments of 30 frames, (B, F, 15) → (B,).

    Of the first ``frames`` (B,) frames, less the last: so do pystoi and the authors' program.
    """
    if clean.shape[1] < SEGMENT:
        return estimate.sum((1, 2)) * 0
    estimate, clean = (x.unfold(1, SEGMENT, 1) for x in (estimate, clean))  # (B, segments, bands, 30)
    gain = (_energy(clean) / _energy(estimate)).sqrt()
    estimate, clean = (_standard(x) for x in (torch.minimum(estimate * gain, clean * CLIP), clean))
    counts = (frames - SEGMENT).clamp_min(0)
    used = torch.arange(clean.shape[1], device=clean.device) < counts.unsqueeze(-1)
    return ((estimate * clean).sum(-1).mean(-1) * used).sum(-1) / counts.clamp_min(1)


def _energy(x: Tensor) -> Tensor:
    return x.square().sum(-1, keepdim=True) + EPS


def _standard(x: Tensor) -> Tensor:
    """Without its mean, of norm 1, over the last axis."""
    x = x - x.mean(-1, keepdim=True)
    return x * _energy(x).rsqrt()


def _frames(x: Tensor) -> Tensor:
    """Windowed frames (B, F, 256) of (B, n), an incomplete last one dropped but for the first."""
    x = F.pad(x, (0, max(0, FRAME - x.shape[-1])))
    return x.unfold(-1, FRAME, HOP) * _window(x.device)


def _overlap_add(frames: Tensor) -> Tensor:
    """(B, F, 256) every 128 → (B, 128·(F + 1))."""
    first, second = (half.flatten(1) for half in frames.split(HOP, -1))
    return F.pad(first, (0, HOP)) + F.pad(second, (HOP, 0))


# Tables, made once per device; outside inference mode, so that gradients may use them wherever they were first made.


@functools.cache
def _window(device: torch.device) -> Tensor:
    """Hann window of 256 samples without the zeros at its ends."""
    with torch.inference_mode(False):
        return torch.hann_window(FRAME + 2, periodic=False, dtype=torch.float64)[1:-1].float().to(device)


@functools.cache
def _band_matrix(device: torch.device) -> Tensor:
    """1 where a bin lies in a band, (bins, bands); edges a sixth octave from the centre, at the nearest bin."""
    with torch.inference_mode(False):
        centres = LOWEST_HZ * 2 ** (torch.arange(BANDS, dtype=torch.float64) / 3)
        low, high = ((centres * 2**octave * N_FFT / RATE).round() for octave in (-1 / 6, 1 / 6))
        bins = torch.arange(N_FFT // 2 + 1).unsqueeze(-1)
        return ((bins >= low) & (bins < high)).float().to(device)


@functools.cache
def _polyphase(ratio: Fraction, device: torch.device) -> tuple[Tensor, int]:
    """Kaiser-windowed sinc at the times that each phase of the output needs, (up, 1, taps), and its reach in samples.

    Output p + up·j lies at input sample down·(p/up + j).
    """
    cutoff = min(1.0, float(ratio)) / 2  # cycles per input sample
    half = (STOPBAND_DB - 8) / (28.714 * ROLL_OFF * cutoff)  # Kaiser's formula
    reach, up, down = math.ceil(half), ratio.numerator, ratio.denominator
    with torch.inference_mode(False):
        phase = torch.arange(up, dtype=torch.float64).unsqueeze(-1) * down / up
        time = phase + reach - torch.arange(2 * reach + down, dtype=torch.float64)
        kaiser = torch.special.i0(0.1102 * (STOPBAND_DB - 8.7) * (1 - (time / half).square()).clamp_min(0).sqrt())
        kernel = torch.where(time.abs() <= half, kaiser * torch.sinc(2 * cutoff * time), 0.0)
        return (kernel / kernel.sum(-1, keepdim=True)).float().unsqueeze(1).to(device), reach
