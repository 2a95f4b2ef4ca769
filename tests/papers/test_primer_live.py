"""The cells of what works live: which there are, what they hold, and the tables made of them."""

import numpy as np
import pytest
import torch

from biosig.errors import ConfigError, MissingDataError
from biosig.papers.primer import PROTOCOL, costs, live_cells
from biosig.papers.primer.live import LIVE, live_stream
from biosig.papers.primer.profiles import OPEN, QUICK
from biosig.papers.primer.systems import VARIED
from biosig.papers.primer.train import drawn
from biosig.results.items import CellStore, Item
from biosig.results.tables import render
from biosig.results.verify import check_sources
from biosig.seeds import rng_for
from biosig.signal.enhancement import log_mmse
from biosig.signal.streaming import Framed
from biosig.training.checkpoints import save_checkpoint

FS = 16000


@pytest.fixture
def published(monkeypatch, tmp_path):
    """Checkpoints of both networks, fresh weights in them."""
    monkeypatch.setattr("biosig.papers.neural.checkpoints", lambda paper: tmp_path)
    for name in live_cells.NETWORKS:
        network = live_cells.untrained(name, OPEN)
        save_checkpoint(tmp_path / f"{name}.pt", name, network.state_dict(), {"fs": FS, "scaling": "none"})
    return tmp_path


def test_a_system_that_is_live_gives_the_samples_of_its_whole_file_form(published):
    x = 0.1 * rng_for("live").standard_normal(3000)
    for name in ("log_mmse", "light_mask", "rnnoise_own"):
        stream = live_stream(name)
        out = np.concatenate([*(stream.push(part) for part in np.split(x, [7, 900])), stream.flush()])
        if name == "log_mmse":
            expected = log_mmse(x, FS)
        else:
            with torch.no_grad():
                expected = live_cells.live_network(name)(torch.from_numpy(x).float()[None])[0].numpy()
        np.testing.assert_allclose(out, expected, atol=2e-6)


def test_another_rate_goes_through_sixteen_thousand(published):
    x = 0.1 * rng_for("live", 48).standard_normal(9600)
    stream = live_stream("light_mask", 48000)
    assert np.concatenate([stream.push(x), stream.flush()]).shape == x.shape


def test_what_is_not_live_or_not_there_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("biosig.papers.neural.checkpoints", lambda paper: tmp_path)
    with pytest.raises(ConfigError, match="unet cannot work live, it needs the whole recording"):
        live_stream("unet")
    with pytest.raises(ConfigError, match="there is none of that name"):
        live_stream("magic")
    with pytest.raises(MissingDataError, match="no trained light_mask"):
        live_stream("light_mask")


def test_cells_that_need_a_checkpoint_wait_for_it(monkeypatch, tmp_path, published):
    systems = [live_cells.COSTS, *live_cells.CELLS]
    assert PROTOCOL.cells("quick", systems) == []
    assert [cell.system for cell in PROTOCOL.cells("open", systems)] == systems
    (published / "light_mask.pt").unlink()
    found = [cell.system for cell in PROTOCOL.cells("open", systems)]
    assert live_cells.COSTS in found and not [name for name in found if name.endswith("light_mask")]


def test_both_networks_are_trained_on_the_varied_stream_at_a_microphones_levels():
    for name in live_cells.NETWORKS:
        network = OPEN.network(name)
        stream, pairs = drawn(QUICK, network, network.recipe)
        noisy, _ = stream.pair(8000, "levels")
        assert -46 < 20 * np.log10(np.sqrt(np.mean(noisy**2))) < -11 and len(pairs) > 10
        assert network.recipe.loss == {"light_mask": "compressed+bounded", "rnnoise_own": "band_gains"}[name]


def test_latency_is_what_a_stream_waits_for(monkeypatch):
    """Frames of 160 that come out with the next frame: the first sample of a frame waits for the last."""
    monkeypatch.setattr(costs, "LONGEST_HOP", 160)

    def levelled(frame):
        return frame / (1 + frame.std())

    assert live_cells.latency_ms(lambda: Framed(levelled, 160)) == pytest.approx(10, abs=0.1)


def test_calibration_covers_the_levels_of_the_training():
    found = [20 * np.log10(np.sqrt(np.mean(x**2))) for x in live_cells.calibration()]
    assert min(found) == pytest.approx(-40) and max(found) == pytest.approx(-15)


@pytest.fixture
def few(monkeypatch):
    """Two streams, one round, and clips of a quarter of a second."""
    monkeypatch.setattr(live_cells, "LIVE", {name: LIVE[name] for name in ("noisy", "log_mmse", "light_mask")})
    monkeypatch.setattr(live_cells, "ROUNDS", 1)
    monkeypatch.setattr(costs, "LONGEST_HOP", 2)
    monkeypatch.setattr(live_cells, "NETWORKS", ("light_mask",))
    short = live_cells.costs.test_clip()[: round(1.2 * FS)]
    monkeypatch.setattr(costs, "test_clip", lambda: short)
    monkeypatch.setattr(live_cells, "CALIBRATION", (1, 0.1, 5.0, (-30.0, -30.0)))


def test_costs_become_a_table_whose_numbers_have_a_source(few, tmp_path, published):
    pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    store = CellStore(tmp_path / "store")
    (cell,) = PROTOCOL.cells("open", [live_cells.COSTS])
    PROTOCOL.run_cell(cell, store=store, device="cpu", progress=False)
    found = {(item.item, item.metric): item.value for item in store.read(cell).items}
    assert found["light_mask", "parameters"] < 100_000 and 9 < found["light_mask", "latency_ms"] < 20
    assert found["light_mask/dynamic", "bytes"] < found["light_mask/float32", "bytes"]
    assert 0 < found["light_mask/static", "median_ms"] <= found["light_mask/static", "p99_ms"]
    assert found["log_mmse", "macs_per_s"] is None
    tables = PROTOCOL.tables("open", store, ["live", "eight_bits"])
    assert not [line for table in tables for line in check_sources(table, [cell.key])]
    text = render(tables[0], "text")
    row = next(line for line in text.splitlines() if line.startswith("Light mask"))
    assert "80,092" in row and "—" not in row
    assert "no finished run" in text  # of what was not measured here


def test_forms_are_scored_on_the_pairs(monkeypatch, published):
    pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    from biosig.papers.primer import mixtures, sources

    some = mixtures.test_mixtures(sources.load("quick", "test"), (5,), "voicebank")[:1]
    monkeypatch.setattr(live_cells.sources, "voicebank_set", lambda: some)
    monkeypatch.setattr(live_cells, "CALIBRATION", (1, 0.1, 5.0, (-30.0, -30.0)))
    monkeypatch.setattr(live_cells, "METRICS", ("si_sdr_db",))
    items = live_cells.form_items("eight_static_light_mask", progress=False)
    assert [item.metric for item in items] == ["si_sdr_db", "delay_ms"] and items[0].value is not None


def test_nothing_run_is_said_and_not_hidden(tmp_path):
    tables = PROTOCOL.tables("open", CellStore(tmp_path), ["live", "eight_bits"])
    assert all("no finished run" in render(table, "text") for table in tables)
    assert isinstance(live_cells.row("a", "bytes", 1), Item) and set(live_cells.NETWORKS) <= set(VARIED)
