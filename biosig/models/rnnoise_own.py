"""RNNoiseOwn: the network of the RNNoise paper at its own size, around features and a comb filter of classical making.

Source: Valin, A hybrid DSP/deep learning approach to real-time full-band speech enhancement, MMSP 2018, written from
the paper; what it leaves open is said in :mod:`biosig.models.rnnoise_features`. Its code has grown since: the library
that the peer ``rnnoise`` calls holds a network thirty times as large. Glossary:
    B batch   T frames   K = 22 bands   F bins
"""

import torch
from torch import nn

from biosig.models.overlapped import Overlapped, Tensors
from biosig.models.rnnoise_features import (
    BANDS,
    FEATURES,
    FLOOR,
    FRAME,
    FS,
    LONGEST,
    band_correlation,
    band_power,
    delayed_frame,
    features,
    pitch_period,
    silence,
)
from biosig.signal.bands import bark_bands

DENSE, VOICE, NOISE, DENOISE = 24, 24, 48, 96  # units, figure 3 of the paper
RELEASE = 0.6  # of a gain to the next frame's at the least: 135 ms for 60 dB
EPS = 1e-10


class RNNoiseOwn(Overlapped):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape; causal, in frames of 20 ms every 10.

    87,503 trained numbers, as published: the paper's GRUs have one bias where torch has two, so that the second is held
    at zero. Features are normed by their means and deviations over the training data, which takes no trained number.

    Raises:
        SignalError: a shape that is not one channel.
    """

    def __init__(self):
        super().__init__(FRAME, LONGEST, "vorbis")
        self.register_buffer("bands", torch.from_numpy(bark_bands(FRAME, FS, BANDS)).float(), persistent=False)
        self.norm = nn.BatchNorm1d(FEATURES, affine=False)
        self.enter = nn.Linear(FEATURES, DENSE)
        self.voice = gru(DENSE, VOICE)
        self.active = nn.Linear(VOICE, 1)
        self.noise = gru(DENSE + VOICE + FEATURES, NOISE)
        self.denoise = gru(VOICE + NOISE + FEATURES, DENOISE)
        self.gain = nn.Linear(DENOISE, BANDS)

    def memory(self, rows: int) -> Tensors:
        zeros = self.window.new_zeros
        units = (VOICE, NOISE, DENOISE)
        return silence(rows, self.window), *(zeros(rows, size) for size in units), zeros(rows, BANDS)

    def advance(self, seen: torch.Tensor, memory: Tensors) -> tuple[torch.Tensor, Tensors]:
        past, *units, last = memory
        told, past, (x, p, correlation) = self.described(seen, past)
        gains, _, units = self.network(told, tuple(units))
        x = comb(x, p, correlation, gains, self.bands)
        released, last = held(gains, last)
        return x * (released @ self.bands), (past, *units, last)

    def described(
        self, seen: torch.Tensor, past: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Features (B, T, 42), the next past, and X, P (B, T, F) with their correlation (B, T, K)."""
        x, period = self.analysis(seen), pitch_period(seen)
        p = torch.fft.rfft(delayed_frame(seen, period) * self.window)
        correlation = band_correlation(x, p, self.bands)
        told, past = features(band_power(x, self.bands), correlation, period, past)
        return told, past, (x, p, correlation)

    def network(self, told: torch.Tensor, units: Tensors) -> tuple[torch.Tensor, torch.Tensor, Tensors]:
        """The trained part: features (B, T, 42) and three states (B, U) → gains (B, T, K), voice (B, T), states."""
        told = self.norm(told.transpose(1, 2)).transpose(1, 2)
        dense = torch.tanh(self.enter(told))
        voice, a = run(self.voice, dense, units[0])
        noise, b = run(self.noise, torch.cat([dense, voice, told], -1), units[1])
        clean, c = run(self.denoise, torch.cat([voice, noise, told], -1), units[2])
        return torch.sigmoid(self.gain(clean)), torch.sigmoid(self.active(voice))[..., 0], (a, b, c)

    def estimates(self, noisy: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """For training: what the network says of noisy (B, n): gains (B, T, K) and voice (B, T)."""
        with torch.no_grad():
            seen = self.seen(noisy)
            told, _, _ = self.described(seen, silence(len(seen), seen))
        return self.network(told, self.memory(len(told))[1:-1])[:2]

    @torch.no_grad()
    def wanted(self, noisy: torch.Tensor, clean: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """For training: the ideal gains √(E_s/E_x), at most 1, where there is anything to hear (B, T, K), and voice.

        A frame has voice where the clean one is less than 30 dB below the loudest of its row.
        """
        before, after = (band_power(self.analysis(self.seen(x)), self.bands) for x in (noisy, clean))
        loud = after.sum(-1)
        active = (loud > 1e-3 * loud.amax(-1, keepdim=True)) & (loud > FLOOR * BANDS)
        return (after / (before + EPS)).sqrt().clamp_max(1), before > FLOOR, active.float()


def gru(inputs: int, units: int) -> nn.GRU:
    """A GRU with one bias, as Keras had it: the second one is zero and stays so."""
    layer = nn.GRU(inputs, units, batch_first=True)
    nn.init.zeros_(layer.bias_hh_l0)
    layer.bias_hh_l0.requires_grad_(False)
    return layer


def run(layer: nn.GRU, x: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A GRU from a state (B, U): (B, T, inputs) → (B, T, U), and the last state."""
    y, last = layer(x, state[None].contiguous())
    return y, last[0]


def comb(
    x: torch.Tensor, p: torch.Tensor, correlation: torch.Tensor, gains: torch.Tensor, bands: torch.Tensor
) -> torch.Tensor:
    """The pitch filter: X + α P, at the power that X had in every band; complex (B, T, F).

    α_b = min(√(p_b² (1 - g_b²) / ((1 - p_b²) g_b²)), 1), and 1 where p_b ≥ g_b: the noisier a band, and the more
    periodic, the more of the frame one period earlier is added, which strengthens harmonics against what lies between.
    """
    share = correlation.clamp(0, 1).square()
    alpha = (share * (1 - gains.square()) / ((1 - share) * gains.square() + EPS)).sqrt().clamp_max(1)
    filtered = x + p * (torch.where(correlation >= gains, 1.0, alpha) @ bands)
    again = (band_power(x, bands) / (band_power(filtered, bands) + EPS)).sqrt()
    return filtered * (again @ bands)


def held(gains: torch.Tensor, last: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Gains (B, T, K) that fall by no more than to 0.6 from a frame to the next, and the last of them (B, K)."""
    out = []
    for now in gains.unbind(1):
        last = torch.maximum(now, RELEASE * last)
        out.append(last)
    return torch.stack(out, 1), last
