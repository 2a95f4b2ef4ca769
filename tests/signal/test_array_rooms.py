"""Simulated rooms with arrays in them, against the one-microphone room, delays by hand, and the theoretical field."""

import numpy as np
import pytest

from biosig.errors import SignalError
from biosig.metrics.reverberation import clarity, direct_to_reverberant, speech_to_reverberation
from biosig.seeds import rng_for
from biosig.signal import arrays
from biosig.signal.degradations import (
    ArrayRoom,
    Room,
    array_responses,
    diffuse_noise,
    direct_path,
    image_source_response,
    through,
)
from biosig.signal.stft import stft

FS = 16_000
SIZE, SOURCE = (4.0, 3.5, 2.5), (1.0, 1.2, 1.3)
PLACES = ((2.5, 2.0, 1.2), (2.6, 2.0, 1.2), (2.0, 2.6, 1.4))


def test_each_way_is_that_of_a_room_with_one_microphone():
    pytest.importorskip("pyroomacoustics")
    room = ArrayRoom(SIZE, 0.2, (SOURCE, (3.0, 1.0, 1.0)), PLACES)
    found = array_responses(room, FS, max_order=4)
    assert found.shape[:2] == (2, 3)
    for s, source in enumerate(room.sources):
        for m, place in enumerate(PLACES):
            one = image_source_response(Room(SIZE, source, place, 0.2), FS, max_order=4)
            np.testing.assert_allclose(found[s, m, : one.size], one, atol=1e-7)
            assert not found[s, m, one.size :].any()


def test_direct_ways_are_as_long_and_as_weak_as_they_should_be():
    pytest.importorskip("pyroomacoustics")
    room = ArrayRoom(SIZE, 0.2, (SOURCE,), PLACES)
    direct = array_responses(room, FS, max_order=0)[0]
    ways = np.linalg.norm(np.array(PLACES) - SOURCE, axis=1)
    spectra = np.fft.rfft(direct, 4096)[:, 200:1200]
    np.testing.assert_allclose(np.abs(spectra) * ways[:, None], 1, rtol=0.02)
    phases = np.angle(spectra[1:] / spectra[0])
    f = np.fft.rfftfreq(4096, 1 / FS)[200:1200]
    expected = np.exp(-2j * np.pi * f * (ways[1:, None] - ways[0]) / 343)
    assert np.abs(np.exp(1j * phases) - expected).max() < 0.03
    whole = array_responses(room, FS)[0]
    assert [direct_path(h) for h in whole] == [direct_path(h) for h in direct]


def test_through_keeps_the_way():
    x = rng_for("test array rooms").standard_normal(50)
    h = np.zeros((2, 9))
    h[0, 3], h[1, 7] = 0.5, 1
    heard = through(x, h)
    np.testing.assert_allclose(heard[0, 3:], 0.5 * x[:-3], atol=1e-12)
    np.testing.assert_allclose(heard[1, 7:], x[:-7], atol=1e-12)
    assert heard.shape == (2, 50)


def test_diffuse_noise_has_the_coherence_of_theory():
    places = arrays.linear(3, 0.1).places
    noise = diffuse_noise(rng_for("test diffuse").standard_normal((3, 40 * FS)), places, FS)
    spectra = stft(noise, 512, 256)
    cross = np.einsum("mtf,ntf->fmn", spectra, spectra.conj()) / spectra.shape[1]
    power = np.einsum("fmm->fm", cross).real
    found = cross / np.sqrt(power[:, :, None] * power[:, None])
    theory = arrays.diffuse_coherence(places, arrays.bin_frequencies(FS, 512))
    assert np.abs(found - theory)[2:].max() < 0.12  # 2500 frames: the estimate itself is 0.02 off or more
    assert np.sqrt(np.mean(np.abs(found - theory)[2:] ** 2)) < 0.025
    np.testing.assert_allclose(power.mean(axis=0), power.mean(), rtol=0.05)


def test_direct_to_reverberant_is_counted_around_the_direct_sound():
    h = np.zeros(4000)
    h[100], h[101], h[400:500] = 1.0, 0.5, 0.01
    assert direct_to_reverberant(h, FS) == pytest.approx(10 * np.log10(1.25 / 0.01))
    assert direct_to_reverberant(h[:300], FS) == np.inf
    assert direct_to_reverberant(h, FS, at=450) == pytest.approx(10 * np.log10(81e-4 / (1.25 + 19e-4)))


def test_clarity_counts_the_first_fifty_milliseconds():
    h = np.zeros(4000)
    h[100], h[900], h[901] = 1.0, 0.5, 0.1  # 50 ms are 800 samples
    assert clarity(h, FS) == pytest.approx(10 * np.log10(1.25 / 0.01))


def test_speech_to_reverberation_is_a_ratio_of_powers():
    x = rng_for("test srr").standard_normal(1000)
    assert speech_to_reverberation(x, 0.1 * x) == pytest.approx(20)
    assert speech_to_reverberation(x, 0 * x) == np.inf


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: ArrayRoom(SIZE, 0.2, (SOURCE,), ((9.0, 1.0, 1.0),)), "a microphone is at .* expected it inside"),
        (lambda: ArrayRoom(SIZE, 0.2, (), PLACES), "the room has no source"),
        (lambda: ArrayRoom((1.0, 0.0, 1.0), 0.2, (SOURCE,), PLACES), "room size is"),
        (lambda: ArrayRoom(SIZE, 0.0, (SOURCE,), PLACES), "rt60_s is 0.0"),
        (lambda: diffuse_noise(np.ones((2, 100)), np.zeros((3, 3)), FS), "expected \\(3, n\\), one for each"),
        (lambda: through(np.ones(9), np.ones(9)), "expected \\(microphones, m\\)"),
        (lambda: speech_to_reverberation(np.zeros(9), np.ones(9)), "no direct sound"),
    ],
)
def test_bad_input_is_one_sentence(call, told):
    with pytest.raises(SignalError, match=told):
        call()
