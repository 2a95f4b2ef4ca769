"""CSL-EMG_Array: tiny files in its true layout, with a click in both signals at a known moment."""

import json

import numpy as np
import pytest
import soundfile

from biosig.corpora import csl_emg_array as csl
from biosig.corpora.registry import card
from biosig.errors import ConfigError, DataError, MissingDataError

FS, FS_EMG = 16_000, 2048
CLICK_S = 0.25  # after the trigger
UP = {"audio": 0.9, "emg": 1000.0}


def trigger(fs, n, starts, level, length_s=0.6):
    found = np.zeros(n)
    for start in starts:
        found[round(start * fs) : round((start + length_s) * fs)] = level
    return found


def sentence(root, block="Spk1_Block1-Initial", number=1, audio_at=(0.1,), emg_at=(0.4,), seconds=1.0, emg_seconds=None,
             channels=40, audio_channels=2):
    """One sentence whose two devices start apart: the triggers stand elsewhere, the click comes 0.25 s after each."""
    folder = root / block / f"{number:04d}"
    folder.mkdir(parents=True, exist_ok=True)
    n, m = round((0.1 + seconds) * FS), round((0.4 + (emg_seconds or seconds)) * FS_EMG)
    audio, emg = np.zeros((n, audio_channels)), np.zeros((m, channels + 1))
    audio[round(((audio_at or (0.1,))[0] + CLICK_S) * FS), 0] = 0.5
    emg[round(((emg_at or (0.4,))[0] + CLICK_S) * FS_EMG), :-1] = 100.0 + np.arange(channels)
    audio[:, -1] = trigger(FS, n, audio_at, UP["audio"])
    emg[:, -1] = trigger(FS_EMG, m, emg_at, UP["emg"])
    soundfile.write(folder / f"{block}_{number:04d}_audio.wav", audio, FS)
    np.save(folder / f"{block}_{number:04d}_emg.npy", emg)
    return folder


def log(root, numbers, block="Spk1_Block1-Initial", sets=None):
    (root / block).mkdir(parents=True, exist_ok=True)
    content = {"promptList": {f"{k:04d}": f"SENTENCE {k}" for k in numbers}, "uttSets": sets}
    (root / block / "recordingLog.json").write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def corpus(tmp_path):
    log(tmp_path, (1, 45, 200), sets={"train": [200], "dev": [45], "eval": [1]})
    for number in (1, 45, 200):
        sentence(tmp_path, number=number)
    return tmp_path


def test_both_signals_begin_at_the_trigger_and_last_as_long(corpus):
    found = csl.utterances(corpus, "Spk1")
    assert [u.number for u in found] == [1, 45, 200]
    for u in found:
        assert u.emg.shape[0] == 40 and abs(u.audio.seconds - u.emg.shape[1] / u.emg_fs) < 1 / FS_EMG
        assert u.audio.signal.argmax() / FS == pytest.approx(CLICK_S, abs=1 / FS)
        assert np.all(u.emg.argmax(axis=1) / FS_EMG == pytest.approx(CLICK_S, abs=1 / FS_EMG))
    assert found[1].audio.item == "csl_emg_array/Spk1_Block1-Initial/0045"
    assert (found[1].audio.label, found[1].audio.subject) == ("SENTENCE 45", "Spk1")
    assert found[1].audio.source == "Spk1_Block1-Initial/0045/Spk1_Block1-Initial_0045_audio.wav"


def test_emgse_splits_by_number_and_the_corpus_by_its_own_sets(corpus):
    assert [(u.part, u.own_set) for u in csl.utterances(corpus, "Spk1")] == [
        ("test", "eval"), ("validation", "dev"), ("train", "train")]  # fmt: skip
    counts = {part: sum(csl.part_of(k) == part for k in range(1, 400)) for part in (*csl.PARTS, "")}
    assert counts == {"train": 280, "validation": 20, "test": 40, "": 59}
    log(corpus, (1,), "Spk1_Block3-Eval1")
    sentence(corpus, "Spk1_Block3-Eval1")
    (other,) = csl.utterances(corpus, "Spk1", "Block3-Eval1")
    assert (other.part, other.own_set) == ("", "")  # the numbers mean other sentences there


def test_channels_are_those_of_the_paper(corpus):
    """Every eighth is dropped; what is left of each row of eight is seven neighbours."""
    rows = [list(range(8 * row, 8 * row + 7)) for row in range(5)]
    assert list(csl.CHANNELS["35"]) == sum(rows, []) and list(csl.CHANNELS["cheek"]) == sum(rows[:4], [])
    (one,) = csl.utterances(corpus, "Spk1", numbers=[1], channels="cheek")
    np.testing.assert_array_equal(one.emg.max(axis=1), 100.0 + np.array(csl.CHANNELS["cheek"]))


def test_the_map_has_its_rows_ten_and_five_millimetres_apart():
    where = csl.electrode_map()
    kept = np.array(csl.CHANNELS["35"])
    far = np.linalg.norm(where[kept[:, None]] - where[kept], axis=-1) + 1e9 * np.eye(kept.size)
    nearest = far.min(axis=1)
    np.testing.assert_allclose(nearest[:28], 10.0)
    np.testing.assert_allclose(nearest[28:], 5.0)
    assert where[32:, 1].max() < where[:32, 1].min()  # the chin is below the cheek


def test_silent_and_audible_blocks_are_listed(corpus):
    log(corpus, (1,), "Spk1-Sil_Block3-Eval1")
    log(corpus, (1,), "Spk8_Block2-Adapt1")
    (corpus / "Spk9_Block1-Initial").mkdir()
    (corpus / "Spk1_Block9-Other").mkdir()
    found = [(b.speaker, b.name, b.silent) for b in csl.blocks(corpus)]
    assert found[1:] == [("Spk1", "Block3-Eval1", True), ("Spk8", "Block2-Adapt1", False)]
    assert found[0] == ("Spk1", "Block1-Initial", False)
    sentence(corpus, "Spk1-Sil_Block3-Eval1")
    (u,) = csl.utterances(corpus, "Spk1", "Block3-Eval1", silent=True)
    assert u.audio.item == "csl_emg_array/Spk1-Sil_Block3-Eval1/0001"


def test_sound_at_another_rate_is_refused(corpus):
    path = corpus / "Spk1_Block1-Initial" / "0001" / "Spk1_Block1-Initial_0001_audio.wav"
    soundfile.write(path, np.zeros((8800, 2)), 8000)
    with pytest.raises(DataError, match="has 2 channels at 8000 Hz: expected 2 at 16000 Hz"):
        csl.utterances(corpus, "Spk1", numbers=[1])


def test_a_trigger_over_two_samples_is_one_and_its_fall_is_none(tmp_path):
    up = np.concatenate([np.zeros(50), [600.0], np.full(100, 1200.0), np.zeros(50)])
    assert csl.trigger_start(up, 10, FS_EMG, "x") == 50


@pytest.mark.parametrize(("made", "words"), [
    ({"emg_at": ()}, "EMG of Spk1_Block1-Initial_0001 has no trigger: expected a rise above 10"),
    ({"audio_at": ()}, "audio of Spk1_Block1-Initial_0001 has no trigger: expected a rise above 0.5"),
    ({"emg_at": (0.1, 0.9)}, "EMG of Spk1_Block1-Initial_0001 has a trigger at 0.10 s and 0.90 s: expected one"),
    ({"audio_at": (0.1, 0.8)}, "audio of Spk1_Block1-Initial_0001 has a trigger at 0.10 s and 0.80 s: expected one"),
    ({"channels": 39}, "has 40 channels: expected 40 of EMG and the trigger"),
    ({"audio_channels": 1, "audio_at": (0.1,)}, "has 1 channels at 16000 Hz: expected 2 at 16000 Hz"),
    ({"emg_seconds": 2.0}, "audio lasts 1.00 s and EMG 2.00 s: expected the same"),
])  # fmt: skip
def test_what_is_wrong_with_a_sentence_is_said(tmp_path, made, words):
    log(tmp_path, (1,))
    sentence(tmp_path, **made)
    with pytest.raises(DataError, match=words) as caught:
        csl.utterances(tmp_path, "Spk1")
    assert str(caught.value).count(". ") == 0 and str(caught.value).endswith(".")


@pytest.mark.parametrize("content", [
    "no json", "[]", "3", '{"uttSets": {}}', '{"promptList": {"one": "A"}}', '{"promptList": ["A", "B"]}',
    '{"promptList": {"1": "A"}, "uttSets": ["train"]}', '{"promptList": {"1": "A"}, "uttSets": {"train": 1}}',
])  # fmt: skip
def test_a_log_that_is_none(tmp_path, content):
    log(tmp_path, (1,))
    (tmp_path / "Spk1_Block1-Initial" / "recordingLog.json").write_text(content)
    with pytest.raises(DataError, match="recordingLog.json is no log of a block"):
        csl.utterances(tmp_path, "Spk1")


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(MissingDataError, match="holds no folder like Spk1_Block1-Initial: Ask the Cognitive"):
        csl.blocks(tmp_path)
    with pytest.raises(MissingDataError, match="Spk1_Block1-Initial is not there"):
        csl.utterances(tmp_path, "Spk1")
    (tmp_path / "Spk1_Block1-Initial").mkdir()
    with pytest.raises(MissingDataError, match="recordingLog.json is not there"):
        csl.utterances(tmp_path, "Spk1")
    log(tmp_path, ())
    with pytest.raises(DataError, match="lists no sentence"):
        csl.utterances(tmp_path, "Spk1")
    log(tmp_path, (1, 2))
    folder = sentence(tmp_path, number=2)
    with pytest.raises(MissingDataError, match="0001_emg.npy is not there"):
        csl.utterances(tmp_path, "Spk1")
    with pytest.raises(MissingDataError, match="has no sentence 0003"):
        csl.utterances(tmp_path, "Spk1", numbers=[2, 3])
    (folder / "Spk1_Block1-Initial_0002_audio.wav").unlink()
    with pytest.raises(MissingDataError, match="0002_audio.wav is not there"):
        csl.utterances(tmp_path, "Spk1", numbers=[2])
    (folder / "Spk1_Block1-Initial_0002_emg.npy").write_bytes(b"nothing")
    with pytest.raises(DataError, match="0002_emg.npy is damaged"):
        csl.utterances(tmp_path, "Spk1", numbers=[2])


@pytest.mark.parametrize(("asked", "words"), [
    (("Spk9",), "no speaker 'Spk9'"), (("Spk1", "Block1"), "no block 'Block1'"),
    (("Spk1", csl.INITIAL, False, None, "28"), "no channels '28': expected one of 40, 35, cheek"),
])  # fmt: skip
def test_what_the_corpus_does_not_have(corpus, asked, words):
    with pytest.raises(ConfigError, match=words):
        csl.utterances(corpus, *asked)


def test_its_card_says_that_we_do_not_have_it():
    assert "We do not have it" in card("csl_emg_array").quirks[0]
