"""The MSEMG paper as transcribed, against its text; and a PAPER.toml that does not fit together is refused."""

import pytest

from biosig.errors import DataError
from biosig.papers.transcription import load, parse

MSEMG = load("msemg")

# Table I row by row, as the facts put the columns back; typed here a second time, on purpose
TABLE_I = """
HP     13.885  1.735e-2  3.064e-3  19.471
TS     14.279  1.626e-2  3.859e-3  23.149
FCN    18.038  1.178e-2  3.864e-3  17.758
SDEMG  18.467  1.138e-2  2.809e-3  14.435
MSEMG  20.317  8.603e-3  2.382e-3  11.379
"""


def test_table_1_is_what_the_paper_prints():
    table = MSEMG.tables["table1"]
    rows = [[row, *[column.values[row].text for column in table.columns]] for row in table.rows]
    assert rows == [line.split() for line in TABLE_I.strip().splitlines()]
    assert [column.metric for column in table.columns] == ["snr_imp_db", "rmse", "rmse_arv", "rmse_mf_hz"]


def test_table_1_columns_stand_under_their_headings():
    """Two checks the numbers give themselves: RMSE falls as SNRimp rises, and MSEMG is best in all four."""
    columns = MSEMG.tables["table1"].columns
    snr, rmse = ([value.value for value in column.values.values()] for column in columns[:2])
    assert snr == sorted(snr) and rmse == sorted(rmse, reverse=True)
    for column in columns:
        assert max(column.values, key=lambda row: column.sign * column.values[row].value) == "MSEMG"


def test_table_2_is_what_the_paper_prints():
    values = MSEMG.tables["table2"].column("parameters").values
    assert {row: value.value for row, value in values.items()} == {"FCN": 137801, "SDEMG": 1233857, "MSEMG": 279937}
    assert values["MSEMG"].value / values["SDEMG"].value == pytest.approx(0.2, abs=0.05)  # "about one-fifth"


def test_figures_claim_and_print_no_numbers():
    fig3, fig4 = MSEMG.figures["fig3"], MSEMG.figures["fig4"]
    assert [int(level) for level in fig3.levels] == list(range(-14, 1, 2))
    assert fig3.best == fig4.best == "MSEMG" and fig4.levels == ("-10",)
    assert set(fig4.metrics) == {column.metric for column in MSEMG.tables["table1"].columns}


def test_tolerances_are_given_only_where_they_mean_something():
    columns = {column.metric: column for column in MSEMG.tables["table1"].columns}
    assert columns["snr_imp_db"].allowed("open", 20.3) == 1.0
    assert columns["rmse"].allowed("open", 8.6e-3) is None
    assert columns["rmse"].allowed("paper", 8.6e-3) == pytest.approx(0.05 * 8.6e-3)
    assert MSEMG.tables["table2"].columns[0].allowed("quick", 279937) == 0
    assert MSEMG.judged == ("open", "paper")


def test_every_number_is_listed_as_printed():
    assert {"20.317", "8.603e-3", "1,233,857"} <= MSEMG.printed and len(MSEMG.printed) == 23


GOOD = """
[paper]
name = "fake"
title = "A paper that does not exist"
authors = ["A. Nobody"]
year = 2000
bibtex = "nobody2000"
source = "nowhere"
code = ""
judged = ["open"]

[[table]]
name = "table1"
number = "Table I"
title = "Gains"
best = "Plus"
rows = ["Plus", "Minus"]
systems = { Plus = "plus", Minus = "minus" }

[[table.column]]
metric = "gain_db"
title = "Gain"
unit = "dB"
better = "higher"
style = ".2f"
values = ["2.00", "1.00"]
tolerance = { open = 0.5 }

[[cause]]
kind = "data"
short = "other people"
text = "Nobody was recorded twice."
profiles = ["open"]
of = ["table1"]
rows = ["Minus"]

[[choice]]
name = "lr"
what = "Learning rate"
paper = "not given"
code = "1e-3"

[[figure]]
name = "fig1"
number = "Fig. 1"
title = "Gains by SNR"
quote = "Plus is always best."
metrics = ["gain_db"]
condition = "snr_db"
levels = ["-2", "0"]
best = "Plus"
of = "table1"
printed = "no numbers"
"""

MISTAKES = [
    ('values = ["2.00", "1.00"]', 'values = ["2.00"]', "gain_db has 1 values for 2 rows"),
    ('"2.00"', '"2.0O"', "could not convert"),
    ('"2.00"', '"inf"', "inf is not finite"),
    ('better = "higher"', 'better = "more"', "expected higher or lower"),
    ('style = ".2f"', 'style = ".2q"', "Unknown format code"),
    ("open = 0.5", "closed = 0.5", "'closed', which is no profile"),
    ("open = 0.5", 'open = "half"', "could not convert"),
    ('Minus = "minus"', 'Less = "minus"', "names other rows"),
    ("[[table.column]]", 'colour = "red"\n[[table.column]]', "no field colour"),
    ('best = "Plus"\nof', 'best = "Times"\nof', "which is no row of table1"),
    ('metrics = ["gain_db"]', 'metrics = ["loss_db"]', "metrics that table1 does not have"),
    ('of = "table1"', 'of = "table9"', "table9"),
    ("year = 2000\n", "", "year"),
    ('kind = "data"', 'kind = "luck"', "of kind 'luck': expected one of data, schedule, quirk"),
    ('text = "Nobody was recorded twice."', 'text = ""', "and words"),
    ('rows = ["Minus"]', 'rows = ["Times"]', "names 'Times' in rows, which is not known"),
    ('of = ["table1"]', 'of = ["table7"]', "names 'table7' in of"),
    ('title = "Gains"', 'title = "Gains"\nkind = "guess"', "holds the kind 'guess', expected value or count"),
    ("[paper]", "[paper", "."),
]


def test_a_sound_one_is_read():
    paper = parse(GOOD)
    assert paper.tables["table1"].column("gain_db").values["Plus"].value == 2.0
    assert paper.printed == {"2.00", "1.00"}
    (cause,) = paper.why("table1", "Minus", "gain_db", "open")
    assert cause.short == "other people" and paper.choices[0].what == "Learning rate"
    for place in (("table1", "Plus", "gain_db", "open"), ("fig1", "Minus", "gain_db", "open")):
        assert paper.why(*place) == []
    assert paper.why("table1", "Minus", "gain_db", "paper") == []


@pytest.mark.parametrize("old, new, sentence", MISTAKES)
def test_mistakes_are_told(old, new, sentence):
    assert old in GOOD
    with pytest.raises(DataError, match=f"x.toml does not fit together: .*{sentence}"):
        parse(GOOD.replace(old, new, 1), "x.toml")


def test_a_missing_one_is_told():
    with pytest.raises(DataError, match="papers/nope/PAPER.toml is missing"):
        load("nope")
