"""Arrays that take long to compute, kept by what they were computed from.

A key is the content: the audio's samples, the name of what was done to it, its version. So nothing ever has to be
invalidated, two runners may share a folder, and it may be deleted at any time: it costs time and no number.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from biosig.files import atomic_path


class ArrayCache:
    """Arrays below one folder, as .npy; None as the folder keeps nothing."""

    def __init__(self, folder: Path | str | None):
        self.folder = None if folder is None else Path(folder)

    @classmethod
    def beside_data(cls) -> "ArrayCache":
        """In ``BIOSIG_CACHE``, else in ``.biosig-cache`` of the data folder; without either nothing is kept."""
        if folder := os.environ.get("BIOSIG_CACHE"):
            return cls(folder)
        data = os.environ.get("BIOSIG_DATA")
        return cls(Path(data) / ".biosig-cache" if data else None)

    def get(self, parts: tuple, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """The array that belongs to ``parts`` (texts, numbers and arrays), computed if it is not there yet."""
        if self.folder is None:
            return compute()
        found = self.find(parts)
        if found is None:
            found = np.asarray(compute())
            with atomic_path(self.path(parts)) as temporary, open(temporary, "wb") as file:
                np.save(file, found, allow_pickle=False)
        return found

    def find(self, parts: tuple) -> np.ndarray | None:
        """The array that belongs to ``parts``, or None if it is not there, or not whole."""
        return None if self.folder is None else _read(self.path(parts))

    def path(self, parts: tuple) -> Path:
        """Where the array of ``parts`` lies, or would."""
        name = content_key(*parts)
        return self.folder / name[:2] / f"{name}.npy"


def content_key(*parts: object) -> str:
    """40 hex digits of what the parts hold; no two different lists of parts are read as one."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            kind, data = f"{part.dtype.str}{part.shape}", np.ascontiguousarray(part).tobytes()
        else:
            kind, data = type(part).__name__, str(part).encode()
        digest.update(f"{kind}:{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()[:40]


def _read(path: Path) -> np.ndarray | None:
    """What lies there, or None if nothing does, or nothing whole: then it is computed again."""
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
