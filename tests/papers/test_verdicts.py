"""Each verdict from numbers made to deserve it, and the tables that carry them."""

import pytest

from biosig.papers.comparison import Comparison, beside, by_level, collect
from biosig.papers.contests import against, among_all, contests, leaders, sentence
from biosig.papers.glance import UNKNOWN, glance, lines, tally, unreproduced
from biosig.papers.transcription import load
from biosig.papers.verdicts import judge, judge_figure
from biosig.results.items import Cell, CellRun, CellStore, Item
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
    verdict = claim(runs(MSEMG=20.0, HP=14.0, TS=15.0, FCN=16.0, SDEMG=17.0))
    assert verdict.word == "reproduced" and "best mean at every level against HP, TS, FCN, SDEMG" in verdict.reason


def test_a_claim_about_every_row_is_not_reproduced_on_some_of_them():
    verdict = claim(runs(MSEMG=20.0, HP=14.0, TS=15.0))
    assert verdict.word == "same order" and "not run: FCN, SDEMG" in verdict.reason


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
    assert partial.word == "same order" and "HP at -14" in partial.reason


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
    reasons, seeds = {"fcn": "out of time"}, {"hp": 1, "msemg": 3, "sdemg": 3}
    return Comparison(PAPER, "open", found, LABELS, "3DC for NINAPro DB2", "people", reasons, seeds)


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
    assert table.columns[3] == "Items / people / seeds" and "over people." in table.notes[-1]
    assert entries["ATS+HP"][1].text == "not in the paper" and entries["ATS+HP"][4].text == ""
    assert "3DC for NINAPro DB2" in table.columns[2]
    text = render(table, "text")
    assert "FCN: not attempted: out of time" in text and "MSEMG: 3 without a value: silent." in text


def test_one_against_the_others(comparison):
    table = against(comparison, "table1_snr_imp_db", TABLE.column("snr_imp_db"), "msemg")
    assert table.columns[-1] == "Items / people" and table.name == "table1_snr_imp_db_paired"
    entries = {row[0].text: row for row in table.rows}
    assert entries["SDEMG"][6].text == "16 / 8" and entries["HP"][6].text == "64 / 8"
    ours, theirs, difference = (entries["SDEMG"][k].value for k in (2, 1, 3))
    assert difference == pytest.approx(ours - theirs)
    assert entries["HP"][5].value == pytest.approx(4 * 2 / 2**8)  # eight people agree; four comparisons
    assert entries["HP"][4].text == "better"
    assert entries["FCN"][3].provenance == "not attempted: out of time"
    assert table.notes[0] == "MSEMG is better than 4 of 4."
    assert "With n = 8 people the smallest p before adjustment is 0.0078" in table.notes[1]


def test_a_figure_by_level(comparison):
    table = by_level(comparison, PAPER.figures["fig3"], "snr_imp_db")
    assert table.columns == ("System", *LEVELS, "Items / people / seeds at each")
    sdemg = next(row for row in table.rows if row[0].text == "SDEMG")
    assert [entry.source for entry in sdemg[1:4]] == ["run", "run", "not attempted"]
    assert sdemg[-1].text == "8 / 8 / 1"
    assert "Same order" in table.notes[1] and "SDEMG at -10" in table.notes[1]
    assert "SDEMG: 1 of 3 seeds are run so far." in table.notes


def test_everything_at_a_glance(comparison):
    table = glance(comparison)
    assert len(table.rows) == 5 * 4 + 3 + 1 + 4
    verdicts = {(row[0].text, row[1].text): row[4].text for row in table.rows}
    assert verdicts["Table I", "MSEMG, SNRimp, dB"] == "reproduced"
    assert verdicts["Table II", "MSEMG, Parameters"] == "reproduced"
    assert verdicts["Table I", "FCN, SNRimp, dB"] == "not attempted"
    assert verdicts["Fig. 3", "MSEMG best, SNRimp"] == "same order"  # SDEMG ran on two of eight levels
    left = unreproduced(comparison)
    assert 0 < len(left.rows) < len(table.rows)
    assert {row[4].text for row in left.rows} <= {"differs", "not attempted"}
    assert all(row[6].text for row in left.rows)


def test_the_tally_counts_values_counts_and_claims_apart(comparison):
    table = tally(comparison)
    rows = {row[0].text: [int(entry.text) for entry in row[1:]] for row in table.rows}
    assert set(rows) == {"Measured values", "Counts of parameters", "Claims about figures"}
    assert [row[0] for row in rows.values()] == [20, 3, 5]
    assert all(row[0] == sum(row[1:]) for row in rows.values())
    glanced = [row[4].text for row in glance(comparison).rows]
    assert [sum(row[k] for row in rows.values()) for k in (1, 2, 3, 4)] == [
        glanced.count(word) for word in ("reproduced", "same order", "differs", "not attempted")
    ]
    assert rows["Counts of parameters"][1] == 1  # MSEMG's; nobody counted the others here


# --- verbs -------------------------------------------------------------------------------------------------


def swayed(centre):
    """People disagree by far more than the systems do: no test can tell the difference from chance."""
    return [Item(**{**vars(row), "value": row.value + 5 * (-1) ** int(row.subject[1:])}) for row in rows(centre)]


def compared(metric="snr_imp_db", unit="utterances of one speaker", **centres):
    """A comparison of systems whose one seed lies around a centre, or whose items are given."""
    runs = {}
    for name, of in centres.items():
        cell = Cell("msemg", "open", name, 0, 0, {})
        runs[name] = [CellRun(cell, tuple(rows(of, metric) if isinstance(of, float) else of), {}, None)]
    return Comparison(PAPER, "open", runs, {name: LABELS[name] for name in centres}, "here", unit)


COLUMN = TABLE.column("snr_imp_db")


def test_the_verb_follows_from_the_adjusted_p_and_not_from_the_mean():
    c = compared(msemg=20.0, hp=14.0, fcn=25.0, ats_hp=swayed(19.4))
    found = contests(c, COLUMN, "msemg", ["hp", "fcn", "ats_hp"])
    assert {name: contest.verb for name, contest in found.items()} == {
        "hp": "better", "fcn": "worse", "ats_hp": "not told apart"
    }
    assert found["ats_hp"].pair.difference > 0.3 and found["ats_hp"].p > 0.05
    less = compared("rmse", msemg=20.0, hp=14.0)
    assert contests(less, TABLE.column("rmse"), "msemg", ["hp"])["hp"].verb == "worse"  # less is better there


def test_an_interval_without_zero_is_not_enough():
    """Seven of eight people agree: the interval leaves out zero, and p adjusted for seven does not get below 0.05."""
    one = [Item(**{**vars(row), "value": row.value - (2.0 if row.subject != "P0" else -0.5)}) for row in rows(20.0)]
    others = ("hp", "fts_hp", "ats_hp", "fcn", "sdemg")
    c = compared(msemg=20.0, **dict.fromkeys(others, one))
    contest = contests(c, COLUMN, "msemg", others)["hp"]
    assert contest.pair.sign == 1 and contest.pair.p < 0.05 < contest.p and contest.verb == "not told apart"


def test_a_sentence_speaks_of_some_and_adjusts_for_all():
    c = compared(msemg=20.0, hp=14.0, fcn=25.0, ats_hp=15.0)
    text = sentence(c, COLUMN, "msemg", ["hp", "ats_hp"], name="the network")
    assert text == (
        "By SNRimp, the network is better than HP and ATS+HP (adjusted p at most 0.023). "
        "Here n = 8 utterances of one speaker, and p is adjusted for 3 comparisons."
    )
    assert "no finished run" in sentence(c, COLUMN, "msemg", ["sdemg"])


def test_whoever_is_picked_by_its_mean_is_adjusted_for_every_pair():
    c = compared(msemg=20.0, hp=14.0, fcn=25.0, ats_hp=15.0)
    found = among_all(c, COLUMN, "fcn", list(c.labels))
    assert all(contest.p == pytest.approx(6 * 2 / 2**8) for contest in found.values())  # six pairs of four
    assert leaders(c, COLUMN).startswith("SNRimp: FCN has the best mean (n = 8 utterances of one speaker). It is bett")
    assert leaders(compared(msemg=20.0), COLUMN) == ""


# --- causes ------------------------------------------------------------------------------------------------


def test_a_row_that_differs_names_its_causes_and_those_of_the_row_it_contradicts():
    c = compared(unit="people", hp=14.0, fts_hp=15.0, fcn=20.0, sdemg=10.0, msemg=22.0)
    found = {line.entries[1].text: line for line in lines(c) if line.verdict.word == "differs"}
    hp = found["HP, SNRimp, dB"]
    assert hp.verdict.against == ("SDEMG",)
    assert "SDEMG: cut schedule" in hp.why and "3DC for NINAPro DB2" in hp.why and "TS is not" not in hp.why
    assert "the other way round" not in hp.why
    table = unreproduced(c)
    assert any(note.startswith("SDEMG: cut schedule (schedule): A diffusion model") for note in table.notes)


@pytest.mark.parametrize("name", ["msemg", "primer", "se_for_ser", "trnet", "emgse"])
def test_no_committed_line_that_differs_lacks_a_cause(name):
    from biosig.papers.base import open_store, paper

    (table,) = paper(name).tables("open", open_store("open"), ["unreproduced"])
    assert table.rows and all(row[6].text not in ("", UNKNOWN) for row in table.rows)


def test_every_number_of_a_judged_profile_would_find_a_cause():
    """New runs may turn any verdict, and none may then be left without a cause."""
    for table in PAPER.tables.values():
        if not table.exact:
            assert all(PAPER.why(table.name, row, each.metric, "open") for row in table.rows for each in table.columns)
    for figure in PAPER.figures.values():
        assert all(PAPER.why(figure.name, figure.best, metric, "open") for metric in figure.metrics)


def test_the_two_causes_of_conv_tasnets_size_add_up_to_the_papers_count():
    """N filters of a second mask, and the last block's residual path: with them the count is 5.1e6."""
    from biosig.models.networks import build, count_parameters

    second_mask, residual = 512 * 128 + 512, 128 * 512 + 128
    text = load("primer").causes[0].text
    assert f"{second_mask:,}" in text and f"{residual:,}" in text
    assert f"{count_parameters(build('conv_tasnet')) + second_mask + residual:.1e}" == "5.1e+06"
