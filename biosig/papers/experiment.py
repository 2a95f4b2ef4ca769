"""What the protocols of this package share, so that each says what its paper says and no more."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar

from biosig.papers import neural
from biosig.papers.base import PROFILES, known
from biosig.papers.comparison import Makers, made
from biosig.papers.data import data_files, embedded, hashes
from biosig.papers.setups import Setup
from biosig.results.items import Cell, CellStore, Item
from biosig.results.provenance import describe_run
from biosig.results.tables import Table


class Experiment(ABC):
    """A :class:`biosig.papers.base.Protocol` whose cells are systems times seeds.

    A paper has to say what is declared here without a value, and how it is measured (:meth:`measures`,
    :meth:`items`) and shown (:meth:`makers`). One that trains networks names them and says how (:meth:`train`).

    Attributes:
        name, title, systems: as in a Protocol.
        version: raised when a change of the paper's code changes numbers that no field of a config shows.
        setups: profile → what is run in it; a profile without one has no cells.
        data: profile → the corpora that it rests on.
        samples: the list of embedded recordings that stands in where a profile rests on no corpus.
        trained: systems that a network of the cell's own has to be trained for.
        published: those of them whose best checkpoint is published.
        halved: whether checkpoints are published as float16.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    systems: ClassVar[Mapping[str, str]]
    version: ClassVar[int] = 1
    setups: ClassVar[Mapping[str, Setup]]
    data: ClassVar[Mapping[str, Sequence[str]]]
    samples: ClassVar[str]
    trained: ClassVar[Collection[str]] = ()
    published: ClassVar[Collection[str]] = ()
    halved: ClassVar[bool] = False

    @abstractmethod
    def measures(self, setup: Setup) -> dict:
        """The versions of all that is measured in a profile, as a cell's config keeps them."""

    @abstractmethod
    def items(self, cell: Cell, network: neural.System | None, device: str, progress: bool) -> list[Item]:
        """What a cell measures or predicts; ``network`` is the one that was trained for it, if one was."""

    @abstractmethod
    def makers(self, profile: str, store: CellStore) -> Makers:
        """Every table of the paper by name, each computed when it is called for."""

    def train(self, cell: Cell, folder: Path, device: str, progress: bool) -> neural.Trained:
        """Train the network of a cell, or resume or reload it from ``folder``; for papers with such cells."""
        raise NotImplementedError(f"{self.name} does not say how {cell.system} is trained")

    def cells(
        self, profile: str, systems: Sequence[str] | None = None, seeds: Sequence[int] | None = None
    ) -> list[Cell]:
        """A cell for each system, fold and seed; none in a profile that the paper does not have.

        Raises:
            ConfigError: an unknown profile.
        """
        setup = self.setups.get(known("profile", profile, PROFILES))
        if setup is None:
            return []
        return [
            Cell(self.name, profile, system, fold, seed, self.config(setup, system, seed) | self.of_fold(setup, fold))
            for system in systems or self.systems
            for fold in self.folds(setup, system)
            for seed in self.seeds(setup, system)
            if seeds is None or seed in seeds
        ]

    def seeds(self, setup: Setup, system: str) -> Sequence[int]:
        """The repetitions of a system: the profile's for a trained one, one for any other."""
        return setup.seeds if system in self.trained else (0,)

    def folds(self, setup: Setup, system: str) -> Sequence[int]:
        """The folds of a system, whose items are those of one run together: one, where nobody takes turns."""
        return (0,)

    def of_fold(self, setup: Setup, fold: int) -> dict:
        """What a cell's config says of its fold beyond the number."""
        return {}

    def config(self, setup: Setup, system: str, seed: int) -> dict:
        """All that decides a cell's numbers: data, measures and, for a network, its training."""
        found = self.common(setup, system) | {"metrics": self.measures(setup)}
        return found | ({"network": asdict(setup.network(system, seed))} if system in self.trained else {})

    def common(self, setup: Setup, system: str) -> dict:
        """What every config holds, whatever is measured: the version of the code, and the data."""
        files = hashes(self.data_files(setup.name, system))
        return {"version": self.version, "data": setup.data_config(), "data_files": files}

    def corpora(self, cell: Cell) -> Sequence[str]:
        """What computing a cell reads."""
        return self.data[cell.profile]

    def data_files(self, profile: str, system: str) -> list[Path]:
        """The committed files that say which data a system is run on."""
        return data_files(self.data[profile]) or [embedded(self.samples)]

    def told(self, cell: Cell) -> dict:
        """What a cell's record says beyond every other one's, known before any work."""
        return {}

    def run_cell(self, cell: Cell, *, store: CellStore, device: str, progress: bool) -> None:
        """Train where there is something to train, measure, and write the cell."""
        run = describe_run(device, self.data_files(cell.profile, cell.system)) | self.told(cell)
        trained = neural.Trained()
        if cell.system in self.trained:
            trained = self.train(cell, neural.scratch(store, cell), device, progress)
        items = self.items(cell, trained.system, device, progress)
        store.write(cell, items, run | trained.told, trained.files)

    def tables(self, profile: str, store: CellStore, only: Sequence[str] = ()) -> list[Table]:
        """The paper's tables and figures, or those of these names, beside what the store holds."""
        return made(self.makers(profile, store), only)

    def publish(self, store: CellStore, profile: str = "open", systems: Sequence[str] = ()) -> list[Path]:
        """Put the best checkpoint of each network, or of those named, where ``load_system`` looks.

        The seed is chosen on validation.

        Raises:
            ConfigError: a system that this paper does not publish.
        """
        named = [known("network to publish", system, self.published) for system in systems]
        cells = {system: self.cells(profile, [system]) for system in named or self.published}
        return neural.publish(store, self.name, cells, self.halved)
