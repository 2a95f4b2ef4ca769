"""What this chapter adds to the paper: the simulated array, what EMG can do alone, and the bridge to the heartbeats."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from biosig.corpora.simulated_array import TUNED
from biosig.papers.comparison import Comparison, Makers, collect, counts_of
from biosig.papers.contests import each_against
from biosig.papers.emgse import alone, bridge
from biosig.papers.emgse.systems import ARRAY, BRIDGE, PHONES, SPECTRUM
from biosig.papers.emgse.tables import HOW, LABELS, QUALITY, TESTED, UNIT, column_of, entry
from biosig.results.items import CellRun, CellStore, Item
from biosig.results.statistics import BySeed, where
from biosig.results.tables import Table, label

ARRAY_LABELS = {
    "array_0": "SE(A), no EMG",
    "array_35": "EMGSE, 35 channels of simulated EMG",
    "array_28": "EMGSE, 28 channels of simulated EMG (cheek)",
}
SIMULATED = (
    "The sound is real, the 40 channels are SIMULATED from phone labels alone; where each muscle lies and which phones "
    "need it is this book's table, so a difference of 35 and 28 channels is in good part that table's. The strength "
    f"{TUNED.strength:g} was tuned beforehand, so that phones are told from a frame as well as from real EMG: "
    f"{100 * TUNED.simulated:.1f} % and {100 * TUNED.real:.1f} % of the same frames of {TUNED.session}."
)
MEASURED = {
    PHONES: (("frame_accuracy", "Phones told right", ".3f"), ("majority", "Always the most frequent phone", ".3f")),
    SPECTRUM: (("r2", "R² of the log spectrum", ".2f"), ("energy_correlation", "Correlation of log energy", ".2f")),
}
TITLES = {PHONES: "The phone of a frame, from EMG alone", SPECTRUM: "The log spectrum, from EMG alone, linearly"}
ALONE_HOW = (
    "Test sentences alone; the value of a sentence is over its frames, and the means go over sentences. Electrodes "
    "were put on anew for each session of a person."
)


def makers(protocol, c: Comparison, store: CellStore) -> Makers:
    """Further tables by name, each computed when it is called for."""
    return {
        **{f"strong_{m}_paired": partial(strong_paired, c, m) for m in TESTED},
        "array": partial(array, c),
        **{f"array_{m}_paired": partial(array_paired, c, m) for m in TESTED},
        **{f"{name}_alone": partial(by_session, c, name) for name in MEASURED},
        "emg_lags": partial(lags, c),
        "bridge": partial(bridge_table, protocol, c, store),
        **{f"bridge_{m}": partial(bridge_paired, protocol, c, store, m) for m in TESTED},
    }


def strong_paired(c: Comparison, metric: str) -> Table:
    """The larger network with EMG against the same without: does EMG still help a better ear?"""
    held = replace(c, labels={name: LABELS[name] for name in ("strong", "strong_emg")})
    title = f"The larger network with EMG against the same without, {column_of(metric).title}: {c.here}"
    table = each_against(held, metric, column_of(metric), "strong", title)
    return replace(table, name=f"strong_{metric}_paired")


def array(c: Comparison) -> Table:
    """35 against 28 channels and none, on simulated EMG."""
    rows = []
    for name, text in ARRAY_LABELS.items():
        entries = [entry(c, name, c.items(name, metric), metric, style) for metric, _, style in QUALITY]
        rows.append((label(text), *entries, counts_of(entries)))
    heads = ("Network", *(text for _, text, _ in QUALITY), c.counted)
    title = "Table 3 on a SIMULATED array: 35 channels, the cheek's 28, none"
    return Table("array", title, heads, tuple(rows), (SIMULATED, HOW, *c.unfinished(ARRAY)))


def array_paired(c: Comparison, metric: str) -> Table:
    """The cheek and no EMG against all 35 channels, on the same mixtures."""
    held = replace(c, labels=ARRAY_LABELS)
    title = f"The cheek's channels, and none, against 35, SIMULATED EMG: {column_of(metric).title}"
    table = each_against(held, metric, column_of(metric), "array_35", title)
    return replace(table, name=f"array_{metric}_paired", notes=(*table.notes, SIMULATED))


def by_session(c: Comparison, system: str) -> Table:
    """What EMG tells in each session, fitted to it and to the person's other sessions."""
    rows, sessions = [], _levels(c, system, "session")
    for session in (*sessions, ""):
        entries = []
        for kind in (alone.OWN, alone.OTHERS):
            for metric, _, style in MEASURED[system]:
                wanted = {"training": kind, "context": alone.CONTEXT, "lag_ms": "0"}
                found = where(c.items(system, metric), wanted | ({"session": session} if session else {}))
                entries.append(entry(c, system, found, metric, style))
        rows.append((label(session or "All"), *entries, counts_of(entries[:2])))
    texts = [f"{text}, {kind}" for kind in (alone.OWN, alone.OTHERS) for _, text, _ in MEASURED[system]]
    title = f"{TITLES[system]} (EMG-UKA, five channels)"
    return Table(f"{system}_alone", title, ("Session", *texts, c.counted), tuple(rows), (ALONE_HOW,))


def lags(c: Comparison) -> Table:
    """How much a single frame of EMG tells, moved against the sound."""
    rows, wanted = [], {"training": alone.OWN, "context": alone.NONE}
    measured = [(system, *MEASURED[system][0]) for system in (PHONES, SPECTRUM)]
    for lag in alone.LAGS_MS:
        entries = [
            entry(c, system, where(c.items(system, metric), wanted | {"lag_ms": str(lag)}), metric, style)
            for system, metric, _, style in measured
        ]
        rows.append((label(lag_text(lag)), *entries, counts_of(entries)))
    heads = ("EMG of a single frame, taken", *(text for _, _, text, _ in measured), c.counted)
    title = "When the EMG knows it: a single frame, own session (EMG-UKA, five channels)"
    return Table("emg_lags", title, heads, tuple(rows), (ALONE_HOW,))


def lag_text(lag_ms: int) -> str:
    """A lag in words."""
    return "at the same time" if not lag_ms else f"{abs(lag_ms)} ms {'before' if lag_ms > 0 else 'after'} the sound"


def bridge_labels() -> Mapping[str, str]:
    """What the variants of the bridge are called."""
    said = {bridge.NONE: "nothing added", bridge.ECG: "ECG added", bridge.MAINS: "mains added",
            bridge.BOTH: "ECG and mains added"}  # fmt: skip
    return {bridge.named(v): f"{said[v[0]]}, {bridge.CLEANING[v[1]]}" for v in bridge.VARIANTS}


def bridge_table(protocol, c: Comparison, store: CellStore) -> Table:
    """Every contamination and cleaning: how far the EMG is from what it was, and what EMGSE makes of it."""
    held, rows = _bridged(protocol, c, store), []
    columns = ((bridge.EMG_SNR, "SNR of the EMG, dB", ".1f"), *(each for each in QUALITY if each[0] in TESTED))
    for name, text in bridge_labels().items():
        entries = [entry(held, name, held.items(name, metric), metric, style) for metric, _, style in columns]
        rows.append((label(text), *entries, counts_of(entries[1:])))
    heads = ("EMG", *(text for _, text, _ in columns), UNIT)
    title = f"A heart and the mains in the EMG of EMGSE, at {bridge.SNR_DB:g} dB, and what removes them"
    note = "EMG as it is has no SNR: it is the reference. EMGSE is that of the main table, trained without any of this."
    return Table("bridge", title, heads, tuple(rows), (note, HOW))


def bridge_paired(protocol, c: Comparison, store: CellStore, metric: str) -> Table:
    """Every variant against the EMG as it was recorded, on the same mixtures."""
    title = f"Every contamination and cleaning against EMG as it is: {column_of(metric).title}"
    own = bridge.named(bridge.OWN)
    table = each_against(_bridged(protocol, c, store), metric, column_of(metric), own, title)
    return replace(table, name=f"bridge_{metric}")


def _bridged(protocol, c: Comparison, store: CellStore) -> Comparison:
    """The bridge's cells as if each variant were a system."""
    runs = collect(store, protocol.cells(c.profile, [BRIDGE])).get(BRIDGE, [])
    names = bridge_labels()
    found = {name: [_only(run, name) for run in runs] for name in names} if runs else {}
    return replace(c, runs=found, labels=names, reasons={}, seeds={})


def _only(run: CellRun, variant: str) -> CellRun:
    """A cell's items of one variant, under the mixtures' own names."""
    kept = [
        Item(each.item.partition("#")[0], each.subject, each.metric, each.version, each.value, each.reason,
             each.conditions, each.seconds)
        for each in run.items if each.conditions["variant"] == variant
    ]  # fmt: skip
    return replace(run, items=tuple(kept))


def _levels(c: Comparison, system: str, condition: str) -> tuple[str, ...]:
    items: BySeed = c.items(system, MEASURED[system][0][0])
    return tuple(sorted({item.conditions[condition] for own in items.values() for item in own}))

