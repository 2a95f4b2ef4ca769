import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from biosig import samples
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.rpeaks import detect_r_peaks

TOOL = Path(__file__).parents[2] / "tools" / "make_samples.py"


def test_there_are_emg_and_ecg_on_every_side():
    assert set(samples.names("emg")) | set(samples.names("ecg")) == set(samples.catalogue()["samples"])
    for split in samples.SPLITS:
        assert samples.names("emg", split) and samples.names("ecg", split)
    assert len(samples.names("emg")) == 5 and len(samples.names("ecg")) == 4


def test_sides_share_no_source_recording():
    source = {e["from_file"]: set() for e in samples.catalogue()["samples"].values()}
    for entry in samples.catalogue()["samples"].values():
        source[entry["from_file"]].add(entry["split"])
    assert len(source) == 9 and all(len(splits) == 1 for splits in source.values())


@pytest.mark.parametrize("name", samples.catalogue()["samples"])
def test_each_sample_loads_as_described(name):
    entry, recording = samples.catalogue()["samples"][name], samples.load(name)
    assert recording.signal.size == entry["samples"] and recording.fs == 1000 and recording.units == "mV"
    assert abs(recording.signal.mean()) < 0.05 and 0.02 < recording.signal.std() < 0.5  # mV of a body, not counts
    assert np.abs(recording.signal).max() <= 1.5  # the converter's range at these gains
    assert not recording.synthetic and (recording.active is None) == (entry["kind"] == "ecg")


def test_transfer_function_at_known_counts():
    np.testing.assert_allclose(samples.to_millivolt(np.array([0, 32768, 65536]), 16, 1000), [-1.5, 0, 1.5])
    np.testing.assert_allclose(samples.to_millivolt(np.array([4096]), 12, 1019), [1.5 / 1.019])


def test_ecg_beats_like_a_heart():
    for recording in [r for split in samples.SPLITS for r in samples.ecg_interference(split)]:
        rate = 60 * detect_r_peaks(recording.signal).size / recording.seconds
        assert 50 < rate < 100, recording.item


def test_emg_mask_covers_the_energy_in_a_small_part_of_the_time():
    bursts = samples.load("emg_bursts")
    power = bursts.signal**2
    assert power[bursts.active].sum() > 0.97 * power.sum() and bursts.active.mean() < 0.5


def test_segments_are_ready_to_mix():
    for split in samples.SPLITS:
        kept = samples.emg_segments(split, seconds=5.0)
        assert {(r.signal.size, r.units) for r in kept} == {(5000, "normalised")}
        assert np.mean([r.active.any() for r in kept]) > 0.8  # a few 5 s fall between two contractions
        largest = {name: max(np.abs(r.signal).max() for r in kept if r.subject == name)
                   for name in samples.names("emg", split)}  # fmt: skip
        assert all(value == pytest.approx(1) for value in largest.values())


def test_interference_has_lost_what_lies_below_10_hz():
    for recording in samples.ecg_interference("test"):
        spectrum = np.abs(np.fft.rfft(recording.signal)) ** 2
        f = np.fft.rfftfreq(recording.signal.size, 1e-3)
        assert spectrum[f < 5].sum() < 1e-3 * spectrum.sum()
        assert recording.units == "mV" and recording.item.startswith("samples/ecg")


def test_altered_or_absent_file_is_refused(monkeypatch):
    entry = dict(samples.catalogue()["samples"]["emg_bursts"])
    fake = {"samples": {"a": entry | {"sha256": "0" * 64}, "b": entry | {"file": "gone.npz"}}}
    monkeypatch.setattr(samples, "catalogue", lambda: fake | {"source": "x"})
    with pytest.raises(DataError, match="sample emg_bursts.npz has been altered"):
        samples.load("a")
    with pytest.raises(MissingDataError, match="gone.npz is not in the package"):
        samples.load("b")


def test_unknown_names():
    with pytest.raises(ConfigError, match="no sample 'eeg': expected one of emg_fatigue"):
        samples.load("eeg")
    with pytest.raises(ConfigError, match="samples have no split 'dev'"):
        samples.names(split="dev")
    with pytest.raises(ConfigError, match="samples have no kind 'eeg'"):
        samples.names("eeg")


def test_package_carries_licence_credit_and_little_weight():
    folder = resources.files(samples)
    assert "PLUX Wireless Biosignals" in folder.joinpath(samples.catalogue()["licence_file"]).read_text()
    assert samples.catalogue()["licence"] == "MIT" and samples.catalogue()["credit"]
    files = [file for file in folder.iterdir() if file.name.endswith(".npz")]
    assert {file.name for file in files} == {e["file"] for e in samples.catalogue()["samples"].values()}
    assert sum(len(file.read_bytes()) for file in files) < 2_000_000


def test_tool_refuses_another_wheel(tmp_path):
    wheel = tmp_path / "biosignalsnotebooks-0.6.14-py3-none-any.whl"
    wheel.write_bytes(b"not it")
    before = resources.files(samples).joinpath("SAMPLES.toml").read_bytes()
    run = subprocess.run([sys.executable, str(TOOL), str(wheel)], capture_output=True, text=True, check=False)
    assert run.returncode != 0 and "its sha256 differs" in run.stderr and "Traceback" not in run.stderr
    assert resources.files(samples).joinpath("SAMPLES.toml").read_bytes() == before
