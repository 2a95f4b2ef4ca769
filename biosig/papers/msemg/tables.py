"""Tables I and II and Figs. 3 and 4 beside ours, a real recording, and what training the networks took."""

from dataclasses import replace

from biosig.papers.comparison import Comparison, against, beside, by_item, by_level, collect, glance, unreproduced
from biosig.papers.msemg.profiles import setup_of
from biosig.papers.msemg.systems import NEURAL
from biosig.papers.transcription import load
from biosig.papers.verdicts import judge_figure
from biosig.results.items import CellRun, CellStore
from biosig.results.statistics import summarise, where
from biosig.results.tables import RUN, Entry, Table, absent, label, measured

LABELS = {
    "noisy": "Unprocessed",
    "hp": "HP",
    "fts": "FTS",
    "fts_hp": "FTS+HP (the paper's TS)",
    "ats": "ATS",
    "ats_hp": "ATS+HP",
    "fcn": "FCN",
    "sdemg": "SDEMG",
    "msemg": "MSEMG",
}
# Systems that the paper does not have. Their paired comparison is a family of its own, so that the number of them
# does not weaken the tests among the paper's systems.
OTHERS = {
    "gate_zero": "Gating, zeros",
    "gate_neighbours": "Gating, neighbours",
    "swt": "Stationary wavelets",
    "emd": "Empirical modes",
    "ats_official": "ATS, the authors'",
    "ats_official_hp": "ATS, the authors', +HP",
    "pats_like": "PATS-like",
    "pats_like_hp": "PATS-like+HP",
    "eks2": "EKS2",
    "eks2_hp": "EKS2+HP",
    "eks25": "EKS25",
    "eks25_hp": "EKS25+HP",
    "trustemg_like": "TrustEMG-like",
}
SIZE_LABELS = {
    "fcn": "FCN",
    "sdemg": "SDEMG, as published",
    "sdemg_live": "SDEMG without the layers that never run",
    "msemg": "MSEMG",
}
EXTRAS = ("noisy", "fts", "ats", "ats_hp", *OTHERS)


def tables(protocol, profile: str, store: CellStore) -> list[Table]:
    """Every table of this paper, from whatever cells the store holds."""
    runs = collect(store, protocol.cells(profile))
    setup, paper = setup_of(profile), load("msemg")
    c = Comparison(paper, profile, runs, {**LABELS, **OTHERS}, setup.emg)
    counted = by_item(runs.get("sizes", ()))
    sizes = replace(c, runs=counted, labels=SIZE_LABELS)
    everything = replace(c, runs={name: [*runs.get(name, []), *counted.get(name, [])] for name in LABELS})
    table1 = paper.tables["table1"]
    cleaned = replace(c, labels={name: text for name, text in LABELS.items() if name != "noisy"})
    families = replace(c, labels={"msemg": LABELS["msemg"], **OTHERS})
    return [
        *[beside(c, table1, column.metric, EXTRAS) for column in table1.columns],
        against(cleaned, table1, "snr_imp_db", "msemg"),
        replace(against(families, table1, "snr_imp_db", "msemg"), name="families_snr_imp_db_paired"),
        beside(sizes, paper.tables["table2"], "parameters", ("sdemg_live",)),
        by_level(c, paper.figures["fig3"], "snr_imp_db"),
        at_ten_db(c),
        diaphragm(c),
        training(c),
        glance(everything),
        unreproduced(everything),
    ]


def at_ten_db(c: Comparison) -> Table:
    """Fig. 4's claim as a table: all four metrics at an input SNR of -10 dB."""
    figure, table1 = c.paper.figures["fig4"], c.paper.tables["table1"]
    at = {figure.condition: figure.levels[0]}
    rows = [
        (label(c.labels[system]), *(_at(c, system, column, at) for column in table1.columns)) for system in c.labels
    ]
    verdicts = {m: judge_figure(c.paper, figure, m, c.rows(table1), c.profile) for m in figure.metrics}
    notes = [f"{table1.column(m).title}: {verdict.word}: {verdict.reason}." for m, verdict in verdicts.items()]
    title = f"{figure.number}, all metrics at {figure.levels[0]} dB ({c.here}; the paper: biceps)"
    return Table("fig4", title, ("System", *(column.heading for column in table1.columns)), tuple(rows), tuple(notes))


def diaphragm(c: Comparison) -> Table:
    """The real diaphragm recording: power at R peaks against power elsewhere, before and after."""
    metric = "r_peak_energy_ratio_db"
    rows = []
    for system in c.labels:
        found = summarise(c.items(system), metric) if c.runs.get(system) else None
        entry = measured(found, ".2f", c.keys(system)) if found else absent(c.missing(system))
        rows.append((label(c.labels[system]), entry))
    notes = (
        "One real recording of one person, without a clean truth: at 0 dB heartbeats no longer stand out; below, "
        "muscle was removed with the heart. One person gives no interval.",
    )
    title = "A real diaphragm EMG: power within 60 ms of R peaks over power elsewhere"
    return Table("diaphragm", title, ("System", "Ratio, dB"), tuple(rows), notes)


def training(c: Comparison) -> Table:
    """What each network's seeds cost and came to."""
    rows = []
    for system in NEURAL:
        for run in c.runs.get(system, ()):
            rows.append((label(f"{c.labels[system]}, seed {run.cell.seed}"), *_training_row(run)))
    if not rows:
        rows = [(label(c.labels[system]), *[absent(c.missing(system))] * 5) for system in NEURAL]
    heads = ("Run", "Epochs × steps", "Best epoch", "Best validation", "Training, min", "Device")
    notes = ("Validation: minus SNRimp in dB; for SDEMG the diffusion loss at fixed draws. The lowest is kept.",)
    return Table("training", "Training runs", heads, tuple(rows), notes)


def _training_row(run: CellRun) -> tuple[Entry, ...]:
    keys, told = (run.cell.key,), run.run
    steps = run.cell.config["network"]["recipe"]["steps_per_epoch"]
    minutes = told["training_seconds"] / 60
    return (
        Entry(f"{told['epochs']} × {steps}", RUN, keys=keys),
        Entry(str(told["best_epoch"]), RUN, told["best_epoch"], keys=keys),
        Entry(f"{told['best_validation']:.3f}", RUN, told["best_validation"], keys=keys),
        Entry(f"{minutes:.1f}", RUN, minutes, keys=keys),
        Entry(told["device"], RUN, keys=keys),
    )


def _at(c: Comparison, system: str, column, at: dict[str, str]) -> Entry:
    if not c.runs.get(system):
        return absent(c.missing(system))
    found = summarise(where(c.items(system), at), column.metric)
    return measured(found, column.style, c.keys(system))

