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


# --- a paper whose lines hold conditions beside one another ---------------------------------------------------------

SER = load("se_for_ser")

# Tables 2, 3 and 5 line by line as the paper sets them; typed here a second time, on purpose
TABLE_2 = """
EMO-DB, ComParE     72.34 52.23 58.06
EMO-DB, eGeMAPS     61.04 46.42 52.63
eNTERFACE, ComParE  65.60 46.19 44.22
eNTERFACE, eGeMAPS  47.87 34.64 37.19
"""
TABLE_3B = """
EMO-DB, ComParE     72.34 24.56 32.99
EMO-DB, eGeMAPS     61.04 33.94 48.72
eNTERFACE, ComParE  65.60 35.91 30.88
eNTERFACE, eGeMAPS  47.87 29.49 23.87
"""
TABLE_5 = """
ComParE -5  14.73 20.75 19.81 25.73
ComParE 0   18.05 26.85 23.13 30.68
ComParE 5   20.30 33.95 34.59 32.15
ComParE 10  23.02 36.65 37.28 32.95
ComParE 15  31.00 39.34 47.03 30.66
ComParE 20  40.27 40.39 53.60 33.13
eGeMAPS -5  16.29 36.14 16.20 22.94
eGeMAPS 0   19.82 45.07 20.69 23.65
eGeMAPS 5   28.35 50.99 27.69 25.09
eGeMAPS 10  39.36 53.25 32.92 23.72
eGeMAPS 15  46.34 52.84 37.22 24.17
eGeMAPS 20  53.49 54.07 42.22 23.65
"""
TABLE_6 = """
5 5 0.4460 0.4439
5 10 0.4419 0.4500
5 15 0.4409 0.4411
10 5 0.4489 0.4447
10 10 0.4646 0.4526
10 15 0.4650 0.4455
15 5 0.4545 0.5040
15 10 0.4678 0.5133
15 15 0.4846 0.5074
"""


def texts(column, *rows):
    return [column.values[row].text for row in rows or column.values]


@pytest.mark.parametrize("name, printed", [("table2", TABLE_2), ("table3b", TABLE_3B)])
def test_averages_are_what_the_paper_prints(name, printed):
    lines = {column.name: texts(column, "Clean", "Noisy", "Enhanced") for column in SER.tables[name].columns}
    expected = [line.rsplit(None, 3) for line in printed.strip().splitlines()]
    assert lines == {place.strip(): numbers for place, *numbers in expected}


def test_table_5_is_what_the_paper_prints_and_agrees_with_its_own_averages():
    for line in TABLE_5.strip().splitlines():
        features, snr, *printed = line.split()
        columns = [SER.tables["table5"].column(f"{data}, {features}, {snr} dB") for data in ("EMO-DB", "eNTERFACE")]
        assert [text for column in columns for text in texts(column, "Noisy", "Enhanced")] == printed
    for average in SER.tables["table3b"].columns:
        own = [column for column in SER.tables["table5"].columns if column.name.startswith(average.name)]
        for row in ("Noisy", "Enhanced"):
            mean = sum(column.values[row].value for column in own) / 6
            assert mean == pytest.approx(average.values[row].value, abs=0.011)  # rounded, or cut


def test_tables_of_arousal_are_what_the_paper_prints_and_agree_with_their_averages():
    (average,) = SER.tables["table3a"].columns
    assert texts(average, "Clean", "Noisy", "Enhanced") == ["0.4781", "0.4066", "0.4337"]
    table4 = [texts(column, "Noisy", "Enhanced") for column in SER.tables["table4"].columns]
    assert table4 == [
        ["0.2167", "0.4022"], ["0.3206", "0.4165"], ["0.4067", "0.4400"],
        ["0.4530", "0.4504"], ["0.5097", "0.4486"], ["0.5327", "0.4444"],
    ]  # fmt: skip
    for k, row in enumerate(("Noisy", "Enhanced")):
        mean = sum(float(line[k]) for line in table4) / 6
        assert mean == pytest.approx(average.values[row].value, abs=1.01e-4)


def test_table_6_is_what_the_paper_prints_and_agrees_with_its_average():
    *lines, average = SER.tables["table6"].columns
    expected = [line.split() for line in TABLE_6.strip().splitlines()]
    for column, (train, test, *printed) in zip(lines, expected, strict=True):
        assert column.levels("Noisy") == {"train_snr_db": [train], "snr_db": [test]}
        assert texts(column, "Noisy", "Enhanced") == printed
    for k, row in enumerate(("Noisy", "Enhanced")):
        mean = sum(float(line[2 + k]) for line in expected) / 9
        assert mean == pytest.approx(average.values[row].value, abs=1.01e-4)


def test_a_line_says_which_cells_and_levels_it_is_about():
    table = SER.tables["table2"]
    column = table.column("eNTERFACE, eGeMAPS")
    assert table.of(column)["Enhanced"] == "nemo_egemaps_matched_residual"
    assert table.of(column)["Clean"] == "nemo_egemaps_clean_none"
    assert column.levels("Clean") == {"snr_db": ["clean"]} and len(column.levels("Noisy")["snr_db"]) == 6
    assert column.allowed("open", 40.0) is None and table.column("EMO-DB, ComParE").allowed("open", 40.0) == 5.0


def test_every_number_and_claim_of_the_open_profile_would_find_a_cause():
    for table in SER.tables.values():
        for column in table.columns:
            assert all(SER.why(table.name, row, column.name, "open") for row in table.rows)
    for claim in SER.claims.values():
        assert any(cause.bears_on(claim, "open") for cause in SER.causes)


def test_the_papers_own_numbers_agree_with_its_claims():
    """A claim's sum, from the printed tables: above zero at every place of it; of a claim that says "can", at one."""
    printed = {}
    for table in SER.tables.values():
        for column in table.columns:
            for row, system in table.of(column).items():
                levels = column.levels(row)
                key = (system, *(tuple(levels.get(name, ())) for name in ("train_snr_db", "snr_db")))
                printed[key] = column.values[row].value

    def value(term):
        trains, snrs = (term.at.get(name, ()) for name in ("train_snr_db", "snr_db"))
        whole = (term.system, tuple(trains), tuple(snrs))
        if whole in printed:
            return printed[whole]
        each = [printed[term.system, tuple(trains), (snr,)] for snr in snrs]
        return sum(each) / len(each)

    for claim in SER.claims.values():
        sums = [sum(term.weight * value(term) for term in part.terms) for part in claim.parts]
        assert (any if claim.any else all)(total > 0 for total in sums), claim.name


AS_LINES = [
    ("[[table]]", '[place]\n"Lab, loud" = { room = "loud" }\n"Lab" = { room = "lab" }\n\n[[table]]'),
    ('[[table.column]]\nmetric = "gain_db"\ntitle = "Gain"\n',
     '[[table.lines]]\nplaces = ["Lab", "Lab, loud"]\nby = "snr_db"\nmetric = "gain_db"\n'),
    ('values = ["2.00", "1.00"]', 'values = { 0 = [["2.00", "1.00"], ["4.00", "3.00"]] }'),
    ('Plus = "plus", Minus = "minus"', 'Plus = "{room}_plus", Minus = "{room}_minus"'),
    ('metrics = ["gain_db"]', 'metrics = ["Lab, 0 dB"]'),
]  # fmt: skip
LINES = GOOD
for one, other in AS_LINES:
    LINES = LINES.replace(one, other, 1)
LINES += """
[[sheet]]
name = "sheet1"
number = "Table II"
title = "Rooms"
heads = ["Lab", "Hall"]
rows = { Size = ["small", "large"] }

[[claim]]
name = "louder"
number = "Section 1"
title = "Plus gains more"
quote = "Plus gains more."

[[claim.parts]]
places = ["Lab"]
metric = "gain_db"
terms = [{ weight = 1, system = "{room}_plus" }, { weight = -1, system = "{room}_minus" }]
"""


def test_lines_places_and_claims_are_read():
    paper = parse(LINES)
    table = paper.tables["table1"]
    assert [column.name for column in table.columns] == ["Lab, 0 dB", "Lab, loud, 0 dB"]
    assert table.of(table.column("Lab, loud, 0 dB")) == {"Plus": "loud_plus", "Minus": "loud_minus"}
    assert paper.claims["louder"].systems == ("lab_plus", "lab_minus")
    assert paper.sheets["sheet1"].rows["Size"] == ["small", "large"]


@pytest.mark.parametrize(
    "old, new, sentence",
    [
        ('places = ["Lab", "Lab, loud"]', 'places = ["Lab"]', "have not one entry for each of Lab"),
        ('[["2.00", "1.00"],', '[["2.00"],', "Lab, 0 dB has 1 values for 2 rows"),
        ('places = ["Lab", "Lab, loud"]', 'places = ["Lab", "Roof"]', "Roof"),
        ('"{room}_minus" }', '"{hall}_minus" }', "hall"),
        ('by = "snr_db"', 'by = "snr_db"\ncolour = "red"', "no field colour"),
        ('rows = { Size = ["small", "large"] }', 'rows = { Size = ["small"] }', "has 1 entries for 2 heads"),
        ('places = ["Lab"]\nmetric', 'places = []\nmetric', "the claim louder has no part"),
        ('weight = 1,', 'weigth = 1,', "weigth"),
        ('title = "Plus gains more"\n', 'title = "Plus gains more"\ncolour = "red"\n', "colour"),
        ('metric = "gain_db"\nterms', 'metric = "gain_db"\nshade = 1\nterms', "no field shade"),
    ],
)  # fmt: skip
def test_mistakes_in_lines_and_claims_are_told(old, new, sentence):
    assert old in LINES
    with pytest.raises(DataError, match=f"x.toml does not fit together: .*{sentence}"):
        parse(LINES.replace(old, new, 1), "x.toml")
