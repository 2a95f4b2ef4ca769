"""The speech chapter's protocol: its mixtures, its cells, what systems cost, and the path from files to tables."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from biosig import samples
from biosig.corpora.splits import split
from biosig.errors import ConfigError, MissingDataError
from biosig.metrics.waveform import snr
from biosig.papers.neural import published
from biosig.papers.primer import costs, mixtures, profiles, sources, systems
from biosig.papers.primer.profiles import OPEN, QUICK, Network
from biosig.papers.primer.protocol import PROTOCOL
from biosig.papers.primer.score import evaluate
from biosig.papers.primer.tables import LABELS
from biosig.peers import PEERS
from biosig.results.items import CellStore
from biosig.results.tables import render
from biosig.results.verify import check_sources
from biosig.signal.enhancement import CLASSICAL_SPEECH, log_mmse
from biosig.signal.masks import ORACLES

FS = 16000


@pytest.fixture(scope="module")
def train():
    return sources.load("quick", "train")


@pytest.fixture(scope="module")
def test():
    return sources.load("quick", "test")


# --- mixtures ----------------------------------------------------------------------------------------------


def test_every_test_mixture_has_its_exact_snr_and_says_what_it_is_made_of(test):
    for mixture in mixtures.test_mixtures(test, (-5, 10), "samples"):
        assert snr(mixture.clean, mixture.noisy) == pytest.approx(mixture.snr_db, abs=1e-9)
        told = dict(mixture.conditions)
        assert float(told["snr_db"]) == mixture.snr_db and told["set"] == "samples"


def test_the_noises_take_turns(test):
    used = [dict(m.conditions)["noise"] for m in mixtures.test_mixtures(test, (-5, 0, 5), "samples")]
    counts = [used.count(noise) for noise in {n.channel or n.item for n in test.noises}]
    assert min(counts) > 0 and max(counts) - min(counts) <= 1


def test_a_test_mixture_depends_on_its_name_alone(test):
    one = mixtures.test_mixtures(test, (-5, 0, 5), "samples")[-1]
    again = mixtures.test_mixtures(test, (-5, 0, 5), "samples")[-1]
    np.testing.assert_array_equal(one.noisy, again.noisy)


def test_a_training_pair_is_repeated_by_its_name_and_differs_from_the_next(train):
    stream = mixtures.TrainingStream(train)
    noisy, clean = stream.pair(8000, "run", 0, 3)
    np.testing.assert_array_equal(noisy, stream.pair(8000, "run", 0, 3)[0])
    assert not np.array_equal(noisy, stream.pair(8000, "run", 0, 4)[0])
    assert noisy.dtype == clean.dtype == np.float32 and noisy.shape == clean.shape == (8000,)
    assert np.sqrt(np.mean(np.square(noisy))) == pytest.approx(1, abs=1e-3)


def test_training_pairs_span_the_range_of_snrs_and_no_more(train):
    stream = mixtures.TrainingStream(train, snrs_db=(0.0, 10.0))
    found = [float(snr(*(x.astype(float) for x in reversed(stream.pair(8000, i))))) for i in range(40)]
    assert min(found) > -0.1 and max(found) < 10.1 and max(found) - min(found) > 5


def test_a_short_noise_is_looped_and_a_silent_stretch_is_avoided():
    signal = np.zeros(1000)
    signal[-100:] = 1.0
    stretches = [mixtures.audible(signal, 200, np.random.default_rng(seed)) for seed in range(30)]
    assert np.mean([stretch.any() for stretch in stretches]) > 0.4  # one draw would find sound one time in eight
    looped = mixtures.audible(np.arange(3.0), 7, np.random.default_rng(0))
    assert looped.size == 7 and set(np.diff(looped) % 3) == {1.0}


def test_validation_mixtures_do_not_depend_on_the_order_of_the_files():
    found = sources.load("quick", "validation")
    turned = replace(found, speech=tuple(reversed(found.speech)))
    assert [m.item for m in mixtures.validation_mixtures(found, QUICK)] == [
        m.item for m in mixtures.validation_mixtures(turned, QUICK)
    ]


# --- who is heard where ------------------------------------------------------------------------------------


def test_no_voice_and_no_noise_is_on_two_sides():
    for kind in (samples.speech, samples.noises):
        sides = [{recording.subject for recording in kind(part)} for part in ("train", "validation", "test")]
        assert all(sides) and not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    for corpus in ("picovoice", "asterisk", "hu100", "esc10"):
        sides = [set(getattr(split(corpus), part).subjects) for part in ("train", "validation")]
        assert all(sides) and not sides[0] & sides[1]


# --- systems and cells -------------------------------------------------------------------------------------


def test_every_system_of_the_package_has_a_name_here():
    assert set(systems.CLASSICAL) == set(CLASSICAL_SPEECH) and set(systems.ORACLE) == set(ORACLES)
    assert set(PEERS) <= set(systems.CALLABLE)
    assert set(LABELS) == {*systems.CALLABLE, *systems.VARIED, *systems.ORACLE}  # and each has its row in the tables


def test_an_oracle_is_no_system_for_users_and_the_sentence_says_what_to_do():
    with pytest.raises(ConfigError, match="biosig run primer --system irm"):
        systems.load_system("irm")
    with pytest.raises(ConfigError, match="unknown system 'best'"):
        systems.load_system("best")


def test_a_network_without_a_checkpoint_says_so():
    with pytest.raises(MissingDataError, match="no trained noisy is published here: run `biosig run primer --system"):
        published("primer", "noisy")


def test_cells_are_one_per_system_and_three_per_trained_one():
    names = [(cell.system, cell.fold, cell.seed) for cell in PROTOCOL.cells("open")]
    assert len(set(names)) == len(names)
    assert {seed for name, _, seed in names if name == "unet"} == {0, 1, 2} and names.count(("irm", 0, 0)) == 1
    assert {seed for name, _, seed in names if name == "loss_stoi"} == {0, 1, 2}
    assert PROTOCOL.cells("paper") == []  # the text trains nothing


def test_an_oracle_beats_the_input_it_was_made_from(test):
    mixture = mixtures.test_mixtures(test, (0,), "samples")[:1]
    items = {name: evaluate(name, mixture, {"samples": ("si_sdr_db",)}, name, False)[0] for name in systems.ORACLE}
    of = {name: item.value for name, item in items.items()}
    noisy = evaluate(systems.unprocessed, mixture, {"samples": ("si_sdr_db",)}, "noisy", False)[0].value
    assert of["psm"] > of["irm"] > noisy
    assert of["cirm"] is None and items["cirm"].reason == "perfect"  # a complex mask undoes the mixture


# --- costs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "wait_ms"), [(320, 20.0), (0, 0.0)])
def test_a_delay_is_latency(by, wait_ms):
    clip = np.random.default_rng(0).standard_normal(2 * FS)
    (item,) = costs.latency("a shift", lambda x, fs: np.pad(x, (by, 0))[: x.size], clip)
    assert item.value == pytest.approx(wait_ms, abs=0.1)


def test_a_look_ahead_is_latency():
    clip = np.random.default_rng(0).standard_normal(2 * FS)
    (item,) = costs.latency("a look ahead", lambda x, fs: x + 0.1 * np.pad(x, (0, 160))[160:], clip)
    assert item.value == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize("start", [0, 1, 57, 99])
def test_a_block_is_latency_wherever_the_probe_begins(start):
    """Each block of 100 samples is scaled by its own level, so its first sample waits for its last: 99 samples."""

    def blocks(x: np.ndarray, fs: float) -> np.ndarray:
        whole = np.pad(x, (start, -(x.size + start) % 100)).reshape(-1, 100)
        return (whole / (1 + whole.std(axis=1, keepdims=True))).reshape(-1)[start : start + x.size]

    clip = np.random.default_rng(0).standard_normal(2 * FS)
    assert costs.look_ahead(blocks, clip) == 99


@pytest.mark.parametrize(("frame_ms", "hop_ms"), [(32, 8), (20, 10)])
def test_the_latency_of_a_spectral_method_is_its_frame(frame_ms, hop_ms):
    """The frame that starts at a sample ends L - 1 later; a root-Hann window all but hides its outermost samples."""
    clip = np.random.default_rng(0).standard_normal(5 * FS // 4)
    system = partial(log_mmse, frame_ms=frame_ms, hop_ms=hop_ms)
    (item,) = costs.latency("log-MMSE", system, clip)
    assert frame_ms - 0.5 < item.value < frame_ms


def test_networks_that_run_backwards_need_the_whole_recording():
    found = {name: costs.hears_everything(system.network) for name, system in costs.networks(OPEN).items()}
    assert found == {"unet": False, "recurrent": True, "recurrent_mask": True, "conv_tasnet": True, "dccrn": False}


def test_a_system_that_needs_the_whole_clip_has_no_latency_and_says_why():
    clip = np.random.default_rng(0).standard_normal(2 * FS)
    (item,) = costs.latency("normalised", lambda x, fs: x / x.std(), clip)
    assert item.value is None and item.reason == costs.WHOLE


# --- from cells to tables ----------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch):
    """The quick profile with networks that have hardly been trained, and few test mixtures."""

    def hardly(network: Network) -> Network:
        return replace(network, recipe=replace(network.recipe, steps_per_epoch=2, max_epochs=1, batch=2, window=8000))

    networks = tuple((name, hardly(network)) for name, network in QUICK.networks)
    setup = replace(QUICK, networks=networks, test_snrs=(5,), utterances=2)
    monkeypatch.setitem(profiles.SETUPS, "quick", setup)
    some = mixtures.test_mixtures(sources.load("quick", "test"), (5,), "samples")[:2]
    monkeypatch.setattr("biosig.papers.primer.protocol.test_mixtures", lambda setup: some)
    monkeypatch.setattr(costs, "ROUNDS", 1)
    monkeypatch.setattr(costs, "LONGEST_HOP", 2)
    monkeypatch.setattr(costs, "CLASSICAL", {"log_mmse": ""})


def test_cells_become_tables_whose_numbers_all_have_a_source(tiny, tmp_path):
    store = CellStore(tmp_path)
    wanted = ["noisy", "log_mmse", "irm", "recurrent_mask", "loss_stoi", "costs"]
    for cell in PROTOCOL.cells("quick", wanted):
        PROTOCOL.run_cell(cell, store=store, device="cpu", progress=False)
        assert store.done(cell)
    keys = [cell.key for cell in store.cells("primer", "quick")]
    found = {table.name: table for table in PROTOCOL.tables("quick", store)}
    assert not [line for table in found.values() for line in check_sources(table, keys)]
    text = render(found["everything"], "text")
    row = next(line for line in text.splitlines() if line.startswith("Recurrent, masking"))
    assert "all of it" in row and row.count("—") == 1  # DNSMOS is not for quick
    assert "0.0" in render(found["training"], "text")


def test_the_open_profile_names_every_corpus_by_its_hash():
    files = PROTOCOL.cells("open", ["noisy"])[0].config["data_files"]
    assert {"picovoice.json", "asterisk.json", "hu100.json", "esc10.json", "voicebank.txt"} <= set(files)
    assert OPEN.network("recurrent_mask").recipe.loss == "compressed"
