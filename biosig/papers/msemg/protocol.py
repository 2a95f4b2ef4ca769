"""The experimental section of MSEMG as code: which systems, on which mixtures, scored how, in which tables."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from biosig import corpora, samples
from biosig.corpora.registry import card
from biosig.files import sha256
from biosig.metrics.emg import VERSIONS
from biosig.papers import neural
from biosig.papers.msemg import sources
from biosig.papers.msemg.mixtures import fixed_mixtures, subset
from biosig.papers.msemg.profiles import Setup, setup_of
from biosig.papers.msemg.score import diaphragm_items, evaluate, size_items
from biosig.papers.msemg.systems import NEURAL, SIZES, SYSTEMS, System, classical
from biosig.results.items import Cell, CellStore
from biosig.results.provenance import describe_run
from biosig.results.tables import Table
from biosig.signal.types import Mixture

VERSION = 1  # raised when a change of the code below changes numbers that no field of the config shows
CHECKPOINTS = Path(__file__).parent / "checkpoints"
CORPORA = {"quick": (), "open": ("3dc", "nsrdb"), "paper": ("ninapro_db2", "nsrdb")}


class Msemg:
    """The protocol of "MSEMG: Surface Electromyography Denoising with a Mamba-based Efficient Network"."""

    name = "msemg"
    title = "MSEMG: surface EMG denoising with a Mamba-based efficient network"
    systems = {**SYSTEMS, SIZES: "parameter counts for Table II; nothing is trained"}

    def cells(
        self, profile: str, systems: Sequence[str] | None = None, seeds: Sequence[int] | None = None
    ) -> list[Cell]:
        """One cell for each classical system, one per seed for each network."""
        setup = setup_of(profile)
        cells = [
            Cell("msemg", profile, system, 0, seed, config(setup, system, seed))
            for system in systems or self.systems
            for seed in (setup.seeds if system in NEURAL else (0,))
        ]
        return [cell for cell in cells if seeds is None or cell.seed in seeds]

    def corpora(self, cell: Cell) -> tuple[str, ...]:
        """What computing a cell reads: the profile's corpora, and a real recording in the open one."""
        if cell.system == SIZES:
            return ()
        return (*CORPORA[cell.profile], *(("diaphragm",) if cell.profile == "open" else ()))

    def run_cell(self, cell: Cell, *, store: CellStore, device: str, progress: bool) -> None:
        """Train where there is something to train, score every test mixture, and write the cell."""
        setup = setup_of(cell.profile)
        run = describe_run(device, data_files(cell.profile))
        if cell.system == SIZES:
            store.write(cell, size_items(), run)
            return
        mixtures, extras = test_mixtures(setup, cell.system), {}
        if cell.system in NEURAL:
            system, more, extras = trained(cell, setup, neural.scratch(store, cell), device, progress)
            run |= more
        else:
            system = classical(cell.system)
        items = evaluate(system, mixtures, cell.system, progress)
        if cell.profile == "open":
            items += diaphragm_items(system)
        store.write(cell, items, run, extras)

    def tables(self, profile: str, store: CellStore, only: Sequence[str] = ()) -> list[Table]:
        """Table I, Table II and Fig. 3, the paper's numbers beside those of the store."""
        from biosig.papers.msemg.tables import tables

        return tables(self, profile, store, only)


PROTOCOL = Msemg()


def config(setup: Setup, system: str, seed: int) -> dict:
    """All that decides a cell's numbers: data, metrics and, for a network, its training."""
    files = {path.name: sha256(path) for path in data_files(setup.name)}
    common = {"version": VERSION, "data": setup.data_config(), "data_files": files, "metrics": VERSIONS}
    if system == SIZES:
        return {"version": VERSION}
    if system not in NEURAL:
        return common
    return {**common, "network": asdict(setup.network(system, seed))}


def data_files(profile: str) -> list[Path]:
    """The committed files that say which data a profile uses: splits, and lists of hashes where they are known."""
    if profile == "quick":
        return [Path(samples.__file__).parent / "SAMPLES.toml"]
    root = Path(corpora.__file__).parent
    splits = [root / "splits" / f"{name}.json" for name in CORPORA[profile]]
    lists = [root / "manifests" / card(name).manifest for name in CORPORA[profile] if card(name).manifest]
    return splits + lists


def test_mixtures(setup: Setup, system: str) -> list[Mixture]:
    """The test mixtures of a profile, or the named part of them that a slow network is scored on."""
    everything = fixed_mixtures(sources.load(setup.name, "test"), setup.test_snrs, setup.per_channel, setup.copies)
    if system not in NEURAL:
        return everything
    network = setup.network(system)
    return subset(everything, network.test_snrs, network.per_subject)


def trained(cell: Cell, setup: Setup, folder: Path, device: str, progress: bool) -> tuple[System, dict, dict]:
    """The network of a cell as a system, what the run record should say of its training, and its curve."""
    from biosig.papers.msemg.systems import denoiser
    from biosig.papers.msemg.train import train
    from biosig.training.checkpoints import save_checkpoint

    network = setup.network(cell.system, cell.seed)
    model, notes, result = train(cell.system, setup, network, network.recipe, folder, device, progress)
    save_checkpoint(folder / "best.pt", cell.system, model.state_dict(), {**notes, "cell": cell.name})
    return denoiser(model, notes, device), neural.told(model, result), {"curve.csv": folder / "curve.csv"}


def publish(store: CellStore, profile: str = "open") -> list[Path]:
    """Copy each network's best checkpoint, the seed chosen on validation, to where ``load_system`` looks."""
    return neural.publish(store, NEURAL, lambda system: PROTOCOL.cells(profile, [system]), CHECKPOINTS, shutil.copyfile)
