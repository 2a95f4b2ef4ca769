"""The experiment of the speech chapter as code: which systems, on which mixtures, scored how, in which tables."""

import importlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from biosig.metrics.speech import MEASURES
from biosig.papers import neural
from biosig.papers.comparison import Makers
from biosig.papers.experiment import Experiment
from biosig.papers.primer import beyond, costs, generative, mixtures, sources
from biosig.papers.primer.further import EXPERIMENTS
from biosig.papers.primer.profiles import SETUPS, Setup, setup_of
from biosig.papers.primer.score import LISTENED, METRICS, QUICK_METRICS, evaluate
from biosig.papers.primer.sources import CORPORA, TRAINING
from biosig.papers.primer.systems import (
    GENERATIVE,
    LOSS_STUDY,
    MULTITASK,
    NEURAL,
    ORACLE,
    SYSTEMS,
    TRAINED,
    VARIED,
    untrained,
)
from biosig.peers import PEERS
from biosig.results.items import Cell, CellStore, Item
from biosig.signal.types import Mixture

ACCOUNTS = ("game.csv", "pesq.csv")  # of a network that was trained against another
TABLES = (
    "biosig.papers.primer.tables",
    "biosig.papers.primer.tables_generative",
    "biosig.papers.primer.tables_beyond",
)
COSTS = "costs"  # no system: one cell that measures what all of them cost
FURTHER = {system: each for each in EXPERIMENTS for system in each.systems}  # cells beside the first experiment's


class Primer(Experiment):
    """The protocol of the speech-enhancement chapter."""

    name = "primer"
    title = "Speech enhancement, from spectral subtraction to learned masks and waveforms"
    systems = {
        **SYSTEMS,
        COSTS: "size, delay and speed of every system; nothing is trained",
        **{system: words for each in EXPERIMENTS for system, words in each.systems.items()},
    }
    setups = SETUPS  # the text trains nothing, so it has no schedule of its own to repeat in a paper profile
    data = CORPORA
    samples = "SOUNDS.toml"
    trained = (*TRAINED, *(system for each in EXPERIMENTS for system in each.trained))
    published = (*NEURAL, *VARIED)
    halved = True  # twelve megabytes instead of twenty-five

    def measures(self, setup: Setup) -> dict:
        """Test set → measure → its variant."""
        return {which: {name: MEASURES[name].variant for name in names} for which, names in metrics(setup).items()}

    def seeds(self, setup: Setup, system: str) -> Sequence[int]:
        """The repetitions of a system, none where the profile does not have it."""
        if system in VARIED or system in GENERATIVE or system in MULTITASK:
            seeds = setup.seeds if system in GENERATIVE or system in MULTITASK else (0,)
            return seeds if system in dict(setup.networks) else ()
        if further := FURTHER.get(system):
            return further.seeds(system, setup) if further.available(system, setup) else ()
        return setup.loss_seeds if system in LOSS_STUDY else super().seeds(setup, system)

    def folds(self, setup: Setup, system: str) -> Sequence[int]:
        """Those of a further experiment in which people take turns."""
        return FURTHER[system].folds if system in FURTHER else super().folds(setup, system)

    def config(self, setup: Setup, system: str, seed: int) -> dict:
        """As everywhere, but for what costs are measured on, further experiments, and how peers are called."""
        if system == COSTS:
            networks = [asdict(setup.network(name)) for name in NEURAL]
            return {"version": self.version, "costs": costs.VERSIONS, "networks": networks}
        if further := FURTHER.get(system):
            return further.config(system, setup, seed)
        asked = {"generative": generative.config(system)} if system in GENERATIVE else {}
        asked |= {"multitask": beyond.config()} if system in MULTITASK else {}
        fed = {"fed": "silence after the end; the delay is taken off the output"} if system in PEERS else {}
        return super().config(setup, system, seed) | fed | asked

    def corpora(self, cell: Cell) -> tuple[str, ...]:
        """What computing a cell reads: all corpora where something is trained, those of the test elsewhere."""
        if cell.system == COSTS:
            return ()
        if further := FURTHER.get(cell.system):
            return tuple(further.corpora(cell.system))
        return tuple(name for name in CORPORA[cell.profile] if cell.system in TRAINED or name not in TRAINING)

    def data_files(self, profile: str, system: str) -> list[Path]:
        """As everywhere; further experiments have their own."""
        further = FURTHER.get(system)
        return further.files(system) if further else super().data_files(profile, system)

    def told(self, cell: Cell) -> dict:
        """As everywhere; a further experiment may have more to say."""
        return FURTHER[cell.system].told() if cell.system in FURTHER else super().told(cell)

    def train(self, cell: Cell, folder: Path, device: str, progress: bool) -> neural.Trained:
        """Train a network of this chapter, or what a further experiment trains in its own way."""
        from biosig.papers.primer.train import train

        further = FURTHER.get(cell.system)
        if further and further.train:
            return further.train(cell, folder, device, progress)
        setup = setup_of(cell.profile)
        network = setup.network(cell.system, cell.seed)
        model, notes, result = train(setup, network, network.recipe, folder, device, progress)
        made = neural.trained(cell, network.network, folder, device, model, notes, result)
        accounts = {name: folder / name for name in ACCOUNTS if (folder / name).is_file()}
        return replace(made, told={**made.told, **notes.get("judged", {})}, files={**made.files, **accounts})

    def items(self, cell: Cell, network: neural.System | None, device: str, progress: bool) -> list[Item]:
        """Every measure of every test mixture; or what systems cost; or what a further experiment measures."""
        setup = setup_of(cell.profile)
        if cell.system == COSTS:
            return costs.cost_items(setup, progress)
        if further := FURTHER.get(cell.system):
            return further.items(cell, network, device, progress)
        system = network or (cell.system if cell.system in ORACLE else untrained(cell.system))
        found = evaluate(system, test_mixtures(setup), metrics(setup), cell.system, progress)
        if network and cell.system in GENERATIVE and setup.name == "open":
            found += generative.items(cell.system, network, progress)
        if network and cell.system in MULTITASK:
            found += beyond.items(network, test_mixtures(setup), cell.system, progress)
        return found

    def makers(self, profile: str, store: CellStore) -> Makers:
        """Every table of the chapter, from whatever the store holds."""
        names = (*TABLES, *(each.tables for each in EXPERIMENTS))
        modules = map(importlib.import_module, names)
        return {name: make for each in modules for name, make in each.makers(self, profile, store).items()}


PROTOCOL = Primer()


def metrics(setup: Setup) -> dict[str, tuple[str, ...]]:
    """Test set → what is measured on it."""
    if setup.name == "quick":
        return {"samples": QUICK_METRICS}
    return {"voicebank": (*METRICS, *LISTENED), "unseen": METRICS}


def test_mixtures(setup: Setup) -> list[Mixture]:
    """What a profile tests on: VoiceBank-DEMAND and its clean speech in unseen noises, or embedded samples."""
    if setup.name == "quick":
        return mixtures.test_mixtures(sources.load("quick", "test"), setup.test_snrs, "samples")
    pairs = sources.voicebank_set()
    return pairs + mixtures.unseen_mixtures(pairs, sources.unseen_noises(), setup.test_snrs)
