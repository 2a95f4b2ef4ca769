"""Distances between the spectra of an estimate and of clean speech: (estimate, clean), each (B, n) → scalar.

Sizes are in samples and meant for 16 kHz. Every square root and power is kept off zero, where its slope is
infinite, by an amount that assumes signals of an RMS near 1: :func:`level` says what to divide by.
"""

import functools

import torch
from torch import Tensor

N_FFT, HOP = 512, 128  # 32 and 8 ms at 16 kHz
COMPRESSION = 0.3
COMPLEX_SHARE = 0.3
# (transform, hop, window) of Yamamoto et al. (2020), table 1: made for 24 kHz, at 16 kHz 15, 37.5 and 75 ms
RESOLUTIONS = ((512, 50, 240), (1024, 120, 600), (2048, 240, 1200))
FLOOR = 1e-8  # power in a bin, 80 dB below white noise of RMS 1
QUIETEST = 0.1  # of the noisy level: clean speech below is not what the level is taken from
EPS = 1e-8


@torch.no_grad()
def level(clean: Tensor, noisy: Tensor) -> Tensor:
    """What to divide an item by so that its loudness does not matter: the clean RMS, shape (B, 1).

    Where clean is silent, or more than 20 dB below ``noisy``, it is a tenth of the noisy RMS; 1 where both are.
    """
    clean_rms, noisy_rms = (x.square().mean(-1, keepdim=True).sqrt() for x in (clean, noisy))
    rms = torch.maximum(clean_rms, QUIETEST * noisy_rms)
    return torch.where(rms > EPS, rms, 1.0)


def spectral_mse(estimate: Tensor, clean: Tensor) -> Tensor:
    """1/(T·F) Σ (|X̂(t, f)| - |X(t, f)|)², Hann windows of 512 every 128 with Σw² = 1."""
    estimate, clean = (magnitude(spectrum(x)) for x in (estimate, clean))
    return (estimate - clean).square().mean()


def compressed(estimate: Tensor, clean: Tensor) -> Tensor:
    """Error of power-law compressed spectra, c = 0.3, with and without phase (Braun and Tashev, 2021, eq. 5).

    mean over (t, f) of 0.7·(|X̂|^c - |X|^c)² + 0.3·| |X̂|^c·exp(jφ̂) - |X|^c·exp(jφ) |². Compression weighs
    quiet bins almost as loud ones, as hearing does (Ephrat et al., 2018). Hann windows of 512 every 256, half
    of their length, which halves what the loss costs; |X|² + 1e-8 stands for |X|² under powers.
    """
    ours = compress(spectrum(estimate, hop=N_FFT // 2))
    with torch.no_grad():
        theirs = compress(spectrum(clean, hop=N_FFT // 2))
    real, imag, magnitudes = ((a - b).square().mean() for a, b in zip(ours, theirs, strict=True))
    return (1 - COMPLEX_SHARE) * magnitudes + COMPLEX_SHARE * (real + imag)


def multi_resolution_stft(estimate: Tensor, clean: Tensor) -> Tensor:
    """Spectral convergence and log-magnitude error, mean of three resolutions (Yamamoto et al., 2020, eq. 3-6).

    ‖|X| - |X̂|‖ / ‖|X|‖ + mean |ln |X| - ln |X̂||, norms over (t, f) of an item, then the mean over items.
    Transforms of 512, 1024 and 2048, hops of 50, 120 and 240, Hann windows of 240, 600 and 1200.
    """
    return sum(_one_resolution(estimate, clean, *sizes) for sizes in RESOLUTIONS) / len(RESOLUTIONS)


def _one_resolution(estimate: Tensor, clean: Tensor, n_fft: int, hop: int, window: int) -> Tensor:
    estimate = magnitude(spectrum(estimate, n_fft, hop, window))
    with torch.no_grad():
        clean = magnitude(spectrum(clean, n_fft, hop, window))
    error, whole = ((x.square().sum((-2, -1)) + FLOOR).sqrt() for x in (estimate - clean, clean))
    return (error / whole).mean() + (estimate.log() - clean.log()).abs().mean()


def compress(spectra: Tensor, exponent: float = COMPRESSION) -> tuple[Tensor, Tensor, Tensor]:
    """Real and imaginary part of |X|^c·exp(jφ), and |X|^c, each (...), from complex spectra (...).

    One logarithm serves both powers, which are what costs time here.
    """
    real, imag = parts(spectra)
    log_power = (real.square() + imag.square() + FLOOR).log()
    turn = torch.exp((exponent - 1) / 2 * log_power)
    return real * turn, imag * turn, torch.exp(exponent / 2 * log_power)


def spectrum(x: Tensor, n_fft: int = N_FFT, hop: int = HOP, window: int = N_FFT) -> Tensor:
    """Complex STFT (B, n_fft//2 + 1, frames) of (B, n): Hann windows, frames centred, zeros beyond the ends.

    Windows have Σw² = 1, so that white noise of RMS 1 has |X|² = 1 on average.
    """
    values = unit_hann(window, x.device)
    return torch.stft(x, n_fft, hop, window, values, center=True, pad_mode="constant", return_complex=True)


def magnitude(spectra: Tensor) -> Tensor:
    """√(|X|² + 1e-8): its slope is 0 at 0, where that of |X| would be undefined."""
    real, imag = parts(spectra)
    return (real.square() + imag.square() + FLOOR).sqrt()


def parts(spectra: Tensor) -> tuple[Tensor, Tensor]:
    """Real and imaginary part, each contiguous: several times as fast to work on as the interleaved pair."""
    real, imag = torch.view_as_real(spectra).unbind(-1)
    return real.contiguous(), imag.contiguous()


@functools.cache
def unit_hann(length: int, device: torch.device) -> Tensor:
    """Periodic Hann window of energy 1, float32; made once per device, and fit for gradients wherever made."""
    with torch.inference_mode(False):
        values = torch.hann_window(length, device=device, dtype=torch.float64)
        return (values / values.square().sum().sqrt()).float()
