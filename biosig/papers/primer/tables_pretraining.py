"""The tables of filling gaps first: the recurrent mask with it and without, at equal steps, with few pairs and all."""

from functools import partial

from biosig.papers.comparison import Comparison, Makers, collect, counts_of, seeds_of
from biosig.papers.contests import bouts, rounds, told
from biosig.papers.primer.pretraining import AMOUNTS, FILLING, METRICS, OPEN, PAIRS, SET, SYSTEMS, steps
from biosig.papers.primer.tables import QUALITY, SETS, column_of
from biosig.papers.transcription import load
from biosig.results.items import CellStore
from biosig.results.statistics import summarise
from biosig.results.tables import Entry, Table, absent, label, measured

NOISY = "noisy"
CALLED = {"pretrained": "Gaps first, then {}", "scratch": "{}, as many steps on them", "longer": "{}, as many in all"}
LABELS = {NOISY: "Noisy"} | {
    f"{kind}_{amount}": called.format(text if kind == "pretrained" else text.capitalize())
    for amount, text in AMOUNTS.items()
    for kind, called in CALLED.items()
}
RIVALS = tuple((f"pretrained_{amount}", f"{kind}_{amount}") for amount in AMOUNTS for kind in ("scratch", "longer"))
STYLES = [each for each in QUALITY if each[0] in METRICS]
UNRUN = (
    "These trainings have not been run yet: `biosig run primer --profile open --system pretrained_few`, and the same "
    "for `scratch_few`, `longer_few` and those that end in `_all`."
)
NOTES = (
    "One network, and for each seed the same first weights; every step takes "
    f"{OPEN.batch} windows of {OPEN.window / 16_000:g} s. Gaps are filled in noisy sound whose clean side nobody "
    "looks at. The same validation mixtures choose the weights of all.",
    f"Few pairs: {OPEN.few} windows, {OPEN.few_minutes:g} minutes, others for each seed, shown again and again. All: "
    "every pair is a fresh mixture.",
)


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """The tables by name; none in a profile that does not train these."""
    c = comparison(protocol, profile, store)
    return {"pretraining": partial(pretraining, c), "pretraining_paired": partial(paired, c)} if c.seeds else {}


def comparison(protocol, profile: str, store: CellStore) -> Comparison:
    """All trainings, and the input of the chapter's own cell, on unseen noises."""
    cells = protocol.cells(profile, list(SYSTEMS))
    inputs, of = protocol.cells(profile, [NOISY]) if cells else [], SETS[SET]
    return Comparison(load("primer"), profile, collect(store, [*inputs, *cells]), LABELS, of.here, of.unit,
                      seeds=seeds_of(cells), at={"set": SET})  # fmt: skip


def pretraining(c: Comparison) -> Table:
    """The steps that each takes, and its quality."""
    rows = []
    for name, text in c.labels.items():
        entries = [_entry(c, name, metric, style) for metric, _, style in STYLES]
        rows.append((label(text), *_steps(name), *entries, counts_of(entries)))
    heads = ("Recurrent mask", "Steps filling gaps", "Steps on pairs", *(text for _, text, _ in STYLES), c.counted)
    notes = (*NOTES, SETS[SET].how, *c.unfinished(c.labels))
    return Table("pretraining", f"Filling gaps before learning from pairs ({c.here})", heads, tuple(rows), notes)


def paired(c: Comparison) -> Table:
    """Filling gaps first against both trainings without, few pairs and all."""
    columns = [column_of(metric) for metric in METRICS]
    title = f"Filling gaps first against none (higher is better): {c.here}"
    return rounds(c, "pretraining", RIVALS, columns, title)


def answer(c: Comparison) -> str:
    """What the tests say of each pair, or that nothing has been run."""
    columns = [column_of(metric) for metric in METRICS]
    return " ".join(told(c, bouts(c, RIVALS, columns), columns)) or UNRUN


def _steps(name: str) -> list[Entry]:
    found = {} if name == NOISY else steps(name)
    return [label(str(found.get(stage, 0))) for stage in (FILLING, PAIRS)]


def _entry(c: Comparison, name: str, metric: str, style: str) -> Entry:
    if not c.runs.get(name):
        return absent(c.missing(name))
    return measured(summarise(c.items(name, metric), metric), style, c.keys(name))


