import numpy as np
import pytest
import wfdb
from scipy.signal import butter, resample, sosfiltfilt

from biosig.corpora import nsrdb
from biosig.corpora.synthetic import write_atm, write_twin_nsrdb
from biosig.errors import ConfigError, DataError, MissingDataError


def wave(seconds=20):
    t = np.arange(round(seconds * 128)) / 128
    return np.round(200 * (np.sin(2 * np.pi * 30 * t) + np.sin(2 * np.pi * 1 * t)))


def reference(millivolt):
    x = resample(millivolt, round(millivolt.size * 1000 / 128))[:70_000]
    high, low = (butter(3, edge, kind, fs=1000, output="sos") for edge, kind in ((10, "high"), (200, "low")))
    return sosfiltfilt(low, sosfiltfilt(high, x))


def write_wfdb(root, record, counts):
    root.mkdir(parents=True, exist_ok=True)
    table = np.stack([counts, counts[::-1]], axis=1).astype(int)
    wfdb.wrsamp(record, 128, ["mV", "mV"], ["ECG1", "ECG2"], d_signal=table, fmt=["212", "212"],
                adc_gain=[200, 200], baseline=[0, 0], write_dir=str(root))  # fmt: skip


def test_atm_export_is_prepared_as_the_paper_asks(tmp_path):
    write_atm(tmp_path, "16265", wave())
    recording = nsrdb.load(tmp_path, "16265")
    np.testing.assert_allclose(recording.signal, reference(wave() / 200), atol=1e-9)
    assert (recording.fs, recording.units, recording.item, recording.subject) == (1000, "mV", "nsrdb/16265", "16265")


def test_slow_wave_goes_and_fast_wave_stays(tmp_path):
    write_atm(tmp_path, "16265", wave())
    middle = nsrdb.load(tmp_path, "16265").signal[5000:15_000]
    spectrum = np.abs(np.fft.rfft(middle)) / middle.size * 2
    assert spectrum[300] == pytest.approx(1, abs=0.02)  # 30 Hz in bins of 0.1 Hz
    assert spectrum[10] < 0.005  # 1 Hz


def test_wfdb_and_atm_give_the_same(tmp_path):
    write_atm(tmp_path / "atm", "16420", wave(80))
    write_wfdb(tmp_path / "wfdb", "16420", wave(80))
    a, b = (nsrdb.load(tmp_path / kind, "16420").signal for kind in ("atm", "wfdb"))
    assert a.size == 70_000
    np.testing.assert_allclose(a, b, atol=1e-9)


def test_first_seconds_of_a_long_record_equal_its_export(tmp_path):
    write_wfdb(tmp_path / "wfdb", "16420", wave(80))
    write_atm(tmp_path / "atm", "16420", wave(80)[: 60 * 128])
    long = nsrdb.load(tmp_path / "wfdb", "16420", first_s=60).signal
    np.testing.assert_allclose(long, nsrdb.load(tmp_path / "atm", "16420", first_s=60).signal, atol=1e-9)


@pytest.mark.parametrize("record, start_s", [("19830", 30), ("19093", 40)])
def test_corrected_leaves_no_trace_of_the_pulses_and_faithful_keeps_them(tmp_path, record, start_s):
    write_twin_nsrdb(tmp_path, (record,))
    raw = nsrdb.read_raw(tmp_path, record)
    corrected, faithful = nsrdb.load(tmp_path, record), nsrdb.load(tmp_path, record, corrected=False)
    np.testing.assert_allclose(corrected.signal, reference(raw[start_s * 128 :]), atol=1e-9)
    np.testing.assert_allclose(faithful.signal, reference(raw), atol=1e-9)
    assert (corrected.seconds, faithful.seconds) == (60 - start_s, 60)


def test_record_that_ends_within_its_pulses(tmp_path):
    write_twin_nsrdb(tmp_path, ("19088",), seconds=40)
    with pytest.raises(DataError, match="record 19088 of nsrdb ends at 40 s: expected ECG after its 40 s"):
        nsrdb.load(tmp_path, "19088")


def test_unknown_record(tmp_path):
    with pytest.raises(ConfigError, match="nsrdb has no record '100'"):
        nsrdb.load(tmp_path, "100")


def test_missing_record_and_missing_info(tmp_path):
    with pytest.raises(MissingDataError, match=r"neither 16265m.mat nor 16265.hea"):
        nsrdb.load(tmp_path, "16265")
    write_atm(tmp_path, "16265", wave())
    (tmp_path / "16265m.info").unlink()
    with pytest.raises(MissingDataError, match=r"16265m.info is not there"):
        nsrdb.load(tmp_path, "16265")


def test_truncated_mat(tmp_path):
    write_atm(tmp_path, "16265", wave())
    mat = tmp_path / "16265m.mat"
    mat.write_bytes(mat.read_bytes()[:2000])
    with pytest.raises(DataError, match=r"16265m.mat is damaged or cut short"):
        nsrdb.load(tmp_path, "16265")


def test_mat_of_another_length_than_its_info(tmp_path):
    write_atm(tmp_path, "16265", wave(20))
    info = (tmp_path / "16265m.info").read_text()
    write_atm(tmp_path, "16265", wave(10))
    (tmp_path / "16265m.info").write_text(info)
    with pytest.raises(DataError, match="holds 1280 samples: its .info announces 2560"):
        nsrdb.load(tmp_path, "16265")


def test_invalid_samples_are_not_ecg(tmp_path):
    counts = wave()
    counts[100] = -32768
    write_atm(tmp_path, "16265", counts)
    with pytest.raises(DataError, match="invalid samples"):
        nsrdb.load(tmp_path, "16265")


@pytest.mark.parametrize(
    "old, new, found",
    [("128 Hz", "360 Hz", "says 360 Hz"), ("\tmV", "\tmmHg", "units 'mmHg'"), ("200\t0", "x", "not in the layout")],
)
def test_info_of_something_else(tmp_path, old, new, found):
    write_atm(tmp_path, "16265", wave())
    info = tmp_path / "16265m.info"
    info.write_text(info.read_text().replace(old, new))
    with pytest.raises(DataError, match=found):
        nsrdb.load(tmp_path, "16265")


def test_truncated_or_missing_dat(tmp_path):
    write_wfdb(tmp_path, "16265", wave())
    dat = tmp_path / "16265.dat"
    dat.write_bytes(dat.read_bytes()[:1000])
    with pytest.raises(DataError, match="damaged or cut short"):
        nsrdb.load(tmp_path, "16265")
    dat.unlink()
    with pytest.raises(MissingDataError, match="no signal file"):
        nsrdb.load(tmp_path, "16265")
