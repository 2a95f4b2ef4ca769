"""The paper's tables beside what was run here, every speaker apart, and what the controls say."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from biosig.papers.claim_verdicts import claims
from biosig.papers.comparison import Comparison, Makers, beside, beside_lines, by_level, collect, counts_of, seeds_of
from biosig.papers.contests import each_against
from biosig.papers.emgse import controls
from biosig.papers.emgse.profiles import SETUPS
from biosig.papers.emgse.score import INPUTS, LATENT
from biosig.papers.emgse.systems import CONTROLS, HEEDED, TRAINED
from biosig.papers.glance import overviews
from biosig.papers.training_table import BY_LOSS, training
from biosig.papers.transcription import Column, Transcription, load
from biosig.results.items import CellRun, CellStore, Item
from biosig.results.measures import Measure, mean_of
from biosig.results.statistics import BySeed, summarise, where
from biosig.results.tables import RUN, Entry, Table, absent, label, measured

LABELS = {
    "noisy": "Noisy",
    "log_mmse": "log-MMSE",
    "nsnet2": "NSNet2, pretrained",
    "dtln": "DTLN, pretrained",
    "se_a": "SE(A)",
    "emgse": "EMGSE",
    "emgse_cheek": "EMGSE, cheek (channels 2, 3)",
    "emgse_chin": "EMGSE, chin and tongue (channels 1, 4, 6)",
    "emgse_five": "EMGSE without channel 5",
    "se_a_large": "SE(A) as large as EMGSE",
    "emgse_shuffled": "EMGSE trained with other sentences' EMG",
    "emgse_plain": "EMGSE, EMG not centred",
    "emg_only": "EMG alone",
    "strong": "Larger masking network, sound alone",
    "strong_emg": "Larger masking network with EMG",
}
SESSION_LABELS = {
    "noisy": "Noisy",
    "se_a": "SE(A), all sessions",
    "emgse": "EMGSE, all sessions",
    "se_a_session": "SE(A), one session",
    "emgse_session": "EMGSE, one session",
}
HERE = {
    "quick": "embedded prompts of one voice, with SIMULATED EMG",
    "open": "EMG-UKA, real EMG of four people",
    "paper": "CSL-EMG_Array",
}
UNIT = "sentences"
QUALITY = (("pesq_raw", "raw PESQ", ".2f"), ("pesq_wb", "PESQ-wb", ".2f"), ("stoi", "STOI", ".3f"))
TESTED = ("pesq_raw", "stoi")
TRAINED_ON = "008-001"  # the session of the networks of one session
VALIDATION = (
    "One row for each speaker and seed. L1 distance of log(1 + |X|) on validation sentences chooses the weights; "
    "speakers do not compare."
)
HOW = (
    "Means go over the mixtures of a sentence, then over the ten sentences of each speaker, each speaker weighing "
    "alike; intervals are 95 % bootstrap over these sentences. Of other people they say nothing."
)
UNHEARD = 1e-3  # of the latent distance, which is about 1
STANDS_IN = {"open": {"All speakers": "Four speakers of EMG-UKA"}, "quick": {"All speakers": "One voice"}}


def _over(metric: str, name: str, condition: str) -> Measure:
    """The mean of a metric at each level of a condition, for a claim of the text."""
    return replace(mean_of(metric), name=name, over=(condition,))


MEASURES = {
    measure.name: measure
    for measure in (
        _over("pesq_raw", "pesq_by_snr", "snr_db"),
        _over("stoi", "stoi_by_snr", "snr_db"),
        _over("pesq_raw", "pesq_by_voices", "voices"),
        _over("stoi", "stoi_by_voices", "voices"),
        _over(LATENT, "latent_by_input", "input"),
    )
}


def transcription(profile: str) -> Transcription:
    """The paper, with Fig. 3's claim about every speaker held to the speakers of a profile."""
    paper, speakers = load("emgse"), SETUPS[profile].speakers
    figures = {name: replace(figure, levels=speakers) for name, figure in paper.figures.items()}
    return replace(paper, figures=figures)


def comparison(protocol, profile: str, store: CellStore) -> Comparison:
    """The paper beside what the store holds; a system's cells are read when it is asked for."""
    cells = [cell for cell in protocol.cells(profile) if cell.system != CONTROLS]
    named = {cell.system for cell in cells}
    labels = {name: text for name, text in LABELS.items() if name in named}
    more = {"seeds": seeds_of(cells), "measures": MEASURES, "stand_ins": STANDS_IN.get(profile, {})}
    return Comparison(transcription(profile), profile, collect(store, cells), labels, HERE[profile], UNIT, **more)


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """Every table of this paper by name, each computed when it is called for."""
    from biosig.papers.emgse import tables_beyond as beyond

    c = comparison(protocol, profile, store)
    tables, own = c.paper.tables, c.paper.tables["table1_mean"].systems.values()
    extras = [name for name in c.labels if name not in own]
    fewer = [name for name in ("emgse_chin", "emgse_five") if name in c.labels]  # channels alone: the table's question
    found = {
        "table1": lambda: beside_lines(c, tables["table1"]),
        "table2": lambda: beside_lines(c, tables["table2"]),
        **{f"table1_mean_{m}": partial(beside, c, tables["table1_mean"], m, extras) for m in TESTED},
        **{f"table3_{m}": partial(beside, c, tables["table3"], m, fewer) for m in TESTED},
        **{f"fig3_{m}": partial(by_level, c, c.paper.figures["fig3"], m) for m in TESTED},
        "everything": partial(everything, c),
        **{f"{m}_paired": partial(each_against, c, m, column_of(m), "emgse") for m in TESTED},
        "latent": partial(latent, c),
        "heeded": partial(heeded, c),
        "claims": partial(claims, c),
        "training": lambda: training(c, TRAINED, BY_LOSS, VALIDATION),
        "choices": partial(choices, c),
        **overviews(lambda: [c]),
    }
    if profile == "open":  # whose speakers came more than once, and where there are controls
        found |= {f"controls_{m}": partial(control_table, protocol, c, store, m) for m in TESTED}
        found["sessions"] = partial(sessions, c)
        found |= beyond.makers(protocol, c, store)
    return found


def column_of(metric: str) -> Column:
    """A measure as a column of a table that no paper prints; more of each is better."""
    text, style = {name: (text, style) for name, text, style in QUALITY}[metric]
    return Column(metric, text, "", "higher", style, {})


def everything(c: Comparison) -> Table:
    """Every system by every measure, over all speakers that it was run for."""
    rows = []
    for name in c.labels:
        entries = [entry(c, name, c.items(name, metric), metric, style) for metric, _, style in QUALITY]
        speakers = sorted({dict(item.conditions)["speaker"] for run in c.runs.get(name, ()) for item in run.items})
        rows.append((label(c.labels[name]), *entries, label(", ".join(speakers)), counts_of(entries)))
    heads = ("System", *(text for _, text, _ in QUALITY), "Speakers", c.counted)
    notes = (HOW, "Systems that were run for fewer speakers do not compare by eye: the paired tests do it.")
    return Table("everything", f"Every system, mean over noises and SNRs ({c.here})", heads, tuple(rows),
                 (*notes, *c.unfinished(c.labels)))  # fmt: skip


def entry(c: Comparison, system: str, items: BySeed, metric: str, style: str) -> Entry:
    """The mean of some of a system's items, or why there is none."""
    if not c.cells(system):
        return absent(c.missing(system))
    if not any(items.values()):
        return absent(f"not measured in the {c.profile} profile")
    return measured(summarise(items, metric), style, c.keys(system))


def control_labels(channels: Sequence[str]) -> dict[str, str]:
    """What the controls are called."""
    found = {
        "emgse": "EMGSE with its own EMG",
        controls.OTHER_PERSON: "another person's EMGSE, own EMG",
        "other": "EMG of another sentence",
        "constant": "constant EMG",
    }
    for ms in controls.SHIFTS_MS:
        found[f"shift_{ms}"] = f"EMG {abs(ms)} ms {'later' if ms > 0 else 'earlier'}"
    found |= {f"without_{name}": f"channel {name} held constant" for name in channels}
    return found | {f"only_{name}": f"channel {name} alone, the others constant" for name in channels}


def control_table(protocol, c: Comparison, store: CellStore, metric: str) -> Table:
    """Every control against EMGSE with its own EMG, on the same mixtures, seed 0."""
    runs = collect(store, protocol.cells(c.profile, [CONTROLS])).get(CONTROLS, [])
    by_control = {name: own for name in {n for run in runs for n in _controls_of(run)}
                  for own in [[_only(run, name) for run in runs]]}  # fmt: skip
    first = {seed for run in runs for seed in [run.cell.seed]}
    base = [run for run in c.runs.get("emgse", ()) if run.cell.seed in first]
    networks = dict(SETUPS[c.profile].networks)
    labels = control_labels(networks["emgse"].channels)
    held = replace(c, runs={"emgse": base, **by_control}, labels=labels, reasons={}, seeds={})
    title = f"EMGSE with its EMG changed after training, {column_of(metric).title} (higher is better): {c.here}"
    table = each_against(held, f"controls_{metric}", column_of(metric), "emgse", title)
    return replace(table, name=f"controls_{metric}", notes=(*table.notes, HOW))


def _controls_of(run: CellRun) -> set[str]:
    return {item.conditions["control"] for item in run.items}


def _only(run: CellRun, control: str) -> CellRun:
    """A cell's items of one control, called as EMGSE's own are."""
    kept = [
        Item(item.item.partition("#")[0], item.subject, item.metric, item.version, item.value, item.reason,
             item.conditions, item.seconds)
        for item in run.items if item.conditions["control"] == control
    ]  # fmt: skip
    return replace(run, items=tuple(kept))


def sessions(c: Comparison) -> Table:
    """Speaker 8: networks of one session, tested in it and in seven others, with electrodes put on anew."""
    rows = []
    for name, text in SESSION_LABELS.items():
        entries = []
        for metric in TESTED:
            own = where(c.items(name, metric), {"speaker": "008"})
            same = {s: [i for i in items if i.conditions["session"] == TRAINED_ON] for s, items in own.items()}
            other = {s: [i for i in items if i.conditions["session"] != TRAINED_ON] for s, items in own.items()}
            style = column_of(metric).style
            entries += [entry(c, name, found, metric, style) for found in (same, other)]
        rows.append((label(text), *entries, counts_of(entries[1::2])))
    texts = [f"{column_of(m).title}, {which}" for m in TESTED for which in (f"session {TRAINED_ON}", "other sessions")]
    heads = ("Network", *texts, f"{c.counted}, other sessions")
    title = "Speaker 008: trained on one session, tested on it and on others"
    return Table("sessions", f"{title} ({c.here})", heads, tuple(rows), (HOW,))


def latent(c: Comparison) -> Table:
    """Fig. 4's number: the distance to the latent of clean speech, without EMG and with it."""
    rows, speakers = [], SETUPS[c.profile].speakers
    items = c.items("emgse", LATENT)
    for speaker in (*speakers, ""):
        chosen = where(items, {"speaker": speaker}) if speaker else items
        entries = [entry(c, "emgse", where(chosen, {"input": which}), LATENT, ".3f") for which in INPUTS]
        rows.append((label(f"Speaker {speaker}" if speaker else "All"), *entries, counts_of(entries)))
    heads = ("Speaker", "Noisy sound alone", "Noisy sound and EMG", c.counted)
    note = (
        "RMS of the difference between the fusion layer's output and that for clean sound without EMG, over the RMS of "
        "the latter, at the lowest SNR. Without EMG zeros stand in its place, so the network never saw such a "
        "reference in training."
    )
    title = f"Fig. 4 as a number: how far the latent space lies from that of clean speech ({c.here})"
    return Table("latent", title, heads, tuple(rows), (note, HOW))


def heeded(c: Comparison) -> Table:
    """Does a trained EMGSE take any notice of its EMG? One row for each speaker and seed, centred and not."""
    rows, asked = [], [name for name in HEEDED if name in c.labels]
    for system in asked:
        found = [_heeded(run, c.labels[system]) for run in c.runs.get(system, ())]
        rows += found or [(label(c.labels[system]), absent(c.missing(system)), label(""))]
    note = (
        "The distance of Fig. 4, without EMG and with it, differs by at most so much over a speaker's mixtures at the "
        f"lowest SNR. Below {UNHEARD:g} the network does practically the same whatever EMG comes in: wrong or missing "
        "EMG can do no harm, and the right one no good."
    )
    title = f"Does the trained EMGSE take notice of its EMG? ({c.here})"
    heads = ("Network", "Largest change by EMG", "Its EMG is")
    return Table("heeded", title, heads, tuple(rows), (note, *c.unfinished(asked)))


def _heeded(run: CellRun, called: str) -> tuple[Entry, ...]:
    told = {(i.item.partition("#")[0], i.conditions["input"]): i.value for i in run.items if i.metric == LATENT}
    moved = [abs(value - told[name, INPUTS[1]]) for (name, which), value in told.items() if which == INPUTS[0]]
    name = label(f"{called}, speaker {run.cell.config['speaker']}, seed {run.cell.seed}")
    if not moved:
        return name, absent("no latent space was measured"), label("")
    largest, keys = max(moved), (run.cell.key,)
    verdict = Entry("heard" if largest >= UNHEARD else "not heard", RUN, keys=keys)
    return name, Entry(f"{largest:.1g}", RUN, largest, keys=keys), verdict


def choices(c: Comparison) -> Table:
    """What the paper leaves open or tells otherwise than its code, and what was chosen."""
    rows = [tuple(map(label, (each.what, each.paper, each.code, each.here))) for each in c.paper.choices]
    heads = ("Choice", "The paper", "The authors' code", "Here")
    return Table("choices", "What the paper leaves open, and what was chosen", heads, tuple(rows))

