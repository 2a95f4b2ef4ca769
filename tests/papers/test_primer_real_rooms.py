"""The measured room: scenes are what they say, near is told from far, cells become tables. The office is a stand-in."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from reference.speech_makers import speech_like

from biosig.corpora import ispl_office
from biosig.metrics.distortion import si_sdr
from biosig.metrics.reverberation import direct_to_reverberant
from biosig.papers.primer import PROTOCOL, arrays, real_rooms, scenes, tables_real_rooms
from biosig.results.items import CellStore
from biosig.results.tables import render
from biosig.results.verify import check_sources
from biosig.seeds import rng_for
from biosig.signal.arrays import plane_wave, relative
from biosig.signal.types import Recording

FS = scenes.FS
RT60, NOISE_DB = 0.3, -30.0


def places(root=None):
    return np.column_stack([np.repeat([0.3, 0.6, 0.9], 3), np.tile([0.1, 0.44, 0.8], 3), np.zeros(9)])


def office(root, source, fs=48_000.0, aligned=True):
    return made_up(source, fs, aligned).copy()


@lru_cache(maxsize=64)
def made_up(source, fs, aligned):
    """A point in front of the row, at 1/r, then a decay of 0.3 s, then noise; the odd channels a sample early."""
    ways = np.linalg.norm(places()[source - 1] - ispl_office.microphones(), axis=1)
    n = round(0.6 * fs)
    frequencies = np.fft.rfftfreq(n, 1 / fs)
    early = 0 if aligned else np.arange(32)[:, None] % 2 / 48_000
    phase = np.exp(-2j * np.pi * frequencies * (ways[:, None] / 343 - early))
    band = (frequencies > 200) & (frequencies < 6000)
    direct = np.fft.irfft(band * phase / ways[:, None], n)
    noise = rng_for("office", source).standard_normal((2, 32, n), dtype=np.float32)
    t = np.arange(n) / fs
    late = noise[0] * 10 ** (-3 * t / RT60) * (t > 0.008)
    return direct + 0.01 * np.abs(direct).max() * (late + 10 ** (NOISE_DB / 20) * noise[1])


def recording(name, subject, seconds=1.3, seed=0):
    return Recording(0.05 * speech_like(round(seconds * FS), FS, name, seed), FS, "full scale", name, subject)


@pytest.fixture
def tiny(monkeypatch):
    """Two people, a noise, two distances and an SNR in an office that is made up."""
    monkeypatch.setattr(scenes, "people", lambda: (recording("a", "fa"), recording("b", "mb", seed=3)))
    hum = Recording(0.1 * rng_for("hum").standard_normal(4 * int(FS)), FS, "full scale", "noises/hum", "hum")
    monkeypatch.setattr(scenes, "noises", lambda: (hum,))
    monkeypatch.setattr(ispl_office, "responses", office)
    monkeypatch.setattr(ispl_office, "sources", places)
    monkeypatch.setattr(ispl_office, "SOURCES", (7, 8))  # of these responses are measured
    monkeypatch.setattr(real_rooms, "locate", lambda name: name)
    plan = replace(real_rooms.PLAN, distances=real_rooms.PLAN.distances[::2], snrs_db=(5.0,))
    monkeypatch.setattr(real_rooms, "PLAN", plan)
    caches = (real_rooms.ways, real_rooms.places)
    for cache in caches:
        cache.cache_clear()
    yield plan
    for cache in caches:
        cache.cache_clear()


def power(x):
    return float(np.mean(np.square(x)))


def score(scene, make):
    return float(si_sdr(scene.clean, make(scene)(scene.heard)))


def test_scenes_add_up_and_are_the_same_whoever_asks(tiny):
    first = [*real_rooms.rooms(), *real_rooms.noisy()]
    again = [*real_rooms.noisy(), *real_rooms.rooms()]
    assert len({scene.item for scene in first}) == len(first) == 2 * 2 + 2
    for a, b in zip(first, again[2:] + again[:2], strict=True):
        assert a.item == b.item and a.heard.shape == (6, a.clean.size)
        np.testing.assert_array_equal(a.heard, b.heard)
    for scene in again[:2]:
        snr_db = 10 * np.log10(power((scene.direct + scene.late)[0]) / power(scene.noise[0]))
        assert snr_db == pytest.approx(5, abs=0.01)


def test_the_direct_sound_is_cut_out_and_the_noise_of_the_measurement_cut_off(tiny):
    for place in (2, 8):
        direct, whole = real_rooms.ways(place)
        assert np.sum(direct[0] ** 2) == pytest.approx(1)
        start = int(np.abs(direct[0]).argmax())
        assert not direct[:, start + 100 :].any()  # 6 ms
        np.testing.assert_allclose(direct[:, start - 8 : start + 8], whole[:, start - 8 : start + 8])
        assert (whole.shape[1] - start) / FS == pytest.approx(-NOISE_DB / 60 * RT60, abs=0.03)


def test_the_geometry_is_a_row_of_six_and_the_talker_in_front_of_it():
    each = real_rooms.geometry()
    np.testing.assert_allclose(np.linalg.norm(np.diff(each.places, axis=0), axis=1), 0.06)
    np.testing.assert_allclose(each.places.mean(axis=0), 0, atol=1e-12)
    channels = np.array(real_rooms.PLAN.channels)
    assert len(set(channels % 2)) == 1  # every second channel of the corpus is early
    pairs = real_rooms.PLAN.pairs
    assert all(talker != other for talker, other in pairs) and len({talker for talker, _ in pairs}) == len(pairs)
    assert {place for _, row in real_rooms.PLAN.distances for place in row} == set(ispl_office.SOURCES)


def test_a_near_talker_is_told_by_his_place_and_not_by_his_direction(tiny):
    """The stand-in's waves are spheres: steered so, phases fit those heard; as planes they do not."""
    scene = next(iter(real_rooms.rooms()))  # 0.3 m
    f = np.fft.rfftfreq(512, 1 / FS)
    heard = np.fft.rfft(scene.response[:, :120], 512).T
    heard = heard / heard[:, [0]]
    band = (f > 500) & (f < 4000)
    off = [np.abs(np.angle(heard / told))[band].max() for told in (scene.steering, replace(scene, near=None).steering)]
    assert off[0] < 0.25 and off[1] > 0.9
    np.testing.assert_array_equal(
        replace(scene, near=None).steering, relative(plane_wave(scene.geometry, f, scene.azimuth_deg))
    )
    np.testing.assert_allclose(np.abs(scene.steering[9]), np.linalg.norm(scene.near - scene.geometry.places[0])
                               / np.linalg.norm(scene.near - scene.geometry.places, axis=1))  # fmt: skip
    for name in ("delay_and_sum", "superdirective"):
        near, far = (score(scene, real_rooms.DESIGNS[each].beam) for each in (name, f"{name}_far"))
        assert near > far + 3


def test_systems_are_those_of_simulated_rooms(tiny):
    scene = next(iter(real_rooms.noisy()))
    assert score(scene, real_rooms.DESIGNS["noisy"].beam) < score(scene, real_rooms.DESIGNS["mvdr"].beam)
    for name, design in real_rooms.DESIGNS.items():
        assert design.posts == ("none",) and not design.robust
        if design.linear and "masks" not in name and "wpe_6" not in name:
            beam = design.beam(scene)
            parts = beam(scene.direct) + beam(scene.late) + beam(scene.noise)
            np.testing.assert_allclose(parts, beam(scene.heard), atol=1e-9, err_msg=name)
    loaded, plain = (real_rooms.DESIGNS[name].beam(scene)(scene.heard) for name in ("capon_loaded", "capon"))
    assert np.abs(loaded - plain).max() > 1e-3 * np.abs(plain).max()


def test_responses_are_measured(tiny):
    found = {}
    for item in real_rooms.measured():
        found.setdefault(item.metric, []).append(item)
    assert {metric: len(rows) for metric, rows in found.items()}.keys() == real_rooms.VERSIONS.keys()
    assert len(found["rt60_s"]) == 2 * 5 and len(found["level_db"]) == 125
    assert np.median([item.value for item in found["rt60_s"]]) == pytest.approx(RT60, rel=0.1)
    assert max(item.value for item in found["arrival_error_us"]) < 2
    assert [item.value for item in found["early_us"]] == pytest.approx([1e6 / 48_000] * 2, abs=1.5)
    assert found["away_m"][1].value == pytest.approx(np.hypot(0.9, 0.44 - 0.30))


def test_cells_become_tables_over_people(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "HEARD", ("si_sdr_db",))
    store = CellStore(tmp_path / "store")
    simulated = ("room_noisy", "room_delay_and_sum")
    monkeypatch.setattr(scenes, "PLAN", replace(scenes.PLAN, rt60_s=(0.15,)))
    monkeypatch.setattr(scenes, "PLACES", scenes.PLACES[2:3])
    for system in ("real_noisy", "real_delay_and_sum", "real_delay_and_sum_far", "real_measured", *simulated):
        (cell,) = PROTOCOL.cells("open", [system])
        PROTOCOL.run_cell(cell, store=store, device="cpu", progress=False)
    found = {name: make() for name, make in tables_real_rooms.makers(PROTOCOL, "open", store).items()}
    assert found.keys() >= {"real_rooms", "real_arrays", "real_measured", "real_rooms_by_distance",
                            "real_rooms_si_sdr_db_paired", "real_arrays_pesq_wb_paired"}  # fmt: skip
    keys = [cell.key for cell in store.cells("primer", "open")]
    assert not [line for table in found.values() for line in check_sources(table, keys)]
    rows = {row[0].text: row for row in found["real_rooms"].rows}
    ratios = [direct_to_reverberant(scene.response[0], FS) for scene in real_rooms.rooms()]
    assert rows["One microphone as it is"][4].value == pytest.approx(np.mean(ratios))
    assert rows["WPE, six microphones"][3].note  # was not run, and that is said
    (far, *_) = found["real_rooms_far_si_sdr_db_paired"].rows
    near = found["real_rooms"].rows[list(rows).index("Delay and sum")][3].value
    away = found["real_rooms"].rows[list(rows).index("Delay and sum, as if far away")][3].value
    assert far[0].text == "Delay and sum" and (far[1].value, far[2].value) == pytest.approx((away, near))
    assert far[3].value == pytest.approx(near - away) and near > away
    order = {row[0].text: row for row in found["real_rooms_order"].rows}
    assert order["Delay and sum"][4].value == pytest.approx(near) and "Delay and sum, as if far away" not in order
    steps = [order["Delay and sum"][k].value - order["One microphone as it is"][k].value for k in (3, 4)]
    same = int(steps[0] * steps[1] > 0)
    told = " ".join(found["real_rooms_order"].notes)
    assert f"SI-SDR, dB: {same} of 1 pairs of systems come in the same order" in told
    measured = {row[0].text: row for row in found["real_measured"].rows}
    decay = tables_real_rooms.measured_decay(PROTOCOL, "open", store, 8)
    np.testing.assert_allclose(decay["level_db"], real_rooms.slices_db(office("", 8, FS)[real_rooms.PLAN.channels[0]]))
    assert (np.diff(decay["ms"]) == 2).all() and decay["rt60_s"] == pytest.approx(RT60, rel=0.3)
    assert tables_real_rooms.measured_decay(PROTOCOL, "open", CellStore(tmp_path / "other"), 8) is None
    assert len(measured) == 3 and measured["Mean"][7].value == pytest.approx(RT60, rel=0.2)
    assert all(render(table, form) for table in found.values() for form in ("md", "html"))


def test_a_cell_is_named_by_what_it_rests_on(monkeypatch):
    assert len(real_rooms.config("gev_masks")["checkpoint"]) == 64 and "checkpoint" not in real_rooms.config("mvdr")
    measured = real_rooms.config("measured")
    assert "wpe" not in measured and "ispl_office.txt" in measured["data_files"]
    before = real_rooms.config("mvdr")
    monkeypatch.setattr(real_rooms, "PLAN", replace(real_rooms.PLAN, channels=(0, 2, 4, 6, 8, 10)))
    assert real_rooms.config("mvdr") != before
    cells = PROTOCOL.cells("open")
    assert {f"real_{name}" for name in real_rooms.SYSTEMS} <= {cell.system for cell in cells}
    assert not [cell for cell in PROTOCOL.cells("quick") if cell.system.startswith("real_")]
    (cell,) = PROTOCOL.cells("open", ["real_mvdr"])
    assert "ispl_office" in PROTOCOL.corpora(cell)
