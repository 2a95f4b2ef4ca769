"""Running a system over mixtures and turning what comes out into items."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from tqdm import tqdm

from biosig.metrics.speech import score_speech
from biosig.papers.primer.systems import ORACLE, System
from biosig.papers.scoring import item_of
from biosig.results.items import Item
from biosig.signal.types import Mixture

METRICS = ("pesq_wb", "pesq_nb", "stoi", "estoi", "si_sdr_db", "seg_snr_db", "lsd_db")
LISTENED = ("dnsmos_ovrl", "dnsmos_sig", "dnsmos_bak")  # on the pairs alone: it takes five times as long as the rest
QUICK_METRICS = ("pesq_wb", "stoi", "si_sdr_db")


def evaluate(
    system: System | str,
    mixtures: Sequence[Mixture],
    metrics: Mapping[str, Sequence[str]],
    name: str,
    progress: bool = True,
) -> list[Item]:
    """The metrics of every mixture as enhanced by ``system``, or by the oracle of that name.

    Args:
        metrics: test set (a mixture's condition "set") → what is measured on it.

    A system's own delay is found, removed before anything is compared, and kept as the item ``delay_ms``.
    """
    enhance = by_oracle(system) if system in ORACLE else lambda mixture: system(mixture.noisy, mixture.fs)
    items: list[Item] = []
    for mixture in tqdm(mixtures, desc=f"{name}: scoring", disable=not progress):
        items += items_of(mixture, enhance, metrics[dict(mixture.conditions)["set"]])
    return items


def by_oracle(name: str) -> Callable[[Mixture], np.ndarray]:
    """The oracle as a function of a mixture, whose clean speech it looks at."""
    from biosig.signal.masks import oracle

    return lambda mixture: oracle(name, mixture.clean, mixture.noisy, mixture.fs)


def items_of(mixture: Mixture, enhance: Callable[[Mixture], np.ndarray], metrics: Sequence[str]) -> Iterator[Item]:
    """One item per metric; a metric that cannot be had is an item without a value and with a reason."""
    started = time.perf_counter()
    estimate = enhance(mixture)
    seconds = time.perf_counter() - started
    for found in score_speech(mixture.clean, estimate, mixture.fs, metrics):
        yield item_of(mixture, found, seconds)
