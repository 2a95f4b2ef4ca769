"""What protocols that train networks have in common: fresh weights, a training's record, checkpoints, publishing."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from biosig.errors import MissingDataError
from biosig.files import write_text
from biosig.results.items import Cell, CellStore
from biosig.results.verify import write_sums

System = Callable[[np.ndarray, float], np.ndarray]  # system(noisy (..., n), fs) → the same shape


@dataclass(frozen=True)
class Trained:
    """The network of a cell.

    Attributes:
        system: ready to be called; None where none was trained.
        told: what the run record says of its training.
        files: that lie beside the cell's items, by name.
    """

    system: System | None = None
    told: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)


def initialised(network: str, seed: int, name: str = "", **options: object):
    """A fresh network whose weights follow from its (or the run's) name and seed, whatever was drawn before."""
    import torch

    from biosig.models.networks import build
    from biosig.seeds import seed_for

    with torch.random.fork_rng():
        torch.manual_seed(seed_for("weights", name or network, seed))
        return build(network, **options)


def told(model, result) -> dict:
    """What a run record says of a training run (a :class:`biosig.training.loop.FitResult`)."""
    import torch

    from biosig.models.networks import count_parameters

    return {
        "parameters": count_parameters(model),
        "threads": torch.get_num_threads(),  # another number of them may change the last bits
        "best_epoch": result.best_epoch,
        "best_validation": result.best_value,
        "epochs": len(result.curve),
        "stopped": result.stopped,
        "training_seconds": round(result.seconds, 1),
    }


def scratch(store: CellStore, cell: Cell) -> Path:
    """Where a cell's training keeps what it resumes from: under the store, and never committed."""
    folder = store.root / ".runs" / cell.paper / cell.profile / cell.name
    folder.mkdir(parents=True, exist_ok=True)
    write_text(store.root / ".runs" / ".gitignore", "*\n")
    return folder


def trained(
    cell: Cell, network: str, folder: Path, device: str, model, notes: Mapping[str, object], result
) -> Trained:
    """A network that was just trained, as a system; its checkpoint is kept in ``folder``, to be published from.

    Args:
        cell: that it was trained for.
        network: its name in :data:`biosig.models.networks.NETWORKS`.
        folder: see :func:`scratch`.
        device: to run on.
        model, notes, result: what the paper's own training gave: the network, what a checkpoint has to say about
            it, and the :class:`biosig.training.loop.FitResult`.
    """
    from biosig.training.checkpoints import save_checkpoint

    save_checkpoint(folder / "best.pt", network, model.state_dict(), {**notes, "cell": cell.name})
    return Trained(denoiser(model, notes, device), told(model, result), {"curve.csv": folder / "curve.csv"})


def denoiser(network, notes: Mapping[str, object], device: str = "cpu") -> System:
    """A trained network and its notes as a system."""
    from biosig.training.inference import Denoiser

    said = {name: notes[name] for name in ("scaling", "factor", "fs", "kind", "seed", "window_s") if name in notes}
    return Denoiser(network, device=device, **said)


def tensors(pairs: Iterable[tuple[np.ndarray, np.ndarray]]):
    """(noisy, clean) signals of (n,) each → two float32 tensors of (batch, n)."""
    import torch

    sides = zip(*pairs, strict=True)
    return tuple(torch.from_numpy(np.stack(side).astype(np.float32, copy=False)) for side in sides)


def publish(store: CellStore, paper: str, cells: Mapping[str, list[Cell]], halved: bool = False) -> list[Path]:
    """Put each network's best checkpoint, the seed chosen on validation, into the package, and list their hashes.

    Args:
        store: where the cells are, and what they were trained in.
        paper: whose networks they are.
        cells: network → the cells that trained it.
        halved: as float16; the scores in the tables are those of float32.

    Returns:
        The files written.
    """
    from biosig.training.checkpoints import halve

    copy, target, written = halve if halved else shutil.copyfile, checkpoints(paper), []
    for system, every in cells.items():
        done = [cell for cell in every if store.done(cell)]
        if not done:
            continue
        best = min(done, key=lambda cell: store.read(cell).run["best_validation"])
        target.mkdir(exist_ok=True)
        copy(scratch(store, best) / "best.pt", target / f"{system}.pt")
        written.append(target / f"{system}.pt")
    return [*written, write_sums(target)] if written else []


def checkpoints(paper: str) -> Path:
    """Where the published checkpoints of a paper's networks lie."""
    return Path(__file__).parent / paper / "checkpoints"


def is_published(paper: str, name: str) -> bool:
    """Whether there is a published checkpoint of a paper's network."""
    return (checkpoints(paper) / f"{name}.pt").is_file()


def published(paper: str, name: str) -> Path:
    """The published checkpoint of a paper's network, chosen among its seeds on validation data.

    Raises:
        MissingDataError: there is none.
    """
    if not is_published(paper, name):
        raise MissingDataError(
            f"no trained {name} is published here: run `biosig run {paper} --system {name}` first."
        )
    return checkpoints(paper) / f"{name}.pt"


def load_published(paper: str, name: str, network: str, device: str = "cpu") -> System:
    """The published network of a paper, ready to be called; ``network`` is what it is called among the models.

    Raises:
        MissingDataError: it is not published.
        CheckpointError: its file is damaged, or another network's.
    """
    from biosig.training.checkpoints import load_checkpoint

    return denoiser(*load_checkpoint(published(paper, name), network), device)
