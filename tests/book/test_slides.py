"""Slides hold what a page shows, lead to its pictures, and leave out code, exercises and solutions."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "book" / "_ext")]

import make_slides  # noqa: E402

PAGE = """<html><body><article><section id="a"><h1>A page<a class="headerlink" href="#a">#</a></h1>
<p>Said first.</p><p>Said later.</p>
<section id="b"><h2>1. Seen</h2><p>Prose.</p><div class="math">x = 1</div>
<div class="cell"><div class="cell_input">code = 1</div>
<div class="cell_output"><img src="../../_images/a.png"></div></div>
<p><em>What to see.</em></p><figure><img src="../../_images/b.svg"></figure></section>
<section id="c"><h2>Exercises</h2><div class="exercise">Why?</div><div class="solution">So.</div></section>
</section></article></body></html>"""


def test_slides_show_what_the_page_shows():
    made = make_slides.deck(PAGE, "../notebooks/x/")
    assert made.count("<section>") == 3  # the page's own, and two pictures on a slide each
    for kept in ("Said first.", "x = 1", "What to see.", '"../notebooks/x/../../_images/a.png"', "b.svg"):
        assert made.count(kept) == 1, kept
    for left in ("Said later.", "Prose.", "code = 1", "Why?", "So.", "Exercises", "http://", "https://"):
        assert left not in made, left
    assert made.index("x = 1") < made.index("a.png") < made.index("What to see.") < made.index("b.svg")


def test_slides_need_a_built_book_and_a_page_of_it(tmp_path):
    with pytest.raises(SystemExit, match="run `make book` first"):
        make_slides.main([], tmp_path)
    (tmp_path / "notebooks" / "x").mkdir(parents=True)
    (tmp_path / "notebooks" / "x" / "page.html").write_text(PAGE)
    with pytest.raises(SystemExit, match="other is no page"):
        make_slides.main(["other"], tmp_path)
    assert make_slides.main(["page"], tmp_path) == 0
    assert "Said first." in (tmp_path / "slides" / "x_page.html").read_text()
