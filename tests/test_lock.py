"""The lock pins everything the project asks for, and nothing but names and versions."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[0-9][\w.]*)(; python_version >= \"3\.\d+\")?$")
MEASURED = {  # what a resolver gets wrong
    "jupyter-book": "1.0.4.post1", "sphinx-book-theme": "1.2.0", "ipykernel": "7.2.0", "librosa": "0.11.0",
}


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements-lock.txt").read_text().splitlines()
    found = [PIN.match(line) for line in lines if not line.startswith("#")]
    assert all(found), [line for line in lines if not line.startswith("#") and not PIN.match(line)]
    return {match["name"]: match["version"] for match in found}


def peers() -> dict[str, str]:
    """The pretrained enhancers: installed without their dependencies, so in a file of their own."""
    lines = (ROOT / "requirements-peers.txt").read_text().splitlines()
    return dict(line.split(";")[0].split("==") for line in lines if not line.startswith("#"))


def asked_for() -> set[str]:
    """Every distribution pyproject.toml names, but for the GPU's (no CPU build) and what is too large to lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    left_out = ("gpu", "corpora", "recognition")
    extras = [names for extra, names in project["optional-dependencies"].items() if extra not in left_out]
    wanted = [line for names in [project["dependencies"], *extras] for line in names]
    return {re.match(r"[\w.-]+", line)[0].lower() for line in wanted}


def test_every_line_is_a_name_and_a_version_sorted_and_once():
    names = [line.split("==")[0] for line in (ROOT / "requirements-lock.txt").read_text().splitlines()
             if not line.startswith("#")]
    assert names == sorted(set(names)) and len(pins()) == len(names) > 130


def test_the_lock_holds_all_that_the_project_asks_for():
    assert asked_for() - pins().keys() - peers().keys() == set()


def test_the_peers_are_pinned_apart_and_as_the_extra_has_them():
    assert not peers().keys() & pins().keys()
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["peers"]
    pinned = dict(line.split("==") for line in extra if "==" in line)
    assert pinned and pinned.items() <= peers().items()


@pytest.mark.parametrize(("name", "version"), MEASURED.items())
def test_pins_that_were_measured_stay(name, version):
    assert pins()[name] == version


def test_nothing_of_the_gpu_is_in_the_cpu_environments():
    cpu = "\n".join(line for line in (ROOT / "environment.yml").read_text().splitlines()
                    if not line.startswith("#"))
    for name in ("mamba-ssm", "causal-conv1d"):
        assert name not in pins() and name not in cpu
        assert name in (ROOT / "environment-gpu.yml").read_text()
