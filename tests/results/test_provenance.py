"""The run record: the right commit, a dirty tree told from a clean one, and no checkout at all."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from biosig.results import provenance


@pytest.fixture
def repository(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
        return subprocess.run(
            ["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True, text=True
        ).stdout.strip()

    (tmp_path / "biosig").mkdir()
    (tmp_path / "biosig" / "a.py").write_text("A = 1\n")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "x.json").write_text("{}")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    return tmp_path, git("rev-parse", "HEAD")


def test_commit_and_dirt(repository):
    root, commit = repository
    assert provenance.git_state(root) == {"commit": commit, "dirty": False}
    (root / "results" / "x.json").write_text("[]")  # a run's own output is no change of the code
    (root / "notes.txt").write_text("untracked")
    assert provenance.git_state(root)["dirty"] is False
    (root / "biosig" / "a.py").write_text("A = 2\n")
    assert provenance.git_state(root) == {"commit": commit, "dirty": True}


def test_without_a_checkout(tmp_path):
    assert provenance.git_state(tmp_path) == provenance.git_state(None) == {"commit": "unknown", "dirty": None}
    assert provenance.lock_hash(None) == provenance.lock_hash(tmp_path) == "unknown"


def test_a_run_is_described(tmp_path, monkeypatch):
    (tmp_path / "requirements-lock.txt").write_text("numpy==2\n")
    (tmp_path / "manifest.txt").write_text("abc")
    monkeypatch.setattr(provenance, "checkout", lambda: tmp_path)
    told = provenance.describe_run("cpu", [tmp_path / "manifest.txt"])
    assert told["lock_hash"] == hashlib.sha256(b"numpy==2\n").hexdigest()
    assert told["data_manifests"] == {"manifest.txt": hashlib.sha256(b"abc").hexdigest()}
    assert told["versions"]["numpy"] == np.__version__
    assert told["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert told["commit"] == "unknown" and told["device"] == "cpu" and told["machine"]["cores"] > 0
    assert told["started"].endswith("+00:00")


def test_results_load_without_torch():
    names = "biosig.results, biosig.papers.base, biosig.papers.comparison, biosig.cli"
    code = f"import sys, {names}; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
