"""The paper's tables beside here, its claims tested, and beyond it every front end and what predicts its effect."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from biosig.papers.choices import choices
from biosig.papers.claim_verdicts import claims
from biosig.papers.comparison import Comparison, Makers, beside_lines, collect, counts_of, seeds_of
from biosig.papers.contests import each_against
from biosig.papers.glance import overviews
from biosig.papers.se_for_ser.chosen import chosen
from biosig.papers.se_for_ser.described import Described, described
from biosig.papers.se_for_ser.naming import (
    CLEAN,
    CORPORA,
    FEATURES,
    FRONTS,
    NOISY,
    QUALITY,
    SNRS,
    quality_of,
    system_of,
)
from biosig.papers.se_for_ser.prediction import quality_vs_uar
from biosig.papers.transcription import Column, PaperTable, load
from biosig.results.items import CellStore
from biosig.results.measures import CCC, Pool, mean_of, percent, summarise_levels
from biosig.results.predictions import uar, war
from biosig.results.statistics import Summary
from biosig.results.tables import ABSENT, PAPER, Entry, Table, label

OF_PROFILE = {"quick": ("polish",), "open": ("emodb", "nemo"), "paper": ()}
HERE = {
    "quick": "embedded Polish words; simulated arousal",
    "open": "EMO-DB cut to 2.0 s, nEMO for eNTERFACE, simulated arousal for RECOLA",
    "paper": "the paper's corpora",
}
SIMULATED = {"RECOLA": "Simulated arousal for RECOLA"}
STANDS_IN = {"quick": SIMULATED, "open": {"eNTERFACE": "nEMO for eNTERFACE", **SIMULATED}}
PEOPLE = "people"
MEASURES = {"uar": percent(uar()), "war": percent(war()), "ccc": CCC, **{name: mean_of(name) for name in QUALITY}}
OWN = (
    "Differences and their p go over each person's own UAR, mean over the SNRs; they are not exactly the differences "
    "of the UARs over everybody's utterances."
)


def comparison(protocol, profile: str, store: CellStore) -> Comparison:
    """The paper beside what the store holds; a system's cells are read when it is asked for."""
    cells = protocol.cells(profile)
    runs = collect(store, cells)
    paper = load("se_for_ser")
    more = {"seeds": seeds_of(cells), "measures": MEASURES, "stand_ins": STANDS_IN.get(profile, {})}
    return Comparison(paper, profile, runs, {}, HERE[profile], PEOPLE, **more)


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """Every table of this paper by name, each computed when it is called for."""
    c = comparison(protocol, profile, store)
    own = {f"{corpus}_{features}": (corpus, features) for corpus in OF_PROFILE[profile] for features in FEATURES}
    return {
        "table1": lambda: table1(c, described(profile)),
        **{name: partial(acted, c, c.paper.tables[name]) for name in ("table2", "table3b", "table5")},
        **{name: partial(arousal, c, c.paper.tables[name]) for name in ("table3a", "table4", "table6")},
        "claims": partial(claims, c),
        **{f"front_ends_{name}": partial(front_ends, c, *which) for name, which in own.items()},
        **{f"front_ends_{name}_paired": partial(front_ends_paired, c, *which) for name, which in own.items()},
        **{f"multi_{name}": partial(multi, c, *which) for name, which in own.items()},
        **{f"multi_{name}_paired": partial(multi_paired, c, *which) for name, which in own.items()},
        **{f"quality_{corpus}": partial(quality, c, corpus) for corpus in OF_PROFILE[profile]},
        "quality_vs_uar": partial(quality_vs_uar, c, OF_PROFILE[profile]),
        "choices": lambda: choices(c, chosen(profile)),
        **overviews(lambda: [c]),
    }


# --- the paper's tables ---------------------------------------------------------------------------------------------


def table1(c: Comparison, counted: Described) -> Table:
    """The paper's corpora beside what stands in their place here, as counted from the corpora themselves."""
    sheet = c.paper.sheets["table1"]
    rows = [
        (
            label(row),
            *(
                entry
                for head, text in zip(sheet.heads, texts, strict=True)
                for entry in (Entry(text, PAPER), _counted(counted.get(head, {}).get(row, "")))
            ),
        )
        for row, texts in sheet.rows.items()
    ]
    heads = [head for paper in sheet.heads for head in (f"{paper}: paper", f"Here: {c.called(paper)}")]
    notes = ("Counted from the names in each corpus's list of files, which say neither lengths nor silence.",)
    return Table(sheet.name, f"{sheet.number}: {sheet.title.lower()}", ("", *heads), tuple(rows), notes)


def _counted(text: str) -> Entry:
    return label(text) if text else Entry("—", ABSENT, note="not counted")


def acted(c: Comparison, table: PaperTable) -> Table:
    """A table of UARs: the paper's places, and the profile's own corpora where they are none of them."""
    held = {system for column in table.columns for system in table.of(column).values()}
    others = [corpus for corpus in OF_PROFILE[c.profile] if not any(system.startswith(f"{corpus}_") for system in held)]
    of_first = [column for column in table.columns if column.name.startswith("EMO-DB")]
    extras = [_moved(column, corpus) for corpus in others for column in of_first]
    return beside_lines(c, table, extras)


def _moved(column: Column, corpus: str) -> Column:
    """A line of EMO-DB's for another corpus, of which the paper has no value."""
    name = column.name.replace("EMO-DB", CORPORA[corpus])
    systems = {row: system.replace("emodb_", f"{corpus}_") for row, system in column.systems.items()}
    return replace(column, name=name, title=name, systems=systems, values={}, tolerance={})


def arousal(c: Comparison, table: PaperTable) -> Table:
    """A table of CCCs; what stands in for RECOLA is simulated, and the heading says so."""
    here = "simulated arousal for RECOLA" if c.profile != "paper" else c.here
    return beside_lines(replace(c, here=here), table)


# --- beyond the paper -----------------------------------------------------------------------------------------------


def uar_at(*levels: str) -> Column:
    """UAR as a column of a table that no paper prints: the mean over some SNRs."""
    return Column("uar", "UAR", "%", "higher", ".1f", {}, at={"": {"snr_db": levels}})


def trained_on_clean(corpus: str, features: str) -> dict[str, str]:
    """system → front end, of all that were trained on clean speech."""
    return {system_of(corpus, features, "clean", front): text for front, text in FRONTS.items()}


def front_ends(c: Comparison, corpus: str, features: str) -> Table:
    """UAR by front end and SNR, trained on clean speech; in the first column, what a front end does to clean speech."""
    title = f"UAR by front end and SNR, trained on clean speech: {CORPORA[corpus]}, {FEATURES[features]}"
    return _by_snr(c, corpus, f"front_ends_{corpus}_{features}", title, trained_on_clean(corpus, features))


def front_ends_paired(c: Comparison, corpus: str, features: str) -> Table:
    """Every front end against the noisy input, person by person, mean over the SNRs."""
    labels = trained_on_clean(corpus, features)
    title = f"Every front end against the noisy input, UAR, mean over SNRs: {CORPORA[corpus]}, {FEATURES[features]}"
    own = system_of(corpus, features, "clean", NOISY)
    return _paired(c, corpus, f"front_ends_{corpus}_{features}", title, labels, own)


def multi(c: Comparison, corpus: str, features: str) -> Table:
    """Multi-condition training without any front end, beside the front ends."""
    title = f"Multi-condition training beside front ends, UAR by SNR: {CORPORA[corpus]}, {FEATURES[features]}"
    labels = _trainings(corpus, features)
    had = {system: text for system, text in labels.items() if c.seeds.get(system) or c.cells(system)}
    return _by_snr(c, corpus, f"multi_{corpus}_{features}", title, had or labels)


def multi_paired(c: Comparison, corpus: str, features: str) -> Table:
    """Every front end, trained on clean speech, against multi-condition training without any."""
    own = system_of(corpus, features, "multi", NOISY)
    labels = {own: "Multi-condition training", **trained_on_clean(corpus, features)}
    title = (
        "Every front end, trained on clean speech, against multi-condition training without one, UAR, mean over SNRs: "
        f"{CORPORA[corpus]}, {FEATURES[features]}"
    )
    return _paired(c, corpus, f"multi_{corpus}_{features}", title, labels, own)


def _trainings(corpus: str, features: str) -> dict[str, str]:
    """system → what it is, from no help to the training that knows the SNR."""
    kinds = {"multi": "Multi-condition training", "clean": "Clean training", "matched": "Matched training"}
    order = [("multi", NOISY), *(("clean", front) for front in FRONTS)]
    order += [("multi", front) for front in FRONTS if front != NOISY]
    order += [("matched", front) for front in FRONTS]
    ends = {front: "no front end" if front == NOISY else text for front, text in FRONTS.items()}
    return {system_of(corpus, features, kind, front): f"{kinds[kind]}, {ends[front]}" for kind, front in order}


def snrs_of(c: Comparison, corpus: str) -> tuple[str, ...]:
    """The SNRs at which a corpus's noisy speech was heard in this profile; the paper's where none was yet."""
    pools = [c.pool(system_of(corpus, features, CLEAN, NOISY), "uar") for features in FEATURES]
    there = {level[-1] for found in pools for level in found.levels}
    return tuple(snr for snr in SNRS if snr in there) or SNRS


def _by_snr(c: Comparison, corpus: str, name: str, title: str, labels: Mapping[str, str]) -> Table:
    snrs = snrs_of(c, corpus)
    columns = {CLEAN.capitalize(): uar_at(CLEAN), **{f"{snr} dB": uar_at(snr) for snr in snrs}}
    columns[f"Mean, {snrs[0]} to {snrs[-1]} dB"] = uar_at(*snrs)
    rows = []
    for system, text in labels.items():
        entries = [c.number(system, column) for column in columns.values()]
        rows.append((label(text), *entries, counts_of(entries[1:-1])))
    heads = ("System", *columns, f"{c.counted} at each")
    notes = (c.how_sets, *replace(c, labels=labels).unfinished(labels))
    return Table(name, f"{title}, in %", heads, tuple(rows), notes)


def _paired(c: Comparison, corpus: str, name: str, title: str, labels: Mapping[str, str], own: str) -> Table:
    table = each_against(replace(c, labels=labels), name, uar_at(*snrs_of(c, corpus)), own, title)
    return replace(table, notes=(*table.notes, OWN))


def quality(c: Comparison, corpus: str) -> Table:
    """What each front end does to the sound: PESQ, STOI and SI-SDR, mean over the SNRs."""
    snrs = snrs_of(c, corpus)
    at = {"": {"snr_db": snrs}}
    columns = [Column(name, text, unit, "higher", style, {}, at=at) for name, (text, unit, style) in QUALITY.items()]
    rows = []
    for front, text in FRONTS.items():
        entries = [c.number(quality_of(corpus, front), column) for column in columns]
        rows.append((label(text), *entries, counts_of(entries)))
    heads = ("Front end", *(column.heading for column in columns), c.counted)
    title = f"The sound of each front end, mean over {snrs[0]} to {snrs[-1]} dB: {CORPORA[corpus]}"
    return Table(f"quality_{corpus}", title, heads, tuple(rows), (c.how_sets,))


# --- for the figures ------------------------------------------------------------------------------------------------


def uar_by_snr(c: Comparison, corpus: str, features: str, training: str = "clean") -> dict[str, dict[str, Summary]]:
    """front end → SNR ("clean" comes last) → UAR in % with its interval; front ends that were not run are left out."""
    pools: dict[str, Pool] = {
        front: c.pool(system_of(corpus, features, training, front), "uar") for front in FRONTS
    }
    return {front: summarise_levels(found) for front, found in pools.items() if found}
