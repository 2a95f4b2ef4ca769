"""Downloads of the corpora whose owners let one: each file held against a sha256, whole or not there.

Where the hashes come from: for 3DC and ISPL's office they are committed here, taken from the same files. For NSRDB
they are PhysioNet's own SHA256SUMS.txt, downloaded first: that catches a damaged download, not a damaged source.
Only the files that the loaders read are fetched (3DC: EMG of cycles 0 and 1, without the duplicate participant).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from biosig.corpora import ispl_office, nsrdb, threedc
from biosig.corpora.registry import UPSTREAM_LIST, card, committed_manifest, data_root, parse_manifest
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.files import sha256

CHUNK = 1 << 20
TIMEOUT_S = 60
OpenUrl = Callable[[str, dict[str, str]], object]


@dataclass(frozen=True)
class Source:
    """Where the files of a corpus lie, and which of them are wanted."""

    base_url: str
    folder: str
    manifest: str  # committed list of hashes; "" to use the list at the source
    wanted: Callable[[str], bool]


SOURCES = {
    "3dc": Source(
        "https://raw.githubusercontent.com/LibEMG/3DCDataset/1af9058237a5d79a883feb2ce61f4d59090288ac/",
        "3dc",
        threedc.CARD.manifest,
        lambda path: True,
    ),
    "nsrdb": Source(
        "https://physionet.org/files/nsrdb/1.0.0/",
        "nsrdb",
        "",
        lambda path: path in {f"{record}.{end}" for record in nsrdb.RECORDS for end in ("hea", "dat")},
    ),
    "ispl_office": Source(
        f"https://raw.githubusercontent.com/polimi-ispl/rs-mnmf/{ispl_office.COMMIT}/data/sources/",
        "ispl_office",
        ispl_office.CARD.manifest,
        lambda path: True,
    ),
}


def open_url(url: str, headers: dict[str, str]):
    """The default transport: a response with ``status``, ``headers`` and ``read(n)``."""
    return urlopen(Request(url, headers=headers), timeout=TIMEOUT_S)


def fetch(name: str, dest: Path | None = None, *, open_url: OpenUrl = open_url, progress: bool = True) -> Path:
    """Download a corpus into ``dest``; what is there and right is kept, what is half there is continued.

    Args:
        name: corpus.
        dest: folder that holds the corpora; BIOSIG_DATA if None.
        open_url: transport, ``(url, headers) → response``; tests give their own.
        progress: show a bar.

    Returns:
        The corpus's folder.

    Raises:
        ConfigError: no such corpus, or one that may not be fetched (the sentence says how to get it).
        DataError: a file arrived cut short or altered; nothing of it stays.
        MissingDataError: the source cannot be reached.
    """
    wanted = card(name)
    if name not in SOURCES:
        raise ConfigError(f"corpus {name} cannot be fetched. {wanted.how_to_get}")
    source = SOURCES[name]
    folder = Path(dest or data_root()) / source.folder
    expected = _hashes(source, folder, open_url)
    targets = {path: inside(folder, path) for path in expected}  # all of them, before the first is written
    for path, target in _bar(targets.items(), name, progress):
        if not (target.is_file() and sha256(target) == expected[path]):
            download(source.base_url + quote(path), target, expected[path], open_url)
    return folder


def download(url: str, target: Path, digest: str | None, open_url: OpenUrl = open_url) -> None:
    """One file: to ``target.part``, continued where an earlier try broke off, moved when its sha256 fits.

    Raises:
        DataError: cut short (the part stays, to be continued) or altered (the part goes).
        MissingDataError: the source does not answer.
    """
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    have = part.stat().st_size if part.is_file() else 0
    try:
        _receive(url, part, have, open_url)
    except HTTPError as error:
        if error.code != 416:  # 416: the part is already as long as the file, or longer; the hash will tell
            raise MissingDataError(f"{url} answers {error.code}: expected the file.") from None
    except (URLError, HTTPException, OSError) as error:
        raise MissingDataError(f"{url} could not be downloaded ({error}): fetch again to continue.") from None
    if digest is not None and (found := sha256(part)) != digest:
        part.unlink()
        raise DataError(f"{url} has sha256 {found[:12]}…: expected {digest[:12]}…; nothing of it was kept.")
    os.replace(part, target)


def _receive(url: str, part: Path, have: int, open_url: OpenUrl) -> None:
    headers = {"Range": f"bytes={have}-"} if have else {}
    with open_url(url, headers) as response:
        resumed = bool(have) and response.status == 206  # 200: the server sends the whole file again
        length = response.headers.get("Content-Length")
        got = 0
        with open(part, "ab" if resumed else "wb") as file:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                got += len(chunk)
    if length is not None and got < int(length):
        raise DataError(f"{url} broke off after {got} of {length} bytes: fetch again to continue.")


def inside(folder: Path, path: str) -> Path:
    """``folder / path``, if that stays inside the folder: lists and archives may not write elsewhere.

    Raises:
        DataError: an absolute path, or one that climbs out.
    """
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path or ":" in path or not parts.parts:
        raise DataError(f"{path!r} would be written outside {folder}: expected a path inside it.")
    return folder.joinpath(*parts.parts)


def _hashes(source: Source, folder: Path, open_url: OpenUrl) -> dict[str, str]:
    """Path → sha256 of the wanted files, from the committed list or from the source's own."""
    if source.manifest:
        listed = parse_manifest(committed_manifest(source.manifest), source.manifest)
    else:
        target = folder / UPSTREAM_LIST
        target.with_name(target.name + ".part").unlink(missing_ok=True)  # no hash could tell a stale part
        download(source.base_url + UPSTREAM_LIST, target, None, open_url)
        listed = parse_manifest(target.read_text(encoding="utf-8"), source.base_url + UPSTREAM_LIST)
    wanted = {path: digest for path, digest in listed.items() if source.wanted(path)}
    if not wanted:
        raise DataError(f"{source.base_url}{UPSTREAM_LIST} lists none of the files wanted.")
    return wanted


def _bar(items, name: str, progress: bool):
    from tqdm import tqdm

    return tqdm(list(items), desc=name, unit="file", disable=not progress)
