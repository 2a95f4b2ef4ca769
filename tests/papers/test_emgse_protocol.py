"""EMGSE's protocol: frames, mixtures, controls and cells, on signals that are made here."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from biosig.errors import MissingDataError, SignalError
from biosig.papers import emgse, neural
from biosig.papers.emgse import controls, profiles, sources
from biosig.papers.emgse.frames import CONTEXT, emg_frames, noisy_frames, scaled
from biosig.papers.emgse.mixtures import TrainingStream, fitted, shuffled, validation_chunks
from biosig.papers.emgse.mixtures import test_mixtures as mixtures_of  # another name: pytest would collect it
from biosig.papers.emgse.profiles import Network, Setup, setup_of
from biosig.papers.emgse.simulated import emg_from_sound
from biosig.papers.emgse.sources import Sources, Spoken, pink_noise, prepared
from biosig.papers.emgse.systems import Enhancer
from biosig.papers.transcription import load
from biosig.results.items import CellStore
from biosig.signal.emg_features import td15
from biosig.signal.log_spectrogram import log1p_magnitude
from biosig.signal.paired import Channels, same_duration
from biosig.signal.types import Recording
from biosig.training.recipe import Recipe

FS, EMG_FS = 16_000, 600
SIX = tuple("123456")


def spoken(name, session="s1", sentence="", seconds=1.5, subject="002"):
    rng = np.random.default_rng(sum(map(ord, name)))
    sound = Recording(0.1 * rng.standard_normal(round(seconds * FS)), FS, "full scale", name, subject)
    emg = Channels(50 + 20 * rng.standard_normal((6, round(seconds * EMG_FS))), EMG_FS, "µV", name, SIX)
    return Spoken(sound, emg, session, sentence or name)


def noises(n, prefix, voices=0):
    rng = np.random.default_rng(n)
    return tuple(
        Recording(rng.standard_normal(FS), FS, "full scale", f"{prefix}{k}", f"{prefix}{k}",
                  "chinese" if k >= n - voices else "car")
        for k in range(n)
    )  # fmt: skip


@pytest.fixture
def person():
    """Ten sentences to test with, read twice each, and a few to train and validate with."""
    test = [spoken(f"t{k}-{s}", s, f"SENTENCE {k}") for k in range(10) for s in ("s1", "s2")]
    return Sources(
        tuple(spoken(f"a{k}", "s1" if k < 3 else "s2") for k in range(6)), (spoken("v0"), spoken("v1", "s2")),
        tuple(test), noises(4, "h"), noises(18, "u", voices=12),
    )  # fmt: skip


def network(**more):
    recipe = Recipe("tiny", 2, 1, 4, profiles.CHUNK, 1e-3)
    return Network(recipe, profiles.TINY, **{"channels": SIX, **more})


SETUP = Setup(name="open", speakers=("002",), validation=4)


# --- frames ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["paper", "official"])
def test_frames_of_emg_are_td15(order):
    emg = spoken("x").emg
    whole = td15(emg.signal, EMG_FS, order=order)
    found = emg_frames(emg, len(whole), order)
    np.testing.assert_allclose(found.rows(), whole, atol=2e-5)
    np.testing.assert_allclose(found.rows(40, 50), whole[40:50], atol=2e-5)


def test_a_dead_channel_is_zeros_and_ends_are_filled():
    emg = spoken("x").emg
    emg = Channels(np.where(np.arange(6)[:, None] == 2, 0.0, emg.signal), EMG_FS, "µV", "x", SIX)
    frames = len(td15(emg.signal, EMG_FS))
    rows = emg_frames(emg, frames + 2).rows()
    assert len(rows) == frames + 2 and np.isfinite(rows).all()
    assert not rows.reshape(-1, 6, 2 * CONTEXT + 1, 5)[:frames, 2].any()
    with pytest.raises(SignalError, match="expected the same"):
        emg_frames(emg, frames + 9)


def test_noisy_frames_hold_spectrum_scaling_and_emg():
    x = spoken("x")
    frames = noisy_frames(x.sound.signal, emg_frames(x.emg, len(log1p_magnitude(x.sound.signal))))
    spectrum = log1p_magnitude(x.sound.signal)
    assert frames.shape == (len(spectrum), 257 + 2 + 930) and frames.dtype == np.float32
    np.testing.assert_allclose(frames[:, :257] * frames[:, 258:259] + frames[:, 257:258], spectrum, atol=1e-5)
    assert frames[:, :257].min() == 0 and frames[:, :257].max() == pytest.approx(1)
    deaf = noisy_frames(x.sound.signal, emg_frames(x.emg, len(spectrum)), deaf=True)
    assert not deaf[:, :259].any() and np.array_equal(deaf[:, 259:], frames[:, 259:])
    assert scaled(np.zeros((2, 3)))[0].tolist() == [[0, 0, 0], [0, 0, 0]]


# --- mixtures -------------------------------------------------------------------------------------------------------


def test_every_sentence_meets_every_noise_once_and_both_kinds_at_every_snr(person):
    mixtures = mixtures_of(person, SETUP)
    assert len(mixtures) == 10 * 18 and len({m.item for m in mixtures}) == 180
    met = {(m.subject, m.item.split("+")[-1]) for m in mixtures}
    assert len(met) == 180 and {m.subject for m in mixtures} == {f"002/{k}" for k in range(1, 11)}
    for subject in ("002/1", "002/7"):
        own = [dict(m.conditions) for m in mixtures if m.subject == subject]
        assert {(c["snr_db"], c["voices"]) for c in own} == {
            (snr, kind) for snr in ("-11", "-6", "-1", "4") for kind in ("voices", "none")
        }
        assert sorted([c["session"] for c in own].count(s) for s in ("s1", "s2")) == [9, 9]
    by_noise = {k: {m.snr_db for m in mixtures if m.item.endswith(f"+u{k}")} for k in range(18)}
    assert all(len(snrs) == 4 for snrs in by_noise.values())
    for m in mixtures[:20]:
        measured = 10 * np.log10((m.clean**2).sum() / (m.interference**2).sum())
        assert measured == pytest.approx(m.snr_db)
        assert m.beside.item == m.item.split("@")[0]
    assert 0.2 < len(mixtures_of(person, SETUP, 3)) / 180 < 0.5
    assert {m.item for m in mixtures_of(person, SETUP, 3)} < {m.item for m in mixtures}


def test_training_batches_are_a_pure_function_of_their_name(person):
    stream = TrainingStream(person, SETUP, network())
    frames, clean = stream.batch(8, "x", 1)
    again = stream.batch(8, "x", 1)
    assert frames.shape == (8, 64, 257 + 2 + 930) and clean.shape == (8, 64, 257)
    np.testing.assert_array_equal(frames, again[0])
    assert not np.array_equal(frames, stream.batch(8, "x", 2)[0])
    rows = [each.clean for each in stream.sentences]
    for row in clean:  # each is a piece of some sentence's clean spectrogram
        assert any((np.abs(whole[t : t + 64] - row).max() < 1e-6) for whole in rows for t in range(len(whole) - 63))


def test_training_meets_its_own_emg_or_that_of_another_sentence_of_the_session(person):
    own = TrainingStream(person, SETUP, network()).sentences
    other = TrainingStream(person, SETUP, network(shuffled=True)).sentences
    moved = [each.sound.item for each in shuffled(person.train)]
    assert sorted(moved) == sorted(each.sound.item for each in person.train)
    for k, each in enumerate(person.train):
        assert moved[k] != each.sound.item
        session = {e.sound.item: e.session for e in person.train}
        assert session[moved[k]] == each.session
        assert not np.array_equal(own[k].emg.padded, other[k].emg.padded)
    one = TrainingStream(person, SETUP, network(sessions=("s2",))).sentences
    assert len(one) == 3


def test_validation_is_fixed_and_whole_chunks(person):
    frames, clean = validation_chunks(person, SETUP, network(channels=()))
    assert frames.shape[1:] == (64, 259) and clean.shape == (*frames.shape[:2], 257)
    chunks = len(log1p_magnitude(np.zeros(24_000))) // 64
    assert len(frames) == 4 * chunks
    more, cleans = validation_chunks(person, replace(SETUP, validation=40), network(channels=()))
    np.testing.assert_array_equal(more[: len(frames)], frames)
    assert len(more) == 40 * chunks  # two sentences at five SNRs: each is met four times, in other noises
    noisy = [more[k * chunks : (k + 1) * chunks].tobytes() for k in range(40)]
    assert len(set(noisy)) > 10 and len({x.tobytes() for x in cleans}) == 2 * chunks


def test_preparation_levels_sound_and_takes_off_the_offset():
    x = prepared(spoken("x"), 0.05)
    assert np.sqrt(np.mean(x.sound.signal**2)) == pytest.approx(0.05)
    np.testing.assert_allclose(x.emg.signal.mean(axis=1), 0, atol=1e-9)


def test_pink_noise_falls_by_three_decibels_an_octave():
    from scipy.signal import welch

    frequency, power = welch(pink_noise().signal, FS, nperseg=4096)
    band = (frequency > 50) & (frequency < 7000)
    slope = np.polyfit(np.log2(frequency[band]), 10 * np.log10(power[band]), 1)[0]
    assert slope == pytest.approx(-3.01, abs=0.15)


# --- controls -------------------------------------------------------------------------------------------------------


def test_controls_change_the_emg_and_nothing_else(person):
    mixture = mixtures_of(person, SETUP)[0]
    emg, found = mixture.beside, controls.changes(person.test, SIX)
    assert set(controls.names(SIX)) == {*found, "person"} and len(found) == 2 + 6 + 6 + 6
    assert not found["constant"](mixture).signal.any()
    np.testing.assert_array_equal(found["shift_50"](mixture).signal[:, 30:], emg.signal[:, :-30])
    np.testing.assert_array_equal(found["shift_-100"](mixture).signal[:, :-60], emg.signal[:, 60:])
    without = found["without_3"](mixture).signal
    assert not without[2].any() and np.array_equal(without[[0, 1, 3, 4, 5]], emg.signal[[0, 1, 3, 4, 5]])
    only = found["only_3"](mixture).signal
    assert np.array_equal(only[2], emg.signal[2]) and not only[[0, 1, 3, 4, 5]].any()
    other = found["other"](mixture)
    assert other.item != emg.item and other.item.split("-")[1] == emg.item.split("-")[1]
    assert other.signal.shape == emg.signal.shape
    (after,) = controls.changed([mixture], found["constant"])
    np.testing.assert_array_equal(after.noisy, mixture.noisy)


def test_emg_of_another_sentence_is_cut_or_begun_again():
    emg = Channels(np.arange(600.0)[None], EMG_FS, "µV", "x")
    assert fitted(emg, 1.0) is emg and fitted(emg, 0.5).signal.shape == (1, 300)
    np.testing.assert_array_equal(fitted(emg, 1.5).signal[0, 600:], np.arange(300.0))
    for seconds in (0.985, 0.992, 1.004, 1.012):  # what comes out always passes as EMG of that duration
        same_duration(np.zeros(round(seconds * FS)), FS, fitted(emg, seconds))


# --- systems --------------------------------------------------------------------------------------------------------


def enhancer(channels, **more):
    net = neural.initialised("emgse", 0, channels=len(channels), **dict(profiles.TINY))
    return Enhancer(net, {"channels": channels, "deaf": False, "order": "paper", **more})


def test_a_network_is_called_as_others_are_and_refuses_clearly():
    x = spoken("x")
    fused, hearing = enhancer(SIX), enhancer(())
    out = fused(x.sound.signal, FS, beside=x.emg)
    assert out.shape == x.sound.signal.shape and np.isfinite(out).all()
    assert hearing(x.sound.signal, FS).shape == out.shape
    with pytest.raises(SignalError, match="the second signal is missing"):
        fused(x.sound.signal, FS)
    with pytest.raises(SignalError, match=r"the sound lasts 1.500 s and y beside it 1.000 s"):
        fused(x.sound.signal, FS, beside=spoken("y", seconds=1.0).emg)
    with pytest.raises(SignalError, match="has no channel '3'"):
        fused(x.sound.signal, FS, beside=x.emg.only("1", "2"))
    with pytest.raises(SignalError, match="fs is 8000 Hz: expected 16000 Hz"):
        hearing(x.sound.signal, 8000)
    with pytest.raises(SignalError, match="expected one channel"):
        hearing(np.zeros((2, 16000)), FS)


def test_simulated_emg_is_called_that_and_leads_the_sound():
    n = 2 * FS
    sound = np.zeros(n)
    sound[n // 2 :] = np.random.default_rng(0).standard_normal(n // 2)
    emg = emg_from_sound(Recording(sound, FS, "full scale", "x", "a"))
    power = (emg.signal**2).mean(axis=0)
    rise = np.flatnonzero(np.convolve(power, np.ones(12) / 12, "same") > 0.3 * power[700:1100].mean())[0]
    assert emg.synthetic and emg.signal.shape == (6, 1200) and 0.85 < rise / EMG_FS < 1.0


# --- cells and tables -----------------------------------------------------------------------------------------------


def test_folds_are_speakers():
    cells = emgse.PROTOCOL.cells("open", ["emgse"], [0])
    assert [cell.fold for cell in cells] == [2, 4, 6, 8]
    assert [cell.config["speaker"] for cell in cells] == ["002", "004", "006", "008"]
    assert len(emgse.PROTOCOL.cells("open", ["se_a"])) == 12
    assert not [cell for cell in emgse.PROTOCOL.cells("quick") if cell.system in ("dtln", "emgse_controls")]
    assert {cell.system for cell in emgse.PROTOCOL.cells("paper")} >= {"se_a", "emgse", "emgse_cheek"}


TABLE_1 = """
-11 dB 0.923 0.394 1.197 0.446 1.452 0.553
-6 dB 1.138 0.481 1.608 0.579 1.829 0.658
-1 dB 1.448 0.579 2.03 0.697 2.207 0.751
4 dB 1.722 0.663 2.333 0.764 2.476 0.801
"""
TABLE_2 = """
chinese 1.277 0.504 1.695 0.591 1.928 0.669
english 1.290 0.514 1.677 0.584 1.935 0.676
car 1.692 0.675 2.297 0.777 2.314 0.781
engine 1.286 0.55 1.985 0.686 2.094 0.729
pink 1.281 0.552 1.943 0.658 2.077 0.713
white 1.303 0.585 2.072 0.691 2.223 0.737
street 1.404 0.564 2.028 0.704 2.129 0.743
"""


@pytest.mark.parametrize("name, text, joined", [("table1", TABLE_1, " at "), ("table2", TABLE_2, ", ")])
def test_tables_are_what_the_paper_prints(name, text, joined):
    table = load("emgse").tables[name]
    for line in text.strip().splitlines():
        level, *printed = line.rsplit(None, 6)
        for first, metric in ((0, "raw PESQ"), (1, "STOI")):
            column = table.column(f"All speakers, {metric}{joined}{level}")
            assert [column.values[row].text for row in ("Noisy", "SE(A)", "EMGSE")] == printed[first::2]
    assert len(table.columns) == 2 * len(text.strip().splitlines())


def test_table_1_agrees_with_its_average_and_table_3_does_not():
    tables = load("emgse").tables
    for metric, text in (("pesq_raw", "raw PESQ"), ("stoi", "STOI")):
        mean = tables["table1_mean"].column(metric)
        for row in mean.values:
            each = [column.values[row].value for column in tables["table1"].columns if text in column.name]
            assert np.mean(each) == pytest.approx(mean.values[row].value, abs=0.001)
        assert tables["table3"].column(metric).values["EMGSE"].value > mean.values["EMGSE"].value + 0.01
    assert tables["table3"].column("stoi").values["EMGSEcheek"].value == 0.711


def test_every_number_and_claim_of_the_open_profile_would_find_a_cause():
    paper = load("emgse")
    for table in paper.tables.values():
        for column in table.columns:
            assert all(paper.why(table.name, row, column.name, "open") for row in table.rows)
    for claim in paper.claims.values():
        assert any(cause.bears_on(claim, "open") for cause in paper.causes)
    assert all(paper.why("fig3", "EMGSE", metric, "open") for metric in paper.figures["fig3"].metrics)


def test_every_choice_is_answered():
    assert all(choice.here and choice.paper and choice.code for choice in load("emgse").choices)


def tiny(monkeypatch, profile, **more):
    """The profile with three networks that train two steps."""
    before = setup_of(profile)
    recipe = {"max_epochs": 1, "steps_per_epoch": 2, "batch": 4}
    networks = tuple(
        (name, replace(net, recipe=replace(net.recipe, **recipe), options=profiles.TINY, mixtures=2))
        for name, net in before.networks if name in ("se_a", "emgse", "emgse_cheek")
    )  # fmt: skip
    setup = replace(before, networks=networks, validation=2, **more)
    monkeypatch.setitem(profiles.SETUPS, profile, setup)
    sources.load.cache_clear()
    return setup


def test_a_speaker_is_trained_scored_controlled_and_shown(monkeypatch, person, tmp_path):
    """The open profile's whole way on two people that are made here: cells, controls, tables."""
    tiny(monkeypatch, "open", speakers=("002", "004"), seeds=(0,), fewer=(), metrics=("stoi",), every=18)
    few = Sources(person.train, person.validation, person.test[:4], person.heard, person.unheard)
    monkeypatch.setattr("biosig.papers.emgse.protocol.load", lambda *_: few)
    monkeypatch.setattr("biosig.papers.emgse.protocol.CONTROL_METRICS", ("stoi",))
    store = CellStore(tmp_path)
    for cell in emgse.PROTOCOL.cells("open", ["noisy", "se_a", "emgse", "emgse_controls"]):
        emgse.PROTOCOL.run_cell(cell, store=store, device="cpu", progress=False)
    (cell,) = [c for c in emgse.PROTOCOL.cells("open", ["emgse_controls"]) if c.fold == 2]
    run = store.read(cell)
    kinds = [item.conditions["control"] for item in run.items]
    assert {kinds.count(name) for name in controls.names(SIX)} == {2}
    names = ("table1", "table2", "table1_mean_stoi", "fig3_stoi", "everything", "latent", "claims", "controls_stoi",
             "training", "sessions", "choices", "tally")  # fmt: skip
    for table in emgse.PROTOCOL.tables("open", store, names):
        assert table.rows
    table = emgse.PROTOCOL.tables("open", store, ("controls_stoi",))[0]
    assert table.rows[0][2].value is not None and table.rows[0][1].value is not None


def csl_sentence(root, speaker, number, seconds=1.2):
    """One sentence in the true layout of CSL-EMG_Array, marks in both files."""
    rng = np.random.default_rng(number)
    block = f"{speaker}_Block1-Initial"
    folder = root / block / f"{number:04d}"
    folder.mkdir(parents=True)
    n, m = round((0.1 + seconds) * FS), round((0.4 + seconds) * 2048)
    audio, emg = np.zeros((n, 2)), np.zeros((m, 41))
    audio[:, 0], emg[:, :40] = 0.1 * rng.standard_normal(n), 50 * rng.standard_normal((m, 40))
    audio[round(0.1 * FS) : round(0.7 * FS), 1] = 0.9
    emg[round(0.4 * 2048) : round(1.0 * 2048), 40] = 1000.0
    soundfile.write(folder / f"{block}_{number:04d}_audio.wav", audio, FS)
    np.save(folder / f"{block}_{number:04d}_emg.npy", emg)


@pytest.fixture
def csl_here(tmp_path, monkeypatch):
    """Two of the eight people, a sentence or two in each part, and the noises; all in their true layouts."""
    numbers = (1, 2, 41, 61, 62)
    for speaker in ("Spk1", "Spk2"):
        for number in numbers:
            csl_sentence(tmp_path / "csl_emg_array", speaker, number)
        log = {"promptList": {f"{k:04d}": f"SENTENCE {k}" for k in numbers}, "uttSets": {"train": [61, 62]}}
        (tmp_path / "csl_emg_array" / f"{speaker}_Block1-Initial" / "recordingLog.json").write_text(json.dumps(log))
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path))
    monkeypatch.setenv("BIOSIG_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr("biosig.papers.runner.require_whole", lambda names: list(names))  # noises are made here
    monkeypatch.setattr(sources, "heard_noises", lambda profile: list(noises(2, "h")))
    monkeypatch.setattr(sources, "unheard_noises", lambda profile: list(noises(4, "u", voices=2)))
    return tmp_path


def test_the_paper_profile_runs_end_to_end_on_a_tiny_corpus_in_the_true_layout(csl_here, monkeypatch, capsys):
    from biosig.cli import main

    tiny(monkeypatch, "paper", speakers=("Spk1", "Spk2"), seeds=(0,))
    systems = [part for name in ("noisy", "se_a", "emgse", "emgse_cheek") for part in ("--system", name)]
    assert main(["run", "emgse", "--profile", "paper", *systems]) in (0, None)
    cells = emgse.PROTOCOL.cells("paper", ["noisy", "se_a", "emgse", "emgse_cheek"])
    store = CellStore(csl_here / "results")
    assert [cell.fold for cell in cells] == [1, 2] * 4 and all(store.done(cell) for cell in cells)
    array = store.read(next(cell for cell in cells if cell.system == "emgse"))
    items = [item for item in array.items if item.metric == "stoi"]
    assert len(items) == 2 * 4 and {item.conditions["speaker"] for item in items} == {"Spk1"}
    assert len(array.cell.config["network"]["channels"]) == 35
    shown = emgse.PROTOCOL.tables("paper", store, ("table1", "fig3_stoi"))
    assert all(table.rows for table in shown)


def test_a_corpus_that_is_not_here_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path))
    sources.load.cache_clear()
    with pytest.raises(MissingDataError, match="Ask its authors for the EMG-UKA Trial corpus"):
        sources.load("open", "002", 0.05)
