import doctest
import importlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from reference.speech_makers import si_sdr, speech_like

from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal.enhancement import (
    CLASSICAL_SPEECH,
    METHODS,
    RULES,
    OverSubtraction,
    log_mmse,
    mmse_stsa,
    spectral_subtraction,
    speech_stream,
    wiener,
)
from biosig.signal.mixing import mix_at_snr
from biosig.signal.noise_tracking import track_noise
from biosig.signal.stft import istft, stft

FS = 8000


def noisy_pair(seconds, snr_db, *names, fs=FS):
    """Synthetic speech-like signal and the same in white noise."""
    clean = speech_like(round(seconds * fs), fs, *names)
    return clean, mix_at_snr(clean, rng_for("white", *names).standard_normal(clean.size), snr_db)[0]


def test_every_method_has_every_tracker_and_survives_a_process_border():
    assert set(CLASSICAL_SPEECH) == {name + end for name in RULES for end in ("", "_vad", "_ms")}
    assert METHODS.keys() == RULES.keys()
    x = rng_for("pickle").standard_normal(1000)
    for system in CLASSICAL_SPEECH.values():
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(system))(x, FS), system(x, FS))
    outputs = [system(noisy_pair(2, 5, "differ")[1], FS) for system in CLASSICAL_SPEECH.values()]
    assert min(np.abs(a - b).max() for i, a in enumerate(outputs) for b in outputs[:i]) > 1e-3


@pytest.mark.parametrize("tracker", ["speech_presence", "minimum_statistics", "voice_activity"])
def test_it_is_stft_tracker_gain_and_inverse(tracker):
    """Berouti's rule written out on the whole spectrogram."""
    noisy = noisy_pair(2, 5, "written out")[1]
    window = np.sqrt(np.hanning(257)[:-1])
    spectra = stft(noisy, 256, 64, window, pad_mode="reflect")
    power = np.abs(spectra) ** 2
    noise = track_noise(power, FS / 64, tracker)
    snr_db = np.clip(10 * np.log10(power.sum(axis=-1) / noise.sum(axis=-1)), -5, 20)[:, None]
    left = np.maximum(power - (4 - 3 / 20 * snr_db) * noise, 0.01 * noise)
    expected = istft(spectra * np.sqrt(np.minimum(left / power, 1)), 256, 64, window, length=noisy.size)
    np.testing.assert_allclose(spectral_subtraction(noisy, FS, tracker=tracker), expected, rtol=0, atol=1e-10)


def test_the_wiener_filter_is_its_recursion():
    noisy = noisy_pair(1, 5, "recursion")[1]
    spectra = stft(noisy, 256, 128, pad_mode="reflect")
    power = np.abs(spectra) ** 2
    noise, remembered, gains = track_noise(power, FS / 128, "voice_activity"), 1.0, np.ones_like(power)
    for l, gamma in enumerate(power / noise):
        xi = np.maximum(0.9 * remembered + 0.1 * np.maximum(gamma - 1, 0), 10**-1.5)
        gains[l] = xi / (1 + xi)
        remembered = gains[l] ** 2 * gamma
    expected = istft(spectra * gains, 256, 128, length=noisy.size)
    options = {"smoothing": 0.9, "xi_min_db": -15.0, "tracker": "voice_activity", "hop_ms": 16.0}
    np.testing.assert_allclose(wiener(noisy, FS, **options), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("gammas", "alpha"),
    [([10.0, *[0.0] * 999], 4 + 5 * 0.3), ([10.0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 4), ([10.0], 1), ([1000.0], 1)],
)
def test_over_subtraction_goes_by_the_frames_snr(gammas, alpha):
    """-20 dB counts as -5; 0 dB; at 10 dB α would be 1, at 20 and beyond below it, and stays 1."""
    gain = OverSubtraction(4.0, 0.3, 0.0)(3.0 * np.array(gammas), 3.0 * np.ones(len(gammas)))[0]
    assert gain**2 == pytest.approx(1 - alpha / gammas[0], rel=1e-12)


@pytest.mark.parametrize("name", CLASSICAL_SPEECH)
@pytest.mark.parametrize(("snr_db", "gain_db"), [(-5, 5.0), (0, 5.0), (5, 5.0), (20, 4.0)])
def test_noise_goes_and_speech_stays(name, snr_db, gain_db):
    gains = []
    for seed in range(2):
        clean, noisy = noisy_pair(4, snr_db, seed)
        gains.append(si_sdr(clean, CLASSICAL_SPEECH[name](noisy, FS)) - si_sdr(clean, noisy))
    assert np.mean(gains) > gain_db


@pytest.mark.parametrize("name", CLASSICAL_SPEECH)
def test_noise_alone_is_turned_down(name):
    noise = rng_for("alone").standard_normal(4 * FS)
    assert 10 * np.log10(np.square(CLASSICAL_SPEECH[name](noise, FS)[FS:]).mean()) < -12


@pytest.mark.parametrize("name", CLASSICAL_SPEECH)
def test_clean_speech_is_left_nearly_alone(name):
    """At 60 dB SNR, and after a second in which the trackers learn, nothing is lost."""
    clean, noisy = noisy_pair(4, 60, "clean")
    assert si_sdr(clean[FS:], CLASSICAL_SPEECH[name](noisy, FS)[FS:]) > 60


@pytest.mark.parametrize("name", CLASSICAL_SPEECH)
@pytest.mark.parametrize("fs", [16000, 44100])
def test_any_rate(name, fs):
    clean, noisy = noisy_pair(2, 0, "rate", fs=fs)
    assert si_sdr(clean, CLASSICAL_SPEECH[name](noisy, fs)) > si_sdr(clean, noisy) + 3


@pytest.mark.parametrize("name", CLASSICAL_SPEECH)
@pytest.mark.parametrize("scale", [-1.0, 1e-6, 1e6])
def test_louder_in_is_louder_out(name, scale):
    noisy, system = noisy_pair(1.5, 5, "scale")[1], CLASSICAL_SPEECH[name]
    np.testing.assert_allclose(system(scale * noisy, FS), scale * system(noisy, FS), atol=1e-9 * abs(scale))


@pytest.mark.parametrize("name", CLASSICAL_SPEECH)
def test_batch_equals_loop_whatever_the_channels_begin_with(name):
    noisy = np.stack([[noisy_pair(1, 5, a, b)[1] for b in range(2)] for a in range(2)])
    noisy[0, 1, :3000], noisy[1, 0] = 0, 0
    together = CLASSICAL_SPEECH[name](noisy, FS)
    for index in np.ndindex(2, 2):
        alone = CLASSICAL_SPEECH[name](noisy[index], FS)
        np.testing.assert_allclose(alone, together[index], rtol=0, atol=1e-11)
    assert not together[1, 0].any() and not together[0, 1, :3000].any()


@pytest.mark.parametrize("name", CLASSICAL_SPEECH)
def test_silence_within_is_survived_and_wherever_it_is_stays_finite(name):
    noisy = noisy_pair(2, 5, "gap")[1]
    noisy[3000:9000] = 0
    noisy[-100:] = 0
    with np.errstate(all="raise"):  # as a peer may have left numpy
        out = CLASSICAL_SPEECH[name](noisy, FS)
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 1.5 * np.abs(noisy).max()
    assert np.abs(out[3300:8700]).max() < 1e-10


@pytest.mark.parametrize("name", METHODS)
def test_the_input_is_not_written_to(name):
    noisy = noisy_pair(1, 5, "read only")[1]
    before = noisy.copy()
    noisy.setflags(write=False)
    METHODS[name](noisy, FS)
    np.testing.assert_array_equal(noisy, before)


def residual_power(system, **parameters):
    """|X̂|² of what is left of white noise of power 1, in every bin and frame, its mean before being 1."""
    out = system(rng_for("musical").standard_normal(6 * FS), FS, **parameters)
    return np.abs(stft(out[2 * FS :], 256, 64)) ** 2 / 128


def kurtosis(power):
    """Of the power over bins and frames: 2 for Gaussian noise, more where few bins sing."""
    return np.mean(power**2) / np.mean(power) ** 2


def test_musical_noise_is_what_the_papers_cure():
    plain = residual_power(spectral_subtraction, over_subtraction=1.0, slope=0.0, floor=0.0)
    bare = residual_power(spectral_subtraction, over_subtraction=4.0, slope=0.0, floor=0.0)
    floored = residual_power(spectral_subtraction, over_subtraction=4.0, slope=0.0, floor=0.05)
    assert kurtosis(residual_power(lambda x, fs: x)) == pytest.approx(2, abs=0.1)
    assert kurtosis(plain) > 3
    assert np.quantile(bare, 0.99) < np.quantile(plain, 0.99) / 4  # over-subtraction: fewer peaks stand out
    assert kurtosis(floored) < kurtosis(bare) / 2  # the floor: and less alone
    jumpy, smooth = residual_power(wiener, smoothing=0.0), residual_power(wiener)
    assert np.quantile(smooth, 0.99) < np.quantile(jumpy, 0.99) / 10  # a remembered ξ: hardly any are left


def test_more_is_suppressed_where_more_is_asked():
    noise = rng_for("more").standard_normal(3 * FS)

    def left_db(system, **parameters):
        return 10 * np.log10(np.square(system(noise, FS, **parameters)[FS:]).mean())

    subtracted = [left_db(spectral_subtraction, over_subtraction=a, slope=0.0, floor=0.0) for a in (1, 2, 4)]
    floors = [left_db(wiener, xi_min_db=x) for x in (-10.0, -15.0, -25.0)]
    methods = [left_db(system) for system in (mmse_stsa, log_mmse, wiener)]
    for falling in (subtracted, floors, methods):
        assert np.all(np.diff(falling) < -0.5)


@pytest.mark.parametrize("name", CLASSICAL_SPEECH)
@pytest.mark.parametrize(
    ("noisy", "fs", "words"),
    [
        (np.ones(255), FS, "noisy has 255 samples: expected at least one frame, 256 at 8000 Hz"),
        (np.array([1.0, np.nan] * 500), FS, "noisy holds 500 NaN"),
        (np.ones(1000), 0.0, "fs is 0.0"),
        (np.ones((3, 0)), FS, "at least one sample"),
    ],
)
def test_bad_input_gets_one_sentence(name, noisy, fs, words):
    with pytest.raises(SignalError, match=words):
        CLASSICAL_SPEECH[name](noisy, fs)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: wiener(x, FS, tracker="none"), "noise tracker is 'none'"),
        (lambda x: wiener(x, FS, smoothing=2.0), "smoothing is 2.0"),
        (lambda x: log_mmse(x, FS, frame_ms=16.0, hop_ms=16.0), "at most half a frame"),
        (lambda x: spectral_subtraction(x, FS, over_subtraction=-1.0), "over_subtraction -1.0"),
        (lambda x: spectral_subtraction(x, FS, slope=float("nan")), "slope nan"),
        (lambda x: spectral_subtraction(x, FS, exponent=-2.0), "exponent is -2.0"),
        (lambda x: speech_stream("magic", FS), "method is 'magic'"),
        (lambda x: OverSubtraction(floor=-1.0), "floor -1.0"),
    ],
)
def test_impossible_parameters_get_one_sentence(call, words):
    with pytest.raises(SignalError, match=words):
        call(np.ones(1000))


@pytest.mark.parametrize("name", ["enhancement"])
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(f"biosig.signal.{name}"))
    assert result.attempted and not result.failed


@pytest.mark.skipif(not os.environ.get("BIOSIG_DATA"), reason="needs BIOSIG_DATA: real recordings of speech")
@pytest.mark.parametrize("name", CLASSICAL_SPEECH)
def test_real_speech_comes_out_better(name):
    soundfile = pytest.importorskip("soundfile")
    gains = []
    for path in sorted(Path(os.environ["BIOSIG_DATA"]).glob("picovoice_s2i/speech/*.flac"))[::40]:
        clean, fs = soundfile.read(path)
        noisy, _ = mix_at_snr(clean, rng_for("real", path.stem).standard_normal(clean.size), 5.0)
        gains.append(si_sdr(clean, CLASSICAL_SPEECH[name](noisy, fs)) - 5)
    assert len(gains) > 3 and min(gains) > 3
