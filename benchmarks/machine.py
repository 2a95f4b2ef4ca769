"""What every benchmark shares: where it ran, how jobs are timed in turns, and where results go."""

import importlib.metadata
import json
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


def in_turns(jobs: dict[str, Callable[[], object]], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Seconds of every round of every job, by each clock, after one round that does not count.

    The jobs take turns, so that whatever else the machine does hits all of them.
    """
    taken = {name: {clock: [] for clock in CLOCKS} for name in jobs}
    for round_ in range(rounds + 1):
        for name, job in jobs.items():
            starts = {clock: now() for clock, now in CLOCKS.items()}
            job()
            for clock, now in CLOCKS.items() if round_ else ():
                taken[name][clock].append(now() - starts[clock])
    return taken


def medians(taken: dict[str, dict[str, list[float]]], clock: str) -> dict[str, float]:
    """The median round of every job."""
    return {name: statistics.median(seconds[clock]) for name, seconds in taken.items()}


def save(name: str, result: dict) -> Path:
    """Write a result with the machine it was measured on to results/<name>.json."""
    path = RESULTS / f"{name}.json"
    write_text(path, json.dumps(result | {"run": describe()}, indent=2) + "\n")
    return path
