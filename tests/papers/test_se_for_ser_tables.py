"""The emotion paper's tables from a made-up store: recognisers with known recalls, and cells that are missing."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from biosig.papers.claim_verdicts import judge_claim, outcomes, verdict_of
from biosig.papers.comparison import made
from biosig.papers.se_for_ser import PROTOCOL
from biosig.papers.se_for_ser.described import described
from biosig.papers.se_for_ser.naming import FRONTS, SNRS
from biosig.papers.se_for_ser.prediction import correlation, quality_points, spearman
from biosig.papers.se_for_ser.profiles import SETUPS
from biosig.papers.se_for_ser.tables import comparison, makers, system_of, uar_by_snr
from biosig.papers.transcription import load
from biosig.results.items import Cell, CellStore, Item
from biosig.results.measures import concordance_sums
from biosig.results.predictions import prediction
from biosig.results.tables import render
from biosig.results.verify import check_sources
from biosig.seeds import rng_for

PAPER = load("se_for_ser")
LABELS = ("anger", "fear", "joy")
LEVELS = ("clean", *SNRS)
PEOPLE = {"emodb": 10, "nemo": 9, "polish": 5, "arousal": 8}
# what each front end adds to the share of right answers from -5 to 20 dB, and to PESQ, STOI and SI-SDR at each SNR
GAINS = {"none": (0.0, 0.0), "residual": (0.45, -0.25), "log_mmse": (0.1, 0.0), "irm": (0.5, 0.1)}
SOUND = {"none": 0.0, "residual": 0.5, "log_mmse": 0.2, "irm": 1.2}
NOISE = {"compare": 0.5, "egemaps": 0.25}  # what -5 dB takes from the share of right answers


class Made:
    """A protocol whose cells are these systems, each with a seed or two."""

    def __init__(self, systems):
        self.systems = systems

    def cells(self, profile, systems=None, seeds=None):
        return [Cell("se_for_ser", profile, name, 0, seed, {}) for name, n in self.systems.items() for seed in range(n)]


def share(features, training, front, level):
    """The share of right answers that is drawn from."""
    if level == "clean":
        return 0.8 - (0.1 if front != "none" else 0.0)
    at = SNRS.index(level) / 5
    low, high = GAINS[front]
    lost = NOISE[features] * (1 - at) * (0.5 if training != "clean" else 1.0)
    return 0.8 - lost + low * (1 - at) + high * at


def acted(system, each=24):
    corpus, features, training, front = system.split("_", 3)
    rng, rows = rng_for("made", system), []
    levels = LEVELS if training != "matched" or front == "none" else SNRS
    for level in levels:
        right = share(features, training, front, level)
        for person in range(PEOPLE[corpus]):
            for k in range(each):
                label = LABELS[k % 3]
                predicted = label if rng.random() < right else LABELS[(k + 1) % 3]
                named = f"{person}/{k}@{level}"
                rows.append(prediction(named, f"p{person}", label, predicted, {}, {"snr_db": level, "noise": "made"}))
    return rows


def sound(system):
    corpus, _, front = system.split("_", 2)
    rng = rng_for("made", system)
    return [
        Item(f"{person}/{k}@{snr}", f"p{person}", metric, "1", scale * (SOUND[front] + at / 5 + 0.01 * rng.normal()),
             "", {"snr_db": snr})
        for metric, scale in (("pesq_wb", 1.0), ("stoi", 0.1), ("si_sdr_db", 5.0))
        for person in range(PEOPLE[corpus])
        for k in range(2)
        for at, snr in enumerate(SNRS)
    ]  # fmt: skip


def arousal(system):
    _, training, front = system.split("_")
    rows = []
    for train in ("5", "10", "15") if training == "multi" else ("",):
        for person in range(PEOPLE["arousal"]):
            truth = np.cumsum(rng_for("truth", person).normal(size=60)) / 5
            for level in LEVELS:
                at = 1.0 if level == "clean" else SNRS.index(level) / 5
                spread = (1.5 - at) * (0.5 if front == "residual" else 1.0)
                told = truth + spread * rng_for("told", person, level, train).normal(size=60)
                where = {"snr_db": level, "train_snr_db": train}
                rows += [
                    Item(f"{person}/{train}@{level}", f"p{person}", metric, "1", value, "", where)
                    for metric, value in concordance_sums(truth, told).items()
                ]
    return rows


@cache
def items(system):
    if system.startswith("arousal"):
        return arousal(system)
    return sound(system) if "_quality_" in system else acted(system)


def stored(root, systems, profile="open"):
    """A store in which these systems are done, and a protocol that names them and one more that is not."""
    protocol, store = Made(systems), CellStore(root)
    for cell in protocol.cells(profile):
        store.write(cell, items(cell.system))
    return Made({**systems, "emodb_compare_clean_dtln": 1}), store


EMODB = [f"emodb_{f}_clean_{front}" for f in ("compare", "egemaps") for front in GAINS]
MATCHED = [f"emodb_{f}_matched_{front}" for f in ("compare", "egemaps") for front in ("none", "residual")]
NEMO = ["nemo_compare_clean_none", "nemo_compare_clean_residual"]
AROUSAL = [f"arousal_{training}_{front}" for training in ("clean", "multi") for front in ("none", "residual")]
QUALITY = [f"emodb_quality_{front}" for front in GAINS]


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    names = [*EMODB, *MATCHED, *NEMO, *QUALITY, *AROUSAL, "emodb_compare_multi_none"]
    systems = {name: 2 if name == "arousal_clean_none" else 1 for name in names}
    return stored(tmp_path_factory.mktemp("full"), systems)


@pytest.fixture(scope="module")
def tables(full):
    return {table.name: table for table in made(makers(full[0], "open", full[1]))}


@pytest.fixture(scope="module")
def c(full):
    return comparison(full[0], "open", full[1])


def rows_of(table):
    return {row[0].text: dict(zip(table.columns[1:], row[1:], strict=True)) for row in table.rows}


def direct(system, *levels):
    """UAR in % at each level by counting, then the mean."""
    values = []
    for level in levels:
        hits = {}
        for row in items(system):
            if row.conditions["snr_db"] == level:
                hits.setdefault(row.conditions["label"], []).append(row.value)
        values.append(np.mean([np.mean(each) for each in hits.values()]))
    return 100 * np.mean(values)


# --- the paper beside here ------------------------------------------------------------------------------------------


def test_every_table_can_be_made_and_every_number_has_a_source(tables, full):
    keys = [cell.key for cell in full[0].cells("open")]
    assert not [wrong for table in tables.values() for wrong in check_sources(table, keys)]
    assert all(render(table, form) for table in tables.values() for form in ("text", "md", "csv", "json", "html"))
    assert set(tables) == set(makers(full[0], "open", full[1]))


def test_table_5_holds_the_papers_numbers_beside_ours(tables):
    rows = rows_of(tables["table5"])
    assert len(rows) == 24
    line = rows["EMO-DB, ComParE, -5 dB"]
    assert line["Noisy: paper, %"].text == "14.73" and line["Enhanced: paper, %"].text == "20.75"
    here = line["Noisy: here, %"]
    assert here.value == pytest.approx(direct("emodb_compare_clean_none", "-5")) and here.low < here.value < here.high
    assert line["Items / people / seeds"].text == "240 / 10 / 1"
    assert rows["nEMO for eNTERFACE, eGeMAPS, 20 dB"]["Noisy: here, %"].source == "not attempted"
    assert rows["nEMO for eNTERFACE, eGeMAPS, 20 dB"]["Verdicts: noisy / enhanced"].source == "not attempted"


def test_an_average_over_snrs_is_the_mean_of_the_snrs_uars(tables):
    line = rows_of(tables["table3b"])["EMO-DB, eGeMAPS"]
    assert line["Clean: here, %"].value == pytest.approx(direct("emodb_egemaps_clean_none", "clean"))
    assert line["Enhanced: here, %"].value == pytest.approx(direct("emodb_egemaps_clean_residual", *SNRS))
    matched = rows_of(tables["table2"])["EMO-DB, eGeMAPS"]
    assert matched["Clean: here, %"].value == line["Clean: here, %"].value
    assert matched["Noisy: here, %"].value == pytest.approx(direct("emodb_egemaps_matched_none", *SNRS))


def test_verdicts_of_a_line_follow_from_tolerance_and_order(c):
    table = PAPER.tables["table5"]
    low, nemo = table.column("EMO-DB, ComParE, -5 dB"), table.column("eNTERFACE, ComParE, -5 dB")
    assert "ordered as in the paper against Noisy" in c.judged(table, low, "Enhanced").reason
    assert c.judged(table, low, "Enhanced").word == "same order"  # far from 20.75 %, and better than noisy as there
    near = replace(low, tolerance={"open": 100.0}, name="near")
    assert c.judged(table, near, "Enhanced").word == "reproduced"
    verdict = c.judged(table, nemo, "Noisy")
    assert verdict.word == "same order" and "from the paper" not in verdict.reason  # another corpus: no distance
    high = table.column("eNTERFACE, ComParE, 0 dB")
    turned = replace(high, values={"Noisy": high.values["Enhanced"], "Enhanced": high.values["Noisy"]}, name="turned")
    verdict = c.judged(table, turned, "Noisy")
    assert verdict.word == "differs" and verdict.against == ("Enhanced",)


def test_what_the_paper_has_as_equal_is_not_held_against_one_another(c):
    table = PAPER.tables["table5"]
    column = replace(table.column("EMO-DB, ComParE, 20 dB"), tolerance={}, name="tied")  # 40.27 and 40.39
    assert "Noisy" not in c.judged(table, column, "Enhanced").reason


def test_arousal_is_called_simulated_and_joins_the_traces(tables):
    for name in ("table3a", "table4", "table6"):
        assert "simulated arousal" in tables[name].title
        assert all("Simulated arousal for RECOLA" in row for row in rows_of(tables[name]))
    line = rows_of(tables["table4"])["Simulated arousal for RECOLA, -5 dB"]
    assert line["Enhanced: here"].value > line["Noisy: here"].value
    assert line["Items / people / seeds"].text == "8 / 8 / 1 to 2"
    average = rows_of(tables["table6"])["Simulated arousal for RECOLA, average"]
    assert average["Items / people / seeds"].text == "72 / 8 / 1"  # three trainings, three SNRs, eight sessions
    nine = [row for name, row in rows_of(tables["table6"]).items() if "tested at" in name]
    assert average["Noisy: here"].value == pytest.approx(np.mean([row["Noisy: here"].value for row in nine]))


def test_table_1_is_counted_from_the_lists_of_files(tables):
    rows = rows_of(tables["table1"])
    assert rows["Utterances"]["EMO-DB: paper"].text == "465" and rows["Utterances"]["Here: EMO-DB"].text == "489"
    assert rows["Subjects (m/f)"]["Here: nEMO for eNTERFACE"].text == "5/4"
    assert rows["Duration"]["Here: EMO-DB"].source == "not attempted"
    nemo = described("open")["eNTERFACE"]
    assert sum(map(int, re.findall(r"\((\d+)\)", nemo["Labels"]))) == 4481
    per_class = SETUPS["open"].use("nemo").per_class
    groups = 9 * 6 - 1  # MK0 is never surprised
    assert nemo["Utterances"].startswith(f"4,481, of which {groups * per_class} are used")


def test_every_choice_that_the_paper_leaves_open_has_an_answer(tables):
    for row in tables["choices"].rows:
        assert all(entry.text and entry.source != "not attempted" for entry in row), row[0].text
    told = rows_of(tables["choices"])["C, γ and class weights of the SVM"]["Here, profile open"].text
    assert told.startswith("C of 1 or 10 and γ of 0.3, 1 or 3")
    narrow = rows_of(tables["choices"])["Convolutions of the end-to-end network"]["Here, profile open"].text
    options = dict(SETUPS["open"].arousal.options)
    assert f"trained here with {options['filters'][0]} and {options['filters'][1]} filters" in narrow


def test_the_protocol_makes_these_tables_and_its_cells_are_called_so(tmp_path):
    """Every cell that a table of this chapter asks for has a name that the protocol knows, arousal's aside."""
    asked = {system for table in PAPER.tables.values() for column in table.columns for system in
             table.of(column).values()} | {system for claim in PAPER.claims.values() for system in claim.systems}
    assert {name for name in asked if not name.startswith("arousal_")} <= set(PROTOCOL.systems)
    assert set(makers(PROTOCOL, "open", CellStore(tmp_path))) == set(PROTOCOL.makers("open", CellStore(tmp_path)))


# --- claims ---------------------------------------------------------------------------------------------------------


def test_claims_follow_from_the_tests_over_people(c):
    words = {name: judge_claim(c, claim).word for name, claim in PAPER.claims.items()}
    assert words["average_hurts"] == "differs"  # drawn to help
    assert words["artefacts"] == "reproduced"  # drawn to cost at 15 and 20 dB with ComParE, and one place is enough
    assert words["average_helps"] == "reproduced" and words["carries_over"] == "reproduced"
    assert words["low_snr"] == "same order"  # it holds wherever it was run, and nEMO's eGeMAPS was not
    assert "It was not run at nEMO for eNTERFACE, eGeMAPS" in judge_claim(c, PAPER.claims["low_snr"]).reason


def test_a_place_is_tested_over_people_and_adjusted_for_the_claims_places(c):
    found = {outcome.part.title: outcome for outcome in outcomes(c, PAPER.claims["low_snr"])}
    assert found["eNTERFACE, eGeMAPS"].pair is None and found["eNTERFACE, eGeMAPS"].verb == ""
    first = found["EMO-DB, ComParE"]
    assert first.pair.n_subjects == 10 and first.verb == "holds"
    assert first.pair.p < first.p <= 4 * first.pair.p  # four places were run
    gains = [
        direct("emodb_compare_clean_residual", snr) - direct("emodb_compare_clean_none", snr) for snr in ("-5", "0")
    ]
    assert first.pair.difference == pytest.approx(np.mean(gains))  # everybody has as many of each class


def test_what_is_not_told_apart_is_not_reproduced_and_what_is_turned_differs(c):
    claim, held = PAPER.claims["average_helps"], outcomes(c, PAPER.claims["average_helps"])

    def word(*given, **more):
        return verdict_of(c, replace(claim, **more), given).word

    first, *rest = held
    unsure = replace(first, p=0.2)
    turned = replace(first, pair=replace(first.pair, difference=-1.0))
    below = replace(turned, p=0.2)
    absent = replace(first, pair=None)
    assert word(*held) == "reproduced" and word(unsure, *rest) == "same order"
    assert word(turned, *rest) == word(below, *rest) == "differs"
    assert word(absent, *rest) == "same order" and word(absent) == "not attempted"
    assert word(turned, *rest, any=True) == "reproduced" and word(unsure, any=True) == "same order"
    assert word(turned, below, any=True) == "differs"


def test_the_claims_table_has_quote_verdict_n_and_p(tables):
    table = tables["claims"]
    assert len(table.rows) == sum(len(claim.parts) for claim in PAPER.claims.values())
    row = table.rows[0]
    assert row[1].text == "EMO-DB, ComParE" and row[4].text == "10" and row[3].value < 0.05 and row[5].text == "holds"
    assert "all SER models benefit" in table.notes[0] and "Same order: it holds at" in table.notes[0]
    assert any("no sentence, its numbers" in note for note in table.notes) and "Holm" in table.notes[-1]


def test_the_tally_counts_claims_of_the_text_and_what_differs_has_a_cause(tables):
    rows = rows_of(tables["tally"])
    numbers = sum(len(table.rows) * len(table.columns) for table in PAPER.tables.values())
    assert rows["Measured values"]["How many"].text == str(numbers) == "107"
    assert rows["Claims of the text"]["How many"].text == str(len(PAPER.claims))
    for row in tables["unreproduced"].rows:
        assert row[6].text not in ("", "not known")


# --- beyond the paper -------------------------------------------------------------------------------------------


def test_front_ends_by_snr(tables):
    rows = rows_of(tables["front_ends_emodb_compare"])
    assert list(rows) == list(FRONTS.values())
    assert rows["Log-MMSE"]["0 dB"].value == pytest.approx(direct("emodb_compare_clean_log_mmse", "0"))
    assert rows["Residual network"]["Clean"].value < rows["Noisy"]["Clean"].value  # its damage
    assert rows["DTLN, pretrained"]["0 dB"].provenance.startswith("not attempted: no finished run")


def test_every_front_end_against_the_noisy_input(tables):
    table = tables["front_ends_emodb_compare_paired"]
    rows = rows_of(table)
    oracle = rows["Oracle ratio mask"]
    assert oracle["It is"].text == "better" and oracle["It minus Noisy"].value > 0
    assert oracle["Its UAR, %"].value == pytest.approx(direct("emodb_compare_clean_irm", *SNRS))
    assert oracle["p, adjusted"].value == pytest.approx(3 * 2 / 2**10)  # three front ends were run
    assert oracle["Items / people"].text == "1440 / 10" and rows["Wiener"]["It is"].source == "not attempted"
    assert any(note.startswith("Better than Noisy: ") and "Oracle ratio mask" in note for note in table.notes)


def test_multi_condition_training_beside_front_ends(tables):
    rows = rows_of(tables["multi_emodb_compare"])
    assert "Multi-condition training, no front end" in rows and "Clean training, Log-MMSE" in rows
    assert "Matched training, Residual network" in rows and "Matched training, Wiener" not in rows
    paired = rows_of(tables["multi_emodb_compare_paired"])
    assert paired["Noisy"]["It is"].text == "worse"


def test_figures_get_their_rows(c):
    found = uar_by_snr(c, "emodb", "compare")
    assert set(found) == set(GAINS) and list(found["none"]) == [*SNRS, "clean"]
    assert found["irm"]["-5"].value == pytest.approx(direct("emodb_compare_clean_irm", "-5"))
    assert uar_by_snr(c, "nemo", "egemaps") == {}


# --- does sound predict recognition? --------------------------------------------------------------------------------


def test_points_are_changes_from_the_noisy_input(c):
    points = {(point.front, point.snr_db): point for point in quality_points(c, "emodb", "compare")}
    assert len(points) == 3 * 6 and {front for front, _ in points} == {"residual", "log_mmse", "irm"}
    point = points["irm", "-5"]
    assert point.quality == pytest.approx(SOUND["irm"], abs=0.02)
    expected = direct("emodb_compare_clean_irm", "-5") - direct("emodb_compare_clean_none", "-5")
    assert point.uar == pytest.approx(expected)
    assert quality_points(c, "nemo", "compare") == []


def test_the_correlation_is_scipys_raw_and_within_an_snr(c):
    stats = pytest.importorskip("scipy.stats")
    points = quality_points(c, "emodb", "compare")
    found = correlation(c, "emodb", "compare", "pesq_wb", tuple(FRONTS))
    raw = stats.spearmanr([p.quality for p in points], [p.uar for p in points]).statistic
    assert found.raw == pytest.approx(raw) and (found.n_points, found.n_people) == (18, 10)
    means = {snr: np.mean([(p.quality, p.uar) for p in points if p.snr_db == snr], axis=0) for snr in SNRS}
    centred = np.array([(p.quality, p.uar) - means[p.snr_db] for p in points])
    assert found.within == pytest.approx(stats.spearmanr(*centred.T).statistic)
    low, high = found.within_interval
    assert low <= found.within <= high and found.answer == "yes"  # the oracle is best in both
    unsure = replace(found, within_interval=(-0.2, 0.4))
    assert unsure.answer == "no" and replace(found, within=-0.5, within_interval=(-0.7, -0.1)).answer != "yes"


def test_rank_correlation_with_ties_is_scipys():
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 5, size=(2, 4, 20)).astype(float)
    assert spearman(x, y) == pytest.approx([stats.spearmanr(a, b).statistic for a, b in zip(x, y, strict=True)])
    assert np.isnan(spearman(np.ones(5), np.arange(5.0)))


def test_the_answer_stands_in_the_table(tables):
    rows = rows_of(tables["quality_vs_uar"])
    line = rows["EMO-DB, ComParE, PESQ-wb"]
    assert line["At one SNR, with oracle"].low > 0 > line["At one SNR"].low  # the oracle alone made it a yes
    assert line["Does it predict?"].text == "no" and line["Points / people"].text == "12 / 10"
    assert rows["nEMO, ComParE, PESQ-wb"]["Does it predict?"].source == "not attempted"


# --- little, and nothing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["quick", "open", "paper"])
def test_a_store_without_any_cell_gives_tables_and_no_error(tmp_path, profile):
    protocol = Made({"emodb_compare_clean_none": 1})
    for table in made(makers(protocol, profile, CellStore(tmp_path))):
        assert render(table, "text")
        runs = [entry for row in table.rows for entry in row if entry.source == "run"]
        assert not runs, table.name
    (table,) = made(makers(protocol, profile, CellStore(tmp_path)), ["tally"])
    assert rows_of(table)["Measured values"]["Not attempted"].text == "107"


def test_a_cell_that_lacks_an_snr_has_no_average(tmp_path):
    protocol, store = Made({"emodb_compare_clean_none": 1}), CellStore(tmp_path)
    few = [row for row in acted("emodb_compare_clean_none", 6) if row.conditions["snr_db"] != "10"]
    store.write(protocol.cells("open")[0], few)
    table3b, table5 = made(makers(protocol, "open", store), ["table3b", "table5"])
    noisy = rows_of(table3b)["EMO-DB, ComParE"]["Noisy: here, %"]
    assert noisy.provenance == "not attempted: not run at each of the levels"
    assert rows_of(table5)["EMO-DB, ComParE, 5 dB"]["Noisy: here, %"].value is not None
    assert rows_of(table5)["EMO-DB, ComParE, 10 dB"]["Noisy: here, %"].value is None


def test_quick_shows_its_own_corpus_at_its_own_snrs_without_a_verdict(tmp_path):
    names = [system_of("polish", "egemaps", "clean", front) for front in ("none", "residual", "log_mmse")]
    names += [f"polish_quality_{front}" for front in ("none", "residual", "log_mmse")]
    protocol, store = Made(dict.fromkeys(names, 1)), CellStore(tmp_path)
    for cell in protocol.cells("quick"):
        few = [row for row in items(cell.system) if row.conditions["snr_db"] in ("clean", "0", "10")]
        store.write(cell, few)
    wanted = ["table5", "front_ends_polish_egemaps", "front_ends_polish_egemaps_paired", "quality_polish", "claims"]
    table5, ends, paired, quality, claims = made(makers(protocol, "quick", store), wanted)
    line = rows_of(table5)["Polish words, eGeMAPS, 0 dB"]
    assert line["Noisy: paper, %"].text == "not in the paper" and line["Noisy: here, %"].value > 0
    assert line["Verdicts: noisy / enhanced"].text == ""
    assert ends.columns == ("System", "Clean", "0 dB", "10 dB", "Mean, 0 to 10 dB", "Items / people / seeds at each")
    mean = rows_of(ends)["Residual network"]["Mean, 0 to 10 dB"].value
    assert mean == pytest.approx(direct("polish_egemaps_clean_residual", "0", "10"))
    assert rows_of(paired)["Residual network"]["Its UAR, %"].value == mean
    assert "mean over 0 to 10 dB" in quality.title and rows_of(quality)["Log-MMSE"]["STOI"].value > 0
    assert {row[-1].text for row in claims.rows} == {"not attempted"}
    c = comparison(protocol, "quick", store)
    assert {point.snr_db for point in quality_points(c, "polish", "egemaps")} == {"0", "10"}
    assert correlation(c, "polish", "egemaps", "stoi").n_points == 4


def test_rows_of_a_big_cell_are_not_kept(c, full, monkeypatch):
    """A cell of predictions is read once, whatever is asked of it, and its rows are let go."""
    read, real = [], CellStore.read
    monkeypatch.setattr(CellStore, "read", lambda self, cell: read.append(cell.system) or real(self, cell))
    names = ["table2", "table3b", "table5", "front_ends_emodb_compare", "claims"]
    assert len(made(makers(full[0], "open", full[1]), names)) == 5
    assert max(read.count(system) for system in set(read)) == 2  # arousal_clean_none has two seeds
    assert not c.runs._runs
