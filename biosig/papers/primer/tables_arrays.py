"""Tables of the experiment with rooms and arrays, with intervals over the sixteen people."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from biosig.papers.comparison import Comparison, Makers, collect, seeds_of
from biosig.papers.contests import against
from biosig.papers.primer.arrays import ARRAY, ARRAYS, LOADINGS, NETWORK, POSTS, ROOM, ROOMS
from biosig.papers.primer.scenes import PLAN
from biosig.papers.primer.tables import QUALITY, column_of
from biosig.papers.training_table import BY_LOSS, training
from biosig.papers.transcription import load
from biosig.results.items import CellStore
from biosig.results.statistics import summarise, where
from biosig.results.tables import Entry, Table, absent, label, measured

STYLES = {name: (text, style) for name, text, style in QUALITY} | {
    "drr_db": ("DRR left, dB", ".1f"),
    "c50_db": ("C50 left, dB", ".1f"),
}
SHOWN = ("pesq_wb", "stoi", "si_sdr_db", "drr_db", "c50_db")
TESTED = ("pesq_wb", "si_sdr_db")
ROOM_DATA = "16 people of the TIMIT sample in simulated rooms"
ARRAY_DATA = "16 people of the TIMIT sample in simulated noise fields made of unseen noises"
FIRST = {"set": "array", "geometry": PLAN.settings[0][0], "snr_db": f"{PLAN.settings[0][1]:g}"}
PLAIN = {"post": POSTS[0]}
POST_LABELS = {"none": "nothing", "log_mmse": "log-MMSE", "mask": "recurrent mask"}
OWN = {ROOM: "network", ARRAY: "mvdr_masks"}  # what the tests are about, named before them
PEOPLE = "Intervals are 95 % bootstrap over the 16 people."
AGAINST = "All measures are against the direct sound at the reference microphone."
RATIO = (
    "DRR and C50 are those of the room that is left: of the response from talker to output, with filters as they stood "
    "for the speech. They can only be had for a linear filter that stands still."
)
NOISES = (
    "A noise from a point comes from its place in the room; one from everywhere is mixed to the coherence of a diffuse "
    "field. Both are simulated from recordings that no network has heard."
)


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """Every table of this experiment by name; none in a profile that has none of its cells."""
    rooms, arrays = (compared(protocol, profile, store, prefix) for prefix in (ROOM, ARRAY))
    if not rooms.seeds:
        return {}
    made: dict = {
        "rooms": partial(room_table, rooms),
        "rooms_training": partial(room_training, rooms),
        "arrays": partial(array_table, arrays),
        "arrays_by_geometry": partial(by_geometry, arrays),
        "arrays_posts": partial(posts, arrays),
        "arrays_robust": partial(robust, arrays),
    }
    made |= {f"rooms_by_rt60_{metric}": partial(by_rt60, rooms, metric) for metric in TESTED}
    made |= {f"rooms_{metric}_paired": partial(paired, rooms, ROOM, metric) for metric in TESTED}
    return made | {f"arrays_{metric}_paired": partial(paired, arrays, ARRAY, metric) for metric in TESTED}


def compared(protocol, profile: str, store: CellStore, prefix: str) -> Comparison:
    """The systems of one prefix, called as the tables call them; a cell is read when it is asked for."""
    designs, here = (ROOMS, ROOM_DATA) if prefix == ROOM else (ARRAYS, ARRAY_DATA)
    cells = protocol.cells(profile, [f"{prefix}{name}" for name in designs])
    seeds = {name.removeprefix(prefix): count for name, count in seeds_of(cells).items()}
    labels = {name: design.what[0].upper() + design.what[1:] for name, design in designs.items()}
    return Comparison(load("primer"), profile, collect(store, cells, prefix), labels, here, "people", seeds=seeds)


def room_table(c: Comparison) -> Table:
    """Every way to take a room off, over all rooms."""
    columns = [(STYLES[metric][0], metric, {"set": "room"}) for metric in SHOWN]
    return rows_by_system(c, "rooms", "Taking a simulated room off speech, mean over RT60", c.labels, columns, (RATIO,))


def by_rt60(c: Comparison, metric: str) -> Table:
    """One measure, a column for each RT60."""
    columns = [(f"{rt60:g} s", metric, {"set": "room", "rt60_s": f"{rt60:g}"}) for rt60 in PLAN.rt60_s]
    title = f"{STYLES[metric][0]} by RT60"
    return rows_by_system(c, f"rooms_by_rt60_{metric}", title, c.labels, columns)


def room_training(c: Comparison) -> Table:
    """What the training of the network took."""
    table = training(c, [NETWORK.removeprefix(ROOM)], BY_LOSS, "Its loss on held-out speech in other rooms chooses.")
    return replace(table, name="rooms_training", title="Training a network to take rooms off")


def array_table(c: Comparison) -> Table:
    """Every beamformer in the first setting, by kind of noise."""
    columns = [
        (f"{kind}: {STYLES[metric][0]}", metric, FIRST | PLAIN | {"noise": name})
        for kind, name in (("Point", "point"), ("Everywhere", "diffuse"))
        for metric in SHOWN[:3]
    ]
    title = f"Six microphones in a circle, {FIRST['snr_db']} dB SNR"
    return rows_by_system(c, "arrays", title, c.labels, columns, (NOISES,))


def by_geometry(c: Comparison, metric: str = "si_sdr_db") -> Table:
    """SI-SDR by array, noise and SNR."""
    columns = [
        (f"{geometry}, {snr:g} dB, {kind}", metric,
         {"set": "array", "geometry": geometry, "snr_db": f"{snr:g}", "noise": kind} | PLAIN)
        for geometry, snr in PLAN.settings
        for kind in ("point", "diffuse")
    ]  # fmt: skip
    title = f"{STYLES[metric][0]} by array and noise"
    return rows_by_system(c, "arrays_by_geometry", title, c.labels, columns, (NOISES,))


def posts(c: Comparison) -> Table:
    """What a filter for one channel adds behind a beamformer, over both kinds of noise."""
    behind = [name for name, design in ARRAYS.items() if len(design.posts) > 1]
    columns = [
        (f"{POST_LABELS[post]}: {STYLES[metric][0]}", metric, FIRST | {"post": post})
        for metric in SHOWN[:3]
        for post in POSTS
    ]
    title = "A single-channel filter behind a beamformer, mean over both kinds of noise"
    return rows_by_system(c, "arrays_posts", title, {name: c.labels[name] for name in behind}, columns)


def robust(c: Comparison, metric: str = "si_sdr_db") -> Table:
    """What mistakes cost, and what loading saves."""
    errors = [f"{what}: {size:g}" for what, size in PLAN.robust]
    rows = []
    for name, design in ARRAYS.items():
        for loading in design.robust:
            at = {"set": "robust"} | ({} if loading is None else {"loading": f"{loading:g}"})
            entries = [entry_of(c, name, metric, at | {"error": error}, interval=False) for error in errors]
            told = "" if loading is None else f", loading {loading:g}"
            rows.append((label(f"{c.labels[name]}{told}"), *entries))
    title = f"{STYLES[metric][0]} where something is not as the beamformer is told ({c.here})"
    notes = (
        f"Six microphones in a circle, a noise from a point at {PLAN.robust_snr_db:g} dB. Steering: that many degrees "
        "to one side. Sound speed: what is told; it is 343. Gains: of each microphone but the reference, drawn evenly "
        f"from plus or minus so many dB. Loading is relative to a microphone's power; {LOADINGS[0]:g} is none to speak "
        "of.",
        AGAINST,
    )
    return Table("arrays_robust", title, ("System", *errors), tuple(rows), notes)


def paired(c: Comparison, prefix: str, metric: str) -> Table:
    """The network (or its beamformer) against the others, person by person; without the oracle."""
    at = {"set": "room"} if prefix == ROOM else FIRST
    labels = {name: text for name, text in c.labels.items() if name != "oracle"}
    here = f"{c.here}, mean over {'RT60' if prefix == ROOM else 'both kinds of noise'}"
    name = "rooms" if prefix == ROOM else "arrays"
    return against(
        replace(c, at=at | PLAIN, labels=labels, here=here), f"{name}_{metric}", column_of(metric), OWN[prefix]
    )


def rows_by_system(
    c: Comparison,
    name: str,
    title: str,
    labels: Mapping[str, str],
    columns: Iterable[tuple[str, str, Mapping[str, str]]],
    notes: tuple[str, ...] = (),
) -> Table:
    """A row for each system, and for each column its head, its measure and the conditions of its items."""
    columns = list(columns)
    rows = [
        (label(text), *(entry_of(c, system, metric, at) for _, metric, at in columns))
        for system, text in labels.items()
    ]
    heads = ("System", *(head for head, _, _ in columns))
    return Table(name, f"{title} ({c.here})", heads, tuple(rows), (PEOPLE, AGAINST, *notes))


def entry_of(c: Comparison, system: str, metric: str, at: Mapping[str, str], interval: bool = True) -> Entry:
    """The mean of a measure under these conditions, or why there is none."""
    if not c.runs.get(system):
        return absent(c.missing(system))
    items = where(c.items(system, metric), at)
    values = [row for rows in items.values() for row in rows]
    if values and all(row.value is None for row in values):
        return absent(values[0].reason)
    return measured(summarise(items, metric), STYLES[metric][1], c.keys(system), interval)
