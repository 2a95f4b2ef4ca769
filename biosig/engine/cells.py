"""One cell, by name: what any scheduler needs that can start a command and read its exit code."""

from biosig.errors import ConfigError
from biosig.papers.base import PROFILES, Protocol, known, open_store, paper
from biosig.papers.runner import BUSY, DONE, SKIPPED, attempt, check_ready
from biosig.results.items import Cell

OK, FAILED, HELD = 0, 1, 75  # HELD is EX_TEMPFAIL of sysexits.h: try again later


def full_name(cell: Cell) -> str:
    """A name that says it all: ``msemg/open/hp-f0-s0-ce7a177c0f29``, the cell's folder under the store's root."""
    return f"{cell.paper}/{cell.profile}/{cell.name}"


def find(name: str) -> tuple[Protocol, Cell]:
    """The cell of a name, and the protocol that runs it.

    Raises:
        ConfigError: not such a name, or no such cell; a changed configuration is another cell.
    """
    parts = name.strip().strip("/").split("/")
    if len(parts) != 3:
        raise ConfigError(f"cell {name!r} is no name: expected PAPER/PROFILE/CELL, as `biosig cells PAPER` prints it.")
    protocol, profile = paper(parts[0]), known("profile", parts[1], PROFILES)
    cells = {cell.name: cell for cell in protocol.cells(profile)}
    if parts[2] not in cells:
        listed = f"biosig cells {protocol.name} --profile {profile}"
        raise ConfigError(f"{protocol.name} has no cell {parts[2]!r} in profile {profile}: expected one of `{listed}`.")
    return protocol, cells[parts[2]]


def run_one(name: str, device: str = "cpu", progress: bool = True) -> tuple[int, str]:
    """Compute one cell if it is missing.

    Returns:
        An exit code and a sentence: OK (done, or it was there), FAILED, or HELD if another runner is at it.

    Raises:
        ConfigError: see :func:`find`.
        DataError: see :func:`biosig.papers.runner.check_ready`.
    """
    protocol, cell = find(name)
    store = open_store(cell.profile)
    check_ready(protocol, [cell], store)
    state = attempt(protocol, cell, store, device, wait=False, progress=progress)
    told = {DONE: (OK, "is done."), SKIPPED: (OK, "was there."), BUSY: (HELD, "is being run by another runner.")}
    code, what = told.get(state, (FAILED, f"failed: {state}"))
    return code, f"{full_name(cell)} {what}"
