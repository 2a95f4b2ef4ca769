"""Filling gaps first, and one voice at a time: equal steps, who is heard where, and tables from items."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from biosig.corpora.nemo import SPEAKERS
from biosig.papers.primer import personal, personal_train, pretraining, pretraining_train, sources
from biosig.papers.primer import tables_personal as persons
from biosig.papers.primer import tables_pretraining as gaps_first
from biosig.papers.primer.mixtures import TrainingStream
from biosig.papers.primer.protocol import PROTOCOL
from biosig.results.items import CellStore, Item
from biosig.results.tables import ABSENT, render
from biosig.results.verify import check_sources
from biosig.seeds import rng_for
from biosig.signal.types import Mixture, Recording
from biosig.training import loop
from biosig.training.recipe import CosineRecipe

FS = 16_000
SMALL = replace(pretraining.QUICK, steps=2, few=5, batch=2, window=4000, options=(("hidden", 8), ("layers", 1)))


@pytest.fixture
def stepped(monkeypatch):
    """(learner, loss) of every optimiser step that is really taken."""
    taken, descend = [], loop.descend

    def counted(optimiser, loss, network, clip_norm):
        taken.append((type(network).__name__, loss.item()))
        descend(optimiser, loss, network, clip_norm)

    monkeypatch.setattr(loop, "descend", counted)
    return taken


# --- filling gaps first ---------------------------------------------------------------------------------------------


def test_steps_are_equal_as_the_names_say(stepped, tmp_path):
    counts, first = {}, {}
    for kind in pretraining.KINDS:
        stepped.clear()
        pretraining_train.train(f"{kind}_few", 0, tmp_path / kind, SMALL, progress=False)
        learners = [name for name, _ in stepped]
        counts[kind] = learners.count("GapFiller"), learners.count("RecurrentMasker")
        first[kind] = next(loss for name, loss in stepped if name == "RecurrentMasker")
        told = pretraining.steps(f"{kind}_few", SMALL)
        assert counts[kind] == (told.get("filling", 0), told["pairs"])
    assert counts["pretrained"][0] > 0 and counts["scratch"] == (0, counts["pretrained"][1])
    assert counts["longer"] == (0, sum(counts["pretrained"]))
    assert first["scratch"] == first["longer"] != first["pretrained"]  # the same weights and batch, another body


def test_filling_hands_over_the_body_and_heads_that_have_learnt_nothing(monkeypatch, tmp_path):
    first = {"filling": pretraining.recipes("pretrained_few", 0, SMALL)["filling"]}
    monkeypatch.setattr(pretraining, "recipes", lambda *names: first)
    filled, _ = pretraining_train.train("pretrained_few", 0, tmp_path, SMALL, progress=False)
    fresh = pretraining_train.fresh(0, SMALL)
    for name, value in filled.named_parameters():
        assert torch.equal(value, fresh.state_dict()[name]) == name.startswith(("gain", "angle")), name


def test_few_pairs_stay_few_and_are_others_for_each_seed():
    stream = TrainingStream(sources.load("quick", "train"))
    few = pretraining_train.pairs(stream, 0, SMALL)
    recipe = pretraining.recipes("scratch_few", 0, SMALL)["pairs"]
    draw = pretraining_train.again(few, recipe)
    rows = [row for step in range(20) for row in draw(0, step)[0]]
    found = {next(k for k in range(SMALL.few) if torch.equal(row, few[0][k])) for row in rows}
    assert found == set(range(SMALL.few))
    noisy, clean = draw(1, 3)
    assert not torch.equal(noisy[0], noisy[1]) and noisy.shape == clean.shape == (SMALL.batch, SMALL.window)
    assert not torch.equal(few[0], pretraining_train.pairs(stream, 1, SMALL)[0])


def test_names_of_recipes_say_which_draws_are_shared():
    names = {system: {stage: each.name for stage, each in pretraining.recipes(system).items()}
             for system in pretraining.SYSTEMS}  # fmt: skip
    for amount in pretraining.AMOUNTS:
        assert len({names[f"{kind}_{amount}"]["pairs"] for kind in pretraining.KINDS}) == 1
    assert names["pretrained_few"]["filling"] == names["pretrained_all"]["filling"]
    assert names["pretrained_few"]["pairs"] != names["pretrained_all"]["pairs"]
    assert sum(pretraining.steps("pretrained_all").values()) == sum(pretraining.steps("longer_all").values())


# --- one voice at a time --------------------------------------------------------------------------------------------


@pytest.fixture
def said(monkeypatch):
    """Nine actors who each say eighty sentences; the last one lacks one of them."""
    made = {
        who: {f"{k}": Recording(rng_for("nemo", who, k).standard_normal(400), FS, "full scale",
                                f"nemo/{who}_neutral_{k}", who) for k in range(1, 81)}
        for who in SPEAKERS
    }  # fmt: skip
    del made[SPEAKERS[-1]]["7"]
    monkeypatch.setattr(personal, "spoken", lambda emotion: made)
    return made


def test_nobody_is_tested_on_what_was_adapted_to_or_chosen_by(said):
    names = (personal.TEST, personal.VALIDATION, personal.ADAPTATION)
    parts = personal.parts(personal.common(said))
    assert [len(parts[name]) for name in names] == [4, 10, 60] and "7" not in sum(parts.values(), [])
    assert len({sentence for part in parts.values() for sentence in part}) == 74
    assert parts == personal.parts(set(reversed(sorted(personal.common(said)))))
    for person in SPEAKERS:
        sides = (personal.speech, personal.speech_of_others)
        own, others = ({name: of(person, name) for name in names} for of in sides)
        assert {each.subject for part in own.values() for each in part} == {person}
        heard = [each for side in (own, others) for name in names[1:] for each in side[name]]
        tested = {personal.sentence_of(each.item) for each in own[personal.TEST]}
        assert tested and not tested & {personal.sentence_of(each.item) for each in heard}


def test_others_say_the_same_sentences_and_are_never_the_person(said):
    for person in SPEAKERS[:3]:
        own, others = (of(person, personal.ADAPTATION) for of in (personal.speech, personal.speech_of_others))
        sentences = [[personal.sentence_of(each.item) for each in side] for side in (own, others)]
        assert sentences[0] == sentences[1]
        people = {each.subject for each in others}
        assert person not in people and len(people) == len(SPEAKERS) - 1


def test_every_adaptation_takes_the_same_steps():
    recipes = [replace(personal.recipe(kind, "EB0"), name="") for kind in personal.ADAPTED]
    assert len({repr(each) for each in recipes}) == 1 and isinstance(recipes[0], CosineRecipe)


def test_the_speech_is_the_persons_and_the_babble_is_not():
    def tone(f):
        return Recording(np.sin(2 * np.pi * f * np.arange(2 * FS) / FS), FS, "full scale", f"tone/{f}", str(f))

    noise = Recording(rng_for("noise").standard_normal(2 * FS), FS, "full scale", "noise/n", "n")
    training = TrainingStream(sources.Sources((tone(1000),), (noise,)))
    stream = personal_train.AdaptationStream([tone(3000)], training)

    def loudest(x):
        return np.argmax(np.abs(np.fft.rfft(x))) * FS / x.size

    assert loudest(stream.sentence(8000, rng_for("a"))) == pytest.approx(3000, abs=5)
    assert loudest(stream.babble(8000, rng_for("a"))) == pytest.approx(1000, abs=5)
    np.testing.assert_array_equal(stream.babble(8000, rng_for("a")), training.babble(8000, rng_for("a")))


def test_adaptation_begins_with_the_published_enhancer_and_takes_its_steps(stepped, tmp_path, said):
    plan = replace(personal.QUICK, steps=1, epochs=2, batch=2, window=4000, lr=1e-12)
    found = sources.load("quick", "train")
    stream = personal_train.AdaptationStream(found.speech[:2], TrainingStream(found))
    pairs = personal_train.held_out(found.speech[2:4], found.noises, plan)
    model, result = personal_train.adapted(stream, pairs, personal.recipe("own", "EB0", 0, plan), tmp_path / "x",
                                           progress=False)  # fmt: skip
    assert len(stepped) == 2 == len(result.curve)
    published = personal.enhancer().network
    torch.testing.assert_close(model.enter.weight, published.enter.weight)
    x = rng_for("clip").standard_normal(4000)
    assert personal_train.system_of(model)(x, FS).shape == x.shape


@pytest.mark.parametrize(("kind", "trainings"), [("more", ["everybody"]), ("own", list(SPEAKERS))])
def test_everybody_gets_a_network_and_further_steps_are_taken_once(monkeypatch, tmp_path, kind, trainings):
    found, whom = sources.load("quick", "train"), []
    plan = replace(personal.QUICK, steps=1, epochs=1, batch=1, window=2000)
    pairs = personal_train.held_out(found.speech[:1], found.noises, plan)

    def drawn(which, person, plan):
        whom.append((which, person))
        return TrainingStream(found), pairs

    recipe = personal.recipe
    monkeypatch.setattr(personal_train, "drawn", drawn)
    monkeypatch.setattr(personal, "recipe", lambda which, person, seed: recipe(which, person, seed, plan))
    (cell,) = PROTOCOL.cells("open", [f"personal_{kind}"], seeds=[1])
    made = personal_train.train_cell(cell, tmp_path, "cpu", False)
    assert whom == [(kind, person) for person in trainings] and list(made.system) == list(SPEAKERS)
    networks = {id(system.network) for system in made.system.values()}
    assert len(networks) == len(trainings) == len(made.told["best_epoch"])
    rows = made.files["curve.csv"].read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["person", *trainings]


# --- cells and tables -----------------------------------------------------------------------------------------------


def test_cells_have_seeds_and_know_what_they_begin_with():
    assert [cell.seed for cell in PROTOCOL.cells("open", ["pretrained_few"])] == [0, 1, 2]
    assert [cell.seed for cell in PROTOCOL.cells("open", ["personal_own"])] == [0, 1, 2]
    assert [cell.seed for cell in PROTOCOL.cells("open", ["personal_none"])] == [0]
    names = [cell.name for cell in PROTOCOL.cells("open", [*pretraining.SYSTEMS, "personal_own"])]
    assert len(set(names)) == len(names)
    assert "checkpoint" not in personal.config("noisy", 0) and len(personal.config("own", 0)["checkpoint"]) == 64
    assert not PROTOCOL.cells("quick", ["pretrained_few", "personal_own"])
    assert "picovoice.json" not in personal.config("none", 0)["data_files"]


VALUES = {"pesq_wb": 2.0, "stoi": 0.8, "si_sdr_db": 10.0}


def written(store, systems, at, better):
    """Items of ten units in which ``better`` systems have a little more of everything."""
    for system in systems:
        for cell in PROTOCOL.cells("open", [system]):
            items = [
                Item(f"i{k}", f"u{k}", metric, "1", value + 0.01 * k + 0.001 * k * (system in better), "", at)
                for k in range(1, 11) for metric, value in VALUES.items()
            ]  # fmt: skip
            store.write(cell, items, {"commit": "x", "dirty": False})


def test_tables_are_made_of_items_and_holm_counts_every_row(tmp_path):
    store = CellStore(tmp_path)
    written(store, ["pretrained_few", "scratch_few", "longer_few"], {"set": "unseen"}, ["pretrained_few"])
    written(store, [f"personal_{kind}" for kind in personal.KINDS], {"set": "personal"}, ["personal_own"])
    found = {}
    for module in (gaps_first, persons):
        found |= {name: make() for name, make in module.makers(PROTOCOL, "open", store).items()}
    keys = [cell.key for cell in store.cells("primer", "open")]
    assert not [line for table in found.values() for line in check_sources(table, keys)]
    assert list(found) == ["pretraining", "pretraining_paired", "personal", "personal_paired"]
    rows = found["personal_paired"].rows
    assert len(rows) == 9 and {row[4].text for row in rows} == {"better"}
    assert rows[0][5].value == pytest.approx(9 * 2**-9)  # ten people who all agree, nine comparisons
    gaps = {row[0].text: row for row in found["pretraining_paired"].rows}
    assert len(gaps) == 12 and sum(row[4].text == "better" for row in gaps.values()) == 6
    assert gaps["PESQ-wb: Gaps first, then few pairs against Few pairs, as many steps on them"][3].value == (
        pytest.approx(0.001 * 5.5)
    )
    missing = [row for row in gaps.values() if row[4].source == ABSENT]
    assert len(missing) == 6 and "no finished run" in missing[0][4].note
    shown = {row[0].text: row for row in found["pretraining"].rows}["Gaps first, then few pairs"]
    assert (shown[1].text, shown[2].text) == ("300", "300") and shown[3].n["seeds"] == 3
    c = gaps_first.comparison(PROTOCOL, "open", store)
    assert gaps_first.answer(c).count("better by PESQ-wb, STOI and SI-SDR.") == 2 and "All" not in gaps_first.answer(c)
    assert gaps_first.answer(c).startswith('"Gaps first, then few pairs" against "Few pairs, as many steps on them": ')
    assert render(found["pretraining"], "md") and render(found["personal"], "html")


def test_without_any_run_the_tables_say_so(tmp_path):
    for module in (gaps_first, persons):
        for make in module.makers(PROTOCOL, "open", CellStore(tmp_path)).values():
            table = make()
            assert "no finished run" in render(table, "md") and not [e for row in table.rows for e in row if e.keys]
        assert "not been run yet" in module.answer(module.comparison(PROTOCOL, "open", CellStore(tmp_path)))
        assert module.makers(PROTOCOL, "quick", CellStore(tmp_path)) == {}


def test_everybody_is_measured_with_the_system_for_him(monkeypatch, said):
    mixture = TrainingStream(sources.load("quick", "train")).pair(FS, "somebody")
    noisy, clean = (x.astype(float) for x in mixture)

    def test(person):
        return [Mixture(clean, noisy - clean, noisy, FS, 0.0, f"i{person}", person, conditions=(("set", "personal"),))]

    monkeypatch.setattr(personal, "test", test)
    monkeypatch.setattr(personal, "METRICS", ("si_sdr_db",))
    of = {person: (lambda x, fs, k=k: x + k * clean) for k, person in enumerate(SPEAKERS)}
    items = [item for item in personal.measured("own", of, progress=False) if item.metric == "si_sdr_db"]
    assert [item.subject for item in items] == list(SPEAKERS)
    assert all(np.diff([item.value for item in items]) > 0)
