"""A paper that does not exist beside the real ones, and a store of this test's own."""

import pytest

from biosig.papers import base
from biosig.results.items import CellStore


@pytest.fixture
def store(monkeypatch, tmp_path):
    monkeypatch.setitem(base.MODULES, "fake", "reference.fake_protocol")
    monkeypatch.setenv("BIOSIG_RESULTS", str(tmp_path / "results"))
    monkeypatch.chdir(tmp_path)
    return CellStore(tmp_path / "results")
