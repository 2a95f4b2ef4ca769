import numpy as np
import pytest
from scipy.io import savemat
from scipy.signal import butter, sosfiltfilt

from biosig.corpora import ninapro_db2
from biosig.errors import ConfigError, DataError, MissingDataError

N = 50_000  # 25 s at 2 kHz


@pytest.fixture
def content():
    rng = np.random.default_rng(7)
    label = (np.arange(N) // 5000 % 2).astype(np.int8)[:, None]
    return {
        "emg": rng.standard_normal((N, 12)).astype(np.float32) * 1e-5,
        "restimulus": label,
        "stimulus": 1 - label,
        "rerepetition": label,
    }


@pytest.fixture
def root(tmp_path, content):
    ninapro_db2._read.cache_clear()
    (tmp_path / "DB2_s11").mkdir()
    savemat(tmp_path / "DB2_s11" / "S11_E1_A1.mat", content)
    return tmp_path


def test_load_is_the_papers_preparation(root, content):
    sos = butter(4, (20, 500), "bandpass", fs=2000, output="sos")
    expected = sosfiltfilt(sos, content["emg"][:, 1].astype(float))[::2]
    recording = ninapro_db2.load(root, "S11", exercise=1, channel=2)
    np.testing.assert_allclose(recording.signal, expected / np.abs(expected).max(), atol=1e-12)
    np.testing.assert_array_equal(recording.active, content["restimulus"][::2, 0] == 1)
    assert (recording.fs, recording.units, recording.subject) == (1000, "normalised", "S11")


def test_segments_drop_the_remainder_and_keep_the_files_scale(root):
    whole = ninapro_db2.load(root, "S11", 1, 2)
    pieces = ninapro_db2.segments(root, ["S11"], [1], [2])
    assert [p.item for p in pieces] == ["ninapro_db2/S11/e1/ch2/s0", "ninapro_db2/S11/e1/ch2/s1"]
    np.testing.assert_array_equal(np.concatenate([p.signal for p in pieces]), whole.signal[:20_000])
    np.testing.assert_array_equal(pieces[1].active, whole.active[10_000:20_000])


def test_file_may_lie_in_the_folder_itself(root):
    moved = root / "S11_E1_A1.mat"
    (root / "DB2_s11" / "S11_E1_A1.mat").rename(moved)
    assert ninapro_db2.find(root, "S11", 1) == moved


def test_missing_file_says_how_to_get_it(root):
    with pytest.raises(MissingDataError, match=r"S12_E1_A1.mat is not there: Get DB2_s1.zip"):
        ninapro_db2.load(root, "S12", 1, 2)


@pytest.mark.parametrize("channel, exercise", [(0, 1), (13, 1), (2, 4)])
def test_unknown_channel_or_exercise(root, channel, exercise):
    with pytest.raises(ConfigError, match="expected 1-12 in 1-3"):
        ninapro_db2.load(root, "S11", exercise, channel)


def test_truncated_mat(root):
    path = root / "DB2_s11" / "S11_E1_A1.mat"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"S11_E1_A1.mat is damaged or cut short"):
        ninapro_db2.load(root, "S11", 1, 2)


@pytest.mark.parametrize(
    "change, found",
    [
        ({"emg": np.zeros((N, 10))}, "expected \\(n, 12\\)"),
        ({"restimulus": np.zeros((N - 1, 1))}, "expected \\(n, 12\\)"),
        ({"emg": np.zeros((N, 12))}, "is silent"),
    ],
)
def test_wrong_shapes_and_silence(root, content, change, found):
    savemat(root / "DB2_s11" / "S11_E1_A1.mat", content | change)
    with pytest.raises(DataError, match=found):
        ninapro_db2.load(root, "S11", 1, 2)


def test_file_without_labels(root, content):
    savemat(root / "DB2_s11" / "S11_E1_A1.mat", {"emg": content["emg"]})
    with pytest.raises(DataError, match="has no variable restimulus"):
        ninapro_db2.load(root, "S11", 1, 2)
