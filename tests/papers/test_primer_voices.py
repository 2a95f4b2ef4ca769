"""The varied training stream, the masks that learn from it, and the experiment on other voices and other inputs."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch
from reference.speech_makers import speech_like

from biosig.metrics.waveform import snr
from biosig.models.networks import build
from biosig.papers.primer import sources, tables_voices, varied, voices
from biosig.papers.primer.profiles import OPEN, QUICK, VariedNetwork
from biosig.papers.primer.protocol import PROTOCOL
from biosig.results.items import CellStore
from biosig.results.tables import render
from biosig.results.verify import check_sources
from biosig.signal.types import Mixture, Recording

FS, N = 16000, 8000


def rms(x):
    return np.sqrt(np.mean(np.square(x, dtype=float)))


# --- the stream --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stream():
    return varied.VariedStream(sources.load("quick", "train"), (-20.0, -10.0))


@pytest.fixture(scope="module")
def pairs(stream):
    return [stream.pair(N, "run", k) for k in range(120)]


def test_a_varied_pair_is_repeated_by_its_name_and_differs_from_the_next(stream, pairs):
    np.testing.assert_array_equal(stream.pair(N, "run", 3)[0], pairs[3][0])
    assert not np.array_equal(pairs[3][0], pairs[4][0])
    assert all(x.dtype == np.float32 and x.shape == (N,) for pair in pairs for x in pair)


def test_a_noise_that_shares_a_recording_with_a_validation_noise_is_left_out():
    found = sources.load("quick", "train")
    twin = replace(found.noises[0], item="hu100/n1")
    stream = varied.VariedStream(replace(found, noises=(twin, *found.noises)), (0.0, 0.0))
    assert len(stream.noises) == len(found.noises)


def test_levels_lie_where_they_were_asked_for_and_spread(pairs):
    levels = [20 * np.log10(rms(noisy)) for noisy, _ in pairs]
    assert -20.01 < min(levels) < -18 and -12 < max(levels) < -9.99


def test_now_and_then_the_input_is_clean_or_noise_alone(pairs):
    clean = [np.array_equal(noisy, target) for noisy, target in pairs]
    alone = [not target.any() for _, target in pairs]
    assert 0 < np.mean(clean) < 0.12 and 0 < np.mean(alone) < 0.12
    rest = [float(snr(target.astype(float), noisy.astype(float)))
            for (noisy, target), skip in zip(pairs, np.logical_or(clean, alone), strict=True) if not skip]  # fmt: skip
    assert min(rest) > -5.1 and 20 < max(rest) < 45.1


def test_gains_have_the_shares_and_snrs_they_say():
    rng = np.random.default_rng(0)
    found = np.array([varied.gains(rng, (0.0, 10.0)) for _ in range(4000)])
    assert np.mean(found[:, 0] == 0) == pytest.approx(varied.NOISE_ALONE, abs=0.012)
    assert np.mean(found[:, 1] == 0) == pytest.approx(varied.CLEAN, abs=0.012)
    both = found[(found > 0).all(axis=1)]
    snrs = -20 * np.log10(both[:, 1])
    nearly = snrs > 20
    assert snrs[nearly].min() > 24.9 and snrs[~nearly].max() < 10.1 and snrs.min() > -0.1


def test_band_limits_pass_below_and_stop_above():
    rng = np.random.default_rng(0)
    curves = np.array([varied.band_limit(2 * FS, rng) for _ in range(200)])  # a bin is half a hertz
    edges = np.argmin(curves, axis=1) / 2
    assert curves.min() == 0 and curves.max() == 1 and (np.diff(curves, axis=1) <= 0).all()
    assert np.mean(edges > 7000) == pytest.approx(0.5, abs=0.15) and edges.min() > 3300


def test_reading_at_another_speed_moves_a_tone_and_keeps_the_length(stream):
    def tone(n, rng):
        return np.sin(2 * np.pi * 1000 * np.arange(n) / FS).astype(np.float32)

    found = []
    for seed in range(30):
        out = stream.heard(tone, N, np.random.default_rng(seed), 1)
        assert out.shape == (N,) and rms(out) == pytest.approx(1, abs=1e-3)
        found.append(np.argmax(np.abs(np.fft.rfft(out))) * FS / N)
    assert 840 < min(found) < 920 and 1080 < max(found) < 1160


def test_validation_pairs_hold_mixtures_clean_ones_and_noise_alone():
    held_out = sources.load("quick", "validation")
    found = varied.validation_pairs(held_out, QUICK, (-40.0, -20.0), N)
    clean = [np.array_equal(noisy, target) for noisy, target in found]
    alone = [not target.any() for _, target in found]
    assert sum(clean) > 0 and sum(alone) > 0 and sum(clean) + sum(alone) < len(found)
    levels = sorted(20 * np.log10(rms(noisy)) for noisy, _ in found)
    np.testing.assert_allclose(levels, np.linspace(-40, -20, len(found)), atol=1e-3)


# --- the networks ------------------------------------------------------------------------------------------


def test_new_networks_leave_the_old_ones_as_they_were():
    assert not any(isinstance(OPEN.network(name), VariedNetwork) for name in ("recurrent_mask", "loss_si"))
    assert {name for name, each in OPEN.networks if isinstance(each, VariedNetwork)} == {
        "recurrent_mask_long",
        "light_mask",
        "rnnoise_own",
    }
    for name in ("light_mask", "rnnoise_own"):
        assert OPEN.network(name).scaling == "none"  # a level of the whole clip would look ahead
        assert OPEN.network(name).recipe.precision == "float32"


def test_a_bidirectional_mask_does_hear_later():
    network = build("recurrent_mask", hidden=16).eval()
    x = torch.randn(1, 8192, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert not torch.allclose(network(x)[:, :2000], network(x[:, :6000])[:, :2000], atol=1e-7)


# --- the inputs --------------------------------------------------------------------------------------------


def recording(name, subject, seconds=2.5, seed=0):
    return Recording(0.01 * speech_like(round(seconds * FS), FS, name, seed), FS, "full scale", name, subject)


def noise(name):
    signal = 0.1 * np.random.default_rng(len(name)).standard_normal(5 * FS)
    return Recording(signal, FS, "full scale", f"noises/{name}", name)


def test_levels_of_sentences_are_set():
    found = voices.at_level(recording("a", "f1"), -26.0)
    assert 20 * np.log10(rms(found.signal)) == pytest.approx(-26)


def test_two_talkers_are_of_two_sexes_at_the_exact_snr():
    speech = [recording("a", "fa", 2.5), recording("b", "fb", 2.0), recording("c", "mc", 2.2, seed=5)]
    found = list(voices.two_talkers(speech, voices.PLAN))
    assert [each.subject for each in found] == ["fa", "fa", "fb", "fb", "mc", "mc"]
    for each in found:
        told = float(dict(each.conditions)["snr_db"])
        assert snr(each.clean, each.noisy) == pytest.approx(told, abs=1e-9)
    under_a = found[0].noisy - found[0].clean
    assert abs(np.corrcoef(under_a, np.resize(speech[2].signal, under_a.size))[0, 1]) > 0.999


def test_noise_alone_is_to_become_silence_and_is_counted_in_db():
    each = voices.noise_alone(noise("fan"), voices.PLAN)
    assert not each.clean.any() and each.noisy.size == 4 * FS
    (item,) = voices.reduction(each, lambda case: case.noisy / 2)
    assert item.value == pytest.approx(6.0206, abs=1e-3) and item.metric == voices.REDUCTION
    (item,) = voices.reduction(each, lambda case: case.clean)
    assert item.value is None and item.reason == "nothing came out"


@pytest.mark.parametrize(("by", "gone_hz", "kept_hz"), [("48k", 7950, 7000), ("7k", 7001, 6999)])
def test_narrowing_empties_the_top_of_the_band_and_little_else(by, gone_hz, kept_hz):
    x = np.random.default_rng(0).standard_normal(2 * FS)
    before = voices.Case(x, x, FS, "a", "f", (("set", "voicebank"),))
    after = voices.narrowed(before, by, voices.PLAN)
    power = [np.abs(np.fft.rfft(case.noisy)) ** 2 for case in (before, after)]
    hz = np.fft.rfftfreq(x.size, 1 / FS)
    top, low = hz > gone_hz, hz < kept_hz
    assert power[1][top].sum() < 0.01 * power[0][top].sum()
    assert power[1][low].sum() == pytest.approx(power[0][low].sum(), rel=0.02)
    assert after.item == f"a/{by}" and dict(after.conditions)["set"] == f"voicebank_{by}"
    np.testing.assert_array_equal(after.clean, after.noisy)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Three people of two long sentences each, one noise, one pair; measured by SI-SDR alone."""
    root = tmp_path / "timit_sample"
    for k, folder in enumerate(("dr1-faaa0", "dr1-mbbb0", "dr2-fccc0")):
        (root / folder).mkdir(parents=True)
        for sentence in ("sa1", "sx1", "sx2"):
            stem = root / folder / sentence
            signal = 0.02 * speech_like(round(2.2 * FS), FS, folder, k)
            soundfile.write(stem.with_suffix(".flac"), signal, FS, subtype="PCM_16")
            stem.with_suffix(".phn").write_text(f"0 {signal.size} aa\n")
    subjects = ("faaa0", "mbbb0", "fccc0")
    parts = voices.split("timit_sample")
    monkeypatch.setattr(voices, "split", lambda name: replace(parts, test=replace(parts.test, subjects=subjects)))
    monkeypatch.setattr(voices, "locate", lambda name: tmp_path / name)
    clean, over = (x.signal[: 2 * FS] for x in (recording("p", "p"), noise("hum")))
    pair = Mixture(clean, over, clean + over, FS, 0.0, "voicebank/p232_003", "p232_003")
    monkeypatch.setattr(voices, "voicebank", lambda: [voices.Case(
        pair.clean, pair.noisy, FS, pair.item, pair.subject, (("set", "voicebank"),))])  # fmt: skip
    monkeypatch.setattr(sources, "unseen_noises", lambda: [noise("hum")])
    some = {name: each if each == (voices.REDUCTION,) else ("si_sdr_db",) for name, each in voices.METRICS.items()}
    monkeypatch.setattr(voices, "METRICS", some)
    voices.cases.cache_clear()
    yield
    voices.cases.cache_clear()


def test_cases_are_what_the_plan_says(tiny):
    found = voices.cases()
    sets = [dict(each.conditions)["set"] for each in found]
    counts = {name: sets.count(name) for name in voices.METRICS}
    assert counts == {
        "timit": 3 * 2 * 5, "voicebank": 1, "voicebank_48k": 1, "voicebank_7k": 1, "clean": 3, "noise_alone": 1,
        "two_talkers": 6,
    }  # fmt: skip
    assert len({each.item for each in found}) == len(found)
    assert not any("/sa" in each.item for each in found)  # everyone reads those
    assert {each.subject for each, name in zip(found, sets, strict=True) if name == "timit"} == {
        "faaa0", "mbbb0", "fccc0",
    }  # fmt: skip


def test_cells_become_tables_over_people(tiny, tmp_path):
    store = CellStore(tmp_path / "store")
    for system in ("noisy", "log_mmse"):
        (cell,) = PROTOCOL.cells("open", [f"{voices.PREFIX}{system}"])
        PROTOCOL.run_cell(cell, store=store, device="cpu", progress=False)
    found = {name: make() for name, make in tables_voices.makers(PROTOCOL, "open", store).items()}
    keys = [cell.key for cell in store.cells("primer", "open")]
    assert not [line for table in found.values() for line in check_sources(table, keys)]
    rows = {row[0].text: row for row in found["voices"].rows}
    assert rows["Noisy"][3].value == pytest.approx(np.mean(voices.PLAN.snrs_db), abs=0.05)
    assert rows["Noisy"][3].n["subjects"] == 3 and rows["Noisy"][3].low is not None
    others = {row[0].text: row for row in found["other_inputs"].rows}
    assert others["Noisy"][3].value == 0 and others["Log-MMSE"][3].value > 0  # dB of noise alone removed
    assert render(found["voices"], "md")


def test_a_network_is_named_by_its_checkpoint_and_listed_once_it_is_published():
    config = voices.config("recurrent_mask")
    assert len(config["checkpoint"]) == 64 and "checkpoint" not in voices.config("log_mmse")
    listed = {cell.system for cell in PROTOCOL.cells("open")}
    assert {f"{voices.PREFIX}{name}" for name in voices.SCORED if voices.available(name)} <= listed
    assert not [cell for cell in PROTOCOL.cells("quick") if cell.system.startswith(voices.PREFIX)]
