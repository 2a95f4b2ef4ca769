"""The experiment of the TRNet chapter as code: a cell is a system, behind an enhancer, with a seed, over all folds."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from biosig.backends.log_mel import VERSION as LOG_MEL
from biosig.papers import neural
from biosig.papers.comparison import Makers
from biosig.papers.experiment import Experiment
from biosig.papers.primer.systems import SYSTEMS as SPEECH_SYSTEMS
from biosig.papers.se_for_ser import front_ends
from biosig.papers.trnet.naming import (
    CONTROLS,
    DEAF,
    DISTANCE_VERSION,
    GATE,
    GATE_VERSION,
    MATCHED,
    SYSTEMS,
    UNMATCHED,
    described,
)
from biosig.papers.trnet.profiles import SETUPS, Setup, options, setup_of
from biosig.results.items import Cell, CellStore, Item
from biosig.results.predictions import VERSION as PREDICTION


class TRNetExperiment(Experiment):
    """The protocol of "TRNet: Two-level refinement network leveraging speech enhancement"."""

    name = "trnet"
    title = "TRNet: emotion recognition behind a frozen enhancer"
    systems = {name: described(name) for name in SYSTEMS}
    setups = SETUPS
    trained = SYSTEMS
    data = {
        "quick": (),
        "open": ("nemo", "esc10", "hu100"),
        "paper": ("iemocap", "esc50", "musan"),
    }
    samples = "EMOTIONS.toml"

    def measures(self, setup: Setup) -> dict:
        """What a cell's rows are."""
        return {"correct": PREDICTION, GATE: GATE_VERSION, "distances": DISTANCE_VERSION}

    def seeds(self, setup: Setup, system: str) -> Sequence[int]:
        """None where the profile does not have the system, or its enhancer is not published yet."""
        return super().seeds(setup, system) if _has(setup, system) else ()

    def config(self, setup: Setup, system: str, seed: int) -> dict:
        """As everywhere, and the network, its training, and what it hears."""
        which, enhancer = SYSTEMS[system]
        recipes = {name: asdict(getattr(setup, name)) | {"seed": seed} for name in ("recipe", "clean_recipe")}
        found = self.common(setup, system) | {"metrics": self.measures(setup), "log_mel": LOG_MEL}
        found["network"] = {"options": options(setup, which), "from_clean": setup.from_clean, **recipes}
        return found | {"enhancer": [enhancer, front_ends.version(enhancer)] if enhancer else None}

    def train(self, cell: Cell, folder: Path, device: str, progress: bool) -> neural.Trained:
        """Every fold of a cell, trained and tested; the clean teachers are shared by all cells of the seed."""
        from biosig.papers.trnet.learning import Bench
        from biosig.papers.trnet.sources import conditions
        from biosig.papers.trnet.spectra import spectra
        from biosig.papers.trnet.testing import all_folds

        setup, (which, enhancer) = setup_of(cell.profile), SYSTEMS[cell.system]
        training, tests = (tuple(conditions(setup, *some)) for some in ((MATCHED,), (MATCHED, UNMATCHED)))
        heard = spectra(setup, enhancer, tests, device, progress)
        bench = Bench(setup, cell.seed, heard, training, device, progress)
        found = all_folds(bench, which, tests, folder, gated=which.startswith("trnet"))
        points = folder / "points.npy"
        if found.points:
            points.write_bytes(found.points)
        return neural.Trained(lambda: found.items, {"folds": found.told}, {points.name: points} if found.points else {})

    def items(self, cell: Cell, network: neural.System | None, device: str, progress: bool) -> list[Item]:
        """What the trained folds told of the actors they left out."""
        return network()

    def makers(self, profile: str, store: CellStore) -> Makers:
        """Every table of the chapter, from whatever the store holds."""
        from biosig.papers.trnet import tables

        return tables.makers(self, profile, store)


PROTOCOL = TRNetExperiment()


def _has(setup: Setup, system: str) -> bool:
    which, enhancer = SYSTEMS[system]
    if which in CONTROLS and not setup.has_controls(enhancer):
        return False
    return which in DEAF or (enhancer in setup.enhancers and available(enhancer))


def available(enhancer: str) -> bool:
    """Whether an enhancer can stand in front here: a network only where its checkpoint is published."""
    return enhancer in SPEECH_SYSTEMS and front_ends.available(enhancer)
