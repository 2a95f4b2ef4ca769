"""Every content page says under its title what it teaches and needs, with a quick test; its minutes are counted."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "tools")]

from biosig_book.page_head import sentence, words  # noqa: E402
from plain_markdown import plain  # noqa: E402

PAGES = sorted((ROOT / "notebooks").glob("*/*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_content_page_begins_with_its_head(page):
    text = page.read_text(encoding="utf-8")
    head = re.search(r"\n# [^\n]+\n\n::::\{page-head\}\n(.*?)\n::::\n", text, re.DOTALL)
    assert head, f"{page.name} has no page-head under its title"
    for part in ("**You will be able to**", "**You need**", "**A quick test.**", ":::{dropdown} Answer"):
        assert head[1].count(part) == 1, part
    assert not re.search(r"\d+ minutes", head[1]), "minutes are counted, not typed"


@pytest.mark.parametrize(("source", "count"), [
    ("---\nkernelspec: python\n---\n\n# Two words\n", 2),
    ("one\n\n```{code-cell} ipython3\nx = many + words\n```\n\ntwo", 2),
    ("one\n\n```{exercise}\n:label: a-b\n\ntwo three\n```\n\n```{solution} a-b\nno no no\n```", 3),
    ("one\n\n$$\na + b\n$$\n\ntwo", 2),
    ("```{solution-start} a\n```\nno\n\n```{code-cell}\nno\n```\n\n```{solution-end}\n```\nyes", 1),
    ("::::{page-head}\nno\n\n:::{dropdown} Answer\nno\n:::\nno\n::::\n\nyes", 1),
    ("% a comment\n(a-label)=\ndon't split a well-made word", 5),
])
def test_words_are_those_of_the_prose(source, count):
    assert words(source) == count


def test_time_is_said_with_its_grounds():
    assert sentence(2000, None) == "About 10 minutes to read (2,000 words)."
    assert sentence(10, 41.2) == ("About 1 minute to read (10 words); its code ran in 41 seconds when this book was "
                                  "built.")
    assert "2.0 minutes" in sentence(10, 120)


def test_in_jupyter_the_head_is_a_quotation():
    made = plain("::::{page-head}\n**A quick test.** Why?\n\n:::{dropdown} Answer\nSo.\n:::\n::::")
    assert made.splitlines()[0] == "> **About this page**" and "<summary>Answer</summary>" in made
