"""Table 1 beside here, the claims of the text tested, Figures 2 and 3 as numbers, and the controls that are ours."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from importlib import resources

from biosig.papers.choices import choices
from biosig.papers.claim_verdicts import claims
from biosig.papers.comparison import Comparison, Makers, collect, counts_of, seeds_of
from biosig.papers.contests import against
from biosig.papers.glance import overviews
from biosig.papers.transcription import Column, Transcription, load, parse
from biosig.papers.trnet.chosen import chosen, cut
from biosig.papers.trnet.naming import (
    CLEAN,
    CONTROLS,
    EMOTIONS,
    ENHANCERS,
    ENVIRONMENTS,
    GATE,
    JUDGED,
    MATCHED,
    REFINED,
    SHIFT,
    SNRS,
    TITLES,
    UNMATCHED,
    system_of,
)
from biosig.papers.trnet.profiles import SETUPS
from biosig.papers.verdicts import NOT_ATTEMPTED
from biosig.results.items import CellStore
from biosig.results.measures import Measure, mean_of, percent, summarise_levels
from biosig.results.predictions import uar, war
from biosig.results.statistics import Summary
from biosig.results.tables import RUN, Entry, Table, absent, label

HERE = {
    "quick": "embedded Polish words in embedded noises",
    "open": "nEMO for IEMOCAP, ESC-10 for ESC-50, Hu's sounds for MUSAN",
    "paper": "the paper's corpora",
}
STANDS_IN = {
    "quick": {"IEM": "words, clean", "IEM-ESC": "words, matched noise", "IEM-MUSAN": "words, unmatched noise"},
    "open": {
        "IEM": "nEMO for IEM",
        "IEM-ESC": "nEMO with ESC-10 for IEM-ESC",
        "IEM-MUSAN": "nEMO with Hu's sounds for IEM-MUSAN",
    },
}
PEOPLE = "people"
OVER = ("environment", "snr_db")


def within(measure: Measure) -> Measure:
    """The same, taken in each environment and at each SNR apart."""
    return replace(measure, over=OVER)


MEASURES = {
    "uar": within(percent(uar())),
    "war": within(percent(war())),
    GATE: within(mean_of(GATE)),
    SHIFT: mean_of(SHIFT),
    EMOTIONS: mean_of(EMOTIONS),
}
GATED = (*REFINED, *CONTROLS)


@lru_cache(maxsize=8)
def transcribed(enhancer: str) -> Transcription:
    """The paper with another enhancer in CMGAN's place than the one that PAPER.toml names."""
    if enhancer == JUDGED:
        return load("trnet")
    text = resources.files("biosig").joinpath("papers/trnet/PAPER.toml").read_text(encoding="utf-8")
    return parse(text.replace(f'enhancer = "{JUDGED}"', f'enhancer = "{enhancer}"'))


def comparison(protocol, profile: str, store: CellStore, enhancer: str) -> Comparison:
    """The paper beside what the store holds of the systems behind one enhancer."""
    cells = protocol.cells(profile)
    labels = {system_of(which, enhancer): text.partition(": ")[0] for which, text in TITLES.items()}
    labels |= {system_of(which, enhancer): CONTROLS[which] for which in CONTROLS}
    if not SETUPS[profile].has_controls(enhancer):
        labels = {system: text for system, text in labels.items() if text not in CONTROLS.values()}
    here = f"{HERE[profile]}, {ENHANCERS[enhancer]}" + (", for CMGAN" if enhancer != "cmgan" else "")
    more = {"seeds": seeds_of(cells), "measures": MEASURES, "stand_ins": STANDS_IN.get(profile, {})}
    return Comparison(transcribed(enhancer), profile, collect(store, cells), labels, here, PEOPLE, **more)


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """Every table by name, each computed when it is called for; the first enhancer of a profile is the judged one."""
    if profile not in SETUPS:
        return {}
    first, *others = SETUPS[profile].enhancers
    find = lru_cache(maxsize=None)(partial(comparison, protocol, profile, store))
    found: dict = {}
    for enhancer, end in ((first, ""), *((other, f"_{other}") for other in others)):
        found |= {f"{name}{end}": _named(make, find, enhancer, end) for name, make in OF_ENHANCER.items()}
    found["enhancers"] = lambda: enhancers(find, SETUPS[profile].enhancers)
    found["choices"] = lambda: choices(find(first), chosen(profile))
    found["cut"] = lambda: cut(profile, minutes(find(first), first))
    return found | overviews(lambda: [find(first)])


def minutes(c: Comparison, enhancer: str) -> list[float]:
    """What each finished cell of TRNet took, in minutes."""
    runs = c.runs.get(system_of("trnet", enhancer), ())
    return [run.run["took"]["seconds"] / 60 for run in runs if "took" in run.run]


def _named(make, find, enhancer: str, end: str):
    def table() -> Table:
        made = make(find(enhancer), enhancer)
        return replace(made, name=f"{made.name}{end}")

    return table


# --- the paper's table, and its claims ------------------------------------------------------------------------------


def table1(metric: str, c: Comparison, enhancer: str) -> Table:
    """UAR or WAR: a row for each system, the paper's three places beside here."""
    table = c.paper.tables["table1"]
    columns = [column for column in table.columns if column.metric == metric]
    rows, notes = [], []
    for row in table.rows:
        entries = [c.number(table.of(column)[row], column, row) for column in columns]
        pairs = [
            each for column, entry in zip(columns, entries, strict=True) for each in (column.values[row].entry, entry)
        ]
        verdicts = [c.judged(table, column, row) for column in columns]
        rows.append((label(row), *pairs, counts_of(entries), _words(verdicts, c.keys(*table.of(columns[0]).values()))))
        said = [f"{column.name}: {verdict.reason}" for column, verdict in zip(columns, verdicts, strict=True)
                if verdict.word != NOT_ATTEMPTED]  # fmt: skip
        notes += [f"{row}: {'; '.join(said)}."] if said else []
    places = [column.name.partition(", ")[0] for column in columns]
    heads = [head for place in places for head in (f"{place}: paper, %", f"{c.called(place)}: here, %")]
    title = f"{table.number}, {metric.upper()}: {table.title.lower()} (higher is better); here: {c.here}"
    notes += [f'The paper: "{table.quote}"', c.how_sets, *c.unfinished(table.of(columns[0]).values())]
    heads = ("System", *heads, c.counted, f"Verdicts: {' / '.join(places)}")
    return Table(f"table1_{metric}", title, heads, tuple(rows), tuple(notes))


def _words(verdicts: Sequence, keys: tuple[str, ...]) -> Entry:
    words = [verdict.word for verdict in verdicts]
    if set(words) == {NOT_ATTEMPTED}:
        return absent("; ".join(dict.fromkeys(verdict.reason for verdict in verdicts)))
    return Entry(" / ".join(words), RUN, keys=keys)


def column_of(environment: str, metric: str = "uar", snrs: Sequence[str] | None = None) -> Column:
    """UAR (or c) in an environment, mean over some SNRs: a column that no paper prints."""
    levels = (CLEAN,) if environment == CLEAN else tuple(SNRS if snrs is None else snrs)
    at = {"": {"environment": (environment,), "snr_db": levels}}
    title, style, unit = ("UAR", ".1f", "%") if metric == "uar" else (metric, ".2f", "")
    return Column(metric, f"{title}, {ENVIRONMENTS[environment]}", unit, "higher", style, {}, at=at)


def paired(environment: str, c: Comparison, enhancer: str) -> Table:
    """TRNet against every other system, person by person."""
    own = system_of("trnet", enhancer)
    return against(c, f"trnet_{environment}", column_of(environment, snrs=snrs_of(c)), own)


def snrs_of(c: Comparison) -> tuple[str, ...]:
    """The SNRs of the profile, as items name them."""
    return tuple(f"{snr_db:g}" for snr_db in sorted(SETUPS[c.profile].snrs_db))


# --- Figures 2 and 3 ------------------------------------------------------------------------------------------------


def figure2(c: Comparison, enhancer: str) -> Table:
    """The mean c by SNR, in either noise, of TRNet, of what is left of it, and of the controls."""
    levels, rows = snrs_of(c)[::-1], []
    for which in GATED:
        system = system_of(which, enhancer)
        if system not in c.labels:
            continue
        for environment in (MATCHED, UNMATCHED):
            columns = [column_of(CLEAN, GATE), *(column_of(environment, GATE, (snr,)) for snr in levels)]
            entries = [c.number(system, column) for column in columns]
            rows.append((label(c.labels[system]), label(ENVIRONMENTS[environment]), *entries, counts_of(entries)))
    heads = ("System", "Noise", "Clean", *(f"{snr} dB" for snr in levels), f"{c.counted} at each")
    notes = (
        "c is the share of the noisy spectra: 1 leaves the enhancer out, 0 hears it alone. Where an oracle knows the "
        "SNR, c is the share of speech in the power: what a gate that knows it might do.",
        c.how_sets,
    )
    return Table("figure2", f"Figure 2: the gate's c by SNR ({c.here})", heads, tuple(rows), notes)


def figure3(c: Comparison, enhancer: str) -> Table:
    """How far the centres of three SNRs, and of the emotions, lie apart in the representation, against the spread."""
    columns = {
        "Conditions apart": Column(SHIFT, "Conditions apart", "", "lower", ".2f", {}),
        "Emotions apart": Column(EMOTIONS, "Emotions apart", "", "higher", ".2f", {}),
    }
    rows = []
    for system, text in c.labels.items():
        entries = [c.number(system, column) for column in columns.values()]
        rows.append((label(text), *entries, counts_of(entries)))
    notes = (
        "Mean distance between the centres over the root mean square distance of the points from their own centre, for "
        "each person left out. Conditions are 20, 10 and 0 dB in matched noise, as far as the profile has them.",
        c.how,
    )
    return Table("figure3", f"Figure 3 as numbers ({c.here})", ("System", *columns, c.counted), tuple(rows), notes)


# --- beyond the paper -----------------------------------------------------------------------------------------------


def by_snr(c: Comparison, enhancer: str) -> Table:
    """UAR of every system, clean and at each SNR of either noise."""
    levels = snrs_of(c)[::-1]
    columns = [column_of(CLEAN)] + [column_of(e, snrs=(snr,)) for e in (MATCHED, UNMATCHED) for snr in levels]
    heads = ["Clean"] + [f"{name}, {snr} dB" for name in ("Matched", "Unmatched") for snr in levels]
    rows = [(label(text), *(c.number(system, column) for column in columns)) for system, text in c.labels.items()]
    return Table("by_snr", f"UAR by SNR, in % ({c.here})", ("System", *heads), tuple(rows), (c.how_sets,))


def enhancers(find, names: Sequence[str]) -> Table:
    """The systems that hear an enhancer, behind each: UAR in the three environments."""
    columns, rows = {}, []
    for which in ("baseline_e", *REFINED):
        for name in names:
            c = find(name)
            columns = [column_of(environment, snrs=snrs_of(c)) for environment in ENVIRONMENTS]
            entries = [c.number(system_of(which, name), column) for column in columns]
            rows.append((label(TITLES[which].partition(": ")[0]), label(ENHANCERS[name]), *entries, counts_of(entries)))
    c = find(names[0])
    heads = ("System", "Frozen enhancer", *(column.heading for column in columns), f"{c.counted}")
    title = f"The same behind other enhancers, UAR ({HERE[c.profile]})"
    return Table("enhancers", title, heads, tuple(rows), (c.how_sets,))


OF_ENHANCER = {
    "table1_uar": partial(table1, "uar"),
    "table1_war": partial(table1, "war"),
    "claims": lambda c, enhancer: claims(c),
    **{f"trnet_{environment}_paired": partial(paired, environment) for environment in ENVIRONMENTS},
    "figure2": figure2,
    "figure3": figure3,
    "by_snr": by_snr,
}


# --- for the figures ------------------------------------------------------------------------------------------------


def gates_by_snr(c: Comparison, enhancer: str) -> Mapping[str, Mapping[str, Mapping[str, Summary]]]:
    """system → environment → SNR ("clean" comes last) → mean c; systems that were not run are left out."""
    found = {}
    for which in GATED:
        pool = c.pool(system_of(which, enhancer), GATE)
        if pool:
            found[which] = {
                environment: summarise_levels(pool.at({"environment": (CLEAN, environment)}))
                for environment in (MATCHED, UNMATCHED)
            }
    return found
