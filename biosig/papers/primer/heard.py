"""What the recogniser heard in the embedded sentences: committed texts, and the mixtures that they belong to.

Written by ``tools/make_heard.py``; a page reads them without the recogniser.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from biosig import samples
from biosig.seeds import rng_for
from biosig.signal.mixing import draw_segment, mix_at_snr

FRONTS = ("noisy", "log_mmse", "recurrent_mask_long")
SNRS_DB = (5, -5)
NOISE = "scene"  # a real place


@dataclass(frozen=True)
class Heard:
    """What was heard in a sentence.

    Attributes:
        sample: the sentence's name.
        front: what was in front of the recogniser.
        snr_db: of the sentence in :data:`NOISE`; None without noise.
        text: as the recogniser wrote it.
    """

    sample: str
    front: str
    snr_db: float | None
    text: str


@cache
def heard() -> tuple[Heard, ...]:
    """All texts."""
    found = json.loads(resources.files(__package__).joinpath("heard.json").read_text(encoding="utf-8"))
    return tuple(Heard(**row) for row in found["heard"])


def text(sample: str, front: str = "noisy", snr_db: float | None = None) -> str:
    """What was heard in one of them."""
    (found,) = (each.text for each in heard() if (each.sample, each.front, each.snr_db) == (sample, front, snr_db))
    return found


def noisy(sample: str, snr_db: float) -> np.ndarray:
    """The mixture itself, (n,) at 16 kHz: the sentence in a stretch of the noise that its name decides."""
    speech = samples.load(sample)
    noise = next(each for each in samples.noises("test") if each.channel == NOISE)
    stretch = draw_segment(noise.signal, speech.signal.size, rng_for("heard", sample))
    return mix_at_snr(speech.signal, stretch, snr_db)[0]
