"""Tables of the waveform and generative networks: the GAN seed by seed, steps of diffusion, and noise alone."""

import csv
from collections.abc import Mapping
from functools import partial

from biosig.papers.comparison import Comparison, Makers, collect, seeds_of
from biosig.papers.primer.generative import CURVE, DIFFUSION, FACTOR, STEPS
from biosig.papers.primer.profiles import SETUPS
from biosig.papers.primer.systems import GAN_STUDY, WAVES
from biosig.papers.primer.tables import LABELS, MAIN, ONE_VOICE, QUALITY, SETS
from biosig.papers.primer.voices import REDUCTION
from biosig.papers.transcription import load
from biosig.results.items import CellStore
from biosig.results.statistics import BySeed, summarise, where
from biosig.results.tables import Entry, Table, absent, label, measured

GAN = {
    "segan": "SEGAN: discriminator and L1",
    "segan_l1": "L1 alone",
    "segan_adversary": "discriminator alone",
}
CURVED = {"pesq_wb": ("PESQ-wb", ".2f"), "estoi": ("ESTOI", ".3f"), "si_sdr_db": ("SI-SDR, dB", ".1f")}
ACCOUNT = "game.csv"
NOISE_NOTE = (
    "Noise alone: 4 s of each of 17 noises that no network has heard, at -26 dB; by how much lower its energy comes "
    "out. Intervals over noises. What is left may be faint noise or an invented voice: dB do not say which."
)


def makers(protocol, profile: str, store: CellStore) -> Makers:
    """Every table of these networks by name; none in a profile that does not train them."""
    if profile not in SETUPS or not protocol.cells(profile, list(GAN)):
        return {}
    c = comparison(protocol, profile, store)
    return {"gan": partial(gan, c), "diffusion_steps": partial(steps, c), "from_noise": partial(from_noise, c)}


def comparison(protocol, profile: str, store: CellStore) -> Comparison:
    """The networks and the study of SEGAN's two terms; a cell is read when it is asked for."""
    cells = protocol.cells(profile, [*WAVES, *GAN_STUDY])
    labels = {name: LABELS[name] for name in WAVES} | GAN
    here = SETS[MAIN[profile]].here
    runs, seeds = collect(store, cells), seeds_of(cells)
    return Comparison(load("primer"), profile, runs, labels, here, ONE_VOICE[0], seeds=seeds)


def gan(c: Comparison) -> Table:
    """The same generator with both terms, with each of them alone, and from three beginnings: a row for each run."""
    at, rows = {"set": MAIN[c.profile]}, []
    for name, text in GAN.items():
        for seed in range(c.seeds.get(name, 0)):
            scores = [_entry(c, name, metric, style, at, seed) for metric, _, style in QUALITY]
            removed = _entry(c, name, REDUCTION, ".1f", {"set": "noise_alone"}, seed)
            rows.append((label(f"{text}, seed {seed}"), *scores, removed))
    heads = ("Trained with", *(text for _, text, _ in QUALITY), "Noise alone: dB removed")
    notes = (
        f"One narrow generator, {c.here}; each row is one training. {SETS[MAIN[c.profile]].how}",
        NOISE_NOTE,
        *c.unfinished(GAN),
    )
    return Table("gan", "SEGAN with and without each of its two terms, run by run", heads, tuple(rows), notes)


def steps(c: Comparison) -> Table:
    """Quality and time of score-based diffusion by the number of steps of its sampler."""
    rows = []
    for count in STEPS:
        at = {"set": "steps", "steps": str(count)}
        scores = [_entry(c, DIFFUSION, metric, CURVED[metric][1], at) for metric in CURVE]
        rows.append((label(f"{count}"), *scores, _entry(c, DIFFUSION, FACTOR, ".2f", at)))
    heads = ("Steps", *(CURVED[metric][0] for metric in CURVE), "Real-time factor")
    notes = (
        "Each step corrects once and predicts once, so that the network runs twice. Three VoiceBank-DEMAND pairs of "
        "one speaker: intervals, over these, are wide. Real-time factor: processor time over duration, above 1 is too "
        "slow to listen as it comes.",
    )
    return Table("diffusion_steps", "Score-based diffusion: quality and time by the number of steps", heads,
                 tuple(rows), notes)  # fmt: skip


def from_noise(c: Comparison) -> Table:
    """What is left of noise alone."""
    at = {"set": "noise_alone"}
    rows = [(label(text), _entry(c, name, REDUCTION, ".1f", at)) for name, text in c.labels.items()]
    return Table("from_noise", "Noise alone: by how many dB less comes out", ("System", "dB removed"), tuple(rows),
                 (NOISE_NOTE, *c.unfinished(c.labels)))  # fmt: skip


def games(c: Comparison) -> dict[tuple[str, int], list[dict[str, float]]]:
    """(system, seed) → an epoch a row: what generator and discriminator made of each other; read from the cells."""
    found = {}
    for name in GAN:
        for run in c.runs.get(name, ()):
            if (run.folder / ACCOUNT).is_file():
                with (run.folder / ACCOUNT).open(encoding="utf-8", newline="") as file:
                    found[name, run.cell.seed] = [_numbers(row) for row in csv.DictReader(file)]
    return found


def _numbers(row: Mapping[str, str]) -> dict[str, float]:
    return {name: float(value) for name, value in row.items()}


def _entry(c: Comparison, system: str, metric: str, style: str, at: Mapping[str, str], seed=None) -> Entry:
    """The mean under some conditions, of all seeds or of one."""
    items: BySeed = where(c.items(system, metric), at)
    kept = {each: rows for each, rows in items.items() if rows and (seed is None or each == seed)}
    if not kept:
        return absent(c.missing(system))
    keys = tuple(cell.key for cell in c.cells(system) if cell.seed in kept)
    return measured(summarise(kept, metric), style, keys)
