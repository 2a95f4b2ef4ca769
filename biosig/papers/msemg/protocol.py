"""The experimental section of MSEMG as code: which systems, on which mixtures, scored how, in which tables."""

from collections.abc import Sequence
from pathlib import Path

from biosig.metrics.emg import VERSIONS
from biosig.papers import neural
from biosig.papers.comparison import Makers
from biosig.papers.experiment import Experiment
from biosig.papers.msemg import sources
from biosig.papers.msemg.mixtures import fixed_mixtures, subset
from biosig.papers.msemg.profiles import SETUPS, Setup, setup_of
from biosig.papers.msemg.score import diaphragm_items, evaluate, size_items
from biosig.papers.msemg.systems import NEURAL, SECOND, SIZES, SYSTEMS, TRAINED, classical
from biosig.results.items import Cell, CellStore, Item
from biosig.signal.types import Mixture


class Msemg(Experiment):
    """The protocol of "MSEMG: Surface Electromyography Denoising with a Mamba-based Efficient Network"."""

    name = "msemg"
    title = "MSEMG: surface EMG denoising with a Mamba-based efficient network"
    systems = {**SYSTEMS, SIZES: "parameter counts for Table II; nothing is trained"}
    setups = SETUPS
    data = {"quick": (), "open": ("3dc", "nsrdb"), "paper": ("ninapro_db2", "nsrdb")}
    samples = "SAMPLES.toml"
    trained = TRAINED
    published = NEURAL

    def measures(self, setup: Setup) -> dict:
        """Metric → its version."""
        return VERSIONS

    def seeds(self, setup: Setup, system: str) -> Sequence[int]:
        """As everywhere; the second recipe is no part of every profile."""
        missing = system in SECOND and system not in dict(setup.networks)
        return () if missing else super().seeds(setup, system)

    def config(self, setup: Setup, system: str, seed: int) -> dict:
        """As everywhere; counting parameters rests on no data."""
        return {"version": self.version} if system == SIZES else super().config(setup, system, seed)

    def corpora(self, cell: Cell) -> tuple[str, ...]:
        """What computing a cell reads: the profile's corpora, and a real recording in the open one."""
        if cell.system == SIZES:
            return ()
        return (*self.data[cell.profile], *(("diaphragm",) if cell.profile == "open" else ()))

    def train(self, cell: Cell, folder: Path, device: str, progress: bool) -> neural.Trained:
        """Train a network of Table I."""
        from biosig.papers.msemg.train import train

        setup = setup_of(cell.profile)
        network = setup.network(cell.system, cell.seed)
        name = SECOND.get(cell.system, cell.system)
        found = train(name, setup, network, network.recipe, folder, device, progress)
        return neural.trained(cell, name, folder, device, *found)

    def items(self, cell: Cell, network: neural.System | None, device: str, progress: bool) -> list[Item]:
        """Every metric of every test mixture, and of a real recording in the open profile."""
        if cell.system == SIZES:
            return size_items()
        system = network or classical(cell.system)
        items = evaluate(system, test_mixtures(setup_of(cell.profile), cell.system), cell.system, progress)
        return items + (diaphragm_items(system) if cell.profile == "open" else [])

    def makers(self, profile: str, store: CellStore) -> Makers:
        """Table I, Table II and Fig. 3, the paper's numbers beside those of the store."""
        from biosig.papers.msemg.tables import makers

        return makers(self, profile, store)


PROTOCOL = Msemg()


def test_mixtures(setup: Setup, system: str) -> list[Mixture]:
    """The test mixtures of a profile, or the named part of them that a slow network is scored on."""
    everything = fixed_mixtures(sources.load(setup.name, "test"), setup.test_snrs, setup.per_channel, setup.copies)
    if system not in TRAINED:
        return everything
    network = setup.network(system)
    return subset(everything, network.test_snrs, network.per_subject)
