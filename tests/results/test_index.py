"""The index of cells: an edited row is seen although its hash was mended, and a standing line is never rewritten."""

import gzip
import hashlib
import json
import shutil

import pytest
from reference.fake_protocol import PROTOCOL

from biosig.errors import DataError
from biosig.papers.runner import run
from biosig.results.index import INDEX, check_index, read_index, sign
from biosig.results.items import CellStore


@pytest.fixture
def store(tmp_path):
    store = CellStore(tmp_path / "results")
    run(PROTOCOL, "open", seeds=[0], store=store, progress=False)
    return store


@pytest.fixture
def place(store):
    return sign(store.root / "fake" / "open", store.folders("fake", "open")).parent


def forge(folder, by=1e-7):
    """Move the first value by a hair, and mend the hash in run.json."""
    path = folder / "items.csv.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    fields = lines[1].split(",")
    fields[-2] = f"{float(fields[-2]) + by:.9g}"
    path.write_bytes(gzip.compress("\n".join([lines[0], ",".join(fields), *lines[2:], ""]).encode(), mtime=0))
    record = json.loads((folder / "run.json").read_text())
    record["files"]["items.csv.gz"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "run.json").write_text(json.dumps(record))


def test_what_was_signed_is_right_and_signing_again_changes_nothing(store, place):
    before = (place / INDEX).read_bytes()
    assert check_index(place, store.folders("fake", "open")) == []
    assert sorted(read_index(place)) == [folder.name for folder in store.folders("fake", "open")]
    sign(place, store.folders("fake", "open"))
    assert (place / INDEX).read_bytes() == before


def test_a_hair_with_its_hash_mended_is_seen(store, place):
    folder = store.folders("fake", "open")[0]
    forge(folder)
    store.read_folder(folder)  # the store itself is content
    (line,) = check_index(place, store.folders("fake", "open"))
    assert folder.name in line and "were altered" in line
    with pytest.raises(DataError, match="restore it, or remove its line"):
        sign(place, store.folders("fake", "open"))
    assert len(check_index(place, store.folders("fake", "open"))) == 1


def test_a_changed_record_is_seen(store, place):
    folder = store.folders("fake", "open")[1]
    path = folder / "run.json"
    path.write_text(path.read_text().replace('"device": "cpu"', '"device": "gpu"'))
    assert "were altered" in check_index(place, store.folders("fake", "open"))[0]


def test_cells_that_come_and_go_are_told_and_signed(store, place):
    run(PROTOCOL, "open", seeds=[1], store=store, progress=False)
    shutil.rmtree(store.folders("fake", "open")[0])
    told = check_index(place, store.folders("fake", "open"))
    assert sum("is not signed in" in line for line in told) == 2
    assert sum("is missing, and" in line for line in told) == 1
    kept = {name: line for name, line in read_index(place).items() if "minus-f0-s0" not in name}
    sign(place, store.folders("fake", "open"))
    assert check_index(place, store.folders("fake", "open")) == []
    assert kept.items() <= read_index(place).items() and len(read_index(place)) == 3


def test_an_index_that_cannot_be_read_is_told(store, place):
    (place / INDEX).write_text("abc\n")
    with pytest.raises(DataError, match="expected a digest and a cell's name"):
        check_index(place, store.folders("fake", "open"))


def test_verify_is_red_on_a_hair_in_the_open_profile(store, place, monkeypatch):
    from biosig.commands.results import _verify_profile
    from biosig.results.tables import save

    monkeypatch.setenv("BIOSIG_RESULTS", str(store.root))
    save(PROTOCOL.tables("open", store), place / "tables")
    assert _verify_profile(PROTOCOL, "open")[0] == []
    forge(store.folders("fake", "open")[0])
    (line,) = _verify_profile(PROTOCOL, "open")[0]  # three digits of a table cannot show it
    assert "were altered" in line
