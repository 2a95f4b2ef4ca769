"""GapFiller: the body of a recurrent mask learns to fill gaps in spectrograms of noisy sound, without a clean one.

Source: masked reconstruction along time and frequency as in Liu, Li and Lee, TERA, IEEE/ACM Transactions on Audio,
Speech, and Language Processing 29, 2021, section III; the sizes, and the recurrent body in a transformer's place, are
ours.
Glossary:
    B batch   n samples   T frames   F bins   H hidden units, of both directions together
"""

import torch
from torch import nn

from biosig.models.recurrent_mask import RecurrentMasker
from biosig.models.shapes import with_channel
from biosig.models.spectral import compress

SPAN, SHARE = 8, 0.15  # frames of a gap in time, and the share of all frames that gaps take, where none overlap
BAND = 0.2  # of the bins: the widest gap in frequency, one for each clip


class GapFiller(nn.Module):
    """A recurrent mask with a head that says what is missing; all of its body is shared, its mask's heads rest.

    Args:
        masker: whose ``norm``, ``enter``, ``lstm`` and ``mix`` are to learn.
    """

    def __init__(self, masker: RecurrentMasker):
        super().__init__()
        self.masker = masker
        self.fill = nn.Linear(masker.mix.out_features, masker.gain.out_features)

    def forward(self, noisy: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """The compressed magnitudes (B, F, T) of noisy (B, n), guessed without the bins where ``hidden`` is true."""
        x = self.masker.spectral(with_channel(noisy)[:, 0]).masked_fill(hidden, 0)
        return self.fill(self.masker.features(x)).transpose(1, 2)

    def loss(self, noisy: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The mean absolute error over the hidden bins; the generator draws which those are."""
        wanted = compress(self.masker.spectral(with_channel(noisy)[:, 0]))[0]
        hidden = gaps(*wanted.shape, generator).to(noisy.device)
        return (self(noisy, hidden) - wanted).abs()[hidden].mean()


def gaps(rows: int, bins: int, frames: int, generator: torch.Generator) -> torch.Tensor:
    """Which bins of each clip are hidden, bool (rows, bins, frames): some stretches of frames, and one band."""
    hidden = torch.zeros(rows, bins, frames, dtype=torch.bool)
    count = max(1, round(SHARE * frames / SPAN))
    starts = torch.randint(max(1, frames - SPAN + 1), (rows, count), generator=generator)
    widths = torch.randint(1, max(2, round(BAND * bins) + 1), (rows,), generator=generator)
    lows = (torch.rand(rows, generator=generator) * (bins - widths + 1)).long()
    for row in range(rows):
        for start in starts[row]:
            hidden[row, :, start : start + SPAN] = True
        hidden[row, lows[row] : lows[row] + widths[row]] = True
    return hidden
