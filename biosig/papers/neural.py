"""What protocols that train networks have in common: fresh weights, one training run, its record, publishing."""

from collections.abc import Callable, Iterable
from importlib import resources
from pathlib import Path

from biosig.errors import MissingDataError
from biosig.files import write_text
from biosig.results.items import Cell, CellStore
from biosig.results.verify import write_sums


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


def publish(
    store: CellStore, systems: Iterable[str], cells_of: Callable[[str], list[Cell]], target: Path, copy: Callable
) -> list[Path]:
    """Put each network's best checkpoint, the seed chosen on validation, into ``target``, and list their hashes.

    Args:
        copy: copy(source, target), a plain one or :func:`biosig.training.checkpoints.halve`.

    Returns:
        The files written.
    """
    written = []
    for system in systems:
        done = [cell for cell in cells_of(system) if store.done(cell)]
        if not done:
            continue
        best = min(done, key=lambda cell: store.read(cell).run["best_validation"])
        target.mkdir(exist_ok=True)
        copy(scratch(store, best) / "best.pt", target / f"{system}.pt")
        written.append(target / f"{system}.pt")
    return [*written, write_sums(target)] if written else []


def published(paper: str, name: str):
    """The published checkpoint of a paper's network, chosen among its seeds on validation data.

    Raises:
        MissingDataError: there is none.
    """
    file = resources.files("biosig.papers").joinpath(paper, "checkpoints", f"{name}.pt")
    if not file.is_file():
        raise MissingDataError(f"no trained {name} is published here: run `biosig run {paper} --system {name}` first.")
    return file
