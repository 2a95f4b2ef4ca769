"""What the waveform and generative networks are asked beside everything that all systems are asked.

Every one: what comes out for noise alone, where a generative model may invent a voice. Score-based diffusion: quality
and time by the number of steps. The items lie in the networks' own cells.
"""

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from tqdm import tqdm

from biosig.metrics.speech import MEASURES, score_speech
from biosig.papers.neural import System
from biosig.papers.primer import sources, voices
from biosig.papers.scoring import item_of
from biosig.results.items import Item
from biosig.signal.types import Mixture

DIFFUSION = "score_diffusion"
STEPS = (1, 3, 5, 10, 30)
CURVED = 3  # VoiceBank pairs for the curve: thirty steps take long
CURVE = ("pesq_wb", "estoi", "si_sdr_db")
FACTOR, FACTOR_VERSION = "real_time_factor", "1; processor time over duration, one pass"


def config(system: str) -> dict:
    """All that decides these numbers, for a cell's config."""
    found = {"experiment": "generative 1", "noise_alone": voices.REDUCTION_VERSION, "level_db": voices.PLAN.level_db}
    if system != DIFFUSION:
        return found
    measured = {name: MEASURES[name].variant for name in CURVE} | {FACTOR: FACTOR_VERSION}
    return found | {"steps": STEPS, "pairs": CURVED, "curve": measured}


def items(name: str, system: System, progress: bool = True) -> list[Item]:
    """Noise alone, and the curve where there are steps to choose."""
    found = [item for case in from_noise() for item in voices.reduction(case, lambda each: system(each.noisy, each.fs))]
    if name == DIFFUSION:
        found += curve(system, sources.voicebank_pairs()[:CURVED], progress)
    return found


def from_noise() -> list[voices.Case]:
    """Four seconds of each noise that no network has heard: nothing should be left of them."""
    return [voices.noise_alone(noise, voices.PLAN) for noise in sources.unseen_noises()]


def curve(system: System, pairs: Sequence[Mixture], progress: bool = True) -> list[Item]:
    """Quality and time of a score network at every number of steps.

    Args:
        system: a :class:`biosig.training.inference.Denoiser` of kind "score"; it is left as it was.
    """
    before, found = system.steps, []
    try:
        for steps in tqdm(STEPS, desc="steps", disable=not progress):
            system.steps = steps
            for pair in pairs:
                found += at_steps(system, pair, steps)
    finally:
        system.steps = before
    return found


def at_steps(enhance: Callable[[np.ndarray, float], np.ndarray], pair: Mixture, steps: int) -> Iterator[Item]:
    """The measures of one pair, and the time it took."""
    started = time.process_time()
    estimate = enhance(pair.noisy, pair.fs)
    seconds = time.process_time() - started
    told = Mixture(
        pair.clean, pair.interference, pair.noisy, pair.fs, pair.snr_db, f"{pair.item}/{steps} steps", pair.subject,
        conditions=(("set", "steps"), ("steps", str(steps))),
    )  # fmt: skip
    for score in score_speech(pair.clean, estimate, pair.fs, CURVE):
        yield item_of(told, score, seconds)
    factor = seconds / (pair.noisy.size / pair.fs)
    yield Item(told.item, told.subject, FACTOR, FACTOR_VERSION, factor, "", dict(told.conditions), seconds)
