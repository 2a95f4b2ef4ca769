"""TRNet's experiment: who meets which noise, what training may see, and the paper's corpora in their true layout."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

from biosig import cli
from biosig.corpora import iemocap
from biosig.corpora.folds import Fold
from biosig.errors import ConfigError, DataError
from biosig.models.trnet import CLEAN_DB
from biosig.papers.base import open_store, paper
from biosig.papers.trnet import learning, profiles, sources, testing
from biosig.papers.trnet.learning import Bench, batches, decibels, learned, teacher, validated
from biosig.papers.trnet.naming import CONTROLS, SYSTEMS
from biosig.papers.trnet.profiles import OPEN, PAPER, QUICK, options, recipe
from biosig.papers.trnet.sources import conditions, deal, drawn, fitted, heard_as, noises_of, utterances
from biosig.papers.trnet.spectra import Spectra, kept, spectra
from biosig.signal.types import Recording

FS = 16_000
FOLD = Fold("m1", "m2", ("m3", "m4", "m5"))
CLEAN = ("clean", None)
SOME = (CLEAN, ("matched", 20.0), ("matched", 0.0))


def sound(item: str, subject: str, channel: str = "", label: str = "") -> Recording:
    return Recording(np.ones(8), FS, "full scale", item, subject, channel, label=label)


@pytest.fixture
def tiny():
    """A profile of the embedded words that trains in a blink."""
    short = recipe("tiny", 2, 3, 1e-3, 2)
    return replace(QUICK, per_class=1, seconds=0.3, width=2, recipe=short, clean_recipe=replace(short, name="tiny c"))


@pytest.fixture
def planted(tiny):
    """Spectra that say the emotion in the loudness of some bins, enhanced ones without the planted noise."""
    speech = utterances(tiny)
    labels = np.array([tiny.emotions.index(each.label) for each in speech])
    rng = np.random.default_rng(0)
    clean = rng.normal(-4, 0.1, (len(speech), 28, 80)).astype(np.float32)
    for place, label in enumerate(labels):
        clean[place, :, 10 * label : 10 * label + 8] += 3
    noisy = {condition: clean + 0.1 * k for k, condition in enumerate(SOME)}
    actors = np.array([each.subject for each in speech])
    kinds = dict.fromkeys(SOME, ("",) * len(speech))
    return Spectra(labels, actors, tuple(each.item for each in speech), noisy, dict.fromkeys(SOME, clean), kinds)


# --- cells ------------------------------------------------------------------------------------------------------------


def test_cells_are_systems_behind_the_enhancers_that_are_there():
    protocol = paper("trnet")
    cells = protocol.cells("open")
    assert len({cell.key for cell in cells}) == len(cells)
    by_seed = {system: {cell.seed for cell in cells if cell.system == system} for system in protocol.systems}
    assert by_seed["baseline_c"] == by_seed["trnet_no_high_nsnet2"] == {0, 1, 2}
    assert by_seed["trnet_recurrent_mask_long"] == {0, 1, 2} and not by_seed["trnet_log_mmse"]
    quick = {SYSTEMS[cell.system][0] for cell in protocol.cells("quick")}
    assert "trnet" in quick and not quick & set(CONTROLS)
    assert protocol.corpora(protocol.cells("paper")[0]) == ("iemocap", "esc50", "musan")


def test_a_cell_is_named_by_its_network_its_schedule_and_its_enhancer():
    names = ("trnet_nsnet2", "trnet_learned_nsnet2")
    (trnet,), (control,) = (paper("trnet").cells("open", [name], [0]) for name in names)
    assert trnet.config["network"]["options"] == {"classes": 4, "form": "paper", "width": OPEN.width, "pace": 10}
    assert control.config["network"]["options"]["gate"] == "learned"
    assert trnet.config["enhancer"][0] == "nsnet2" and trnet.config["network"]["recipe"]["clip_norm"] == 10


# --- who meets which noise --------------------------------------------------------------------------------------------


def test_no_recording_of_matched_noise_is_dealt_to_two_groups():
    noises = [sound(f"n/{k}-{take}", f"r{k}", f"kind {k % 3}") for k in range(14) for take in "AB"]
    dealt = deal(noises, ["a", "b", "c", "d"])
    owned = {name: {each.subject for each in own} for name, own in dealt.items()}
    assert sum(map(len, owned.values())) == 14 == len(set.union(*owned.values()))
    assert all(len(own) >= 3 for own in owned.values()) and sum(map(len, dealt.values())) == 28
    with pytest.raises(DataError, match="1 sources of noise for 2 groups"):
        deal(noises[:2], ["a", "b"])


def test_actors_of_the_samples_share_no_noise():
    there = noises_of(QUICK)
    sides = [{noise.item for noise in own.matched} for own in there.values()]
    assert sum(map(len, sides)) == len(set.union(*sides))
    unmatched = {noise.item for noise in there["m1"].unmatched}
    assert not unmatched & set.union(*sides)


@pytest.mark.parametrize("environment", ["matched", "unmatched"])
def test_an_utterance_meets_one_noise_at_an_exact_snr(environment):
    speech = utterances(QUICK)[0]
    clean, _ = heard_as(QUICK, speech, CLEAN)
    assert clean.size == round(QUICK.seconds * FS)
    (loud, kind), (faint, same) = (heard_as(QUICK, speech, (environment, snr)) for snr in (0.0, 20.0))
    assert kind == same != ""
    for mixture, snr_db in ((loud, 0.0), (faint, 20.0)):
        noise = mixture - clean
        assert 10 * np.log10(np.sum(clean**2) / np.sum(noise**2)) == pytest.approx(snr_db, abs=1e-6)
    np.testing.assert_allclose((loud - clean) / 10, faint - clean, atol=1e-12)


def test_a_signal_is_repeated_or_cut():
    x = np.arange(5.0)
    np.testing.assert_array_equal(fitted(x, 12 / FS), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1])
    np.testing.assert_array_equal(fitted(x, 3 / FS), [0, 1, 2])


def test_a_lot_draws_as_many_of_each_actor_and_emotion_in_whatever_order_they_come():
    found = [sound(f"c/{a}{e}{k}", a, label=e) for a in "xy" for e in ("joy", "fear") for k in range(5)]
    some = drawn(found, 2)
    assert sorted(each.item for each in some) == sorted(each.item for each in drawn(found[::-1], 2))
    assert len(some) == 8 and len({(each.subject, each.label) for each in some}) == 4


def test_an_actor_without_one_of_the_emotions_is_named():
    found = [sound("c/1", "x", label="joy"), sound("c/2", "x", label="fear"), sound("c/3", "y", label="joy")]
    with pytest.raises(DataError, match="actor y has no utterance of fear: expected joy, fear of each"):
        sources.check_classes(found, ("joy", "fear"))


@pytest.mark.parametrize("actors, message", [
    (["1F", "1M", "2F"], "session 2 has actor 2F alone"),
    (["1F", "1M"], "there is no session beside 1"),
])  # fmt: skip
def test_sessions_that_cannot_be_left_out_are_named(monkeypatch, actors, message):
    monkeypatch.setattr(sources, "utterances", lambda setup: [sound(f"i/{name}", name) for name in actors])
    with pytest.raises(DataError, match=message):
        sources.folds(PAPER)


def test_the_partner_of_the_session_validates_and_the_other_sessions_train(monkeypatch):
    actors = [f"{session}{sex}" for session in "123" for sex in "FM"]
    monkeypatch.setattr(sources, "utterances", lambda setup: [sound(f"i/{name}", name) for name in actors])
    found = sources.folds(PAPER)
    assert len(found) == 6 and found[2] == Fold("2F", "2M", ("1F", "1M", "3F", "3M"))


# --- training ---------------------------------------------------------------------------------------------------------


def test_every_utterance_draws_a_condition_for_each_epoch(planted):
    given = replace(recipe("x", 1, 9, 1e-3, 1), steps_per_epoch=1)
    places = planted.of("m3", "m4", "m5")
    reference = torch.arange(len(planted.labels))[:, None] * torch.ones(4)
    batch, seen = batches(planted, places, SOME, given, reference), []
    for epoch in range(30):
        heard, truth = batch(epoch, 0)
        chosen = truth.reference[:, 0].long().numpy()  # says which utterances they are
        assert sorted(chosen) == sorted(places)
        np.testing.assert_array_equal(truth.label, planted.labels[chosen])
        np.testing.assert_array_equal(truth.clean, planted.noisy[CLEAN][chosen])
        for row, place in enumerate(chosen):
            (condition,) = [c for c in SOME if np.array_equal(planted.noisy[c][place], heard.noisy[row])]
            assert heard.snr_db[row] == decibels(condition)
            seen.append(condition)
    shares = [seen.count(condition) / len(seen) for condition in SOME]
    assert all(0.22 < share < 0.45 for share in shares)
    again = batch(7, 0)[0].noisy
    torch.testing.assert_close(again, batch(7, 0)[0].noisy)
    assert decibels(CLEAN) == CLEAN_DB


def test_training_sees_nothing_of_the_actor_left_out(tiny, planted, tmp_path):
    for side in (planted.noisy, planted.enhanced):
        for spectra_of in side.values():
            spectra_of[planted.of("m1")] = np.nan
    bench = Bench(tiny, 0, planted, SOME)
    clean, _ = teacher(bench, FOLD, tmp_path)
    network, result = learned(bench, "trnet", FOLD, tmp_path, clean)
    assert np.isfinite([row["train_loss"] for row in result.curve]).all() and np.isfinite(result.best_value)
    assert all(torch.isfinite(value).all() for value in network.state_dict().values())


def test_networks_in_noise_begin_with_the_clean_recogniser_where_the_profile_says(tiny, planted, tmp_path, monkeypatch):
    begun = {}

    def look(network, objective, batch, validate, given, folder, progress):
        begun[folder.name] = {name: value.clone() for name, value in network.state_dict().items()}
        return testing.FitResult(0, 0.5, (), "max_epochs", 0.0)

    clean, _ = teacher(Bench(tiny, 0, planted, SOME), FOLD, tmp_path)
    monkeypatch.setattr(learning, "fit", look)
    for name, value in (("from", True), ("fresh", False)):
        learned(Bench(replace(tiny, from_clean=value), 0, planted, SOME), "trnet", FOLD, tmp_path / name, clean)
    own = clean.state_dict()
    shared = [name for name in own if name.startswith(("encoder", "classifier"))]
    assert all(torch.equal(begun["from"][name], own[name]) for name in shared)
    assert not all(torch.equal(begun["fresh"][name], own[name]) for name in shared)


def test_the_teacher_of_a_fold_and_seed_is_trained_once(tiny, planted, tmp_path, monkeypatch):
    bench = Bench(tiny, 0, planted, SOME)
    first, result = teacher(bench, FOLD, tmp_path)
    monkeypatch.setattr("biosig.training.loop.train_epoch", lambda *given: pytest.fail("trained twice"))
    second, again = teacher(bench, FOLD, tmp_path)
    assert again.curve == result.curve
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_a_loss_that_is_no_number_is_one_sentence(tiny, planted, tmp_path):
    planted.noisy[CLEAN][planted.of("m3")] = np.inf
    with pytest.raises(ConfigError, match="loss of tiny c, m1 left out is nan .* expected a finite number"):
        teacher(Bench(tiny, 0, planted, SOME), FOLD, tmp_path)


def test_memory_that_runs_out_is_one_sentence(tiny, planted, tmp_path, monkeypatch):
    def fail(*given):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(learning, "fit", fail)
    with pytest.raises(ConfigError, match="a step of tiny c, m1 left out needs more memory .* a batch below 3"):
        teacher(Bench(tiny, 0, planted, SOME), FOLD, tmp_path)


def test_fewer_utterances_than_a_batch_are_refused(tiny, planted, tmp_path):
    long = replace(tiny, clean_recipe=replace(tiny.clean_recipe, batch=64))
    with pytest.raises(DataError, match="9 utterances train the fold of m1: expected at least one batch of 64"):
        teacher(Bench(long, 0, planted, SOME), FOLD, tmp_path)


def test_validation_is_the_mean_of_the_classes_recalls(tiny, planted):
    class Always:
        def __call__(self, heard):
            logits = torch.zeros(len(heard.noisy), 3)
            logits[:, 1] = 1
            return testing.Told(logits, logits[:, :1], heard.noisy, logits)

        def parameters(self):
            yield torch.zeros(1)

    assert validated(Always(), planted, planted.of("m1", "m2"), SOME) == pytest.approx(1 / 3)


def test_options_of_every_system_build_its_network(tiny):
    from biosig.models.networks import build

    for which in profiles.OPTIONS:
        build("trnet", **options(tiny, which))


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_separation_of_two_clouds_is_their_distance_over_their_spread():
    cloud = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    h, group = np.concatenate([cloud, cloud + [6, 0]]), np.repeat([0, 1], 4)
    assert testing.separation(h, group) == pytest.approx(6.0)
    assert testing.separation(3 * h, group) == pytest.approx(6.0)
    assert np.isnan(testing.separation(np.ones((4, 2)), np.array([0, 0, 1, 1])))


def test_enhanced_speech_is_kept_and_read_again(tmp_path, monkeypatch):
    from biosig.cache import ArrayCache

    cache, sounds = ArrayCache(tmp_path), 0.1 * np.random.default_rng(0).standard_normal((2, 4000))
    first = kept("log_mmse", cache)(sounds)
    monkeypatch.setattr("biosig.papers.trnet.spectra.load_system", lambda *given: pytest.fail("enhanced twice"))
    np.testing.assert_array_equal(kept("log_mmse", cache)(sounds), first)
    assert first.shape == sounds.shape


def test_a_cell_holds_every_prediction_and_the_gate(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "folds", lambda setup: [FOLD])
    monkeypatch.setattr(testing, "folds", lambda setup: [FOLD])
    tests = tuple(conditions(tiny, "matched", "unmatched"))
    bench = Bench(tiny, 0, spectra(tiny, "log_mmse", tests), tests[:6])
    found = testing.all_folds(bench, "trnet", tests, tmp_path / "cell", gated=True)
    asked = [item for item in found.items if item.metric == "correct"]
    gates = [item for item in found.items if item.metric == "c"]
    assert len(asked) == len(gates) == 3 * 11 and {item.subject for item in asked} == {"m1"}
    assert all(0 <= item.value <= 1 for item in gates)
    assert {item.metric for item in found.items} == {"correct", "c", "condition_shift", "emotion_distance"}
    points = np.load(io.BytesIO(found.points))
    assert points.shape == (9, 2 + 16) and set(points[:, 0]) == {0.0, 10.0, 20.0}


# --- the paper's own corpora ------------------------------------------------------------------------------------------


def write(path, seed, fs=FS, seconds=0.45):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * fs)), fs)


def true_layout(root):
    """Five sessions of IEMOCAP, ESC-50 with one clip of each class, and MUSAN's noise."""
    for session in "12345":
        name, text = f"Ses0{session}F_impro01", "% head\n\n"
        for k, (code, sex) in enumerate((code, sex) for code in ("ang", "exc", "neu", "sad") for sex in "FM"):
            turn = f"{name}_{sex}{k:03}"
            text += f"[{k}.2901 - {k}.9357]\t{turn}\t{code}\t[2.5000, 2.5000, 2.5000]\n\n"
            write(root / "iemocap" / f"Session{session}" / "sentences" / "wav" / name / f"{turn}.wav", k)
        folder = root / "iemocap" / f"Session{session}" / "dialog" / "EmoEvaluation"
        folder.mkdir(parents=True)
        (folder / f"{name}.txt").write_text(text)
    columns = ("filename", "fold", "target", "category", "esc10", "src_file", "take")
    rows = [(f"{k % 5 + 1}-{k}-A-{k}.wav", k % 5 + 1, k, f"kind_{k}", False, k, "A") for k in range(50)]
    (root / "esc50" / "meta").mkdir(parents=True)
    with open(root / "esc50" / "meta" / "esc50.csv", "w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    for k, row in enumerate(rows):
        write(root / "esc50" / "audio" / row[0], k, 44_100, 0.1)
    for source in ("free-sound", "sound-bible"):
        write(root / "musan" / "noise" / source / f"noise-{source}-0000.wav", 7)
    return root


def test_the_paper_profile_runs_on_its_corpora_in_their_true_layout(tmp_path, monkeypatch, capsys):
    short = recipe("tiny paper", 1, 32, 1e-3, 1)
    small = replace(
        PAPER, width=2, seconds=0.4, snrs_db=(10.0,), seeds=(0,), enhancers=("log_mmse",), controls=False, recipe=short,
        clean_recipe=replace(short, name="tiny paper, clean"),
    )  # fmt: skip
    monkeypatch.setitem(profiles.SETUPS, "paper", small)
    monkeypatch.setenv("BIOSIG_DATA", str(true_layout(tmp_path / "data")))
    monkeypatch.setenv("BIOSIG_RESULTS", str(tmp_path / "results"))
    assert cli.main(["run", "trnet", "--profile", "paper", "--system", "baseline_c", "--system", "trnet_log_mmse"]) == 0
    store, protocol = open_store("paper"), paper("trnet")
    (cell,) = protocol.cells("paper", ["trnet_log_mmse"])
    items = store.read(cell).items
    assert {item.subject for item in items} == set(iemocap.SPEAKERS)
    assert {item.conditions.get("label") for item in items} == {None, "angry", "happy", "neutral", "sad"}
    (table,) = protocol.tables("paper", store, ["table1_uar"])
    assert table.rows[3][2].value is not None and table.rows[3][1].text == "57.49"
    capsys.readouterr()
