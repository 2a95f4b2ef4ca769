"""The simulated arousal cell on made-up voices: mixing, windows, sums, and that the test set has no say."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from biosig.backends.postprocessing import PostProcessing
from biosig.corpora.simulated_arousal import simulated_sessions
from biosig.errors import ConfigError, DataError
from biosig.papers.se_for_ser import arousal
from biosig.papers.se_for_ser.arousal import NOTHING, ArousalSetup, Front, Part
from biosig.results.measures import CCC, pool, summarise_pool
from biosig.seeds import rng_for
from biosig.signal.types import Recording
from biosig.training.recipe import Recipe

FS = 16000
PITCH = {"anger": 1500.0, "boredom": 300.0}
RECIPE = Recipe("arousal test", 6, 2, batch=4, window=4 * FS, lr=5e-3, loss="ccc")
OPTIONS = (("filters", (4, 4)), ("kernels", (8, 4)), ("hidden", 8), ("dropout", 0.0))


def voice(speaker, label, number):
    """A "voice" that gives its emotion away by its pitch."""
    rng = rng_for("voice", speaker, label, number)
    t = np.arange(round(rng.uniform(1.0, 1.8) * FS)) / FS
    signal = 0.1 * np.sin(2 * np.pi * PITCH[label] * rng.uniform(0.9, 1.1) * t)
    return Recording(signal, FS, "full scale", f"emodb/{speaker}{label}{number}", speaker, label=label)


def made_up(part, per_speaker, seconds):
    speakers = {"train": ("t1", "t2"), "validation": ("v1",), "test": ("e1", "e2")}[part]
    voices = [voice(name, label, k) for name in speakers for label in PITCH for k in range(4)]
    hiss = rng_for("hiss", part).standard_normal((2, 3 * FS))
    noises = tuple(Recording(row, FS, "full scale", f"{part}/{k}", f"{part}{k}") for k, row in enumerate(hiss))
    return Part(tuple(simulated_sessions(voices, [f"emodb-{name}" for name in speakers], per_speaker, seconds)), noises)


SETUP = ArousalSetup(RECIPE, options=OPTIONS, seconds=20.0, per_speaker=(2, 1, 1), source=made_up)


def train_and_predict(setup, front, train_snr_db, seed, folder, *, snrs_db, tested_behind=None):
    """A network trained behind one front end and tested behind it, or behind others: (items, regressor)."""
    regressor = arousal.train(setup, front, train_snr_db, seed, folder, "cpu", False)
    fronts = tested_behind or (front,)
    return [i for each in fronts for i in arousal.tested(regressor, setup, each, train_snr_db, snrs_db)], regressor


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return train_and_predict(SETUP, NOTHING, None, 0, folder, snrs_db=(None, 5.0))


def test_the_snr_is_exact_and_the_noise_the_same_at_every_snr():
    part = made_up("test", 1, 20.0)
    session, clean = part.sessions[0], part.sessions[0].recording.signal
    found = {snr: arousal.in_noise(session, part.noises, snr) - clean for snr in (0.0, 10.0)}
    for snr, noise in found.items():
        assert 10 * np.log10(np.sum(clean**2) / np.sum(noise**2)) == pytest.approx(snr)
    np.testing.assert_allclose(found[0.0], found[10.0] * 10**0.5, atol=1e-12)
    np.testing.assert_array_equal(arousal.in_noise(session, part.noises, None), clean)


def test_every_noise_takes_its_turn_at_one_level():
    levels = (0.01, 1.0, 50.0)
    noises = [Recording(np.full(FS, level) * (-1.0) ** (np.arange(FS) // 2**k), FS, "full scale", f"{k}", "")
              for k, level in enumerate(levels)]  # fmt: skip
    bed = arousal.noise_bed(noises, 3 * FS, "a session")
    np.testing.assert_allclose(np.abs(bed), 1, rtol=1e-6)
    changes = [np.sum(np.diff(np.sign(bed[k * FS : (k + 1) * FS])) != 0) for k in range(3)]
    assert len({round(FS / max(1, count)) for count in changes}) == 3


def test_what_the_network_hears_has_rms_1():
    loud = 5 * rng_for("loud").standard_normal(FS)
    for front in (NOTHING, Front("tripled", lambda noisy, clean, fs: 3 * noisy)):
        out = front(loud, loud)
        assert out.dtype == np.float32
        np.testing.assert_allclose(out, loud / np.sqrt(np.mean(loud**2)), rtol=1e-4)


def test_a_front_end_is_given_the_session_in_noise_and_its_clean_sound():
    part, given = made_up("test", 1, 20.0), []
    front = Front("watched", lambda *told: given.append(told) or told[0])
    arousal.heard(part, front, 5.0)
    for (noisy, clean, fs), session in zip(given, part.sessions, strict=True):
        assert fs == FS and np.array_equal(clean, session.recording.signal)
        assert 10 * np.log10(np.sum(clean**2) / np.sum((noisy - clean) ** 2)) == pytest.approx(5, abs=1e-6)


def test_windows_and_their_arousal_belong_together():
    sessions = arousal.heard(made_up("train", 2, 20.0), NOTHING, None)
    for k, one in enumerate(sessions):
        stamped = np.repeat(np.arange(one.arousal.size), 640) + 1000.0 * k
        sessions[k] = arousal.Heard(replace(one.session, arousal=stamped[::640]), stamped.astype(np.float32))
    sound, truth = arousal.batches(sessions, RECIPE)(1, 2)
    assert sound.shape == (4, 4 * FS) and truth.shape == (4, 100)
    torch.testing.assert_close(sound[:, ::640], truth)
    again, other = (arousal.batches(sessions, RECIPE)(1, step)[1] for step in (2, 3))
    torch.testing.assert_close(truth, again)
    assert not torch.equal(truth, other)


def test_prediction_goes_window_by_window_and_leaves_nothing_out():
    network, audio = arousal.initialised("end_to_end", 0, **dict(OPTIONS)).eval(), np.float32(
        rng_for("audio").standard_normal(640 * 25))  # fmt: skip
    found = arousal.predict(network, audio, window=6400)
    with torch.no_grad():
        parts = [network(torch.from_numpy(audio[a : a + 6400])[None])[0] for a in (0, 6400, 12800)]
    np.testing.assert_allclose(found, torch.cat(parts).numpy(), atol=1e-6)
    assert found.shape == (25,)


def pooled_ccc(items):
    """CCC of the only level that these items have."""
    return summarise_pool(pool({0: items}, CCC)).value


def test_items_say_who_where_and_what(ran):
    items, regressor = ran
    assert len(items) == 2 * 2 * 6  # speakers, SNRs, sums
    assert {item.subject for item in items} == {"emodb-e1", "emodb-e2"}
    assert {item.conditions["snr_db"] for item in items} == {"clean", "5"}
    assert {item.conditions["train_snr_db"] for item in items} == {"clean"}
    assert len({(item.item, item.metric) for item in items}) == len(items)
    clean = [item for item in items if item.conditions["snr_db"] == "clean"]
    heard = arousal.heard(made_up("test", 1, 20.0), NOTHING, None)
    assert pooled_ccc(clean) == pytest.approx(arousal.pooled(heard, [regressor(h.audio) for h in heard]))


def test_a_few_steps_learn_something_and_the_notes_say_how_much(ran):
    _, regressor = ran
    curve, notes = regressor.notes["curve"], regressor.notes
    assert curve[-1]["train_loss"] < curve[0]["train_loss"]
    assert notes["validation_ccc"] == pytest.approx(1 - min(row["validation"] for row in curve))
    assert notes["validation_ccc_processed"] >= notes["validation_ccc"]
    assert PostProcessing(**notes["postprocessing"]) == regressor.steps


def test_the_test_set_has_no_say(ran, tmp_path):
    """With other test sessions, weights and post-processing come out the same, to the last bit."""

    def planted(part, per_speaker, seconds):
        found = made_up(part, per_speaker, seconds)
        if part != "test":
            return found
        return Part(tuple(replace(each, arousal=-each.arousal) for each in found.sessions), found.noises)

    _, first = ran
    setup = replace(SETUP, source=planted)
    _, second = train_and_predict(setup, NOTHING, None, 0, tmp_path, snrs_db=(5.0,))
    assert second.steps == first.steps
    for name, tensor in first.network.state_dict().items():
        torch.testing.assert_close(second.network.state_dict()[name], tensor, rtol=0, atol=0)


def test_training_asks_for_no_test_part(tmp_path):
    asked = []

    def watched(part, per_speaker, seconds):
        asked.append(part)
        return made_up(part, per_speaker, seconds)

    arousal.train(replace(SETUP, source=watched, recipe=replace(RECIPE, max_epochs=1, steps_per_epoch=1)),
                  NOTHING, 5.0, 1, tmp_path, "cpu", False)  # fmt: skip
    assert asked == ["train", "validation"]


def test_several_fronts_behind_one_network(tmp_path):
    quiet = Front("halved", lambda noisy, clean, fs: noisy / 2)
    setup = replace(SETUP, recipe=replace(RECIPE, max_epochs=1, steps_per_epoch=1))
    items, _ = train_and_predict(
        setup, NOTHING, None, 0, tmp_path, tested_behind=(NOTHING, quiet), snrs_db=(0.0,)
    )
    behind = {name: [i for i in items if i.conditions["front"] == name] for name in ("none", "halved")}
    assert len(behind["none"]) == len(behind["halved"]) == 2 * 6
    assert pooled_ccc(behind["none"]) == pytest.approx(pooled_ccc(behind["halved"]), abs=1e-3)


def test_what_cannot_be_set_up():
    with pytest.raises(ConfigError, match="64000 samples: expected a multiple of 640 no longer than 2 s"):
        replace(SETUP, seconds=2.0)
    with pytest.raises(DataError, match="no usable noise"):
        Part(made_up("test", 1, 20.0).sessions, ())


@pytest.mark.real_data
def test_the_open_parts_share_no_speaker_and_no_noise():
    parts = [arousal.open_part(name, 1, 6.0) for name in ("train", "validation", "test")]
    speakers = [{each.recording.subject for each in part.sessions} for part in parts]
    noises = [{each.item for each in part.noises} for part in parts]
    for sets in (speakers, noises):
        assert all(a.isdisjoint(b) for a, b in ((sets[0], sets[1]), (sets[0], sets[2]), (sets[1], sets[2])))
    assert [len(each) for each in speakers] == [8, 4, 7]
