"""Rooms and arrays: scenes are what they say, beams do what their names promise, cells become tables."""

from dataclasses import replace

import numpy as np
import pytest
from reference.speech_makers import speech_like

from biosig.errors import SignalError
from biosig.metrics.distortion import si_sdr
from biosig.metrics.reverberation import direct_to_reverberant
from biosig.papers.primer import PROTOCOL, arrays, scenes, sources, tables_arrays
from biosig.papers.primer.profiles import OPEN, RoomNetwork
from biosig.papers.primer.room_stream import RoomStream, room_pairs
from biosig.papers.primer.train import drawn
from biosig.results.items import CellStore
from biosig.results.tables import render
from biosig.results.verify import check_sources
from biosig.signal.types import Recording

FS = scenes.FS
pytest.importorskip("pyroomacoustics")


def recording(name, subject, seconds=1.3, seed=0):
    return Recording(0.05 * speech_like(round(seconds * FS), FS, name, seed), FS, "full scale", name, subject)


def noise(name):
    signal = 0.1 * np.random.default_rng(len(name)).standard_normal(4 * int(FS))
    return Recording(signal, FS, "full scale", f"noises/{name}", name)


@pytest.fixture
def tiny(monkeypatch):
    """Two people, two noises, one small and dry room, one setting."""
    people = (recording("a", "fa"), recording("b", "mb", seed=3))
    monkeypatch.setattr(scenes, "people", lambda: people)
    monkeypatch.setattr(scenes, "noises", lambda: (noise("hum"), noise("rush")))
    monkeypatch.setattr(scenes, "PLACES", scenes.PLACES[2:3])
    plan = replace(
        scenes.PLAN, rt60_s=(0.15,), dry_rt60_s=0.15, settings=scenes.PLAN.settings[:1], robust=scenes.PLAN.robust[3::4]
    )
    monkeypatch.setattr(scenes, "PLAN", plan)
    return plan


def power(x):
    return float(np.mean(np.square(x)))


def test_places_hold_everything_well_inside():
    for place in scenes.PLACES:
        for what in (place.source("talker"), place.source("noise"), place.array):
            assert all(0.3 < x < edge - 0.3 for x, edge in zip(what, place.size, strict=True))


def test_a_scene_adds_up_at_its_snr(tiny):
    for scene in scenes.arrays():
        told = dict(scene.conditions)
        speech = (scene.direct + scene.late)[0]
        snr_db = 10 * np.log10(power(speech) / power(scene.noise[0]))
        assert snr_db == pytest.approx(float(told["snr_db"]), abs=0.01)  # the microphones' own noise is 40 dB under
        np.testing.assert_array_equal(scene.heard, scene.direct + scene.late + scene.noise)
        assert scene.heard.shape == (6, scene.clean.size) and np.isfinite(scene.heard).all()


def test_scenes_are_the_same_whoever_asks(tiny):
    first, again = list(scenes.arrays()), list(scenes.arrays())[::-1]
    for a, b in zip(first, again[::-1], strict=True):
        assert a.item == b.item
        np.testing.assert_array_equal(a.heard, b.heard)
    assert len({scene.item for scene in [*first, *scenes.rooms(), *scenes.robust()]}) == 4 + 2 + 2 * len(tiny.robust)


def test_the_steering_vector_is_that_of_the_direct_sound(tiny):
    """Microphones in a circle, the talker a metre away: what is told fits what is heard."""
    scene = next(iter(scenes.rooms()))
    y = arrays.spectra(scene.direct)
    heard = np.einsum("mtf,tf->fm", y, y[0].conj()) / np.sum(np.abs(y[0]) ** 2, axis=0)[:, None]
    power_of = np.sum(np.abs(y[0]) ** 2, axis=0)
    band = np.flatnonzero(power_of > 1e-2 * power_of.max())[2:]
    assert np.abs(np.angle(heard[band] / scene.steering[band])).max() < 0.15


def test_mistakes_are_those_that_they_are_called(tiny):
    base = next(iter(scenes.robust()))
    off = scenes.mistaken(base, "steering, degrees", 20.0)
    assert abs(off.azimuth_deg - base.azimuth_deg) == 20 and off.direct is base.direct
    assert scenes.mistaken(base, "sound speed, m/s", 300.0).sound_speed == 300
    gains = scenes.mistaken(base, "gains, dB", 3.0)
    changed = 10 * np.log10([power(a) / power(b) for a, b in zip(gains.noise, base.noise, strict=True)])
    assert changed[0] == pytest.approx(0) and 1 < np.abs(changed).max() <= 6
    np.testing.assert_array_equal(gains.clean, base.clean)


def test_beams_are_linear_where_that_is_said(tiny):
    scene = next(iter(scenes.arrays()))
    for name, design in (arrays.ROOMS | arrays.ARRAYS).items():
        if design.linear and "masks" not in name and "wpe_6" not in name:
            beam = design.beam(scene)
            parts = beam(scene.direct) + beam(scene.late) + beam(scene.noise)
            np.testing.assert_allclose(parts, beam(scene.heard), atol=1e-10, err_msg=name)


def test_arrays_hear_better_than_a_microphone_and_a_mistake_hurts_capon_more_than_when_loaded(tiny):
    def score(scene, make):
        return float(si_sdr(scene.clean, make(scene)(scene.heard)))

    point = next(scene for scene in scenes.arrays() if dict(scene.conditions)["noise"] == "point")
    alone, summed, told = (score(point, make) for make in (arrays.reference, arrays.delay_and_sum, arrays.mvdr))
    assert alone < summed < told
    base = next(iter(scenes.robust()))
    off = scenes.mistaken(base, "steering, degrees", 20.0)
    assert score(off, arrays.capon) < score(base, arrays.capon)
    assert score(off, arrays.capon) < score(off, lambda scene: arrays.capon(scene, 0.1))


def test_masks_that_know_the_answer_make_nearly_the_beam_that_knows_it(tiny):
    """The network's place is taken by one that sees the speech: then masks must do."""
    scene = next(scene for scene in scenes.arrays() if dict(scene.conditions)["noise"] == "point")

    def knowing(heard, fs):
        y, x = arrays.spectra(heard), arrays.spectra(scene.direct + scene.late)
        gain = np.minimum(np.abs(x) / np.abs(y), 1)
        return np.stack([arrays.wave(z, heard.shape[1]) for z in gain * y])

    best = float(si_sdr(scene.clean, arrays.oracle(scene)(scene.heard)))
    for rule in ("mvdr", "gev"):
        out = arrays.by_masks(scene, rule, knowing)(scene.heard)
        assert float(si_sdr(scene.clean, out)) > float(si_sdr(scene.clean, scene.heard[0])) + 3
    assert best > float(si_sdr(scene.clean, arrays.by_masks(scene, "mvdr", knowing)(scene.heard))) - 3


def test_cells_become_tables_over_people(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "HEARD", ("si_sdr_db",))
    monkeypatch.setattr(arrays, "BRIEF", ("si_sdr_db",))
    monkeypatch.setattr(arrays, "masker", lambda: lambda x, fs: 0.5 * x)
    store, run = CellStore(tmp_path / "store"), ("room_noisy", "room_log_mmse", "array_noisy")
    for system in (*run, "array_capon", "array_delay_and_sum"):
        (cell,) = PROTOCOL.cells("open", [system])
        PROTOCOL.run_cell(cell, store=store, device="cpu", progress=False)
    found = {name: make() for name, make in tables_arrays.makers(PROTOCOL, "open", store).items()}
    keys = [cell.key for cell in store.cells("primer", "open")]
    assert not [line for table in found.values() for line in check_sources(table, keys)]
    rows = {row[0].text: row for row in found["rooms"].rows}
    ratios = [direct_to_reverberant(scene.response[0], FS) for scene in scenes.rooms()]
    assert rows["One microphone as it is"][4].value == pytest.approx(np.mean(ratios))  # nothing was changed
    assert rows["Log-MMSE, a method for noise"][4].note == arrays.NOT_LINEAR
    assert rows["WPE, six microphones"][1].note  # was not run, and that is said
    assert len(found["arrays_posts"].rows) == 4 and render(found["arrays_robust"], "md")
    robust = {row[0].text: row for row in found["arrays_robust"].rows}
    assert len([text for text in robust if "loading" in text]) == len(arrays.LOADINGS)


def test_a_cell_is_named_by_what_it_rests_on():
    with_network, without = arrays.config("array_gev_masks"), arrays.config("array_mvdr")
    assert len(with_network["checkpoint"]) == 64 and "checkpoint" not in without
    systems = {cell.system for cell in PROTOCOL.cells("open")}
    assert set(arrays.SYSTEMS) <= systems
    assert not [cell for cell in PROTOCOL.cells("quick") if arrays.concerns(cell.system)]
    (cell,) = PROTOCOL.cells("open", ["room_network"])
    assert cell.config["network"]["recipe"]["precision"] == "float32" and "picovoice" in PROTOCOL.corpora(cell)


def test_an_array_of_another_size_is_refused(tiny):
    scene = next(iter(scenes.rooms()))
    with pytest.raises(SignalError, match="weights are for 6 microphones"):
        arrays.delay_and_sum(scene)(scene.heard[:4])


# --- the network that takes rooms off ------------------------------------------------------------------------------


def test_the_stream_pairs_speech_in_a_room_with_its_direct_sound():
    network = RoomNetwork("recurrent_mask", OPEN.network("room_network").recipe, rooms=2, rt60_s=(0.15, 0.25))
    stream = RoomStream(sources.load("quick", "train"), network)
    wet, dry = stream.pair(32_000, "test", 0)
    assert wet.dtype == dry.dtype == np.float32 and np.sqrt(power(wet)) == pytest.approx(1, abs=0.02)
    again = RoomStream(sources.load("quick", "train"), network).pair(32_000, "test", 0)
    np.testing.assert_array_equal(wet, again[0])
    stream.sentence = lambda n, rng: np.eye(1, n, 100, dtype=np.float32)[0]  # a click: what comes back is the room
    wet, dry = stream.pair(32_000, "test", 1)
    at = int(np.abs(dry).argmax())
    assert abs(int(np.abs(wet).argmax()) - at) <= 1
    assert np.abs(np.delete(dry, range(at - 60, at + 60))).max() < 0.05 * dry.max()


def test_validation_is_in_rooms_of_its_own(monkeypatch):
    asked = []
    monkeypatch.setattr("biosig.papers.primer.room_stream.room_spectra", lambda n, side, *rest: asked.append(side) or (
        np.ones(n // 2 + 1), np.ones(n // 2 + 1)))  # fmt: skip
    network = OPEN.network("room_network")
    assert len(room_pairs(sources.load("quick", "validation"), network, 8000)) == 48 and set(asked) == {"validation"}
    stream, pairs = drawn(replace(OPEN, name="quick"), network, network.recipe)
    assert isinstance(stream, RoomStream) and len(pairs) == 48
