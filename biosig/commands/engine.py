"""``biosig cells``, ``biosig submit``: the same cells on other machines."""

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence

from biosig.commands.results import paper_and_profile
from biosig.engine.cells import full_name
from biosig.engine.needs import Need, needs
from biosig.engine.slurm import DONE, GONE, Standing, check_slurm, standings, submit
from biosig.errors import ConfigError
from biosig.papers.base import known, open_store, paper, profile_name
from biosig.papers.runner import select
from biosig.results.items import Cell, CellStore

FORMS = ("table", "json", "names")
POLL_SECONDS = 5


def add(commands: argparse._SubParsersAction) -> None:
    """Add the two parsers."""
    cells = commands.add_parser(
        "cells",
        help="the cells of a paper by name, and which are done",
        description="List every cell (system, fold, seed) of a paper. Any scheduler can run them one by one: "
        "`biosig run --cell NAME`.",
    )
    _choice(cells)
    cells.add_argument("--missing", action="store_true", help="only those that are not done")
    cells.add_argument("--format", default="table", metavar="FORM", help=f"{', '.join(FORMS)} (default: table)")
    cells.set_defaults(do=show_cells)
    job = commands.add_parser(
        "submit",
        help="hand the missing cells to Slurm",
        description="Hand every cell that is neither done nor in the queue to Slurm, as arrays of like needs. Time "
        "and memory come from the last run's records. A job that meets its time limit is queued again and its "
        "training goes on. Needs submitit (pip install 'biosig[slurm]') and sbatch.",
    )
    _choice(job)
    job.add_argument("--device", default="cpu", metavar="cpu|cuda", help="cuda: what trains a network asks for a GPU")
    job.add_argument("--cpus", type=int, default=1, metavar="N", help="cores for each cell (default: 1)")
    job.add_argument("--minutes", type=int, default=0, metavar="N", help="ask for so many, whatever the records say")
    job.add_argument("--memory", type=int, default=0, metavar="GB", help="ask for so many, whatever the records say")
    job.add_argument("--at-once", type=int, metavar="N", help="cells of an array that run at the same time")
    job.add_argument("--slurm", action="append", default=[], metavar="KEY=VALUE",
                     help="a further option of sbatch, as partition=day; may be repeated")  # fmt: skip
    job.add_argument("--slurm-gpu", action="append", default=[], metavar="KEY=VALUE", help="the same, for GPU cells")
    job.add_argument("--dry-run", action="store_true", help="say what would be handed in, and hand in nothing")
    job.add_argument("--wait", action="store_true", help="wait for the end; exit code 1 if a cell failed")
    job.set_defaults(do=submit_cells)


def show_cells(arguments: argparse.Namespace) -> int:
    """Print the cells as a table, JSON or bare names."""
    known("format", arguments.format, FORMS)
    store, cells = _chosen(arguments)
    if arguments.format == "names":  # for pipes: asks nobody but the store
        names = [full_name(cell) for cell in cells if not (arguments.missing and store.done(cell))]
        print("".join(f"{name}\n" for name in names), end="")
        return 0
    found = [each for each in standings(store, cells) if not (arguments.missing and each.state == DONE)]
    if arguments.format == "json":
        print(json.dumps([as_dict(each) for each in found], indent=1))
    else:
        print(table(found))
    return 0


def as_dict(standing: Standing) -> dict:
    """A cell and its standing, flat, for other programs."""
    cell = standing.cell
    told = {name: getattr(standing, name) for name in ("state", "job", "log", "why")}
    return {"name": full_name(cell), "system": cell.system, "fold": cell.fold, "seed": cell.seed, **told}


def table(found: Sequence[Standing]) -> str:
    """A line per cell, one more for a failed one's log, and how many there are of each state."""
    width = max((len(full_name(each.cell)) for each in found), default=0)
    lines = [f"{full_name(each.cell):<{width}}  {each.state}{f' (job {each.job})' if each.job else ''}{_end(each)}"
             for each in found]  # fmt: skip
    states = Counter(each.state for each in found)
    return "\n".join([*lines, f"{len(found)} cells" + "".join(f", {n} {state}" for state, n in states.items()) + "."])


def submit_cells(arguments: argparse.Namespace) -> int:
    """Hand in what is open; with --wait, 1 if a cell failed."""
    known("device", arguments.device, ("cpu", "cuda"))
    if arguments.at_once is not None and arguments.at_once < 1:
        raise ConfigError(f"at-once is {arguments.at_once}: expected at least 1.")
    options, gpu_options = _options(arguments.slurm), _options(arguments.slurm_gpu)
    store, cells = _chosen(arguments)
    if not arguments.dry_run:
        check_slurm()
    found = standings(store, cells)
    _say_failed(found, "failed the last time, and go in again")
    wanted = [each.cell for each in found if each.open]
    asked = needs(store, wanted, arguments.device, arguments.cpus, arguments.minutes, arguments.memory)
    jobs = None
    if not arguments.dry_run and wanted:
        jobs = submit(store, asked, at_once=arguments.at_once, options=options, gpu_options=gpu_options)
    print(summary(found, asked, jobs))
    return wait(store, cells) if arguments.wait and not arguments.dry_run else 0


def summary(found: Sequence[Standing], asked: dict[Cell, Need], jobs: dict[Need, list] | None) -> str:
    """A line per array, and how many cells needed nothing."""
    lines = []
    for need in sorted(set(asked.values())):
        systems = Counter(cell.system for cell, its in asked.items() if its == need)
        what = ", ".join(name if n == 1 else f"{name} × {n}" for name, n in systems.items())
        ask = f"{need.minutes} min, {need.gb} GB, {need.cpus} CPU{', 1 GPU' if need.gpu else ''}"
        where = f"array {str(jobs[need][0].job_id).partition('_')[0]}" if jobs else "would be handed in"
        lines.append(f"{where}: {systems.total()} cells, each {ask}: {what}")
    done = sum(each.state == DONE for each in found)
    queued = len(found) - done - len(asked)
    return "\n".join([*lines, f"{len(asked)} cells to run, {queued} were in the queue, {done} were there."])


def wait(store: CellStore, cells: Sequence[Cell]) -> int:
    """Until no cell of ours waits or runs; then list what failed."""
    while True:
        found = standings(store, cells)
        if all(each.open or each.state == DONE for each in found):
            break
        time.sleep(POLL_SECONDS)
    _say_failed(found, "failed")
    print(f"{sum(each.state == DONE for each in found)} of {len(found)} cells are there.")
    return 1 if any(each.open for each in found) else 0


def _say_failed(found: Sequence[Standing], what: str) -> None:
    failed = [each for each in found if each.state == GONE]
    if failed:
        print(f"{len(failed)} cells {what}:", file=sys.stderr)
    for each in failed:
        print(f"{full_name(each.cell)}{_end(each)}", file=sys.stderr)


def _end(each: Standing) -> str:
    return f": {each.why}\n    log: {each.log}" if each.state == GONE else ""


def _options(pairs: Sequence[str]) -> dict[str, str]:
    """``partition=day`` → {"partition": "day"}."""
    for pair in pairs:
        if not re.fullmatch(r"[a-z][a-z-]*=[^\n]+", pair):
            raise ConfigError(f"an option of sbatch is {pair!r}: expected KEY=VALUE, as partition=day.")
    return dict(pair.split("=", 1) for pair in pairs)


def _choice(parser: argparse.ArgumentParser) -> None:
    paper_and_profile(parser)
    parser.add_argument("--system", action="append", metavar="NAME", help="only this system; may be repeated")
    parser.add_argument("--seed", action="append", type=int, metavar="N", help="only this seed; may be repeated")


def _chosen(arguments: argparse.Namespace) -> tuple[CellStore, list[Cell]]:
    protocol, profile = paper(arguments.paper), profile_name(arguments.profile)
    return open_store(profile), select(protocol, profile, arguments.system, arguments.seed)
