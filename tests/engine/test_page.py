"""What the page on other machines tells a reader to type is what the command line takes."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from biosig import cli

PAGE = (Path(__file__).resolve().parents[2] / "book" / "beyond_one_machine.md").read_text()
STUB = '#!/bin/sh\n[ $1 = cells ] && printf "a/b/c1\\na/b/c2\\na/b/c3\\n" || echo "$@" >> ran\n'


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


def commands():
    """Every `biosig …` of the page, in blocks and in sentences, with a name where a scheduler puts one."""
    text = "\n".join(blocks("bash")) + "\n" + "\n".join(re.findall(r"`(biosig [^`]+)`", PAGE))
    found = [re.split(r"[|#>]", line)[0].strip() for line in re.findall(r"(?<![/\w])biosig [a-z]+ .*", text)]
    return sorted({re.sub(r"--cell(?: \{\})?$", "--cell NAME", line) for line in found})


@pytest.mark.parametrize("command", commands())
def test_every_command_is_one(command):
    assert cli.parser().parse_args(shlex.split(command)[1:]).do


@pytest.mark.parametrize("program", ["parallel", "xargs"])
def test_pipes_run_every_cell(program, tmp_path):
    (tmp_path / "biosig").write_text(STUB)
    (tmp_path / "biosig").chmod(0o755)
    (pipe,) = re.findall(rf"^biosig cells .*\|\s+{program} .*$", PAGE, re.M)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", pipe], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    if done.returncode == 127 and "not found" in done.stderr:
        pytest.skip(f"{program} is not installed")
    assert done.returncode == 0, done.stderr
    assert sorted((tmp_path / "ran").read_text().splitlines()) == [f"run --cell a/b/c{i}" for i in (1, 2, 3)]


def test_the_kubernetes_job_picks_its_line(tmp_path):
    (job,) = map(yaml.safe_load, blocks("yaml"))
    spec = job["spec"]["template"]["spec"]
    (tmp_path / "biosig").write_text(STUB)
    (tmp_path / "biosig").chmod(0o755)
    (tmp_path / "cells.txt").write_text("a/b/c1\na/b/c2\na/b/c3\n")
    shell = [part.replace("/store/", f"{tmp_path}/") for part in spec["containers"][0]["command"]]
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "JOB_COMPLETION_INDEX": "1"}
    subprocess.run(shell, cwd=tmp_path, env=env, check=True)
    assert (tmp_path / "ran").read_text() == "run --cell a/b/c2\n"
    assert (job["spec"]["completionMode"], spec["restartPolicy"]) == ("Indexed", "Never")
