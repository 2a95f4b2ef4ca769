"""Corpora that users must obtain themselves: tiny files in the true layout."""

import json

import numpy as np
import pytest
import soundfile

from biosig.corpora import audioset, common_voice, enterface, recola, registry
from biosig.errors import ConfigError, DataError, MissingDataError

FS = 16_000


def write(path, seconds=0.2, fs=FS, channels=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    signal = 0.1 * np.sin(np.arange(round(seconds * fs)) * 2 * np.pi * 440 / fs)
    soundfile.write(path, np.tile(signal[:, None], channels), fs)
    return path


def text(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# --- eNTERFACE'05 ---------------------------------------------------------------------------------


def test_enterface_reads_speaker_and_emotion_from_the_folders(tmp_path):
    write(tmp_path / "subject 1" / "anger" / "sentence 1" / "s1_an_1.wav")
    write(tmp_path / "subject 3" / "surprise" / "sentence 2" / "s_3_su_2.wav")  # named so as distributed
    write(tmp_path / "subject 6" / "fear" / "s6_fe.wav")  # no folders of sentences
    write(tmp_path / "subject 11" / "sadness" / "sentence 4" / "s12_sa_4.wav")  # named so as distributed
    write(tmp_path / "subject 12" / "sadness" / "sentence 4" / "s12_sa_4.wav")
    (tmp_path / "subject 1" / "anger" / "sentence 1" / "s1_an_1.avi").write_bytes(b"a video")
    found = {r.item: (r.subject, r.label) for r in enterface.utterances(tmp_path)}
    assert found == {
        "enterface/1/anger/s1_an_1": ("1", "anger"),
        "enterface/3/surprise/s_3_su_2": ("3", "surprise"),
        "enterface/6/fear/s6_fe": ("6", "fear"),
        "enterface/11/sadness/s12_sa_4": ("11", "sadness"),
        "enterface/12/sadness/s12_sa_4": ("12", "sadness"),
    }
    assert [r.subject for r in enterface.utterances(tmp_path, speakers=["6"])] == ["6"]
    assert {r.label for r in enterface.utterances(tmp_path, emotions=["sadness"])} == {"sadness"}


@pytest.mark.parametrize("path", ["subject 45/anger/sentence 1/s45_an_1.wav",
                                  "subject 1/boredom/sentence 1/s1_bo_1.wav", "subject 1/s1_an_1.wav",
                                  "subject 1/anger/sentence 1/more/s1_an_1.wav",
                                  "subject one/anger/s1_an_1.wav"])  # fmt: skip
def test_enterface_names_a_file_that_is_not_in_its_layout(tmp_path, path):
    write(tmp_path / path)
    with pytest.raises(DataError, match="is no name of enterface: expected one like subject 1/anger/sentence 1"):
        enterface.utterances(tmp_path)


def test_enterface_says_what_is_missing(tmp_path):
    with pytest.raises(MissingDataError, match="ffmpeg -i"):
        enterface.utterances(tmp_path)
    write(tmp_path / "subject 1" / "anger" / "sentence 1" / "s1_an_1.wav", fs=48_000)
    with pytest.raises(DataError, match="1 channels at 48000 Hz: expected 1 at 16000 Hz"):
        enterface.utterances(tmp_path)
    with pytest.raises(ConfigError, match="enterface has no emotion 'neutral'"):
        enterface.utterances(tmp_path, emotions=["neutral"])


# --- RECOLA ---------------------------------------------------------------------------------------

ARFF = ("@relation GOLDSTANDARD", "", "@attribute Instance_name string", "@attribute frameTime numeric",
        "@attribute GoldStandard numeric", "", "@data", "")  # fmt: skip


def gold(root, name, rows, dimension="arousal"):
    return text(root / "ratings_gold_standard" / dimension / f"{name}.arff", *ARFF, *rows)


def rated(name, n=26, value=lambda k: 0.01 * k):
    return [f"'{name}',{0.04 * k:.2f},{value(k):.4f}" for k in range(n)]


def test_recola_gives_sound_and_trace(tmp_path):
    for name, sign in (("train_1", 1), ("dev_9", -1)):
        write(tmp_path / "recordings_audio" / f"{name}.wav", seconds=1.0)
        gold(tmp_path, name, rated(name, value=lambda k, sign=sign: sign * 0.01 * k))
    first, second = recola.sessions(tmp_path, ["train_1", "dev_9"])
    assert (first.recording.item, first.recording.subject) == ("recola/train_1", "train_1")
    np.testing.assert_allclose(first.trace.time, np.linspace(0, 1, 26))
    np.testing.assert_allclose(first.trace.value, np.arange(26) / 100)
    np.testing.assert_allclose(second.trace.value, -first.trace.value)


def test_recola_reads_csv_and_valence_too(tmp_path):
    write(tmp_path / "recordings_audio" / "dev_2.wav")
    text(tmp_path / "ratings_gold_standard" / "valence" / "dev_2.csv", "time;GoldStandard", "0.00;-0.5", "0.04;0.25")
    (session,) = recola.sessions(tmp_path, ["dev_2"], dimension="valence")
    np.testing.assert_array_equal(session.trace.value, [-0.5, 0.25])


@pytest.mark.parametrize(("rows", "words"), [
    ([], "no value every 40 ms from 0 s on"),
    (["'dev_1',0.00,0.1", "'dev_1',0.08,0.1"], "no value every 40 ms"),
    (["'dev_1',0.04,0.1"], "no value every 40 ms"),
    (["'dev_1',0.00,1.5"], "no number from -1 to 1"),
    (["'dev_1',0.00,nan"], "no number from -1 to 1"),
    (["'dev_1',0.00,?"], "does not end in a time and a value"),
    (["0.1"], "does not end in a time and a value"),
    (rated("dev_1", n=100), "lasts 0.2 s, and is rated up to 4.0 s"),
])  # fmt: skip
def test_recola_refuses_what_is_no_gold_standard(tmp_path, rows, words):
    write(tmp_path / "recordings_audio" / "dev_1.wav")
    gold(tmp_path, "dev_1", rows)
    with pytest.raises(DataError, match=words):
        recola.sessions(tmp_path, ["dev_1"])


def test_recola_refuses_before_it_reads_sound(tmp_path):
    gold(tmp_path, "dev_1", rated("dev_1"))
    text(tmp_path / "ratings_gold_standard" / "arousal" / "dev_2.arff", "not one")
    with pytest.raises(DataError, match="dev_2.arff has no line @data"):
        recola.sessions(tmp_path, ["dev_1", "dev_2"])
    with pytest.raises(MissingDataError, match="dev_1.wav is not there: Ask for it"):
        recola.sessions(tmp_path, ["dev_1"])
    with pytest.raises(MissingDataError, match="train_1.arff is not there"):
        recola.sessions(tmp_path)
    with pytest.raises(ConfigError, match="recola has no recording 'test_1'"):
        recola.sessions(tmp_path, ["test_1"])
    with pytest.raises(ConfigError, match="recola has no dimension 'anger'"):
        recola.sessions(tmp_path, ["dev_1"], dimension="anger")


# --- Common Voice ---------------------------------------------------------------------------------

COLUMNS = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccents\tlocale\tsegment"


def voice_list(root, part, *rows, columns=COLUMNS):
    return text(root / f"{part}.tsv", columns, *("\t".join((*row, "2", "0", "", "", "", "en", "")) for row in rows))


def test_common_voice_reads_mp3_at_16_khz(tmp_path):
    write(tmp_path / "clips" / "common_voice_en_1.mp3", seconds=1.0, fs=48_000)
    write(tmp_path / "clips" / "common_voice_en_2.mp3", seconds=0.5, fs=32_000)
    voice_list(tmp_path, "train", ("a", "common_voice_en_1.mp3", 'He said "no'), ("b", "common_voice_en_2", "Yes"))
    first, second = common_voice.utterances(tmp_path)
    assert (first.item, first.subject, first.fs) == ("common_voice/common_voice_en_1", "a", FS)
    assert second.subject == "b" and first.seconds == pytest.approx(1, abs=0.1)
    spectrum = np.abs(np.fft.rfft(first.signal))
    assert np.fft.rfftfreq(first.signal.size, 1 / FS)[spectrum.argmax()] == pytest.approx(440, abs=2)
    assert common_voice.clips(tmp_path, "train")[0].sentence == 'He said "no'
    assert [r.subject for r in common_voice.utterances(tmp_path, files=["common_voice_en_2.mp3"])] == ["b"]


@pytest.mark.parametrize(("rows", "columns", "words"), [
    ([("a", "x.mp3", "Yes")], COLUMNS.replace("client_id", "speaker"), "train.tsv has no column client_id"),
    ([("a", "../x.mp3", "Yes")], COLUMNS, "line 2 of .*train.tsv names ../x.mp3: expected a file in clips"),
    ([("a", "x.mp3", "Yes"), ("", "y.mp3", "No")], COLUMNS, "line 3 of .*train.tsv is cut short"),
])  # fmt: skip
def test_common_voice_refuses_a_bad_list(tmp_path, rows, columns, words):
    voice_list(tmp_path, "train", *rows, columns=columns)
    with pytest.raises(DataError, match=words):
        common_voice.utterances(tmp_path)


def test_common_voice_says_what_is_missing(tmp_path):
    with pytest.raises(ConfigError, match="common_voice has no part 'invalidated'"):
        common_voice.clips(tmp_path, "invalidated")
    with pytest.raises(MissingDataError, match="train.tsv is not there: Download a release"):
        common_voice.utterances(tmp_path)
    voice_list(tmp_path, "train", ("a", "x.mp3", "Yes"), ("b", "y.mp3", "No"))
    with pytest.raises(MissingDataError, match="has no clip z.mp3"):
        common_voice.utterances(tmp_path, files=["z.mp3"])
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "x.mp3").write_bytes(b"")  # bad, but it is not reached
    with pytest.raises(MissingDataError, match="y.mp3 is not there"):
        common_voice.utterances(tmp_path)
    with pytest.raises(DataError, match="x.mp3"):
        common_voice.utterances(tmp_path, files=["x.mp3"])
    write(tmp_path / "clips" / "y.mp3", fs=48_000, channels=2)
    with pytest.raises(DataError, match="y.mp3 has 2 channels: expected 1"):
        common_voice.utterances(tmp_path, files=["y.mp3"])


# --- AudioSet -------------------------------------------------------------------------------------

KINDS = {  # id: (name, children), a little of the tree with a class that has two parents
    "/m/0dgw9r": ("Human sounds", ["/m/09l8g"]),
    "/m/09l8g": ("Human voice", ["/m/09x0r"]),
    "/m/09x0r": ("Speech", []),
    "/m/04rlf": ("Music", ["/m/0395lw"]),
    "/m/0395lw": ("Bell", ["/m/0gy1t2s"]),
    "/t/dd00041": ("Sounds of things", ["/m/0395lw", "/m/07yv9"]),
    "/m/0gy1t2s": ("Bicycle bell", []),
    "/m/07yv9": ("Vehicle", ["/m/0gy1t2s"]),
    "/m/06mb1": ("Rain", []),
}
HEAD = ("# Segments csv created Sun Mar  5 10:54:31 2017", "# num_ytids=4, num_segs=4, num_unique_labels=4",
        "# YTID, start_seconds, end_seconds, positive_labels")  # fmt: skip
ROWS = ('--speech, 30.000, 40.000, "/m/09x0r,/m/06mb1"', 'car-and_r1, 0.000, 10.000, "/m/07yv9,/m/06mb1"',
        'bicycle, 5.000, 15.000, "/m/0gy1t2s"', 'rain, 110.500, 120.500, "/m/06mb1"')  # fmt: skip


def audioset_root(root, *rows, head=HEAD, kinds=KINDS):
    entries = [{"id": key, "name": name, "description": "", "child_ids": children, "restrictions": []}
               for key, (name, children) in kinds.items()]  # fmt: skip
    text(root / "ontology.json", json.dumps(entries))
    text(root / "eval_segments.csv", *head, *rows)
    return root


def test_audioset_leaves_out_whatever_descends_from_human_sounds_or_music(tmp_path):
    usable = audioset.usable(audioset_root(tmp_path, *ROWS), "eval")
    assert [segment.video for segment in usable] == ["car-and_r1", "rain"]
    assert usable[1] == audioset.Segment("rain", 110.5, 120.5, ("/m/06mb1",))


@pytest.mark.parametrize("name", ["rain_110.5", "rain_110.500", "rain_110500", "rain_110.500_120.500", "rain", "Yrain"])
def test_audioset_finds_sound_by_the_names_in_use_and_passes_over_what_is_not_here(tmp_path, name):
    write(audioset_root(tmp_path, *ROWS) / "wav" / f"{name}.wav")
    write(tmp_path / "wav" / "--speech_30.wav")
    (noise,) = audioset.noises(tmp_path, "eval")
    assert (noise.item, noise.subject, noise.channel) == ("audioset/rain_110.5", "rain", "Rain")


@pytest.mark.parametrize("row", ['x, 0.000, "/m/06mb1"', 'x, zero, 10.000, "/m/06mb1"',
                                 'x, 10.000, 0.000, "/m/06mb1"', '../x, 0.000, 10.000, "/m/06mb1"',
                                 "x, 0.000, 10.000, /m/06mb1, /m/07yv9"])  # fmt: skip
def test_audioset_refuses_a_line_that_is_no_segment(tmp_path, row):
    with pytest.raises(DataError, match="line 5 of .*eval_segments.csv is no segment: expected `YTID, start"):
        audioset.usable(audioset_root(tmp_path, ROWS[0], row), "eval")


def test_audioset_says_what_is_missing_or_strange(tmp_path):
    with pytest.raises(ConfigError, match="audioset has no list 'test': expected one of balanced_train"):
        audioset.usable(tmp_path, "test")
    with pytest.raises(MissingDataError, match="ontology.json is not there: Place ontology.json"):
        audioset.usable(tmp_path, "eval")
    with pytest.raises(MissingDataError, match="balanced_train_segments.csv is not there"):
        audioset.usable(audioset_root(tmp_path, *ROWS))
    with pytest.raises(MissingDataError, match="holds no sound of eval"):
        audioset.noises(tmp_path, "eval")
    with pytest.raises(DataError, match="has no comment `# YTID, start_seconds"):
        audioset.usable(audioset_root(tmp_path, *ROWS, head=HEAD[:2]), "eval")
    with pytest.raises(DataError, match="has the label '/m/none': expected one of ontology.json"):
        audioset.usable(audioset_root(tmp_path, 'x, 0.000, 10.000, "/m/none"'), "eval")


@pytest.mark.parametrize(("kinds", "words"), [
    ({key: kind for key, kind in KINDS.items() if key != "/m/09x0r"}, "is not whole: /m/09x0r is a child"),
    ({"/m/06mb1": ("Rain", [])}, "has no class 'Human sounds'"),
])  # fmt: skip
def test_audioset_refuses_an_ontology_that_is_not_whole(tmp_path, kinds, words):
    with pytest.raises(DataError, match=words):
        audioset.usable(audioset_root(tmp_path, ROWS[3], kinds=kinds), "eval")


@pytest.mark.parametrize("content", ["no json", '{"a": 1}', '[{"id": "/m/06mb1"}]', "3"])
def test_audioset_refuses_what_is_no_ontology(tmp_path, content):
    text(audioset_root(tmp_path, *ROWS) / "ontology.json", content)
    with pytest.raises(DataError, match="ontology.json is no ontology"):
        audioset.usable(tmp_path, "eval")


# --- all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["enterface", "recola", "common_voice", "audioset"])
def test_each_is_found_shown_and_said_to_be_unmeasured(tmp_path, monkeypatch, capsys, name):
    from biosig.cli import main

    assert main(["corpora", name]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert registry.card(name).title in shown and "here: not here" in shown and "We do not have" in shown
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path))
    (tmp_path / registry.card(name).folders[0]).mkdir()
    assert main(["corpora"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith(f"{name} ")]
    assert "unchecked" in line and registry.card(name).licence in line


@pytest.mark.real_data
def test_as_many_classes_of_the_real_ontology_are_left_out_as_the_card_says():
    try:
        kinds = audioset.read_ontology(registry.locate("audioset") / "ontology.json")
    except MissingDataError as missing:
        pytest.skip(str(missing))
    human, music = (audioset.descendants(kinds, [name]) for name in audioset.LEFT_OUT)
    assert (len(kinds), len(human), len(music), len(human & music)) == (632, 83, 189, 3)
    assert len(audioset.descendants(kinds)) == 269
