"""The table of the second task: the recurrent mask with a voice detector beside it, and without."""

from functools import partial

from biosig.papers.comparison import Comparison, Makers, collect, counts_of, seeds_of
from biosig.papers.contests import against
from biosig.papers.primer.beyond import BY_HEAD, BY_LEVEL
from biosig.papers.primer.profiles import SETUPS
from biosig.papers.primer.systems import MULTITASK
from biosig.papers.primer.tables import QUALITY, SETS, column_of
from biosig.papers.transcription import load
from biosig.results.items import CellStore
from biosig.results.statistics import summarise
from biosig.results.tables import Entry, Table, absent, label, measured

LABELS = {"multitask": "With the second task", "multitask_none": "Without"}
SET = "unseen"
VOICE = ((BY_LEVEL, "Speech told by level", ".3f"), (BY_HEAD, "Speech told by the head", ".3f"))
NOTES = (
    "The same network, windows, steps and seeds; the second task costs one row of weights. Speech told: the mean share "
    "of speech frames and of pauses told right, by the level of the output, and by the head that was trained for it.",
)


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """The tables by name; none in a profile that does not train these."""
    if profile not in SETUPS or not protocol.cells(profile, list(MULTITASK)):
        return {}
    c = comparison(protocol, profile, store)
    return {
        "multitask": partial(multitask, c),
        "multitask_paired": lambda: against(c, "multitask", column_of("pesq_wb"), "multitask"),
    }


def comparison(protocol, profile: str, store: CellStore) -> Comparison:
    """Both trainings on unseen noises; a cell is read when it is asked for."""
    cells, of = protocol.cells(profile, list(MULTITASK)), SETS[SET]
    return Comparison(load("primer"), profile, collect(store, cells), LABELS, of.here, of.unit,
                      seeds=seeds_of(cells), at={"set": SET})  # fmt: skip


def multitask(c: Comparison) -> Table:
    """Quality, and how well speech is told from pauses."""
    columns = [each for each in QUALITY if each[0] not in SETS[SET].without] + list(VOICE)
    rows = []
    for name, text in c.labels.items():
        entries = [_entry(c, name, metric, style) for metric, _, style in columns]
        rows.append((label(text), *entries, counts_of(entries)))
    heads = ("Recurrent mask", *(text for _, text, _ in columns), c.counted)
    notes = (*NOTES, SETS[SET].how, *c.unfinished(c.labels))
    return Table("multitask", f"A second task beside the mask ({c.here})", heads, tuple(rows), notes)


def _entry(c: Comparison, name: str, metric: str, style: str) -> Entry:
    items = c.items(name, metric)
    if not c.runs.get(name):
        return absent(c.missing(name))
    return measured(summarise(items, metric), style, c.keys(name)) if any(items.values()) else absent("it has no head")
