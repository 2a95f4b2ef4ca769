"""Whether the corpora that a run reads are the files that our results rest on: asked before work, hashed once.

What was hashed is remembered by size and times in the user's cache folder, where all runners share it. The
memory holds nothing that cannot be had again: delete it whenever you like.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from biosig.corpora.registry import card, locate, manifest
from biosig.errors import DataError
from biosig.files import sha256, write_text

Stamp = list[int | str]  # size, two times in ns, sha256


def require_whole(names: Iterable[str]) -> None:
    """Refuse corpora that are not here, or whose files are not those that are listed.

    A corpus without any list of hashes (NINAPro) passes: there is nothing to hold it against.

    Raises:
        MissingDataError: not here.
        DataError: a listed file is missing or another one; the sentence names the first.
    """
    for name in dict.fromkeys(names):
        root = locate(name)
        expected = manifest(name, root)
        found = hashes(root, expected)
        wrong = [path for path, digest in expected.items() if found.get(path) != digest]
        if wrong:
            what = "is missing" if wrong[0] not in found else "does not have the sha256 that is listed for it"
            raise DataError(
                f"corpus {name} in {root} is not the one that results rest on: {wrong[0]} {what} "
                f"({len(wrong)} of {len(expected)} files are wrong). {card(name).how_to_get}"
            )


def hashes(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """Path → sha256 of those files that are there; only files that are new, or were touched, are read."""
    memory = memory_of(root)
    known = _recall(memory)
    found = {path: _stamp(root / path, known.get(path)) for path in paths if (root / path).is_file()}
    if any(known.get(path) != stamp for path, stamp in found.items()):
        with contextlib.suppress(OSError):  # a home that cannot be written costs time and nothing else
            write_text(memory, json.dumps({**known, **found}))
    return {path: str(stamp[-1]) for path, stamp in found.items()}


def memory_of(root: Path) -> Path:
    """The file that remembers the hashes of one folder: under BIOSIG_CACHE, else the user's cache folder."""
    given, standard = os.environ.get("BIOSIG_CACHE"), os.environ.get("XDG_CACHE_HOME")
    base = Path(given) if given else Path(standard or Path.home() / ".cache") / "biosig"
    return base / "corpora" / f"{hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]}.json"


def _recall(memory: Path) -> dict[str, Stamp]:
    try:
        told = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none yet, or not ours: everything is hashed again
        return {}
    return told if isinstance(told, dict) else {}


def _stamp(path: Path, known: Stamp | None) -> Stamp:
    state = path.stat()
    now = [state.st_size, state.st_mtime_ns, state.st_ctime_ns]
    return known if known and known[:-1] == now else [*now, sha256(path)]
