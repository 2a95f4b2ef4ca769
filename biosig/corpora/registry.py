"""Which corpora there are, where they lie on this machine, and whether they are whole."""

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from biosig.corpora import (
    asterisk,
    audioset,
    common_voice,
    csl_emg_array,
    diaphragm,
    emgse_noise,
    emguka,
    emodb,
    enterface,
    esc10,
    esc50,
    hu100,
    iemocap,
    ispl_office,
    musan,
    nemo,
    ninapro_db2,
    nsrdb,
    picovoice,
    recola,
    threedc,
    timit_sample,
    voicebank,
    voicebank_more,
    voicebank_train,
)
from biosig.corpora.cards import Card
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.files import sha256

MODULES = (
    *(threedc, nsrdb, ninapro_db2, diaphragm),
    *(voicebank, voicebank_more, timit_sample, picovoice, asterisk, hu100, esc10, emgse_noise),
    *(emodb, nemo, enterface, recola, common_voice, audioset),
    *(iemocap, esc50, musan, voicebank_train),
    *(emguka, csl_emg_array),
    *(ispl_office,),
)
UPSTREAM_LIST = "SHA256SUMS.txt"  # PhysioNet puts one into each database


@dataclass(frozen=True)
class Status:
    """Whether a corpus is here, whether every file is the one we know, and one sentence about it."""

    present: bool
    whole: bool
    detail: str


@cache
def corpora() -> dict[str, Card]:
    """Every corpus by name."""
    return {module.CARD.name: module.CARD for module in MODULES}


def card(name: str) -> Card:
    """The card of a corpus.

    Raises:
        ConfigError: no such corpus.
    """
    if name not in corpora():
        raise ConfigError(f"no corpus {name!r}: expected one of {', '.join(corpora())}.")
    return corpora()[name]


def data_root() -> Path:
    """The folder that BIOSIG_DATA names.

    Raises:
        MissingDataError: it is not set, or names no folder.
    """
    value = os.environ.get("BIOSIG_DATA", "")
    if not value:
        raise MissingDataError("BIOSIG_DATA is not set: point it at the folder that holds the corpora.")
    if not Path(value).is_dir():
        raise MissingDataError(f"BIOSIG_DATA is {value}, which is no folder: expected the one with the corpora.")
    return Path(value)


def locate(name: str) -> Path:
    """The folder of a corpus on this machine.

    Raises:
        ConfigError: no such corpus.
        MissingDataError: it is not here; the sentence says how to get it.
    """
    wanted = card(name)
    try:
        root = data_root()
    except MissingDataError as error:
        raise MissingDataError(f"{error} {wanted.how_to_get}") from None
    for folder in wanted.folders:
        if (root / folder).is_dir():
            return root / folder
    raise MissingDataError(f"corpus {name} is not in {root}. {wanted.how_to_get}")


def manifest(name: str, root: Path) -> dict[str, str]:
    """The sha256 that each file of a corpus is to have, by path under ``root``; empty where none is known.

    The committed list for the slice that our results rest on; elsewhere the list that the corpus's own home
    publishes, if ``fetch`` has left it there.
    """
    wanted = card(name)
    if wanted.manifest and root.name == wanted.folders[0]:
        return parse_manifest(committed_manifest(wanted.manifest), wanted.manifest)
    upstream = root / UPSTREAM_LIST
    if not upstream.is_file():
        return {}
    listed = parse_manifest(upstream.read_text(encoding="utf-8"), str(upstream))
    return {path: digest for path, digest in listed.items() if (root / path).is_file()}


def committed_manifest(file: str) -> str:
    """Text of a committed list of hashes."""
    return resources.files(__package__).joinpath("manifests", file).read_text(encoding="utf-8")


def parse_manifest(text: str, name: str) -> dict[str, str]:
    """Path → sha256 from the output format of ``sha256sum``.

    Raises:
        DataError: a line that is not a hash and a path.
    """
    rows = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    for row in rows:
        if len(row) != 2 or len(row[0]) != 64 or set(row[0]) - set("0123456789abcdef"):
            raise DataError(f"{name} is not a list of sha256 sums: found the line {' '.join(row)[:60]!r}.")
    return {path.lstrip("*").strip(): digest for digest, path in rows}


def check(name: str) -> Status:
    """Whether a corpus is here and whole: every listed file is hashed. Never raises for missing data."""
    try:
        root = locate(name)
    except MissingDataError as error:
        return Status(False, False, str(error))
    expected = manifest(name, root)
    if not expected:
        return Status(True, False, f"{root} is here, but there is no list of hashes to hold it against.")
    missing = [path for path in expected if not (root / path).is_file()]
    altered = [p for p, digest in expected.items() if p not in missing and sha256(root / p) != digest]
    if missing or altered:
        return Status(True, False, _complaint(root, missing, altered, len(expected)))
    return Status(True, True, f"{root}: {len(expected)} files, all as listed.")


def manifest_hash(name: str) -> str:
    """A sha256 over the files as they are on this machine, for the provenance of a run.

    Over sha256 and path of every listed file that is here; where no list exists (NINAPro), over path and
    size of every file. Equal hashes mean that two runs saw the same data.

    Raises:
        MissingDataError: the corpus is not here.
    """
    root = locate(name)
    listed = sorted(path for path in manifest(name, root) if (root / path).is_file())
    if listed:
        lines = [f"{sha256(root / path)}  {path}\n" for path in listed]
    else:
        files = sorted(path for path in root.rglob("*") if path.is_file())
        lines = [f"{path.stat().st_size}  {path.relative_to(root).as_posix()}\n" for path in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _complaint(root: Path, missing: list[str], altered: list[str], n: int) -> str:
    parts = [
        f"{len(paths)} of {n} files are {what} (first: {paths[0]})"
        for what, paths in (("missing", missing), ("altered", altered))
        if paths
    ]
    return f"{root} is not whole: {' and '.join(parts)}."
