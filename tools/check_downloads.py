"""Ask every place that ``biosig fetch`` downloads from for one small file, and hold it against its sha256.

The weekly run does this, so that a dead link is found before a reader finds it. Nothing is kept.
"""

import sys
import tempfile
from pathlib import Path

from biosig.corpora.fetch import SOURCES, Source, download
from biosig.corpora.registry import UPSTREAM_LIST, committed_manifest, parse_manifest
from biosig.errors import BiosigError


def one_file(files: dict[str, str]) -> str:
    """A WFDB header where there is one, since headers are short; else the first file by name."""
    return min(files, key=lambda path: (not path.endswith(".hea"), path))


def try_source(source: Source, folder: Path) -> str:
    """Download one file of a corpus and return its path.

    Raises:
        BiosigError: the source does not answer, or sends something else.
    """
    if source.manifest:
        listed = parse_manifest(committed_manifest(source.manifest), source.manifest)
    else:
        download(source.base_url + UPSTREAM_LIST, folder / UPSTREAM_LIST, None)
        listed = parse_manifest((folder / UPSTREAM_LIST).read_text(encoding="utf-8"), UPSTREAM_LIST)
    files = {path: digest for path, digest in listed.items() if source.wanted(path)}
    path = one_file(files)
    download(source.base_url + path, folder / path, files[path])
    return path


def main() -> int:
    """Try every source; returns the number that failed."""
    failed = 0
    for name, source in SOURCES.items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(f"{name}: {try_source(source, Path(folder))} is there, and is what it was")
            except BiosigError as error:
                failed += 1
                print(f"{name}: {error}")
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
