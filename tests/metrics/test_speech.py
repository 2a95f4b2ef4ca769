import os
import sys
import types
import warnings
from importlib.metadata import version as installed
from pathlib import Path

import numpy as np
import pystoi
import pytest
import scipy.signal
import soundfile
from pesq import pesq
from reference import speech_measures as slow
from reference.speech_makers import speech_like

from biosig.errors import ConfigError, SignalError
from biosig.metrics import optional
from biosig.metrics.distortion import log_spectral_distance, segmental_snr, si_sdr
from biosig.metrics.dnsmos import dnsmos
from biosig.metrics.intelligibility import estoi, stoi
from biosig.metrics.quality import (
    _utterances,
    lqo_from_raw,
    most_utterances,
    pesq_nb,
    pesq_raw,
    pesq_wb,
    raw_from_lqo,
)
from biosig.metrics.scores import ClipError
from biosig.metrics.speech import BLIND, INTRUSIVE, MEASURES, score_speech, version
from biosig.metrics.waveform import snr
from biosig.seeds import rng_for
from biosig.signal.mixing import mix_at_snr

FS = 16000
CLEAN = np.stack([speech_like(2 * FS, FS, "measures", k) for k in range(2)])
NOISE = scipy.signal.lfilter([1], [1, -0.9], rng_for("measures").standard_normal(CLEAN.shape))
NOISY = mix_at_snr(CLEAN, NOISE, 5.0)[0]
PERCEPTUAL = {"pesq_wb": pesq_wb, "pesq_nb": pesq_nb, "pesq_raw": pesq_raw, "stoi": stoi, "estoi": estoi}


def by_name(scores):
    return {score.metric: score for score in scores}


# ---- PESQ ----


def test_pesq_is_the_packages_value_of_the_named_mode():
    for clean, noisy in zip(CLEAN, NOISY, strict=True):
        assert pesq_wb(clean, noisy) == pesq(FS, clean, noisy, "wb")
        assert pesq_nb(clean, noisy) == pesq(FS, clean, noisy, "nb")
        assert pesq_nb(clean[::2], noisy[::2], 8000) == pesq(8000, clean[::2], noisy[::2], "nb")


def test_identical_speech_has_the_largest_score_of_each_variant():
    wide = 0.999 + 4 / (1 + np.exp(3.8224 - 1.3669 * 4.5))  # P.862.2, for the raw score 4.5
    narrow = 0.999 + 4 / (1 + np.exp(4.6607 - 1.4945 * 4.5))  # P.862.1
    assert pesq_wb(CLEAN[0], CLEAN[0]) == pytest.approx(wide, abs=1e-5)
    assert pesq_nb(CLEAN[0], CLEAN[0]) == pytest.approx(narrow, abs=1e-5)
    assert pesq_raw(CLEAN[0], CLEAN[0]) == pytest.approx(4.5, abs=1e-5)


def test_raw_and_mapped_scores_are_each_others_inverse():
    raw = np.linspace(-0.5, 4.5, 101)
    np.testing.assert_allclose(raw_from_lqo(lqo_from_raw(raw)), raw, atol=1e-9)
    rounded = lqo_from_raw(raw).astype(np.float32)  # as pesq returns it
    np.testing.assert_allclose(raw_from_lqo(rounded), raw, atol=1e-4)
    assert (np.diff(lqo_from_raw(raw)) > 0).all()
    for power in (-1, 0, 1):  # where the logistic curve has the closed form 1 / (1 + e^power)
        assert raw_from_lqo(0.999 + 4 / (1 + np.e**power)) == pytest.approx((4.6607 - power) / 1.4945, abs=1e-12)
    assert np.isnan(raw_from_lqo([0.999, 4.999, 0.5, 5.0])).all()
    assert pesq_raw(CLEAN[0], NOISY[0]) == raw_from_lqo(pesq_nb(CLEAN[0], NOISY[0]))


def bursts(count, fs=8000):
    """Noise of 0.3 s and as much near-silence, ``count`` times: so many utterances."""
    rng = rng_for("bursts")
    level = np.tile(np.repeat([1.0, 1e-4], 2400), count)
    return level * rng.standard_normal(level.size)


def test_utterances_are_counted():
    for count in (0, 1, 7, 40):
        assert most_utterances(np.r_[np.zeros(4000), bursts(count)], 8000) == count
    assert most_utterances(np.ones(8000), 8000) == 0


@pytest.mark.parametrize(
    ("runs", "expected"),  # frames of speech, pause, speech, …
    [((60, 50, 60), 1), ((60, 51, 60), 2), ((49,), 0), ((50,), 1), ((20, 10, 20), 1), ((0, 99), 0), ((49, 51, 50), 1)],
)
def test_an_utterance_is_50_frames_and_a_pause_is_longer(runs, expected):
    active = np.repeat(np.arange(len(runs)) % 2 == 0, runs)
    assert _utterances(active) == _utterances(np.r_[False, active, False]) == expected


def test_more_utterances_than_the_c_code_can_hold_are_refused():
    many = bursts(60)
    with pytest.raises(ClipError, match="too long for PESQ: expected at most 49 utterances"):
        pesq_nb(many, many, 8000)
    once = np.concatenate([many[:96000], np.zeros(64000)])  # as many samples as would do, but 20 bursts
    assert pesq_nb(once, once, 8000) == pytest.approx(4.5486, abs=1e-4)


@pytest.mark.parametrize(
    ("clean", "estimate", "reason"),
    [
        (CLEAN[0, :3999], CLEAN[0, :3999], "shorter than 0.25 s"),
        (np.zeros(FS), CLEAN[0, :FS], "clean is silent"),
        (CLEAN[0, :FS], np.zeros(FS), "estimate is silent"),
        (CLEAN[0, :FS], 1e-40 * CLEAN[0, :FS], "too quiet for PESQ"),
        (np.r_[np.zeros(FS - 800), CLEAN[0, 9000:9800]], CLEAN[0, :FS], "no utterance found"),
    ],
)
def test_clips_that_pesq_cannot_judge(clean, estimate, reason):
    with warnings.catch_warnings(), pytest.raises(ClipError, match=reason):
        warnings.simplefilter("error")
        pesq_nb(clean, estimate)


@pytest.mark.parametrize(
    ("measure", "fs", "sentence"),
    [
        (pesq_wb, 8000, "fs is 8000 Hz: pesq_wb expects 16000 Hz; resample first"),
        (pesq_nb, 44100, "fs is 44100 Hz: pesq_nb expects 8000 Hz or 16000 Hz"),
        (stoi, 7999, "fs is 7999 Hz: STOI expects a whole rate of at least 8000 Hz"),
        (estoi, 16000.5, "STOI expects a whole rate"),
        (dnsmos, 48000, "fs is 48000 Hz: dnsmos expects 16000 Hz"),
    ],
)
def test_rates_that_a_measure_does_not_know_are_refused(measure, fs, sentence):
    with pytest.raises(SignalError, match=sentence):
        measure(CLEAN[0], *([] if measure is dnsmos else [NOISY[0]]), fs)


# ---- STOI ----


def test_stoi_and_estoi_equal_their_definitions_at_their_own_rate():
    clean, noise = speech_like(16000, 10000, "stoi"), rng_for("stoi").standard_normal(16000)
    for level in (-5.0, 5.0):
        noisy = mix_at_snr(clean, noise, level)[0]
        assert stoi(clean, noisy, 10000) == pytest.approx(slow.stoi(clean, noisy), abs=1e-9)
        assert estoi(clean, noisy, 10000) == pytest.approx(slow.estoi(clean, noisy), abs=1e-9)


def test_stoi_of_other_rates_is_that_of_the_resampled_signals():
    low = [scipy.signal.resample_poly(x, 5, 8) for x in (CLEAN[0], NOISY[0])]  # another resampler than pystoi's
    assert stoi(CLEAN[0], NOISY[0], FS) == pytest.approx(slow.stoi(*low), abs=2e-3)
    assert estoi(CLEAN[0], NOISY[0], FS) == pytest.approx(slow.estoi(*low), abs=2e-3)


def test_too_little_speech_is_refused_instead_of_scored():
    pause = np.r_[CLEAN[0, :6000], np.zeros(26000)]  # 0.375 s of speech
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert pystoi.stoi(pause, pause, FS) == 1e-5  # what would have passed for a score
    for clean in (pause, pause[:300]):
        with pytest.raises(ClipError, match="too little speech for STOI: expected at least 30 frames"):
            stoi(clean, clean, FS)


def test_estoi_of_a_gated_estimate_is_the_same_each_time_and_draws_nothing():
    gated = np.where(np.arange(2 * FS) < 3000, NOISY[0], 0)  # then digital silence, longer than ESTOI's window
    np.random.seed(3)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first = estoi(CLEAN[0], gated, FS)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    np.random.standard_normal(7)  # noqa: NPY002
    assert estoi(CLEAN[0], gated, FS) == first
    np.random.seed(4)  # noqa: NPY002
    others = {pystoi.stoi(CLEAN[0], gated, FS, extended=True) for _ in range(2)}
    assert len(others) == 2  # left alone, the package gives another value each time


# ---- invariants of both ----


@pytest.mark.parametrize("name", PERCEPTUAL)
def test_identity_is_best_and_more_noise_is_worse(name):
    levels = [PERCEPTUAL[name](CLEAN, mix_at_snr(CLEAN, NOISE, level)[0], FS) for level in (-5, 10, 25)]
    levels.append(PERCEPTUAL[name](CLEAN, CLEAN, FS))
    assert (np.diff(levels, axis=0) > 0).all()
    if "stoi" in name:
        np.testing.assert_allclose(levels[-1], 1, atol=1e-9)


@pytest.mark.parametrize("name", PERCEPTUAL)
def test_gain_and_sign_do_not_matter_and_batch_equals_loop(name):
    value = PERCEPTUAL[name](CLEAN, NOISY, FS)
    assert value.shape == (2,)
    tolerance = 1e-9 if "stoi" in name else 2e-3  # PESQ levels in float32
    np.testing.assert_allclose(PERCEPTUAL[name](3 * CLEAN, -0.2 * NOISY, FS), value, atol=tolerance)
    for k in range(2):
        single = PERCEPTUAL[name](CLEAN[k], NOISY[k], FS)
        assert isinstance(single, float) and single == value[k]


# ---- all of them by name ----


def test_scores_are_the_functions_values_with_variant_and_package():
    scores = by_name(score_speech(CLEAN[0], NOISY[0], FS))
    assert list(scores) == [*INTRUSIVE, "delay_ms"]
    expected = {name: function(CLEAN[0], NOISY[0], FS) for name, function in PERCEPTUAL.items()}
    expected |= {"si_sdr_db": si_sdr(CLEAN[0], NOISY[0]), "snr_db": snr(CLEAN[0], NOISY[0]), "delay_ms": 0.0}
    expected["seg_snr_db"] = segmental_snr(CLEAN[0], NOISY[0], FS)
    expected["lsd_db"] = log_spectral_distance(CLEAN[0], NOISY[0], FS)
    assert {name: score.value for name, score in scores.items()} == expected
    assert all(score.reason == "" for score in scores.values())
    assert len({score.version for score in scores.values()}) == len(scores)  # no two variants share a name
    assert scores["pesq_raw"].version == f"1; raw P.862, from narrow-band MOS-LQO; pesq {installed('pesq')}"
    assert scores["estoi"].version.endswith(f"pystoi {installed('pystoi')}")
    assert scores["stoi"].version == version("stoi")


def test_metrics_come_in_the_order_asked_for_and_once():
    scores = score_speech(CLEAN[0], NOISY[0], FS, ["snr_db", "lsd_db", "snr_db"], max_delay_s=0)
    assert [score.metric for score in scores] == ["snr_db", "lsd_db"]
    assert score_speech(CLEAN[0], NOISY[0], FS, "lsd_db", 0) == scores[1:]


@pytest.mark.parametrize("delay", [-320, 7, 480])
def test_a_systems_own_delay_is_removed_and_reported(delay):
    names = ("pesq_wb", "stoi", "estoi", "si_sdr_db", "seg_snr_db", "lsd_db")
    estimate, n = np.roll(NOISY[0], delay), 2 * FS - abs(delay)
    clean, noisy = (x[0, max(-delay, 0) :][:n] for x in (CLEAN, NOISY))
    *found, reported = score_speech(CLEAN[0], estimate, FS, names)
    assert reported.metric == "delay_ms" and reported.value == delay / 16
    assert found == score_speech(clean, noisy, FS, names, max_delay_s=0)
    assert by_name(score_speech(CLEAN[0], estimate, FS, names, 0))["si_sdr_db"].value < found[3].value - 3


def test_a_perfect_estimate_has_no_infinite_value():
    scores = by_name(score_speech(CLEAN[0], CLEAN[0], FS))
    reasons = {name: score.reason for name, score in scores.items() if score.reason}
    assert reasons == {"si_sdr_db": "perfect", "snr_db": "perfect"}
    apart = by_name(score_speech(np.tile([1.0, 1, -1, -1], 99), np.tile([1.0, -1], 198), FS, ["si_sdr_db"], 0))
    assert apart["si_sdr_db"].reason == "nothing of the clean signal"


@pytest.mark.parametrize(
    ("clean", "estimate", "lacking"),
    [
        (np.zeros(FS), NOISY[0, :FS], dict.fromkeys(INTRUSIVE, "clean is silent")),
        (
            CLEAN[0, :FS],
            np.zeros(FS),
            dict.fromkeys(("pesq_wb", "pesq_nb", "pesq_raw", "stoi", "estoi", "si_sdr_db"), "estimate is silent"),
        ),
        (
            CLEAN[0, 4000:7000],
            NOISY[0, 4000:7000],
            dict.fromkeys(("pesq_wb", "pesq_nb", "pesq_raw"), "shorter than 0.25 s")
            | dict.fromkeys(("stoi", "estoi"), "too little speech for STOI"),
        ),
        (
            CLEAN[0, 4000:4100],
            NOISY[0, 4000:4100],
            dict.fromkeys(("pesq_wb", "pesq_nb", "pesq_raw"), "shorter than 0.25 s")
            | dict.fromkeys(("stoi", "estoi"), "too little speech for STOI")
            | {"seg_snr_db": "shorter than one frame"},
        ),
    ],
)
def test_a_clip_without_a_value_is_nan_with_its_reason(clean, estimate, lacking):
    scores = score_speech(clean, estimate, FS)
    assert {score.metric: score.reason for score in scores if score.reason} == lacking
    assert all(np.isnan(score.value) == bool(score.reason) for score in scores)


@pytest.mark.parametrize(
    ("clean", "estimate", "fs", "metrics", "error", "sentence"),
    [
        (CLEAN, NOISY, FS, INTRUSIVE, SignalError, r"estimate has shape \(2, 32000\): expected one channel"),
        (CLEAN[0], NOISY[0, 1:], FS, INTRUSIVE, SignalError, "clean has shape"),
        (CLEAN[0], NOISY[0] * np.nan, FS, INTRUSIVE, SignalError, "estimate holds 32000 NaN"),
        (CLEAN[0], NOISY[0], 8000, INTRUSIVE, SignalError, "pesq_wb expects 16000 Hz"),
        (CLEAN[0], NOISY[0], 4000, ["snr_db", "stoi"], SignalError, "at least 8000 Hz"),
        (CLEAN[0], NOISY[0], -1, ["snr_db"], SignalError, "positive rate"),
        (None, NOISY[0], FS, ["stoi", "lsd_db"], SignalError, "clean is missing: expected a reference"),
        (CLEAN[0], NOISY[0], FS, ["pesq"], ConfigError, "metric 'pesq' is unknown: expected some of pesq_wb"),
        (CLEAN[0], NOISY[0], FS, [], ConfigError, "no metric is named"),
    ],
)
def test_misuse_is_refused(clean, estimate, fs, metrics, error, sentence):
    with pytest.raises(error, match=sentence):
        score_speech(clean, estimate, fs, metrics)


@pytest.mark.parametrize(
    ("package", "metric"), [("pesq", "pesq_raw"), ("pystoi", "estoi"), ("speechmos", "dnsmos_sig")]
)
def test_a_missing_package_is_named_before_any_work(monkeypatch, package, metric):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=f"package {package} cannot be imported.* pip install {package}"):
        score_speech(CLEAN[0], NOISY[0], FS, ["snr_db", metric])


# ---- DNSMOS ----


@pytest.fixture
def fake_speechmos(monkeypatch):
    """In place of the networks: scores that tell what they were given."""

    def run(sample, sr):
        assert sr == 16000 and sample.ndim == 1
        return {"ovrl_mos": np.abs(sample).max(), "sig_mos": sample.size, "bak_mos": 3.0, "p808_mos": 4.0}

    parent, module = types.ModuleType("speechmos"), types.ModuleType("speechmos.dnsmos")
    module.run = run
    monkeypatch.setitem(sys.modules, "speechmos", parent)
    monkeypatch.setitem(sys.modules, "speechmos.dnsmos", module)


def test_dnsmos_hears_the_whole_clip_at_most_at_full_scale(fake_speechmos):
    late = np.roll(NOISY[0], 400)
    scores = by_name(score_speech(CLEAN[0], late, FS, BLIND))
    assert [scores[name].value for name in BLIND] == [1.0, 2 * FS, 3.0]  # NOISY is louder than ±1
    assert scores["delay_ms"].value == 25
    assert dnsmos(0.5 * np.ones((2, 3, 8)))["ovrl"].shape == (2, 3)
    assert dnsmos(0.5 * np.ones(8))["ovrl"] == 0.5


def test_dnsmos_needs_no_reference_and_refuses_silence(fake_speechmos):
    scores = score_speech(None, 0.1 * NOISY[0], FS, BLIND)
    assert [score.metric for score in scores] == list(BLIND) and scores[2].value == 3.0
    assert all(MEASURES[name].blind and "no reference" in MEASURES[name].version for name in BLIND)
    silent = score_speech(None, np.zeros(FS), FS, BLIND)
    assert {score.reason for score in silent} == {"estimate is silent"}


def test_the_real_networks_rank_noise():
    pytest.importorskip("speechmos.dnsmos")  # an extra: it is not part of the environment
    values = [dnsmos(0.1 * mix_at_snr(CLEAN[0], NOISE[0], level)[0])["bak"] for level in (-5, 10, 40)]
    assert values == sorted(values)


def test_versions_of_packages_that_are_not_here():
    assert optional.installed_version("no-such-package-as-this") == "not installed"


# ---- real speech, where it is ----


@pytest.mark.real_data
def test_the_noisy_voicebank_pairs_have_the_packages_values():
    root = Path(os.environ["BIOSIG_DATA"]) / "voicebank_demand_p232"
    found = []
    for path in sorted((root / "clean").glob("*.flac")):
        clean, noisy = soundfile.read(path)[0], soundfile.read(root / "noisy" / path.name)[0]
        scores = by_name(score_speech(clean, noisy, FS, ("pesq_wb", "stoi", "si_sdr_db")))
        assert scores.pop("delay_ms").value == 0
        found.append([score.value for score in scores.values()])
        if path.stem in ("p232_003", "p232_052"):
            low = [pystoi.utils.resample_oct(x, 10000, FS) for x in (clean, noisy)]
            expected = [pesq(FS, clean, noisy, "wb"), slow.stoi(*low), slow.si_sdr(clean, noisy)]
            np.testing.assert_allclose(found[-1], expected, atol=1e-9)
    assert len(found) == 14
    # known of 25 pairs of the same test set: 2.19, .932, 8.2
    np.testing.assert_allclose(np.mean(found, axis=0), [2.2396, 0.9279, 8.1946], atol=1e-3)
