"""`biosig emotion` from file to answer: rates, channels, formats, the words around it, and what is refused."""

import csv
import io
import json
import sys

import numpy as np
import pytest
import soundfile

from biosig import cli
from biosig.backends.published import load_model
from biosig.commands import enhance
from biosig.samples import sounds
from biosig.signal.blocks import resample
from biosig.signal.enhancement import CLASSICAL_SPEECH

VOICE = sounds.load("speech_it_1").signal


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    enhance.loaded.cache_clear()


def asked(capsys, *arguments):
    """The answers as JSON."""
    assert cli.main(["emotion", *arguments, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def likely(found, at=0):
    return list(found["files"][at]["probabilities"].values())


@pytest.fixture
def listening():
    pytest.importorskip("opensmile")


@pytest.mark.usefixtures("listening")
def test_a_strangers_file_gets_what_the_model_says_of_its_samples(capsys):
    soundfile.write("voice.wav", VOICE, 16_000, subtype="DOUBLE")
    found = asked(capsys, "voice.wav")
    model = load_model()
    expected = model.hear(VOICE, 16_000)
    np.testing.assert_allclose(likely(found), expected, atol=6e-5)
    assert list(found["files"][0]["probabilities"]) == list(model.labels)
    assert found["files"][0]["emotion"] == model.labels[int(expected.argmax())]
    assert (found["model"], found["about"]["corpus"]) == ("emodb-egemaps", "EMO-DB")


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize(("name", "fs", "channels"), [("a.wav", 44100, 1), ("b.flac", 48000, 2), ("c.ogg", 24000, 1)])
def test_any_rate_format_and_number_of_channels(capsys, name, fs, channels):
    """The same voice at another rate, quieter: nearly the same answer."""
    other = np.tile(0.3 * resample(VOICE, 16_000, fs)[:, None], (1, channels))
    soundfile.write(name, other, fs)
    np.testing.assert_allclose(likely(asked(capsys, name)), load_model().hear(VOICE, 16_000), atol=0.15)


@pytest.mark.usefixtures("listening")
def test_enhanced_first_means_enhanced_first(capsys):
    noisy = VOICE + 0.02 * np.random.default_rng(0).standard_normal(VOICE.size)
    soundfile.write("noisy.wav", noisy, 16_000, subtype="DOUBLE")
    found = asked(capsys, "noisy.wav", "--enhance", "log_mmse")
    expected = load_model().hear(CLASSICAL_SPEECH["log_mmse"](noisy, 16_000), 16_000)
    np.testing.assert_allclose(likely(found), expected, atol=1e-3)
    assert found["enhanced_by"] == "log_mmse" and "went through log_mmse first" in found["notes"][-1]
    assert likely(asked(capsys, "noisy.wav")) != likely(found)


@pytest.mark.usefixtures("listening")
def test_a_table_says_what_it_rests_on_and_csv_says_it_aside(capsys):
    soundfile.write("voice.wav", VOICE, 16_000)
    soundfile.write("long.wav", np.tile(VOICE, 5), 16_000)
    assert cli.main(["emotion", "voice.wav", "long.wav", "--model", "nemo-egemaps"]) == 0
    table = capsys.readouterr().out
    assert table.startswith("file ") and len(table.split("\n\n")[0].splitlines()) == 4
    for words in ("nEMO (acted, in Polish", "cannot know what anybody feels", "too sure", "long.wav lasts 14 s"):
        assert words in table
    assert cli.main(["emotion", "voice.wav", "long.wav", "--model", "nemo-egemaps", "--format", "csv"]) == 0
    told = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(told.out)))
    assert [row["file"] for row in rows] == ["voice.wav", "long.wav"] and "cannot know" in told.err
    labels = load_model("nemo-egemaps").labels
    assert all(sum(float(row[label]) for label in labels) == pytest.approx(1, abs=1e-3) for row in rows)


def test_models_are_listed_with_what_they_learnt_from(capsys):
    assert cli.main(["emotion", "--list"]) == 0
    told = capsys.readouterr().out
    assert "emodb-egemaps: learnt from 489 utterances of 10 people in EMO-DB (acted" in told and "CC BY-NC-SA" in told


def test_without_opensmile_one_sentence_says_what_brings_it(capsys, monkeypatch):
    soundfile.write("voice.wav", VOICE, 16_000)
    monkeypatch.setitem(sys.modules, "opensmile", None)
    assert cli.main(["emotion", "voice.wav"]) == 2
    out, told = capsys.readouterr()
    assert out == "" and told == 'biosig: openSMILE is not installed: `pip install "biosig[emotion]"` brings it.\n'


@pytest.mark.usefixtures("listening")
def test_a_system_that_leaves_silence_is_said_with_the_file(capsys, monkeypatch):
    soundfile.write("voice.wav", VOICE, 16_000)
    monkeypatch.setattr(enhance, "loaded", lambda *_: lambda x, fs: 0 * x)
    assert cli.main(["emotion", "voice.wav", "--enhance", "unet"]) == 2
    assert capsys.readouterr().err == "biosig: voice.wav: the utterance is silent: expected speech.\n"
