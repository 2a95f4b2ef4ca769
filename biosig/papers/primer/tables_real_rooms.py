"""Tables of the experiment with a measured room, with intervals over the sixteen people."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np

from biosig.papers.comparison import Comparison, Makers, collect, seeds_of
from biosig.papers.contests import against, pair_by_pair
from biosig.papers.primer.arrays import ARRAY, ROOM
from biosig.papers.primer.real_rooms import BANDS_HZ, DESIGNS, FIT_DB, MEASURED, PLAN, PREFIX
from biosig.papers.primer.tables import column_of
from biosig.papers.primer.tables_arrays import (
    AGAINST,
    FIRST,
    PEOPLE,
    PLAIN,
    RATIO,
    SHOWN,
    STYLES,
    TESTED,
    compared,
    entry_of,
    rows_by_system,
)
from biosig.papers.transcription import load
from biosig.results.items import CellStore
from biosig.results.statistics import summarise, where
from biosig.results.tables import Entry, Table, absent, label, measured

DATA = "16 people of the TIMIT sample in a measured office"
SETS = {"room": {"set": "room"}, "array": {"set": "array"}}
OWN = {"room": "wpe_6", "array": "mvdr_masks"}  # what the tests are about, named before them
WHERE = (
    "The voice goes through responses that were measured in an office, from a loudspeaker to six microphones in a row, "
    "6 cm apart. What is told of places is what was told with the responses."
)
NOISE = "The noise, which no network has heard, goes through the response from another place of the loudspeaker."
FAR = "As if far away: told the direction alone. All others that steer are told the place."
MEASURES = {  # of the responses: head, style, conditions
    "away_m": ("Away, m", ".2f", [{}]),
    "drr_db": ("DRR, dB", ".1f", [{}]),
    "c50_db": ("C50, dB", ".1f", [{}]),
    "heard_ms": ("Above noise for, ms", ".0f", [{}]),
    "rt60_s": ("RT60, s", ".2f", [{"band_hz": str(band)} for band in BANDS_HZ]),
    "arrival_error_us": ("Arrivals off, µs", ".0f", [{}]),
    "early_us": ("Odd channels early, µs", ".1f", [{}]),
}


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """Every table of this experiment by name; none in a profile that has none of its cells."""
    c = comparison(protocol, profile, store)
    if not c.seeds:
        return {}
    made: dict = {
        "real_measured": partial(responses_table, c),
        "real_rooms": partial(room_table, c),
        "real_rooms_by_distance": partial(by_distance, c),
        "real_arrays": partial(array_table, c),
    }
    simulated = {"room": compared(protocol, profile, store, ROOM), "array": compared(protocol, profile, store, ARRAY)}
    made |= {f"real_{which}s_order": partial(beside_simulated, c, each, which) for which, each in simulated.items()}
    made |= {f"real_rooms_far_{metric}_paired": partial(near_and_far, c, metric) for metric in TESTED}
    return made | {
        f"real_{which}s_{metric}_paired": partial(paired, c, which, metric) for which in SETS for metric in TESTED
    }


def comparison(protocol, profile: str, store: CellStore) -> Comparison:
    """The systems, called as the tables of simulated rooms call them; a cell is read when it is asked for."""
    cells = protocol.cells(profile, [f"{PREFIX}{name}" for name in (*DESIGNS, MEASURED)])
    seeds = {name.removeprefix(PREFIX): count for name, count in seeds_of(cells).items()}
    labels = {name: design.what[0].upper() + design.what[1:] for name, design in DESIGNS.items()}
    return Comparison(load("primer"), profile, collect(store, cells, PREFIX), labels, DATA, "people", seeds=seeds)


def room_table(c: Comparison) -> Table:
    """Every system without a noise, over the distances."""
    columns = [(STYLES[metric][0], metric, SETS["room"]) for metric in SHOWN]
    distances = ", ".join(name for name, _ in PLAN.distances)
    title = f"A voice in a measured room, mean over places about {distances} m away"
    return rows_by_system(c, "real_rooms", title, c.labels, columns, (WHERE, FAR, RATIO))


def by_distance(c: Comparison, metric: str = "si_sdr_db") -> Table:
    """One measure, a column for each distance."""
    columns = [(f"{name} m", metric, SETS["room"] | {"distance_m": name}) for name, _ in PLAN.distances]
    title = f"{STYLES[metric][0]} in a measured room by distance"
    return rows_by_system(c, "real_rooms_by_distance", title, c.labels, columns, (WHERE, FAR))


def array_table(c: Comparison) -> Table:
    """Every system with a noise, by SNR."""
    columns = [
        (f"{snr:g} dB: {STYLES[metric][0]}", metric, SETS["array"] | {"snr_db": f"{snr:g}"})
        for snr in PLAN.snrs_db
        for metric in SHOWN[:3]
    ]
    title = "A voice and a noise in a measured room, six microphones in a row"
    return rows_by_system(c, "real_arrays", title, c.labels, columns, (WHERE, NOISE, FAR))


def paired(c: Comparison, which: str, metric: str) -> Table:
    """The system named beforehand against the others, person by person; without the oracle."""
    labels = {name: text for name, text in c.labels.items() if name != "oracle"}
    over = "distances" if which == "room" else "SNRs"
    at = replace(c, at=SETS[which], labels=labels, here=f"{c.here}, mean over {over}")
    return against(at, f"real_{which}s_{metric}", column_of(metric), OWN[which])


def beside_simulated(c: Comparison, simulated: Comparison, which: str) -> Table:
    """The systems that were heard in both: do they come in the same order?"""
    here = SETS[which] | ({} if which == "room" else {"snr_db": FIRST["snr_db"]})
    there = {"set": "room"} if which == "room" else FIRST | PLAIN | {"noise": "point"}
    both = {name: text for name, text in c.labels.items() if name in simulated.labels and name != "oracle"}
    rows, notes = [], [PEOPLE, AGAINST, WHERE]
    pairs = {m: [(entry_of(simulated, s, m, there), entry_of(c, s, m, here)) for s in both] for m in TESTED}
    for number, text in enumerate(both.values()):
        rows.append((label(text), *(entry for metric in TESTED for entry in pairs[metric][number])))
    for metric, entries in pairs.items():
        notes += [f"{STYLES[metric][0]}: {same_order([(a.value, b.value) for a, b in entries])}"]
    heads = [f"{where}: {STYLES[metric][0]}" for metric in TESTED for where in ("Simulated", "Measured")]
    told = "without a noise" if which == "room" else f"with a noise from a point, {FIRST['snr_db']} dB"
    title = f"Simulated rooms and a measured one, {told} (the same 16 people)"
    return Table(f"real_{which}s_order", title, ("System", *heads), tuple(rows), tuple(notes))


def same_order(values: Sequence[tuple[float | None, float | None]]) -> str:
    """How many pairs of systems come in the same order in both rooms, in words."""
    had = [(a, b) for a, b in values if a is not None and b is not None]
    signs = [(a[0] - b[0]) * (a[1] - b[1]) for a, b in combinations(had, 2)]
    if not signs:
        return "there are not two systems yet that were run in both."
    return f"{sum(sign > 0 for sign in signs)} of {len(signs)} pairs of systems come in the same order in both."


def measured_decay(protocol, profile: str, store: CellStore, place: int) -> dict | None:
    """Of one place ``ms`` and ``level_db`` of its slices, ``away_m``, ``heard_ms``, and ``rt60_s``, mean over octaves.

    None where the cell has not been run.
    """
    c = comparison(protocol, profile, store)

    def of(metric: str) -> list:
        return [row for rows in c.items(MEASURED, metric).values() for row in rows if row.subject == f"place {place}"]

    slices = sorted(of("level_db"), key=lambda row: float(row.conditions["ms"]))
    if not slices:
        return None
    values = {name: [row.value for row in of(name)] for name in ("away_m", "rt60_s", "heard_ms")}
    means = {name: float(np.mean([value for value in had if value is not None])) for name, had in values.items()}
    return means | {
        "ms": np.array([float(row.conditions["ms"]) for row in slices]),
        "level_db": np.array([row.value for row in slices]),
    }


def near_and_far(c: Comparison, metric: str) -> Table:
    """Beams that are told the talker's place against those that are told his direction alone, without a noise."""
    pairs = [(name.removesuffix("_far"), name) for name in c.labels if name.endswith("_far")]
    column = column_of(metric)
    title = f"Told the place, or the direction alone: {column.title} ({column.better} is better): {c.here}"
    called = ("Told the place", "Told the direction")
    at = replace(c, at=SETS["room"])
    return pair_by_pair(at, f"real_rooms_far_{metric}", column, pairs, called, f"{title}, mean over distances")


def responses_table(c: Comparison) -> Table:
    """What is measured on the responses, a row for each place of the loudspeaker and one for the mean."""
    places = sorted({row.subject for rows in c.items(MEASURED, "away_m").values() for row in rows}) or ["none yet"]
    columns = [(metric, at) for metric, (_, _, levels) in MEASURES.items() for at in levels]
    heads = [f"{MEASURES[metric][0]}{', '.join(f' at {level} Hz' for level in at.values())}" for metric, at in columns]
    named = {place: place for place in places} | {"": "mean"}
    rows = [(label(named[place].capitalize()), *(_value(c, place, *column) for column in columns)) for place in named]
    low, high = FIT_DB
    notes = (
        "DRR, C50 and the distance are those of the array's first microphone. RT60 is extrapolated from the part of "
        f"Schroeder's curve between {low:g} and {high:g} dB, without the direct sound, over all six: further down "
        "there is only noise.",
        "Arrivals: of 32 microphones against the distances that are told, RMS, for a speed of sound of 343 m/s, after "
        "every second channel was given back the sample by which it is early. A sample is 21 µs.",
    )
    return Table("real_measured", "Measured on the responses of an office", ("Place", *heads), tuple(rows), notes)


def _value(c: Comparison, place: str, metric: str, at: Mapping[str, str]) -> Entry:
    """One number of one place; of all of them where none is named."""
    items = where(c.items(MEASURED, metric), at)
    kept = {seed: [row for row in rows if place in ("", row.subject)] for seed, rows in items.items()}
    values = [row for rows in kept.values() for row in rows]
    if not any(row.value is not None for row in values):
        return absent(values[0].reason if values else c.missing(MEASURED))
    return measured(summarise(kept, metric), MEASURES[metric][1], c.keys(MEASURED), interval=False)
