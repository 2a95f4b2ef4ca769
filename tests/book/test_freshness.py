"""The execution cache is named after everything that outputs depend on: none of it can change unseen."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from biosig_book import freshness  # noqa: E402


@pytest.fixture
def project(tmp_path):
    """A tree with one file of each kind."""
    for name in ["biosig/signal/mixing.py", "biosig/samples/ecg.npz", "biosig/papers/PAPER.toml",
                 "results/msemg/open/cell/items.csv.gz", "requirements-lock.txt", "book/index.md",
                 "notebooks/page.md", "notebooks/figure.png", "_config.yml", "_toc.yml"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one")
    return tmp_path


@pytest.mark.parametrize("name", ["biosig/signal/mixing.py", "biosig/samples/ecg.npz",
                                  "biosig/papers/PAPER.toml", "results/msemg/open/cell/items.csv.gz",
                                  "requirements-lock.txt"])
def test_what_pages_run_on_changes_both_keys(project, name):
    before = freshness.execution_key(project, "quick"), freshness.book_key(project, "quick")
    (project / name).write_text("two")
    after = freshness.execution_key(project, "quick"), freshness.book_key(project, "quick")
    assert before[0] != after[0] and before[1] != after[1]


@pytest.mark.parametrize("name", ["book/index.md", "notebooks/page.md", "notebooks/figure.png", "_config.yml",
                                  "_toc.yml"])
def test_what_pages_say_changes_the_book_key_alone(project, name):
    before = freshness.execution_key(project, "quick"), freshness.book_key(project, "quick")
    (project / name).write_text("two")
    assert freshness.execution_key(project, "quick") == before[0]  # the cache itself looks at the cells
    assert freshness.book_key(project, "quick") != before[1]


def test_a_new_a_removed_and_a_renamed_file_change_the_key(project):
    keys = [freshness.execution_key(project, "quick")]
    (project / "biosig/signal/new.py").write_text("one")
    keys.append(freshness.execution_key(project, "quick"))
    (project / "biosig/signal/new.py").rename(project / "biosig/signal/newer.py")
    keys.append(freshness.execution_key(project, "quick"))
    (project / "biosig/signal/mixing.py").unlink()
    keys.append(freshness.execution_key(project, "quick"))
    assert len(set(keys)) == 4


def test_the_profile_and_what_is_installed_change_the_key(project, monkeypatch):
    quick = freshness.execution_key(project, "quick")
    assert freshness.execution_key(project, "open") != quick
    monkeypatch.setattr(freshness, "installed", lambda: "numpy==0.1")
    assert freshness.execution_key(project, "quick") != quick


def test_caches_and_half_written_files_do_not(project):
    before = freshness.book_key(project, "quick")
    for name in ["biosig/__pycache__/x.pyc", "book/_build/html/index.html", "results/.items.part",
                 "notebooks/.ipynb_checkpoints/page.md"]:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("anything")
    assert freshness.book_key(project, "quick") == before


def test_the_key_is_the_same_in_another_place(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(project, elsewhere)
    assert freshness.book_key(elsewhere, "quick") == freshness.book_key(project, "quick")


def test_old_caches_are_forgotten_but_the_current_stays(tmp_path):
    for age, name in enumerate(["now", "b", "c", "d", "e"]):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    os.utime(tmp_path / "now", (1, 1))  # the oldest, and in use
    freshness.forget_old(tmp_path, "now")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "c", "now"]
