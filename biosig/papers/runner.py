"""Runs a paper's cells: skips what is done, shares the store with other runners, goes on after a failure."""

import contextlib
import multiprocessing
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from tqdm import tqdm

from biosig.corpora.integrity import require_whole
from biosig.errors import REFUSALS, BiosigError, ConfigError, sentence
from biosig.files import check_place
from biosig.papers.base import MODULES, Protocol, known, open_store, paper
from biosig.results.items import Cell, CellStore, Item

try:
    import resource
except ImportError:  # Windows
    resource = None

THREAD_LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
BUSY, DONE, SKIPPED = "busy", "done", "skipped"
Attempt = tuple[Cell, str]  # a cell, and what became of it


@dataclass
class Outcome:
    """What became of the cells, by name; ``failed`` says why."""

    done: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def note(self, cell: Cell, state: str) -> None:
        """File a cell under what :func:`attempt` said of it."""
        if state in (DONE, SKIPPED):
            getattr(self, state).append(cell.name)
        else:
            self.failed[cell.name] = state

    def sentence(self) -> str:
        """One line for the terminal."""
        return f"{len(self.done)} cells run, {len(self.skipped)} were there, {len(self.failed)} failed."


class Measured(CellStore):
    """A store that adds to a run record what the cell took: whoever runs it again knows what to ask for."""

    def __init__(self, root: Path | str):
        super().__init__(root)
        self.started = time.perf_counter()

    def write(self, cell: Cell, items: Sequence[Item], run: dict | None = None, extras: dict | None = None) -> Path:
        """As :meth:`CellStore.write`, with ``took`` in the record: seconds since this store was made, peak memory."""
        took = {"seconds": round(time.perf_counter() - self.started, 1), "peak_memory_mb": peak_memory_mb()}
        return super().write(cell, items, {**(run or {}), "took": took}, extras)


def peak_memory_mb() -> int | None:
    """The most that this process ever held, earlier cells included; None where the system does not say."""
    if resource is None:
        return None
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20)


def run(
    protocol: Protocol,
    profile: str,
    systems: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    *,
    device: str = "cpu",
    jobs: int = 1,
    store: CellStore | None = None,
    progress: bool = True,
) -> Outcome:
    """Compute every cell of a profile that is not in the store yet.

    A cell that another runner holds comes last: it is waited for, and computed here only if that runner died.
    With ``jobs`` > 1 each cell has a process of its own with cores // jobs threads; a crash costs one cell.

    Raises:
        ConfigError: an unknown system, a seed that no cell has, or jobs < 1.
        DataError: see :func:`check_ready`.
    """
    cells = select(protocol, profile, systems, seeds)
    if jobs < 1:
        raise ConfigError(f"jobs is {jobs}: expected at least 1.")
    store, outcome = store or open_store(profile), Outcome()
    check_ready(protocol, cells, store)
    with tqdm(total=len(cells), desc=f"{protocol.name} {profile}", unit="cell", disable=not progress) as bar:
        for wait in (False, True):
            attempts = _attempts(protocol, cells, store, device, jobs, wait, progress)
            with contextlib.closing(attempts):
                states = list(_followed(attempts, outcome, bar))
            cells = [cell for cell, state in states if state == BUSY]
    return outcome


def select(
    protocol: Protocol, profile: str, systems: Sequence[str] | None = None, seeds: Sequence[int] | None = None
) -> list[Cell]:
    """The cells asked for.

    Raises:
        ConfigError: an unknown system, or nothing fits.
    """
    for system in systems or ():
        known("system", system, protocol.systems)
    cells = protocol.cells(profile, systems or None, seeds or None)
    if not cells:
        raise ConfigError(f"{protocol.name} has no cells in profile {profile} for these systems and seeds.")
    return cells


def check_ready(protocol: Protocol, cells: Sequence[Cell], store: CellStore) -> None:
    """Whether the cells that are not done yet can be computed here, before hours go into the first of them.

    Raises:
        MissingDataError: a corpus that one of them reads is not here.
        DataError: a corpus is not the one that is listed, or the results cannot be written where they belong.
    """
    wanted = [cell for cell in cells if not store.done(cell)]
    require_whole(name for cell in wanted for name in protocol.corpora(cell))
    for cell in wanted[:1]:
        check_place(store.folder(cell) / "items")


def _followed(attempts: Iterator[Attempt], outcome: Outcome, bar: tqdm) -> Iterator[Attempt]:
    for cell, state in attempts:
        if state != BUSY:
            outcome.note(cell, state)
            bar.update()
        if state not in (BUSY, DONE, SKIPPED):
            bar.write(f"{cell.name} failed: {state}", file=sys.stderr)
        yield cell, state


def _attempts(
    protocol: Protocol,
    cells: list[Cell],
    store: CellStore,
    device: str,
    jobs: int,
    wait: bool,
    progress: bool,
) -> Iterator[Attempt]:
    if jobs == 1:
        for cell in cells:
            yield cell, attempt(protocol, cell, store, device, wait, progress)
    else:
        yield from _in_processes(protocol, cells, store, device, jobs, wait)


def attempt(protocol: Protocol, cell: Cell, store: CellStore, device: str, wait: bool, progress: bool) -> str:
    """Compute a cell that is missing: BUSY (another runner is at it), DONE, SKIPPED, or why it failed."""
    try:
        with store.lock(cell, wait) as mine:
            if store.done(cell):
                return SKIPPED
            if not mine:
                return BUSY
            protocol.run_cell(cell, store=Measured(store.root), device=device, progress=progress)
        return DONE if store.done(cell) else "its protocol wrote nothing."
    except (BiosigError, *REFUSALS) as error:
        return sentence(error)
    except Exception as error:  # a bug in one cell must not cost the others; its traceback is shown
        traceback.print_exc()
        return f"{type(error).__name__}: {error}"


def _in_processes(
    protocol: Protocol, cells: list[Cell], store: CellStore, device: str, jobs: int, wait: bool
) -> Iterator[Attempt]:
    sent = protocol.name if protocol.name in MODULES and paper(protocol.name) is protocol else protocol
    children: list = []
    with _threads((os.cpu_count() or jobs) // jobs), ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(_in_process, children, sent, cell, store, device, wait): cell for cell in cells}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:  # after Ctrl-C as well
            for future in futures:
                future.cancel()
            for child in children:
                child.terminate()


def _in_process(children: list, *work: object) -> str:
    context = multiprocessing.get_context("spawn")  # a fork would copy torch's threads half-dead
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(sender, *work), daemon=True)
    child.start()
    children.append(child)
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        child.join()
        return f"its process ended with code {child.exitcode} and without a result."


def _child(sender: Connection, protocol: Protocol | str, cell: Cell, store: CellStore, device: str, wait: bool) -> None:
    threading.Thread(target=_die_with_parent, daemon=True).start()
    protocol = paper(protocol) if isinstance(protocol, str) else protocol
    sender.send(attempt(protocol, cell, store, device, wait, progress=False))


def _die_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    """Let processes started meanwhile use so many threads each; numpy and torch read this when they load."""
    before = {name: os.environ.get(name) for name in THREAD_LIMITS}
    os.environ.update(dict.fromkeys(THREAD_LIMITS, str(max(1, count))))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
