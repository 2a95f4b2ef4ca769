from collections import Counter

import numpy as np
import pytest
import soundfile

from biosig.corpora import emodb, nemo, registry
from biosig.corpora.folds import Fold, leave_one_speaker_out
from biosig.errors import ConfigError, DataError, MissingDataError

FS = 16_000


def write(path, seconds=0.2):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(np.arange(round(seconds * FS)) / 9), FS, subtype="PCM_16")


def test_emodb_reads_speaker_and_emotion_from_the_name(tmp_path):
    for name in ("03a01Fa.wav", "03a01Ea.wav", "08b10Wb.flac", "16a05Tc.wav"):
        write(tmp_path / "wav" / name)
    found = emodb.utterances(tmp_path)
    assert [(r.item, r.subject, r.label) for r in found] == [
        ("emodb/03a01Fa", "03", "joy"),
        ("emodb/08b10Wb", "08", "anger"),
        ("emodb/16a05Tc", "16", "sadness"),
    ]
    assert [r.label for r in emodb.utterances(tmp_path, emotions=["disgust"])] == ["disgust"]
    assert [r.subject for r in emodb.utterances(tmp_path, speakers=["16"])] == ["16"]


def test_nemo_reads_speaker_and_emotion_from_the_name(tmp_path):
    for name in ("EB0_anger_13.flac", "MK0_neutral_1.wav"):
        write(tmp_path / "samples" / name)
    assert [(r.subject, r.label) for r in nemo.utterances(tmp_path)] == [("EB0", "anger"), ("MK0", "neutral")]


@pytest.mark.parametrize(
    ("corpus", "folder", "name"),
    [(emodb, "wav", "99a01Fa.wav"), (emodb, "wav", "03a01Xa.wav"), (emodb, "wav", "03.wav"),
     (nemo, "samples", "EB0_bored_1.wav"), (nemo, "samples", "noise.wav")],
)  # fmt: skip
def test_a_file_that_is_none_of_the_corpus_is_named(tmp_path, corpus, folder, name):
    write(tmp_path / folder / name)
    with pytest.raises(DataError, match=f"{name} is no name of {corpus.CARD.name}: expected one like"):
        corpus.utterances(tmp_path)


def test_what_is_not_there(tmp_path):
    with pytest.raises(MissingDataError, match="Download it from"):
        emodb.utterances(tmp_path)
    write(tmp_path / "wav" / "03a01Fa.wav")
    with pytest.raises(ConfigError, match="emodb has no emotion 'surprise'"):
        emodb.utterances(tmp_path, emotions=["surprise"])
    with pytest.raises(ConfigError, match="emodb has no speaker '04'"):
        emodb.utterances(tmp_path, speakers=["04"])


def test_each_speaker_is_tested_once_and_sees_no_other_part():
    folds = leave_one_speaker_out(["b", "a", "c", "a", "d"])
    assert folds[0] == Fold("a", "b", ("c", "d"))
    assert [fold.test for fold in folds] == ["a", "b", "c", "d"]
    assert Counter(fold.validation for fold in folds) == Counter("abcd")
    for fold in folds:
        assert sorted((fold.test, fold.validation, *fold.train)) == ["a", "b", "c", "d"]
    with pytest.raises(DataError, match="2 speakers"):
        leave_one_speaker_out(["a", "b"])


@pytest.mark.real_data
@pytest.mark.parametrize(("corpus", "counts"), [
    (emodb, {"anger": 127, "boredom": 81, "neutral": 79, "joy": 71, "fear": 69, "sadness": 62}),
    (nemo, {"neutral": 809, "sadness": 769, "happiness": 749, "anger": 749, "fear": 736, "surprised": 669}),
])  # fmt: skip
def test_the_real_corpora_are_whole_and_counted(corpus, counts):
    try:
        root = registry.locate(corpus.CARD.name)
    except MissingDataError as missing:
        pytest.skip(str(missing))
    assert registry.check(corpus.CARD.name).whole
    assert Counter(r.label for r in corpus.utterances(root)) == counts
