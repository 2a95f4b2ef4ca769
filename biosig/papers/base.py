"""What every paper's protocol offers, the three profiles, where results lie, and the list of papers."""

import importlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol as Interface

from biosig.errors import ConfigError
from biosig.results.items import Cell, CellStore
from biosig.results.provenance import checkout
from biosig.results.tables import Table

# paper → module with a PROTOCOL, imported when asked for; whole names, which tools/page_needs.py finds
MODULES = {
    "msemg": "biosig.papers.msemg",
    "primer": "biosig.papers.primer",
    "se_for_ser": "biosig.papers.se_for_ser",
    "emgse": "biosig.papers.emgse",
}


@dataclass(frozen=True)
class Profile:
    """On what data and with how much computing a paper is run."""

    name: str
    data: str
    compute: str


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("quick", "embedded samples and synthetic signals", "two minutes on a laptop"),
        Profile("open", "real corpora anyone may download, under BIOSIG_DATA", "a GPU hour or a patient CPU"),
        Profile("paper", "the paper's own corpora, for those who hold the licences", "as the paper"),
    )
}


class Protocol(Interface):
    """A paper's experimental section. ``biosig.papers.<name>`` holds one as ``PROTOCOL``."""

    name: str
    title: str
    systems: dict[str, str]

    def cells(
        self, profile: str, systems: Sequence[str] | None = None, seeds: Sequence[int] | None = None
    ) -> list[Cell]:
        """The cells of a profile: all, or those of the named systems and seeds."""

    def corpora(self, cell: Cell) -> Sequence[str]:
        """The corpora that computing a cell reads; the runner holds them against their hashes before any work."""

    def run_cell(self, cell: Cell, *, store: CellStore, device: str, progress: bool) -> None:
        """Compute one cell and write it to the store."""

    def tables(self, profile: str, store: CellStore, only: Sequence[str] = ()) -> list[Table]:
        """The paper's tables and figures beside what the store holds; those of the names in ``only``, or all.

        Raises:
            ConfigError: a name that no table has.
        """


def paper(name: str) -> Protocol:
    """The protocol of a paper.

    Raises:
        ConfigError: unknown; the sentence lists the known ones.
    """
    module = MODULES[known("paper", name, MODULES)]
    return importlib.import_module(module).PROTOCOL


def registry() -> dict[str, Protocol]:
    """All papers' protocols by name."""
    return {name: paper(name) for name in MODULES}


def profile_name(name: str | None = None) -> str:
    """The profile asked for, else ``BIOSIG_PROFILE``, else "quick".

    Raises:
        ConfigError: unknown.
    """
    return known("profile", name or os.environ.get("BIOSIG_PROFILE") or "quick", PROFILES)


def results_root(profile: str) -> Path:
    """Where runs of a profile are kept.

    ``BIOSIG_RESULTS`` if set. Else ``results/`` of the checkout for open and paper, whose items are
    committed, and ``.biosig/results/``, which git ignores, for quick: a reader's quick run changes no
    committed file. Outside a checkout both lie in the current folder.
    """
    if os.environ.get("BIOSIG_RESULTS"):
        return Path(os.environ["BIOSIG_RESULTS"])
    base = checkout() or Path.cwd()
    return base / ".biosig" / "results" if profile == "quick" else base / "results"


def open_store(profile: str) -> CellStore:
    """The item store of a profile."""
    return CellStore(results_root(profile))


def known(kind: str, name: str, names: Iterable[str]) -> str:
    """``name`` if it is among ``names``.

    Raises:
        ConfigError: it is not; the sentence lists them.
    """
    if name not in names:
        raise ConfigError(f"unknown {kind} {name!r}: expected one of {', '.join(names)}.")
    return name
