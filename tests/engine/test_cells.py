"""Cells by name: what they are called, which are missing, and the exit code of running one alone."""

import json

import pytest
from reference.fake_protocol import PROTOCOL

from biosig import cli
from biosig.papers.runner import run
from biosig.results.items import CellStore


def names(capsys, *arguments):
    assert cli.main(["cells", "fake", "--format", "names", *arguments]) == 0
    return capsys.readouterr().out.split()


def test_cells_are_named_by_their_folders(store, capsys):
    assert names(capsys) == [f"fake/quick/{cell.name}" for cell in PROTOCOL.cells("quick")]
    assert names(capsys, "--profile", "open", "--system", "plus", "--seed", "2")[0].startswith("fake/open/plus-f0-s2-")
    assert not store.root.exists()  # asking leaves nothing behind


def test_missing_is_what_no_run_has_made(store, capsys):
    every = names(capsys)
    cli.main(["run", "--cell", every[4]])
    capsys.readouterr()
    assert names(capsys, "--missing") == every[:4] + every[5:]
    assert cli.main(["cells", "fake"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[4].split() == [every[4], "done"] and lines[-1] == "6 cells, 5 missing, 1 done."
    assert cli.main(["cells", "fake", "--missing", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in found] == every[:4] + every[5:]
    assert {(each["state"], each["fold"]) for each in found} == {("missing", 0)}


def test_cells_run_alone_in_any_order_give_the_same_bytes(store, capsys, tmp_path):
    together = CellStore(tmp_path / "together")
    run(PROTOCOL, "quick", store=together, progress=False)
    for name in reversed(names(capsys)):
        assert cli.main(["run", "--cell", name]) == 0
        assert capsys.readouterr().out == f"{name} is done.\n"
    for cell in PROTOCOL.cells("quick"):
        same = "items.csv.gz"
        assert (store.folder(cell) / same).read_bytes() == (together.folder(cell) / same).read_bytes()


def test_exit_codes_are_those_a_scheduler_knows(store, capsys):
    cell = PROTOCOL.cells("quick")[0]
    name = f"fake/quick/{cell.name}"
    with store.lock(cell):
        assert cli.main(["run", "--cell", name]) == 75
        assert capsys.readouterr().err.endswith(f"{name} is being run by another runner.\n")
    assert not store.done(cell)
    assert cli.main(["run", "--cell", name]) == 0
    assert cli.main(["run", "--cell", name]) == 0
    assert capsys.readouterr().out == f"{name} is done.\n{name} was there.\n"
    with store.lock(cell):
        assert cli.main(["run", "--cell", name]) == 0  # done is done, whoever looks at it


@pytest.mark.parametrize(("system", "why"), [("bad", "file x holds 3 samples"), ("bug", "ZeroDivisionError: a bug")])
def test_a_cell_that_fails_is_exit_code_1(store, capsys, monkeypatch, system, why):
    monkeypatch.setattr(PROTOCOL, "sound", ("plus", "bad", "bug"))
    (cell,) = PROTOCOL.cells("quick", [system], [1])
    assert cli.main(["run", "--cell", f"fake/quick/{cell.name}"]) == 1
    out, err = capsys.readouterr()
    assert out == "" and f"{cell.name} failed: {why}" in err


WRONG = [
    (["run", "--cell", "plus"], "cell 'plus' is no name: expected PAPER/PROFILE/CELL"),
    (["run", "--cell", "nope/quick/x"], "unknown paper 'nope'"),
    (["run", "--cell", "fake/huge/x"], "unknown profile 'huge'"),
    (["run", "--cell", "fake//x"], "unknown profile ''"),
    (["run", "--cell", "fake/quick/plus-f0-s0-000000000000"], "expected one of `biosig cells fake --profile quick`"),
    (["run", "fake", "--cell", "fake/quick/x"], "--cell names one cell wholly: expected no PAPER"),
    (["run", "--cell", "fake/quick/x", "--jobs", "2"], "expected no PAPER, --profile, --system, --seed or --jobs"),
    (["run", "--cell", "fake/quick/x", "--device", "tpu"], "unknown device 'tpu'"),
    (["cells"], "required: PAPER"),
    (["cells", "fake", "--format", "xml"], "unknown format 'xml': expected one of table, json, names"),
    (["cells", "fake", "--seed", "9"], "fake has no cells in profile quick for these systems and seeds"),
]


@pytest.mark.parametrize(
    ("arguments", "sentence"), WRONG, ids=lambda value: " ".join(value) if value[0] == "run" else ""
)
def test_a_wrong_call_is_exit_code_2_and_one_sentence(store, capsys, arguments, sentence):
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err and err.count("\n") == 1
    assert not store.root.exists()


def test_a_file_system_without_locks_is_a_sentence(store, capsys, monkeypatch):
    """An NFS mount without its lock service, or Lustre without ``-o flock``."""
    from biosig.results import items

    def refuse(file, operation):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(items.fcntl, "flock", refuse)
    assert cli.main(["run", "--cell", f"fake/quick/{PROTOCOL.cells('quick')[0].name}"]) == 1
    err = capsys.readouterr().err
    assert "cannot be locked (No locks available): expected flock to work." in err and "Traceback" not in err
