"""`biosig submit` on a real Slurm of one node: `pytest -m slurm`, where Debian's slurm-wlm and munge are installed.

Whatever happens to the node and the queue, the items are those of one process, byte for byte.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
TOOL = TESTS.parent / "tools" / "local_slurm.sh"
SYSTEMS = ("noisy", "hp", "fts", "ats")
CHOICE = [word for system in SYSTEMS for word in ("--system", system)]
FAKE = """
from biosig.papers import base
from reference.fake_protocol import PROTOCOL
base.MODULES["fake"] = "reference.fake_protocol"
PROTOCOL.sound = ("plus", "minus", "bad")
"""

DAEMONS = ("slurmctld", "slurmd", "munged")
HAS_SLURM = all(shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in DAEMONS)
pytestmark = [pytest.mark.slurm, pytest.mark.skipif(not HAS_SLURM, reason="needs slurm-wlm and munge")]


def tool(action, folder):
    subprocess.run([TOOL, action, folder], check=True, timeout=120)


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slurm")
    tool("start", folder)
    yield folder
    tool("stop", folder)


@pytest.fixture
def biosig(slurm, tmp_path):
    """Start `biosig …` with a store of this test's; every Python it starts, in jobs too, knows the fake paper."""
    (tmp_path / "site").mkdir()
    offline = (TESTS / "offline" / "sitecustomize.py").read_text()
    (tmp_path / "site" / "sitecustomize.py").write_text(offline + FAKE)
    path = os.pathsep.join([str(tmp_path / "site"), str(TESTS), str(TESTS.parent)])
    env = {**os.environ, "SLURM_CONF": str(slurm / "slurm.conf"), "PYTHONPATH": path}

    def start(*arguments, root=tmp_path / "results", **more):
        command = [sys.executable, "-m", "biosig.cli", *map(str, arguments)]
        env_here = {**env, "BIOSIG_RESULTS": str(root), **more}
        return subprocess.Popen(command, env=env_here, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def call(*arguments, code=0, **more):
        process = start(*arguments, **more)
        out, err = process.communicate(timeout=300)
        assert process.returncode == code, out + err
        return out, err

    call.root, call.env = tmp_path / "results", env
    return call


def ask(biosig, *command):
    return subprocess.run(command, env=biosig.env, check=True, capture_output=True, text=True).stdout


def until(condition, seconds=180):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)
    return found


def items(root):
    """Cell → the bytes of its items."""
    return {path.parent.name: path.read_bytes() for path in Path(root).glob("*/*/*/items.csv.gz")}


def in_the_middle(biosig):
    """Whether one cell is done and another one has begun: logs in the order of the array."""
    logs = sorted((biosig.root / ".slurm" / "jobs").glob("*_log.out"))
    begun = [log for log in logs if " is done." not in log.read_text()]
    return items(biosig.root) and begun


def running(biosig):
    return ask(biosig, "squeue", "--noheader", "--array", "--states=RUNNING", "--format=%i").split()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The items of one process and of two."""
    found = []
    for jobs in ("1", "2"):
        root = tmp_path_factory.mktemp("undisturbed")
        command = [sys.executable, "-m", "biosig.cli", "run", "msemg", *CHOICE, "--jobs", jobs]
        subprocess.run(command, env={**os.environ, "BIOSIG_RESULTS": str(root)}, check=True, capture_output=True)
        found.append(items(root))
    assert len(found[0]) == len(SYSTEMS) and found[0] == found[1]
    return found[0]


def test_a_killed_node_costs_time_only(biosig, slurm, undisturbed):
    biosig("submit", "msemg", *CHOICE, "--at-once", "1")
    until(lambda: in_the_middle(biosig))
    tool("kill-node", slurm)
    assert 0 < len(items(biosig.root)) < len(SYSTEMS)
    tool("start-node", slurm)
    out, _ = biosig("submit", "msemg", *CHOICE, "--wait")  # hands in nothing twice
    assert "0 cells to run" in out and f"{len(SYSTEMS)} of {len(SYSTEMS)} cells are there." in out
    assert items(biosig.root) == undisturbed


def test_a_cancelled_array_is_handed_in_again(biosig, undisturbed):
    biosig("submit", "msemg", *CHOICE, "--at-once", "1")
    until(lambda: in_the_middle(biosig))
    ask(biosig, "scancel", running(biosig)[0].partition("_")[0])
    until(lambda: not ask(biosig, "squeue", "--noheader").strip())
    left = len(SYSTEMS) - len(items(biosig.root))
    assert 0 < left < len(SYSTEMS)
    listed, _ = biosig("cells", "msemg", *CHOICE)
    assert f"{left} failed" in listed and "CANCELLED" in listed and "_log.err" in listed
    assert "it was cancelled before it began." in listed
    out, err = biosig("submit", "msemg", *CHOICE, "--wait")
    assert f"{left} cells failed the last time, and go in again:" in err and f"{left} cells to run" in out
    assert items(biosig.root) == undisturbed


@pytest.mark.parametrize("reason", ["preempted", "its two minutes are over"])
def test_a_job_that_must_stop_is_queued_again_and_goes_on(biosig, tmp_path, reason):
    gate, log, choice = tmp_path / "gate", tmp_path / "log", ["fake", "--system", "plus", "--seed", "0"]
    biosig("submit", *choice, "--minutes", "2", FAKE_GATE=str(gate), FAKE_LOG=str(log))
    until(lambda: log.exists() and log.read_text())
    (job,) = running(biosig)
    if reason == "preempted":
        ask(biosig, "scancel", "--signal=USR2", job)
    until(lambda: ask(biosig, "squeue", "--noheader", "--format=%i %T").split() == [job, "PENDING"])
    gate.touch()
    out, _ = biosig("submit", *choice, "--wait")
    assert "1 were in the queue" in out and "1 of 1 cells are there." in out
    assert len(log.read_text().split()) == 2  # begun twice, written once


def test_a_failed_cell_is_listed_with_its_log(biosig):
    out, err = biosig("submit", "fake", "--system", "bad", "--system", "minus", "--seed", "0", "--wait", code=1)
    assert "1 of 2 cells are there." in out
    assert err.startswith("1 cells failed:\nfake/quick/bad-f0-s0-") and "file x holds 3 samples" in err
    log = Path(err.split("log: ")[1].strip())
    assert "file x holds 3 samples" in log.read_text()


def test_what_slurm_refuses_is_one_sentence(biosig):
    _, err = biosig("submit", "fake", "--slurm", "partition=nowhere", code=2)
    ours = [line for line in err.splitlines() if not line.startswith("sbatch: ")]
    assert len(ours) == 1 and ours[0].startswith("biosig: Slurm refused the array (") and "partition" in ours[0]
