"""The chapter's one table, the same on unseen noises, paired tests, what losses do, and sizes beside the papers'."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from biosig.papers.comparison import Comparison, Makers, beside, by_item, collect, counts_of, seeds_of
from biosig.papers.contests import TEST, against, among_all, leaders, score
from biosig.papers.glance import overviews
from biosig.papers.primer.costs import NOT_COUNTED, WHOLE
from biosig.papers.primer.profiles import SETUPS, UNSEEN_SNRS
from biosig.papers.primer.systems import ORACLE, TITLES, TRAINED, VARIED
from biosig.papers.training_table import BY_LOSS, training
from biosig.papers.transcription import Column, load
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
    "light_mask": "Light mask, live",
    "rnnoise_own": "RNNoise of our own, live",
    "residual": "Residual, frame by frame",
    "demucs": "DEMUCS, narrow",
    "wavenet": "WaveNet, narrow",
    "segan": "SEGAN, narrow",
    "score_diffusion": "Score-based diffusion, small",
    "cmgan": "CMGAN, a quarter as wide",
    "cmgan_plain": "CMGAN without its discriminator",
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
VALIDATION = (
    "Each network's own loss on held-out speech and noise chooses its weights; different losses do not compare."
)
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
CMGAN = ("noisy", BEST, "cmgan_plain", "cmgan")  # in the table of its own page
TESTED = ("pesq_wb", "si_sdr_db")  # the measures whose differences are tested
SHORT = {NOT_COUNTED: "no network", WHOLE: "all of it"}  # in a narrow column


@dataclass(frozen=True)
class TestSet:
    """One test set, as mixtures name it in their condition "set".

    Attributes:
        here: what it is, for a table's title.
        unit: what an item's subject is in it, in the plural; statistics count these.
        reach: what an interval over them does not speak of.
        title: of its own table of all systems, where it is not the main set.
        without: measures that were not taken on it.
        snrs: its levels in dB, where each is of interest.
    """

    here: str
    unit: str
    reach: str = ""
    title: str = ""
    without: tuple[str, ...] = ()
    snrs: tuple[float, ...] = ()
    __test__ = False  # pytest would take it for a test

    @property
    def how(self) -> str:
        """How the intervals were taken, for a note below a table."""
        return f"Intervals are 95 % bootstrap over {self.unit}{self.reach}."


ONE_VOICE = ("utterances of one speaker", ": they say nothing about other voices")
MAIN = {"open": "voicebank", "quick": "samples"}
SETS = {
    "voicebank": TestSet("VoiceBank-DEMAND, 14 pairs of one speaker", *ONE_VOICE),
    "samples": TestSet("embedded speech and noise", "utterances"),
    "unseen": TestSet(
        "the same speech in 17 unseen noises at -5 to 15 dB",
        *ONE_VOICE,
        title="Every system in unseen noises, mean over -5 to 15 dB",
        without=("dnsmos_ovrl",),
        snrs=UNSEEN_SNRS,
    ),
}
MORE = {"open": ("unseen",), "quick": ()}  # sets beside the main one, each with tables of its own
SPEED = (
    "Latency: how far a system looks ahead plus how late it is; all of it: it needs the whole recording. Real-time "
    "factor: processor time over duration on one thread, all systems in one run."
)
LIVE_SPEED = (
    "What is named live: in a run of its own, fed 10 ms at a time, which costs more than a whole recording at once."
)


def comparison(protocol, profile: str, store: CellStore, which: str = "") -> Comparison:
    """One test set of a profile, the main one by default; a system's cells are read when it is asked for."""
    name, cells = which or MAIN[profile], protocol.cells(profile)
    of, runs = SETS[name], collect(store, cells)
    at, seeds = {"set": name}, seeds_of(cells)
    return Comparison(load("primer"), profile, runs, shown(runs), of.here, of.unit, seeds=seeds, at=at)


def shown(runs: Mapping[str, Sequence[CellRun]]) -> dict[str, str]:
    """The labels of all systems but those whose first run is still to come."""
    return {name: text for name, text in LABELS.items() if name not in VARIED or name in runs}


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """Every table of this chapter by name, each computed when it is called for."""
    if profile not in SETUPS:
        return {}
    c, first = comparison(protocol, profile, store), MAIN[profile]
    found = {
        "everything": partial(everything, c, first),
        **{f"{first}_{metric}_paired": partial(paired, c, metric, first) for metric in TESTED},
        "losses": lambda: losses(c, first),
        "cmgan": lambda: quality(beside_cmgan(c), "cmgan", "CMGAN with and without its discriminator", first),
        "cmgan_pesq_wb_paired": lambda: against(beside_cmgan(c), "cmgan_pesq_wb", column_of("pesq_wb"), "cmgan"),
        "training": lambda: training(with_losses(c), TRAINED, BY_LOSS, VALIDATION),
        "sizes_parameters": lambda: beside(sizes(c), c.paper.tables["sizes"], "parameters"),
    }
    found |= overviews(lambda: [sizes(c)])
    return found | {name: make for which in MORE[profile] for name, make in _of_set(c, which).items()}


def _of_set(c: Comparison, which: str) -> Makers:
    """The tables of one more test set: all systems, some measures by SNR, the best network against the others."""
    of = SETS[which]
    c = replace(c, here=of.here, unit=of.unit, at={"set": which})
    levels = QUALITY[:3:2] if of.snrs else ()
    return {
        which: partial(quality, c, which, of.title, which),
        **{f"{which}_by_snr_{metric}": partial(by_snr, c, which, metric, *said) for metric, *said in levels},
        **{f"{which}_{metric}_paired": partial(paired, c, metric, which) for metric in TESTED},
    }


def sizes(c: Comparison) -> Comparison:
    """The counts of parameters, whose items stand for networks; nothing was sampled."""
    counted = by_item(c.runs.get("costs", ()))
    runs = {name: counted[name] for name in SIZE_LABELS if name in counted}
    return replace(c, runs=runs, labels=SIZE_LABELS, here="one output, default sizes", unit="", seeds={}, at={})


def everything(c: Comparison, which: str) -> Table:
    """The chapter's one table: quality and costs of every system."""
    live, first = (by_item(c.runs.get(name, ())) for name in ("live_costs", "costs"))
    priced = replace(c, runs=live | first, at={})
    rows = []
    for name in c.labels:
        scores = _quality(c, name)
        rows.append((label(c.labels[name]), *scores, counts_of(scores), *_costs(priced, name)))
    heads = ("System", *(text for _, text, _ in QUALITY), c.counted, *(text for _, text, _ in COSTS))
    notes = (SETS[which].how, SPEED, *([LIVE_SPEED] if live else []), *c.unfinished(c.labels))
    return Table("everything", f"Every system on {c.here}", heads, tuple(rows), notes)


def quality(c: Comparison, name: str, title: str, which: str) -> Table:
    """The measures of every system on one test set."""
    measures = [each for each in QUALITY if each[0] not in SETS[which].without]
    rows = []
    for system in c.labels:
        scores = _quality(c, system, measures)
        rows.append((label(c.labels[system]), *scores, counts_of(scores)))
    heads = ("System", *(text for _, text, _ in measures), c.counted)
    return Table(name, f"{title} ({c.here})", heads, tuple(rows), (SETS[which].how, *c.unfinished(c.labels)))


def losses(c: Comparison, which: str) -> Table:
    """The study of losses: one small network under each, who has the best mean, and who is told apart from it."""
    c = replace(c, labels=LOSS_LABELS)
    table = quality(c, "losses", "One small network under each loss, a short training each", which)
    told = [leaders(c, column_of(metric)) for metric, _, _ in QUALITY]
    told += [own_race(c, metric, name) for metric, name in OWN.items()]
    test = TEST.format(unit=c.unit, family="all pairs")
    return replace(table, notes=(*table.notes, *seeds_told(c), *filter(None, told), test))


OWN = {"si_sdr_db": "loss_si", "stoi": "loss_stoi"}  # measures that a loss of the study is made for


def seeds_told(c: Comparison) -> list[str]:
    """How many times each network was trained, from the cells that there are."""
    counts = sorted({len({run.cell.seed for run in c.runs[name]}) for name in c.labels if c.runs.get(name)})
    if not counts:
        return []
    if counts == [1]:
        return ["Each network was trained once, with one seed: another start may turn what lies close together."]
    return [f"Each network was trained with {' to '.join(map(str, sorted({counts[0], counts[-1]})))} seeds."]


def own_race(c: Comparison, metric: str, name: str) -> str:
    """Whether the network that was trained for a measure is better in it than the others."""
    there = [each for each in c.labels if c.items(each, metric)]
    if name not in there or len(there) < 2:
        return ""
    found = among_all(c, column_of(metric), name, there)
    return f"In {column_of(metric).title} the network that was trained for it is {score(found)}."


def by_snr(c: Comparison, which: str, metric: str, text: str, style: str) -> Table:
    """One measure on one test set, a column for each SNR."""
    levels = [f"{snr:g}" for snr in SETS[which].snrs]
    rows = []
    for system in c.labels:
        items = {level: where(c.items(system, metric), {"snr_db": level}) for level in levels}
        entries = [_entry(c, system, items[level], metric, style, interval=False) for level in levels]
        rows.append((label(c.labels[system]), *entries, counts_of(entries)))
    heads = ("System", *(f"{level} dB" for level in levels), f"{c.counted} at each")
    return Table(f"{which}_by_snr_{metric}", f"{text} by SNR ({c.here})", heads, tuple(rows))


def column_of(metric: str) -> Column:
    """A measure as a column of a table that no paper prints; more of each is better."""
    text, style = {name: (text, style) for name, text, style in QUALITY}[metric]
    title, unit = text.partition(", ")[::2]
    return Column(metric, title, unit, "higher", style, {})


def fair(c: Comparison) -> Comparison:
    """Without the oracles, which know the answer: what the best network is held against."""
    return replace(c, labels={name: text for name, text in c.labels.items() if name not in ORACLE})


def paired(c: Comparison, metric: str, which: str) -> Table:
    """The best trained network against every other system, utterance by utterance."""
    return against(fair(c), f"{which}_{metric}", column_of(metric), BEST)


def beside_cmgan(c: Comparison) -> Comparison:
    """Of all systems those that CMGAN's page looks at, run or not."""
    return replace(c, labels={name: LABELS[name] for name in CMGAN})


def with_losses(c: Comparison) -> Comparison:
    """With names for the networks of the study of losses too."""
    return replace(c, labels=c.labels | {name: f"Study of losses, {text}" for name, text in LOSS_LABELS.items()})


def _quality(c: Comparison, system: str, measures: Sequence[tuple[str, str, str]] = QUALITY) -> list[Entry]:
    return [_entry(c, system, c.items(system, metric), metric, style) for metric, _, style in measures]


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
