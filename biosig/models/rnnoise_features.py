"""What the RNNoise paper feeds its network: 42 numbers a frame about the spectrum's shape, its changes and its pitch.

Source: Valin, A hybrid DSP/deep learning approach to real-time full-band speech enhancement, MMSP 2018, sections 2 and
3.1, written from the paper. The paper works at 48 kHz, with bands up to 20 kHz; here are 22 Bark bands of a signal of
16 kHz, whose 8 kHz lie at 21 Bark. It leaves open, and here is: how the pitch is searched, the level under the
logarithm, and what "spectral stationarity" is. Glossary:
    B batch   T frames   K = 22 bands   F bins   M = 256 samples of the past   L = 320 samples in a frame
"""

import math

import torch
from torch.nn import functional as F

FS, FRAME, BANDS = 16000, 320, 22
DERIVED, PITCHED = 6, 6  # coefficients with derivatives, and of the pitch correlation
FEATURES = BANDS + 2 * DERIVED + PITCHED + 2
SHORTEST, LONGEST = 20, 256  # pitch periods in samples: 800 to 62.5 Hz
NEAR = 0.85  # of the best correlation: the shortest period that comes so near is the pitch, not its multiple
FLOOR = 1e-8  # band power under the logarithm
PAST = 8  # frames that the stationarity looks back
EPS = 1e-10


def band_power(spectra: torch.Tensor, bands: torch.Tensor) -> torch.Tensor:
    """E_b = Σ_k w_b(k) |X(k)|²: complex (..., F) and bands (K, F) → (..., K)."""
    return (spectra.real.square() + spectra.imag.square()) @ bands.T


def band_correlation(x: torch.Tensor, p: torch.Tensor, bands: torch.Tensor) -> torch.Tensor:
    """p_b = Σ_k w_b Re[X P*] / √(Σ_k w_b |X|² · Σ_k w_b |P|²): two spectra (..., F) → (..., K), within ±1."""
    together = (x.real * p.real + x.imag * p.imag) @ bands.T
    return together / (band_power(x, bands) * band_power(p, bands) + EPS).sqrt()


def pitch_period(seen: torch.Tensor) -> torch.Tensor:
    """The pitch period of each frame in samples: (B, T, M + L) → whole numbers (B, T).

    The lag τ from 20 to 256 with the largest Σ x(n) x(n - τ) / √(Σ x²(n) · Σ x²(n - τ)) over the frame, or the shortest
    local maximum that comes within 15 % of it: twice the period correlates as well, and is not the pitch.
    """
    frame = seen[..., LONGEST:]
    size = 1024  # at least M + 2 L
    product = torch.fft.rfft(seen, size) * torch.fft.rfft(frame, size).conj()
    alike = torch.fft.irfft(product, size)[..., : LONGEST + 1].flip(-1)[..., SHORTEST:]  # by lag
    sums = F.pad(seen.double().square().cumsum(-1), (1, 0))
    energy = (sums[..., FRAME:] - sums[..., :-FRAME]).float()                            # by start of the frame
    delayed = energy[..., : LONGEST + 1].flip(-1)[..., SHORTEST:]
    ratio = alike / (energy[..., -1:].clamp_min(0) * delayed.clamp_min(0) + EPS).sqrt()
    sides = F.pad(ratio, (1, 1), value=-1.0)
    peak = (ratio >= sides[..., :-2]) & (ratio >= sides[..., 2:])
    good = peak & (ratio >= NEAR * ratio.amax(-1, keepdim=True))
    return SHORTEST + good.int().argmax(-1)


def delayed_frame(seen: torch.Tensor, period: torch.Tensor) -> torch.Tensor:
    """The frame one pitch period earlier, (B, T, M + L) and (B, T) → (B, T, L)."""
    at = (LONGEST - period)[..., None] + torch.arange(FRAME, device=seen.device)
    return seen.gather(-1, at)


def features(
    power: torch.Tensor, correlation: torch.Tensor, period: torch.Tensor, past: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The 42 features of each frame, and the log powers that the next frames look back on.

    22 cepstral coefficients, the first and second differences over time of six of them, the first six of the DCT of
    the pitch correlation, the pitch period in ms, and by how much log powers differ from their mean over the last
    eight frames.

    Args:
        power: E_b, (B, T, K).
        correlation: p_b, (B, T, K).
        period: in samples, (B, T).
        past: log10 of E_b + floor in the 8 frames before the first, (B, 8, K).

    Returns:
        (B, T, 42), and the log powers of the last 8 frames, (B, 8, K).
    """
    log = torch.cat([past, torch.log10(power + FLOOR)], 1)                      # (B, 8 + T, K)
    turn = dct(BANDS, log.device)
    cepstrum = log @ turn
    now, before, earlier = cepstrum[:, PAST:], cepstrum[:, PAST - 1 : -1], cepstrum[:, PAST - 2 : -2]
    mean = log[:, :-1].unfold(1, PAST, 1).mean(-1)                              # (B, T, K)
    told = [
        now,
        (now - earlier)[..., :DERIVED],
        (now - 2 * before + earlier)[..., :DERIVED],
        (correlation @ turn)[..., :PITCHED],
        period[..., None] * (1000 / FS),
        (log[:, PAST:] - mean).square().mean(-1, keepdim=True).sqrt(),
    ]
    return torch.cat(told, -1), log[:, -PAST:]


def silence(rows: int, like: torch.Tensor) -> torch.Tensor:
    """The log powers of eight silent frames, (B, 8, K)."""
    return like.new_full((rows, PAST, BANDS), math.log10(FLOOR))


def dct(size: int, device: torch.device | str = "cpu") -> torch.Tensor:
    """The orthonormal DCT-II as a matrix for ``x @ dct``, (size, size)."""
    n = torch.arange(size, dtype=torch.float64, device=device)
    matrix = torch.cos(math.pi / size * (n[:, None] + 0.5) * n) * math.sqrt(2 / size)
    matrix[:, 0] /= math.sqrt(2)
    return matrix.float()
