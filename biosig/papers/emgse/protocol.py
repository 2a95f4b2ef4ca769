"""The experimental section of EMGSE as code: which systems, of whom, on which mixtures, scored how, in which tables."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from biosig.metrics.speech import MEASURES
from biosig.papers import neural
from biosig.papers.comparison import Makers
from biosig.papers.data import data_files
from biosig.papers.emgse import controls
from biosig.papers.emgse.mixtures import test_mixtures
from biosig.papers.emgse.profiles import SETUPS, Setup, fold_of, setup_of
from biosig.papers.emgse.score import CONTROL_METRICS, LATENT, LATENT_VERSION, evaluate, latent_items, marked
from biosig.papers.emgse.sources import CORPORA, Sources, load
from biosig.papers.emgse.systems import (
    ALONE,
    ARRAY,
    BRIDGE,
    CONTROLS,
    HEEDED,
    REUSE,
    SYSTEMS,
    TRAINED,
    Enhancer,
    untrained,
)
from biosig.papers.experiment import Experiment
from biosig.peers import PEERS
from biosig.results.items import Cell, CellStore, Item
from biosig.results.provenance import describe_run

BASE = "emgse"  # whose networks the controls are about


class Emgse(Experiment):
    """The protocol of "EMGSE: Acoustic/EMG fusion for multimodal speech enhancement"; a fold is a speaker."""

    name = "emgse"
    title = "EMGSE: acoustic and EMG fusion for multimodal speech enhancement"
    systems = SYSTEMS
    setups = SETUPS
    data = CORPORA
    samples = "SOUNDS.toml"
    trained = TRAINED

    def folds(self, setup: Setup, system: str) -> Sequence[int]:
        """Each speaker of a system is a fold."""
        return [fold_of(speaker) for speaker in self.speakers(setup, system)]

    def of_fold(self, setup: Setup, fold: int) -> dict:
        """Whose fold it is."""
        return {"speaker": next(speaker for speaker in setup.speakers if fold_of(speaker) == fold)}

    def speakers(self, setup: Setup, system: str) -> Sequence[str]:
        """For whom a system is run in a profile; for nobody where it is not trained there."""
        networks = dict(setup.networks)
        if system in TRAINED and system not in networks:
            return ()
        if setup.name == "quick" and (system in PEERS or system in REUSE or system in ALONE):
            return ()
        return setup.where(system, system in TRAINED).speakers

    def seeds(self, setup: Setup, system: str) -> Sequence[int]:
        """The repetitions of a system."""
        return setup.where(system, system in TRAINED).seeds

    def measures(self, setup: Setup) -> dict:
        """Measure → its variant."""
        return {name: MEASURES[name].variant for name in setup.metrics} | {LATENT: LATENT_VERSION}

    def config(self, setup: Setup, system: str, seed: int) -> dict:
        """All that decides a cell's numbers; the controls rest on the network of the same speaker and seed."""
        found = self.common(setup, system) | {"metrics": self.measures(setup)}
        if system in ALONE:
            from biosig.papers.emgse.alone import VERSIONS

            return found | {"metrics": VERSIONS[system]}
        if system in ARRAY:
            from biosig.corpora.simulated_array import TUNED

            found["array"] = asdict(TUNED)
        if system == BRIDGE:
            from biosig.papers.emgse import bridge

            told = {"variants": bridge.VARIANTS, "snr_db": bridge.SNR_DB, "every": bridge.EVERY}
            measured = [*CONTROL_METRICS, bridge.EMG_SNR_VERSION]
            return found | {"network": asdict(setup.network(BASE, seed)), "metrics": measured, **told}
        if system == CONTROLS:
            network = setup.network(BASE, seed)
            names = controls.names(network.channels)
            return found | {"network": asdict(network), "controls": names, "metrics": list(CONTROL_METRICS)}
        return found | ({"network": asdict(setup.network(system, seed))} if system in TRAINED else {})

    def corpora(self, cell: Cell) -> Sequence[str]:
        """What computing a cell reads: all of the profile's, hearts beside them for the bridge, EMG alone by itself."""
        if cell.system in ALONE:
            return ("emguka",)
        return (*self.data[cell.profile], *(("nsrdb",) if cell.system == BRIDGE else ()))

    def data_files(self, profile: str, system: str) -> list[Path]:
        """As everywhere; the bridge takes hearts from another corpus."""
        more = data_files(("nsrdb",)) if system == BRIDGE and profile == "open" else []
        return super().data_files(profile, system) + more

    def train(self, cell: Cell, folder: Path, device: str, progress: bool) -> neural.Trained:
        """Train a speaker's network, or reload it where that was done."""
        from biosig.papers.emgse.train import NETWORK, train
        from biosig.training.checkpoints import save_checkpoint

        setup, speaker = setup_of(cell.profile), cell.config["speaker"]
        network = setup.network(cell.system, cell.seed)
        sources = self.sources(setup, cell.system, speaker)
        model, notes, result = train(sources, setup, network, folder, device, progress)
        save_checkpoint(folder / "best.pt", NETWORK, model.state_dict(), {**notes, "cell": cell.name})
        told = neural.told(model, result)
        return neural.Trained(Enhancer(model, notes, device), told, {"curve.csv": folder / "curve.csv"})

    def items(self, cell: Cell, network: neural.System | None, device: str, progress: bool) -> list[Item]:
        """Every measure of every test mixture of a speaker; for EMGSE the latent space at the lowest SNR too."""
        setup = setup_of(cell.profile)
        sources = self.sources(setup, cell.system, cell.config["speaker"])
        if cell.system in ALONE:
            from biosig.papers.emgse.alone import items

            return items(cell.system, sources)
        mixtures = test_mixtures(sources, setup)
        items = evaluate(network or untrained(cell.system), mixtures, setup.metrics, cell.name, progress)
        if cell.system in HEEDED:
            items += latent_items(network, [each for each in mixtures if each.snr_db == min(setup.test_snrs)])
        return items

    def sources(self, setup: Setup, system: str, speaker: str) -> Sources:
        """A speaker's sentences; for the array with simulated EMG in the place of their own."""
        own = load(setup.name, speaker, setup.level)
        if system not in ARRAY:
            return own
        from biosig.papers.emgse.array import simulated_sources

        return simulated_sources(own)

    def run_cell(self, cell: Cell, *, store: CellStore, device: str, progress: bool) -> None:
        """As everywhere; controls and bridge train nothing and need the networks of two speakers, or one."""
        if cell.system not in REUSE:
            super().run_cell(cell, store=store, device=device, progress=progress)
            return
        run = describe_run(device, self.data_files(cell.profile, cell.system))
        folds = (cell.fold,) if cell.system == BRIDGE else (cell.fold, self.neighbour(cell))
        bases = [self.base(cell, fold) for fold in folds]
        networks = [self.train(base, neural.scratch(store, base), device, progress).system for base in bases]
        measured = self.bridge_items if cell.system == BRIDGE else self.control_items
        items = measured(cell, *networks, progress)
        store.write(cell, items, run | {"networks_of": [base.key for base in bases]})

    def base(self, cell: Cell, fold: int) -> Cell:
        """The cell of EMGSE of a speaker, with the seed of ``cell``."""
        return next(each for each in self.cells(cell.profile, [BASE], [cell.seed]) if each.fold == fold)

    def neighbour(self, cell: Cell) -> int:
        """The next speaker, whose network is tried on this one."""
        speakers = [fold_of(name) for name in setup_of(cell.profile).speakers]
        return speakers[(speakers.index(cell.fold) + 1) % len(speakers)]

    def control_items(self, cell: Cell, own: Enhancer, other: Enhancer, progress: bool) -> list[Item]:
        """Some test mixtures, with EMG changed in every way, and through somebody else's network."""
        setup = setup_of(cell.profile)
        sources = load(setup.name, cell.config["speaker"], setup.level)
        mixtures = test_mixtures(sources, setup, setup.every)
        found = marked(evaluate(other, mixtures, CONTROL_METRICS, cell.name, progress), control=controls.OTHER_PERSON)
        for name, change in controls.changes(sources.test, own.channels).items():
            items = evaluate(own, list(controls.changed(mixtures, change)), CONTROL_METRICS, name, progress)
            found += marked(items, control=name)
        return found

    def bridge_items(self, cell: Cell, own: Enhancer, progress: bool) -> list[Item]:
        """Some test mixtures, with a heart and the mains in their EMG, cleaned in several ways."""
        from biosig.papers.emgse import bridge

        setup = setup_of(cell.profile)
        sources = load(setup.name, cell.config["speaker"], setup.level)
        mixtures = test_mixtures(sources, setup, bridge.EVERY)
        return bridge.items(own, mixtures, sources.test, bridge.hearts(), bridge.cleaners(), progress)

    def makers(self, profile: str, store: CellStore) -> Makers:
        """Every table of the chapter, from whatever the store holds."""
        from biosig.papers.emgse import tables

        return tables.makers(self, profile, store)


PROTOCOL = Emgse()
