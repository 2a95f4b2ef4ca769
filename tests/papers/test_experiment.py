"""What all protocols share, by two papers that do not exist: one that predicts and trains nothing, one that trains."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from biosig import corpora
from biosig.errors import ConfigError
from biosig.papers import base, data, neural
from biosig.papers.experiment import Experiment
from biosig.papers.runner import run
from biosig.papers.setups import Setup
from biosig.results.items import CellStore, Item
from biosig.results.tables import RUN, Table
from biosig.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Rooms(Setup):
    """A profile whose test is made in so many rooms."""

    rooms: int


@dataclass(frozen=True)
class Network:
    """How a network of the second paper is trained."""

    recipe: Recipe
    width: int


class Predicts(Experiment):
    """Front end × back end: each cell predicts, none trains."""

    name, title = "predicts", "A paper of predictions"
    systems = {f"{front}_{back}": "" for front in ("none", "wiener") for back in ("svm", "lstm")}
    setups = {"open": Rooms(name="open", rooms=2)}
    data = {"quick": (), "open": ("3dc", "voicebank")}
    samples = "SOUNDS.toml"

    def measures(self, setup):
        return {"said": "1"}

    def items(self, cell, network, device, progress):
        assert network is None
        return [Item(f"room{i}", "A", "said", "1", float(i)) for i in range(self.setups[cell.profile].rooms)]

    def makers(self, profile, store):
        count = len(store.folders(self.name, profile))
        return {name: lambda name=name: Table(name, f"{count} cells", ("a",), ()) for name in ("one", "two")}


class Trains(Predicts):
    """Some of whose cells train."""

    name = "trains"
    trained = published = ("none_lstm", "wiener_lstm")
    setups = {
        "open": Rooms(
            name="open",
            rooms=1,
            networks=tuple((name, Network(Recipe(name, 1, 1), 8)) for name in trained),
            seeds=(0, 1, 2),
        )
    }

    def train(self, cell, folder, device, progress):
        (folder / "best.pt").write_text(cell.name)
        (folder / "curve.csv").write_text("epoch\n0\n")
        told = {"best_validation": abs(cell.seed - 1)}  # the second seed is the best
        return neural.Trained(lambda x, fs: x + cell.seed, told, {"curve.csv": folder / "curve.csv"})

    def items(self, cell, network, device, progress):
        value = float(network(np.zeros(1), 1.0)[0]) if network else -1.0
        return [Item("one", "A", "said", "1", value)]


@pytest.fixture
def store(tmp_path):
    return CellStore(tmp_path / "results")


def test_cells_are_systems_times_seeds():
    cells = Trains().cells("open")
    assert [(cell.system, cell.seed) for cell in cells] == [
        ("none_svm", 0), *(("none_lstm", seed) for seed in (0, 1, 2)),
        ("wiener_svm", 0), *(("wiener_lstm", seed) for seed in (0, 1, 2)),
    ]  # fmt: skip
    assert {(cell.system, cell.seed) for cell in Trains().cells("open", None, [1])} == {
        ("none_lstm", 1), ("wiener_lstm", 1)
    }  # fmt: skip
    assert [cell.system for cell in Predicts().cells("open", ["wiener_svm"])] == ["wiener_svm"]


def test_a_profile_that_a_paper_does_not_have_has_no_cells_and_an_unknown_one_is_refused():
    assert Predicts().cells("paper") == []
    with pytest.raises(ConfigError, match="unknown profile 'tiny': expected one of quick, open, paper"):
        Predicts().cells("tiny")


def test_a_config_holds_what_decides_a_number_and_a_recipe_only_where_one_is_followed():
    (plain,), (trained,) = (Trains().cells("open", [system], [0]) for system in ("none_svm", "none_lstm"))
    root = Path(corpora.__file__).parent
    files = [root / "splits" / "3dc.json", root / "manifests" / "3dc.txt", root / "manifests" / "voicebank.txt"]
    expected = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}  # VoiceBank has no split
    assert plain.config == {
        "version": 1, "data": {"name": "open", "rooms": 1}, "data_files": expected, "metrics": {"said": "1"},
    }  # fmt: skip
    assert trained.config.pop("network")["width"] == 8 and trained.config == plain.config
    seeds = [cell.config["network"]["recipe"]["seed"] for cell in Trains().cells("open", ["none_lstm"])]
    assert seeds == [0, 1, 2]


def test_a_profile_without_corpora_rests_on_embedded_samples():
    assert [path.name for path in Predicts().data_files("quick", "none_svm")] == ["SOUNDS.toml"]
    assert data.embedded("SOUNDS.toml").is_file()


def test_a_network_that_a_profile_does_not_train_is_refused():
    with pytest.raises(ConfigError, match="'none_svm' is not trained in profile open: expected one of none_lstm"):
        Trains.setups["open"].network("none_svm")


def test_a_paper_that_trains_nothing_runs_and_has_nothing_to_publish(store, monkeypatch):
    protocol = Predicts()
    monkeypatch.setattr("biosig.papers.runner.require_whole", lambda names: None)  # its corpora are not read
    assert len(run(protocol, "open", store=store, progress=False).done) == 4
    found = store.read(protocol.cells("open", ["wiener_svm"])[0])
    assert [row.value for row in found.items] == [0, 1] and not (store.root / ".runs").exists()
    assert protocol.publish(store) == []
    assert [table.title for table in protocol.tables("open", store, ["two"])] == ["4 cells"]
    with pytest.raises(ConfigError, match="unknown table 'three'"):
        protocol.tables("open", store, ["three"])


def test_a_trained_cell_is_measured_by_its_own_network_and_says_how_it_was_trained(store):
    protocol = Trains()
    for cell in protocol.cells("open", ["none_svm", "none_lstm"]):
        protocol.run_cell(cell, store=store, device="cpu", progress=False)
    value = {(cell.system, cell.seed): store.read(cell).items[0].value for cell in protocol.cells("open")[:4]}
    assert value == {("none_svm", 0): -1, ("none_lstm", 0): 0, ("none_lstm", 1): 1, ("none_lstm", 2): 2}
    second = store.read(protocol.cells("open", ["none_lstm"], [1])[0])
    assert second.run["best_validation"] == 0 and (second.folder / "curve.csv").read_text() == "epoch\n0\n"
    assert set(second.run["data_manifests"]) == {"3dc.json", "3dc.txt", "voicebank.txt"}


def test_the_best_seed_on_validation_is_published(store, monkeypatch, tmp_path):
    protocol = Trains()
    monkeypatch.setattr(neural, "checkpoints", lambda paper: tmp_path / paper)
    for cell in protocol.cells("open", ["none_lstm"]):
        protocol.run_cell(cell, store=store, device="cpu", progress=False)
    written = protocol.publish(store)  # and nothing of the network that no cell has trained
    assert [path.name for path in written] == ["none_lstm.pt", "SHA256SUMS"]
    assert written[0].read_text() == protocol.cells("open", ["none_lstm"], [1])[0].name
    assert neural.published("trains", "none_lstm") == written[0] and not neural.is_published("trains", "wiener_lstm")
    assert protocol.publish(store, systems=["none_lstm"]) == written
    assert protocol.publish(store, systems=["wiener_lstm"]) == []  # its cells have not been run
    with pytest.raises(ConfigError, match="network to publish"):
        protocol.publish(store, systems=["none_svm"])


@pytest.mark.parametrize("name", base.MODULES)
@pytest.mark.parametrize("profile", base.PROFILES)
def test_every_table_of_every_paper_can_be_drawn_before_anything_is_run(name, profile, store):
    for table in base.paper(name).tables(profile, store):
        assert not any(entry.source == RUN for row in table.rows for entry in row), table.name


def test_pairs_become_two_tensors():
    pairs = [(np.arange(3.0) + i, np.arange(3.0) - i) for i in range(2)]
    noisy, clean = neural.tensors(iter(pairs))
    np.testing.assert_array_equal(noisy.numpy(), np.array([[0, 1, 2], [1, 2, 3]], np.float32))
    np.testing.assert_array_equal(clean.numpy(), np.array([[0, 1, 2], [-1, 0, 1]], np.float32))
    assert noisy.numpy().dtype == clean.numpy().dtype == np.float32
