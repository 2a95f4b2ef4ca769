"""EMG-UKA: tiny files in the authors' layout and in that of the cut copy, and each thing that can be wrong."""

import numpy as np
import pytest
import soundfile

from biosig.corpora import emguka, registry, splits
from biosig.errors import ConfigError, DataError, MissingDataError

NAME = "002-001-0100"
FS, EMG_FS = 16_000, 600


def place(root, folder, prefix, suffix, name=NAME):
    speaker, session, number = name.split("-")
    path = root / folder / speaker / session / f"{prefix}_{speaker}_{session}_{number}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def texts(root, name=NAME):
    place(root, "Transcripts", "transcript", ".txt", name).write_text("SHE HAD IT\n")
    place(root, "Alignments", "phones", ".txt", name).write_text("0 3 SIL\n4 5 SH\n6 9 IY\n12 19 SIL\n")
    place(root, "Alignments", "words", ".txt", name).write_text("0 3 $\n4 9 SHE\n10 19 $\n")


@pytest.fixture
def counts():
    return np.random.default_rng(1).integers(-2000, 2000, (7, 300), dtype=np.int16)


@pytest.fixture
def original(tmp_path, counts):
    """As the authors distribute it: 0.5 s, of which 0.2 s lie between the offsets."""
    texts(tmp_path)
    sound = np.stack([np.linspace(-0.5, 0.5, 8000), np.ones(8000)], axis=1)
    soundfile.write(place(tmp_path, "audio", "a", ".wav"), sound, FS, subtype="PCM_16")
    place(tmp_path, "emg", "e07", ".adc").write_bytes(counts.T.astype("<i2").tobytes())
    place(tmp_path, "offset", "offset", ".txt").write_text("1600 4800\n60 180\n")
    return tmp_path


@pytest.fixture
def cut(tmp_path, counts):
    """As the lossless copy has it."""
    texts(tmp_path)
    soundfile.write(place(tmp_path, "audio", "a", ".flac"), np.linspace(-0.5, 0.5, 8000)[1600:4800], FS, "PCM_16")
    soundfile.write(place(tmp_path, "emg", "e07", ".flac"), counts[:6, 60:180].T, EMG_FS, "PCM_16")
    return tmp_path


@pytest.mark.parametrize("layout", ["original", "cut"])
def test_both_layouts_hold_the_same(layout, counts, request):
    root = request.getfixturevalue(layout)
    (found,) = emguka.utterances(root)
    np.testing.assert_allclose(found.sound.signal, np.linspace(-0.5, 0.5, 8000)[1600:4800], atol=1 / 32768)
    np.testing.assert_allclose(found.emg.signal, 0.033 * counts[:6, 60:180])
    assert (found.sound.item, found.sound.subject, found.session) == ("emguka/002-001-0100", "002", "002-001")
    assert found.text == "SHE HAD IT" and found.emg.fs == 600 and found.emg.names == tuple("123456")
    assert emguka.sessions(root) == ["002-001"] and emguka.names_here(root, "002-001") == [NAME]


def test_labels_are_times_in_seconds(cut):
    phones = emguka.labels(cut, NAME)
    assert phones[1] == emguka.Label(0.04, 0.06, "SH") and phones[-1].end == pytest.approx(0.2)
    assert [word.text for word in emguka.labels(cut, NAME, "words")] == ["$", "SHE", "$"]
    path = place(cut, "Alignments", "phones", ".txt")
    for text in ("0 3 SIL\n3 5 SH\n", "", "5 3 SIL\n"):
        path.write_text(text)
        with pytest.raises(DataError, match="is empty, or its labels overlap"):
            emguka.labels(cut, NAME)
    path.write_text("0 SIL\n")
    with pytest.raises(DataError, match="holds a line that is no label"):
        emguka.labels(cut, NAME)
    with pytest.raises(ConfigError, match="expected phones or words"):
        emguka.labels(cut, NAME, "tones")


def test_the_authors_lists(tmp_path):
    (tmp_path / "Subsets").mkdir()
    path = tmp_path / "Subsets" / "train.audible"
    path.write_text("emg_002-001: emg_002-001-0100 emg_002-001-0101\nemg_004-001: emg_004-001-0001\n")
    assert emguka.subset(tmp_path, "train") == {
        "002-001": ("002-001-0100", "002-001-0101"), "004-001": ("004-001-0001",)
    }
    path.write_text("emg_002-001: emg_004-001-0100\n")
    with pytest.raises(DataError, match="expected `emg_002-001: emg_002-001-0100"):
        emguka.subset(tmp_path, "train")
    with pytest.raises(MissingDataError, match="test.audible is not there: Ask its authors"):
        emguka.subset(tmp_path, "test")


def test_a_raw_file_with_an_odd_byte_or_a_channel_missing(original):
    path = place(original, "emg", "e07", ".adc")
    raw = path.read_bytes()
    for broken in (raw[:-1], raw[: len(raw) - 12], b""):
        path.write_bytes(broken)
        with pytest.raises(DataError, match=f"has {len(broken)} bytes: expected whole samples of 7 channels"):
            emguka.utterances(original)
    path.unlink()
    with pytest.raises(MissingDataError, match="e07_002_001_0100.adc is not there: Ask its authors"):
        emguka.utterances(original)


def test_offsets_that_do_not_fit(original):
    path = place(original, "offset", "offset", ".txt")
    for text, match in {
        "1600 9000\n60 180\n": "the offsets end at 9000 and 180, the recordings have 8000 and 300 samples",
        "1600 4800\n60 120\n": r"the sound lasts 0.200 s and the EMG 0.100 s: expected the same span",
        "1600 4800\n": "is not two lines of two numbers",
        "4800 1600\n60 180\n": "holds a span that ends before it begins",
    }.items():
        path.write_text(text)
        with pytest.raises(DataError, match=match):
            emguka.utterances(original)
    soundfile.write(place(original, "audio", "a", ".wav"), np.zeros(8000), FS)
    with pytest.raises(DataError, match="has 1 channels at 16000 Hz: expected sound and marker"):
        emguka.utterances(original)


def test_a_copy_with_another_number_of_channels_or_damaged(cut, counts):
    path = place(cut, "emg", "e07", ".flac")
    soundfile.write(path, counts[:5, 60:180].T, EMG_FS, "PCM_16")
    with pytest.raises(DataError, match="has 5 channels at 600 Hz: expected 6 at 600 Hz"):
        emguka.utterances(cut)
    soundfile.write(path, counts[:6, 60:180].T, 500, "PCM_16")
    with pytest.raises(DataError, match="has 6 channels at 500 Hz: expected 6 at 600 Hz"):
        emguka.utterances(cut)
    path.write_bytes(b"fLaC but not really")
    with pytest.raises(DataError, match="is damaged, cut short or no sound file"):
        emguka.utterances(cut)
    path.unlink()
    with pytest.raises(MissingDataError, match="e07_002_001_0100.flac is not there"):
        emguka.utterances(cut)


def test_names_and_texts_that_are_none(cut):
    for name in ("002-001", "002-001-x"):
        with pytest.raises(ConfigError, match="expected speaker-session-number"):
            emguka.utterances(cut, [name])
    place(cut, "Transcripts", "transcript", ".txt").write_text("\n")
    with pytest.raises(DataError, match="is empty: expected a sentence"):
        emguka.utterances(cut)
    with pytest.raises(MissingDataError, match="holds no session of audio"):
        emguka.sessions(cut / "emg")


def test_the_committed_split_keeps_to_the_list_of_files():
    """Every sentence of it is a file that we have hashed; the authors' ten test sentences a session are the test."""
    found = splits.split("emguka")
    listed = registry.parse_manifest(registry.committed_manifest("emguka.txt"), "emguka.txt")
    names = [name for part in (found.train, found.validation, found.test) for name in part.subjects]
    assert len(names) == len(set(names)) == 900
    for name in names:
        speaker, session, number = name.split("-")
        assert f"audio/{speaker}/{session}/a_{speaker}_{session}_{number}.flac" in listed
    sessions = [name[:7] for name in found.test.subjects]
    assert set(emguka.PUBLISHED_WER) == set(sessions)
    assert {session: sessions.count(session) for session in set(sessions)} == {
        session: 20 if session == "002-101" else 10 for session in set(sessions)
    } and len(set(sessions)) == 13


@pytest.mark.real_data
def test_no_sentence_of_the_test_is_trained_on_and_validation_is_of_its_own_sentences():
    root, found = registry.locate("emguka"), splits.split("emguka")
    text = {part: {emguka.transcript(root, n) for n in getattr(found, part).subjects} for part in splits.PARTS}
    assert len(text["test"]) == 10 and not text["test"] & (text["train"] | text["validation"])
    for speaker in ("002", "004", "006", "008"):
        own = [
            {emguka.transcript(root, n) for n in getattr(found, part).subjects if n.startswith(speaker)}
            for part in ("train", "validation")
        ]
        assert not own[0] & own[1]
    test = {n for names in emguka.subset(root, "test").values() for n in names}
    assert set(found.test.subjects) == test
