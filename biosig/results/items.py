"""The item store: a folder per cell, whole or absent, also after a kill and with two runners at once.

<root>/<paper>/<profile>/<cell.name>/items.csv.gz     the numbers, the same bytes for the same computation
                                     seconds.csv.gz   the time that each mixture took
                                     run.json         who, how, when, with what; hashes of all files
                                     curve.csv, …     whatever else the run hands over
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from biosig.errors import BiosigError, DataError
from biosig.results.cells import Cell, digest
from biosig.results.rows import Item, decode, encode

try:
    import fcntl
except ImportError:  # Windows: no locks, so two runners may compute a cell twice; it is still written once
    fcntl = None

__all__ = ["Cell", "CellRun", "CellStore", "Item"]

ITEMS, SECONDS, RUN = "items.csv.gz", "seconds.csv.gz", "run.json"


@dataclass(frozen=True)
class CellRun:
    """A cell as it was run: its items, its run record (run.json) and the folder they lie in."""

    cell: Cell
    items: tuple[Item, ...]
    run: dict
    folder: Path


class CellStore:
    """Cells under one root folder. Nothing in it is ever changed in place."""

    def __init__(self, root: Path | str):
        self.root = Path(root)

    def folder(self, cell: Cell) -> Path:
        """Where the cell lies, or would."""
        return self.root / cell.paper / cell.profile / cell.name

    def done(self, cell: Cell) -> bool:
        """Whether the cell is there; folders appear whole, so this needs no reading."""
        return all((self.folder(cell) / name).is_file() for name in (ITEMS, SECONDS, RUN))

    def write(
        self,
        cell: Cell,
        items: Sequence[Item],
        run: dict | None = None,
        extras: dict[str, bytes | Path] | None = None,
    ) -> Path:
        """Write the cell at one stroke and return its folder; if it is there already, the first one stays.

        Args:
            items: at least one.
            run: what :func:`biosig.results.provenance.describe_run` says, and more (curves, epochs, …).
            extras: further files by name, as bytes or as a file to copy.

        Raises:
            DataError: no items, the same metric twice for an item, an extra with an impossible name.
        """
        if not items:
            raise DataError(f"cell {cell.name} has no items: expected at least one.")
        final = self.folder(cell)
        files = _contents(cell, items, run or {}, extras or {})
        final.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{cell.name}.", suffix=".part"))
        try:
            part.chmod(0o755)  # mkdtemp makes 0700; results are for everyone to read
            _write_all(part, files)
            _move(part, final)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return final

    def read(self, cell: Cell) -> CellRun:
        """The cell's items and run record.

        Raises:
            DataError: not there, damaged, altered, or of another cell.
        """
        return self.read_folder(self.folder(cell))

    def read_folder(self, folder: Path) -> CellRun:
        """Like :meth:`read`, for a folder one has found."""
        run, data = read_run(folder), {}
        cell = cell_of(run, folder)
        for name, expected in run["files"].items():
            data[name] = _bytes(folder / name)
            if hashlib.sha256(data[name]).hexdigest() != expected:
                raise DataError(f"{folder / name} was altered: its sha256 is not the one in run.json.")
        items, found = _decoded(data[ITEMS], data[SECONDS], str(folder / ITEMS))
        if found != run["counts"]:
            raise DataError(f"{folder} holds {found['items']} items, and run.json counts others.")
        return CellRun(cell, items, run, folder)

    def folders(self, paper: str, profile: str) -> list[Path]:
        """Every folder that claims to be a cell of this paper and profile, in order."""
        here = self.root / paper / profile
        return sorted(path.parent for path in here.glob(f"*/{RUN}") if not path.parent.name.startswith("."))

    def cells(self, paper: str, profile: str) -> list[Cell]:
        """The complete cells of a paper and profile, in the order of their names."""
        found = [cell_of(read_run(folder), folder) for folder in self.folders(paper, profile)]
        return [cell for cell in found if self.done(cell)]

    @contextlib.contextmanager
    def lock(self, cell: Cell, wait: bool = True) -> Iterator[bool]:
        """Hold the cell against other runners; yields False if another holds it and ``wait`` is False.

        The kernel frees the lock when its holder ends, killed or not. What a killed writer left half-written
        is removed by the next holder.
        """
        with open(self._lock_path(cell), "w") as file:
            try:
                if fcntl:
                    fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            except OSError as error:  # a mount without locks
                raise DataError(f"{file.name} cannot be locked ({error.strerror}): expected flock to work.") from None
            for left in self.folder(cell).parent.glob(f".{cell.name}.*.part"):
                shutil.rmtree(left, ignore_errors=True)
            yield True

    def _lock_path(self, cell: Cell) -> Path:
        folder = self.root / ".locks"  # under the root: whoever shares the store shares the locks
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        return folder / f"{cell.paper}-{cell.profile}-{cell.name}.lock"


@lru_cache(maxsize=512)  # by content: `biosig verify` reads a cell to check it, and again for its tables
def _decoded(numbers: bytes, seconds: bytes, name: str) -> tuple[tuple[Item, ...], dict]:
    items = tuple(decode(numbers, seconds, name))
    return items, counts(items)


def counts(items: Sequence[Item]) -> dict:
    """How many items, and per metric and reason how many without a value."""
    failed = Counter(f"{row.metric}: {row.reason}" for row in items if row.value is None)
    mixtures = len({row.item for row in items})
    return {"items": len(items), "mixtures": mixtures, "failed": dict(sorted(failed.items()))}


def read_run(folder: Path) -> dict:
    """A folder's run.json.

    Raises:
        DataError: missing, not JSON, or without the fields every run record has.
    """
    path = Path(folder) / RUN
    try:
        run = json.loads(_bytes(path))
    except ValueError as error:
        if isinstance(error, BiosigError):
            raise
        raise DataError(f"{path} is not JSON: expected a whole run record.") from None
    fields = {*Cell.__dataclass_fields__, "key", "config_hash", "files", "counts"}
    missing = sorted(fields - set(run)) if isinstance(run, dict) else sorted(fields)
    if missing or not {ITEMS, SECONDS} <= set(run["files"]):
        raise DataError(f"{path} lacks {', '.join(missing) or ITEMS}: expected a whole run record.")
    return run


def cell_of(run: dict, folder: Path) -> Cell:
    """The cell that a run record describes, checked against its key, its config's hash and its folder's name.

    Raises:
        DataError: they disagree, so something was altered or moved.
    """
    cell = Cell(**{name: run[name] for name in Cell.__dataclass_fields__})
    if cell.key != run["key"] or digest(cell.config) != run["config_hash"]:
        raise DataError(f"{folder / RUN} was altered: expected the key {cell.key} for its fields.")
    where = (folder.parent.parent.name, folder.parent.name, folder.name)
    if where != (cell.paper, cell.profile, cell.name):
        raise DataError(f"{folder} holds the cell {cell.paper}/{cell.profile}/{cell.name}: expected its own.")
    return cell


def _contents(cell: Cell, items: Sequence[Item], run: dict, extras: dict[str, bytes | Path]) -> dict[str, bytes]:
    numbers, seconds = encode(items)
    files = {ITEMS: numbers, SECONDS: seconds}
    for name, content in extras.items():
        if name in (*files, RUN) or name != os.path.basename(name) or name.startswith(".") or not name:
            raise DataError(f"a file of cell {cell.name} is called {name!r}: expected a plain, unused name.")
        files[name] = content if isinstance(content, bytes) else Path(content).read_bytes()
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    own = {
        **cell.as_dict(),
        "key": cell.key,
        "config_hash": digest(cell.config),
        "files": hashes,
        "counts": counts(items),
    }
    record = json.dumps({**run, **own}, indent=1, sort_keys=True, ensure_ascii=False, default=_plain) + "\n"
    return {**files, RUN: record.encode()}


def _plain(value: object) -> object:
    return value.item() if hasattr(value, "item") else str(value)  # numpy numbers; paths and dates


def _write_all(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        with open(folder / name, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    _sync(folder)


def _move(part: Path, final: Path) -> None:
    try:
        os.rename(part, final)
    except OSError:
        if not (final / RUN).is_file():  # another process was first: same cell, same numbers, theirs stay
            raise
    _sync(final.parent)


def _sync(folder: Path) -> None:
    if os.name == "nt":  # where a folder cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise DataError(f"{path} is missing or cannot be read: expected a file of a finished cell.") from None
