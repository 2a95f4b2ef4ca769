"""Handing in cells, with the real submitit and commands that only look like Slurm's. The real one: test_slurm.py."""

import json
import os
import sys
from pathlib import Path

import pytest
from reference.fake_protocol import PROTOCOL

from biosig import cli
from biosig.engine import needs as needs_module
from biosig.engine.needs import Need
from biosig.engine.slurm import CellJob, submit
from biosig.papers.runner import run

submitit = pytest.importorskip("submitit")

SBATCH = """#!/bin/sh
id=$(($(cat count) + 1)); echo $id > count; cp "$1" array$id.sh
[ ! -e refuse ] || { echo "sbatch: error: invalid partition specified: nowhere" >&2; exit 1; }
echo "Submitted batch job $id"
"""


@pytest.fixture
def cluster(store, monkeypatch, tmp_path):
    """Slurm's commands in the current folder: sbatch keeps its scripts, squeue prints the file ``queue``."""
    for name, script in {"sbatch": SBATCH, "srun": "#!/bin/sh\n", "squeue": "#!/bin/sh\ncat queue\n"}.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "count").write_text("6")
    (tmp_path / "queue").write_text("")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return store


def asked(script):
    """What an array's script asks sbatch for."""
    lines = Path(script).read_text().splitlines()
    return dict(line.removeprefix("#SBATCH --").partition("=")[::2] for line in lines if line.startswith("#SBATCH"))


def test_cells_of_like_needs_share_an_array(cluster, capsys, monkeypatch):
    monkeypatch.setattr("biosig.papers.runner.peak_memory_mb", lambda: 300)  # and not what earlier tests took
    run(PROTOCOL, "quick", ["minus"], [0], progress=False)
    capsys.readouterr()
    assert cli.main(["submit", "fake", "--at-once", "2", "--slurm", "account=lab", "--slurm", "time=5"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "array 7: 2 cells, each 10 min, 1 GB, 1 CPU: minus × 2",
        "array 8: 3 cells, each 60 min, 4 GB, 1 CPU: plus × 3",
        "5 cells to run, 0 were in the queue, 1 were there.",
    ]
    script = asked("array8.sh")
    expected = {
        "array": "0-2%2",
        "mem": "4GB",
        "cpus-per-task": "1",
        "signal": "USR2@90",
        "account": "lab",
        "time": "5",
    }
    assert expected.items() <= script.items() and "requeue" in script and "gpus-per-node" not in script
    text = Path("array8.sh").read_text()
    assert "export OMP_NUM_THREADS=1\n" in text and "--cpus-per-task=1" in text.splitlines()[-1]
    assert cluster.root.joinpath(".slurm", ".gitignore").read_text() == "*\n"


def test_networks_go_into_an_array_of_their_own(cluster, capsys, monkeypatch):
    monkeypatch.setattr(needs_module, "trains", lambda cell: cell.system == "plus")
    gpu = ["--device", "cuda", "--slurm-gpu", "partition=gpu"]
    assert cli.main(["submit", "fake", *gpu]) == 0
    assert "array 8: 3 cells, each 60 min, 4 GB, 1 CPU, 1 GPU: plus × 3" in capsys.readouterr().out
    cpu, gpu = asked("array7.sh"), asked("array8.sh")
    assert "gpus-per-node" not in cpu and "partition" not in cpu
    assert gpu["gpus-per-node"] == "1" and gpu["partition"] == "gpu"


def test_what_is_queued_is_left_there_and_what_is_lost_goes_in_again(cluster, capsys):
    choice = ["fake", "--system", "plus"]
    assert cli.main(["submit", *choice]) == 0
    Path("queue").write_text("7_0 RUNNING\n7_1 PENDING\n99_2 RUNNING\n")
    jobs = cluster.root / ".slurm" / "jobs"
    (jobs / "7_2_0_log.out").write_text("submitit INFO\nbiosig: fake/quick/plus failed: the disk is full.\nbye\n")
    (jobs / "7_2_0_log.err").write_text("srun: error: exit 1\n")
    capsys.readouterr()
    assert cli.main(["cells", *choice]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines[:2]] == ["RUNNING (job 7_0)", "PENDING (job 7_1)"]
    assert lines[2].endswith("failed (job 7_2): fake/quick/plus failed: the disk is full.")
    assert lines[3] == f"    log: {jobs / '7_2_0_log.err'}"
    assert cli.main(["submit", *choice]) == 0
    out, err = capsys.readouterr()
    assert "array 8: 1 cells" in out and "1 cells to run, 2 were in the queue, 0 were there." in out
    assert err.startswith("1 cells failed the last time, and go in again:\nfake/quick/plus-f0-s2-")
    Path("queue").write_text("7_0 RUNNING\n7_1 PENDING\n8 PENDING\n")
    assert cli.main(["submit", *choice]) == 0
    assert "0 cells to run, 3 were in the queue" in capsys.readouterr().out and not Path("array9.sh").exists()


def test_waiting_ends_with_what_failed(cluster, capsys):
    (cell,) = PROTOCOL.cells("quick", ["plus"], [0])
    assert cli.main(["submit", "fake", "--system", "plus", "--seed", "0", "--wait"]) == 1
    out, err = capsys.readouterr()
    assert out.endswith("0 of 1 cells are there.\n")
    assert f"fake/quick/{cell.name}: it was cancelled before it began." in err
    run(PROTOCOL, "quick", ["plus"], [0], progress=False)
    assert cli.main(["submit", "fake", "--system", "plus", "--seed", "0", "--wait"]) == 0
    assert capsys.readouterr().out.endswith("1 of 1 cells are there.\n")


def test_a_dry_run_needs_no_slurm(store, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert cli.main(["submit", "fake", "--dry-run"]) == 0
    assert "would be handed in: 6 cells, each 60 min" in capsys.readouterr().out and not store.root.exists()


def test_wrong_uses_are_one_sentence(cluster, capsys, monkeypatch):
    def said(*arguments):
        assert cli.main(["submit", "fake", *arguments]) == 2
        out, err = capsys.readouterr()
        assert out == "" and "Traceback" not in err
        (ours,) = [line for line in err.splitlines() if not line.startswith("sbatch: ")]
        return ours

    assert "an option of sbatch is 'day': expected KEY=VALUE" in said("--slurm", "day")
    assert "at-once is 0: expected at least 1" in said("--at-once", "0")
    assert "cpus is 0: expected at least 1" in said("--cpus", "0")
    Path("refuse").touch()
    assert "Slurm refused the array (sbatch: error: invalid partition specified: nowhere)" in said()
    monkeypatch.setenv("PATH", "")
    assert "sbatch is not on the PATH" in said()
    monkeypatch.setitem(sys.modules, "submitit", None)
    assert "pip install 'biosig[slurm]'" in said()


def test_a_job_runs_its_cell(store):
    """In this process, by submitit's own debug executor."""
    cells = PROTOCOL.cells("quick", ["plus"], [0])
    ((job,),) = submit(store, dict.fromkeys(cells, Need(False, 5, 1)), cluster="debug").values()
    assert job.result() == f"fake/quick/{cells[0].name} is done." and store.done(cells[0])
    note = store.root / ".slurm" / "fake" / "quick" / f"{cells[0].name}.json"
    assert json.loads(note.read_text()) == {"job": job.job_id, "log": str(job.paths.stderr)}


def test_a_job_fails_when_its_cell_does(store, monkeypatch, capsys):
    monkeypatch.setattr(PROTOCOL, "sound", ("bad",))
    (cell,) = PROTOCOL.cells("quick", ["bad"], [0])
    with pytest.raises(RuntimeError, match="failed: file x holds 3 samples"):
        CellJob(f"fake/quick/{cell.name}", "cpu")()
    assert capsys.readouterr().out.startswith(f"biosig: fake/quick/{cell.name} failed: file x")
    with pytest.raises(RuntimeError, match="has no cell 'plus'"):
        CellJob("fake/quick/plus", "cpu")()


def test_after_a_preemption_the_same_call_comes_again(tmp_path):
    from submitit.core.utils import DelayedSubmission

    CellJob("fake/quick/x", "cuda").checkpoint().dump(tmp_path / "pickle")
    again = DelayedSubmission.load(tmp_path / "pickle").function
    assert (type(again), again.name, again.device) == (CellJob, "fake/quick/x", "cuda")
