"""``biosig run``, ``biosig table``, ``biosig verify``: results, from computing to holding to account."""

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from biosig.errors import ConfigError
from biosig.papers.base import (
    MODULES,
    PROFILES,
    Protocol,
    known,
    open_store,
    paper,
    profile_name,
    results_root,
)
from biosig.results.index import check_index, sign
from biosig.results.provenance import checkout
from biosig.results.tables import FORMS, Table, as_dict, render, save
from biosig.results.verify import (
    TABLES,
    check_cells,
    check_prose,
    check_sources,
    check_sums,
    check_tables,
    orphans,
)

PROFILE_HELP = f"{', '.join(PROFILES)} (default: BIOSIG_PROFILE, else quick)"


def add(commands: argparse._SubParsersAction) -> None:
    """Add the three parsers."""
    run = commands.add_parser(
        "run",
        help="compute a paper's results, resuming where the last run ended",
        description="Compute every cell (system, fold, seed) of a paper that is not there yet. A run may be "
        "killed at any time, started again, and started twice: finished cells are kept and skipped.",
    )
    paper_and_profile(run, optional=True)
    run.add_argument(
        "--cell", metavar="NAME", help="one cell, as `biosig cells` names it; exit code 75 if another runner is at it"
    )
    run.add_argument("--system", action="append", metavar="NAME", help="only this system; may be repeated")
    run.add_argument("--seed", action="append", type=int, metavar="N", help="only this seed; may be repeated")
    run.add_argument("--device", default="cpu", metavar="cpu|cuda", help="where networks run (default: cpu)")
    run.add_argument("--jobs", type=int, default=1, metavar="N", help="cells at a time (default: 1)")
    run.set_defaults(do=run_paper)
    table = commands.add_parser("table", help="a paper's tables beside what was found here")
    paper_and_profile(table)
    table.add_argument("--format", default="text", metavar="FORM", help=f"{', '.join(FORMS)} (default: text)")
    table.add_argument("--only", metavar="NAME", help="one table, by its name (as --format json gives it)")
    table.add_argument("--save", action="store_true", help="write the renderings that `biosig verify` checks")
    table.set_defaults(do=show_tables)
    verify = commands.add_parser("verify", help="check that every number shown follows from what is stored")
    verify.add_argument("paper", nargs="?", metavar="PAPER", help="one paper (default: all)")
    verify.set_defaults(do=verify_results)


def run_paper(arguments: argparse.Namespace) -> int:
    """Run; 1 if a cell failed."""
    from biosig.papers.runner import run

    if arguments.cell:
        return _run_cell(arguments)
    if arguments.paper is None:
        raise ConfigError("the following arguments are required: PAPER; see `biosig run --help`.")
    protocol, profile = _chosen(arguments)
    check_device(arguments.device)
    outcome = run(protocol, profile, arguments.system, arguments.seed, device=arguments.device, jobs=arguments.jobs)
    print(f"{outcome.sentence()} They are in {results_root(profile) / protocol.name / profile}.")
    for name, why in outcome.failed.items():
        print(f"{name} failed: {why}", file=sys.stderr)
    if not outcome.failed:
        print(f"See them with: biosig table {protocol.name} --profile {profile}")
    return 1 if outcome.failed else 0


def _run_cell(arguments: argparse.Namespace) -> int:
    from biosig.engine.cells import run_one

    if any((arguments.paper, arguments.profile, arguments.system, arguments.seed, arguments.jobs != 1)):
        raise ConfigError("--cell names one cell wholly: expected no PAPER, --profile, --system, --seed or --jobs.")
    check_device(arguments.device)
    code, sentence = run_one(arguments.cell, arguments.device)
    print(sentence, file=sys.stderr if code else sys.stdout)
    return code


def show_tables(arguments: argparse.Namespace) -> int:
    """Print (or save) the tables."""
    known("format", arguments.format, FORMS)
    protocol, profile = _chosen(arguments)
    store = open_store(profile)
    tables = protocol.tables(profile, store, [arguments.only] if arguments.only else ())
    if not tables:
        raise ConfigError(f"{protocol.name} has no tables in profile {profile}: expected another profile.")
    if not store.cells(protocol.name, profile):
        print(f"No finished cells yet: run `biosig run {protocol.name} --profile {profile}`.", file=sys.stderr)
    if arguments.save:
        place = store.root / protocol.name / profile
        sign(place, store.folders(protocol.name, profile))
        paths = save(tables, place / TABLES)
        print(f"{len(paths)} files are in {paths[0].parent}.")
    else:
        print(together(tables, arguments.format), end="")
    return 0


def together(tables: Sequence[Table], form: str) -> str:
    """Several tables in one text: a JSON list, one CSV, or one below the other."""
    if form == "json":
        return json.dumps([as_dict(table) for table in tables], indent=1, ensure_ascii=False) + "\n"
    texts = [render(table, form) for table in tables]
    if form == "csv":
        return "".join([texts[0], *[text.split("\n", 1)[1] for text in texts[1:]]])
    return "\n".join(texts)


def verify_results(arguments: argparse.Namespace) -> int:
    """Check everything; 1 if anything is wrong."""
    names = [known("paper", arguments.paper, MODULES)] if arguments.paper else list(MODULES)
    wrong, noted = [], []
    for name in names:
        for profile in PROFILES:
            findings, remarks = _verify_profile(paper(name), profile)
            wrong, noted = wrong + findings, noted + remarks
        wrong += _verify_published(f"papers/{name}/checkpoints", "*.pt")
    wrong += _verify_published("backends/models", "*.npz")
    wrong += _verify_pages(names)
    print("\n".join([*[f"note: {line}" for line in noted], *[f"wrong: {line}" for line in wrong]]))
    print(f"{len(wrong)} things are wrong." if wrong else "Every number follows from what is stored.")
    return 1 if wrong else 0


def _verify_profile(protocol: Protocol, profile: str) -> tuple[list[str], list[str]]:
    """(what is wrong, what is worth saying)"""
    store = open_store(profile)
    runs, wrong = check_cells(store, protocol.name, profile)
    place, claimed = store.root / protocol.name / profile, profile != "quick"  # a quick result is no one's claim
    unsigned = check_index(place, store.folders(protocol.name, profile)) if claimed else []
    if wrong or not runs:  # tables over damaged cells would only say the same again
        return wrong + unsigned, [] if wrong else [f"{protocol.name} {profile}: no results here."]
    tables = protocol.tables(profile, store)
    keys = [run.cell.key for run in runs]
    wrong = unsigned + [line for table in tables for line in check_sources(table, keys)]
    if claimed or (place / TABLES).is_dir():
        wrong += check_tables(tables, place / TABLES)
    wanted = protocol.cells(profile)
    missing = len({cell.key for cell in wanted} - set(keys))
    items = sum(len(run.items) for run in runs)
    said = f"{protocol.name} {profile}: {len(runs)} cells, {items} items, {len(tables)} tables"
    return wrong, [*orphans(runs, wanted), said + (f"; {missing} cells not run." if missing else ".")]


def _verify_published(where: str, pattern: str) -> list[str]:
    with resources.as_file(resources.files("biosig") / where) as folder:
        return check_sums(Path(folder), pattern) if Path(folder).is_dir() else []


def _verify_pages(names: Sequence[str]) -> list[str]:
    from biosig.papers.transcription import load

    root = checkout()
    pages = [*root.glob("*.md"), *root.glob("book/*.md"), *root.glob("notebooks/**/*.md")] if root else []
    printed = {text for name in names for text in load(name).printed}
    return [line for page in sorted(pages) for line in check_prose(page, printed)]


def paper_and_profile(parser: argparse.ArgumentParser, optional: bool = False) -> None:
    """Add PAPER and --profile."""
    parser.add_argument("paper", metavar="PAPER", nargs="?" if optional else None, help="a paper, see `biosig papers`")
    parser.add_argument("--profile", metavar="NAME", help=PROFILE_HELP)


def _chosen(arguments: argparse.Namespace) -> tuple[Protocol, str]:
    return paper(arguments.paper), profile_name(arguments.profile)


def check_device(device: str) -> None:
    known("device", device, ("cpu", "cuda"))
    if device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise ConfigError("device is cuda, and torch finds no CUDA device here: expected cpu.")
