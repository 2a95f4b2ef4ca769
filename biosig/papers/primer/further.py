"""The chapter's experiments beside the first: each has systems, data and items of its own, and all have one shape."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

from biosig.papers import data, neural
from biosig.papers.primer import (
    arrays,
    joint,
    live_cells,
    personal,
    pretraining,
    real_rooms,
    recognition,
    sources,
    voices,
)
from biosig.papers.primer.profiles import Setup, setup_of
from biosig.papers.primer.systems import SYSTEMS
from biosig.results.items import Cell, Item

Train = Callable[[Cell, Path, str, bool], neural.Trained]


@dataclass(frozen=True)
class Further:
    """An experiment whose cells stand beside those of the chapter's table; all of them belong to the open profile.

    Attributes:
        systems: of its cells, and what each is, in words.
        available: (system, setup) → whether it can be run here.
        config: (system, setup, seed) → all that decides its numbers.
        corpora: system → what it reads.
        items: (cell, network, device, progress) → what it measures; ``network`` is the one trained for the cell.
        trained: those of its systems that a network is trained for, as the chapter trains its own or by ``train``.
        train: see there.
        data_files: system → the committed files that say which data it reads; by default those of its corpora.
        folds: people take turns in so many.
        seeds: (system, setup) → its repetitions.
        told: what its records say beyond every other one's.
        tables: the module that makes its tables.
    """

    systems: Mapping[str, str]
    available: Callable[[str, Setup], bool]
    config: Callable[[str, Setup, int], dict]
    corpora: Callable[[str], Sequence[str]]
    items: Callable[[Cell, neural.System | None, str, bool], list[Item]]
    trained: Sequence[str] = ()
    train: Train | None = None
    data_files: Callable[[str], list[Path]] | None = None
    folds: Sequence[int] = (0,)
    seeds: Callable[[str, Setup], Sequence[int]] = lambda system, setup: (0,)
    told: Callable[[], dict] = dict
    tables: str = ""

    def files(self, system: str) -> list[Path]:
        """The committed files that say which data a system reads."""
        return self.data_files(system) if self.data_files else data.data_files(self.corpora(system))


def by_prefix(module: ModuleType, names: Mapping[str, str], items: Callable, **more) -> Further:
    """An experiment whose module knows its systems without their prefix; ``items`` takes the bare name first."""

    def bare(system: str) -> str:
        return system.removeprefix(module.PREFIX)

    return Further(
        {f"{module.PREFIX}{name}": words for name, words in names.items()},
        available=lambda system, setup: setup.name == "open" and module.available(bare(system)),
        config=lambda system, setup, seed: module.config(bare(system)),
        corpora=lambda system: module.CORPORA,
        data_files=lambda system: module.data_files(),
        items=lambda cell, *rest: items(bare(cell.system), cell, *rest),
        **more,
    )


def _train_chain(cell: Cell, folder: Path, device: str, progress: bool) -> neural.Trained:
    from biosig.papers.primer.joint_train import train_chain

    return train_chain(cell.system.removeprefix(joint.PREFIX), cell.fold, folder, device, progress)


def _train_pretraining(cell: Cell, folder: Path, device: str, progress: bool) -> neural.Trained:
    from biosig.papers.primer.pretraining_train import train_cell

    return train_cell(cell, folder, device, progress)


def _train_personal(cell: Cell, folder: Path, device: str, progress: bool) -> neural.Trained:
    from biosig.papers.primer.personal_train import train_cell

    return train_cell(cell, folder, device, progress)


def _array_config(system: str, setup: Setup, seed: int) -> dict:
    network = {"network": asdict(setup.network(system, seed))} if system == arrays.NETWORK else {}
    return arrays.config(system) | network


def _kind(system: str) -> str:
    return system.removeprefix(personal.PREFIX)


def _live_items(cell: Cell, network: neural.System | None, device: str, progress: bool) -> list[Item]:
    if cell.system == live_cells.COSTS:
        return live_cells.cost_items(setup_of(cell.profile), progress)
    return live_cells.form_items(cell.system, progress)


VOICES = by_prefix(
    voices,
    {name: f"other voices and other inputs: {SYSTEMS[name]}" for name in voices.SCORED},
    items=lambda name, cell, network, device, progress: voices.evaluate(name, device, progress),
    tables="biosig.papers.primer.tables_voices",
)
RECOGNITION = by_prefix(
    recognition,
    {name: recognition.title(name) for name in recognition.SCORED},
    items=lambda name, cell, network, device, progress: recognition.evaluate(name, device, progress),
    told=recognition.told,
    tables="biosig.papers.primer.tables_recognition",
)
JOINT = by_prefix(
    joint,
    {name: joint.title(name) for name in joint.KINDS},
    items=lambda name, cell, network, device, progress: joint.evaluate(name, network, cell.fold, progress),
    trained=tuple(f"{joint.PREFIX}{name}" for name in joint.KINDS),
    train=_train_chain,
    folds=joint.FOLDS,
    tables="biosig.papers.primer.tables_joint",
)
ARRAYS = Further(
    arrays.SYSTEMS,
    available=lambda system, setup: setup.name == "open" and arrays.available(system),
    config=_array_config,
    corpora=arrays.corpora,
    items=lambda cell, network, device, progress: arrays.evaluate(cell.system, network, progress),
    trained=(arrays.NETWORK,),
    tables="biosig.papers.primer.tables_arrays",
)
REAL_ROOMS = by_prefix(
    real_rooms,
    real_rooms.SYSTEMS,
    items=lambda name, cell, network, device, progress: real_rooms.evaluate(name, progress),
    tables="biosig.papers.primer.tables_real_rooms",
)
LIVE = Further(
    live_cells.SYSTEMS,
    available=live_cells.available,
    config=lambda system, setup, seed: live_cells.config(system, setup),
    corpora=lambda system: () if system == live_cells.COSTS else live_cells.CORPORA,
    items=_live_items,
    tables="biosig.papers.primer.tables_live",
)
PRETRAINING = Further(
    pretraining.SYSTEMS,
    available=lambda system, setup: setup.name == "open",
    config=pretraining.config,
    corpora=lambda system: sources.CORPORA["open"],
    items=lambda cell, network, device, progress: pretraining.measured(
        cell.system, network, setup_of(cell.profile), progress
    ),
    trained=tuple(pretraining.SYSTEMS),
    train=_train_pretraining,
    seeds=lambda system, setup: setup.seeds,
    tables="biosig.papers.primer.tables_pretraining",
)
PERSONAL = Further(
    {f"{personal.PREFIX}{kind}": f"one voice at a time: {words}" for kind, words in personal.KINDS.items()},
    available=lambda system, setup: setup.name == "open" and personal.available(_kind(system)),
    config=lambda system, setup, seed: personal.config(_kind(system), seed),
    corpora=lambda system: personal.corpora(_kind(system)),
    items=lambda cell, network, device, progress: personal.measured(_kind(cell.system), network, progress),
    trained=tuple(f"{personal.PREFIX}{kind}" for kind in personal.ADAPTED),
    train=_train_personal,
    seeds=lambda system, setup: setup.seeds if _kind(system) in personal.ADAPTED else (0,),
    tables="biosig.papers.primer.tables_personal",
)
EXPERIMENTS = (VOICES, RECOGNITION, JOINT, ARRAYS, LIVE, REAL_ROOMS, PRETRAINING, PERSONAL)
