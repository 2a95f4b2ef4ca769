"""Files that are whole or absent: hashes, atomic writes, and whether a file can be put where it is to go."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from biosig.errors import DataError


def sha256(path: Path) -> str:
    """The sha256 of a file as 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path that replaces ``path`` only if the block ends without an error; see :func:`atomic_files`."""
    with atomic_files(path) as (temporary,):
        yield temporary


@contextlib.contextmanager
def atomic_files(*paths: Path) -> Iterator[list[Path]]:
    """Temporary paths, of the same names, for files of one folder; they move there if the block ends without an error.

    A reader sees the old file or the new one, never half of one, also after a kill or a power cut. Several files
    are moved one by one, in the order given: what points to the others should come last.

    Raises:
        OSError: what the system refuses; it names the file that was to be written, and not the temporary one.
    """
    paths = [Path(path) for path in paths]
    folder = paths[0].parent
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(".part", ".", folder, ignore_cleanup_errors=True) as room:
        temporary = [Path(room, path.name) for path in paths]
        try:
            yield temporary
            for each, path in zip(temporary, paths, strict=True):
                _sync(each)
                os.replace(each, path)
        except OSError as error:
            if error.filename is None or str(error.filename).startswith(room):  # a full disk names no file
                error.filename, error.filename2 = str(paths[0]), None
            raise


def _sync(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def identity(path: Path) -> object:
    """What tells one file from another, by whatever name and link: device and inode, or the place it would take."""
    try:
        found = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return found.st_dev, found.st_ino


def check_place(path: Path) -> None:
    """Raise unless a file can be put there; folders that lack are made when it is written.

    Raises:
        DataError: it is a folder or a device, or lies in what is no folder or may not be written to.
        OSError: what else the system refuses, such as a name too long.
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        os.lstat(path)
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "no ordinary file"
        raise DataError(f"{path} is {what}: expected a file, or a name that is free.")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"{path} cannot be written: expected {folder} to be a folder that one may write to.")
