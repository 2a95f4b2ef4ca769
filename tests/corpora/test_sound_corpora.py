import importlib
import sys

import numpy as np
import pytest
import soundfile

from biosig.corpora import (
    asterisk,
    emgse_noise,
    esc10,
    hu100,
    picovoice,
    registry,
    sounds,
    splits,
    timit_sample,
    voicebank,
    voicebank_more,
)
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.types import Recording

FS = 16_000


def tone(seconds=0.5, hz=440.0, level=0.25):
    return level * np.sin(2 * np.pi * hz * np.arange(round(seconds * FS)) / FS)


def write(path, signal, fs=FS):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, signal, fs, subtype="PCM_16")
    return path


def write_g722(path, signal):
    """Encodes with PyAV's own encoder, so that no binary lies in the repository."""
    av = pytest.importorskip("av")
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="g722") as container:
        stream = container.add_stream("g722", rate=FS, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.round(signal * 32767).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = FS
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return path


LOADERS = {
    "voicebank": (voicebank.pairs, "clean/p232_001.flac"),
    "voicebank_more": (voicebank_more.pairs, "clean/p232_001.flac"),
    "timit_sample": (timit_sample.utterances, "dr1-fvmh0/sa1.flac"),
    "picovoice": (picovoice.utterances, "speech/uuid.flac"),
    "hu100": (lambda root: hu100.noises(root, ["n1"]), "n1.flac"),
    "esc10": (esc10.noises, "002 - Rain/1-1-A.flac"),
    "emgse_noise": (emgse_noise.noises, "engine.flac"),
}


@pytest.fixture(params=LOADERS)
def corpus(request, tmp_path):
    """A loader, the file it reads first, and its root with nothing in it yet; noisy twins are written for pairs."""
    load, name = LOADERS[request.param]
    if request.param == "timit_sample":
        (tmp_path / name).parent.mkdir()
    if request.param.startswith("voicebank"):
        write(tmp_path / name.replace("clean", "noisy"), tone())
    return load, tmp_path / name, tmp_path


def test_missing_files_say_how_to_get_them(corpus):
    load, _, root = corpus
    with pytest.raises(MissingDataError, match=r"(is not there|holds no .*): (Place|Clone) .*BIOSIG_DATA/"):
        load(root)


def test_stereo_another_rate_damage_and_emptiness(corpus):
    load, path, root = corpus
    write(path, np.stack([tone(), tone()], axis=1))
    with pytest.raises(DataError, match=f"{path.name} has 2 channels at 16000 Hz: expected 1 at 16000 Hz"):
        load(root)
    write(path, tone(), fs=48_000)
    with pytest.raises(DataError, match="has 1 channels at 48000 Hz"):
        load(root)
    path.write_bytes(b"fLaC but not really")
    with pytest.raises(DataError, match="is damaged, cut short or no sound file"):
        load(root)
    write(path, np.zeros(0))
    with pytest.raises(DataError, match="holds no samples|is damaged"):
        load(root)


def test_voicebank_pairs_are_what_the_files_hold(tmp_path):
    clean, noise = tone(hz=300), tone(hz=900, level=0.125)
    write(tmp_path / "clean" / "p232_003.flac", clean)
    write(tmp_path / "noisy" / "p232_003.flac", clean + noise)
    (pair,) = voicebank.pairs(tmp_path)
    np.testing.assert_allclose(pair.clean, clean, atol=1 / 32768)
    np.testing.assert_array_equal(pair.noisy, pair.clean + pair.interference)
    assert pair.snr_db == pytest.approx(20 * np.log10(2), abs=0.01)  # the noise has half the amplitude
    assert (pair.item, pair.subject, pair.fs) == ("voicebank/p232_003", "p232_003", FS)
    assert dict(pair.conditions)["speaker"] == "p232"


def test_voicebank_pairs_that_are_none(tmp_path):
    write(tmp_path / "clean" / "p232_003.flac", tone())
    with pytest.raises(MissingDataError, match="noisy/p232_003.flac is not there"):
        voicebank.pairs(tmp_path)
    write(tmp_path / "noisy" / "p232_003.flac", tone(0.6))
    with pytest.raises(DataError, match="has 9600 samples, its clean file 8000"):
        voicebank.pairs(tmp_path)
    write(tmp_path / "noisy" / "p232_003.flac", tone())
    with pytest.raises(DataError, match="or they are equal: expected speech in noise"):
        voicebank.pairs(tmp_path)


def test_six_more_pairs_say_where_they_belong(tmp_path):
    with pytest.raises(MissingDataError, match="BIOSIG_DATA/voicebank_demand_p232_more/clean"):
        voicebank_more.pairs(tmp_path)
    assert voicebank_more.CARD.folders != voicebank.CARD.folders


@pytest.fixture
def timit_like(tmp_path):
    """Two people, a sentence each, the second with 0.1 s of sound after its last label."""
    for folder, seconds in (("dr1-fvmh0", 0.5), ("dr2-marc0", 0.6)):
        write(tmp_path / folder / "sx26.flac", tone(seconds))
        stem = tmp_path / folder / "sx26"
        stem.with_suffix(".txt").write_text("0 8000 She had it.\n")
        stem.with_suffix(".wrd").write_text("1000 4000 she\n4000 6000 had\n6000 7000 it\n")
        stem.with_suffix(".phn").write_text("0 1000 h#\n1000 2500 sh\n2500 4000 iy\n4000 4500 pau\n4500 8000 ae\n")
    return tmp_path


def test_timit_says_who_speaks_and_when(timit_like):
    first, second = timit_sample.utterances(timit_like)
    assert (first.item, first.subject, first.channel) == ("timit_sample/fvmh0/sx26", "fvmh0", "sx26")
    assert first.source == "dr1-fvmh0/sx26.flac" and first.fs == FS
    assert first.active.sum() == 3000 + 3500 and not first.active[:1000].any() and not first.active[4000:4500].any()
    assert second.signal.size == 9600 and not second.active[8000:].any()  # what no label covers is not speech
    assert [r.subject for r in timit_sample.utterances(timit_like, ["marc0"])] == ["marc0"]


def test_timit_labels(timit_like):
    found = timit_sample.labels(timit_like, "timit_sample/fvmh0/sx26")
    assert found.text == "She had it." and [word.text for word in found.words] == ["she", "had", "it"]
    assert found.phones[1] == timit_sample.Label(1000, 2500, "sh") and found.words[0].end == 4000


def test_timit_labels_that_are_none(timit_like):
    with pytest.raises(MissingDataError, match="has nobody called xxxx0"):
        timit_sample.utterances(timit_like, ["xxxx0"])
    stem = timit_like / "dr1-fvmh0" / "sx26"
    for content in ("", "0 1000\n", "a b c\n", "2000 1000 sh\n"):
        stem.with_suffix(".phn").write_text(content)
        with pytest.raises(DataError, match="sx26.phn (holds a line that is no label|is empty, or a label)"):
            timit_sample.utterances(timit_like)
    stem.with_suffix(".phn").unlink()
    with pytest.raises(MissingDataError, match="sx26.phn is not there"):
        timit_sample.utterances(timit_like)


def test_timit_everyone_is_in_the_list_and_in_the_split():
    listed = registry.parse_manifest(registry.committed_manifest("timit_sample.txt"), "timit_sample.txt")
    people = {path.split("/")[0].split("-")[1] for path in listed}
    assert people == set(splits.split("timit_sample").test.subjects) and len(people) == 16
    assert sum(path.endswith(".flac") for path in listed) == 160 and len(listed) == 640


def test_picovoice_is_cut_to_what_is_said(tmp_path):
    silence = 1e-4 * np.sin(np.arange(2 * FS))
    write(tmp_path / "speech" / "abc.flac", np.concatenate([silence, tone(1.0), silence, silence]))
    (cut,) = picovoice.utterances(tmp_path)
    (whole,) = picovoice.utterances(tmp_path, margin_s=None)
    assert (whole.seconds, cut.seconds) == (7.0, pytest.approx(1.5, abs=0.021))
    np.testing.assert_array_equal(cut.signal[: FS // 8], whole.signal[round(1.75 * FS) :][: FS // 8])
    assert (cut.subject, cut.item, cut.source) == ("abc", "picovoice/abc", "speech/abc.flac")
    assert [r.subject for r in picovoice.utterances(tmp_path, ["abc"])] == ["abc"]
    with pytest.raises(MissingDataError, match="xyz.flac is not there"):
        picovoice.utterances(tmp_path, ["xyz"])


def test_trimming_leaves_silence_and_short_recordings_alone():
    for signal in (np.zeros(1000), np.ones(100)):
        recording = Recording(signal, FS, "full scale", "x", "x")
        assert sounds.trimmed(recording) is recording
    spoken = Recording(tone(), FS, "full scale", "x", "x", active=np.arange(8000) < 10)
    np.testing.assert_array_equal(sounds.trimmed(spoken).active, spoken.active)


def test_hu100_refuses_copies_and_strangers(tmp_path):
    write(tmp_path / "n7.flac", tone())
    (noise,) = hu100.noises(tmp_path, ["n7"])
    assert (noise.subject, noise.item, noise.fs) == ("n7", "hu100/n7", FS)
    with pytest.raises(ConfigError, match="n9 of hu100 is a copy of n7"):
        hu100.noises(tmp_path, ["n9"])
    with pytest.raises(ConfigError, match="no sound 'n101'"):
        hu100.noises(tmp_path, ["n101"])
    assert len(hu100.NAMES) == 98 and not {"n9", "n58"} & set(hu100.NAMES)


def test_esc10_by_fold_with_its_padding_cut_off(tmp_path):
    write(tmp_path / "002 - Rain" / "1-17367-B.flac", np.concatenate([tone(1.0) + 0.01, np.zeros(FS)]))
    write(tmp_path / "009 - Rooster" / "5-200334-A.flac", tone())
    both = esc10.noises(tmp_path)
    assert [(r.channel, r.subject) for r in both] == [("rain", "1-17367"), ("rooster", "5-200334")]
    assert both[0].seconds == 1.0
    assert [r.channel for r in esc10.noises(tmp_path, ["5"])] == ["rooster"]
    with pytest.raises(ConfigError, match=r"no fold \['6'\]"):
        esc10.noises(tmp_path, ["1", "6"])
    write(tmp_path / "002 - Rain" / "1-17367-C.flac", np.zeros(FS))
    with pytest.raises(DataError, match="1-17367-C.flac is silent"):
        esc10.noises(tmp_path)


def test_emgse_noise_says_which_of_it_is_talk(tmp_path):
    for name in ("engine", "Street Noise", "street", "two_male_one_female_chinese", "one_male_english"):
        write(tmp_path / f"{name}.flac", tone())
    kinds = {r.subject: r.channel for r in emgse_noise.noises(tmp_path)}
    assert kinds["engine"] == "engine" and kinds["street"] == kinds["Street Noise"] == "street"
    assert kinds["two_male_one_female_chinese"] == "babble chinese" and kinds["one_male_english"] == "babble english"


@pytest.fixture
def exchange(tmp_path):
    write_g722(tmp_path / "en" / "vm-intro.g722", tone(1.5))
    write_g722(tmp_path / "en" / "digits" / "1.g722", tone(0.5))
    write_g722(tmp_path / "en" / "beep.g722", tone(1.5))
    write_g722(tmp_path / "en" / "silence" / "5.g722", np.zeros(5 * FS))
    (tmp_path / "en" / "is.g722").write_bytes(b"")
    return tmp_path


def test_asterisk_decodes_prompts_and_leaves_out_what_is_none(exchange):
    (prompt,) = asterisk.utterances(exchange, ["en"])
    assert (prompt.item, prompt.subject) == ("asterisk/en/vm-intro", "Allison Smith")
    assert prompt.seconds == pytest.approx(1.5, abs=0.01)
    size = (exchange / "en" / "vm-intro.g722").stat().st_size
    assert prompt.signal.size == asterisk.SAMPLES_PER_BYTE * size
    spectrum = np.abs(np.fft.rfft(prompt.signal))
    assert np.argmax(spectrum) * FS / prompt.signal.size == pytest.approx(440, abs=1)
    assert np.abs(prompt.signal).max() == pytest.approx(0.25, rel=0.05)
    short = asterisk.utterances(exchange, ["en"], min_s=0)
    assert {r.item for r in short} == {"asterisk/en/vm-intro", "asterisk/en/digits/1"}


def test_asterisk_errors(exchange, monkeypatch):
    with pytest.raises(ConfigError, match="no language 'de': expected some of en, es"):
        asterisk.utterances(exchange, ["de"])
    with pytest.raises(MissingDataError, match=r"fr holds no \*\*/\*.g722: Unpack"):
        asterisk.utterances(exchange, ["fr"])
    with pytest.raises(DataError, match="is.g722 is damaged or empty"):
        asterisk.decode_g722(exchange / "en" / "is.g722")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingDataError, match="PyAV is not installed: `pip install av`"):
        asterisk.utterances(exchange, ["en"])


def test_without_soundfile_the_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingDataError, match="soundfile is not installed"):
        sounds.read_sound(tmp_path / "x.flac")


@pytest.mark.parametrize("name", ["voicebank", "picovoice", "asterisk", "hu100", "esc10", "emgse_noise"])
def test_cards_and_manifests(name):
    card = registry.card(name)
    module = importlib.import_module(f"biosig.corpora.{name}")
    assert card is module.CARD and card.rate == FS and len(card.quirks) >= 2
    listed = registry.parse_manifest(registry.committed_manifest(card.manifest), name)
    assert len(set(listed.values())) == len(listed)  # no file twice under two names
    expected = {"voicebank": 28, "picovoice": 207, "hu100": 98, "esc10": 400, "emgse_noise": 17, "asterisk": 1682}
    assert len(listed) == expected[name]


def test_splits_cover_each_corpus_once_and_no_person_twice():
    listed = registry.parse_manifest(registry.committed_manifest("picovoice.txt"), "picovoice.txt")
    found = splits.split("picovoice")
    names = [*found.train.subjects, *found.validation.subjects]
    assert sorted(f"speech/{name}.flac" for name in names) == sorted(listed) and len(found.validation.subjects) == 32
    found = splits.split("hu100")
    assert sorted([*found.train.subjects, *found.validation.subjects]) == sorted(hu100.NAMES)
    assert {"n20", "n27"} <= set(found.train.subjects)
    found = splits.split("asterisk")
    train, validation = (asterisk.speakers(part.subjects) for part in (found.train, found.validation))
    assert not train & validation and len(train) == 3
    assert {*found.train.subjects, *found.validation.subjects} == set(asterisk.SPEAKERS)
    found = splits.split("esc10")
    assert (*found.train.subjects, *found.validation.subjects) == esc10.FOLDS


def test_a_side_without_subjects_is_announced():
    for name in ("picovoice", "asterisk", "hu100", "esc10"):
        found = splits.split(name)
        assert found.empty == ("test",) and not found.test.subjects and "on other corpora" in found.why
    content = {"why": "x", "train": {"subjects": ["a"]}, "validation": {"subjects": ["b"]}, "test": {"subjects": []}}
    with pytest.raises(DataError, match=r"has empty sides \['test'\]: expected \[\]"):
        splits.parse("toy", "default", content)
    assert splits.parse("toy", "default", content | {"empty": ["test"]}).empty == ("test",)


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["voicebank", "picovoice", "hu100", "esc10", "emgse_noise"])
def test_real_sound_is_whole(name):
    assert registry.check(name).whole
