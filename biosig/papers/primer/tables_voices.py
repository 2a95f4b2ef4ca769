"""Tables of the second experiment: other voices with intervals over people, and inputs that are not noisy speech."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from biosig.papers.comparison import Comparison, Makers, collect, seeds_of
from biosig.papers.contests import against
from biosig.papers.primer.systems import CLASSICAL, VARIED
from biosig.papers.primer.tables import QUALITY, TESTED, column_of, shown
from biosig.papers.primer.voices import NARROWED, PLAN, PREFIX, REDUCTION, SCORED
from biosig.papers.transcription import load
from biosig.peers import PEERS
from biosig.results.items import CellStore
from biosig.results.statistics import BySeed, compare, summarise, where
from biosig.results.tables import RUN, Entry, Table, absent, label, measured, with_interval

BEST = ("recurrent_mask_long", "recurrent_mask")  # named before the test: the one that got the most training
CAUSAL = "light_mask"
DATA = "16 people of the TIMIT sample in 17 unseen noises at -5 to 15 dB"
STYLES = {name: (text, style) for name, text, style in QUALITY} | {REDUCTION: ("dB removed", ".1f")}
VOICES = (
    ("TIMIT", "timit", "pesq_wb"),
    ("TIMIT", "timit", "stoi"),
    ("TIMIT", "timit", "si_sdr_db"),
    ("p232", "voicebank", "pesq_wb"),
    ("p232", "voicebank", "si_sdr_db"),
)
OTHERS = (
    ("Clean input", {"set": "clean"}, "pesq_wb"),
    ("Clean input", {"set": "clean"}, "si_sdr_db"),
    ("Noise alone", {"set": "noise_alone"}, REDUCTION),
    ("Two talkers, 0 dB", {"set": "two_talkers", "snr_db": "0"}, "stoi"),
    ("Two talkers, -10 dB", {"set": "two_talkers", "snr_db": "-10"}, "stoi"),
)
BY = {"48k": "Through 48 kHz", "7k": f"Nothing above {PLAN.edge_hz / 1000:g} kHz"}
NOTES = (
    "TIMIT: two sentences of each of 8 women and 8 men; intervals are 95 % bootstrap over the 16 people. Twelve of the "
    "17 noises are people talking.",
    "p232: 20 VoiceBank-DEMAND pairs of one man; intervals are over his utterances and say nothing about other voices.",
    "Networks are scored by their published checkpoints: one seed, chosen on validation, rounded to float16.",
)
OTHER_NOTES = (
    "Clean input: one sentence of each person without noise; what is lost is damage. Noise alone: 4 s of each unseen "
    "noise, intervals over noises. Two talkers: each person under one of the other sex; the input's row says what a "
    "system started from.",
    "Through 48 kHz: the PESQ-wb of p232's pairs brought to 48 kHz and back, speech and noise alike, minus that of the "
    "pairs as they are. It takes 0.6 dB at 7.2 kHz and 29 at 7.8. The last column is the same for a band that ends "
    "at once, as after some codecs.",
)


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """Every table of this experiment by name; none in a profile that has none of its cells."""
    c = other_voices(protocol, profile, store)
    if not c.seeds:
        return {}
    rivals = {"voices": most_trained(c), **({"voices_causal": CAUSAL} if CAUSAL in c.runs else {})}
    return {
        "voices": partial(voices, c),
        **{
            f"{name}_{metric}_paired": partial(paired, c, metric, system, name)
            for name, system in rivals.items()
            for metric in TESTED
        },
        "other_inputs": partial(other_inputs, c),
    }


def other_voices(protocol, profile: str, store: CellStore) -> Comparison:
    """Every system on other voices; a system's cell is read when it is asked for."""
    cells = protocol.cells(profile, [f"{PREFIX}{name}" for name in SCORED])
    runs = collect(store, cells, PREFIX)
    seeds = {name.removeprefix(PREFIX): count for name, count in seeds_of(cells).items()}
    labels = {name: text for name, text in shown(runs).items() if name in SCORED}
    return Comparison(load("primer"), profile, runs, labels, DATA, "people", seeds=seeds)


def most_trained(c: Comparison) -> str:
    """The network that the tests are about, named before them."""
    return next((name for name in BEST if name in c.runs), BEST[-1])


def contenders(c: Comparison, system: str) -> Comparison:
    """A network beside the input, every classical method, every peer and the mask before it, on the sixteen people."""
    rivals = {system, "noisy", *CLASSICAL, *PEERS, *((BEST[-1],) if system in VARIED else ())}
    return replace(c, labels={each: text for each, text in c.labels.items() if each in rivals}, at={"set": "timit"})


def voices(c: Comparison) -> Table:
    """Every system on sixteen people, and on the one man of the first experiment."""
    rows = [
        (label(text), *(_entry(c, name, {"set": which}, metric) for _, which, metric in VOICES))
        for name, text in c.labels.items()
    ]
    heads = ("System", *(f"{who}: {STYLES[metric][0]}" for who, _, metric in VOICES))
    return Table("voices", f"Every system on other voices ({c.here})", heads, tuple(rows), NOTES)


def paired(c: Comparison, metric: str, system: str, name: str) -> Table:
    """One network against its :func:`contenders`, person by person."""
    return against(contenders(c, system), f"{name}_{metric}", column_of(metric), system)


def other_inputs(c: Comparison) -> Table:
    """What systems do to clean speech, to noise alone, to two talkers, and to what came from 48 kHz."""
    rows = [
        (
            label(text),
            *(_entry(c, name, conditions, metric) for _, conditions, metric in OTHERS),
            *(_change(c, name, by) for by in NARROWED),
        )
        for name, text in c.labels.items()
    ]
    heads = [f"{what}: {STYLES[metric][0]}" for what, _, metric in OTHERS]
    heads += [f"{BY[by]}: PESQ-wb" for by in NARROWED]
    title = "Clean input, noise alone, two talkers, and a band without its top"
    return Table("other_inputs", title, ("System", *heads), tuple(rows), (*OTHER_NOTES, *NOTES[2:]))


def _entry(c: Comparison, system: str, conditions: dict[str, str], metric: str) -> Entry:
    if not c.runs.get(system):
        return absent(c.missing(system))
    items = where(c.items(system, metric), conditions)
    return measured(summarise(items, metric), STYLES[metric][1], c.keys(system))


def _change(c: Comparison, system: str, by: str, metric: str = "pesq_wb") -> Entry:
    """The mean over utterances of the narrowed pair minus the pair as it is, with its interval."""
    if not c.runs.get(system):
        return absent(c.missing(system))
    items = c.items(system, metric)
    narrow, whole = (where(items, {"set": which}) for which in (f"voicebank_{by}", "voicebank"))
    pair = compare(_bare(narrow, f"/{by}"), whole, metric)
    if pair is None:
        return absent("no items")
    text = with_interval(pair.difference, pair.low, pair.high, "+.2f")
    return Entry(text, RUN, pair.difference, pair.low, pair.high, c.keys(system))


def _bare(items: BySeed, suffix: str) -> dict[int, Sequence]:
    """The items under the names they had before they were narrowed."""
    return {seed: [replace(row, item=row.item.removesuffix(suffix)) for row in rows] for seed, rows in items.items()}
