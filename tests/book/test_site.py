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
    (r'<div class="math">\[\begin{split}a \\ b \tag{1}\end{split}\]</div>',
     r"MathJax refuses '\\begin{split}a \\\\ b \\tag{1}\\end{split}': \tag not allowed in split environment"),
    (r'<span class="math">\(\nonsense\)</span>',
     r"MathJax refuses '\\nonsense': Undefined control sequence \nonsense"),
    ('<div class="cell_output"><img src="_static/wave.png" alt="a wave"></div>',
     "a picture drawn by a cell has no number and caption: _static/wave.png"),
    ('<script src="_static/book.js?digest=2"></script>', "_static/book.js is loaded or declared twice"),
    ('<script>const A = 1; const B = 2</script><script>let B = 3</script>', "B is loaded or declared twice"),
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


@pytest.mark.parametrize("extra", [
    r'<div class="math"><span class="eqno">(1)</span>\[a &lt; \frac{b}{c} \tag{1}\]</div>',
    r'<div class="math amsmath">\begin{equation*}\begin{aligned}a \\ b\end{aligned} \tag{1}\end{equation*}</div>',
    r'<p>a path like \(nonsense is no formula</p>',
    '<div class="cell_output"><figure class="from-cell"><img src="_static/wave.png" alt="a wave"></figure></div>',
    '<div class="solution"><div class="cell_output"><img src="_static/wave.png" alt="a wave"></div></div>',
    '<script>function f() { const A = 1 }</script><script>const A = 2</script>',
    '<script type="application/json">const A = 1; const A = 2</script>',
])
def test_what_is_as_it_should_be_is_let_pass(build, extra):
    assert build(extra) == []


def test_a_page_without_a_language_is_seen(build, tmp_path):
    (tmp_path / "site" / "page.html").write_text(PAGE.replace(' lang="en"', ""))
    assert build("") == ["page.html: names no language"]


def test_an_unbuilt_book_is_said_to_be_one(tmp_path):
    (said,) = check_site.problems(tmp_path)
    assert said.endswith("holds no index.html: build the book first")
