"""The experiment on word errors: its mixtures, its counts, observation adding, and its tables."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from reference.speech_makers import speech_like

from biosig import samples
from biosig.backends import whisper
from biosig.errors import ConfigError
from biosig.metrics.recognition import wer
from biosig.metrics.waveform import snr
from biosig.papers.primer import heard, recognition, sources, tables_recognition, voices
from biosig.papers.primer.protocol import PROTOCOL
from biosig.results.items import CellStore
from biosig.results.measures import pool
from biosig.results.rows import Item
from biosig.results.tables import render
from biosig.results.verify import check_sources
from biosig.signal.types import Recording

FS = 16000
SAID = "the cat sat on the mat"
PEOPLE = ("faaa0", "mbbb0", "fccc0")
SNRS = tables_recognition.SNRS


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Three people of two sentences each in one noise, and a recogniser that loses a word for each 5 dB of noise."""
    root = tmp_path / "timit_sample"
    for k, person in enumerate(PEOPLE):
        folder = root / f"dr1-{person}"
        folder.mkdir(parents=True)
        for sentence in ("sx1", "sx2"):
            signal = 0.02 * speech_like(round(2.1 * FS), FS, person, k)
            soundfile.write(folder / f"{sentence}.flac", signal, FS, subtype="PCM_16")
            for ending, text in (("phn", "aa"), ("wrd", "cat"), ("txt", f"{SAID.capitalize()}.")):
                (folder / f"{sentence}.{ending}").write_text(f"0 {signal.size} {text}\n")
    parts = voices.split("timit_sample")
    monkeypatch.setattr(voices, "split", lambda name: replace(parts, test=replace(parts.test, subjects=PEOPLE)))
    for module in (voices, recognition):
        monkeypatch.setattr(module, "locate", lambda name: tmp_path / name)
    hum = Recording(0.1 * np.random.default_rng(0).standard_normal(3 * FS), FS, "full scale", "noises/hum", "hum")
    monkeypatch.setattr(sources, "unseen_noises", lambda: [hum])
    monkeypatch.setattr(whisper, "load_recogniser", lambda: hear)
    monkeypatch.setattr(whisper, "versions", lambda: {"faster-whisper": "0"})
    recognition.cases.cache_clear()
    yield
    recognition.cases.cache_clear()


def hear(signal: np.ndarray, fs: float) -> str:
    """The fewer words, the higher the share of power above 6 kHz, where speech has little."""
    power = np.abs(np.fft.rfft(signal)) ** 2
    high = power[np.fft.rfftfreq(signal.size, 1 / fs) > 6000].sum() / power.sum()
    lost = int(np.interp(high, [0, 0.3], [0, 6]))
    return " ".join(SAID.split()[: 6 - lost])


def test_the_mixtures_are_those_of_the_experiment_on_other_voices(tiny):
    found = {case.item: case for case in recognition.cases()}
    drawn = sources.Sources(tuple(voices.sentences(voices.PLAN)), tuple(sources.unseen_noises()))
    for case in voices.mixed(drawn, voices.PLAN.snrs_db):
        if dict(case.conditions)["snr_db"] in SNRS:
            np.testing.assert_array_equal(found.pop(case.item).noisy, case.noisy)
    assert len(found) == 6 and all(np.array_equal(case.clean, case.noisy) for case in found.values())


def test_what_is_said_is_known_in_and_out_of_noise(tiny):
    assert {recognition.reference(case.item) for case in recognition.cases()} == {"The cat sat on the mat."}


def test_counts_are_items_of_the_sentence(tiny):
    case = recognition.cases()[0]
    found = {row.metric: row for row in recognition.counts(case, "A cat sat on on the", 0.1)}
    assert {name: row.value for name, row in found.items() if name.startswith("word")} == {
        "word_substitutions": 1, "word_deletions": 1, "word_insertions": 1, "words": 6,
    }  # fmt: skip
    assert found["characters"].value == len(SAID) and found["words"].conditions == {"set": "clean", "snr_db": "clean"}


def test_observation_adding_is_a_weighted_sum_whose_ends_are_the_two_signals():
    noisy, enhanced = np.array([1.0, 2.0]), np.array([3.0, 6.0])
    np.testing.assert_array_equal(recognition.added(noisy, enhanced, 0.0), noisy)
    np.testing.assert_array_equal(recognition.added(noisy, enhanced, 1.0), enhanced)
    np.testing.assert_allclose(recognition.added(noisy, enhanced, 0.25), [1.5, 3.0])


def test_cells_become_tables_over_people(tiny, tmp_path):
    store = CellStore(tmp_path / "store")
    for system in ("noisy", "log_mmse", "log_mmse_added"):
        (cell,) = PROTOCOL.cells("open", [f"{recognition.PREFIX}{system}"])
        PROTOCOL.run_cell(cell, store=store, device="cpu", progress=False)
        assert store.read(cell).run["recogniser"] == {"faster-whisper": "0"}
    found = {name: make() for name, make in tables_recognition.makers(PROTOCOL, "open", store).items()}
    keys = [cell.key for cell in store.cells("primer", "open")]
    assert not [line for table in found.values() for line in check_sources(table, keys)]
    rows = {row[0].text: row for row in found["recognition"].rows}
    noisy, enhanced = ([entry.value for entry in rows[name][1:7]] for name in ("Noisy", "Log-MMSE"))
    assert noisy[0] == 0 and noisy[1] < noisy[4] and noisy[5] == pytest.approx(np.mean(noisy[1:5]))
    assert enhanced[5] < noisy[5]
    adding = {row[0].text: row for row in found["recognition_added"].rows}
    assert adding["Log-MMSE"][1].value == pytest.approx(np.mean(noisy[2:4]))  # 5 and 0 dB
    assert adding["DeepFilterNet3, pretrained"][1].text == "—"
    assert all(render(table, "md") for table in found.values())
    c = tables_recognition.comparison(PROTOCOL, "open", store)
    assert set(tables_recognition.verdicts(c)) == {"log_mmse"}


def test_the_weight_of_a_person_is_chosen_without_that_person():
    errors = {"0": (0, 6, 6), "0.5": (9, 3, 3), "1": (5, 5, 5)}  # of three people; 0.5 serves the others, but not a
    pools = {weight: of_people(counts) for weight, counts in errors.items()}
    own, picks = tables_recognition.chosen(pools)
    others = {weight: [sum(counts) - count for count in counts] for weight, counts in errors.items()}
    assert picks == [min(errors, key=lambda weight: others[weight][k]) for k in range(3)] == ["0.5", "0", "0"]
    assert own.totals[0, 0, :, 1].tolist() == [9, 6, 6]


def of_people(errors):
    rows = [
        Item(f"{k}", f"p{k}", metric, "1", float(value), conditions={"snr_db": "0"})
        for k, count in enumerate(errors)
        for metric, value in (("word_substitutions", count), ("words", 10))
    ]
    return pool({0: rows}, tables_recognition.MEASURES["wer"])


def test_cells_are_named_by_plan_and_model_and_need_the_recogniser(monkeypatch, tmp_path):
    config = recognition.config("recurrent_mask_long")
    assert config["recogniser"]["model"]["model.bin"].startswith("1a5afae0") and len(config["checkpoint"]) == 64
    assert "checkpoint" not in recognition.config("log_mmse_added")
    listed = {cell.system for cell in PROTOCOL.cells("open")}
    assert {f"{recognition.PREFIX}{name}" for name in recognition.SCORED if recognition.available(name)} <= listed
    assert not [cell for cell in PROTOCOL.cells("quick") if cell.system.startswith(recognition.PREFIX)]

    def missing(name):
        raise whisper.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(whisper.importlib.metadata, "version", missing)
    (cell,) = PROTOCOL.cells("open", ["asr_noisy"])
    with pytest.raises(ConfigError, match="the recogniser needs the package"):
        PROTOCOL.run_cell(cell, store=CellStore(tmp_path), device="cpu", progress=False)


def test_what_was_heard_belongs_to_the_samples_and_to_the_recogniser_that_is_pinned():
    model = json.loads((Path(heard.__file__).parent / "heard.json").read_text())["model"]
    assert model == whisper.FILES["model.bin"]
    rows = heard.heard()
    assert len({(row.sample, row.front, row.snr_db) for row in rows}) == len(rows)
    test = samples.names("speech", "test")
    assert {row.sample for row in rows if row.snr_db is None} >= set(test)
    noisy = {(row.sample, row.front, row.snr_db) for row in rows if row.snr_db is not None}
    assert noisy == {(name, front, snr) for name in test for front in heard.FRONTS for snr in heard.SNRS_DB}
    quiet = [row for row in rows if row.snr_db is None and row.sample in test]
    assert wer([samples.text(row.sample) for row in quiet], [row.text for row in quiet]) < 0.1


def test_a_mixture_that_was_heard_can_be_made_again():
    clean, mixed = samples.load("speech_novel_3").signal, heard.noisy("speech_novel_3", 5)
    np.testing.assert_array_equal(mixed, heard.noisy("speech_novel_3", 5))
    assert snr(clean, mixed) == pytest.approx(5)


def test_a_sample_without_a_text_is_one_sentence():
    with pytest.raises(ConfigError, match="no text of 'speech_it_1'"):
        samples.text("speech_it_1")
