"""Tables of the fourth experiment: phone error rates of training together and apart."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from biosig.papers.comparison import Comparison, Makers, collect, counts_of, seeds_of
from biosig.papers.contests import against
from biosig.papers.primer.joint import FOLDS, FRONTS, HEARD, HEARD_SNR, KINDS, PLAN, PREFIX
from biosig.papers.primer.recognition import CLEAN, COUNTS, levels
from biosig.papers.primer.tables import QUALITY
from biosig.papers.transcription import Column, load
from biosig.results.items import CellRun, CellStore
from biosig.results.measures import percent, rate
from biosig.results.statistics import summarise
from biosig.results.tables import Entry, Table, absent, label, measured

DATA = "16 people of the TIMIT sample, four folds, unseen noises"
JOINT = "joint"  # named before the test: what the others are held against
LABELS = {  # what was trained, and what is in front of it at test
    ("separate", "none"): "Clean training, nothing in front",
    ("separate", "enhancer"): "Clean training, enhancer in front",
    ("multi", "none"): "Noisy training, no enhancer",
    ("behind", "enhancer"): "Noisy training behind the frozen enhancer",
    ("joint", "enhancer"): "Trained together, CTC + enhancement",
    ("only", "enhancer"): "Trained together, CTC alone",
}
SNRS = levels(PLAN.snrs_db)
PER = percent(rate("per", "1", tuple(f"phone_{kind}" for kind in COUNTS), "phones", ("snr_db",)))
NOTES = (
    "Phone error rate in percent: substituted, deleted and inserted phones over those that were said, 38 phones "
    "without silence, greedy decoding. In brackets, its 95 % bootstrap interval over people, each of whom is tested "
    "once, by a recogniser that has heard the others.",
    f"All take {PLAN.steps * PLAN.epochs} steps of {PLAN.batch} sentences, from the same first weights of the "
    "recogniser in a fold. The enhancer is the published recurrent mask; trained together, it also gets to know the "
    "corpus. One seed for each fold.",
    f"PESQ-wb and SI-SDR of what the recogniser hears behind the enhancer, at {HEARD_SNR} dB.",
)


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """Every table of this experiment by name; none in a profile that has none of its cells."""
    c = comparison(protocol, profile, store)
    if not c.seeds:
        return {}
    return {"joint": partial(joint, c), "joint_paired": partial(paired, c)}


def comparison(protocol, profile: str, store: CellStore) -> Comparison:
    """A row for each training and what is in front of it at test; only trainings of which all folds are there."""
    cells = protocol.cells(profile, [f"{PREFIX}{name}" for name in KINDS])
    runs = collect(store, cells, PREFIX)
    whole = {name: runs[name] for name in runs if len(runs.cells(name)) == len(FOLDS)}
    rows = {name_of(*key): [_behind(run, key[1]) for run in whole.get(key[0], ())] for key in LABELS}
    seeds = {name.removeprefix(PREFIX): count for name, count in seeds_of(cells).items()}
    labels = {name_of(*key): text for key, text in LABELS.items()}
    reasons = {name_of(*key): _reason(runs, key[0]) for key in LABELS}
    return Comparison(
        load("primer"), profile, rows, labels, DATA, "people", reasons=reasons, seeds=seeds, measures={"per": PER}
    )


def name_of(system: str, front: str) -> str:
    """A row's name: the training's, and what is in front where that is not the only possibility."""
    return system if len(FRONTS.get(system, ("enhancer",))) == 1 else f"{system}_{front}"


def _behind(run: CellRun, front: str) -> CellRun:
    """A cell with only the items behind an enhancer, or only those without one."""
    return replace(run, items=tuple(row for row in run.items if row.conditions["front"] == front))


def _reason(runs, system: str) -> str:
    done = len(runs.cells(system))
    return f"{done} of {len(FOLDS)} folds are run" if done else "no finished run in the open profile"


def rate_at(snrs: Sequence[str]) -> Column:
    """The phone error rate as a column of a table that no paper prints: the mean over some levels."""
    return Column("per", "PER", "%", "lower", ".1f", {}, at={"": {"snr_db": tuple(snrs)}})


def joint(c: Comparison) -> Table:
    """The phone error rate of every training at every level, and how what is recognised sounds."""
    columns = [rate_at((level,)) for level in (CLEAN, *reversed(SNRS))] + [rate_at(SNRS)]
    styles = {name: (text, style) for name, text, style in QUALITY}
    rows = []
    for name, text in c.labels.items():
        entries = [c.number(name, column) for column in columns]
        heard = [_quality(c, name, metric, styles[metric][1]) for metric in HEARD]
        rows.append((label(text), *entries, counts_of(entries[:-1]), *heard))
    heads = (*(level if level == CLEAN else f"{level} dB" for level in (CLEAN, *reversed(SNRS))), "Mean, noisy")
    heard = (styles[metric][0] for metric in HEARD)
    title = f"Phone error rate by training, % (lower is better): {c.here}"
    return Table("joint", title, ("Training", *heads, f"{c.counted} at each", *heard), tuple(rows), NOTES)


def _quality(c: Comparison, name: str, metric: str, style: str) -> Entry:
    if not c.runs[name]:
        return absent(c.missing(name))
    items = c.items(name, metric)
    return measured(summarise(items, metric), style, c.keys(name), interval=False) if items else Entry("no enhancer")


def paired(c: Comparison) -> Table:
    """Training together against every other training, person by person, mean over the noisy levels."""
    return against(c, "joint", rate_at(SNRS), JOINT)
