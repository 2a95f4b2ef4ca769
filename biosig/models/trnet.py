"""TRNet: a gate between noisy and enhanced spectra, a recogniser, and a bridge back to what clean speech would give.

Source: Chen & Zhang, TRNet: Two-level refinement network leveraging speech enhancement for noise robust speech emotion
recognition; the numbers at the lines are its equations. Glossary:
    B batch   T frames   F 80 mel bins   D size of h   X noisy, X_e enhanced, X_s clean log-mel spectra (B, T, F)
    c ∈ [0, 1] how much of the noisy spectra is kept (B, 1)   h_s the frozen clean recogniser's h for X_s (B, D)

The three baselines are the same network with the gate shut or open and without bridge; so they share every line.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from biosig.errors import ConfigError
from biosig.models.emotion_encoder import BINS, Classifier, Encoder

CLEAN_DB = 30.0  # the SNR of speech without noise, where a number is needed


@dataclass(frozen=True)
class Heard:
    """What reaches the network: noisy and enhanced spectra (B, T, F), and the true SNR (B,) in dB for the controls."""

    noisy: Tensor
    enhanced: Tensor
    snr_db: Tensor

    def to(self, device) -> "Heard":
        """The same on a device."""
        return Heard(self.noisy.to(device), self.enhanced.to(device), self.snr_db.to(device))


@dataclass(frozen=True)
class Truth:
    """What training knows: clean spectra (B, T, F), the teacher's h_s (B, D), and labels (B,)."""

    clean: Tensor
    reference: Tensor
    label: Tensor

    def to(self, device) -> "Truth":
        """The same on a device."""
        return Truth(self.clean.to(device), self.reference.to(device), self.label.to(device))


@dataclass(frozen=True)
class Told:
    """What the network makes of it: logits (B, classes), the gate c (B, 1), mixed spectra (B, T, F), h̃ (B, D)."""

    logits: Tensor
    c: Tensor
    mixed: Tensor
    representation: Tensor


def similarity(noisy: Tensor, enhanced: Tensor) -> Tensor:
    """Cosine over time of each mel bin, (B, T, F) twice → (B, F).

    A column of zeros has no direction: its similarity is set to 0. (Silence is none: its logarithm is the floor's.)
    """
    dots = (noisy * enhanced).sum(dim=1)
    norms = noisy.norm(dim=1) * enhanced.norm(dim=1)
    return torch.where(norms > 0, dots / norms.clamp_min(torch.finfo(norms.dtype).tiny), 0.0)  # eq. (1)


class EstimatedGate(nn.Module):
    """The SNR-aware module: c from how alike noisy and enhanced spectra are.

    The paper does not say how FC begins. PyTorch's default puts c̄ outside (0, 1) for some seeds, and for all utterances
    alike; Hardtanh then passes no gradient, and the gate stays shut or open for ever. Here it begins at 0.5;
    ``start=None`` is the default's draw.

    Args:
        start: of c, or None.
        pace: None is the paper's FC(d). A number makes it pace · FC(d - 1), which can say the same but learns
            otherwise: all cosines are near 1, so that FC(d) moves the c of all utterances together long before it
            tells them apart, and in a training much shorter than the paper's comes no further.
    """

    def __init__(self, start: float | None = 0.5, pace: float | None = None):
        super().__init__()
        self.pace = pace
        self.fc = nn.Linear(BINS, 1)
        if start is not None:
            nn.init.zeros_(self.fc.weight)
            nn.init.constant_(self.fc.bias, start / (pace or 1))

    def forward(self, heard: Heard) -> Tensor:
        d = similarity(heard.noisy, heard.enhanced)
        c = self.fc(d) if self.pace is None else self.pace * self.fc(d - 1)  # eq. (2)
        return F.hardtanh(c, 0, 1)  # eq. (3)


class LearnedGate(nn.Module):
    """A control: one c for everything, learned."""

    def __init__(self, pace: float | None = None):
        super().__init__()
        self.pace = pace or 1.0
        self.c = nn.Parameter(torch.tensor(0.5 / self.pace))

    def forward(self, heard: Heard) -> Tensor:
        return F.hardtanh(self.pace * self.c, 0, 1).expand(len(heard.noisy), 1)


class ToldGate(nn.Module):
    """A control: like the estimated gate, but from the true SNR."""

    def __init__(self, pace: float | None = None):
        super().__init__()
        self.pace = pace or 1.0
        self.fc = nn.Linear(1, 1)
        nn.init.zeros_(self.fc.weight)
        nn.init.constant_(self.fc.bias, 0.5 / self.pace)

    def forward(self, heard: Heard) -> Tensor:
        below = heard.snr_db.clamp(max=CLEAN_DB)[:, None] / CLEAN_DB - 1
        return F.hardtanh(self.pace * self.fc(below), 0, 1)


class OracleGate(nn.Module):
    """A control: the share of speech in the power, ξ / (1 + ξ) with ξ the true SNR as a ratio; nothing is learned."""

    def forward(self, heard: Heard) -> Tensor:
        return torch.sigmoid(heard.snr_db[:, None] * (torch.log(torch.tensor(10.0)) / 10))


class FixedGate(nn.Module):
    """c = 1 hears the noisy spectra alone, c = 0 the enhanced ones alone: the baselines."""

    def __init__(self, c: float):
        super().__init__()
        self.c = c

    def forward(self, heard: Heard) -> Tensor:
        return heard.noisy.new_full((len(heard.noisy), 1), self.c)


GATES = {
    "estimated": lambda pace: EstimatedGate(pace=pace),
    "learned": LearnedGate,
    "told": ToldGate,
    "oracle": lambda pace: OracleGate(),
    "noisy": lambda pace: FixedGate(1.0),
    "enhanced": lambda pace: FixedGate(0.0),
}  # name → gate of a pace


class Bridge(nn.Module):
    """FiLM by c: h (B, D), c (B, 1) → h̃ (B, D). It begins as the identity: h̃ = h at every c."""

    def __init__(self, size: int):
        super().__init__()
        self.scale, self.shift = nn.Linear(1, size), nn.Linear(1, size)
        for layer, start in ((self.scale, 1.0), (self.shift, 0.0)):
            nn.init.zeros_(layer.weight)
            nn.init.constant_(layer.bias, start)

    def forward(self, h: Tensor, c: Tensor) -> Tensor:
        return self.scale(c) * h + self.shift(c)  # eq. (6)


class TRNet(nn.Module):
    """Noisy and enhanced spectra → emotion. 4,605,621 parameters in the code's form, 1.2 million in the paper's.

    Args:
        classes: emotions.
        gate: a name of :data:`GATES`.
        bridge: whether c calibrates h.
        alpha, beta: weights of the low- and the high-level loss; 0 leaves one out.
        pace: of what the gate learns, see :class:`EstimatedGate`.
        form, width: of the :class:`biosig.models.emotion_encoder.Encoder`.

    Raises:
        ConfigError: an unknown gate or form.
    """

    def __init__(
        self,
        classes: int = 4,
        gate: str = "estimated",
        bridge: bool = True,
        alpha: float = 0.5,
        beta: float = 0.5,
        pace: float | None = None,
        form: str = "paper",
        width: int | None = None,
    ):
        super().__init__()
        if gate not in GATES:
            raise ConfigError(f"TRNet has no gate {gate!r}: expected one of {', '.join(GATES)}.")
        self.alpha, self.beta = alpha, beta
        self.encoder = Encoder(form, width)  # drawn first: with one seed, all variants begin with the same encoder
        self.classifier = Classifier(self.encoder.size, classes)
        self.gate = GATES[gate](pace)
        self.bridge = Bridge(self.encoder.size) if bridge else None

    def forward(self, heard: Heard) -> Told:
        c = self.gate(heard)
        weight = c[:, :, None]
        mixed = weight * heard.noisy + (1 - weight) * heard.enhanced  # eq. (4)
        h = self.encoder(mixed)
        if self.bridge is not None:
            h = self.bridge(h, c)
        return Told(self.classifier(h), c, mixed, h)

    def loss(self, heard: Heard, truth: Truth) -> Tensor:
        """What training makes small; squared norms are means over their elements, as in the authors' code."""
        told = self(heard)
        task = F.cross_entropy(told.logits, truth.label)
        low = (truth.clean - told.mixed).square().mean()  # eq. (5)
        high = (truth.reference - told.representation).square().mean()  # eq. (7)
        return task + self.alpha * low + self.beta * high  # eq. (8)
