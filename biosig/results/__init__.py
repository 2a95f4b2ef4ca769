"""Results one can trust: item store, statistics, provenance, tables. Knows no paper, imports no torch."""

from biosig.results.cells import Cell
from biosig.results.items import CellRun, CellStore
from biosig.results.rows import Item

__all__ = ["Cell", "CellRun", "CellStore", "Item"]
