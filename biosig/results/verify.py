"""Does every number shown follow from what is stored? Each check returns sentences; none means yes."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from biosig.errors import BiosigError
from biosig.files import sha256, write_text
from biosig.results.items import Cell, CellRun, CellStore
from biosig.results.tables import PAPER, RUN, Table, renderings

SUMS = "SHA256SUMS"
TABLES = "tables"
TYPED = re.compile(r"(?<![\w.])[-+−–]?\d+\.\d+(?=\s*(?:&nbsp;)?dB\b)")
DECLARED = re.compile(r"(?:^%|<!--)\s*not a result:(.*?)(?:-->|$)", re.MULTILINE)
NOT_PROSE = re.compile(r"^(`{3,}|~{3,}).*?^\1\s*$|<!--.*?-->|^%.*?$|\$\$.*?\$\$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def check_cells(store: CellStore, paper: str, profile: str) -> tuple[list[CellRun], list[str]]:
    """Every cell that can be read, and what is wrong with the others.

    Checked: run.json is whole, its key and its config's hash are those of its fields, its folder is called
    so, every file has the sha256 that run.json gives, the items can be read and are as many as counted.
    """
    runs, wrong = [], []
    here = store.root / paper / profile
    folders = [path for path in sorted(here.glob("*")) if path.is_dir() and path.name != TABLES]
    for folder in folders:
        if folder.name.startswith("."):
            continue  # a write under way, or what a killed one left: never read as a cell
        try:
            runs.append(store.read_folder(folder))
        except BiosigError as error:
            wrong.append(str(error))
    return runs, wrong


def orphans(runs: Iterable[CellRun], wanted: Iterable[Cell]) -> list[str]:
    """Stored cells that the protocol no longer names: kept, but in no table."""
    keys = {cell.key for cell in wanted}
    return [
        f"{run.folder} is of no current cell: its configuration was changed since."
        for run in runs
        if run.cell.key not in keys
    ]


def check_sources(table: Table, keys: Iterable[str]) -> list[str]:
    """Every number in a table comes from the paper or from cells that are in the store."""
    stored, wrong = set(keys), []
    for row in table.rows:
        for column, entry in zip(table.columns[1:], row[1:], strict=True):
            where = f"{table.name}, {row[0].text}, {column}"
            if entry.value is not None and entry.source not in (PAPER, RUN):
                wrong.append(f"{where}: {entry.text} is neither the paper's nor from a run.")
            lost = [key for key in entry.keys if key not in stored]
            if lost or (entry.source == RUN and not entry.keys):
                wrong.append(
                    f"{where}: {entry.text} comes from the cell {' '.join(lost) or 'without a key'}, "
                    "which is not stored."
                )
    return wrong


def check_tables(tables: Sequence[Table], folder: Path) -> list[str]:
    """The committed renderings are, byte for byte, what the items give now."""
    expected = renderings(tables, folder)
    wrong = [
        f"{path} is not what the items give: render it again."
        for path, text in expected.items()
        if path.is_file() and path.read_text(encoding="utf-8") != text
    ]
    wrong += [f"{path} is missing: render it." for path in expected if not path.is_file()]
    extra = sorted(set(folder.glob("*")) - set(expected))
    return wrong + [f"{path} is a rendering of no current table." for path in extra]


def check_sums(folder: Path, pattern: str = "*.pt") -> list[str]:
    """Every checkpoint of a folder is in its SHA256SUMS and has that hash, and none is missing."""
    listed = read_sums(folder / SUMS)
    there = {path.name for path in folder.glob(pattern)}
    wrong = [f"{folder / name} is not listed in {SUMS}." for name in sorted(there - set(listed))]
    wrong += [f"{folder / name} is missing, and {SUMS} lists it." for name in sorted(set(listed) - there)]
    return wrong + [
        f"{folder / name} was altered: its sha256 is not the one in {SUMS}."
        for name in sorted(there & set(listed))
        if sha256(folder / name) != listed[name]
    ]


def read_sums(path: Path) -> dict[str, str]:
    """File name → sha256, from a file in the layout of the ``sha256sum`` command; empty if there is none."""
    if not path.is_file():
        return {}
    lines = [line.split(None, 1) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {name.strip().lstrip("*"): digest for digest, name in lines}


def write_sums(folder: Path, pattern: str = "*.pt") -> Path:
    """List the checkpoints of a folder with their sha256 in its SHA256SUMS."""
    lines = [f"{sha256(path)}  {path.name}\n" for path in sorted(folder.glob(pattern))]
    write_text(folder / SUMS, "".join(lines))
    return folder / SUMS


def check_prose(path: Path, printed: Iterable[str]) -> list[str]:
    """No decimals in dB typed into prose, unless a paper prints them or the page says what they are.

    Code, mathematics and comments are left out. A number that is no result (a filter's attenuation, say) is
    declared on the page: a comment line ``% not a result: 3.01`` or ``<!-- not a result: 3.01 -->``.
    """
    text = Path(path).read_text(encoding="utf-8")
    declared = {number for line in DECLARED.findall(text) for number in re.findall(r"[-+−–]?\d+\.\d+", line)}
    allowed = {_bare(number) for number in (*printed, *declared)}
    prose = NOT_PROSE.sub(" ", text)
    return [
        f"{path} has {number} dB typed into its prose: render it from items, or declare what it is."
        for number in dict.fromkeys(TYPED.findall(prose))
        if _bare(number) not in allowed
    ]


def _bare(number: str) -> str:
    return number.strip().lstrip("+-−–")
