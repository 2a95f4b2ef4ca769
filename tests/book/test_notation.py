"""The notation page names what the tables of the book show."""

import re
from pathlib import Path

from biosig.metrics.emg import VERSIONS
from biosig.metrics.speech import MEASURES

PAGE = (Path(__file__).resolve().parents[2] / "book" / "notation.md").read_text(encoding="utf-8")


def test_every_measure_is_explained():
    named = set(re.findall(r"`(\w+)`", PAGE[PAGE.index("## Measures") : PAGE.index("## State spaces")]))
    assert {*MEASURES, *VERSIONS} - named == set()


def test_the_glossary_is_in_order_and_names_nothing_twice():
    terms = re.findall(r"^(\w.*)$", PAGE[PAGE.index("```{glossary}") :], re.MULTILINE)
    assert len(terms) > 40
    assert terms == sorted(set(terms), key=lambda term: term.lower().replace("-", " "))


def test_a_letter_means_one_thing_in_a_table():
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        symbols = [symbol for row in table.splitlines()[2:] for symbol in re.findall(r"\$([^$]+)\$", row.split("|")[1])]
        assert len(symbols) == len(set(symbols)), symbols
