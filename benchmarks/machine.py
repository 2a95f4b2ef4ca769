"""What every benchmark shares: where it ran, how jobs are timed in turns, and where results go."""

import importlib.metadata
import json
import math
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from biosig.files import write_text
from biosig.results.provenance import describe_run

RESULTS = Path(__file__).parent / "results"
CLOCKS = {"wall_seconds": time.perf_counter, "cpu_seconds": time.process_time}
PEERS = ("mambapy", "mamba-ssm", "librosa")


def describe() -> dict:
    """Processor, cores, memory, threads, versions, commit, date, and how busy the machine is now."""
    run = describe_run("cuda" if torch.cuda.is_available() else "cpu")
    for name in PEERS:
        try:
            run["versions"][name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            run["versions"][name] = "not installed"
    run["machine"] |= {"threads": torch.get_num_threads(), "memory_gib": memory_gib(), "load": load()}
    return run


def memory_gib() -> float | None:
    """Memory of the machine in GiB, None where the system does not tell."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def load() -> float | None:
    """Processes that wanted to run over the last minute: above the number of cores, wall times mean little."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def in_turns(
    jobs: dict[str, Callable[[], object]], rounds: int, turn: float = 0.0
) -> dict[str, dict[str, list[float]]]:
    """Seconds a call of every job, by each clock, in every round after one that does not count.

    The jobs take turns, so that whatever else the machine does hits all of them. A job shorter than ``turn``
    seconds is called several times a turn, or it would mostly be timed with another job's data in the caches.
    """
    taken = {name: {clock: [] for clock in CLOCKS} for name in jobs}
    calls = dict.fromkeys(jobs, 1)
    for round_ in range(rounds + 1):
        for name, job in jobs.items():
            seconds = _timed(job, calls[name])
            if not round_:  # the second call tells how long one takes: the first may compile
                calls[name] = math.ceil(turn / _timed(job, 1)["wall_seconds"]) if turn else 1
                continue
            for clock, value in seconds.items():
                taken[name][clock].append(value)
    return taken


def _timed(job: Callable[[], object], calls: int) -> dict[str, float]:
    """Seconds a call by each clock."""
    starts = {clock: now() for clock, now in CLOCKS.items()}
    for _ in range(calls):
        job()
    return {clock: (now() - starts[clock]) / calls for clock, now in CLOCKS.items()}


def medians(taken: dict[str, dict[str, list[float]]], clock: str) -> dict[str, float]:
    """The median round of every job."""
    return {name: statistics.median(seconds[clock]) for name, seconds in taken.items()}


def save(name: str, result: dict) -> Path:
    """Write a result with the machine it was measured on to results/<name>.json."""
    path = RESULTS / f"{name}.json"
    write_text(path, json.dumps(result | {"run": describe()}, indent=2) + "\n")
    return path
