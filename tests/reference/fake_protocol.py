"""A paper that does not exist: its numbers follow from names, and it can be slow, wrong, or dead.

FAKE_LOG: a file that gets a line for every cell as its computation starts. FAKE_SECONDS: how long
a cell takes whose name starts with FAKE_SLEEPER (default: every cell). FAKE_GATE: a file that a cell waits for.
"""

import os
import time
from pathlib import Path

from biosig.errors import DataError
from biosig.papers.comparison import made
from biosig.results.items import Cell, CellStore, Item
from biosig.results.provenance import describe_run
from biosig.results.statistics import summarise
from biosig.results.tables import Table, label, measured
from biosig.seeds import rng_for


class FakeProtocol:
    name = "fake"
    title = "A paper that does not exist"
    systems = {"plus": "adds", "minus": "takes away", "bad": "meets bad data", "bug": "has a bug", "dead": "is killed"}
    sound = ("plus", "minus")

    def cells(self, profile, systems=None, seeds=None):
        return [
            Cell("fake", profile, system, 0, seed, {"n": 6})
            for system in systems or self.sound
            for seed in (0, 1, 2)
            if seeds is None or seed in seeds
        ]

    def corpora(self, cell):
        return os.environ.get("FAKE_CORPORA", "").split()

    def run_cell(self, cell: Cell, *, store: CellStore, device: str, progress: bool) -> None:
        self._note(cell)
        if cell.system == "bad":
            raise DataError("file x holds 3 samples: expected 10.")
        if cell.system == "bug":
            raise ZeroDivisionError("a bug")
        if cell.system == "dead":
            os._exit(9)
        sleeps = cell.name.startswith(os.environ.get("FAKE_SLEEPER", ""))
        time.sleep(float(os.environ.get("FAKE_SECONDS", 0)) if sleeps else 0)
        while os.environ.get("FAKE_GATE") and not Path(os.environ["FAKE_GATE"]).exists():
            time.sleep(0.05)
        store.write(cell, self.items(cell), describe_run(device), {"curve.csv": b"epoch,loss\n0,1\n"})

    def items(self, cell: Cell) -> list[Item]:
        return [
            Item(
                f"m{i}",
                f"P{i % 3}",
                "gain_db",
                "1",
                float(rng_for(cell.system, cell.seed, i).normal()),
                "",
                {"snr_db": str(-2 * i)},
                0.1,
            )
            for i in range(cell.config["n"])
        ]

    def tables(self, profile, store, only=()):
        cells = [cell for cell in self.cells(profile) if store.done(cell)]
        rows = []
        for system in {cell.system: None for cell in cells}:
            own = [cell for cell in cells if cell.system == system]
            found = summarise({cell.seed: store.read(cell).items for cell in own}, "gain_db")
            rows.append((label(system), measured(found, ".3f", [cell.key for cell in own])))
        gains = Table("gains", "Gains of a paper that does not exist", ("System", "Gain, dB"), tuple(rows))
        return made({"gains": lambda: gains}, only)

    def _note(self, cell: Cell) -> None:
        if os.environ.get("FAKE_LOG"):
            with open(Path(os.environ["FAKE_LOG"]), "a") as file:
                file.write(f"{cell.name}\n")


PROTOCOL = FakeProtocol()
