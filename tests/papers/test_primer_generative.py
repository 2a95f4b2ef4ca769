"""The waveform and generative networks in the speech protocol: cells, trainings, what they are asked, tables."""

from dataclasses import replace

import numpy as np
import pytest

from biosig.papers.neural import denoiser
from biosig.papers.primer import generative, mixtures, sources, tables_generative
from biosig.papers.primer.profiles import OPEN, QUICK
from biosig.papers.primer.protocol import PROTOCOL
from biosig.papers.primer.systems import GAN_STUDY, WAVES
from biosig.papers.primer.train import train
from biosig.results.items import CellStore, Item
from biosig.results.tables import render
from biosig.results.verify import check_sources

TINY = {
    "segan": (("channels", (2, 4)), ("peak", 8.0)),
    "score_diffusion": (("channels", (8, 8)), ("blocks", 1), ("features", 8), ("hop", 255), ("steps", 2)),
}


def test_each_has_three_cells_in_the_open_profile_and_none_in_quick():
    names = [*WAVES, *GAN_STUDY]
    cells = [(cell.system, cell.seed) for cell in PROTOCOL.cells("open", names)]
    assert cells == [(name, seed) for name in names for seed in (0, 1, 2)]
    assert PROTOCOL.cells("quick", names) == []


def test_what_they_are_asked_stands_in_their_configs_and_in_no_other():
    asked = {cell.system: cell.config.get("generative") for cell in PROTOCOL.cells("open", seeds=[0])}
    assert {name for name, found in asked.items() if found} == {*WAVES, *GAN_STUDY}
    assert asked["score_diffusion"]["steps"] == [1, 3, 5, 10, 30] and "steps" not in asked["demucs"]


def test_the_three_trainings_of_the_gan_differ_in_their_terms_alone():
    both, l1, alone = (OPEN.network(name) for name in tables_generative.GAN)
    assert both.options == l1.options == alone.options
    same = ("steps_per_epoch", "max_epochs", "batch", "window", "lr")
    assert len({tuple(getattr(each.recipe, name) for name in same) for each in (both, l1, alone)}) == 1
    assert (both.recipe.distance, alone.recipe.distance, l1.recipe.loss) == (100.0, 0.0, "l1")
    assert both.recipe.loss == alone.recipe.loss  # what validates


@pytest.mark.parametrize("name", TINY)
def test_a_network_trains_validates_and_enhances(name, tmp_path):
    network = OPEN.network(name)
    recipe = replace(network.recipe, steps_per_epoch=1, max_epochs=1, batch=2, window=4096)
    setup = replace(QUICK, utterances=2)
    model, notes, result = train(setup, replace(network, options=TINY[name]), recipe, tmp_path, "cpu", False)
    assert len(result.curve) == 1 and (tmp_path / "game.csv").is_file() == (name == "segan")
    assert notes.get("kind") == ("score" if name == "score_diffusion" else None)
    noisy = np.random.default_rng(0).standard_normal(4000)
    enhanced = denoiser(model, notes)(noisy, 16000)
    assert enhanced.shape == noisy.shape and np.isfinite(enhanced).all()


class Halver:
    """A system with steps to choose."""

    steps = 7

    def __init__(self):
        self.seen = []

    def __call__(self, noisy, fs):
        self.seen.append(self.steps)
        return noisy / 2


def test_the_curve_asks_every_number_of_steps_and_leaves_the_system_as_it_was():
    (pair,) = mixtures.test_mixtures(sources.load("quick", "test"), (5,), "samples")[:1]
    system = Halver()
    found = generative.curve(system, [pair], progress=False)
    assert system.seen == list(generative.STEPS) and system.steps == 7
    assert len({(item.item, item.metric) for item in found}) == len(found) == len(generative.STEPS) * 5  # and the delay
    assert {item.conditions["steps"] for item in found} == set(map(str, generative.STEPS))
    same = [item.value for item in found if item.metric == "si_sdr_db"]
    assert len(set(same)) == 1  # a half is a half in any number of steps


def test_tables_say_what_was_run_and_what_not(tmp_path):
    store, at = CellStore(tmp_path), {"set": "voicebank"}
    cell = PROTOCOL.cells("open", ["segan"], seeds=[1])[0]
    items = [
        *(Item(f"p{k}", f"p{k}", "pesq_wb", "1", 1.5 + k, "", at) for k in range(2)),
        Item("n", "n", "noise_reduction_db", "1", 12.0, "", {"set": "noise_alone"}),
    ]
    store.write(cell, items, {"best_validation": 1.0}, {"game.csv": b"epoch,judged_real\n0,0.75\n1,0.5\n"})
    c = tables_generative.comparison(PROTOCOL, "open", store)
    rows = {row[0].text: row[1:] for row in tables_generative.gan(c).rows}
    assert len(rows) == 9
    values = [entry.value for entry in rows["SEGAN: discriminator and L1, seed 1"]]
    assert values[0] == pytest.approx(2.0) and values[-1] == pytest.approx(12.0)
    assert all(entry.value is None for entry in rows["SEGAN: discriminator and L1, seed 0"])
    judged = [(0, 0.75), (1, 0.5)]
    told = [{"epoch": epoch, "judged_real": value} for epoch, value in judged]
    assert tables_generative.games(c) == {("segan", 1): told}
    for make in tables_generative.makers(PROTOCOL, "open", store).values():
        assert not check_sources(make(), [cell.key]) and "no finished run" in render(make(), "text")


def test_profiles_without_them_have_no_tables(tmp_path):
    for profile in ("quick", "paper"):
        assert tables_generative.makers(PROTOCOL, profile, CellStore(tmp_path)) == {}
