"""IEMOCAP, ESC-50, MUSAN and the training part of VoiceBank-DEMAND: tiny files in the true layout."""

import csv
from collections import Counter

import numpy as np
import pytest
import scipy.signal
import soundfile

from biosig.corpora import esc50, iemocap, musan, registry, splits, voicebank_train
from biosig.corpora.sounds import read_sound
from biosig.errors import ConfigError, DataError, MissingDataError

FS = 16_000


def write(path, seconds=0.1, fs=FS, signal=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    if signal is None:
        signal = 0.1 * np.sin(np.arange(round(seconds * fs)) * 2 * np.pi * 440 / fs)
    soundfile.write(path, signal, fs)
    return path


# --- IEMOCAP --------------------------------------------------------------------------------------

HEAD = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"


def dialogue(root, name, *turns):
    """An evaluation as the corpus has it, with the raters' own lines between the turns, and the sound of each turn."""
    session = f"Session{name[4]}"
    text = HEAD
    for k, (turn, code) in enumerate(turns):
        text += f"[{k}.2901 - {k}.9357]\t{name}_{turn}\t{code}\t[2.5000, 2.5000, 2.5000]\n"
        text += "C-E2:\tNeutral;\t()\nC-F1:\tAnger; Sadness;\t()\nA-E3:\tval 3; act 2; dom  2;\t()\n\n"
        write(root / session / "sentences" / "wav" / name / f"{name}_{turn}.wav")
    path = root / session / "dialog" / "EmoEvaluation" / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


FOUR = (("ang", "angry"), ("hap", "happy"), ("exc", "happy"), ("neu", "neutral"), ("sad", "sad"))


@pytest.fixture
def sessions(tmp_path):
    """Five sessions; in each both speakers have every one of the four emotions, excited too, and others beside."""
    for k in iemocap.SESSIONS:
        codes = [code for code, _ in FOUR] + ["fru", "xxx"]
        for dialogue_of, name in (("F", "impro01"), ("M", "script01_1b")):
            turns = [(f"{sex}{n:03}", code) for n, code in enumerate(codes) for sex in "FM"]
            dialogue(tmp_path, f"Ses0{k}{dialogue_of}_{name}", *turns)
    return tmp_path


def test_iemocap_reads_emotion_from_the_evaluation_and_speaker_from_the_end_of_the_name(sessions):
    found = iemocap.utterances(sessions)
    assert len(found) == 5 * 2 * 2 * 5  # sessions, dialogues, speakers, turns of the four
    assert {r.subject for r in found} == set(iemocap.SPEAKERS)
    assert Counter(r.label for r in found) == {"angry": 20, "happy": 40, "neutral": 20, "sad": 20}
    (one,) = [r for r in found if r.item == "iemocap/Ses03M_script01_1b_F002"]
    assert (one.subject, one.label) == ("3F", "happy")  # excited; M wore the markers, F speaks
    assert one.source == "Session3/sentences/wav/Ses03M_script01_1b/Ses03M_script01_1b_F002.wav"
    assert len({r.item for r in found}) == len(found)


def test_iemocap_takes_some_emotions_and_needs_only_the_sessions_of_its_speakers(tmp_path):
    dialogue(tmp_path, "Ses02F_impro01", ("F000", "ang"), ("M000", "sad"))
    (only,) = iemocap.utterances(tmp_path, emotions=["sad"], speakers=["2M"])
    assert (only.subject, only.label, only.fs) == ("2M", "sad", FS)
    assert [turn.code for turn in iemocap.turns(tmp_path, ["2"])] == ["ang", "sad"]


def test_iemocap_counts_of_the_paper_add_up():
    assert sum(iemocap.COUNTS.values()) == 5531 and tuple(iemocap.COUNTS) == iemocap.EMOTIONS


def test_iemocap_names_what_is_missing_before_it_reads_sound(sessions):
    wav = sessions / "Session4" / "sentences" / "wav" / "Ses04F_impro01" / "Ses04F_impro01_F000.wav"
    wav.unlink()
    with pytest.raises(MissingDataError, match="Ses04F_impro01_F000.wav and 0 more are not there: Ask for it"):
        iemocap.utterances(sessions)
    for path in (sessions / "Session5" / "dialog" / "EmoEvaluation").iterdir():
        path.unlink()
    with pytest.raises(MissingDataError, match="EmoEvaluation holds no Ses\\*.txt"):
        iemocap.utterances(sessions, speakers=["5F"])
    (sessions / "Session2").rename(sessions / "Sitzung2")
    with pytest.raises(MissingDataError, match="has no Session2: Ask for it"):
        iemocap.utterances(sessions)


def test_iemocap_refuses_a_class_or_a_speaker_without_a_turn(tmp_path):
    for k in iemocap.SESSIONS:
        dialogue(tmp_path, f"Ses0{k}F_impro01", ("F000", "ang"), ("M000", "neu"), ("F001", "exc"))
    with pytest.raises(DataError, match="has no turn of emotion sad: expected angry, happy, neutral, sad"):
        iemocap.utterances(tmp_path)
    dialogue(tmp_path, "Ses04F_impro01", ("F000", "ang"), ("F001", "hap"), ("F002", "neu"), ("F003", "sad"))
    with pytest.raises(DataError, match="has no turn of speaker 4M"):
        iemocap.utterances(tmp_path)


def test_iemocap_refuses_what_is_none_of_its_own(tmp_path):
    path = dialogue(tmp_path, "Ses01F_impro01", ("F000", "joy"))
    with pytest.raises(DataError, match="calls Ses01F_impro01_F000 'joy': expected one of ang, hap"):
        iemocap.utterances(tmp_path, speakers=["1F"])
    path.write_text("<html>not found</html>", encoding="utf-8")
    with pytest.raises(DataError, match="Ses01F_impro01.txt holds no turn: expected `.start - end"):
        iemocap.utterances(tmp_path, speakers=["1F"])
    with pytest.raises(ConfigError, match="iemocap has no emotion 'excited': expected some of angry"):
        iemocap.utterances(tmp_path, emotions=["excited"])
    with pytest.raises(ConfigError, match="iemocap has no speaker '6F'"):
        iemocap.utterances(tmp_path, speakers=["6F"])
    with pytest.raises(ConfigError, match="iemocap has no session '6'"):
        iemocap.turns(tmp_path, ["6"])


# --- ESC-50 ---------------------------------------------------------------------------------------

FIELDS = ("filename", "fold", "target", "category", "esc10", "src_file", "take")


def clip_rows():
    """One clip a class, ten classes a fold, and a second take of the first recording."""
    rows = [(f"{k % 5 + 1}-{1000 + k}-A-{k}.wav", k % 5 + 1, k, f"kind_{k}", False, 1000 + k, "A") for k in range(50)]
    return [*rows, ("1-1000-B-0.wav", 1, 0, "kind_0", False, 1000, "B")]


def esc50_root(root, rows, fields=FIELDS):
    (root / "meta").mkdir(exist_ok=True)
    with open(root / "meta" / "esc50.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([fields, *rows])
    return root


def test_esc50_is_resampled_and_has_its_zeros_cut_off(tmp_path):
    esc50_root(tmp_path, clip_rows())
    tone = 0.1 * np.sin(np.arange(44_100) * 2 * np.pi * 440 / 44_100)
    padded = np.concatenate([tone, np.zeros(4 * 44_100)])
    for row in clip_rows():
        if row[1] == 1:
            write(tmp_path / "audio" / row[0], signal=padded, fs=44_100)
    found = esc50.noises(tmp_path, ["1"])
    assert len(found) == 11 and {r.fs for r in found} == {FS}
    assert [r.item for r in found if r.subject == "1-1000"] == ["esc50/1-1000-A-0", "esc50/1-1000-B-0"]
    assert found[0].channel == "kind 0" and found[0].seconds == pytest.approx(1.0, abs=0.01)
    independent = scipy.signal.resample_poly(tone, 160, 441)
    middle = slice(4000, 12_000)
    np.testing.assert_allclose(found[0].signal[middle], independent[middle], atol=2e-4)


def test_a_copy_at_16_khz_is_read_as_it_is_and_another_rate_is_refused(tmp_path):
    path = write(tmp_path / "x.wav", fs=FS)
    np.testing.assert_array_equal(read_sound(path, "", 44_100.0), soundfile.read(path)[0])
    write(path, fs=48_000)
    with pytest.raises(DataError, match="1 channels at 48000 Hz: expected 1 at 16000 or 44100 Hz"):
        read_sound(path, "", 44_100.0)


@pytest.mark.parametrize(("change", "words"), [
    (lambda rows: [*rows, ("2-1000-C-0.wav", 2, 0, "kind_0", False, 1000, "C")], "recording 1000 in two folds"),
    (lambda rows: [row for row in rows if row[3] != "kind_7"], "has 49 classes in 5 folds: expected 50 in 5"),
    (lambda rows: [row for row in rows if row[1] != 3], "has 40 classes in 4 folds"),
    (lambda rows: [*rows, ("../x.wav", 1, 0, "kind_0", False, 1000, "C")], "line 53 of .*esc50.csv is no clip"),
    (lambda rows: [*rows, ("x.wav", 1)], "line 53 of .*esc50.csv is no clip"),
])  # fmt: skip
def test_esc50_refuses_a_list_that_is_not_whole(tmp_path, change, words):
    with pytest.raises(DataError, match=words):
        esc50.noises(esc50_root(tmp_path, change(clip_rows())))


def test_esc50_says_what_is_missing(tmp_path):
    with pytest.raises(MissingDataError, match="esc50.csv is not there: Clone"):
        esc50.noises(tmp_path)
    with pytest.raises(ConfigError, match="esc50 has no fold '6'"):
        esc50.noises(tmp_path, [6])
    with pytest.raises(MissingDataError, match="1-1000-A-0.wav is not there: Clone"):
        esc50.noises(esc50_root(tmp_path, clip_rows()))
    with pytest.raises(DataError, match="has no column src_file"):
        esc50.noises(esc50_root(tmp_path, clip_rows(), FIELDS[:5]))
    esc50_root(tmp_path, clip_rows())
    write(tmp_path / "audio" / "1-1000-A-0.wav", signal=np.zeros(100), fs=44_100)
    with pytest.raises(DataError, match="1-1000-A-0.wav is silent"):
        esc50.noises(tmp_path)


# --- MUSAN ----------------------------------------------------------------------------------------


def test_musan_is_cut_to_pieces_that_know_their_recording(tmp_path):
    tone = np.sin(np.arange(12 * FS) / 9)
    tone[5 * FS : 10 * FS] = 0.0
    write(tmp_path / "noise" / "free-sound" / "noise-free-sound-0000.wav", signal=0.1 * tone)
    write(tmp_path / "noise" / "sound-bible" / "noise-sound-bible-0001.wav", seconds=1.5)
    long, short = musan.noises(tmp_path)  # the second 5 s are silent, and the last 2 s no whole piece
    assert (long.item, long.subject, long.channel) == (
        "musan/noise-free-sound-0000/s0", "noise-free-sound-0000", "free-sound")  # fmt: skip
    assert long.signal.size == 5 * FS and short.signal.size == 1.5 * FS
    np.testing.assert_allclose(long.signal, 0.1 * tone[: 5 * FS], atol=1 / 32_768)
    pieces = musan.noises(tmp_path, ["noise-free-sound-0000"], seconds=2.0)
    assert [piece.item.split("/")[-1] for piece in pieces] == ["s0", "s1", "s2", "s5"]


def test_musan_says_what_is_missing(tmp_path):
    write(tmp_path / "noise" / "free-sound" / "noise-free-sound-0000.wav")
    with pytest.raises(MissingDataError, match="sound-bible holds no .*wav: Download it"):
        musan.noises(tmp_path)
    write(tmp_path / "noise" / "sound-bible" / "noise-sound-bible-0000.wav", signal=np.zeros(100))
    with pytest.raises(MissingDataError, match="has no recording noise-x: Download it"):
        musan.noises(tmp_path, ["noise-x"])
    with pytest.raises(DataError, match="noise-sound-bible-0000.wav is silent"):
        musan.noises(tmp_path)


# --- VoiceBank-DEMAND, training -------------------------------------------------------------------


def voicebank_root(root, speakers, fs=48_000):
    for speaker in speakers:
        rng = np.random.default_rng(int(speaker[1:]))
        clean, noise = 0.1 * rng.standard_normal((2, fs // 10))
        write(root / voicebank_train.CLEAN / f"{speaker}_001.wav", signal=clean, fs=fs)
        write(root / voicebank_train.NOISY / f"{speaker}_001.wav", signal=clean + 0.5 * noise, fs=fs)
    return root


def test_voicebank_lists_the_pairs_of_a_side_and_reads_them_at_16_khz(tmp_path):
    voicebank_root(tmp_path, voicebank_train.SPEAKERS)
    sides = splits.split("voicebank_train")
    assert len(voicebank_train.names(tmp_path)) == 28 == len(set(voicebank_train.SPEAKERS))
    assert voicebank_train.names(tmp_path, sides.validation.subjects) == ["p226_001", "p287_001"]
    assert set(sides.train.subjects + sides.validation.subjects) == set(voicebank_train.SPEAKERS)
    first = next(voicebank_train.pairs(tmp_path, ["p226_001"]))
    assert (first.item, first.subject, first.fs) == ("voicebank_train/p226_001", "p226", FS)
    assert first.clean.size == FS // 10 and first.snr_db == pytest.approx(6.0, abs=1.0)
    np.testing.assert_allclose(first.noisy, first.clean + first.interference, atol=1e-12)


def test_voicebank_says_what_is_missing(tmp_path):
    voicebank_root(tmp_path, ["p226"], FS)
    with pytest.raises(MissingDataError, match="has nothing of p287: Download clean_trainset"):
        voicebank_train.names(tmp_path, ["p226", "p287"])
    with pytest.raises(ConfigError, match="voicebank_train has no speaker 'p232'"):
        voicebank_train.names(tmp_path, ["p232"])
    (tmp_path / voicebank_train.NOISY / "p226_001.wav").unlink()
    with pytest.raises(MissingDataError, match="noisy_trainset_28spk_wav/p226_001.wav is not there"):
        voicebank_train.names(tmp_path, ["p226"])


# --- all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["iemocap", "esc50", "musan", "voicebank_train"])
def test_each_is_found_shown_and_said_to_be_unmeasured(tmp_path, monkeypatch, capsys, name):
    from biosig.cli import main

    assert main(["corpora", name]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert registry.card(name).title in shown and "here: not here" in shown and "We do not have" in shown
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path))
    (tmp_path / registry.card(name).folders[0]).mkdir()
    assert registry.check(name).present and not registry.check(name).whole


@pytest.mark.real_data
def test_the_whole_of_iemocap_has_the_papers_counts():
    try:
        root = registry.locate("iemocap")
    except MissingDataError as missing:
        pytest.skip(str(missing))
    codes = [turn.code for turn in iemocap.turns(root)]
    assert Counter(iemocap.MERGED[code] for code in codes if code in iemocap.MERGED) == iemocap.COUNTS
