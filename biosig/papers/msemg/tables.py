"""Tables I and II and Figs. 3 and 4 beside ours, a real recording, and what training the networks took."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from biosig.papers.choices import choices
from biosig.papers.comparison import Comparison, Makers, beside, by_item, by_level, collect, counts_of, seeds_of
from biosig.papers.contests import against
from biosig.papers.glance import overviews
from biosig.papers.msemg.profiles import Network, Setup, setup_of
from biosig.papers.msemg.systems import NEURAL
from biosig.papers.training_table import training
from biosig.papers.transcription import load
from biosig.results.items import CellStore
from biosig.results.statistics import summarise, where
from biosig.results.tables import Entry, Table, absent, label, measured

SHORT = {
    "noisy": "Unprocessed",
    "hp": "HP",
    "fts": "FTS",
    "fts_hp": "FTS+HP (held against the paper's TS)",
    "ats": "ATS",
    "ats_hp": "ATS+HP",
    "fcn": "FCN",
    "sdemg": "SDEMG",
    "msemg": "MSEMG",
}
# Systems that neither the paper nor its template subtraction has: a paired comparison of their own, so that their
# number does not weaken the tests among the first ones.
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
LABELS = {**SHORT, **OTHERS}
RECIPES = {
    "fcn": "FCN",
    "fcn_l1": "FCN, L1 and 10 s",
    "msemg": "MSEMG",
    "msemg_l1": "MSEMG, L1 and 10 s",
}
CLASSICAL = tuple(name for name in SHORT if name not in (*NEURAL, "noisy"))
SIZE_LABELS = {
    "fcn": "FCN",
    "sdemg": "SDEMG, as published",
    "sdemg_live": "SDEMG without the layers that never run",
    "msemg": "MSEMG",
}
TRAINING = {
    "Epochs × steps": "{epochs} × {steps_per_epoch}",
    "Best epoch": "{best_epoch}",
    "Best validation": "{best_validation:.3f}",
    "Training, min": "{minutes:.1f}",
    "Device": "{device}",
}
VALIDATION = "Validation: minus SNRimp in dB; for SDEMG the diffusion loss at fixed draws. The lowest is kept."
OURS = "msemg"  # whose claim to be best is tested
PEOPLE = "people"  # what the statistics count: mixtures of one person are not independent


def comparison(protocol, profile: str, store: CellStore) -> Comparison:
    """The paper beside what the store holds; a system's cells are read when it is asked for."""
    cells = protocol.cells(profile)
    emg, runs = setup_of(profile).emg, collect(store, cells)
    return Comparison(load("msemg"), profile, runs, LABELS, emg, PEOPLE, seeds=seeds_of(cells))


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """Every table of this paper by name, each computed when it is called for."""
    c = comparison(protocol, profile, store)
    table1, table2, fig3 = c.paper.tables["table1"], c.paper.tables["table2"], c.paper.figures["fig3"]
    extras = tuple(name for name in LABELS if name not in table1.systems.values())
    first, column = "table1_snr_imp_db", table1.column("snr_imp_db")
    families = {"families_paired": lambda: against(others(c), "families", column, OURS)} if OTHERS else {}
    return {
        **{f"table1_{each.metric}": partial(beside, c, table1, each.metric, extras) for each in table1.columns},
        f"{first}_paired": lambda: against(rivals(c), first, column, OURS),
        **families,
        "table2_parameters": lambda: beside(sizes(c), table2, "parameters", ("sdemg_live",)),
        "fig3_snr_imp_db": partial(by_level, c, fig3, "snr_imp_db"),
        "fig4": partial(at_ten_db, c),
        "diaphragm": partial(diaphragm, c),
        "training": partial(training, c, NEURAL, TRAINING, VALIDATION),
        "recipes": partial(recipes, replace(c, labels=RECIPES), setup_of(profile)),
        "choices": lambda: choices(c, chosen(setup_of(profile))),
        **overviews(lambda: [c, sizes(c)]),
    }


def rivals(c: Comparison) -> Comparison:
    """Whom the paper's network is held against: the paper's systems and all forms of template subtraction."""
    return replace(c, labels={name: text for name, text in SHORT.items() if name != "noisy"})


def others(c: Comparison) -> Comparison:
    """The same for the systems that the paper does not have."""
    return replace(c, labels={OURS: SHORT[OURS], **OTHERS})


def sizes(c: Comparison) -> Comparison:
    """The counts of parameters, whose items stand for networks; nothing was sampled."""
    return replace(c, runs=by_item(c.runs.get("sizes", ())), labels=SIZE_LABELS, unit="", here="counted", seeds={})


def at_ten_db(c: Comparison) -> Table:
    """Fig. 4's claim as a table: all four metrics at an input SNR of -10 dB."""
    figure, table1 = c.paper.figures["fig4"], c.paper.tables["table1"]
    at = {figure.condition: figure.levels[0]}
    rows = []
    for system in c.labels:
        entries = [_at(c, system, column, at) for column in table1.columns]
        rows.append((label(c.labels[system]), *entries, counts_of(entries)))
    verdicts = {metric: c.claimed(figure, metric) for metric in figure.metrics}
    notes = [f"{table1.column(m).title}: {verdict.word}: {verdict.reason}." for m, verdict in verdicts.items()]
    heads = ("System", *(column.heading for column in table1.columns), c.counted)
    title = f"{figure.number}, all metrics at {figure.levels[0]} dB ({c.here}; the paper: biceps)"
    return Table("fig4", title, heads, tuple(rows), (*notes, *c.unfinished(c.labels)))


def diaphragm(c: Comparison) -> Table:
    """The real diaphragm recording: power at R peaks against power elsewhere, before and after."""
    metric = "r_peak_energy_ratio_db"
    rows = []
    for system in c.labels:
        found = summarise(c.items(system, metric), metric) if c.items(system, metric) else None
        entry = measured(found, ".2f", c.keys(system)) if found else absent(c.missing(system))
        rows.append((label(c.labels[system]), entry, counts_of([entry])))
    notes = (
        "One real recording of one person, without a clean truth: at 0 dB heartbeats no longer stand out; below, "
        "muscle was removed with the heart. One person gives no interval.",
        *c.unfinished(c.labels),
    )
    title = "A real diaphragm EMG: power within 60 ms of R peaks over power elsewhere"
    return Table("diaphragm", title, ("System", "Ratio, dB", "Recordings / people / seeds"), tuple(rows), notes)


def recipes(c: Comparison, setup: Setup) -> Table:
    """What the recipe does: two networks under the profile's own and under the paper's loss and windows."""
    rows = []
    for system, text in c.labels.items():
        entries = [c.number(system, column) for column in c.paper.tables["table1"].columns]
        told = LOSSES[setup.network(system).recipe.loss] if system in dict(setup.networks) else "not in this profile"
        rows.append((label(text), label(told), *entries, counts_of(entries)))
    heads = ("System", "Loss", *(column.heading for column in c.paper.tables["table1"].columns), c.counted)
    title = f"The profile's recipe and the paper's loss and windows, all SNRs together ({c.here})"
    return Table("recipes", title, heads, tuple(rows), (c.how, *c.unfinished(c.labels)))


def chosen(setup: Setup) -> Mapping[str, str]:
    """The choices that a profile's own settings tell, in words: network by network."""

    def each(said: Callable[[Network], str]) -> str:
        told = {name: said(setup.network(name)) for name in NEURAL}
        if len(set(told.values())) == 1:
            return next(iter(told.values()))
        return "; ".join(f"{LABELS[name]} {text}" for name, text in told.items())

    return {
        "lr": each(lambda network: f"{network.recipe.lr:g}"),
        "epochs": each(lambda n: f"at most {n.recipe.max_epochs} of {n.recipe.steps_per_epoch} steps"),
        "batch": each(lambda network: f"{network.recipe.batch} × {network.recipe.window:,} samples"),
        "loss": each(lambda network: LOSSES.get(network.recipe.loss, network.recipe.loss)),
        "scaling": each(lambda network: SCALINGS.get(network.scaling, network.scaling)),
    }


LOSSES = {"snr": "minus the output SNR", "l1": "L1", "l2": "L2", "diffusion": "squared error of the predicted noise"}
SCALINGS = {"emg_rms": "divided by the level of the input's own EMG", "none": "as it comes"}


def _at(c: Comparison, system: str, column, at: dict[str, str]) -> Entry:
    if not c.runs.get(system):
        return absent(c.missing(system))
    found = summarise(where(c.items(system, column.metric), at), column.metric)
    return measured(found, column.style, c.keys(system))
