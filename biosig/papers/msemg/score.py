"""Running a system over mixtures and turning what comes out into items."""

import time
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from tqdm import tqdm

from biosig.metrics.emg import r_peak_energy_ratio_db, score
from biosig.papers.msemg.systems import System
from biosig.papers.scoring import item_of
from biosig.results.items import Item
from biosig.signal.rpeaks import detect_r_peaks
from biosig.signal.types import Mixture

BATCH = 8  # mixtures handed to a system at once; a network may work on them together


def evaluate(system: System, mixtures: Sequence[Mixture], name: str, progress: bool = True) -> list[Item]:
    """Every metric of every mixture as enhanced by ``system``; mixtures must share one length and rate."""
    items: list[Item] = []
    with tqdm(total=len(mixtures), desc=f"{name}: scoring", disable=not progress) as bar:
        for group in _groups(mixtures):
            started = time.perf_counter()
            estimates = system(np.stack([mixture.noisy for mixture in group]), group[0].fs)
            seconds = (time.perf_counter() - started) / len(group)
            for mixture, estimate in zip(group, estimates, strict=True):
                items += items_of(mixture, estimate, seconds)
            bar.update(len(group))
    return items


def items_of(mixture: Mixture, estimate: np.ndarray, seconds: float) -> Iterator[Item]:
    """One item per metric; a metric that cannot be had is an item without a value and with a reason."""
    for found in score(mixture, estimate):
        yield item_of(mixture, found, seconds)


def _groups(mixtures: Sequence[Mixture]) -> Iterable[Sequence[Mixture]]:
    return (mixtures[start : start + BATCH] for start in range(0, len(mixtures), BATCH))


def diaphragm_items(system: System) -> list[Item]:
    """A real recording with the heart in it, before and after: no clean truth, so the power at R peaks tells."""
    from biosig.corpora import diaphragm
    from biosig.corpora.registry import locate

    root = locate("diaphragm")
    ecg, emg = (diaphragm.load(root, channel, fs=1000) for channel in ("ECG", "EMG1"))
    peaks = detect_r_peaks(ecg.signal, ecg.fs)
    started = time.perf_counter()
    value = float(r_peak_energy_ratio_db(system(emg.signal, emg.fs), peaks, emg.fs))
    seconds = time.perf_counter() - started
    version = "1; power within 60 ms of R peaks of the ECG lead over power elsewhere"
    return [Item(emg.item, emg.subject, "r_peak_energy_ratio_db", version, value, seconds=seconds)]


def size_items() -> list[Item]:
    """Trainable parameters of each network, for Table II; SDEMG as published and without its dead layers."""
    from biosig.models.networks import build, count_parameters

    networks = {
        "fcn": build("fcn"),
        "sdemg": build("sdemg", official=True),
        "sdemg_live": build("sdemg"),
        "msemg": build("msemg"),
    }
    return [
        Item(name, name, "parameters", "1; trainable", float(count_parameters(network)))
        for name, network in networks.items()
    ]
