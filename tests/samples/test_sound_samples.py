import io
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from biosig import samples
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.samples import sounds
from biosig.signal.types import Recording

TOOL = Path(__file__).parents[2] / "tools" / "make_sound_samples.py"
ENTRIES = sounds.catalogue()["samples"]
FREE = {"CC BY 3.0", "CC0 1.0", "MIT", "public domain"}


def on(side, field, kind):
    return {entry[field] for entry in ENTRIES.values() if (entry["split"], entry["kind"]) == (side, kind)}


def test_speech_and_noise_lie_on_every_side():
    for split in samples.SPLITS:
        assert len(samples.speech(split)) >= 5 and len(samples.noises(split)) >= 5
    assert set(samples.names("speech")) | set(samples.names("noise")) == set(ENTRIES)
    assert set(samples.names()) == set(ENTRIES) | set(samples.catalogue()["samples"])


@pytest.mark.parametrize("field, kind", [("subject", "speech"), ("from_file", "speech"), ("from_file", "noise")])
def test_sides_share_neither_speaker_nor_source(field, kind):
    train, validation, test = (on(side, field, kind) for side in samples.SPLITS)
    assert not (train & validation or train & test or validation & test)


def test_sides_share_no_original_of_an_edited_noise():
    """One original may have been edited into several noises: the titles in the credits tell."""
    train, validation, test = (set(re.findall(r"'([^']+\.\w{3,4})'", " ".join(on(side, "credit", "noise"))))
                               for side in samples.SPLITS)  # fmt: skip
    assert len(train) > 8 and not (train & validation or train & test or validation & test)


def test_every_kind_of_noise_is_there_on_every_side():
    for side in samples.SPLITS:
        kinds = on(side, "channel", "noise")
        assert kinds & {"propeller", "jet", "machinery", "wind", "water"}  # steady
        assert kinds & {"hammering", "jackhammer", "bell", "wood", "sparks", "crash"}  # blows
        assert kinds & {"crowd", "metro", "scene"}  # places


@pytest.mark.parametrize("name", ENTRIES)
def test_each_sound_loads_as_described(name):
    entry, recording = ENTRIES[name], samples.load(name)
    assert recording.signal.size == entry["samples"] and recording.fs == 16_000 and recording.units == "full scale"
    assert 0.1 < np.abs(recording.signal).max() <= 1 and abs(recording.signal.mean()) < 0.01
    assert (recording.subject, recording.channel) == (entry["subject"], entry["channel"])
    assert recording.item == f"samples/{name}" and not recording.synthetic


def test_utterances_are_short_and_loud_enough_to_score():
    for split in samples.SPLITS:
        for recording in samples.speech(split):
            assert 2 <= recording.seconds <= 7.2 and recording.signal.std() > 0.02
    assert 150 < sum(r.seconds for r in samples.speech("train")) < 300


def test_loop_is_long_enough_keeps_its_power_and_has_no_click():
    rng = np.random.default_rng(0)
    short = Recording(rng.standard_normal(8000), 16_000, "full scale", "x", "x")
    loop = sounds.looped(short, 3.0)
    assert loop.seconds >= 3 and loop.signal.size < 48_000 + 8000
    np.testing.assert_array_equal(loop.signal[: 8000 - 800], short.signal[:-800])
    np.testing.assert_array_equal(loop.signal[7200 + 800 : 7200 + 7200], short.signal[800:7200])
    seam = loop.signal[7200:8000]
    assert seam.std() == pytest.approx(1, abs=0.1)  # equal power, as its two sides are unrelated
    slope = Recording(np.linspace(-1, 1, 8000), 16_000, "full scale", "x", "x")
    assert np.abs(np.diff(sounds.looped(slope, 2.0).signal)).max() < 0.1  # without the fade: a jump of 2
    assert sounds.looped(short, 0.5) is not None and sounds.looped(short, 0.5).signal.size == 8000


def test_noises_last_as_long_as_asked():
    assert all(r.seconds >= 10 for r in samples.noises("test"))
    assert {r.subject: r.signal.size for r in samples.noises("test", seconds=0.1)}["noise_crash_54"] == (
        ENTRIES["noise_crash_54"]["samples"]
    )


def test_altered_or_absent_sound_is_refused(monkeypatch):
    entry = ENTRIES["speech_novel_1"]
    fake = {"samples": {"a": entry | {"sha256": "0" * 64}, "b": entry | {"file": "gone.flac"}}}
    monkeypatch.setattr(sounds, "catalogue", lambda: fake)
    with pytest.raises(DataError, match="sample speech_novel_1.flac has been altered"):
        samples.load("a")
    with pytest.raises(MissingDataError, match="gone.flac is not in the package"):
        samples.load("b")


def test_unknown_split_and_missing_soundfile(monkeypatch):
    with pytest.raises(ConfigError, match="samples have no split 'dev'"):
        samples.speech("dev")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingDataError, match="soundfile is not installed"):
        samples.load("speech_novel_1")


def test_every_sound_carries_a_free_licence_its_text_and_a_credit():
    folder = resources.files(samples)
    for name, entry in ENTRIES.items():
        assert entry["licence"] in FREE and entry["credit"] and len(entry["package_sha256"]) == 64, name
        assert len(folder.joinpath(entry["licence_file"]).read_text(encoding="utf-8")) > 100
    assert "Attribution 3.0 Unported" in folder.joinpath("LICENSE-CC-BY-3.0.txt").read_text(encoding="utf-8")
    assert "CC0 1.0 Universal" in folder.joinpath("LICENSE-CC0-1.0.txt").read_text(encoding="utf-8")


def test_package_holds_the_listed_sounds_and_weighs_little():
    files = [file for file in resources.files(samples).iterdir() if file.name.endswith(".flac")]
    assert {file.name for file in files} == {entry["file"] for entry in ENTRIES.values()}
    assert sum(len(file.read_bytes()) for file in files) < 8_000_000
    everything = [file for file in resources.files(samples).iterdir() if file.is_file()]
    assert sum(len(file.read_bytes()) for file in everything) < 10_000_000


def test_sounds_are_mono_flac_at_16_khz():
    soundfile = pytest.importorskip("soundfile")
    for entry in list(ENTRIES.values())[::7]:
        info = soundfile.info(io.BytesIO(resources.files(samples).joinpath(entry["file"]).read_bytes()))
        assert (info.format, info.channels, info.samplerate, info.subtype) == ("FLAC", 1, 16_000, "PCM_16")


def test_tool_refuses_other_packages(tmp_path):
    (tmp_path / "pocketsphinx-5.1.1.tar.gz").write_bytes(b"not it")
    before = resources.files(samples).joinpath("SOUNDS.toml").read_bytes()
    run = subprocess.run([sys.executable, str(TOOL), str(tmp_path)], capture_output=True, text=True, check=False)
    assert run.returncode != 0 and "sha256 differs" in run.stderr and "Traceback" not in run.stderr
    assert resources.files(samples).joinpath("SOUNDS.toml").read_bytes() == before
