"""The experiment of the speech chapter as code: which systems, on which mixtures, scored how, in which tables."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from biosig import corpora, samples
from biosig.corpora.registry import card
from biosig.files import sha256
from biosig.metrics.speech import MEASURES
from biosig.papers import neural
from biosig.papers.primer import costs, mixtures, sources, voices
from biosig.papers.primer.profiles import SETUPS, Setup, setup_of
from biosig.papers.primer.score import LISTENED, METRICS, QUICK_METRICS, evaluate
from biosig.papers.primer.sources import CORPORA, TRAINING
from biosig.papers.primer.systems import (
    LOSS_STUDY,
    NEURAL,
    ORACLE,
    SYSTEMS,
    TRAINED,
    VARIED,
    System,
    denoiser,
    untrained,
)
from biosig.peers import PEERS
from biosig.results.items import Cell, CellStore
from biosig.results.provenance import describe_run
from biosig.results.tables import Table
from biosig.signal.types import Mixture, Recording

VERSION = 1  # raised when a change of the code below changes numbers that no field of the config shows
CHECKPOINTS = Path(__file__).parent / "checkpoints"
COSTS = "costs"  # no system: one cell that measures what all of them cost


class Primer:
    """The protocol of the speech-enhancement chapter."""

    name = "primer"
    title = "Speech enhancement, from spectral subtraction to learned masks and waveforms"
    systems = {
        **SYSTEMS,
        COSTS: "size, delay and speed of every system; nothing is trained",
        **{f"{voices.PREFIX}{name}": f"other voices and other inputs: {SYSTEMS[name]}" for name in voices.SCORED},
    }

    def cells(
        self, profile: str, systems: Sequence[str] | None = None, seeds: Sequence[int] | None = None
    ) -> list[Cell]:
        """One cell for each system, one per seed for each trained one; none in the paper profile."""
        if profile not in SETUPS:
            return []
        setup = setup_of(profile)
        cells = [
            Cell("primer", profile, system, 0, seed, config(setup, system, seed))
            for system in systems or self.systems
            for seed in seeds_of(setup, system)
        ]
        return [cell for cell in cells if seeds is None or cell.seed in seeds]

    def corpora(self, cell: Cell) -> tuple[str, ...]:
        """What computing a cell reads: all corpora where something is trained, those of the test elsewhere."""
        if cell.system == COSTS:
            return ()
        if cell.system.startswith(voices.PREFIX):
            return voices.CORPORA
        return tuple(name for name in CORPORA[cell.profile] if cell.system in TRAINED or name not in TRAINING)

    def run_cell(self, cell: Cell, *, store: CellStore, device: str, progress: bool) -> None:
        """Train where there is something to train, score every test mixture, and write the cell."""
        setup, extras = setup_of(cell.profile), {}
        if cell.system.startswith(voices.PREFIX):
            items = voices.evaluate(cell.system.removeprefix(voices.PREFIX), device, progress)
            store.write(cell, items, describe_run(device, voices.data_files()))
            return
        run = describe_run(device, data_files(cell.profile))
        if cell.system == COSTS:
            store.write(cell, costs.cost_items(setup, progress), run)
            return
        if cell.system in TRAINED:
            system, more, extras = trained(cell, setup, neural.scratch(store, cell), device, progress)
            run |= more
        else:
            system = cell.system if cell.system in ORACLE else untrained(cell.system)
        items = evaluate(system, test_mixtures(setup), metrics(setup), cell.system, progress)
        store.write(cell, items, run, extras)

    def tables(self, profile: str, store: CellStore, only: Sequence[str] = ()) -> list[Table]:
        """Every table of the chapter, from whatever the store holds."""
        from biosig.papers.comparison import made
        from biosig.papers.primer import tables, tables_voices

        found = tables.makers(self, profile, store) | tables_voices.makers(self, profile, store)
        return made(found, only)


PROTOCOL = Primer()


def seeds_of(setup: Setup, system: str) -> tuple[int, ...]:
    """The repetitions of a system, none where the profile does not have it."""
    if system in VARIED:
        return (0,) if system in dict(setup.networks) else ()
    if system.startswith(voices.PREFIX):
        return (0,) if setup.name == "open" and voices.available(system.removeprefix(voices.PREFIX)) else ()
    if system in LOSS_STUDY:
        return setup.loss_seeds
    return setup.seeds if system in TRAINED else (0,)


def config(setup: Setup, system: str, seed: int) -> dict:
    """All that decides a cell's numbers: data, metrics and, for a network, its training."""
    if system == COSTS:
        return {"version": VERSION, "costs": costs.VERSIONS, "networks": [asdict(setup.network(n)) for n in NEURAL]}
    if system.startswith(voices.PREFIX):
        return voices.config(system.removeprefix(voices.PREFIX))
    files = {path.name: sha256(path) for path in data_files(setup.name)}
    variants = {which: {name: MEASURES[name].variant for name in names} for which, names in metrics(setup).items()}
    common = {"version": VERSION, "data": setup.data_config(), "data_files": files, "metrics": variants}
    if system in PEERS:
        return {**common, "fed": "silence after the end; the delay is taken off the output"}
    if system not in TRAINED:
        return common
    return {**common, "network": asdict(setup.network(system, seed))}


def metrics(setup: Setup) -> dict[str, tuple[str, ...]]:
    """Test set → what is measured on it."""
    if setup.name == "quick":
        return {"samples": QUICK_METRICS}
    return {"voicebank": (*METRICS, *LISTENED), "unseen": METRICS}


def data_files(profile: str) -> list[Path]:
    """The committed files that say which data a profile uses: splits, and lists of hashes where they are known."""
    if profile == "quick":
        return [Path(samples.__file__).parent / "SOUNDS.toml"]
    root = Path(corpora.__file__).parent
    splits = [root / "splits" / f"{name}.json" for name in CORPORA[profile]]
    lists = [root / "manifests" / card(name).manifest for name in CORPORA[profile] if card(name).manifest]
    return [path for path in splits if path.is_file()] + lists


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


def trained(cell: Cell, setup: Setup, folder: Path, device: str, progress: bool) -> tuple[System, dict, dict]:
    """The network of a cell as a system, what the run record should say of its training, and its curve."""
    from biosig.papers.primer.train import train
    from biosig.training.checkpoints import save_checkpoint

    network = setup.network(cell.system, cell.seed)
    model, notes, result = train(setup, network, network.recipe, folder, device, progress)
    save_checkpoint(folder / "best.pt", network.network, model.state_dict(), {**notes, "cell": cell.name})
    return denoiser(model, notes, device), neural.told(model, result), {"curve.csv": folder / "curve.csv"}


def publish(store: CellStore, profile: str = "open") -> list[Path]:
    """Put each network's best checkpoint, the seed chosen on validation, where ``load_system`` looks, as float16.

    Twelve megabytes instead of twenty-five; the scores in the tables are those of float32.
    """
    from biosig.training.checkpoints import halve

    systems = (*NEURAL, *VARIED)
    return neural.publish(store, systems, lambda system: PROTOCOL.cells(profile, [system]), CHECKPOINTS, halve)
