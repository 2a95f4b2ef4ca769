"""No test reaches the network, and none sees real data unless it says so."""

import os
import sys
from pathlib import Path

import pytest

OFFLINE = Path(__file__).parent / "offline"


def pytest_configure(config: pytest.Config) -> None:
    """Block the network here, and in every Python that a test starts."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")]))
    from tests.offline.sitecustomize import block

    block()
    watch_names()


def watch_names() -> None:
    """No two names of random draws may be one text: over the whole session, each text keeps the name it came with."""
    from biosig import seeds

    join, seen = seeds.joined, {}

    def watched(*parts: str) -> str:
        text = join(*parts)
        other = seen.setdefault(text, parts)
        assert other == parts, f"two draws would be one: {other} and {parts}"
        return text

    seeds.joined = watched


def needs_real_data(item: pytest.Item) -> bool:
    """Marked ``real_data``, or skipped without BIOSIG_DATA by its own words."""
    if item.get_closest_marker("real_data"):
        return True
    return any("BIOSIG_DATA" in mark.kwargs.get("reason", "") for mark in item.iter_markers("skipif"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs real data where there is none, and what starts a Slurm unless it is asked for."""
    for item in items:
        if item.get_closest_marker("slurm") and "slurm" not in config.option.markexpr:
            item.add_marker(pytest.mark.skip(reason="starts a Slurm on this machine: pytest -m slurm"))
    if os.environ.get("BIOSIG_DATA"):
        return
    for item in items:
        if item.get_closest_marker("real_data"):
            item.add_marker(pytest.mark.skip(reason="needs the open data slice: set BIOSIG_DATA"))


@pytest.fixture(autouse=True)
def _surroundings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same surroundings for every test: no BIOSIG_DATA, no profile chosen from outside, torch's draws by name."""
    monkeypatch.delenv("BIOSIG_PROFILE", raising=False)
    if not needs_real_data(request.node):
        monkeypatch.delenv("BIOSIG_DATA", raising=False)
    if "torch" in sys.modules:  # a fresh network's weights come from torch's global generator
        from biosig.seeds import seed_for

        sys.modules["torch"].manual_seed(seed_for("tests", request.node.nodeid))
