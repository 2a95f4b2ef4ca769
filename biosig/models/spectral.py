"""STFT, its inverse and a mask for networks: what :mod:`biosig.signal.stft` does, with gradients.

Glossary: B batch, n samples, F = n_fft/2 + 1 bins, T = 1 + ceil(n / hop) frames.
"""

import torch
from torch import nn
from torch.nn import functional as F

from biosig.errors import ConfigError

WINDOWS = ("sqrt_hann", "hann", "hamming")


class Spectral(nn.Module):
    """(B, n) → complex (B, F, T) and, by :meth:`inverse`, back: exactly, for any n ≥ 1.

    Frame l is centred on sample l·hop and zeros lie beyond the ends, as in :func:`biosig.signal.stft.stft`.

    Args:
        n_fft: samples in the transform, even.
        hop: samples from one frame to the next, at most half a window.
        window: "sqrt_hann", "hann" or "hamming", periodic.
        win_length: samples in the window, centred in the transform; by default all n_fft.

    Raises:
        ConfigError: an unknown window, or sizes that have no inverse.
    """

    def __init__(self, n_fft: int = 512, hop: int = 128, window: str = "sqrt_hann", win_length: int | None = None):
        super().__init__()
        win_length = win_length or n_fft
        if window not in WINDOWS:
            raise ConfigError(f"window is {window!r}: expected one of {', '.join(WINDOWS)}.")
        if n_fft % 2 or not 0 < 2 * hop <= win_length <= n_fft:
            raise ConfigError(
                f"n_fft {n_fft}, window {win_length}, hop {hop}: expected an even n_fft, a window within it and"
                " a hop of at most half the window."
            )
        self.n_fft, self.hop, self.win_length = n_fft, hop, win_length
        make = torch.hamming_window if window == "hamming" else torch.hann_window
        values = make(win_length, dtype=torch.float64)
        values = values.sqrt() if window == "sqrt_hann" else values
        self.register_buffer("values", values.float(), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Spectra (B, F, T) of x (B, n). Always in float32, which is the least an FFT can work with."""
        x = F.pad(x.float(), (0, -x.shape[-1] % self.hop))  # one frame more, so that the end is not at a thin edge
        return torch.stft(
            x, self.n_fft, self.hop, self.win_length, self.values, center=True, pad_mode="constant",
            return_complex=True,
        )  # fmt: skip

    def inverse(self, spectra: torch.Tensor, n: int) -> torch.Tensor:
        """The n samples whose STFT is closest to ``spectra`` (B, F, T) in least squares."""
        return torch.istft(spectra, self.n_fft, self.hop, self.win_length, self.values, center=True, length=n)


def compress(spectra: torch.Tensor, exponent: float = 0.3) -> tuple[torch.Tensor, torch.Tensor]:
    """Magnitude to the power ``exponent``, and the complex spectra with that magnitude and their own phase."""
    magnitude = spectra.abs().clamp_min(1e-8)
    compressed = magnitude**exponent
    return compressed, spectra * (compressed / magnitude)


def expand(spectra: torch.Tensor, exponent: float = 0.3) -> torch.Tensor:
    """What :func:`compress` made complex, at its full magnitude again; its slope at 0 is 0, and not infinite."""
    power = spectra.real.square() + spectra.imag.square()
    return spectra * power ** ((1 / exponent - 1) / 2)


def polar_mask(real: torch.Tensor, imag: torch.Tensor, bound: float = 1.0) -> torch.Tensor:
    """A complex mask of magnitude below ``bound``: its phase is that of real + j·imag, its magnitude bound·tanh.

    Source: Hu et al. 2020, section 2.4 (DCCRN-E), for bound = 1.
    """
    real, imag = real.float(), imag.float()
    magnitude = (real.square() + imag.square() + 1e-12).sqrt()  # at 0 the root has no slope
    gain = bound * torch.tanh(magnitude / bound) / magnitude
    return torch.complex(gain * real, gain * imag)
