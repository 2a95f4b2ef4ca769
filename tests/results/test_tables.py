"""Tables: every form shows the same numbers, says where they come from, and reads well."""

import csv
import io
import json
import re

import pytest

from biosig.errors import ConfigError
from biosig.results.rows import Item
from biosig.results.statistics import summarise
from biosig.results.tables import FORMS, PAPER, Entry, Table, absent, label, measured, number, render, save


def summary_of(*values):
    return summarise(
        {
            0: [
                Item(f"m{i}", f"P{i}", "gain_db", "1", value, "" if value is not None else "silent")
                for i, value in enumerate(values)
            ]
        },
        "gain_db",
    )


@pytest.fixture
def table():
    here = measured(summary_of(20.0, 21.0, 22.5, None), ".2f", ["abc", "def"])
    rows = (
        (label("A|B <x>"), Entry("20.317", PAPER, 20.317), here),
        (label("C"), Entry("8.603e-3", PAPER, 8.603e-3), absent("no data")),
    )
    return Table("table1", "Gains & losses", ("System", "Paper, dB", "Here, dB"), rows, ("A note.",))


@pytest.mark.parametrize(
    "value, style, text",
    [
        (20.317, ".2f", "20.32"),
        (8.603e-3, ".3e", "8.603e-3"),
        (-1.5e-12, ".1e", "-1.5e-12"),
        (2.5e7, ".1e", "2.5e7"),
        (279937, ",.0f", "279,937"),
        (0.42, "+.2f", "+0.42"),
        (0.0, ".3e", "0.000e0"),
    ],
)
def test_numbers_look_as_in_papers(value, style, text):
    assert number(value, style) == text


def test_a_measured_entry_carries_what_it_rests_on():
    entry = measured(summary_of(20.0, 21.0, 22.5, None), ".2f", ["abc", "def"])
    assert re.fullmatch(r"21\.17 \[2\d\.\d\d, 2\d\.\d\d\]", entry.text)
    assert entry.n == {"items": 3, "subjects": 3, "seeds": 1, "failed": 1}
    assert entry.provenance == "run abc def" and entry.note == "1 without a value: silent"
    assert measured(summary_of(1.0, 2.0), ".1f", [], interval=False).text == "1.5"
    assert measured(summary_of(1.0), ".1f", ["k"]).text == "1.0"  # one subject: no interval
    nothing = measured(summary_of(None), ".1f", ["k"])
    assert (nothing.text, nothing.provenance) == ("—", "not attempted: 1 without a value: silent")


def test_text(table):
    lines = render(table, "text").splitlines()
    assert lines[0] == "Gains & losses" and lines[2].split() == ["System", "Paper,", "dB", "Here,", "dB"]
    starts = {line.index(text) for line, text in ((lines[2], "Paper"), (lines[4], "20.317"), (lines[5], "8.603"))}
    assert len(starts) == 1
    assert lines[-2:] == ["* A note.", "* C: not attempted: no data"]
    assert all(line == line.rstrip() for line in lines)


def test_markdown(table):
    lines = render(table, "md").splitlines()
    assert lines[2:4] == ["| System | Paper, dB | Here, dB |", "|---|---|---|"]
    assert lines[4].startswith("| A\\|B <x> | 20.317 | 21.17 [")
    assert "- C: not attempted: no data" in lines


def test_csv(table):
    rows = list(csv.DictReader(io.StringIO(render(table, "csv"))))
    assert [(row["row"], row["column"], row["text"][:6]) for row in rows] == [
        ("A|B <x>", "Paper, dB", "20.317"),
        ("A|B <x>", "Here, dB", "21.17 "),
        ("C", "Paper, dB", "8.603e"),
        ("C", "Here, dB", "—"),
    ]
    assert rows[1]["provenance"] == "run abc def" and rows[1]["subjects"] == "3" and rows[1]["value"] == "21.1667"
    assert rows[3]["provenance"] == "not attempted: no data"


def test_json(table):
    told = json.loads(render(table, "json"))
    entry = told["rows"][0][2]
    assert (entry["value"], entry["source"], entry["keys"]) == (21.1667, "run", ["abc", "def"])
    assert told["rows"][1][2] == {"text": "—", "source": "not attempted", "note": "no data"}
    assert told["notes"] == ["A note."]


def test_html(table):
    import html.parser

    class Checker(html.parser.HTMLParser):
        stack, cells = [], 0

        def handle_starttag(self, tag, attributes):
            if tag != "br":
                self.stack.append(tag)
            self.cells += tag in ("td", "th")

        def handle_endtag(self, tag):
            assert self.stack.pop() == tag

    text = render(table, "html")
    checker = Checker()
    checker.feed(text)
    assert checker.stack == [] and checker.cells == 9
    assert "A|B &lt;x&gt;" in text and "Gains &amp; losses" in text
    assert re.search(r'title="run abc def; 1 without a value: silent">21\.17<br><small>\[', text)
    assert 'title="not attempted: no data">—</td>' in text and 'title="paper">8.603e-3</td>' in text
    assert 'data-label="Paper, dB"' in text and '"biosig-table"' in text and 'class="prose"' not in text
    assert "color" not in text and "background" not in text and "width" not in text


def test_sentences_wrap_and_make_a_list_on_a_phone():
    long = "the other way round than in the paper against another row"
    told = Table("t", "", ("What", "Here, dB", "Why <x>"), ((label("A"), Entry("1.0", PAPER, 1.0), label(long)),))
    text = render(told, "html")
    assert f'<td class="prose" data-label="Why &lt;x&gt;">{long}</td>' in text
    assert '<div class="biosig-table biosig-cards"' in text and text.count('class="prose"') == 1


def test_unknown_forms_and_ragged_rows_are_told(table):
    with pytest.raises(ConfigError, match="unknown format 'pdf': expected one of text, md, csv, json, html"):
        render(table, "pdf")
    with pytest.raises(ConfigError, match="table x has a row of 1 entries: expected 2"):
        Table("x", "", ("a", "b"), ((label("r"),),))


def test_every_form_ends_in_a_newline_and_save_writes_two(table, tmp_path):
    assert all(render(table, form).endswith("\n") for form in FORMS)
    paths = save([table], tmp_path / "tables")
    assert sorted(path.name for path in paths) == ["table1.json", "table1.md"]
    assert (tmp_path / "tables" / "table1.md").read_text() == render(table, "md")
