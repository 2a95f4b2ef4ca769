import numpy as np
import pytest

from biosig.corpora import diaphragm
from biosig.errors import ConfigError, DataError, MissingDataError


def write(root, rows):
    lines = [f"{15147.33177 + k / 2000:.5f}\t{a}\t{b}\n" for k, (a, b) in enumerate(rows)]
    (root / diaphragm.FILE).write_text("".join(lines))


@pytest.fixture
def rows():
    t = np.arange(4000) / 2000
    return np.stack([np.sin(2 * np.pi * 5 * t), np.cos(2 * np.pi * 40 * t)], axis=1)


def test_channels_as_recorded(tmp_path, rows):
    write(tmp_path, rows)
    for k, channel in enumerate(("ECG", "EMG1")):
        recording = diaphragm.load(tmp_path, channel)
        np.testing.assert_allclose(recording.signal, rows[:, k])
        assert (recording.fs, recording.channel, recording.units) == (2000, channel, "not stated")


def test_resampled_to_1_khz_is_the_same_wave(tmp_path, rows):
    write(tmp_path, rows)
    recording = diaphragm.load(tmp_path, "EMG1", fs=1000.0)
    np.testing.assert_allclose(recording.signal, rows[::2, 1], atol=1e-6)
    assert recording.seconds == 2.0


def test_unknown_channel_and_missing_file(tmp_path):
    with pytest.raises(ConfigError, match="no channel 'EMG2': expected one of ECG, EMG1"):
        diaphragm.load(tmp_path, "EMG2")
    with pytest.raises(MissingDataError, match=r"1ch_example.txt is not there: Place"):
        diaphragm.load(tmp_path)


def test_truncated_file_and_wrong_columns(tmp_path, rows):
    write(tmp_path, rows)
    path = tmp_path / diaphragm.FILE
    path.write_text(path.read_text()[:-25])
    with pytest.raises(DataError, match="damaged or cut short"):
        diaphragm.load(tmp_path)
    path.write_text("1.0\t2.0\n" * 5)
    with pytest.raises(DataError, match=r"shape \(5, 2\): expected three columns"):
        diaphragm.load(tmp_path)


def test_gap_in_time(tmp_path, rows):
    write(tmp_path, rows)
    path = tmp_path / diaphragm.FILE
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:100] + lines[103:]))
    with pytest.raises(DataError, match=r"steps of 0.0005 to 0.002 s: expected 0.5 ms"):
        diaphragm.load(tmp_path)
