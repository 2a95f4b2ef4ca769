"""``biosig verify`` is green on what a run left, and red on whatever was altered afterwards."""

import gzip

import pytest
from reference.fake_protocol import PROTOCOL, FakeProtocol

from biosig.papers.runner import run
from biosig.results.items import CellStore
from biosig.results.tables import RUN, Entry, Table, label, save
from biosig.results.verify import (
    check_cells,
    check_prose,
    check_sources,
    check_sums,
    check_tables,
    orphans,
    write_sums,
)


@pytest.fixture
def store(tmp_path):
    store = CellStore(tmp_path / "results")
    run(PROTOCOL, "open", seeds=[0, 1], store=store, progress=False)
    return store


@pytest.fixture
def folder(store):
    folder = store.root / "fake" / "open" / "tables"
    save(PROTOCOL.tables("open", store), folder)
    return folder


def everything(store, folder):
    runs, wrong = check_cells(store, "fake", "open")
    if wrong:
        return wrong
    tables = PROTOCOL.tables("open", store)
    found = [line for table in tables for line in check_sources(table, [one.cell.key for one in runs])]
    return found + check_tables(tables, folder)


def test_green_on_what_was_run(store, folder):
    runs, wrong = check_cells(store, "fake", "open")
    assert len(runs) == 4 and wrong == []
    assert everything(store, folder) == []


def test_red_on_an_altered_item(store, folder):
    path = next(store.root.glob("fake/open/*/items.csv.gz"))
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"0.", b"1.", 1)))
    (line,) = everything(store, folder)
    assert str(path) in line and "was altered" in line


def test_red_on_an_item_altered_together_with_its_hash(store, folder):
    """Somebody who mends the hash too is caught by the rendered table."""
    import hashlib
    import json

    path = next(store.root.glob("fake/open/*/items.csv.gz"))
    text = gzip.decompress(path.read_bytes()).decode().splitlines()
    fields = text[1].split(",")
    fields[-2] = "99"
    path.write_bytes(gzip.compress("\n".join([text[0], ",".join(fields), *text[2:], ""]).encode(), mtime=0))
    record = json.loads((path.parent / "run.json").read_text())
    record["files"]["items.csv.gz"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (path.parent / "run.json").write_text(json.dumps(record))
    wrong = everything(store, folder)
    assert len(wrong) == 2 and all("gains." in line and "is not what the items give" in line for line in wrong)


@pytest.mark.parametrize("name", ["gains.md", "gains.json"])
def test_red_on_an_altered_a_missing_and_a_stray_table(store, folder, name):
    path = folder / name
    text = path.read_text()
    path.write_text(text.replace("0.", "1.", 1))
    assert everything(store, folder) == [f"{path} is not what the items give: render it again."]
    path.unlink()
    assert everything(store, folder) == [f"{path} is missing: render it."]
    path.write_text(text)
    (folder / "old.md").write_text("")
    assert everything(store, folder) == [f"{folder / 'old.md'} is a rendering of no current table."]


def test_red_on_a_cell_that_went_missing_under_its_table(store, folder):
    import shutil

    shutil.rmtree(next(store.root.glob("fake/open/plus-*")))
    assert any("is not what the items give" in line for line in everything(store, folder))


def test_red_on_a_folder_that_is_no_cell(store, folder):
    (store.root / "fake" / "open" / "notes").mkdir()
    (line,) = everything(store, folder)
    assert "notes/run.json is missing" in line


def test_orphans_are_named(store):
    class Changed(FakeProtocol):
        def cells(self, profile, systems=None, seeds=None):
            return [
                type(cell)(cell.paper, cell.profile, cell.system, 0, cell.seed, {"n": 7})
                for cell in super().cells(profile, systems, seeds)
            ]

    runs, _ = check_cells(store, "fake", "open")
    assert orphans(runs, PROTOCOL.cells("open")) == []
    assert len(orphans(runs, Changed().cells("open"))) == 4


def test_red_on_a_number_from_nowhere():
    typed = Table("t", "", ("S", "Here"), ((label("A"), Entry("20.3", value=20.3)),))
    assert "neither the paper's nor from a run" in check_sources(typed, [])[0]
    keyless = Table("t", "", ("S", "Here"), ((label("A"), Entry("20.3", RUN, 20.3)),))
    assert "without a key" in check_sources(keyless, ["abc"])[0]
    lost = Table("t", "", ("S", "Here"), ((label("A"), Entry("20.3", RUN, 20.3, keys=("abc", "xyz"))),))
    assert "comes from the cell xyz, which is not stored" in check_sources(lost, ["abc"])[0]
    assert check_sources(lost, ["abc", "xyz"]) == []


def test_checkpoints_are_held_against_their_list(tmp_path):
    (tmp_path / "a.pt").write_bytes(b"weights")
    assert "a.pt is not listed" in check_sums(tmp_path)[0]
    path = write_sums(tmp_path)
    assert path.read_text().endswith("  a.pt\n") and check_sums(tmp_path) == []
    (tmp_path / "a.pt").write_bytes(b"other weights")
    assert "a.pt was altered" in check_sums(tmp_path)[0]
    (tmp_path / "a.pt").unlink()
    assert "a.pt is missing" in check_sums(tmp_path)[0]


PAGE = """---
title: Results
---
MSEMG reaches {number} dB here, and 20.317 dB in the paper, -20.317 dB the other way; a filter falls by 3.01 dB.
At -10 dB or 8 Hz or version 1.2 nothing is a result.

```{{code-cell}} python
threshold = 7.77  # 7.77 dB
```
Inline `x = 1.23 dB` and $1.23\\,$ are code and mathematics. <!-- 9.87 dB -->
% a comment about 6.54 dB
% not a result: 3.01, -6.02
"""


def test_a_typed_number_is_found_in_prose_alone(tmp_path):
    page = tmp_path / "results.md"
    page.write_text(PAGE.format(number="20.317"))
    assert check_prose(page, {"20.317"}) == []
    page.write_text(PAGE.format(number="19.84"))
    assert check_prose(page, {"20.317"}) == [
        f"{page} has 19.84 dB typed into its prose: render it from items, or declare what it is."
    ]
    page.write_text(PAGE.format(number="**19.84**&nbsp;dB and 1.5"))
    assert len(check_prose(page, {"20.317"})) == 1
    page.write_text("a gain of −4.2 dB\n<!-- not a result: 4.2 -->\n")
    assert check_prose(page, set()) == []
