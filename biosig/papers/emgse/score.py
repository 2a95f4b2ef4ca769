"""Running a system over mixtures and turning what comes out into items."""

import time
from collections.abc import Iterable, Sequence

import numpy as np
from tqdm import tqdm

from biosig.metrics.speech import score_speech
from biosig.papers.emgse.systems import Enhancer, System
from biosig.papers.scoring import item_of
from biosig.results.items import Item
from biosig.signal.log_spectrogram import without_edges
from biosig.signal.paired import PairedMixture, enhanced

CONTROL_METRICS = ("pesq_raw", "stoi")
LATENT, LATENT_VERSION = "latent_distance", "1; RMS over frames and units, relative to the clean latent's RMS"
INPUTS = ("audio", "audio+emg")


def evaluate(
    system: System, mixtures: Sequence[PairedMixture], metrics: Sequence[str], name: str, progress: bool = True
) -> list[Item]:
    """The metrics of every mixture as enhanced by ``system``, without the 512 samples at both ends."""
    items: list[Item] = []
    for mixture in tqdm(mixtures, desc=f"{name}: scoring", disable=not progress):
        items += items_of(system, mixture, metrics)
    return items


def items_of(system: System, mixture: PairedMixture, metrics: Sequence[str]) -> list[Item]:
    """One item per metric. No delay is looked for: none of these systems has one that is left."""
    started = time.perf_counter()
    estimate = enhanced(system, mixture)
    seconds = time.perf_counter() - started
    clean, estimate = without_edges(mixture.clean), without_edges(estimate)
    return [item_of(mixture, found, seconds) for found in score_speech(clean, estimate, mixture.fs, metrics, 0)]


def marked(items: Iterable[Item], **conditions: str) -> list[Item]:
    """Items made under further conditions, which their names tell apart."""
    mark = ",".join(f"{name}={value}" for name, value in conditions.items())
    return [
        Item(each.item + f"#{mark}", each.subject, each.metric, each.version, each.value, each.reason,
             {**each.conditions, **conditions}, each.seconds)
        for each in items
    ]  # fmt: skip


def latent_items(network: Enhancer, mixtures: Sequence[PairedMixture]) -> list[Item]:
    """How far the latent space lies from that of clean speech, with EMG and without (Fig. 4).

    The reference is the latent of clean sound without EMG, as in the paper; distances are relative to its size.
    """
    items: list[Item] = []
    for mixture in mixtures:
        beside, conditions = mixture.beside, dict(mixture.conditions)
        clean = network.latent(mixture.clean, mixture.fs, beside, with_emg=False)
        for which in INPUTS:
            started = time.perf_counter()
            found = network.latent(mixture.noisy, mixture.fs, beside, with_emg=which == INPUTS[1])
            seconds, value = time.perf_counter() - started, relative_distance(found, clean)
            item = f"{mixture.item}#input={which}"
            told = {**conditions, "input": which}
            items.append(Item(item, mixture.subject, LATENT, LATENT_VERSION, value, "", told, seconds))
    return items


def relative_distance(found: np.ndarray, reference: np.ndarray) -> float:
    """RMS of the difference of two arrays over the RMS of the reference."""
    return float(np.sqrt(np.mean((found - reference) ** 2) / np.mean(reference**2)))
