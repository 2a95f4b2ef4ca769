"""One key for everything a page's outputs depend on beside its own cells.

The execution cache looks at cell sources alone, so an edit to the package, to committed results, to samples,
to the environment or to the profile would silently show old outputs. So the cache folder is named after
a hash of all of these: change one, and every page runs again.
"""

import hashlib
import importlib.metadata
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

PROFILE = "BIOSIG_PROFILE"
# what a page may read or call
RUNS_ON = ("biosig", "results", "benchmarks", "requirements-lock.txt", "pyproject.toml")
SHOWN = ("book", "notebooks", "_config.yml", "_toc.yml")  # what the pages are made from
SKIP = {"__pycache__", "_build", ".ipynb_checkpoints"}
CACHES_KEPT = 3  # so that going back to another branch does not run everything again


def files_under(top: Path) -> Iterator[Path]:
    """Every file of a tree (or the file itself), in one order everywhere; nothing cached or half-written."""
    if not top.is_dir():
        yield from [top] if top.is_file() else []
        return
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in SKIP and not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if not name.endswith((".pyc", ".part")))


def hash_of(root: Path, names: Iterable[str], *facts: str) -> str:
    """A hash of files (by path and content) and of plain facts."""
    digest = hashlib.sha256("\0".join(facts).encode())
    for name in names:
        for path in files_under(root / name):
            digest.update(f"\0{path.relative_to(root).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def installed() -> str:
    """What is installed, which need not be what the lock says."""
    found = importlib.metadata.distributions()
    return " ".join(sorted({f"{found_one.name}=={found_one.version}" for found_one in found}))


def execution_key(root: Path, profile: str) -> str:
    """Changes when a page's outputs may."""
    return hash_of(root, RUNS_ON, profile, installed())


def book_key(root: Path, profile: str) -> str:
    """Changes when the built book may."""
    chosen = [os.environ.get(name, "") for name in ("BIOSIG_REPOSITORY", "BIOSIG_SOLUTIONS", "BIOSIG_DOWNLOADS")]
    return hash_of(root, (*RUNS_ON, *SHOWN), profile, installed(), *chosen)


def current_profile(default: str = "quick") -> str:
    """The profile that pages run at."""
    return os.environ.get(PROFILE) or default


def forget_old(caches: Path, current: str) -> None:
    """Remove all execution caches but the newest few."""
    others = [path for path in caches.iterdir() if path.is_dir() and path.name != current]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[CACHES_KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def prepare_execution(app: "Sphinx", config: "Config") -> None:
    """Name the execution cache after the key, and hand pages the same surroundings on every machine.

    The cache path is a setting that Sphinx watches, so a new key also makes it read every page again.
    """
    profile = current_profile(config.biosig_profile)
    key = execution_key(Path(app.srcdir).resolve().parent, profile)
    caches = Path(app.outdir).parent / ".jupyter_cache"
    (caches / key).mkdir(parents=True, exist_ok=True)
    forget_old(caches, key)
    config.nb_execution_cache_path = str(caches / key)
    os.environ[PROFILE] = profile
    if profile == "quick":
        os.environ.pop("BIOSIG_DATA", None)  # a quick page shows the same to everyone
