"""Arousal from the raw waveform: two convolutions, two LSTMs, one value every 40 ms.

Source: Triantafyllopoulos et al., Interspeech 2019, section 3.2.2, after Trigeorgis et al., Adieu features?,
ICASSP 2016. Glossary:
    B batch   n samples at 16 kHz   T = n // 640 frames of 40 ms   C maps of the second convolution

Two networks, because the paper's text and its authors' earlier code differ:

=============================  ===================================  =========================================
                               EndToEnd: the text                   EndToEndEarlier: the earlier code
=============================  ===================================  =========================================
the convolutions see           the whole 6 s                        each 40 ms frame alone, zeros around it
filters × length               20 × 20, then 40 × 40                40 × 20, then 40 × 40
second pooling, by 10          in time                              across the feature maps
dropout 0.5                    after each convolution               on the waveform alone
output                         linear, then tanh                    linear
=============================  ===================================  =========================================

The text says "two 1D convolution layers containing 20 and 40 filter banks" and no length, and the code has filters of
length 20 and 40: one of the two is probably the other, misread. Chosen here, where the text is silent: the code's
lengths; zeros at the edges, so that no sample is lost; a ReLU after each convolution, as the code has; dropout behind
the pooling, where a dropped value is not replaced by its neighbour at once. The 96,000 / (2·10) = 4,800 steps of 40
maps become 150 frames by putting the 32 steps of a frame side by side: 1,280 features, and the code comes to as many
with 320 steps of 4. The code's LSTMs also have peepholes, which torch's have not.
"""

import torch
from torch import nn
from torch.nn import functional as F

from biosig.errors import ConfigError
from biosig.models.hnf import convolve
from biosig.models.shapes import with_channel

FRAME = 640  # samples: 40 ms at 16 kHz
POOLS = (2, 10)


class SameConv(nn.Conv1d):
    """A convolution at stride 1 with zeros around, of which one more stands behind where the kernel is even."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        k = self.kernel_size[0]
        return convolve(F.pad(x, ((k - 1) // 2, k // 2)), self.weight, self.bias)


class EndToEnd(nn.Module):
    """speech (B, n) or (B, 1, n) → arousal (B, T) between -1 and 1, n ≥ 640; what is left over is not used.

    2,133,965 parameters and 1.9 billion multiply-accumulates in 6 s. Nearly all of those are the second
    convolution's: fewer ``filters`` make it cheap, fewer ``hidden`` units make the LSTMs small.

    Args:
        filters: of the two convolutions.
        kernels: their lengths, in samples and in pairs of samples.
        hidden: units of each LSTM.
        dropout: share of the values dropped in training.

    Raises:
        SignalError: a shape that is not one channel, or less than one frame.
    """

    def __init__(
        self,
        filters: tuple[int, int] = (20, 40),
        kernels: tuple[int, int] = (20, 40),
        hidden: int = 256,
        dropout: float = 0.5,
    ):
        super().__init__()
        self.first = SameConv(1, filters[0], kernels[0])
        self.second = SameConv(filters[0], filters[1], kernels[1])
        self.dropout = nn.Dropout(dropout)  # draws from torch's generator, which the training loop seeds by step
        self.lstm = nn.LSTM(self.n_features(filters[1]), hidden, num_layers=2, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    @staticmethod
    def n_features(maps: int) -> int:
        """How many numbers a frame becomes."""
        return maps * FRAME // (POOLS[0] * POOLS[1])

    def forward(self, speech: torch.Tensor) -> torch.Tensor:
        x = with_channel(speech, FRAME, "speech")
        x = x[..., : x.shape[-1] // FRAME * FRAME]          # (B, 1, 640·T)
        y = self.lstm(self.features(x))[0]                  # (B, T, hidden)
        return self.activate(self.out(y)[..., 0])           # (B, T)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 1, 640·T) → (B, T, 32·C)."""
        y = torch.relu(F.max_pool1d(self.first(x), POOLS[0]))                   # the maximum of ReLUs is that ReLU
        y = torch.relu(F.max_pool1d(self.second(self.dropout(y)), POOLS[1]))    # (B, C, 32·T)
        y = self.dropout(y).unflatten(-1, (x.shape[-1] // FRAME, -1))           # (B, C, T, 32)
        return y.transpose(1, 2).flatten(2)

    def activate(self, y: torch.Tensor) -> torch.Tensor:
        """What the text puts behind the linear layer."""
        return torch.tanh(y)


class EndToEndEarlier(EndToEnd):
    """As the earlier code of the same group has it; see the table above. 2,166,385 parameters, 3.5 billion MACs in 6 s.

    Source: the public code of Tzirakis et al., End-to-end multimodal emotion recognition using deep neural
    networks, IEEE JSTSP 11(8), 2017, its audio network.

    Raises:
        ConfigError: maps that cannot be pooled by ten.
    """

    def __init__(
        self,
        filters: tuple[int, int] = (40, 40),
        kernels: tuple[int, int] = (20, 40),
        hidden: int = 256,
        dropout: float = 0.5,
    ):
        if filters[1] % POOLS[1]:
            raise ConfigError(f"{filters[1]} feature maps cannot be pooled by {POOLS[1]}: expected a multiple of it.")
        super().__init__(filters, kernels, hidden, dropout)

    @staticmethod
    def n_features(maps: int) -> int:
        """How many numbers a frame becomes."""
        return FRAME // POOLS[0] * (maps // POOLS[1])

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 1, 640·T) → (B, T, 320·C/10)."""
        frames = self.dropout(x).reshape(-1, 1, FRAME)                          # (B·T, 1, 640)
        y = torch.relu(F.max_pool1d(self.first(frames), POOLS[0]))              # (B·T, ·, 320)
        y = torch.relu(self.second(y)).unflatten(1, (-1, POOLS[1])).amax(2)     # (B·T, C/10, 320)
        return y.reshape(len(x), -1, y.shape[1] * y.shape[2])

    def activate(self, y: torch.Tensor) -> torch.Tensor:
        """Nothing: the code's output is linear."""
        return y
