"""VoicedMasker: the recurrent mask with a second task: to say in which frames somebody speaks.

Source: the idea of Caruana, Multitask learning, Machine Learning 28, 1997: what two tasks need, each helps to learn.
Glossary:
    B batch   n samples   T frames   H hidden units, of both directions together
"""

import torch
from torch import nn

from biosig.models.recurrent_mask import RecurrentMasker
from biosig.models.shapes import with_channel

ACTIVE_DB = -40.0  # of a frame's energy below the loudest of the clip: speech, and not the pause between
SILENT = 1e-10


class VoicedMasker(RecurrentMasker):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape; :meth:`estimates` says who speaks when, too.

    Arguments and errors as :class:`biosig.models.recurrent_mask.RecurrentMasker`.
    """

    def __init__(
        self, hidden: int = 256, layers: int = 2, bidirectional: bool = True, n_fft: int = 512, hop: int = 256
    ):
        super().__init__(hidden, layers, bidirectional, n_fft, hop)
        self.voice = nn.Linear(self.mix.out_features, 1)

    def estimates(self, noisy: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """noisy (B, n) → the clean signal (B, n), and the log odds of a voice in each frame (B, T)."""
        x = self.spectral(with_channel(noisy)[:, 0])
        y = self.features(x)
        return self.masked(x, y, noisy.shape[-1]), self.voice(y)[..., 0].float()


def active(clean: torch.Tensor) -> torch.Tensor:
    """The frames of clean spectra (B, F, T) that hold speech: 1 or 0, (B, T); none in silence."""
    energy = clean.abs().square().sum(1)
    loudest = energy.amax(1, keepdim=True)
    return ((energy > 10 ** (ACTIVE_DB / 10) * loudest) & (loudest > SILENT)).float()
