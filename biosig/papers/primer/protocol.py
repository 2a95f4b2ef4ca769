"""The experiment of the speech chapter as code: which systems, on which mixtures, scored how, in which tables."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType

from biosig.metrics.speech import MEASURES
from biosig.papers import neural
from biosig.papers.comparison import Makers
from biosig.papers.experiment import Experiment
from biosig.papers.primer import costs, joint, mixtures, recognition, sources, voices
from biosig.papers.primer.profiles import SETUPS, Setup, setup_of
from biosig.papers.primer.score import LISTENED, METRICS, QUICK_METRICS, evaluate
from biosig.papers.primer.sources import CORPORA, TRAINING
from biosig.papers.primer.systems import LOSS_STUDY, NEURAL, ORACLE, SYSTEMS, TRAINED, VARIED, untrained
from biosig.peers import PEERS
from biosig.results.items import Cell, CellStore, Item
from biosig.signal.types import Mixture, Recording

PESQ_FILE = "pesq.csv"  # of a network that was trained against a discriminator
COSTS = "costs"  # no system: one cell that measures what all of them cost
FURTHER = (voices, recognition, joint)  # experiments beside the first, in cells of their own


class Primer(Experiment):
    """The protocol of the speech-enhancement chapter."""

    name = "primer"
    title = "Speech enhancement, from spectral subtraction to learned masks and waveforms"
    systems = {
        **SYSTEMS,
        COSTS: "size, delay and speed of every system; nothing is trained",
        **{f"{voices.PREFIX}{name}": f"other voices and other inputs: {SYSTEMS[name]}" for name in voices.SCORED},
        **{f"{recognition.PREFIX}{name}": recognition.title(name) for name in recognition.SCORED},
        **{f"{joint.PREFIX}{name}": joint.title(name) for name in joint.KINDS},
    }
    setups = SETUPS  # the text trains nothing, so it has no schedule of its own to repeat in a paper profile
    data = CORPORA
    samples = "SOUNDS.toml"
    trained = (*TRAINED, *(f"{joint.PREFIX}{name}" for name in joint.KINDS))
    published = (*NEURAL, *VARIED)
    halved = True  # twelve megabytes instead of twenty-five

    def measures(self, setup: Setup) -> dict:
        """Test set → measure → its variant."""
        return {which: {name: MEASURES[name].variant for name in names} for which, names in metrics(setup).items()}

    def seeds(self, setup: Setup, system: str) -> Sequence[int]:
        """The repetitions of a system, none where the profile does not have it."""
        if system in VARIED:
            return (0,) if system in dict(setup.networks) else ()
        if further := further_of(system):
            return (0,) if setup.name == "open" and further.available(system.removeprefix(further.PREFIX)) else ()
        return setup.loss_seeds if system in LOSS_STUDY else super().seeds(setup, system)

    def folds(self, system: str) -> Sequence[int]:
        """People take turns where a recogniser learns their phones."""
        return joint.FOLDS if further_of(system) is joint else super().folds(system)

    def config(self, setup: Setup, system: str, seed: int) -> dict:
        """As everywhere, but for what costs are measured on, further experiments, and how peers are called."""
        if system == COSTS:
            networks = [asdict(setup.network(name)) for name in NEURAL]
            return {"version": self.version, "costs": costs.VERSIONS, "networks": networks}
        if further := further_of(system):
            return further.config(system.removeprefix(further.PREFIX))
        fed = {"fed": "silence after the end; the delay is taken off the output"} if system in PEERS else {}
        return super().config(setup, system, seed) | fed

    def corpora(self, cell: Cell) -> tuple[str, ...]:
        """What computing a cell reads: all corpora where something is trained, those of the test elsewhere."""
        if cell.system == COSTS:
            return ()
        if further := further_of(cell.system):
            return further.CORPORA
        return tuple(name for name in CORPORA[cell.profile] if cell.system in TRAINED or name not in TRAINING)

    def data_files(self, profile: str, system: str) -> list[Path]:
        """As everywhere; further experiments have their own."""
        further = further_of(system)
        return further.data_files() if further else super().data_files(profile, system)

    def told(self, cell: Cell) -> dict:
        """What recognises, where something does."""
        return recognition.told() if further_of(cell.system) is recognition else {}

    def train(self, cell: Cell, folder: Path, device: str, progress: bool) -> neural.Trained:
        """Train a network of this chapter, or an enhancer and a recogniser together."""
        from biosig.papers.primer.train import train

        if further_of(cell.system) is joint:
            from biosig.papers.primer.joint_train import train_chain

            return train_chain(cell.system.removeprefix(joint.PREFIX), cell.fold, folder, device, progress)
        setup = setup_of(cell.profile)
        network = setup.network(cell.system, cell.seed)
        model, notes, result = train(setup, network, network.recipe, folder, device, progress)
        made = neural.trained(cell, network.network, folder, device, model, notes, result)
        if "judged" not in notes:
            return made
        return replace(made, told={**made.told, **notes["judged"]}, files={**made.files, PESQ_FILE: folder / PESQ_FILE})

    def items(self, cell: Cell, network: neural.System | None, device: str, progress: bool) -> list[Item]:
        """Every measure of every test mixture; or what systems cost; or what a further experiment measures."""
        setup = setup_of(cell.profile)
        if cell.system == COSTS:
            return costs.cost_items(setup, progress)
        if further := further_of(cell.system):
            own = cell.system.removeprefix(further.PREFIX)
            if further is joint:
                return joint.evaluate(own, network, cell.fold, progress)
            return further.evaluate(own, device, progress)
        system = network or (cell.system if cell.system in ORACLE else untrained(cell.system))
        return evaluate(system, test_mixtures(setup), metrics(setup), cell.system, progress)

    def makers(self, profile: str, store: CellStore) -> Makers:
        """Every table of the chapter, from whatever the store holds."""
        from biosig.papers.primer import tables, tables_joint, tables_recognition, tables_voices

        modules = (tables, tables_voices, tables_recognition, tables_joint)
        found = (module.makers(self, profile, store) for module in modules)
        return {name: make for each in found for name, make in each.items()}


PROTOCOL = Primer()


def further_of(system: str) -> ModuleType | None:
    """The further experiment that a system's cell belongs to, if it is one of theirs."""
    return next((each for each in FURTHER if system.startswith(each.PREFIX)), None)


def metrics(setup: Setup) -> dict[str, tuple[str, ...]]:
    """Test set → what is measured on it."""
    if setup.name == "quick":
        return {"samples": QUICK_METRICS}
    return {"voicebank": (*METRICS, *LISTENED), "unseen": METRICS}


def test_mixtures(setup: Setup) -> list[Mixture]:
    """What a profile tests on: VoiceBank-DEMAND and its clean speech in unseen noises, or embedded samples."""
    if setup.name == "quick":
        return mixtures.test_mixtures(sources.load("quick", "test"), setup.test_snrs, "samples")
    pairs = [replace(pair, conditions=(("set", "voicebank"),)) for pair in sources.voicebank_pairs()]
    unseen = sources.Sources(tuple(map(clean_of, pairs)), tuple(sources.unseen_noises()))
    return pairs + mixtures.test_mixtures(unseen, setup.test_snrs, "unseen")


def clean_of(pair: Mixture) -> Recording:
    """The clean side of a pair as a recording."""
    return Recording(pair.clean, pair.fs, "full scale", pair.item, pair.subject)
