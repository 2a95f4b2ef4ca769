"""The runner: killed, doubled, in processes, over failing cells; the numbers stay those of an undisturbed run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from reference.fake_protocol import PROTOCOL

from biosig.errors import ConfigError
from biosig.papers.runner import run
from biosig.results.items import CellStore

TESTS = Path(__file__).resolve().parent.parent
RUN = """
import sys
from biosig.papers.runner import run
from biosig.results.items import CellStore
from reference.fake_protocol import PROTOCOL
outcome = run(PROTOCOL, "open", store=CellStore(sys.argv[1]), jobs=int(sys.argv[2]), progress=False)
print(outcome.sentence())
"""


def start(root, log, seconds=0.0, jobs=1, before="", sleeper=""):
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    env = {
        **os.environ,
        "PYTHONPATH": path,
        "FAKE_LOG": str(log),
        "FAKE_SECONDS": str(seconds),
        "FAKE_SLEEPER": sleeper,
    }
    return subprocess.Popen(
        [sys.executable, "-c", before + RUN, str(root), str(jobs)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lines(log):
    return log.read_text().split() if log.exists() else []


def wait_for(condition, process):
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)


def numbers(root):
    """Cell → bytes of its items, and nothing half-written beside them."""
    here = Path(root) / "fake" / "open"
    assert not [path for path in here.iterdir() if path.name.startswith(".")]
    return {path.parent.name: path.read_bytes() for path in sorted(here.glob("*/items.csv.gz"))}


@pytest.fixture
def undisturbed(tmp_path):
    store = CellStore(tmp_path / "undisturbed")
    outcome = run(PROTOCOL, "open", store=store, progress=False)
    assert len(outcome.done) == 6 and not outcome.skipped and not outcome.failed
    return numbers(store.root)


def test_killed_and_started_again(tmp_path, undisturbed):
    root, log = tmp_path / "killed", tmp_path / "log"
    process = start(root, log, seconds=600, sleeper="plus-f0-s2")
    wait_for(lambda: len(lines(log)) >= 3, process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert len(numbers(root)) == 2
    second = start(root, log)
    assert second.communicate()[0] == "4 cells run, 2 were there, 0 failed.\n"
    assert numbers(root) == undisturbed


KILLED_WHILE_WRITING = """
import os, signal
os.rename = lambda *paths: os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_in_the_middle_of_a_write(tmp_path, undisturbed):
    root, log = tmp_path / "killed", tmp_path / "log"
    process = start(root, log, before=KILLED_WHILE_WRITING)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    left = list((root / "fake" / "open").iterdir())
    assert len(left) == 1 and left[0].name.endswith(".part")
    assert CellStore(root).cells("fake", "open") == []
    start(root, log).communicate()
    assert numbers(root) == undisturbed


def test_two_runs_at_once_share_the_work(tmp_path, undisturbed):
    root, log = tmp_path / "shared", tmp_path / "log"
    pair = [start(root, log, seconds=0.1) for _ in range(2)]
    outputs = [process.communicate() for process in pair]
    assert [process.returncode for process in pair] == [0, 0], outputs
    assert all("0 failed" in output for output, _ in outputs)
    assert sorted(lines(log)) == sorted(undisturbed)  # each cell was computed once
    assert numbers(root) == undisturbed


def test_processes_give_the_same_numbers(tmp_path, undisturbed):
    store = CellStore(tmp_path / "jobs")
    first = run(PROTOCOL, "open", ["minus"], [0, 1], store=store, jobs=2, progress=False)
    assert sorted(first.done) == sorted(name for name in undisturbed if name.startswith(("minus-f0-s0", "minus-f0-s1")))
    rest = run(PROTOCOL, "open", store=store, progress=False)
    assert len(rest.skipped) == 2 and len(rest.done) == 4
    assert numbers(store.root) == undisturbed


def test_a_cell_of_a_runner_that_died_is_taken_over(tmp_path):
    """The other runner holds the lock while we pass by, and is killed: its cell is computed here in the end."""
    root, log = tmp_path / "held", tmp_path / "log"
    process = start(root, log, seconds=600)
    wait_for(lambda: lines(log), process)
    held = lines(log)[0]
    with CellStore(root).lock(PROTOCOL.cells("open")[0], wait=False) as mine:
        assert not mine
    waiting = start(root, log)
    wait_for(lambda: len(numbers_so_far(root)) == 5, waiting)
    assert held not in numbers_so_far(root)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert waiting.communicate()[0] == "6 cells run, 0 were there, 0 failed.\n"


def numbers_so_far(root):
    return {path.parent.name for path in (root / "fake" / "open").glob("[!.]*/items.csv.gz")}


def test_a_failing_cell_costs_itself_only(tmp_path, capsys):
    store = CellStore(tmp_path)
    outcome = run(PROTOCOL, "open", ["bad", "bug", "plus"], [0], store=store, progress=False)
    assert [name.split("-")[0] for name in outcome.done] == ["plus"]
    assert sorted(outcome.failed.values()) == ["ZeroDivisionError: a bug", "file x holds 3 samples: expected 10."]
    shown = capsys.readouterr().err
    assert "Traceback" in shown and "bad-f0-s0" in shown
    assert shown.count("Traceback") == 1  # bad data is not a bug


def test_a_dying_process_costs_its_cell_only(tmp_path):
    outcome = run(PROTOCOL, "open", ["dead", "plus"], [0], store=CellStore(tmp_path), jobs=2, progress=False)
    assert [name.split("-")[0] for name in outcome.done] == ["plus"]
    assert list(outcome.failed.values()) == ["its process ended with code 9 and without a result."]


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ({"systems": ["nope"]}, "unknown system 'nope': expected one of plus, minus"),
        ({"seeds": [7]}, "no cells in profile open"),
        ({"jobs": 0}, "jobs is 0: expected at least 1"),
    ],
)
def test_wrong_use(tmp_path, arguments, sentence):
    with pytest.raises(ConfigError, match=sentence):
        run(PROTOCOL, "open", store=CellStore(tmp_path), progress=False, **arguments)
    assert list(tmp_path.iterdir()) == []
