"""The measured office: tiny files in its true layout, and what the true ones are like."""

import numpy as np
import pytest
import soundfile
from scipy.io import savemat
from scipy.signal import resample_poly

from biosig.corpora import fetch, ispl_office, registry
from biosig.errors import ConfigError, DataError, MissingDataError, SignalError
from biosig.metrics.reverberation import reverberation_time
from biosig.signal.responses import arrivals

FS, N = 48_000, 48_000
OFFSET = -0.5 / 32768  # half a step of 16 bits


def write(root, source=1, channels=32, fs=FS, n=N):
    """A click at each microphone, later by 10 samples at each, the odd ones a sample early; as 16-bit files have it."""
    signal = np.zeros((n, channels))
    for m in range(channels):
        signal[100 + 10 * m - m % 2, m] = 0.5
    path = root / f"rir_source_{source}.wav"
    soundfile.write(path, signal, fs, subtype="PCM_16")
    return path


@pytest.fixture
def office(tmp_path):
    write(tmp_path)
    places = np.column_stack([np.repeat([0.3, 0.6, 0.9], 3), np.tile([0.1, 0.4, 0.8], 3)])
    savemat(tmp_path / "source_location.mat", {"sourceLocation": places})
    return tmp_path


def test_places_are_in_front_of_a_row(office):
    row, places = ispl_office.microphones(), ispl_office.sources(office)
    assert row.shape == (32, 3) and places.shape == (9, 3)
    np.testing.assert_allclose(np.linalg.norm(np.diff(row, axis=0), axis=1), 0.03)
    np.testing.assert_allclose(row[-1], [0, 0.93, 0])
    np.testing.assert_allclose(places[5], [0.6, 0.8, 0])


def test_odd_channels_get_their_sample_back(office):
    raw, mended = (ispl_office.responses(office, 1, aligned=aligned) for aligned in (False, True))
    even = 100 + 10 * np.arange(32)
    np.testing.assert_array_equal(raw.argmax(axis=1), even - np.arange(32) % 2)
    np.testing.assert_array_equal(mended.argmax(axis=1), even)
    assert mended.shape == (32, N) and mended.max() == pytest.approx(0.5, abs=1e-4)


def test_the_offset_is_taken_off_and_the_rate_is_the_one_wanted(office, tmp_path):
    path = office / "rir_source_1.wav"
    signal, _ = soundfile.read(path)
    soundfile.write(tmp_path / "rir_source_2.wav", signal + 3 / 32768, FS, subtype="PCM_16")
    np.testing.assert_allclose(ispl_office.responses(tmp_path, 2)[:, -100:], 0, atol=1e-12)
    slower = ispl_office.responses(office, 1, 16_000)
    assert slower.shape == (32, N // 3)
    independent = resample_poly(ispl_office.responses(office, 1)[4], 1, 3)
    assert np.corrcoef(slower[4], independent)[0, 1] > 0.97
    assert slower[4].argmax() == pytest.approx((100 + 40) / 3, abs=0.5)


def test_what_is_not_there_or_not_right(office):
    for source in (0, 10, "1"):
        with pytest.raises(ConfigError, match=f"source is {source!r}: expected 1 to 9"):
            ispl_office.responses(office, source)
    with pytest.raises(SignalError, match="rate|Hz"):
        ispl_office.responses(office, 1, -1)
    with pytest.raises(MissingDataError, match=r"rir_source_3.wav is not there: Run `biosig fetch ispl_office`"):
        ispl_office.responses(office, 3)
    write(office, 4, channels=2)
    with pytest.raises(DataError, match="has 2 channels at 48000 Hz: expected 32 at 48000 Hz"):
        ispl_office.responses(office, 4)
    write(office, 5, fs=16_000)
    with pytest.raises(DataError, match="has 32 channels at 16000 Hz"):
        ispl_office.responses(office, 5)
    write(office, 6, n=1000)
    with pytest.raises(DataError, match="holds 1000 samples"):
        ispl_office.responses(office, 6)
    (office / "rir_source_7.wav").write_bytes(b"RIFF but not really")
    with pytest.raises(DataError, match="is damaged, cut short or no sound file"):
        ispl_office.responses(office, 7)


def test_places_that_are_none(office):
    path = office / "source_location.mat"
    for content, told in (
        ({"other": np.ones(3)}, "holds no sourceLocation"),
        ({"sourceLocation": np.ones((9, 3))}, "expected \\(9, 2\\)"),
        ({"sourceLocation": -np.ones((9, 2))}, "in front of the row"),
    ):
        savemat(path, content)
        with pytest.raises(DataError, match=told):
            ispl_office.sources(office)
    path.write_bytes(b"MATLAB 5.0")
    with pytest.raises(DataError, match="is damaged"):
        ispl_office.sources(office)
    path.unlink()
    with pytest.raises(MissingDataError, match="source_location.mat is not there"):
        ispl_office.sources(office)


def test_it_is_fetched_file_by_file_from_one_commit():
    listed = registry.parse_manifest(registry.committed_manifest("ispl_office.txt"), "ispl_office.txt")
    assert set(listed) == {*(f"rir_source_{source}.wav" for source in ispl_office.SOURCES), "source_location.mat"}
    source = fetch.SOURCES["ispl_office"]
    assert ispl_office.COMMIT in source.base_url and source.manifest == ispl_office.CARD.manifest
    assert source.folder in ispl_office.CARD.folders and all(map(source.wanted, listed))


# --- the true files ----------------------------------------------------------------------------------------------


@pytest.mark.real_data
def test_arrivals_follow_the_row_and_the_places_that_are_told():
    """Channels are in the order of the row; every second one is a sample early; the card's numbers are those found."""
    root, row = registry.locate("ispl_office"), ispl_office.microphones()
    errors = []
    for source, place in zip(ispl_office.SOURCES, ispl_office.sources(root), strict=True):
        told = np.linalg.norm(place - row, axis=1) / 343
        raw, mended = (arrivals(ispl_office.responses(root, source, aligned=a), FS, 16) for a in (False, True))
        turns = (raw - mended) * FS
        np.testing.assert_allclose(turns - turns[0], -(np.arange(32) % 2), atol=0.1)
        uneven = [np.std(np.diff(each, 2)) for each in (raw, mended)]
        assert uneven[1] < uneven[0] / 3  # a smooth curve, once mended
        error, backwards = (1e6 * np.std(mended - way) for way in (told, told[::-1]))
        assert error < backwards / 2 or source in (2, 5, 8)  # those in the middle look much the same both ways
        errors.append(error)
    near, further, furthest = np.reshape(errors, (3, 3))
    assert furthest.max() < 6 and further.max() < 15 and near.max() < 50


@pytest.mark.real_data
def test_the_room_is_ten_times_as_reverberant_as_its_readme_says():
    h = ispl_office.responses(registry.locate("ispl_office"), 8, 16_000)[10:21:2]
    for band in (250, 500, 1000, 2000, 4000):
        assert 0.3 < reverberation_time(h, 16_000, (band / 2**0.5, band * 2**0.5), (-2.0, -12.0)) < 0.65
