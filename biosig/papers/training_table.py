"""What training each network took and came to, as a table."""

from collections.abc import Iterable, Mapping
from string import Formatter

from biosig.papers.comparison import Comparison
from biosig.results.items import CellRun
from biosig.results.tables import RUN, Entry, Table, absent, label

BY_LOSS = {
    "Epochs × steps × batch": "{epochs} × {steps_per_epoch} × {batch}",
    "Best epoch": "{best_epoch}",
    "Best validation loss": "{best_validation:.4f}",
    "Training, min": "{minutes:.1f}",
    "Parameters": "{parameters:,}",
}


def training(c: Comparison, systems: Iterable[str], columns: Mapping[str, str], note: str) -> Table:
    """A row for each seed of each network that was trained.

    Args:
        c: the runs, and what the systems are called.
        systems: those that are trained; one that is not called anything is left out.
        columns: head → what stands below it, as a format of what is known: fields of the recipe and of the run
            record, and ``minutes``, as in "{epochs} × {steps_per_epoch}".
        note: what validation is.
    """
    systems = [system for system in systems if system in c.labels]
    rows = [
        (label(f"{c.labels[system]}, seed {run.cell.seed}"), *(_told(run, text) for text in columns.values()))
        for system in systems
        for run in c.runs.get(system, ())
    ] or [(label(c.labels[system]), *[absent(c.missing(system))] * len(columns)) for system in systems]
    return Table("training", "Training runs", ("Run", *columns), tuple(rows), (note, *c.unfinished(systems)))


def _told(run: CellRun, text: str) -> Entry:
    known = {**run.cell.config["network"]["recipe"], **run.run, "minutes": run.run["training_seconds"] / 60}
    names = [name for _, name, _, _ in Formatter().parse(text) if name]
    numbers = [known[name] for name in names if not isinstance(known[name], str)]
    value = numbers[0] if len(names) == len(numbers) == 1 else None
    return Entry(text.format(**known), RUN, value, keys=(run.cell.key,))
