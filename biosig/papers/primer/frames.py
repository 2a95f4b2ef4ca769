"""Training mixtures for a network that enhances one frame at a time: short windows out of longer mixtures.

A window of 35 frames is a third of a second. Were it mixed and levelled by itself, its SNR and its level would be
those of that third, and a whole clip has loud words and pauses. So mixtures of two seconds are made, and windows cut
from them.
"""

from dataclasses import replace

import numpy as np

from biosig.papers.primer.mixtures import TrainingStream, levelled, rms, unit, validation_mixtures
from biosig.papers.primer.profiles import FrameNetwork, Setup
from biosig.papers.primer.sources import Sources
from biosig.seeds import rng_for

VALIDATION, WINDOWS = 96, 8  # mixtures, and windows of each


class FrameStream(TrainingStream):
    """Noisy and clean windows; the noise is a recorded one, as it is."""

    def __init__(self, sources: Sources, network: FrameNetwork):
        super().__init__(sources)
        self.network, self.last = network, (None, None)

    def pair(self, n: int, *name: object) -> tuple[np.ndarray, np.ndarray]:
        """(noisy, clean), float32 (n,), of which ``per_mixture`` neighbouring rows share a mixture of RMS 1."""
        *which, row = name
        noisy, clean = self.mixture(*which, row // self.network.per_mixture)
        start = rng_for("window of a mixture", *name).integers(noisy.size - n + 1)
        return noisy[start : start + n], clean[start : start + n]

    def mixture(self, *name: object) -> tuple[np.ndarray, np.ndarray]:
        """(noisy, clean), float32 of ``network.mixture`` samples; the last one made is remembered."""
        if self.last[0] != name:
            self.last = name, self.mixed(rng_for("speech in noise for frames", *name))
        return self.last[1]

    def mixed(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Speech in noise at one of the SNRs, the noisy signal of RMS 1."""
        n = self.network.mixture
        clean, noise = self.sentence(n, rng), unit(self.real(n, rng))
        return levelled(clean, noise, rng.choice(self.network.snrs_db))


def frame_pairs(
    sources: Sources, setup: Setup, network: FrameNetwork, n: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Fixed (noisy, clean) windows (n,), evenly spread over the validation mixtures, at the level of the whole."""
    pairs, wanted = [], replace(setup, utterances=VALIDATION, validation_snrs=network.snrs_db)
    for mixture in validation_mixtures(sources, wanted):
        level = rms(mixture.noisy)
        for start in np.linspace(0, mixture.noisy.size - n, WINDOWS).astype(int):
            pairs.append(tuple(x[start : start + n] / level for x in (mixture.noisy, mixture.clean)))
    return pairs
