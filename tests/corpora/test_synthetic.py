import numpy as np
import pytest
from scipy.signal import welch

from biosig.corpora import ninapro_db2, threedc
from biosig.corpora.splits import split
from biosig.corpora.synthetic import emg_noise, synthetic_ecg, synthetic_emg, write_twin_3dc, write_twin_ninapro_db2
from biosig.errors import SignalError


def test_emg_says_that_it_is_synthetic_and_is_the_same_every_time():
    a, b, c = synthetic_emg(4, 1000, "x", 1), synthetic_emg(4, 1000, "x", 1), synthetic_emg(4, 1000, "x", 2)
    assert a.synthetic and a.item == "synthetic/emg/x/1" and a.signal.size == 4000
    np.testing.assert_array_equal(a.signal, b.signal)
    assert not np.array_equal(a.signal, c.signal) and np.abs(a.signal).max() == 1


def test_emg_energy_lies_where_surface_emg_has_it():
    f, power = welch(emg_noise(np.random.default_rng(1), (60_000,), 1000.0), 1000, nperseg=1000)
    assert 40 < f[power.argmax()] < 110
    assert power[(f < 15) | (f > 460)].sum() < 0.002 * power.sum()


def test_emg_is_loud_where_its_mask_says_so():
    emg = synthetic_emg(20, 1000, "mask")
    rms_on, rms_off = (np.sqrt(np.mean(emg.signal[m] ** 2)) for m in (emg.active, ~emg.active))
    assert rms_on > 4 * rms_off and 0.3 < emg.active.mean() < 0.9


@pytest.mark.parametrize("seed", range(5))
def test_every_r_peak_is_the_top_of_its_beat(seed):
    ecg, peaks = synthetic_ecg(10, 1000, seed)
    assert ecg.synthetic and ecg.units == "mV" and 9 <= peaks.size <= 14
    for peak in peaks[(peaks > 100) & (peaks < 9900)]:
        assert abs(int(np.argmax(ecg.signal[peak - 100 : peak + 100])) - 100) <= 1
    intervals = np.diff(peaks)
    assert intervals.std() > 5 and intervals.min() > 550 and intervals.max() < 1250


def test_beats_and_bursts_at_another_rate():
    ecg, peaks = synthetic_ecg(10, 250, "slow")
    assert ecg.signal.size == 2500 and (np.diff(peaks) < 320).all()


@pytest.mark.parametrize("seconds, fs", [(0.5, 1000), (10, 30), (10, -1)])
def test_impossible_requests(seconds, fs):
    with pytest.raises(SignalError):
        synthetic_emg(seconds, fs, "x")
    with pytest.raises(SignalError):
        synthetic_ecg(seconds, fs, "x")


def test_twin_of_3dc_is_read_by_the_open_split(tmp_path):
    side = split("3dc").validation
    write_twin_3dc(tmp_path, side.subjects)
    kept = threedc.segments(tmp_path, side.subjects, side.channels)
    assert len(kept) == 3 * 6 * 4  # participants, channels, cycles
    assert len({tuple(np.argsort(np.abs(r.signal))[-20:]) for r in kept}) == len(kept)


def test_twin_of_ninapro_is_read_by_its_loader(tmp_path):
    write_twin_ninapro_db2(tmp_path, ["S1", "S2"], exercises=(2,))
    kept = ninapro_db2.segments(tmp_path, ["S1", "S2"], [2], [9, 12])
    assert [r.item for r in kept] == [f"ninapro_db2/S{s}/e2/ch{c}/s0" for s in (1, 2) for c in (9, 12)]
    for recording in kept:
        loud, quiet = (np.std(recording.signal[m]) for m in (recording.active, ~recording.active))
        assert loud > 10 * quiet and recording.active.mean() == 0.5
