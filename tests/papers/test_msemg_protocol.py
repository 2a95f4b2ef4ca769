"""The MSEMG protocol: its mixtures, its cells, and every profile's code path from files to tables."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import numpy as np
import pytest

from biosig.corpora import synthetic
from biosig.corpora.splits import Part, Split, split
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.metrics.waveform import snr
from biosig.papers.msemg import mixtures, profiles, sources, systems
from biosig.papers.msemg.profiles import FEW_SNRS, OPEN, PAPER, QUICK, TEST_SNRS, Network, setup_of
from biosig.papers.msemg.protocol import PROTOCOL, test_mixtures
from biosig.results.items import CellStore
from biosig.training.recipe import Recipe

test_mixtures.__test__ = False  # pytest would take the protocol's own function for a test


@pytest.fixture(scope="module")
def quick_test():
    return sources.load("quick", "test")


# --- mixtures ----------------------------------------------------------------------------------------------


def test_every_mixture_has_its_exact_snr_and_says_what_it_is_made_of(quick_test):
    for mixture in mixtures.fixed_mixtures(quick_test, TEST_SNRS, per_channel=1):
        assert snr(mixture.clean, mixture.noisy) == pytest.approx(mixture.snr_db, abs=1e-9)
        told = dict(mixture.conditions)
        assert float(told["snr_db"]) == mixture.snr_db and told["ecg"] in mixture.item


def test_a_mixture_depends_on_its_name_alone(quick_test):
    everything = mixtures.fixed_mixtures(quick_test, TEST_SNRS)
    again = mixtures.contaminate(quick_test.emg[0], _ecg_of(everything[3], quick_test), -6, everything[3].item)
    np.testing.assert_array_equal(again.noisy, everything[3].noisy)


def test_ecg_records_take_turns(quick_test):
    three = replace(quick_test, ecg=tuple(replace(quick_test.ecg[0], subject=f"r{k}") for k in range(3)))
    used = [dict(m.conditions)["ecg"] for m in mixtures.fixed_mixtures(three, range(-6, 0), copies=1)]
    assert {used.count(record) for record in ("r0", "r1", "r2")} == {len(used) // 3}


def test_copies_are_different_stretches_under_different_names(quick_test):
    found = mixtures.fixed_mixtures(quick_test, (-10,), per_channel=1, copies=3)
    assert len({m.item for m in found}) == len(found) == 3
    assert not np.array_equal(found[0].interference, found[1].interference)


def test_a_subset_is_taken_from_the_whole_with_the_same_mean_snr(quick_test):
    everything = mixtures.fixed_mixtures(quick_test, TEST_SNRS)
    some = mixtures.subset(everything, FEW_SNRS, per_subject=1)
    assert {m.item for m in some} < {m.item for m in everything}
    assert len(some) == len(FEW_SNRS) * len({m.subject for m in everything})
    assert np.mean(FEW_SNRS) == np.mean(TEST_SNRS)


def test_segments_without_movement_are_chosen_last(quick_test):
    emg = quick_test.emg[0]
    resting = [replace(emg, item=f"rest{k}", active=np.zeros_like(emg.active)) for k in range(5)]
    assert mixtures.choose([*resting, replace(emg, item="moving")], 1)[0].item == "moving"


def test_training_mixtures_repeat_by_name_and_differ_by_step(quick_test):
    one, same, other = (mixtures.training_mixture(quick_test, (-5,), "run", 0, step) for step in (1, 1, 2))
    np.testing.assert_array_equal(one.noisy, same.noisy)
    assert not np.array_equal(one.noisy, other.noisy)
    noisy, clean = mixtures.crop(one, 500, "run", 0, 1)
    start = np.flatnonzero(np.isclose(one.clean, clean[0]))[0]
    np.testing.assert_array_equal(noisy, one.noisy[start : start + 500])


def _ecg_of(mixture, of):
    return next(e for e in of.ecg if e.subject == dict(mixture.conditions)["ecg"])


# --- splits and cells --------------------------------------------------------------------------------------


def test_no_person_and_no_heart_of_the_open_profile_is_on_two_sides():
    for corpus in ("3dc", "nsrdb"):
        parts = [set(getattr(split(corpus), part).subjects) for part in ("train", "validation", "test")]
        assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])


def test_cells_are_one_per_classical_system_and_one_per_seed_of_a_network():
    names = [(cell.system, cell.seed) for cell in PROTOCOL.cells("open")]
    assert len(set(names)) == len(names)
    assert names.count(("hp", 0)) == 1 and {seed for name, seed in names if name == "msemg"} == {0, 1, 2}


# Committed results are found by these keys; a change of the code that moves one orphans its cell.
KEYS = {"noisy": "77626c845910", "hp": "ce7a177c0f29", "fts": "daca972ed6db", "fts_hp": "e7278872e426",
        "ats": "80a0d62fd9f4", "ats_hp": "d8d32411d05f", "fcn": "b5e51694a0d5", "msemg": "752a8e17fee5",
        "gate_zero": "beb529d95114", "eks25_hp": "54e519a86186", "sizes": "5b61de9b06f0"}


def test_the_keys_of_committed_cells_stay():
    assert {cell.system: cell.key for cell in PROTOCOL.cells("open", list(KEYS), [0])} == KEYS


def test_every_system_has_a_label():
    from biosig.papers.msemg.tables import LABELS, OTHERS

    assert [*LABELS, *systems.SECOND] == list(systems.SYSTEMS) and OTHERS.keys() < LABELS.keys()


def test_a_cell_is_another_one_when_its_recipe_changes(monkeypatch):
    before = {cell.system: cell.key for cell in PROTOCOL.cells("open", ["hp", "msemg"], [0])}
    network = OPEN.network("msemg")
    changed = replace(network, recipe=replace(network.recipe, lr=0.5))
    monkeypatch.setitem(profiles.SETUPS, "open", replace(OPEN, networks=(("msemg", changed),)))
    after = {cell.system: cell.key for cell in PROTOCOL.cells("open", ["hp", "msemg"], [0])}
    assert before["hp"] == after["hp"] and before["msemg"] != after["msemg"]


def test_the_paper_profile_keeps_what_the_paper_and_its_code_say():
    assert PAPER.split == "official" and PAPER.copies == 3 and PAPER.per_channel is None
    assert all(network.scaling == "none" for _, network in PAPER.networks)
    assert asdict(PAPER.network("sdemg").recipe)["batch"] == 64


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: setup_of("tiny"), "unknown profile 'tiny'"),
        (lambda: systems.classical("msemg"), "no classical system"),
        (lambda: systems.load_system("wiener"), "unknown system 'wiener'"),
    ],
)
def test_unknown_names_are_refused_with_the_known_ones(call, words):
    with pytest.raises(ConfigError, match=words):
        call()


def test_a_network_without_a_checkpoint_says_how_to_get_one(monkeypatch, tmp_path):
    monkeypatch.setattr("biosig.papers.neural.checkpoints", lambda paper: tmp_path)
    with pytest.raises(MissingDataError, match="biosig run msemg --system sdemg"):
        systems.load_system("sdemg")


def test_a_part_without_recordings_is_refused():
    with pytest.raises(DataError, match="no usable EMG segment"):
        sources.Sources((), ())


# --- from files to tables ----------------------------------------------------------------------------------


@pytest.fixture
def fresh_sources():
    sources.load.cache_clear()
    yield
    sources.load.cache_clear()


def tiny(setup, seeds=(0, 1)):
    """The profile with networks that have hardly been trained, and few test mixtures."""
    recipe = Recipe("tiny", 2, 2, batch=2, window=600, lr=1e-3, loss="snr")
    networks = (
        ("fcn", Network(recipe)),
        ("sdemg", Network(replace(recipe, loss="diffusion"), "diffusion", factor=5.0, test_snrs=(-10,), per_subject=1)),
        ("msemg", Network(recipe)),
        ("trustemg_like", Network(recipe)),
        ("fcn_l1", Network(replace(recipe, name="tiny l1", loss="l1"))),
    )
    return replace(setup, networks=networks, seeds=seeds, per_channel=1, test_snrs=(-10, 0), copies=1,
                   validation_per_channel=1, validation_snrs=(-5,))


def small_split(name, variant="default"):
    """One person or heart on each side."""
    whole = split(name, variant)
    channels = {"3dc": ((0,), (0,), (6, 7)), "ninapro_db2": ((2,), (2,), (9,))}.get(name, ((), (), ()))
    sides = []
    for part, of in zip(("train", "validation", "test"), channels, strict=True):
        side = getattr(whole, part)
        sides.append(Part(side.subjects[: 2 if part == "test" else 1], of, side.exercises))
    return Split(name, variant, "", *sides, shared=whole.shared)


def run_all(profile, store, names):
    for cell in PROTOCOL.cells(profile, names):
        PROTOCOL.run_cell(cell, store=store, device="cpu", progress=False)


def test_the_open_profile_runs_from_files_to_tables_on_synthetic_twins(tmp_path, monkeypatch, fresh_sources):
    people = [s for part in ("train", "validation", "test") for s in getattr(small_split("3dc"), part).subjects]
    synthetic.write_twin_3dc(tmp_path / "3dc", people)
    synthetic.write_twin_nsrdb(tmp_path / "nsrdb_60s")
    seconds = np.arange(40_000) / 2000
    ecg, emg = synthetic.synthetic_ecg(20, 2000, "d")[0], synthetic.synthetic_emg(20, 2000, "d")
    (tmp_path / "diaphragm").mkdir()
    np.savetxt(tmp_path / "diaphragm" / "1ch_example.txt",
               np.stack([seconds, ecg.signal, emg.signal + ecg.signal], 1), delimiter="\t", fmt="%.6f")
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path))
    monkeypatch.setattr(sources, "split", small_split)
    monkeypatch.setitem(profiles.SETUPS, "open", tiny(OPEN, seeds=(0,)))
    store = CellStore(tmp_path / "results")
    run_all("open", store, ["noisy", "hp", "ats_hp", "gate_zero", "fcn", "fcn_l1", "msemg", "trustemg_like", "sizes"])
    found = {table.name: table for table in PROTOCOL.tables("open", store)}
    first = {row[0].text: row[2] for row in found["table1_snr_imp_db"].rows}
    assert first["Unprocessed"].value == pytest.approx(0, abs=1e-9)
    assert first["HP"].value > 5  # dB: synthetic ECG lies below 40 Hz, as the real one does
    assert first["SDEMG"].source == "not attempted"
    printed = {row[0].text: row[1].text for row in found["table1_snr_imp_db"].rows}
    assert {printed["Gating, zeros"], printed["TrustEMG-like"]} == {"not in the paper"}
    assert first["Gating, zeros"].value > 0 and "TrustEMG-like" in first
    recipes = {row[0].text: row for row in found["recipes"].rows}
    assert [recipes[name][1].text for name in ("FCN", "FCN, L1 and 10 s")] == ["minus the output SNR", "L1"]
    assert recipes["FCN"][2].value != recipes["FCN, L1 and 10 s"][2].value
    assert recipes["MSEMG, L1 and 10 s"][2].source == "not attempted"
    paired = {name: {row[0].text for row in found[name].rows} for name in found if name.endswith("_paired")}
    assert "Gating, zeros" in paired["families_paired"]
    assert not paired["families_paired"] & paired["table1_snr_imp_db_paired"]
    assert {row[-1].text for row in found["table2_parameters"].rows if row[1].source == "paper"} == {"reproduced"}
    ratios = {row[0].text: row[1] for row in found["diaphragm"].rows}
    assert ratios["HP"].value < ratios["Unprocessed"].value


def test_the_paper_profile_runs_on_files_in_ninapros_layout(tmp_path, monkeypatch, fresh_sources):
    whole = small_split("ninapro_db2", "official")
    for part in (whole.train, whole.validation, whole.test):
        synthetic.write_twin_ninapro_db2(tmp_path / "ninapro_db2", part.subjects, part.exercises)
    synthetic.write_twin_nsrdb(tmp_path / "nsrdb")
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path))
    monkeypatch.setattr(sources, "split", small_split)
    monkeypatch.setitem(profiles.SETUPS, "paper", tiny(PAPER, seeds=(0,)))
    store = CellStore(tmp_path / "results")
    run_all("paper", store, ["hp", "msemg"])
    run = store.read(PROTOCOL.cells("paper", ["hp"])[0])
    assert {row.subject for row in run.items} == set(whole.test.subjects)
    assert {row.conditions["ecg"] for row in run.items} <= set(split("nsrdb").test.subjects)


def test_the_diffusion_model_is_scored_on_its_subset(tmp_path, monkeypatch, fresh_sources):
    setup = tiny(QUICK, seeds=(0,))
    monkeypatch.setitem(profiles.SETUPS, "quick", setup)
    store = CellStore(tmp_path)
    cell = PROTOCOL.cells("quick", ["sdemg"])[0]
    monkeypatch.setattr("biosig.training.inference.Diffusion", lambda: _TwoSteps())
    PROTOCOL.run_cell(cell, store=store, device="cpu", progress=False)
    run = store.read(cell)
    assert {row.item for row in run.items} == {m.item for m in test_mixtures(setup, "sdemg")}
    assert (run.folder / "curve.csv").is_file() and run.run["epochs"] == 2


class _TwoSteps:
    """The sampler with two steps instead of fifty: this test is about which mixtures are scored."""

    def sample(self, network, noisy, seeds, progress=None):
        from biosig.models.diffusion import Diffusion

        return Diffusion(steps=2).sample(network, noisy, seeds, progress)


# --- killed in the middle ----------------------------------------------------------------------------------

RUN = [sys.executable, "-m", "biosig.cli", "run", "msemg", "--profile", "quick", "--system", "fcn"]


def _environment(root):
    return {**os.environ, "BIOSIG_RESULTS": str(root), "OMP_NUM_THREADS": "1"}


def test_a_training_killed_between_epochs_comes_to_the_same_items(tmp_path):
    undisturbed, disturbed = tmp_path / "a", tmp_path / "b"
    subprocess.run(RUN, env=_environment(undisturbed), check=True, capture_output=True)
    process = subprocess.Popen(RUN, env=_environment(disturbed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not any("curve.csv" in names for *_, names in os.walk(disturbed)):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the run ended before it could be killed"
    assert not list(disturbed.glob("msemg/quick/fcn*/items.csv.gz"))
    subprocess.run(RUN, env=_environment(disturbed), check=True, capture_output=True)
    (one,), (other,) = (sorted(root.glob("msemg/quick/fcn*/items.csv.gz")) for root in (undisturbed, disturbed))
    assert one.read_bytes() == other.read_bytes()
