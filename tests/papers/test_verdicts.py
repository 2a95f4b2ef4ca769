"""Each verdict from numbers made to deserve it, and the tables that carry them."""

import pytest

from biosig.papers.comparison import Comparison, against, beside, by_level, collect, glance, unreproduced
from biosig.papers.transcription import load
from biosig.papers.verdicts import judge, judge_figure
from biosig.results.items import Cell, CellStore, Item
from biosig.results.tables import render
from biosig.seeds import rng_for

PAPER = load("msemg")
TABLE = PAPER.tables["table1"]
PRINTED = {row: value.value for row, value in TABLE.column("snr_imp_db").values.items()}
LEVELS = PAPER.figures["fig3"].levels


def rows(centre, metric="snr_imp_db", spread=0.1, people=8, levels=LEVELS):
    """Items of 8 people around a centre; people differ far more than a system does between them."""
    jitter = rng_for("jitter", centre).normal(0, spread, size=(people, len(levels)))
    return [
        Item(f"P{p}@{level}", f"P{p}", metric, "1", centre + p - (people - 1) / 2 + jitter[p, k], "", {"snr_db": level})
        for p in range(people)
        for k, level in enumerate(levels)
    ]


def runs(**centres):
    return {row: {seed: rows(centre) for seed in (0, 1)} for row, centre in centres.items()}


def word(row, here, metric="snr_imp_db", profile="open"):
    return judge(PAPER, TABLE, TABLE.column(metric), row, here, profile)


def test_reproduced():
    here = runs(**{row: value + 0.5 for row, value in PRINTED.items()})
    verdicts = {row: word(row, here) for row in TABLE.rows}
    assert {verdict.word for verdict in verdicts.values()} == {"reproduced"}
    assert "within 1.00" in verdicts["MSEMG"].reason
    assert "ordered as in the paper against HP, TS, FCN, SDEMG" in verdicts["MSEMG"].reason


def test_same_order_beyond_the_tolerance():
    verdict = word("MSEMG", runs(**{row: value - 3 for row, value in PRINTED.items()}))
    assert verdict.word == "same order" and "beyond 1.00" in verdict.reason


def test_within_the_tolerance_but_out_of_order_differs():
    verdict = word("MSEMG", runs(MSEMG=20.3, SDEMG=21.5, HP=13.9))
    assert verdict.word == "differs" and "the other way round than in the paper against SDEMG" in verdict.reason


def test_what_cannot_be_told_apart_contradicts_nothing_and_proves_nothing():
    here = runs(SDEMG=10.0, FCN=10.0)
    verdict = word("SDEMG", here)
    assert verdict.word == "differs" and "not told apart from FCN" in verdict.reason
    verdict = word("SDEMG", here | runs(HP=5.0))
    assert verdict.word == "same order" and "against HP; not told apart from FCN" in verdict.reason


def test_rows_that_the_paper_has_as_equal_are_not_held_against_each_other():
    """TS 3.859e-3 and FCN 3.864e-3: a tie in the paper."""
    here = {row: {0: rows(centre, "rmse_arv", 0.01)} for row, centre in {"TS": 30.0, "FCN": 20.0, "HP": 10.0}.items()}
    verdict = word("FCN", here, "rmse_arv")
    assert verdict.word == "same order" and "TS" not in verdict.reason


def test_absolute_values_are_not_compared_across_corpora():
    here = {row: {0: rows(value.value * 1000, "rmse", 0.01)} for row, value in TABLE.column("rmse").values.items()}
    assert {word(row, here, "rmse").word for row in TABLE.rows} == {"same order"}


def test_counts_are_exact():
    table = PAPER.tables["table2"]
    column = table.column("parameters")

    def counted(n):
        return judge(PAPER, table, column, "FCN", {"FCN": {0: [Item("network", "", "parameters", "1", n)]}}, "quick")

    assert counted(137801).word == "reproduced"
    assert counted(137802).word == "differs" and "137,802 here, 137,801 in the paper" in counted(137802).reason


def test_not_attempted():
    assert word("FCN", {}).word == "not attempted"
    assert word("FCN", {"FCN": {0: [Item("m", "P", "snr_imp_db", "1", None, "silent")]}}).word == "not attempted"
    verdict = word("FCN", runs(FCN=18.0), profile="quick")
    assert verdict.word == "not attempted" and "quick profile is for reading" in verdict.reason


def claim(here, profile="open"):
    return judge_figure(PAPER, PAPER.figures["fig3"], "snr_imp_db", here, profile)


def test_a_claim_that_holds_at_every_level():
    verdict = claim(runs(MSEMG=20.0, HP=14.0, TS=15.0))
    assert verdict.word == "reproduced" and "not run: FCN, SDEMG" in verdict.reason


def test_a_claim_that_fails_clearly_at_one_level():
    here = runs(MSEMG=20.0, HP=14.0)
    hp = [
        Item(**{**vars(row), "value": row.value + (9 if row.conditions["snr_db"] == "0" else 0)})
        for row in here["HP"][0]
    ]
    verdict = claim(here | {"HP": {0: hp}})
    assert verdict.word == "differs" and "clearly worse at 0 (HP)" in verdict.reason


def test_a_claim_that_fails_by_less_than_can_be_told():
    """At 0 dB another row is ahead by a hair, in people who disagree."""
    here = runs(MSEMG=20.0)
    sway = [
        Item(
            **{
                **vars(row),
                "value": row.value
                + ((-1) ** int(row.subject[1:]) * 2 + 0.3 if row.conditions["snr_db"] == "0" else -5),
            }
        )
        for row in here["MSEMG"][0]
    ]
    verdict = claim({"MSEMG": {0: here["MSEMG"][0]}, "FCN": {0: sway}})
    assert verdict.word == "same order" and "nowhere clearly worse" in verdict.reason


def test_a_claim_without_runs_at_its_levels():
    assert claim({}).word == "not attempted"
    assert claim({"MSEMG": {0: rows(20.0)}}).word == "not attempted"
    off = {row: {0: rows(20.0, levels=("3",))} for row in ("MSEMG", "HP")}
    assert claim(off).reason == "no items at snr_db -14, -12, -10, -8, -6, -4, -2, 0"
    partial = claim({"MSEMG": {0: rows(20.0)}, "HP": {0: rows(9.0, levels=LEVELS[1:])}})
    assert partial.word == "reproduced" and "HP at -14" in partial.reason


LABELS = {
    "noisy": "unprocessed",
    "hp": "HP",
    "fts_hp": "TS (FTS+HP)",
    "ats_hp": "ATS+HP",
    "fcn": "FCN",
    "sdemg": "SDEMG",
    "msemg": "MSEMG",
}


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    """HP, TS and ATS+HP with one run, MSEMG with three; FCN was not run; SDEMG on two levels only."""
    store = CellStore(tmp_path_factory.mktemp("results"))
    plan = {
        "hp": (13.9, 1, LEVELS),
        "fts_hp": (14.3, 1, LEVELS),
        "ats_hp": (15.0, 1, LEVELS),
        "sdemg": (18.0, 1, LEVELS[:2]),
        "msemg": (20.3, 3, LEVELS),
    }
    cells = [
        (Cell("msemg", "open", system, 0, seed, {}), centre + 0.1 * seed, levels)
        for system, (centre, seeds, levels) in plan.items()
        for seed in range(seeds)
    ]
    for cell, centre, levels in cells:
        failed = Item("P0@0b", "P0", "snr_imp_db", "1", None, "silent")
        size = Item("network", "network", "parameters", "1; trainable", 279937)
        store.write(cell, [*rows(centre, levels=levels), failed, *([size] if cell.system == "msemg" else [])])
    found = collect(store, [cell for cell, _, _ in cells])
    return Comparison(PAPER, "open", found, LABELS, "3DC for NINAPro DB2", {"fcn": "out of time"})


def test_the_paper_beside_here(comparison):
    table = beside(comparison, TABLE, "snr_imp_db", extras=["ats_hp"])
    assert [row[0].text for row in table.rows] == ["HP", "TS (FTS+HP)", "ATS+HP", "FCN", "SDEMG", "MSEMG"]
    entries = {row[0].text: row for row in table.rows}
    assert entries["MSEMG"][1].text == "20.317" and entries["MSEMG"][1].provenance == "paper"
    here = entries["MSEMG"][2]
    assert here.value == pytest.approx(20.4, abs=0.05) and here.low < here.value < here.high
    assert here.keys == tuple(run.cell.key for run in comparison.runs["msemg"]) and len(here.keys) == 3
    assert entries["MSEMG"][3].text == "64 / 8 / 3, 3 failed" and entries["SDEMG"][3].text == "16 / 8 / 1, 1 failed"
    assert entries["MSEMG"][4].text == "reproduced"
    assert entries["FCN"][2].provenance == entries["FCN"][4].provenance == "not attempted: out of time"
    assert entries["ATS+HP"][1].text == "not in the paper" and entries["ATS+HP"][4].text == ""
    assert "3DC for NINAPro DB2" in table.columns[2]
    text = render(table, "text")
    assert "FCN: not attempted: out of time" in text and "MSEMG: 3 without a value: silent." in text


def test_one_against_the_others(comparison):
    table = against(comparison, TABLE, "snr_imp_db", "msemg")
    entries = {row[0].text: row for row in table.rows}
    assert entries["SDEMG"][4].text == "16 / 8" and entries["HP"][4].text == "64 / 8"
    ours, theirs, difference = (entries["SDEMG"][k].value for k in (2, 1, 3))
    assert difference == pytest.approx(ours - theirs)
    assert entries["HP"][5].value == pytest.approx(4 * 2 / 2**8)  # eight people agree; four comparisons
    assert entries["FCN"][3].provenance == "not attempted: out of time"
    assert "the smallest p before adjustment is 0.0078" in table.notes[0]


def test_a_figure_by_level(comparison):
    table = by_level(comparison, PAPER.figures["fig3"], "snr_imp_db")
    assert table.columns == ("System", *LEVELS)
    sdemg = next(row for row in table.rows if row[0].text == "SDEMG")
    assert [entry.source for entry in sdemg[1:4]] == ["run", "run", "not attempted"]
    assert "Reproduced" in table.notes[1] and "SDEMG at -10" in table.notes[1]


def test_everything_at_a_glance(comparison):
    table = glance(comparison)
    assert len(table.rows) == 5 * 4 + 3 + 1 + 4
    verdicts = {(row[0].text, row[1].text): row[4].text for row in table.rows}
    assert verdicts["Table I", "MSEMG, SNRimp, dB"] == "reproduced"
    assert verdicts["Table II", "MSEMG, Parameters"] == "reproduced"
    assert verdicts["Table I", "FCN, SNRimp, dB"] == "not attempted"
    assert verdicts["Fig. 3", "MSEMG best, SNRimp"] == "reproduced"
    left = unreproduced(comparison)
    assert 0 < len(left.rows) < len(table.rows)
    assert {row[4].text for row in left.rows} <= {"differs", "not attempted"}
    assert all(row[5].text for row in left.rows)
