"""The chapter's one table, the same on unseen noises, paired tests, what losses do, and sizes beside the papers'."""

from collections.abc import Sequence
from dataclasses import replace

from biosig.papers.comparison import Comparison, against, beside, by_item, collect, glance, unreproduced
from biosig.papers.primer.costs import NOT_COUNTED, WHOLE
from biosig.papers.primer.profiles import SETUPS, UNSEEN_SNRS
from biosig.papers.primer.systems import ORACLE, TITLES, TRAINED
from biosig.papers.transcription import Column, PaperTable, load
from biosig.peers import PEERS
from biosig.results.items import CellRun, CellStore
from biosig.results.statistics import BySeed, summarise, where
from biosig.results.tables import RUN, Entry, Table, absent, label, measured, number

TRACKER = {"": "", "_vad": ", voice activity", "_ms": ", minimum statistics"}  # the first is by speech presence
LABELS = {
    "noisy": "Noisy",
    **{
        f"{name}{short}": f"{title[0].upper()}{title[1:]}{by}"
        for short, by in TRACKER.items()
        for name, title in TITLES.items()
    },
    "unet": "U-Net",
    "recurrent": "Recurrent, mapping",
    "recurrent_mask": "Recurrent, masking",
    "conv_tasnet": "Conv-TasNet",
    "dccrn": "DCCRN",
    "recurrent_mask_long": "Recurrent, masking, varied training",
    "causal_mask": "Recurrent, masking, causal",
    **{name: f"{peer.title}, pretrained" for name, peer in PEERS.items()},
    **{name: text[0].upper() + text[1:] for name, text in ORACLE.items()},
}
LOSS_LABELS = {
    "loss_spectral_mse": "Spectral MSE",
    "loss_si": "SI-SDR",
    "loss_mrstft": "Multi-resolution STFT",
    "loss_stoi": "STOI, differentiable",
    "loss_compressed": "Compressed spectrum",
}
SIZE_LABELS = {"conv_tasnet_published": "Conv-TasNet", "dccrn_published": "DCCRN"}
PEER_NAMES = tuple(PEERS)
BEST = "recurrent_mask"  # named before the test: the network that got the most training
QUALITY = (
    ("pesq_wb", "PESQ-wb", ".2f"),
    ("stoi", "STOI", ".3f"),
    ("si_sdr_db", "SI-SDR, dB", ".1f"),
    ("dnsmos_ovrl", "DNSMOS", ".2f"),
)
COSTS = (
    ("parameters", "Parameters", ",.0f"),
    ("macs_per_s", "MAC/s", ".1e"),
    ("latency_ms", "Latency, ms", ".0f"),
    ("real_time_factor", "Real-time factor", ".3f"),
)
SHORT = {NOT_COUNTED: "no network", WHOLE: "all of it"}  # in a narrow column
MAIN, UNSEEN = {"open": "voicebank", "quick": "samples"}, "unseen"
DATA = {
    "voicebank": "VoiceBank-DEMAND, 14 pairs of one speaker",
    "unseen": "the same speech in 17 unseen noises at -5 to 15 dB",
    "samples": "embedded speech and noise",
}
UNITS = "Intervals are 95 % bootstrap over utterances of one speaker: they say nothing about other voices."
SPEED = (
    "Latency: how far a system looks ahead plus how late it is; all of it: it needs the whole recording. Real-time "
    "factor: processor time over duration on one thread, all systems in one run."
)


def tables(protocol, profile: str, store: CellStore) -> list[Table]:
    """Every table of this chapter, from whatever cells the store holds; none in a profile that has no cells."""
    if profile not in SETUPS:
        return []
    runs = collect(store, protocol.cells(profile))
    paper, costs = load("primer"), by_item(runs.get("costs", ()))
    c = Comparison(paper, profile, runs, LABELS, DATA[MAIN[profile]])
    losses = replace(c, labels=LOSS_LABELS)
    counted = {name: costs[name] for name in SIZE_LABELS if name in costs}
    sizes = replace(c, runs=counted, labels=SIZE_LABELS, here="one output, default sizes")
    first = MAIN[profile]
    found = [
        everything(c, costs, first),
        *(paired(c, metric, first) for metric in ("pesq_wb", "si_sdr_db")),
        quality(losses, "losses", "One small network, five losses, a short training each", first),
        training(c),
        beside(sizes, paper.tables["sizes"], "parameters"),
        glance(sizes),
        unreproduced(sizes),
    ]
    if profile == "open":
        unseen = replace(c, here=DATA[UNSEEN])
        title = "Every system in unseen noises, mean over -5 to 15 dB"
        found += [quality(unseen, "unseen", title, UNSEEN)]
        found += [by_snr(unseen, metric, text, style) for metric, text, style in QUALITY[:3:2]]
        found += [paired(unseen, "pesq_wb", UNSEEN), paired(unseen, "si_sdr_db", UNSEEN)]
    return found


def everything(c: Comparison, costs: dict[str, list[CellRun]], which: str) -> Table:
    """The chapter's one table: quality and costs of every system."""
    priced = replace(c, runs=costs)
    rows = [(label(c.labels[name]), *_quality(c, name, which), *_costs(priced, name)) for name in c.labels]
    heads = ("System", *(text for _, text, _ in QUALITY), *(text for _, text, _ in COSTS))
    return Table("everything", f"Every system on {c.here}", heads, tuple(rows), (UNITS, SPEED))


def quality(c: Comparison, name: str, title: str, which: str) -> Table:
    """The measures of every system on one test set; DNSMOS was taken on the pairs alone."""
    measures = [each for each in QUALITY if which != UNSEEN or each[0] != "dnsmos_ovrl"]
    rows = [(label(c.labels[system]), *_quality(c, system, which, measures)) for system in c.labels]
    return Table(name, f"{title} ({c.here})", ("System", *(text for _, text, _ in measures)), tuple(rows), (UNITS,))


def by_snr(c: Comparison, metric: str, text: str, style: str) -> Table:
    """One measure in unseen noises, a column for each SNR."""
    levels = [f"{snr:g}" for snr in UNSEEN_SNRS]
    rows = []
    for system in c.labels:
        items = {level: _on(c, system, metric, {"set": UNSEEN, "snr_db": level}) for level in levels}
        entries = [_entry(c, system, items[level], metric, style, interval=False) for level in levels]
        rows.append((label(c.labels[system]), *entries))
    heads = ("System", *(f"{level} dB" for level in levels))
    return Table(f"unseen_by_snr_{metric}", f"{text} by SNR ({c.here})", heads, tuple(rows))


def paired(c: Comparison, metric: str, which: str) -> Table:
    """The best trained network against every other system, utterance by utterance."""
    titles = {name: (text, style) for name, text, style in QUALITY}
    title, unit = titles[metric][0].partition(", ")[::2]
    column = Column(metric, title, unit, "higher", titles[metric][1], {})
    table = PaperTable(which, "", "", (), {}, (column,))
    kept = {name: [_only(run, which) for run in of] for name, of in c.runs.items()}
    fair = {name: text for name, text in c.labels.items() if name not in ORACLE}  # an oracle knows the answer
    return against(replace(c, runs=kept, labels=fair), table, metric, BEST)


def training(c: Comparison) -> Table:
    """What each network's seeds cost and came to."""
    names = {**c.labels, **{name: f"Study of losses, {text}" for name, text in LOSS_LABELS.items()}}
    rows = [
        (label(f"{names[system]}, seed {run.cell.seed}"), *_training_row(run))
        for system in TRAINED
        for run in c.runs.get(system, ())
    ] or [(label(names[system]), *[absent(c.missing(system))] * 5) for system in TRAINED]
    heads = ("Run", "Epochs × steps × batch", "Best epoch", "Best validation loss", "Training, min", "Parameters")
    note = "Each network's own loss on held-out speech and noise chooses its weights; different losses do not compare."
    return Table("training", "Training runs", heads, tuple(rows), (note,))


def _training_row(run: CellRun) -> tuple[Entry, ...]:
    keys, told, recipe = (run.cell.key,), run.run, run.cell.config["network"]["recipe"]
    minutes = told["training_seconds"] / 60
    return (
        Entry(f"{told['epochs']} × {recipe['steps_per_epoch']} × {recipe['batch']}", RUN, keys=keys),
        Entry(str(told["best_epoch"]), RUN, told["best_epoch"], keys=keys),
        Entry(f"{told['best_validation']:.4f}", RUN, told["best_validation"], keys=keys),
        Entry(f"{minutes:.1f}", RUN, minutes, keys=keys),
        Entry(f"{told['parameters']:,}", RUN, told["parameters"], keys=keys),
    )


def _only(run: CellRun, which: str) -> CellRun:
    return replace(run, items=tuple(row for row in run.items if row.conditions.get("set") == which))


def _on(c: Comparison, system: str, metric: str, conditions: dict[str, str]) -> BySeed:
    return where(c.items(system, metric), conditions)


def _quality(c: Comparison, system: str, which: str, measures: Sequence[tuple[str, str, str]] = QUALITY) -> list[Entry]:
    return [
        _entry(c, system, _on(c, system, metric, {"set": which}), metric, style) for metric, _, style in measures
    ]


def _entry(c: Comparison, system: str, items: BySeed, metric: str, style: str, interval: bool = True) -> Entry:
    if not c.runs.get(system):
        return absent(c.missing(system))
    if not any(items.values()):
        return absent(f"not measured in the {c.profile} profile")
    return measured(summarise(items, metric), style, c.keys(system), interval)


def _costs(c: Comparison, system: str) -> list[Entry]:
    if system == "noisy":
        return [Entry("")] * len(COSTS)
    if system in ORACLE:
        return [Entry("no system")] * len(COSTS)
    return [_cost(c, system, metric, style) for metric, _, style in COSTS]


def _cost(c: Comparison, system: str, metric: str, style: str) -> Entry:
    items = c.items(system, metric)
    if not any(items.values()):
        return absent(c.missing(system))
    item = next(iter(items.values()))[0]
    if item.value is None:
        return Entry(SHORT.get(item.reason, item.reason), RUN, keys=c.keys(system))
    return Entry(number(item.value, style), RUN, item.value, keys=c.keys(system))
