"""The walk over a built book sees every kind of dead link; tests/book/test_build.py walks a real one."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import check_site  # noqa: E402

INDEX = """<html lang="en"><body><h1 id="top">Book</h1>
<a href="https://github.com/someone/book">Repository</a><a href="page.html#here">next</a>
<a href="https://github.com/someone/book/edit/main/notebooks/page.md">edit</a>
<a href="https://colab.research.google.com/github/someone/book/blob/main/notebooks/page.ipynb">Colab</a>
<a href="https://mybinder.org/v2/gh/someone/book/main?urlpath=lab/tree/notebooks/page.ipynb">Binder</a>
<a href="https://example.org/elsewhere">another site</a><a href="mailto:a@example.org">mail</a>
<script src="_static/book.js?digest=1"></script><img src="_static/wave.png" alt="a wave">{extra}</body></html>"""
PAGE = '<html lang="en"><body><h2 id="here">Page</h2><a href="sub/">folder</a></body></html>'


@pytest.fixture
def build(tmp_path):
    """Makes a project with a small site, something extra on its landing page, and returns what is wrong."""
    for name in ["notebooks/page.md", "notebooks/page.ipynb", "site/_static/book.js", "site/_static/wave.png"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "site" / "sub").mkdir()
    (tmp_path / "site" / "sub" / "index.html").write_text('<html lang="en"></html>')
    (tmp_path / "site" / "page.html").write_text(PAGE)

    def with_extra(extra: str) -> list[str]:
        (tmp_path / "site" / "index.html").write_text(INDEX.format(extra=extra))
        check_site.page.cache_clear()
        return check_site.problems(tmp_path / "site", tmp_path)

    return with_extra


def test_a_whole_site_has_no_problems(build):
    assert build("") == []


@pytest.mark.parametrize(("extra", "wrong"), [
    ('<a href="gone.html">x</a>', "gone.html is not there"),
    ('<a href="page.html#gone">x</a>', "page.html#gone has no such place on its page"),
    ('<a href="#gone">x</a>', "#gone has no such place on its page"),
    ('<a href="../outside.html">x</a>', "../outside.html leads out of the book"),
    ('<img src="_static/gone.png" alt="x">', "_static/gone.png is not there"),
    ('<img src="_static/wave.png" alt="">', "an image without a description: _static/wave.png"),
    ('<img src="_static/wave.png">', "an image without a description: _static/wave.png"),
    ('<script src="https://cdn.example.org/x.js"></script>',
     "https://cdn.example.org/x.js is loaded from another host"),
    ('<link rel="stylesheet" href="//cdn.example.org/x.css">',
     "//cdn.example.org/x.css is loaded from another host"),
    ('<a href="https://github.com/someone/book/edit/main/book/notebooks/page.md">x</a>',
     "https://github.com/someone/book/edit/main/book/notebooks/page.md: "
     "book/notebooks/page.md is not in the project"),
    ('<a href="https://colab.research.google.com/github/someone/book/blob/main/gone.ipynb">x</a>',
     "https://colab.research.google.com/github/someone/book/blob/main/gone.ipynb: "
     "gone.ipynb is not in the project"),
    ('<a href="https://mybinder.org/v2/gh/someone/book/main?urlpath=lab/tree/gone.ipynb">x</a>',
     "https://mybinder.org/v2/gh/someone/book/main?urlpath=lab/tree/gone.ipynb: "
     "gone.ipynb is not in the project"),
])
def test_each_kind_of_dead_link_is_seen(build, extra, wrong):
    assert build(extra) == [f"index.html: {wrong}"]


def test_a_page_without_a_language_is_seen(build, tmp_path):
    (tmp_path / "site" / "page.html").write_text(PAGE.replace(' lang="en"', ""))
    assert build("") == ["page.html: names no language"]


def test_an_unbuilt_book_is_said_to_be_one(tmp_path):
    (said,) = check_site.problems(tmp_path)
    assert said.endswith("holds no index.html: build the book first")
