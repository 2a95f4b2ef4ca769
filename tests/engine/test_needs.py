"""What a cell asks for: from the last records of its system, with a margin, else the documented default."""

import pytest
from reference.fake_protocol import PROTOCOL

from biosig.engine.needs import DEFAULT_GB, DEFAULT_MINUTES, Need, gb_for, minutes_for, needs
from biosig.errors import ConfigError
from biosig.papers.runner import run
from biosig.results.items import Cell

ITEMS = 6 * 0.1  # seconds that the fake's items say they took


def put(store, system, seed, config=None, **record):
    """A finished cell, of this configuration or another, with such a run record."""
    cell = Cell("fake", "open", system, 0, seed, config or {"n": 6})
    store.write(cell, PROTOCOL.items(Cell("fake", "open", system, 0, seed, {"n": 6})), {"device": "cpu", **record})


def slow_steps(value, first):
    while first < value:
        first *= 2
    return first


@pytest.mark.parametrize("seconds", [0, 1, 239, 240, 241, 900, 5000, 40_000])
def test_twice_the_time_and_two_minutes_in_steps_of_two(seconds):
    assert minutes_for(seconds) == slow_steps((2 * seconds + 120) / 60, 10)


@pytest.mark.parametrize("megabytes", [1, 682, 683, 1365, 1366, 20_000])
def test_half_as_much_memory_again_in_steps_of_two(megabytes):
    assert gb_for(megabytes) == slow_steps(1.5 * megabytes / 1024, 1)


def test_the_most_that_any_cell_of_the_system_took(store):
    put(store, "plus", 0, took={"seconds": 100, "peak_memory_mb": 500})
    put(store, "plus", 1, {"older": True}, took={"seconds": 1500, "peak_memory_mb": 3000})
    put(store, "plus", 2, device="cuda (H)", took={"seconds": 90_000, "peak_memory_mb": 90_000})  # another machine
    cells = PROTOCOL.cells("open")
    found = needs(store, cells)
    assert found.keys() == set(cells)
    for cell, need in found.items():
        expected = (minutes_for(1500), gb_for(3000)) if cell.system == "plus" else (DEFAULT_MINUTES, DEFAULT_GB)
        assert (need.minutes, need.gb) == expected and not need.gpu


def test_older_records_count_their_training_and_their_items(store):
    put(store, "plus", 0, training_seconds=3000)
    (need,) = needs(store, PROTOCOL.cells("open", ["plus"], [1])).values()
    assert need == Need(False, minutes_for(3000 + ITEMS), DEFAULT_GB)


def test_a_resumed_run_took_more_than_its_last_part(store):
    put(store, "plus", 0, training_seconds=3000, took={"seconds": 60, "peak_memory_mb": 100})
    (need,) = needs(store, PROTOCOL.cells("open", ["plus"], [1])).values()
    assert need.minutes == minutes_for(3000 + ITEMS)


def test_every_run_says_what_it_took(store):
    run(PROTOCOL, "open", ["plus"], [0], progress=False)
    took = store.read(PROTOCOL.cells("open", ["plus"], [0])[0]).run["took"]
    assert took["seconds"] >= 0 and 1 < took["peak_memory_mb"] < 1_000_000


def test_what_trains_asks_for_a_gpu_where_one_is_wanted(store):
    cells = [Cell("fake", "open", "plus", 0, 0, {"network": {}}), Cell("fake", "open", "minus", 0, 0, {})]
    assert [need.gpu for need in needs(store, cells, "cuda").values()] == [True, False]
    assert [need.gpu for need in needs(store, cells, "cpu").values()] == [False, False]


def test_real_networks_are_known_by_their_configuration():
    from biosig.engine.needs import trains
    from biosig.papers.base import paper

    neural = {cell.system for cell in paper("msemg").cells("quick") if trains(cell)}
    assert neural == {"fcn", "sdemg", "msemg", "trustemg_like"}
    assert {cell.system for cell in paper("primer").cells("quick") if trains(cell)} >= {"unet", "recurrent_mask"}
    assert not any(trains(cell) for cell in paper("primer").cells("quick", ["noisy", "costs"]))


def test_what_is_asked_for_wins_and_nonsense_is_refused(store):
    put(store, "plus", 0, took={"seconds": 100, "peak_memory_mb": 500})
    cells = PROTOCOL.cells("open", ["plus"], [1])
    assert list(needs(store, cells, minutes=7, gb=3, cpus=2).values()) == [Need(False, 7, 3, 2)]
    for wrong in ({"cpus": 0}, {"minutes": -1}, {"gb": -1}):
        with pytest.raises(ConfigError, match="expected at least 1"):
            needs(store, cells, **wrong)
