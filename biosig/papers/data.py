"""Which data a protocol rests on: the committed files that say so, and that no part of a split is empty."""

from collections.abc import Iterable, Mapping, Sequence, Sized
from pathlib import Path

from biosig import corpora, samples
from biosig.corpora.registry import card
from biosig.errors import DataError
from biosig.files import sha256


def data_files(names: Sequence[str]) -> list[Path]:
    """The committed files that say what is in these corpora: splits, and lists of hashes, where there are any."""
    root = Path(corpora.__file__).parent
    splits = [root / "splits" / f"{name}.json" for name in names]
    lists = [root / "manifests" / card(name).manifest for name in names if card(name).manifest]
    return [path for path in splits if path.is_file()] + lists


def embedded(name: str) -> Path:
    """The list of embedded recordings of this name."""
    return Path(samples.__file__).parent / name


def hashes(files: Iterable[Path]) -> dict[str, str]:
    """File name → sha256, as a cell's config keeps it."""
    return {path.name: sha256(path) for path in files}


def require_some(parts: Mapping[str, Sized]) -> None:
    """Refuse a part of a split in which something is missing altogether.

    Args:
        parts: what one of them is called, in the singular → those that were found.

    Raises:
        DataError: there is none of them.
    """
    for what, found in parts.items():
        if not len(found):
            raise DataError(f"no usable {what} was found: expected at least one in this part of the split.")
