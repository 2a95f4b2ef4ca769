"""The item store: the same bytes for the same numbers, whole or absent, and red when altered."""

import csv
import gzip
import io
import json
import shutil
import subprocess
import sys

import pytest

from biosig.errors import ConfigError, DataError
from biosig.results.items import Cell, CellStore, Item

CELL = Cell("a_paper", "open", "ats_hp", 0, 1, {"snrs_db": (0, -2), "lr": 1e-4})


def some_items(n=4, value=1.23456789012):
    return [
        Item(f"m{i}", f"P{i % 2}", metric, '1; a, "variant"', value + i, "", {"snr_db": f"{-i}", "ecg": "16420"}, 0.25)
        for i in range(n)
        for metric in ("rmse", "snr_imp_db")
    ]


@pytest.fixture
def store(tmp_path):
    return CellStore(tmp_path / "results")


def test_what_is_written_is_read(store):
    items = [*some_items(), Item("m9", "P1", "rmse_mf_hz", "1", None, "no active frame")]
    store.write(CELL, items, {"device": "cpu"}, {"curve.csv": b"epoch,loss\n0,1\n"})
    back = store.read(CELL)
    assert back.cell == CELL and back.run["device"] == "cpu"
    assert [row.item for row in back.items] == ["m0", "m0", "m1", "m1", "m2", "m2", "m3", "m3", "m9"]
    assert back.items[0] == Item(
        "m0", "P0", "rmse", '1; a, "variant"', 1.23456789, "", {"snr_db": "0", "ecg": "16420"}, 0.25
    )
    assert (back.items[-1].value, back.items[-1].reason) == (None, "no active frame")
    assert back.run["counts"] == {"items": 9, "mixtures": 5, "failed": {"rmse_mf_hz: no active frame": 1}}
    assert (back.folder / "curve.csv").read_bytes() == b"epoch,loss\n0,1\n"
    assert store.cells("a_paper", "open") == [CELL] and store.cells("a_paper", "quick") == []


def test_items_are_plain_gzipped_csv(store):
    folder = store.write(CELL, some_items(2))
    rows = list(csv.DictReader(io.StringIO(gzip.decompress((folder / "items.csv.gz").read_bytes()).decode())))
    assert list(rows[0]) == ["item", "subject", "ecg", "snr_db", "metric", "version", "value", "reason"]
    assert rows[2]["item"] == "m1" and rows[2]["value"] == "2.23456789"


def test_order_and_time_do_not_change_the_bytes(store, tmp_path):
    slower = [Item(**{**vars(row), "seconds": 9.0}) for row in reversed(some_items())]
    one = store.write(CELL, some_items()) / "items.csv.gz"
    other = CellStore(tmp_path / "other").write(CELL, slower) / "items.csv.gz"
    assert one.read_bytes() == other.read_bytes()


def test_the_first_writer_wins(store):
    store.write(CELL, some_items(value=1.0))
    store.write(CELL, some_items(value=2.0))
    assert store.read(CELL).items[0].value == 1.0
    assert [path.name for path in store.folder(CELL).parent.iterdir()] == [CELL.name]


def test_infinity_and_nan_are_kept_as_missing_with_a_reason():
    assert Item("m", "P", "snr_db", "1", float("inf")).reason == "infinite"
    assert Item("m", "P", "snr_db", "1", float("nan")) == Item("m", "P", "snr_db", "1", None, "not a number")


def test_a_cell_is_named_by_its_content():
    same = Cell("a_paper", "open", "ats_hp", 0, 1, {"lr": 0.0001, "snrs_db": [0, -2]})
    assert same == CELL and same.name == CELL.name and hash(same) == hash(CELL)
    others = [
        Cell("a_paper", "open", "ats_hp", 0, 1, {"lr": 2e-4, "snrs_db": [0, -2]}),
        Cell("a_paper", "open", "ats_hp", 0, 2, CELL.config),
        Cell("a_paper", "quick", "ats_hp", 0, 1, CELL.config),
    ]
    assert len({CELL.key, *(cell.key for cell in others)}) == 4
    assert CELL.name == f"ats_hp-f0-s1-{CELL.key}" and len(CELL.key) == 12
    assert (
        subprocess.run(
            [
                sys.executable,
                "-c",
                "from biosig.results import Cell; "
                "print(Cell('a_paper', 'open', 'ats_hp', 0, 1, {'lr': 1e-4, 'snrs_db': [0, -2]}).key)",
            ],
            capture_output=True,
            text=True,
        ).stdout.strip()
        == CELL.key
    )  # in another process too


MISTAKES = [
    (lambda s: s.write(CELL, []), "has no items: expected at least one"),
    (lambda s: s.write(CELL, [*some_items(1), *some_items(1)]), "has rmse twice"),
    (lambda s: s.write(CELL, [Item("m", "P", "rmse", "1", 1.0, "", {"value": "3"})]), "like a column"),
    (lambda s: s.write(CELL, some_items(), {}, {"../x": b""}), "plain, unused name"),
    (lambda s: s.write(CELL, some_items(), {}, {"run.json": b""}), "plain, unused name"),
    (lambda s: s.read(CELL), "run.json is missing or cannot be read"),
    (lambda s: Item("m", "P", "rmse", "1", None), "no rmse and no reason"),
    (lambda s: Item("", "P", "rmse", "1", 1.0), "expected both"),
    (lambda s: Cell("a_paper", "open", "../x", 0, 0, {}), "cannot name a folder"),
    (lambda s: Cell("a_paper", "open", "hp", 0, 0, {"x": float("nan")}), "cannot be written as JSON"),
    (lambda s: Cell("a_paper", "open", "hp", 0, 0, {"x": object()}), "cannot be written as JSON"),
]


@pytest.mark.parametrize("mistake, sentence", MISTAKES)
def test_mistakes_are_told(store, mistake, sentence):
    with pytest.raises((DataError, ConfigError), match=sentence):
        mistake(store)
    assert store.cells("a_paper", "open") == []


def truncate(path):
    path.write_bytes(path.read_bytes()[:-9])


def forge(path):
    """Alter a number and leave a valid gzip behind."""
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"1.23456789", b"9.23456789")))


def edit_run(**changes):
    def edit(path):
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return edit


DAMAGE = [
    ("items.csv.gz", truncate, "was altered"),
    ("items.csv.gz", forge, "was altered"),
    ("seconds.csv.gz", lambda path: path.unlink(), "is missing"),
    ("run.json", truncate, "is not JSON"),
    ("run.json", lambda path: path.write_text("{}"), "lacks config"),
    ("run.json", edit_run(seed=7), "was altered: expected the key"),
    ("run.json", edit_run(config={"lr": 1}), "was altered"),
    ("run.json", edit_run(counts={"items": 1, "mixtures": 1, "failed": {}}), "counts others"),
]


@pytest.mark.parametrize("name, damage, sentence", DAMAGE)
def test_damage_is_seen(store, name, damage, sentence):
    damage(store.write(CELL, some_items()) / name)
    with pytest.raises(DataError, match=sentence):
        store.read(CELL)


def test_damage_under_a_right_hash_is_seen(store):
    from biosig.results.rows import decode, encode

    numbers, seconds = encode(some_items())
    with pytest.raises(DataError, match="x cannot be read: expected a whole gzipped CSV"):
        decode(numbers[:-12], seconds, "x")
    with pytest.raises(DataError, match="x has the columns a,b: expected item,subject"):
        decode(gzip.compress(b"a,b\n1,2\n"), seconds, "x")
    with pytest.raises(DataError, match="not an item"):
        decode(gzip.compress(gzip.decompress(numbers) + b"m9,P1\n"), seconds, "x")


def test_a_moved_cell_is_seen(store):
    folder = store.write(CELL, some_items())
    shutil.move(folder, folder.with_name("ats_hp-f0-s1-000000000000"))
    with pytest.raises(DataError, match="holds the cell a_paper/open/ats_hp-f0-s1"):
        store.cells("a_paper", "open")


def test_a_write_that_fails_leaves_nothing(store, monkeypatch):
    monkeypatch.setattr("os.rename", lambda *paths: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        store.write(CELL, some_items())
    assert list(store.folder(CELL).parent.iterdir()) == []


def test_a_lock_keeps_others_out_and_clears_up_after_the_dead(store):
    left = store.folder(CELL).parent / f".{CELL.name}.abc.part"
    left.mkdir(parents=True)
    with store.lock(CELL) as mine:
        assert mine and not left.exists()
        with store.lock(CELL, wait=False) as second:
            assert not second
    with store.lock(CELL, wait=False) as again:
        assert again
    assert (store.root / ".locks" / ".gitignore").read_text() == "*\n"


def test_a_whole_table_of_items_stays_small(store):
    """768 mixtures × 5 metrics: 14 such cells are committed and must stay under 2 MB."""
    import numpy as np

    rng = np.random.default_rng(0)
    items = [
        Item(
            f"3dc/P{p}/c{c}/s{k}@{-2 * j}dB+16420",
            f"P{p}",
            metric,
            "1; zero-padded centred STFT",
            rng.normal(),
            "",
            {"snr_db": f"{-2 * j}", "channel": f"{c}", "ecg": "16420"},
            rng.random(),
        )
        for p in range(8)
        for c in range(4)
        for k in range(3)
        for j in range(8)
        for metric in ("snr_db", "snr_imp_db", "rmse", "rmse_arv", "rmse_mf_hz")
    ]
    folder = store.write(CELL, items)
    assert len(items) == 768 * 5
    assert 14 * sum(path.stat().st_size for path in folder.iterdir()) < 2e6
