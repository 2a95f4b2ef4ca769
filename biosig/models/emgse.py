"""EMGSE: a noisy spectrogram and facial EMG, encoded apart, fused late, and turned into clean speech by a BLSTM.

Source: Wang et al., EMGSE: Acoustic/EMG fusion for multimodal speech enhancement, ICASSP 2022, section 3.2 and Fig. 2,
eq. (8) to (10); sizes and directions also as in the authors' code. Glossary:
    B batch   T frames   F bins   E numbers of EMG in a frame (35 channels · 31 frames · 5 features)   Z latent size
"""

import torch
from torch import nn

from biosig.errors import ConfigError, SignalError

BINS = 257
FRAMES_OF_CONTEXT = 31
FEATURES = 5
ARRAY, CHEEK = 35, 28  # channels of CSL-EMG_Array without every eighth; those of the cheek
DIRECTIONS = ("sum", "concatenate")
OUTPUTS = ("spectrogram", "mask")
SIZES = {
    "official": {"audio": (128, 100), "emg": (200, 100), "hidden": 300, "directions": "sum"},
    "paper": {"audio": (200, 100), "emg": (200, 100), "hidden": 250, "directions": "concatenate"},
}


class EMGSE(nn.Module):
    """Frames (B, T, F + 2 + E) → log(1 + |X|) of clean speech (B, T, F).

    A frame holds, in this order: the noisy log(1 + |X|), scaled to 0 … 1 over its utterance; what the scaling took
    off and what it divided by, from which a mask gets the spectrogram back; and the EMG, if there is any.

    Args:
        channels: of EMG; 0 for SE(A), the same network without an EMG encoder.
        sizes: "official" (the code: audio 257-128-100, directions of the BLSTM summed) or "paper" (both encoders
            200-100, an output of 500 from the BLSTM); the others below are those of ``sizes`` unless given.
        audio, emg: sizes of the two layers of an encoder.
        fused: Z, size of the fusion layer.
        hidden: units of each LSTM layer and direction.
        directions: "sum" or "concatenate" what the two directions of the last layer give.
        layers: of the BLSTM; between them directions are always concatenated, as in the code.
        dropout: after each layer of the EMG encoder.
        output: "spectrogram", as in the paper, or "mask", a gain between 0 and 1 on the noisy magnitudes.
        context: frames in a stacked EMG frame.
        centred: take the mean of the training EMG off the input of its encoder. What the network can say stays the
            same, as a bias could do that; but the features lie in 0 … 1, far from 0, so that each step moves all units
            of the first layer together, and at a high rate most of them die.

    Raises:
        ConfigError: unknown sizes, directions or output.
        SignalError: frames of another width.
    """

    def __init__(
        self,
        channels: int = ARRAY,
        sizes: str = "official",
        audio: tuple[int, int] | None = None,
        emg: tuple[int, int] | None = None,
        fused: int = 200,
        hidden: int | None = None,
        directions: str | None = None,
        layers: int = 2,
        dropout: float = 0.5,
        output: str = "spectrogram",
        context: int = FRAMES_OF_CONTEXT,
        centred: bool = False,
    ):
        super().__init__()
        default = SIZES[_known("sizes", sizes, SIZES)]
        self.directions = _known("directions", directions or default["directions"], DIRECTIONS)
        self.output = _known("output", output, OUTPUTS)
        self.emg_inputs = channels * context * FEATURES
        audio, emg, hidden = audio or default["audio"], emg or default["emg"], hidden or default["hidden"]
        self.audio_encoder = _encoder(BINS, audio)
        self.emg_encoder = _encoder(self.emg_inputs, emg, dropout) if channels else None
        if channels and centred:
            self.register_buffer("emg_mean", torch.zeros(self.emg_inputs))  # set before training
        self.fusion = nn.Linear(audio[-1] + (emg[-1] if channels else 0), fused)
        self.blstm = nn.LSTM(fused, hidden, layers, batch_first=True, bidirectional=True)
        self.out = nn.Linear(hidden * (1 if self.directions == "sum" else 2), BINS)

    @property
    def takes_emg(self) -> bool:
        """Whether there is an EMG encoder."""
        return self.emg_encoder is not None

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        y, _ = self.blstm(self.latent(frames))                                 # (B, T, 2·hidden)
        if self.directions == "sum":
            forwards, backwards = y.chunk(2, dim=-1)
            y = forwards + backwards                                           # (B, T, hidden)
        y = self.out(y)                                                        # (B, T, F)
        if self.output == "spectrogram":
            return torch.relu(y)
        scaled, low, span = frames[..., :BINS], frames[..., BINS : BINS + 1], frames[..., BINS + 1 : BINS + 2]
        return torch.log1p(torch.sigmoid(y) * torch.expm1(low + span * scaled))

    def emg_of(self, frames: torch.Tensor) -> torch.Tensor:
        """The EMG in frames, less its mean in training where that is kept: (B, T, E)."""
        emg = frames[..., BINS + 2 :]
        return emg - self.emg_mean if hasattr(self, "emg_mean") else emg

    def latent(self, frames: torch.Tensor) -> torch.Tensor:
        """What the fusion layer gives (B, T, Z): the latent space of Fig. 4."""
        width = BINS + 2 + self.emg_inputs
        if frames.shape[-1] != width:
            raise SignalError(f"frames hold {frames.shape[-1]} numbers: expected {width}, {self.emg_inputs} of EMG.")
        encoded = [self.audio_encoder(frames[..., :BINS])]                     # eq. (9)
        if self.emg_encoder is not None:
            encoded.append(self.emg_encoder(self.emg_of(frames)))              # eq. (8)
        return torch.relu(self.fusion(torch.cat(encoded, dim=-1)))


def _encoder(inputs: int, sizes: tuple[int, int], dropout: float = 0.0) -> nn.Sequential:
    """Two fully connected layers with ReLU, dropout after each where there is some."""
    first, second = sizes
    layers = [nn.Linear(inputs, first), nn.ReLU(), nn.Linear(first, second), nn.ReLU()]
    if dropout:
        layers = [*layers[:2], nn.Dropout(dropout), *layers[2:], nn.Dropout(dropout)]
    return nn.Sequential(*layers)


def _known(what: str, name: str, names) -> str:
    if name not in names:
        raise ConfigError(f"{what} is {name!r}: expected one of {', '.join(names)}.")
    return name
