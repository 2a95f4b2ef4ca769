"""What a cell should ask a scheduler for: time and memory, from the records of the last runs of its system."""

import csv
import gzip
import math
from collections.abc import Iterable
from dataclasses import dataclass

from biosig.errors import ConfigError
from biosig.results.cells import Cell
from biosig.results.items import SECONDS, CellStore, read_run

DEFAULT_MINUTES, DEFAULT_GB = 60, 4  # for a system that was never run here
MARGIN = 2.0  # on time: the next machine may be half as fast
START_SECONDS = 120  # imports, reading data, the scoring that no record counted
SHORTEST_MINUTES = 10
MEMORY_MARGIN = 1.5


@dataclass(frozen=True, order=True)
class Need:
    """What to ask for; cells with equal needs share an array. ``gpu`` is whether to ask for one."""

    gpu: bool
    minutes: int
    gb: int
    cpus: int = 1


def trains(cell: Cell) -> bool:
    """Whether a network is trained in this cell: its configuration then holds the network's recipe."""
    return "network" in cell.config


def needs(
    store: CellStore, cells: Iterable[Cell], device: str = "cpu", cpus: int = 1, minutes: int = 0, gb: int = 0
) -> dict[Cell, Need]:
    """Each cell's needs: the most that any cell of its system took, in the same profile, on the same kind of device.

    Time is doubled and memory takes half as much again, and both are rounded up in steps of two (10, 20, 40 …
    minutes; 1, 2, 4 … GB), so that few arrays hold many cells. A record without what it took (an older one) counts
    its training and the seconds of its items. Without any record it is DEFAULT_MINUTES and DEFAULT_GB.

    Args:
        store: whose records to read.
        cells: of one paper and profile.
        device: "cpu" or "cuda"; with "cuda" what trains a network asks for a GPU.
        cpus: for each cell.
        minutes, gb: ask for so much instead.

    Raises:
        ConfigError: cpus, minutes or gb below what can be asked for.
        DataError: a record that is damaged.
    """
    for name, value, least in (("cpus", cpus, 1), ("minutes", minutes, 0), ("memory", gb, 0)):
        if value < least:
            raise ConfigError(f"{name} is {value}: expected at least 1.")
    cells, found = list(cells), {}
    for system in {cell.system for cell in cells}:
        mine = next(cell for cell in cells if cell.system == system)
        gpu = device == "cuda" and trains(mine)
        seconds, memory_mb = last_took(store, mine, "cuda" if gpu else "cpu")
        found[system] = Need(gpu, minutes or minutes_for(seconds), gb or gb_for(memory_mb), cpus)
    return {cell: found[cell.system] for cell in cells}


def minutes_for(seconds: float | None) -> int:
    """Minutes to ask for where the last run took ``seconds`` (None: nobody knows)."""
    return DEFAULT_MINUTES if seconds is None else _step((seconds * MARGIN + START_SECONDS) / 60, SHORTEST_MINUTES)


def gb_for(megabytes: float | None) -> int:
    """Gigabytes to ask for where the last run's peak was ``megabytes`` (None: nobody knows)."""
    return DEFAULT_GB if megabytes is None else _step(megabytes * MEMORY_MARGIN / 1024, 1)


def _step(value: float, first: int) -> int:
    """The smallest of first, 2 first, 4 first … that is not below ``value``."""
    return first * 2 ** max(0, math.ceil(math.log2(value / first))) if value > 0 else first


def last_took(store: CellStore, cell: Cell, device: str) -> tuple[float | None, float | None]:
    """The most seconds and megabytes that finished cells of this system took on such a device; None if none says."""
    folders = [path for path in store.folders(cell.paper, cell.profile) if path.name.startswith(f"{cell.system}-f")]
    runs = [(folder, read_run(folder)) for folder in folders]
    runs = [(folder, run) for folder, run in runs if str(run.get("device", "cpu")).startswith(device)]
    memory = [run["took"]["peak_memory_mb"] for _, run in runs if (run.get("took") or {}).get("peak_memory_mb")]
    return max((_seconds(*each) for each in runs), default=None), max(memory, default=None)


def _seconds(folder, run: dict) -> float:
    """A resumed run took longer than its last part, so the time in training, over all parts, counts as well."""
    took = (run.get("took") or {}).get("seconds", 0)
    with gzip.open(folder / SECONDS, "rt", encoding="utf-8") as file:
        scored = sum(float(row["seconds"]) for row in csv.DictReader(file))
    return max(took, run.get("training_seconds", 0) + scored)
