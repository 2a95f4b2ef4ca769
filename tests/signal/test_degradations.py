import doctest
import importlib
import sys

import numpy as np
import pytest
from reference import speech_slow

from biosig.errors import ConfigError, SignalError
from biosig.seeds import rng_for
from biosig.signal import degradations as d

FS, N = 8000, 16000
VOICES = [rng_for("voice", k).standard_normal(3000 + 500 * k) * (k + 1) for k in range(5)]
NOISES = {
    "white": lambda n, *names: d.white_noise(n, *names),
    "pink": lambda n, *names: d.pink_noise(n, FS, *names),
    "babble": lambda n, *names: d.babble_noise(VOICES, n, *names, count=3),
    "impulsive": lambda n, *names: d.impulsive_noise(n, FS, *names),
    "wind": lambda n, *names: d.wind_noise(n, FS, *names),
}


def band_share(x, low, high):
    """Share of the power between two frequencies in Hz."""
    power, f = np.abs(np.fft.rfft(x)) ** 2, np.fft.rfftfreq(x.size, 1 / FS)
    return power[(f >= low) & (f < high)].sum() / power.sum()


def frame_power_db(x, samples=800):
    return 10 * np.log10(np.square(x[: x.size // samples * samples]).reshape(-1, samples).mean(axis=1))


# ---- noises ----


@pytest.mark.parametrize("kind", NOISES)
@pytest.mark.parametrize("n", [N, 4801])
def test_every_noise_has_unit_power_and_hangs_on_its_names_alone(kind, n):
    make = NOISES[kind]
    first = make(n, "a", 1)
    assert first.shape == (n,) and first.dtype == np.float64
    assert np.square(first).mean() == pytest.approx(1, abs=1e-12)
    make(100, "something between")
    np.testing.assert_array_equal(make(n, "a", 1), first)
    assert abs(np.corrcoef(first, make(n, "a", 2))[0, 1]) < 0.3


def test_white_noise_is_flat():
    x = d.white_noise(8 * N, "flat")
    shares = [band_share(x, low, low + 500) for low in range(0, 4000, 500)]
    np.testing.assert_allclose(shares, 1 / 8, rtol=0.05)


@pytest.mark.parametrize("n", [N, N + 1])
def test_pink_noise_is_one_over_f_in_every_bin(n):
    power, f = np.abs(np.fft.rfft(d.pink_noise(n, FS, "pink"))) ** 2, np.fft.rfftfreq(n, 1 / FS)
    inside = f >= 20
    np.testing.assert_allclose((power * f)[inside], (power * f)[inside][0], rtol=1e-9)
    assert power[~inside].max() < 1e-18 * power.max()


def test_samples_of_pink_noise_are_near_gaussian():
    x = d.pink_noise(4 * N, FS, "gaussian")
    assert np.mean(x**4) == pytest.approx(3, abs=0.3)


def test_babble_is_the_sum_of_looped_voices_at_equal_power():
    mixed = d.babble_noise(VOICES, 2000, "sum", count=2)
    rolls = {}
    for k, voice in enumerate(VOICES):
        voice = voice / np.sqrt(np.mean(voice**2))
        looped = np.concatenate([voice, voice[:2000]])
        scores = np.correlate(looped, mixed, mode="valid")[: voice.size]
        rolls[k] = scores.max(), looped[scores.argmax() : scores.argmax() + 2000]
    (_, first), (_, second) = sorted(rolls.values(), key=lambda pair: -pair[0])[:2]
    np.testing.assert_allclose(mixed, (first + second) / np.sqrt(np.mean((first + second) ** 2)), atol=1e-9)


def test_one_talker_babbles_alone_and_five_are_all_there_are():
    loop = d.babble_noise(VOICES[:1], 7000, "loop", count=1)
    np.testing.assert_array_equal(loop[:4000], loop[3000:])
    assert d.babble_noise(VOICES, 10, "all", count=5).shape == (10,)
    for count in (0, 6):
        with pytest.raises(SignalError, match=f"babble of {count} talkers from 5 recordings"):
            d.babble_noise(VOICES, 10, "x", count=count)
    with pytest.raises(SignalError, match="talker 0 of 9 samples is silent"):
        d.babble_noise([np.zeros(9)], 10, "x", count=1)


def test_clicks_are_rare_and_short_and_as_many_as_asked():
    counts = []
    for seed in range(40):
        x = np.abs(d.impulsive_noise(N, FS, seed, rate_hz=4))
        assert np.mean(x > 0.01 * x.max()) < 0.12  # silence nearly everywhere
        starts = np.flatnonzero((x[1:] > 0) & (x[:-1] == 0))
        counts.append(len(starts) + (x[0] > 0))
    # 8 expected per clip; about 4 % of them begin within another's 10 ms and are counted together
    assert np.mean(counts) == pytest.approx(8 * 0.96, abs=4 * np.sqrt(8 / 40))
    assert np.mean(d.impulsive_noise(N, FS, "kurtosis") ** 4) > 20  # 3 for Gaussian noise


def test_wind_is_low_and_gusty():
    x, still = d.wind_noise(16 * N, FS, "wind"), d.wind_noise(16 * N, FS, "wind", gust_db=0)
    assert band_share(x, 0, 500) > 0.8
    # power per Hz falls as f^(-5/3), and every octave is twice as wide as the one below
    octaves = [10 * np.log10(band_share(still, f, 2 * f)) for f in (200, 400, 800, 1600)]
    falls = -np.diff(octaves)
    np.testing.assert_allclose(falls, 10 * np.log10(2) * (5 / 3 - 1), atol=0.5)
    assert 4 < frame_power_db(x).std() < 9 and frame_power_db(still).std() < 3


@pytest.mark.parametrize("n", [0, -3, 2.5])
@pytest.mark.parametrize("kind", NOISES)
def test_impossible_lengths_get_one_sentence(kind, n):
    with pytest.raises(SignalError, match=f"n is {n}"):
        NOISES[kind](n, "x")


def test_too_short_for_the_spectrum_gets_one_sentence():
    for kind in ("pink", "wind"):
        with pytest.raises(SignalError, match=f"{kind} of 1 samples is silent"):
            NOISES[kind](1, "x")


# ---- clipping and quantisation ----


def test_clipping_in_db_is_exact_and_leaves_the_rest():
    x = rng_for("clip").standard_normal((2, 3, 500)) * np.arange(1, 4)[:, None]
    clipped, threshold = d.clip_to_db(x, -12.0)
    peak = np.abs(x).max(axis=-1)
    np.testing.assert_allclose(20 * np.log10(np.abs(clipped).max(axis=-1) / peak), -12, rtol=1e-12)
    over = np.abs(x) > threshold[..., None]
    np.testing.assert_array_equal(clipped[~over], x[~over])
    np.testing.assert_array_equal(np.abs(clipped)[over], np.broadcast_to(threshold[..., None], x.shape)[over])
    np.testing.assert_array_equal(np.sign(clipped), np.sign(x))
    np.testing.assert_array_equal(d.clip_to_db(x, 0.0)[0], x)
    np.testing.assert_allclose(d.clip_to_db(5 * x, -12.0)[0], 5 * clipped, rtol=1e-12)


@pytest.mark.parametrize("fraction", [0.0, 0.001, 0.1, 0.5, 0.999])
def test_clipping_a_fraction_changes_exactly_so_many(fraction):
    x = rng_for("clip fraction").standard_normal((2, 1000))
    clipped, threshold = d.clip_fraction(x, fraction)
    np.testing.assert_array_equal((clipped != x).sum(axis=-1), round(1000 * fraction))
    np.testing.assert_array_equal(np.abs(clipped).max(axis=-1), threshold)


@pytest.mark.parametrize("bits", [2, 3, 8, 16])
def test_quantisation_has_its_levels_and_its_error(bits):
    x = rng_for("quantise").uniform(-1, 1, size=20000)
    x[:2] = -0.99999, 0.99999
    y, step = d.quantise(x, bits), 2.0 ** (1 - bits)
    inside = x < 1 - step
    assert np.abs(y - x)[inside].max() <= step / 2
    np.testing.assert_array_equal(y / step, np.round(y / step))
    assert y.min() == -1 and y.max() == 1 - step
    # the noise of rounding: power step²/12
    assert np.mean((y - x)[inside] ** 2) == pytest.approx(step**2 / 12, rel=0.05)
    np.testing.assert_array_equal(d.quantise(y, bits), y)
    np.testing.assert_allclose(d.quantise(3 * x, bits, full_scale=3), 3 * y, rtol=1e-12)


def test_bad_distortions_get_one_sentence():
    for call, words in [
        (lambda: d.clip_to_db(np.ones(3), 1.0), "level_db is 1.0"),
        (lambda: d.clip_to_db(np.zeros(3), -1.0), "silent"),
        (lambda: d.clip_fraction(np.ones(3), 1.0), "fraction is 1.0"),
        (lambda: d.clip_fraction(np.ones(3), float("nan")), "fraction is nan"),
        (lambda: d.quantise(np.ones(3), 1), "bits is 1"),
        (lambda: d.quantise(np.ones(3), 8, 0.0), "full_scale is 0.0"),
        (lambda: d.quantise(np.array([np.inf]), 8), "infinite"),
    ]:
        with pytest.raises(SignalError, match=words):
            call()


# ---- rooms ----


def decay_time(response, fs):
    """RT60 by Schroeder's backward integration, the line through -5 and -25 dB."""
    left = 10 * np.log10(np.cumsum(response[::-1] ** 2)[::-1] / np.sum(response**2))
    begin, end = np.argmax(left < -5), np.argmax(left < -25)
    return -60 / np.polyfit(np.arange(begin, end) / fs, left[begin:end], 1)[0]


@pytest.mark.parametrize(("rt60", "ratio"), [(0.3, 0.0), (0.8, -6.0), (0.5, 10.0)])
def test_decaying_response_has_its_time_and_its_ratio(rt60, ratio):
    h = d.decaying_response(FS, rt60, "h", direct_to_reverberant_db=ratio)
    assert h.shape == (1 + round(FS * rt60),) and h[0] == 1
    assert -10 * np.log10(np.sum(h[1:] ** 2)) == pytest.approx(ratio, abs=1e-9)
    assert decay_time(h[1:], FS) == pytest.approx(rt60, rel=0.07)
    assert d.direct_path(h) == 0
    assert not np.array_equal(h, d.decaying_response(FS, rt60, "other", direct_to_reverberant_db=ratio))


def test_reverberation_is_the_convolution_without_the_delay():
    dry = rng_for("dry").standard_normal((2, 700))
    h = np.concatenate([np.zeros(9), [0.1, 2.0], rng_for("tail").uniform(-0.5, 0.5, size=50)])
    wet = d.reverberate(dry, h)
    for row, out in zip(dry, wet, strict=True):
        np.testing.assert_allclose(out, np.convolve(row, h)[10 : 10 + 700], atol=1e-12)
    np.testing.assert_allclose(d.reverberate(dry, [0, 0, 1.0]), dry, atol=1e-12)
    early, late = d.split_response(h, 1000, early_ms=20)
    np.testing.assert_allclose(d.reverberate(dry, early) + np.array(
        [np.convolve(row, late)[10:710] for row in dry]), wet, atol=1e-12)
    assert np.flatnonzero(early)[-1] == 30 and np.flatnonzero(late)[0] == 31


def test_the_direct_sound_is_the_first_of_the_high_peaks():
    assert d.direct_path([0, 0.1, 0.7, 0.8, 0.2, -1.0, 0.3]) == 3
    with pytest.raises(SignalError, match="response is silent"):
        d.direct_path(np.zeros(4))


def test_drawn_rooms_are_drawn_by_name_and_possible():
    rooms = [d.draw_room("room", k, rt60_s=(0.3, 0.4)) for k in range(50)]
    assert d.draw_room("room", 3, rt60_s=(0.3, 0.4)) == rooms[3] != rooms[4]
    for room in rooms:
        assert 0.3 <= room.rt60_s <= 0.4
        assert np.linalg.norm(np.subtract(room.source, room.microphone)) >= 0.5
        for place in (room.source, room.microphone):
            assert all(0.5 <= p <= edge - 0.5 for p, edge in zip(place, room.size, strict=True))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"size": (3, -1, 3)}, "room size"),
        ({"source": (1, 1, 9)}, "source is at"),
        ({"microphone": (1, 1, 1)}, "both at"),
        ({"rt60_s": 0.0}, "rt60_s"),
    ],
)
def test_impossible_rooms_get_one_sentence(change, words):
    with pytest.raises(SignalError, match=words):
        d.Room(**{"size": (3, 4, 3), "source": (1, 1, 1), "microphone": (2, 2, 2), "rt60_s": 0.3} | change)


def test_rooms_without_pyroomacoustics_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyroomacoustics", None)
    with pytest.raises(ConfigError, match="pip install pyroomacoustics"):
        d.image_source_response(d.draw_room("x"), FS)


def test_image_sources_equal_the_definition():
    pytest.importorskip("pyroomacoustics")
    room = d.Room((4.0, 3.0, 2.5), (1.0, 1.2, 1.1), (3.1, 2.0, 1.6), 0.3)
    h = d.image_source_response(room, 16000, max_order=3)
    expected = np.array(speech_slow.image_source_response(room, 16000, 3, len(h)))
    # theirs has a high-pass at 10 Hz on top, which a response full of low frequencies feels up to 200 Hz
    ours, slow = (np.fft.rfft(x, 16000)[500:7000] for x in (h, expected))
    np.testing.assert_allclose(np.abs(ours - slow).max(), 0, atol=0.02 * np.abs(slow).max())
    distance = np.linalg.norm(np.subtract(room.source, room.microphone))
    assert abs(d.direct_path(h) - (distance / 343 * 16000 + 40)) < 1  # 40: half their fractional-delay filter


def test_a_simulated_room_has_about_its_reverberation_time():
    pytest.importorskip("pyroomacoustics")
    room = d.Room((4.0, 3.0, 2.5), (1.0, 1.2, 1.1), (3.1, 2.0, 1.6), 0.25)
    h = d.image_source_response(room, FS)
    np.testing.assert_array_equal(h, d.image_source_response(room, FS))
    assert decay_time(h, FS) == pytest.approx(0.25, rel=0.35)
    with pytest.raises(SignalError, match="cannot have an RT60"):
        d.image_source_response(d.Room(room.size, room.source, room.microphone, 0.01), FS)
    with pytest.raises(SignalError, match="max_order is -1"):
        d.image_source_response(room, FS, max_order=-1)
    with pytest.raises(SignalError, match="whole number of Hz"):
        d.image_source_response(room, FS + 0.5)


@pytest.mark.parametrize("name", ["noises", "distortions", "rooms"])
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(f"biosig.signal.degradations.{name}"))
    assert not result.failed and (result.attempted or name == "rooms")
