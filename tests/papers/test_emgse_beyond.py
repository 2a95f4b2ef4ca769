"""What the chapter adds to the paper, as cells and tables: whose they are, what they read, and what they show."""

import numpy as np
import pytest

from biosig.corpora import emguka
from biosig.papers import emgse
from biosig.papers.emgse import alone, array, bridge
from biosig.papers.emgse.sources import Sources, Spoken
from biosig.papers.emgse.systems import ALONE, ARRAY, BRIDGE
from biosig.results.items import CellStore, Item
from biosig.signal.paired import Channels
from biosig.signal.types import Recording

PROTOCOL = emgse.PROTOCOL
TABLES = ("strong_stoi_paired", "heeded", "array", "array_stoi_paired", "emg_phones_alone", "emg_spectrum_alone",
          "emg_lags", "bridge", "bridge_stoi")  # fmt: skip


def test_cells_are_of_those_whose_labels_hold_and_of_the_open_profile_alone():
    def folds(system, profile="open"):
        return [cell.fold for cell in PROTOCOL.cells(profile, [system])]

    assert folds("emg_phones") == [2, 8] and folds("emg_spectrum") == [2, 4, 6, 8] and folds(BRIDGE) == [2, 8]
    assert all(folds(name) == [2, 8] for name in ARRAY)
    assert {name[:3] for name in alone.LABELLED} == {"002", "008"}
    assert not [name for profile in ("quick", "paper") for name in (*ALONE, *ARRAY, BRIDGE) if folds(name, profile)]


def test_a_cell_says_what_decides_it():
    (found, _) = PROTOCOL.cells("open", [BRIDGE])
    assert "nsrdb" in PROTOCOL.corpora(found) and "nsrdb.json" in found.config["data_files"]
    assert len(found.config["variants"]) == len(bridge.VARIANTS) and found.config["network"]["channels"]
    whole, cheek = (PROTOCOL.cells("open", [name])[0] for name in ("array_35", "array_28"))
    assert len(whole.config["network"]["channels"]) == 35 and len(cheek.config["network"]["channels"]) == 28
    assert whole.config["array"]["strength"] > 0
    assert "array" not in PROTOCOL.cells("open", ["emgse"])[0].config


def test_tables_say_that_nothing_was_run(tmp_path):
    for table in PROTOCOL.tables("open", CellStore(tmp_path), list(TABLES)):
        numbers = [entry for row in table.rows for entry in row[1:] if entry.value is not None]
        assert table.rows and not numbers, table.name
        assert any(entry.note for row in table.rows for entry in row), table.name


def test_tables_show_the_means_of_the_items(tmp_path):
    store = CellStore(tmp_path)
    (cell, _) = PROTOCOL.cells("open", ["emg_phones"])

    def item(k, lag, context, value):
        told = {"speaker": "002", "session": "002-101", "training": alone.OWN, "context": context, "lag_ms": str(lag)}
        return Item(f"s{k}#{lag}{context}", f"002/{k}", "frame_accuracy", "1", value, "", told)

    store.write(cell, [item(1, 0, alone.CONTEXT, 0.2), item(2, 0, alone.CONTEXT, 0.4), item(1, 50, alone.NONE, 0.12),
                       item(1, 0, alone.NONE, 0.08)])  # fmt: skip
    by_session, lags = PROTOCOL.tables("open", store, ["emg_phones_alone", "emg_lags"])
    rows = {row[0].text: row[1].value for row in by_session.rows}
    assert rows == {"002-101": pytest.approx(0.3), "All": pytest.approx(0.3)}
    shown = {row[0].text: row[1].value for row in lags.rows if row[1].value is not None}
    assert shown == {"50 ms before the sound": pytest.approx(0.12), "at the same time": pytest.approx(0.08)}


def test_a_network_that_takes_no_notice_of_its_emg_is_told_from_one_that_does(tmp_path):
    store = CellStore(tmp_path)
    first, second = PROTOCOL.cells("open", ["emgse"], [0])[:2]
    for cell, by in ((first, 1e-6), (second, -0.2)):
        told = {"speaker": cell.config["speaker"], "snr_db": "-11"}
        store.write(cell, [
            Item(f"m{k}#input={which}", f"{told['speaker']}/{k}", "latent_distance", "1", value, "",
                 {**told, "input": which})
            for k in range(2) for which, value in (("audio", 0.9), ("audio+emg", 0.9 + by * k))
        ])  # fmt: skip
    (table,) = PROTOCOL.tables("open", store, ["heeded"])
    rows = [(row[0].text, row[1].value, row[2].text) for row in table.rows]
    assert rows[:2] == [("EMGSE, speaker 002, seed 0", pytest.approx(1e-6), "not heard"),
                        ("EMGSE, speaker 004, seed 0", pytest.approx(0.2), "heard")]  # fmt: skip
    assert [row[:2] for row in rows[2:]] == [("EMGSE, EMG not centred", None)]


def test_the_bridge_is_shown_by_variant_and_held_against_emg_as_it_is(tmp_path):
    store = CellStore(tmp_path)
    names = [bridge.named(v) for v in bridge.VARIANTS]
    for cell in PROTOCOL.cells("open", [BRIDGE]):
        items = [
            Item(f"m{k}#variant={name}", f"00{cell.fold}/{k}", "stoi", "v", 0.5 + 0.01 * at + 0.02 * k, "",
                 {"speaker": f"00{cell.fold}", "snr_db": "-11", "variant": name})
            for k in range(4) for at, name in enumerate(names)
        ]  # fmt: skip
        store.write(cell, items)
    shown, paired = PROTOCOL.tables("open", store, ["bridge", "bridge_stoi"])
    values = [row[shown.columns.index("STOI")].value for row in shown.rows]
    np.testing.assert_allclose(values, [0.53 + 0.01 * at for at in range(len(names))])
    assert len(paired.rows) >= len(names) - 1


def test_the_array_takes_the_place_of_every_sentence_whose_labels_hold(monkeypatch, tmp_path):
    def spoken(k, session):
        sound = Recording(np.random.default_rng(k).standard_normal(16_000), 16_000, "full scale", f"emguka/{k}", "002")
        return Spoken(sound, Channels(np.ones((6, 600)), 600, "µV", sound.item), session, f"S{k}")

    noise = (Recording(np.ones(9), 16_000, "x", "n", "n"),)
    own = Sources((spoken(1, "002-101"), spoken(2, "002-003")), (spoken(3, "002-101"),), (spoken(4, "002-101"),),
                  noise, noise)  # fmt: skip
    monkeypatch.setattr(array, "locate", lambda name: tmp_path)
    said = (emguka.Label(0.2, 0.5, "AA"), emguka.Label(0.5, 0.7, "K"))
    monkeypatch.setattr(emguka, "labels", lambda root, name: said)
    found = array.simulated_sources(own)
    assert [len(side) for side in (found.train, found.validation, found.test)] == [1, 1, 1]
    for each in (*found.train, *found.validation, *found.test):
        assert each.emg.synthetic and each.emg.signal.shape[0] == 40 and each.emg.fs == 2000
        assert abs(each.emg.seconds - each.sound.seconds) < 0.01
        np.testing.assert_allclose(each.emg.signal.mean(axis=1), 0, atol=1e-9)
    assert found.unheard == own.unheard


def test_the_bridge_asks_the_network_that_was_trained_for_the_main_table(monkeypatch, tmp_path):
    """Its cell on made-up signals: the network of the same speaker and seed, trained once, every variant scored."""
    from dataclasses import replace

    from biosig.corpora.synthetic import synthetic_ecg
    from biosig.papers.emgse import profiles

    rng = np.random.default_rng(2)

    def spoken(name):
        sound = Recording(0.1 * rng.standard_normal(24_000), 16_000, "full scale", f"emguka/{name}", "002")
        return Spoken(sound, Channels(20 * rng.standard_normal((6, 900)), 600, "µV", sound.item), "002-101", name)

    noise = tuple(Recording(rng.standard_normal(16_000), 16_000, "x", f"n{k}", "n", "car") for k in range(2))
    made = [tuple(spoken(f"{side}{k}") for k in range(4)) for side in "abc"]
    few = Sources(*made, noise, noise)
    before = profiles.setup_of("open")
    recipe = {"max_epochs": 1, "steps_per_epoch": 2, "batch": 4}
    networks = tuple((name, replace(net, recipe=replace(net.recipe, **recipe), options=profiles.TINY, mixtures=2))
                     for name, net in before.networks if name == "emgse")  # fmt: skip
    setup = replace(before, networks=networks, validation=2, speakers=("002",), seeds=(0,),
                    fewer=((BRIDGE, profiles.Where(("002",), (0,))),))  # fmt: skip
    monkeypatch.setitem(profiles.SETUPS, "open", setup)
    monkeypatch.setattr("biosig.papers.emgse.protocol.load", lambda *_: few)
    monkeypatch.setattr(bridge, "hearts", lambda: [synthetic_ecg(60.0, 1000, "bridge cell")[0]])
    monkeypatch.setattr(bridge, "cleaners", lambda: {name: (lambda emg, fs: emg) for name in bridge.CLEANING})
    monkeypatch.setattr(bridge, "CONTROL_METRICS", ("stoi",))
    monkeypatch.setattr(bridge, "EVERY", 4)
    store = CellStore(tmp_path)
    (cell,) = PROTOCOL.cells("open", [BRIDGE])
    PROTOCOL.run_cell(cell, store=store, device="cpu", progress=False)
    run = store.read(cell)
    (base,) = PROTOCOL.cells("open", ["emgse"])
    assert run.run["networks_of"] == [base.key]
    assert {item.conditions["variant"] for item in run.items} == {bridge.named(v) for v in bridge.VARIANTS}
    (table,) = PROTOCOL.tables("open", store, ["bridge"])
    assert all(row[3].value is not None for row in table.rows)
