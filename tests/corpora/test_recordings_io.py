import numpy as np
import pytest
from scipy.io import savemat

from biosig.corpora.recordings_io import files_read, files_written, read_recording, write_recording
from biosig.errors import ConfigError, DataError, MissingDataError, SignalError

RNG = np.random.default_rng(5)
TWO = np.round(RNG.standard_normal((2, 300)), 4)


@pytest.mark.parametrize("name", ["x.csv", "x.txt", "x.npy", "x.mat", "x", "x.hea"])
def test_what_is_written_is_read_again(tmp_path, name):
    write_recording(tmp_path / name, TWO, 1000.0, names=("left", "right"))
    found = read_recording(tmp_path / name, fs=1000.0)
    step = np.ptp(TWO, axis=1).max() / 65_000 if name in ("x", "x.hea") else 1e-9  # WFDB rounds to 16 bits
    np.testing.assert_allclose(found.signals, TWO, atol=step)
    assert found.fs == 1000 and found.signals.dtype == np.float64
    assert found.names == (("ch0", "ch1") if name.endswith(("npy", "mat")) else ("left", "right"))


@pytest.mark.parametrize("name", ["x.csv", "x.mat", "x.hea"])
def test_rate_comes_back_from_files_that_hold_one(tmp_path, name):
    write_recording(tmp_path / name, TWO[0], 512.0)
    found = read_recording(tmp_path / name)
    assert found.fs == 512 and found.signals.shape == (1, 300)


def test_rate_is_unknown_where_nobody_says_it(tmp_path):
    np.save(tmp_path / "x.npy", TWO)
    assert read_recording(tmp_path / "x.npy").fs is None
    assert read_recording(tmp_path / "x.npy", fs=250).fs == 250.0


@pytest.mark.parametrize("name", ["x.csv", "x.mat", "x.hea"])
def test_rates_that_contradict(tmp_path, name):
    write_recording(tmp_path / name, TWO, 1000.0)
    with pytest.raises(DataError, match="says 1000 Hz: expected the 2000 Hz that were given"):
        read_recording(tmp_path / name, fs=2000)


@pytest.mark.parametrize("fs", [0, -5, float("nan")])
def test_impossible_rate(tmp_path, fs):
    np.save(tmp_path / "x.npy", TWO)
    with pytest.raises(SignalError, match="expected a positive rate"):
        read_recording(tmp_path / "x.npy", fs=fs)


# --- CSV ---


@pytest.mark.parametrize("mark", [",", ";", "\t", " "])
@pytest.mark.parametrize("header", [["Time [s]", "EMG", "ECG"], None])
def test_csv_with_a_time_column(tmp_path, mark, header):
    rows = [f"{100 + k / 2000:.5f}{mark}{a}{mark}{b}" for k, (a, b) in enumerate(TWO.T)]
    header = ["time", "EMG", "ECG"] if header and mark == " " else header
    (tmp_path / "x.csv").write_text("\n".join(([mark.join(header)] if header else []) + rows) + "\n")
    found = read_recording(tmp_path / "x.csv")
    assert found.fs == 2000
    np.testing.assert_array_equal(found.signals, TWO)
    assert found.names == (("EMG", "ECG") if header else ("ch0", "ch1"))


def test_csv_without_time_keeps_its_first_column(tmp_path):
    ramp = np.vstack([np.arange(300), TWO[0]])  # even, but steps of 1 cannot be seconds of a signal
    np.savetxt(tmp_path / "x.csv", ramp.T, delimiter=",")
    found = read_recording(tmp_path / "x.csv", fs=1000)
    np.testing.assert_allclose(found.signals, ramp)


def test_csv_with_names_trusts_the_names(tmp_path):
    rows = "".join(f"{k / 1000},{a}\n" for k, a in enumerate(TWO[0]))
    (tmp_path / "x.csv").write_text("ramp,EMG\n" + rows)
    found = read_recording(tmp_path / "x.csv")
    assert found.names == ("ramp", "EMG") and found.fs is None


def test_csv_of_one_column(tmp_path):
    (tmp_path / "x.csv").write_text("\n".join(map(str, TWO[0])))
    np.testing.assert_array_equal(read_recording(tmp_path / "x.csv", fs=1000).signals, TWO[:1])


def test_csv_with_a_gap_in_time(tmp_path):
    rows = [f"{k / 1000},{a}\n" for k, a in enumerate(TWO[0])]
    (tmp_path / "x.csv").write_text("time,EMG\n" + "".join(rows[:50] + rows[60:]))
    with pytest.raises(DataError, match="uneven times in column 'time'"):
        read_recording(tmp_path / "x.csv")


@pytest.mark.parametrize(
    "text, found",
    [
        ("a,b\n1,2\n3\n", "damaged or cut short"),
        ("1,2\n3,x\n", "damaged or cut short"),
        ("a,b\n1,2\n3,nan\n", "holds 1 NaN or infinite samples"),
        ("a,b\n", "holds no samples"),
        ("", "damaged or cut short|holds no samples"),
    ],
)
@pytest.mark.filterwarnings("ignore:loadtxt")
def test_damaged_csv_is_one_sentence(tmp_path, text, found):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(DataError, match=found) as error:
        read_recording(tmp_path / "x.csv")
    assert "x.csv" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("header", ["", "time,EMG\n"])
def test_csv_with_comments(tmp_path, header):
    """Before the header, after it, between rows and behind numbers, as numpy and many devices write them."""
    rows = [f"{k / 1000},{a}" for k, a in enumerate(TWO[0])]
    rows[7] += " # a beat"
    rows.insert(50, "  # moved")
    (tmp_path / "x.csv").write_text("# of a device\n\n#fs: 1000, gain: 4\n" + header + "#\n" + "\n".join(rows) + "\n")
    found = read_recording(tmp_path / "x.csv")
    np.testing.assert_array_equal(found.signals, TWO[:1])
    assert found.fs == 1000 and found.names == (("EMG",) if header else ("ch0",))


def test_csv_whose_names_hold_the_mark_of_a_comment(tmp_path):
    (tmp_path / "x.csv").write_text("ch#1,ch#2\n1,2\n3,4\n5,6\n")
    assert read_recording(tmp_path / "x.csv").names == ("ch#1", "ch#2")


@pytest.mark.parametrize("text", ["0x10,0x20\n1,2\n", "a,b\n1,2\n3,0x1F\n", "-0X1p3\n1\n"])
def test_hexadecimal_csv_is_refused(tmp_path, text):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(DataError, match="could not convert string '.*0[xX]"):
        read_recording(tmp_path / "x.csv")


def test_csv_that_is_not_text(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\x81" * 10)
    with pytest.raises(DataError, match="is not text"):
        read_recording(tmp_path / "x.csv")


# --- .npy and .mat ---


@pytest.mark.parametrize("array", [TWO, TWO.T, TWO.astype(np.float32)])
def test_npy_takes_the_longer_axis_as_time(tmp_path, array):
    np.save(tmp_path / "x.npy", array)
    np.testing.assert_allclose(read_recording(tmp_path / "x.npy").signals, TWO, rtol=1e-6)


def test_npy_of_counts_and_of_one_channel(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(10, dtype=np.int16))
    np.testing.assert_array_equal(read_recording(tmp_path / "x.npy").signals, [np.arange(10.0)])


@pytest.mark.parametrize(
    "array, found",
    [
        (np.zeros((3, 3)), "cannot tell channels from time"),
        (np.zeros((2, 3, 4)), "expected real"),
        (np.zeros(5, complex), "expected real"),
        (np.array(["a", "b"]), "expected real"),
        (np.array([1.0, np.inf]), "1 NaN or infinite"),
        (np.zeros(0), "expected real"),
    ],
)
def test_npy_that_holds_no_recording(tmp_path, array, found):
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(DataError, match=found):
        read_recording(tmp_path / "x.npy")


def test_truncated_npy_and_pickle(tmp_path):
    np.save(tmp_path / "x.npy", TWO)
    whole = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(whole[:1000])
    with pytest.raises(DataError, match="damaged, cut short"):
        read_recording(tmp_path / "x.npy")
    np.save(tmp_path / "p.npy", np.array([{"a": 1}]), allow_pickle=True)
    with pytest.raises(DataError, match="no .npy of numbers"):
        read_recording(tmp_path / "p.npy")


def test_mat_takes_the_largest_matrix_or_the_one_asked_for(tmp_path):
    savemat(tmp_path / "x.mat", {"label": np.ones((1, 200)), "emg": TWO.T, "fs": 2000, "note": "hello"})
    largest = read_recording(tmp_path / "x.mat")
    np.testing.assert_array_equal(largest.signals, TWO)
    assert largest.fs == 2000
    np.testing.assert_array_equal(read_recording(tmp_path / "x.mat", variable="label").signals, np.ones((1, 200)))


def test_mat_without_the_variable_names_what_it_has(tmp_path):
    savemat(tmp_path / "x.mat", {"emg": TWO, "note": "hello"})
    with pytest.raises(DataError, match="no numeric matrix 'ecg': found emg"):
        read_recording(tmp_path / "x.mat", variable="ecg")


def test_truncated_mat(tmp_path):
    savemat(tmp_path / "x.mat", {"emg": TWO})
    (tmp_path / "x.mat").write_bytes((tmp_path / "x.mat").read_bytes()[:700])
    with pytest.raises(DataError, match=r"x.mat is damaged or cut short"):
        read_recording(tmp_path / "x.mat")


def test_mat_7_3_says_what_to_do(tmp_path):
    head = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    (tmp_path / "x.mat").write_bytes(head + b"\x00" * 512)
    with pytest.raises(DataError, match="save it with -v7"):
        read_recording(tmp_path / "x.mat")


# --- WFDB and the rest ---


def test_truncated_and_missing_dat(tmp_path):
    write_recording(tmp_path / "rec", TWO, 1000.0)
    dat = tmp_path / "rec.dat"
    dat.write_bytes(dat.read_bytes()[:500])
    with pytest.raises(DataError, match="damaged or cut short"):
        read_recording(tmp_path / "rec")
    dat.unlink()
    with pytest.raises(MissingDataError, match="no signal file"):
        read_recording(tmp_path / "rec.hea")


@pytest.mark.parametrize("name", ["x.csv", "x.npy", "x.mat", "x.hea", "x"])
def test_missing_file(tmp_path, name):
    with pytest.raises(MissingDataError, match="is not there"):
        read_recording(tmp_path / name)


def test_every_file_of_a_record_is_known(tmp_path):
    write_recording(tmp_path / "one", TWO, 1000.0)
    write_recording(tmp_path / "two", TWO, 1000.0)
    (tmp_path / "both.hea").write_text("both/3 2 1000 700\none 300\n~ 100\ntwo 300\n")
    for name in ("one", "one.hea"):
        assert set(files_read(tmp_path / name)) == {tmp_path / "one.hea", tmp_path / "one.dat"}
    names = ("both.hea", "one.hea", "one.dat", "two.hea", "two.dat")
    assert set(files_read(tmp_path / "both")) == {tmp_path / name for name in names}
    assert files_read(tmp_path / "gone.hea") == [tmp_path / "gone.hea"] == files_read(tmp_path / "gone")
    for name in ("x.csv", "x.npy", "x.mat"):
        assert files_read(tmp_path / name) == files_written(tmp_path / name) == [tmp_path / name]


@pytest.mark.parametrize("name", ["x.csv", "x.npy", "x.mat", "x.hea", "x"])
def test_no_other_files_are_written_than_those_that_are_told(tmp_path, name):
    write_recording(tmp_path / name, TWO, 1000.0)
    assert sorted(tmp_path.iterdir()) == sorted(files_written(tmp_path / name))


def test_a_record_of_two_segments_is_read_whole(tmp_path):
    for name in ("one", "two"):
        write_recording(tmp_path / name, TWO, 1000.0)
    (tmp_path / "both.hea").write_text("both/2 2 1000 600\none 300\ntwo 300\n")
    found = read_recording(tmp_path / "both.hea")
    np.testing.assert_allclose(found.signals, np.hstack([TWO, TWO]), atol=1e-3)
    assert found.fs == 1000


@pytest.mark.parametrize("names", [("EMG", "EMG"), (" EMG", "ECG "), ("", "b")])
def test_names_that_a_record_cannot_have(tmp_path, names):
    write_recording(tmp_path / "x.hea", TWO, 1000.0, names)
    found = read_recording(tmp_path / "x.hea").names
    assert found == (("EMG", "ECG") if names[0] == " EMG" else ("ch0", "ch1"))


@pytest.mark.parametrize(
    "rate, found",
    [("-1000", "is -1000.0: expected a positive rate"), ("0", "expected a positive rate"), ("1e10", "expected 1 Hz to"),
     ("quick", "expected the header"), ("250/125(0)", None), ("", None)],
)  # fmt: skip
def test_the_rate_of_a_record_is_the_one_that_stands_there(tmp_path, rate, found):
    """wfdb takes 250 Hz for any that it cannot read; that is right only where none is given."""
    write_recording(tmp_path / "x.hea", TWO, 1000.0)
    header = (tmp_path / "x.hea").read_text().split("\n")
    header[0] = f"x 2 {rate} 300" if rate else "x 2"
    (tmp_path / "x.hea").write_text("\n".join(["# a comment", "", *header]))
    if found is None:
        assert read_recording(tmp_path / "x.hea").fs == 250
        return
    with pytest.raises(DataError, match=found):
        read_recording(tmp_path / "x.hea")


def test_unknown_ending(tmp_path):
    (tmp_path / "x.wav").write_bytes(b"RIFF")
    with pytest.raises(ConfigError, match="ends in .wav: expected .csv"):
        read_recording(tmp_path / "x.wav")
    with pytest.raises(ConfigError, match="ends in .wav"):
        write_recording(tmp_path / "x.wav", TWO, 1000.0)


def test_nothing_is_written_from_bad_samples_or_without_a_needed_rate(tmp_path):
    with pytest.raises(SignalError, match="1 NaN"):
        write_recording(tmp_path / "x.csv", [1.0, np.nan], 1000.0)
    with pytest.raises(ConfigError, match="WFDB record needs its rate"):
        write_recording(tmp_path / "x", TWO)
    assert list(tmp_path.iterdir()) == []
