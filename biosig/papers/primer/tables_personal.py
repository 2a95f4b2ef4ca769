"""The tables of one voice at a time: the enhancer adapted to a person, to others, trained further, and as it is."""

from functools import partial

from biosig.papers.comparison import Comparison, Makers, collect, counts_of, seeds_of
from biosig.papers.contests import bouts, rounds, told
from biosig.papers.primer.personal import KINDS, METRICS, OPEN, PREFIX, SET
from biosig.papers.primer.tables import QUALITY, column_of
from biosig.papers.transcription import load
from biosig.results.items import CellStore
from biosig.results.statistics import summarise
from biosig.results.tables import Entry, Table, absent, label, measured

DATA = "nine actors of nEMO in 17 unseen noises at -5 to 15 dB"
OWN = "own"  # named before the test: what the others are held against
LABELS = {
    "noisy": "Noisy",
    "none": "Published enhancer",
    "more": "Further steps, its own training speech",
    "others": "Adapted to the other actors",
    OWN: "Adapted to the actor",
}
RIVALS = tuple((OWN, kind) for kind in ("none", "more", "others"))
STYLES = [each for each in QUALITY if each[0] in METRICS]
UNRUN = (
    "These adaptations have not been run yet: `biosig run primer --profile open --system personal_own`, and the same "
    "for `personal_none`, `personal_more` and `personal_others`."
)
NOTES = (
    f"{OPEN.adaptation} sentences adapt, {OPEN.validation} choose the epoch and {OPEN.test} others test, the same "
    "sentences for everybody; every test sentence is mixed at every SNR. Intervals are 95 % bootstrap over the nine "
    "actors.",
    f"Every adaptation: {OPEN.steps * OPEN.epochs} steps of {OPEN.batch} windows of {OPEN.window / 16_000:g} s, in "
    "training noises. The other actors say the same sentences as the one who is tested. Whether all nine were recorded "
    "in one place is not stated: what is won over the others may be the voice, or the place.",
)


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """The tables by name; none in a profile that has none of these cells."""
    c = comparison(protocol, profile, store)
    return {"personal": partial(personal, c), "personal_paired": partial(paired, c)} if c.seeds else {}


def comparison(protocol, profile: str, store: CellStore) -> Comparison:
    """Every kind on all actors."""
    cells = protocol.cells(profile, [f"{PREFIX}{kind}" for kind in KINDS])
    seeds = {name.removeprefix(PREFIX): count for name, count in seeds_of(cells).items()}
    return Comparison(load("primer"), profile, collect(store, cells, PREFIX), LABELS, DATA, "people",
                      seeds=seeds, at={"set": SET})  # fmt: skip


def personal(c: Comparison) -> Table:
    """The quality of each kind, with intervals over people."""
    rows = []
    for name, text in c.labels.items():
        entries = [_entry(c, name, metric, style) for metric, _, style in STYLES]
        rows.append((label(text), *entries, counts_of(entries)))
    heads = ("Recurrent mask", *(text for _, text, _ in STYLES), c.counted)
    return Table("personal", f"One voice at a time ({c.here})", heads, tuple(rows), (*NOTES, *c.unfinished(c.labels)))


def paired(c: Comparison) -> Table:
    """The enhancer adapted to the person against all others, person by person."""
    columns = [column_of(metric) for metric in METRICS]
    title = f"Adapted to the actor against the others (higher is better): {c.here}"
    return rounds(c, "personal", RIVALS, columns, title)


def answer(c: Comparison) -> str:
    """What the tests say of each pair, or that nothing has been run."""
    columns = [column_of(metric) for metric in METRICS]
    return " ".join(told(c, bouts(c, RIVALS, columns), columns)) or UNRUN


def _entry(c: Comparison, name: str, metric: str, style: str) -> Entry:
    if not c.runs.get(name):
        return absent(c.missing(name))
    return measured(summarise(c.items(name, metric), metric), style, c.keys(name))
