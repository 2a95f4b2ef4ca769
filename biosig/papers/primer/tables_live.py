"""Tables of what works live: delay and processor time of every stream, and what eight bits cost and bring."""

from dataclasses import replace
from functools import partial

from biosig.papers.comparison import Comparison, Makers, by_item, collect, counts_of, seeds_of
from biosig.papers.primer.costs import NOT_COUNTED
from biosig.papers.primer.live import LIVE
from biosig.papers.primer.live_cells import CELLS, COSTS
from biosig.papers.primer.tables import LABELS, QUALITY, SETS
from biosig.papers.transcription import load
from biosig.results.items import CellStore
from biosig.results.statistics import summarise
from biosig.results.tables import RUN, Entry, Table, absent, label, measured, number

SIZED = (("parameters", "Parameters", ",.0f"), ("macs_per_s", "MAC/s", ".1e"), ("latency_ms", "Latency, ms", ".1f"))
TIMED = (("median_ms", "ms for 10 ms, median", ".3f"), ("p99_ms", "99 of 100 below", ".3f"))
SCORED = tuple(each for each in QUALITY if each[0] != "dnsmos_ovrl")
FORM_LABELS = {"float32": "32 bits", "dynamic": "8 bits, dynamic", "static": "8 bits, static"}
TIMES = (
    "All in one run on one thread, fed 10 ms at a time, in turns; processor time. What reaches beyond 10 ms would be "
    "late. Times real time: how many such streams one core could hold; the text says 18."
)
LATENCY = (
    "Latency: the most that an output sample's last input lies after it, found by changing the input; the wait for a "
    "frame to fill is in it. Peers at 48 kHz are heard through a resampler, whose delay is in it."
)
BITS = (
    "32 bits: the network's step as ONNX. 8 bits: its matrices, by ONNX Runtime; dynamic scales each frame's inputs, "
    "static scales them by embedded training mixtures. Bytes: of the file, with two matrices of bands that stay as "
    "they are. Milliseconds hold the transforms, features and filters around the step, which stay in Python."
)


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """Both tables by name; none in a profile that has none of their cells."""
    cells = protocol.cells(profile, [COSTS, *CELLS])
    if not cells:
        return {}
    runs, of = collect(store, cells), SETS["voicebank"]
    common = {"here": of.here, "unit": of.unit, "seeds": seeds_of(cells), "at": {"set": "voicebank"}}
    c = Comparison(load("primer"), profile, runs, {}, **common)
    priced = replace(c, runs=by_item(runs.get(COSTS, ())), at={})
    return {"live": partial(live, priced), "eight_bits": partial(eight_bits, c, priced)}


def live(priced: Comparison) -> Table:
    """Size, delay and time of every system that works live."""
    rows = []
    for name in (each for each in LIVE if each != "noisy"):
        entries = [cost(priced, name, metric, style) for metric, _, style in (*SIZED, *TIMED)]
        rows.append((label(LABELS[name]), *entries, times_real_time(priced, name)))
    heads = ("System", *(text for _, text, _ in (*SIZED, *TIMED)), "Times real time")
    return Table("live", "Every system that works as the sound comes in", heads, tuple(rows), (TIMES, LATENCY))


def eight_bits(c: Comparison, priced: Comparison) -> Table:
    """Both networks in 32 and 8 bits: file, quality, time."""
    rows = []
    for system, (network, form) in CELLS.items():
        scores = [score(c, system, metric, style) for metric, _, style in SCORED]
        costs = [cost(priced, f"{network}/{form}", metric, style) for metric, _, style in TIMED]
        size = cost(priced, f"{network}/{form}", "bytes", ",.0f")
        name = f"{LABELS[network]}, {FORM_LABELS[form]}"
        speed = times_real_time(priced, f"{network}/{form}")
        rows.append((label(name), size, *scores, counts_of(scores), *costs, speed))
    heads = ("System", "Bytes", *(text for _, text, _ in SCORED), c.counted, *(text for _, text, _ in TIMED))
    title = f"What eight bits cost, and bring ({c.here})"
    return Table("eight_bits", title, (*heads, "Times real time"), tuple(rows), (SETS["voicebank"].how, BITS, TIMES))


def cost(priced: Comparison, name: str, metric: str, style: str) -> Entry:
    """One cost of one stream, or why there is none."""
    item = first(priced, name, metric)
    if item is None:
        return absent(f"no finished run in the {priced.profile} profile")
    if item.value is None:
        return Entry("no network" if item.reason == NOT_COUNTED else item.reason, RUN, keys=priced.keys(name))
    return Entry(number(item.value, style), RUN, item.value, keys=priced.keys(name))


def times_real_time(priced: Comparison, name: str) -> Entry:
    """How many streams one core could hold."""
    item = first(priced, name, "real_time_factor")
    if item is None:
        return absent(f"no finished run in the {priced.profile} profile")
    return Entry(number(1 / item.value, ".0f"), RUN, 1 / item.value, keys=priced.keys(name))


def first(priced: Comparison, name: str, metric: str):
    """The one item of a cost, or None."""
    found = [item for items in priced.items(name, metric).values() for item in items]
    return found[0] if found else None


def score(c: Comparison, system: str, metric: str, style: str) -> Entry:
    """One measure of one form."""
    items = c.items(system, metric)
    if not any(items.values()):
        network = CELLS[system][0] if system in CELLS else system
        return absent(f"no finished run of {LABELS[network]} in the {c.profile} profile")
    return measured(summarise(items, metric), style, c.keys(system))
