"""Where a number comes from: commit, lock file, versions, machine."""

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import biosig
from biosig.files import sha256
from biosig.results.cells import digest

PACKAGES = ("numpy", "scipy", "torch", "numba", "wfdb", "PyWavelets")
UNKNOWN = "unknown"


def checkout() -> Path | None:
    """The project's folder if the package runs from a checkout, None if it was installed elsewhere."""
    root = Path(biosig.__file__).resolve().parent.parent
    return root if (root / "pyproject.toml").is_file() else None


def describe_run(device: str = "cpu", manifests: Iterable[Path] = ()) -> dict:
    """What run.json says about code, versions and machine; a field that cannot be had is "unknown".

    Args:
        device: "cpu" or "cuda".
        manifests: the files that say which data were used (splits, hashes); their sha256 is kept by name.
    """
    root = checkout()
    return {
        **git_state(root),
        "lock_hash": lock_hash(root),
        "data_manifests": {Path(path).name: sha256(path) for path in sorted(map(Path, manifests))},
        "device": device_name(device),
        "machine": {"cpu": cpu_model(), "cores": os.cpu_count(), "system": platform.platform()},
        "versions": versions(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def git_state(root: Path | None) -> dict:
    """Commit and whether tracked package files differ from it: {"commit": …, "dirty": True, False or None}.

    Results are left out of the question: a run would otherwise call its own output a change.
    """
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return {"commit": UNKNOWN, "dirty": None}
    changes = _git(
        root,
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        "biosig",
        "pyproject.toml",
        "requirements-lock.txt",
    )
    return {"commit": commit, "dirty": bool(changes) if changes is not None else None}


def lock_hash(root: Path | None) -> str:
    """sha256 of requirements-lock.txt."""
    path = root / "requirements-lock.txt" if root else None
    return sha256(path) if path and path.is_file() else UNKNOWN


def code_hash(root: Path | None = None) -> str:
    """sha256 over all .py files of the package: says whether two runs had the same code, checkout or not."""
    folder = (root or Path(biosig.__file__).resolve().parent.parent) / "biosig"
    files = {str(path.relative_to(folder)): sha256(path) for path in sorted(folder.rglob("*.py"))}
    return digest(files)


def versions() -> dict[str, str]:
    """Python's version and those of the packages a number can depend on."""
    found = {"python": platform.python_version(), "biosig": biosig.__version__}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def cpu_model() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or UNKNOWN


def device_name(device: str) -> str:
    """ "cpu", or "cuda" with the accelerator's name."""
    if not device.startswith("cuda"):
        return device
    import torch

    return f"{device} ({torch.cuda.get_device_name(device)})"


def _git(root: Path | None, *arguments: str) -> str | None:
    if root is None or not (root / ".git").exists():
        return None
    try:
        command = ["git", "-C", str(root), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
