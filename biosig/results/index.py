"""The committed index of a profile's cells: one digest for each, over its rows and its record.

``run.json`` holds the hashes of the files beside it, so whoever edits a row can mend the hash there. The index
holds a digest over everything in the folder, ``run.json`` included, and is kept outside it: an edit then shows as a
changed line of a file that changes for no other reason.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from biosig.errors import DataError
from biosig.files import sha256, write_text

INDEX = "CELLS"  # beside the cells' folders, in the layout of the sha256sum command


def signature(folder: Path) -> str:
    """sha256 over the names and hashes of all files of a cell's folder, 64 hex digits."""
    files = sorted(path for path in Path(folder).iterdir() if path.is_file())
    lines = "".join(f"{sha256(path)}  {path.name}\n" for path in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def read_index(place: Path) -> dict[str, str]:
    """Cell's folder name → its digest; empty if there is no index yet.

    Raises:
        DataError: a line that is not a digest and a name.
    """
    path = Path(place) / INDEX
    if not path.is_file():
        return {}
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    for line in lines:
        if len(line) != 2 or len(line[0]) != 64:
            raise DataError(f"{path} holds the line {' '.join(line)[:60]!r}: expected a digest and a cell's name.")
    return {name: digest for digest, name in lines}


def check_index(place: Path, folders: Iterable[Path]) -> list[str]:
    """What is wrong: a cell that is not the one signed, not signed at all, or signed and gone."""
    path, signed = Path(place) / INDEX, read_index(place)
    found = {folder.name: signature(folder) for folder in folders}
    wrong = [
        f"{path.parent / name} is not the cell that {path} signs: its rows or its record were altered."
        for name in sorted(set(found) & set(signed))
        if found[name] != signed[name]
    ]
    wrong += [f"{path.parent / name} is not signed in {path}." for name in sorted(set(found) - set(signed))]
    lost = sorted(set(signed) - set(found))
    return wrong + [f"{path.parent / name} is missing, and {path} signs it." for name in lost]


def sign(place: Path, folders: Iterable[Path]) -> Path:
    """Add cells that are not in the index, and drop those that are gone; a line that stands is never changed.

    Raises:
        DataError: a cell is not the one signed; to accept it, its line must be taken out by hand.
    """
    path, signed = Path(place) / INDEX, read_index(place)
    found = {folder.name: signature(folder) for folder in folders}
    altered = sorted(name for name in set(found) & set(signed) if found[name] != signed[name])
    if altered:
        first = path.parent / altered[0]
        raise DataError(f"{first} is not the cell that {path} signs: restore it, or remove its line.")
    write_text(path, "".join(f"{found[name]}  {name}\n" for name in sorted(found)))
    return path
