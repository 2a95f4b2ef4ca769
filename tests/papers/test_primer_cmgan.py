"""CMGAN in the speech chapter: a fair ablation, what its training notes, who may call it, its tables before any run."""

from dataclasses import asdict, replace

import numpy as np

from biosig.papers import neural
from biosig.papers.primer import systems
from biosig.papers.primer.profiles import OPEN, QUICK
from biosig.papers.primer.protocol import PROTOCOL
from biosig.papers.primer.train import train
from biosig.results.items import CellStore
from biosig.results.tables import render

ONLY_IN = {"adversarial", "discriminator_lr", "discriminator_channels", "workers"}


def test_with_and_without_the_discriminator_differ_in_nothing_else():
    for setup in (QUICK, OPEN):
        both, alone = (setup.network(name) for name in ("cmgan", "cmgan_plain"))
        assert both.options == alone.options and both.window_s == alone.window_s
        one, other = asdict(both.recipe), asdict(alone.recipe)
        assert one.keys() - other.keys() == ONLY_IN
        assert {name for name in other if one[name] != other[name]} == {"name"}


def test_the_open_profile_trains_each_once():
    cells = PROTOCOL.cells("open", ["cmgan", "cmgan_plain"])
    assert [(cell.system, cell.seed) for cell in cells] == [("cmgan", 0), ("cmgan_plain", 0)]
    assert cells[0].config["network"]["recipe"]["adversarial"] == 0.05


def test_training_tells_how_often_pesq_was_asked_for_and_how_long_a_pass_may_be(tmp_path):
    network = QUICK.network("cmgan")
    recipe = replace(network.recipe, steps_per_epoch=1, batch=1)
    model, notes, result = train(replace(QUICK, utterances=1), network, recipe, tmp_path, "cpu", False)
    assert notes["judged"]["pesq_asked"] == 1 and notes["window_s"] == 4.0 and len(result.curve) == 1
    head, row = (line.split(",") for line in (tmp_path / "pesq.csv").read_text().splitlines())
    assert head[0] == "epoch" and {"asked", "failed", "why_failed"} <= set(head) and row[head.index("asked")] == "1"
    system = neural.denoiser(model, notes)
    assert system.window_s == 4.0 and system.scaling == "rms"
    assert not system(np.zeros(4000), 16_000).any()


def test_users_can_call_what_is_published_and_no_more(monkeypatch):
    monkeypatch.setattr(systems, "is_published", lambda paper, name: name == "cmgan")
    assert set(systems.for_users()) - set(systems.CALLABLE) == {"cmgan"}


def test_its_tables_say_that_nothing_was_run(tmp_path):
    tables = PROTOCOL.tables("open", CellStore(tmp_path), ["cmgan", "cmgan_pesq_wb_paired"])
    assert [table.name for table in tables] == ["cmgan", "cmgan_pesq_wb_paired"]
    for table in tables:
        assert "no finished run in the open profile" in render(table, "html")
