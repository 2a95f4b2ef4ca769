"""Geometries and steering vectors against delays, pyroomacoustics and closed forms."""

import numpy as np
import pytest

from biosig.errors import SignalError
from biosig.signal import arrays
from biosig.signal.arrays import GEOMETRIES, Geometry, circular, diffuse_coherence, linear, plane_wave, spherical_wave

FREQUENCIES = arrays.bin_frequencies(16_000, 512)


def test_geometries_are_those_that_they_are_called():
    assert {name: len(each) for name, each in GEOMETRIES.items()} == {"pair": 2, "linear": 4, "circular": 6}
    for each in GEOMETRIES.values():
        np.testing.assert_allclose(each.places.mean(axis=0), 0, atol=1e-15)
    around = GEOMETRIES["circular"].places
    apart = np.linalg.norm(around - np.roll(around, 1, axis=0), axis=1)
    np.testing.assert_allclose(apart, 0.0463)  # six on a circle: neighbours are a radius apart
    np.testing.assert_allclose(np.diff(GEOMETRIES["linear"].places[:, 1]), 0.05)


@pytest.mark.parametrize("name", GEOMETRIES)
def test_a_wave_from_far_away_is_one_from_a_very_distant_point(name):
    geometry, azimuth = GEOMETRIES[name], 35.0
    far = 1e5 * arrays.direction(azimuth)
    near = spherical_wave(geometry.places, FREQUENCIES, far)
    distant = arrays.relative(plane_wave(geometry, FREQUENCIES, azimuth))
    np.testing.assert_allclose(arrays.relative(near), distant, atol=1e-5)


def test_a_wave_reaches_first_the_microphone_that_is_nearest():
    """A pulse that is delayed by hand has the spectrum that the steering vector says."""
    geometry, fs, n = linear(2, 0.343), 16_000, 512
    delays = -np.array([-0.5, 0.5]) * 16  # samples; the second microphone lies towards azimuth 90
    pulses = np.zeros((2, n))
    pulses[[0, 1], (100 + delays).astype(int)] = 1
    seen = np.fft.rfft(pulses)
    expected = plane_wave(geometry, arrays.bin_frequencies(fs, n), 90.0).T
    np.testing.assert_allclose(seen[1] / seen[0], expected[1] / expected[0], atol=1e-9)


def test_plane_waves_are_those_of_pyroomacoustics():
    pyroomacoustics = pytest.importorskip("pyroomacoustics")
    speed = pyroomacoustics.constants.get("c")
    geometry = circular(5, 0.05)
    theirs = pyroomacoustics.Beamformer(geometry.places.T[:2], 16_000, N=512)
    theirs.far_field_weights(np.radians(50.0))  # of size 1, phases from the nearest microphone on
    ours = plane_wave(geometry, FREQUENCIES, 50.0, sound_speed=speed)
    np.testing.assert_allclose(arrays.relative(theirs.weights.T), arrays.relative(ours), atol=1e-9)


def test_many_directions_at_once_are_each_by_itself():
    geometry = GEOMETRIES["circular"]
    both = plane_wave(geometry, FREQUENCIES, np.array([0.0, 77.0]), np.array([10.0, 0.0]))
    np.testing.assert_array_equal(both[1], plane_wave(geometry, FREQUENCIES, 77.0))
    np.testing.assert_array_equal(both[0], plane_wave(geometry, FREQUENCIES, 0.0, 10.0))


def test_diffuse_coherence_is_the_mean_over_all_directions():
    places = GEOMETRIES["linear"].places
    heights = np.linspace(-1, 1, 4001)[:-1] + 1 / 4000  # even in the sine of the elevation is even on the sphere
    azimuths = np.degrees(2 * np.pi * np.arange(4000) * (np.sqrt(5) - 1) / 2)  # a spiral
    waves = plane_wave(GEOMETRIES["linear"], FREQUENCIES[::32], azimuths, np.degrees(np.arcsin(heights)))
    mean = np.einsum("afm,afn->fmn", waves, waves.conj()) / len(azimuths)
    np.testing.assert_allclose(diffuse_coherence(places, FREQUENCIES[::32]), mean, atol=5e-3)


def test_azimuths_are_those_of_places():
    assert arrays.azimuth_of((1.0, 2.0, 9.0), (0.0, 1.0, 1.0)) == pytest.approx(45)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: Geometry("flat", ((0.0, 1.0), (1.0, 1.0))), "shape \\(2, 2\\): expected \\(microphones, 3\\)"),
        (lambda: Geometry("twice", ((0.0, 1.0, 0.0),) * 2), "two microphones of twice are at one place"),
        (lambda: linear(0, 0.1), "expected \\(microphones, 3\\)"),
        (lambda: linear(2, -0.1), "spacing in m is -0.1"),
        (lambda: circular(3, 0.0), "radius in m is 0.0"),
        (lambda: plane_wave(linear(2, 0.1), FREQUENCIES, 0.0, sound_speed=0.0), "sound speed is 0.0"),
        (lambda: spherical_wave(np.zeros((1, 3)), FREQUENCIES, np.zeros(3)), "at a microphone's place"),
    ],
)
def test_bad_input_is_one_sentence(call, told):
    with pytest.raises(SignalError, match=told):
        call()
