"""book/ holds links to the real files; some checkouts and unzippers turn them into text."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["_config.yml", "_toc.yml", "notebooks"])
def test_book_links_to_the_real_files(name):
    link = ROOT / "book" / name
    assert link.is_symlink(), (
        f"book/{name} is a plain file: expected a link to ../{name}; "
        "run `git config core.symlinks true && git checkout -- book`"
    )
    assert os.readlink(link) == f"../{name}"
    assert link.resolve() == ROOT / name
