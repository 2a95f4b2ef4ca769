"""TRNet's tables from a made-up store: systems with known shares of right answers and known gates."""

import re

import pytest

from biosig.papers.claim_verdicts import judge_claim
from biosig.papers.comparison import made
from biosig.papers.transcription import load
from biosig.papers.trnet.chosen import chosen, cut
from biosig.papers.trnet.naming import CONTROLS, ENHANCERS, JUDGED, REFINED, SNRS, SYSTEMS, system_of
from biosig.papers.trnet.profiles import OPEN, SETUPS
from biosig.papers.trnet.tables import comparison, gates_by_snr, makers, transcribed
from biosig.results.items import Cell, CellStore, Item
from biosig.results.predictions import prediction
from biosig.results.tables import render
from biosig.results.verify import check_sources

PEOPLE = tuple("ABCDEFGHI")
LABELS = OPEN.emotions
# right answers among 20 of each class: clean, matched, unmatched; the order is the paper's
RIGHT = {
    "baseline_c": (12, 6, 5),
    "baseline_n": (11, 10, 9),
    "baseline_e": (10, 9, 10),
    "trnet": (13, 12, 13),
    "trnet_no_low": (12, 11, 12),
    "trnet_no_high": (11, 10, 11),
}
STEEP = {"trnet": 0.04, "trnet_no_low": 0.01, "trnet_no_high": 0.04}  # what a dB adds to c


class Made:
    """A protocol whose cells are these systems, with one seed each."""

    def __init__(self, systems):
        self.systems = systems

    def cells(self, profile):
        return [Cell("trnet", profile, name, 0, 0, {}) for name in self.systems]


def answers(which, environment, level, people=PEOPLE):
    """Predictions with the planted share right, one person a little better than the next."""
    right = RIGHT[which][("clean", "matched", "unmatched").index(environment)]
    at = {"environment": environment, "snr_db": level}
    for who in people:
        for label in LABELS:
            other = LABELS[LABELS.index(label) - 1]
            for k in range(20):
                told = label if k < right else other
                yield prediction(f"{who}{label}{k}@{environment}{level}", who, label, told, conditions=at)
        if which in STEEP:
            c = 0.2 if level == "clean" else 0.1 + STEEP[which] * int(level)
            yield Item(f"{who}@{environment}{level}", who, "c", "1", c, conditions=at)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = CellStore(tmp_path_factory.mktemp("results"))
    for cell in Made(planted()).cells("open"):
        which, items = SYSTEMS[cell.system][0], []
        for environment, levels in (("clean", ("clean",)), ("matched", SNRS), ("unmatched", SNRS)):
            for level in levels:
                items += answers(which, environment, level)
        for who in PEOPLE:
            shift = {"baseline_c": 3.0, "baseline_e": 2.0}.get(which, 1.0)
            items += [Item(who, who, "condition_shift", "1", shift), Item(who, who, "emotion_distance", "1", 1 / shift)]
        store.write(cell, items)
    return store


def planted():
    return [system_of(which, JUDGED) for which in RIGHT]


@pytest.fixture(scope="module")
def c(store):
    return comparison(Made(planted()), "open", store, JUDGED)


def test_table_1_holds_the_papers_numbers_beside_the_planted_ones(store, c):
    table = makers(Made(planted()), "open", store)["table1_uar"]()
    assert [row[0].text for row in table.rows] == list(c.paper.tables["table1"].rows)
    for row, which in zip(table.rows, RIGHT, strict=True):
        found = [entry.value for entry in row[2:7:2]]
        assert found == pytest.approx([100 * right / 20 for right in RIGHT[which]])
    assert [entry.text for entry in table.rows[3][1:6:2]] == ["57.49", "55.24", "55.60"]
    assert set(table.rows[3][-1].text.split(" / ")) == {"same order"}  # no tolerance on other corpora
    assert not check_sources(table, c.keys(*planted()))


def test_every_claim_of_the_text_is_reproduced_where_it_was_planted(c):
    words = {name: judge_claim(c, claim).word for name, claim in c.paper.claims.items()}
    wrong = {name: word for name, word in words.items() if word not in ("reproduced", "same order")}
    assert not wrong
    for name in ("matched_noisy", "no_clean_cost", "c_follows_snr", "c_less_sensitive", "conditions_apart"):
        assert words[name] == "reproduced", name


def test_a_claim_turned_round_differs(c, tmp_path):
    store = CellStore(tmp_path)
    flipped = {"baseline_n": "baseline_e", "baseline_e": "baseline_n"}
    for cell in Made([system_of(which, JUDGED) for which in flipped]).cells("open"):
        items = [item for level in SNRS for item in answers(flipped[SYSTEMS[cell.system][0]], "matched", level)]
        store.write(cell, items)
    other = comparison(Made([system_of(which, JUDGED) for which in flipped]), "open", store, JUDGED)
    assert judge_claim(other, other.paper.claims["matched_noisy"]).word == "differs"
    assert judge_claim(other, other.paper.claims["no_clean_cost"]).word == "not attempted"


def test_figure_2_is_the_planted_gate(store, c):
    table = makers(Made(planted()), "open", store)["figure2"]()
    rows = {(row[0].text, row[1].text): [entry.value for entry in row[2:-1]] for row in table.rows}
    assert rows["TRNet", "matched noise"] == pytest.approx([0.2, 0.9, 0.7, 0.5, 0.3, 0.1])
    assert len(rows) == 2 * (len(REFINED) + len(CONTROLS))
    found = gates_by_snr(c, JUDGED)["trnet_no_low"]["unmatched"]
    assert found["20"].value == pytest.approx(0.3) and set(found) == {*SNRS, "clean"}


def test_another_enhancer_is_judged_by_the_same_rules_in_tables_of_its_own():
    own, other = transcribed(JUDGED), transcribed("cmgan")
    assert own is load("trnet")
    for line in own.tables["table1"].columns:
        theirs = other.tables["table1"].column(line.name)
        assert theirs.values == line.values and theirs.systems["TRNet"] == "trnet_cmgan"
        assert theirs.systems["Baseline-n"] == "baseline_n"
    for enhancer, title in ENHANCERS.items():
        assert title in comparison(Made([]), "open", CellStore("nowhere"), enhancer).here
    names = makers(Made([]), "open", CellStore("nowhere"))
    assert {"claims", "claims_recurrent_mask_long", "claims_cmgan", "enhancers", "cut", "glance"} <= set(names)


def test_every_system_of_the_transcription_is_one_of_the_protocol():
    paper = load("trnet")
    named = {system for line in paper.tables["table1"].columns for system in line.systems.values()}
    named |= {system for claim in paper.claims.values() for system in claim.systems}
    assert named <= set(SYSTEMS)
    assert transcribed("recurrent_mask_long").claims["calibration"].systems[0] in SYSTEMS


def test_what_is_chosen_is_told_and_what_is_cut_is_counted():
    told = {choice.name for choice in load("trnet").choices if not choice.here}
    for profile in SETUPS:
        assert set(chosen(profile)) == told
    table = cut("open")
    times = [float(row[3].text.replace(",", "")) for row in table.rows]
    assert times[0] == pytest.approx(90 / OPEN.per_class) and times[2] == pytest.approx(32 / OPEN.width, rel=0.01)
    assert times[-1] == pytest.approx(times[0] * times[1] * times[2] ** 2 * times[3], rel=0.02)


def test_all_tables_can_be_asked_for_by_name(store, c):
    found, keys = makers(Made(planted()), "open", store), c.keys(*planted())
    for name in found:
        (table,) = made(found, [name])
        assert table.name == name and render(table, "html")
        assert not check_sources(table, keys)
        assert re.fullmatch(r"[a-z0-9_]+", name)
