"""Measures of sets against scikit-learn, a closed form and slow loops over people, levels and items."""

import numpy as np
import pytest

from biosig.errors import DataError
from biosig.metrics.emotion import ccc
from biosig.results.measures import (
    CCC,
    SUMS,
    Measure,
    concordance_sums,
    contrast,
    mean_of,
    on_common,
    pair_of,
    percent,
    pool,
    summarise_levels,
    summarise_pool,
    summary_of,
)
from biosig.results.predictions import prediction, uar, war
from biosig.results.rows import Item
from biosig.results.statistics import signed_rank_p, summarise
from biosig.seeds import rng_for

LABELS = ("anger", "fear", "joy")
SNRS = ("-5", "5", "clean")


def guesses(skills, people=6, each=30, seed=0):
    """Predictions at several SNRs, told the more rightly the greater the skill at it; classes are unevenly many."""
    rng, rows = np.random.default_rng(seed), []
    for snr, skill in skills.items():
        for person in range(people):
            for number in range(each):
                label = LABELS[min(number % 5, 2)] if person else LABELS[number % 2]  # the first never shows joy
                predicted = label if rng.random() < skill else LABELS[rng.integers(3)]
                rows.append(prediction(f"{person}/{number}@{snr}", f"p{person}", label, predicted, {}, {"snr_db": snr}))
    return rows


def traces(people=5, sessions=2, snrs=SNRS, seed=0):
    """(person, snr) → truth and prediction of each session; some follow the truth better than others."""
    rng, found = np.random.default_rng(seed), {}
    for person in range(people):
        for k, snr in enumerate(snrs):
            for session in range(sessions):
                truth = np.cumsum(rng.normal(size=40 + 7 * session)) / 10
                told = truth * (0.2 + 0.3 * k) + rng.normal(size=truth.size) * 0.3 + 0.1 * person
                found[f"p{person}", snr, session] = (truth, told)
    return found


def sums(found):
    return [
        Item(f"{person}/{session}@{snr}", person, metric, "1", value, "", {"snr_db": snr})
        for (person, snr, session), pair in found.items()
        for metric, value in concordance_sums(*pair).items()
    ]


def joined(found, person=None, snr=None, times=None):
    """Truth and prediction end to end, of one person and SNR or of all, each person as often as ``times`` says."""
    parts = [
        pair
        for (p, s, _), pair in found.items()
        if person in (None, p) and snr in (None, s)
        for _ in range(times[p] if times else 1)
    ]
    return [np.concatenate(side) for side in zip(*parts, strict=True)]


# --- against other code -------------------------------------------------------------------------------------------


def test_uar_and_war_are_scikit_learns_at_each_level_and_then_the_mean():
    metrics = pytest.importorskip("sklearn.metrics")
    rows = guesses({"-5": 0.2, "5": 0.6, "clean": 0.9})
    for measure, theirs in ((uar(), metrics.balanced_accuracy_score), (war(LABELS), metrics.accuracy_score)):
        expected = []
        for snr in SNRS:
            of = [row for row in rows if row.conditions["snr_db"] == snr]
            expected.append(theirs(*([row.conditions[name] for row in of] for name in ("label", "predicted"))))
        found = pool({0: rows}, measure)
        assert summarise_pool(found).value == pytest.approx(np.mean(expected))
        assert [summary.value for summary in summarise_levels(found).values()] == pytest.approx(expected)
        assert summarise_pool(pool({0: rows}, percent(measure))).value == pytest.approx(100 * np.mean(expected))
        assert found.levels == (("", "-5"), ("", "5"), ("", "clean"))


def test_war_is_not_uar_and_not_a_mean_over_people():
    rows = guesses({"5": 0.5})
    assert summarise_pool(pool({0: rows}, war())).value == pytest.approx(summarise({0: rows}, "correct").value)
    unequal = rows + [row for row in guesses({"5": 0.9}, each=90, seed=3) if row.subject == "p5"]
    renamed = [Item(**{**vars(row), "item": f"{row.item}#{k}"}) for k, row in enumerate(unequal)]
    found = summarise_pool(pool({0: renamed}, war())).value
    assert found == pytest.approx(np.mean([row.value for row in renamed]))
    assert found != pytest.approx(summarise({0: renamed}, "correct").value, abs=1e-3)


def test_the_concordance_of_a_set_is_that_of_its_traces_end_to_end():
    found = traces()
    expected = {snr: ccc(*joined(found, snr=snr)) for snr in SNRS}
    pooled = pool({0: sums(found)}, CCC)
    assert {snr: each.value for snr, each in summarise_levels(pooled).items()} == pytest.approx(expected)
    whole = summarise_pool(pooled)
    assert whole.value == pytest.approx(np.mean(list(expected.values())))
    assert (whole.n_items, whole.n_subjects, whole.n_seeds) == (30, 5, 1)
    apart = np.mean([ccc(*pair) for pair in found.values()])
    assert whole.value != pytest.approx(apart, abs=1e-2)  # the mean of sessions' own is another number


def test_the_concordances_interval_is_a_bootstrap_over_people():
    found, people = traces(), [f"p{k}" for k in range(5)]
    picks = rng_for("bootstrap").integers(0, 5, size=(150, 5))
    slow = []
    for pick in picks:
        times = {name: int((pick == k).sum()) for k, name in enumerate(people)}
        slow.append(np.mean([ccc(*joined(found, snr=snr, times=times)) for snr in SNRS]))
    result = summarise_pool(pool({0: sums(found)}, CCC), n=150)
    assert (result.low, result.high) == pytest.approx(tuple(np.quantile(slow, [0.025, 0.975])))


def test_each_persons_own_measure():
    found = traces()
    own = pool({0: sums(found)}, CCC).own
    for person, value in own.items():
        assert value == pytest.approx(np.mean([ccc(*joined(found, person, snr)) for snr in SNRS]))


def test_a_contrast_is_a_weighted_sum_of_peoples_own_measures():
    good, bad = guesses({"-5": 0.7, "5": 0.9}, seed=1), guesses({"-5": 0.2, "5": 0.8}, seed=2)
    one, other = (pool({0: rows}, uar()) for rows in (good, bad))
    low, high = {"snr_db": ["-5"]}, {"snr_db": ["5"]}
    pair = contrast([(1, one.at(low)), (-1, other.at(low)), (-1, one.at(high)), (1, other.at(high))])

    def recall(rows, person, snr):
        hits = {}
        for row in rows:
            if row.subject == person and row.conditions["snr_db"] == snr:
                hits.setdefault(row.conditions["label"], []).append(row.value)
        return np.mean([np.mean(each) for each in hits.values()])

    slow = [
        recall(good, p, "-5") - recall(bad, p, "-5") - recall(good, p, "5") + recall(bad, p, "5")
        for p in (f"p{k}" for k in range(6))
    ]
    assert pair.difference == pytest.approx(np.mean(slow)) and pair.p == signed_rank_p(np.array(slow))
    assert pair.low < pair.difference < pair.high and pair.n_subjects == 6 and pair.n_items == 180


def test_a_plain_mean_is_what_numpy_says():
    rows = [Item(f"u{k}", f"p{k % 3}", "stoi", "1", 0.1 * k, "", {"snr_db": "5"}) for k in range(8)]
    assert summarise_pool(pool({0: rows}, mean_of("stoi"))).value == pytest.approx(np.mean([row.value for row in rows]))


def test_a_further_measure_needs_its_totals_and_a_rule():
    """Word error rate: errors over words of the whole set, and not a mean of utterances' rates."""
    wer = Measure(
        "wer", "1", ("wer_errors", "wer_words"), lambda row: ((row.metric, row.value),),
        lambda t: t[..., 0] / t[..., 1], lambda t: t[..., 1] > 0, "no words",
    )  # fmt: skip
    told = {"a": (1, 2), "b": (0, 8), "c": (3, 10)}
    rows = [Item(n, n, m, "1", float(v)) for n, both in told.items() for m, v in zip(wer.metrics, both, strict=True)]
    assert summarise_pool(pool({0: rows}, wer)).value == pytest.approx(4 / 20)


# --- seeds, levels, what is missing -------------------------------------------------------------------------------


def test_seeds_are_averaged_and_not_counted_as_people():
    one, two = guesses({"5": 0.5}, seed=1), guesses({"5": 0.6}, seed=2)
    both = summarise_pool(pool({0: one, 1: two}, uar()))
    values = [summarise_pool(pool({0: rows}, uar())).value for rows in (one, two)]
    assert both.value == pytest.approx(np.mean(values)) and both.seed_sd == pytest.approx(np.std(values, ddof=1))
    assert (both.n_items, both.n_subjects, both.n_seeds) == (180, 6, 2)


def test_a_mean_over_levels_that_are_not_all_there_is_no_number():
    found = pool({0: guesses({"-5": 0.3, "5": 0.6})}, uar())
    assert found.at({"snr_db": ["-5", "5"]}) and found.at({"snr_db": ["5"]}) and found.at({})
    for levels in ({"snr_db": ["-5", "5", "10"]}, {"snr_db": ["clean"]}, {"train_snr_db": ["5"]}, {"noise": ["car"]}):
        empty = found.at(levels)
        assert not empty and empty.own == {} and summarise_pool(empty).value is None
        assert contrast([(1, found), (-1, empty)]) is None
    assert not pool({}, uar()) and summarise_pool(pool({}, uar())).value is None


def test_levels_of_training_and_test_are_taken_apart():
    def rows(train, snr, seed):
        truth = np.random.default_rng(seed).normal(size=30)
        told = concordance_sums(truth, truth * 0.5 + 0.1 * seed)
        where = {"train_snr_db": train, "snr_db": snr}
        return ccc(truth, truth * 0.5 + 0.1 * seed), [
            Item(f"{train}/{snr}", "p", metric, "1", value, "", where) for metric, value in told.items()
        ]

    made = {(t, s): rows(t, s, k) for k, (t, s) in enumerate([("5", "5"), ("5", "10"), ("15", "5"), ("15", "10")])}
    found = pool({0: [row for _, each in made.values() for row in each]}, CCC)
    at = found.at({"train_snr_db": ["15"], "snr_db": ["5", "10"]})
    assert summarise_pool(at).value == pytest.approx(np.mean([made["15", "5"][0], made["15", "10"][0]]))
    assert summarise_pool(found).value == pytest.approx(np.mean([value for value, _ in made.values()]))


def test_a_class_of_the_scheme_that_nobody_has_leaves_no_uar_and_says_so():
    rows = [row for row in guesses({"5": 0.5}) if row.conditions["label"] != "joy"]
    found = summarise_pool(pool({0: rows}, uar(LABELS)))
    assert found.value is None and found.failed == {"a class has no case": 1}
    assert summarise_pool(pool({0: rows}, uar())).value is not None  # its own labels are two
    with pytest.raises(DataError, match="uar has no place for .*joy"):
        pool({0: guesses({"5": 0.5})}, uar(("anger", "fear")))


def test_a_level_that_lacks_a_class_another_level_has_is_no_number():
    both = guesses({"-5": 0.5, "5": 0.5})
    rows = [row for row in both if (row.conditions["label"], row.conditions["snr_db"]) != ("joy", "-5")]
    assert summarise_pool(pool({0: rows}, uar())).value is None


def test_two_equal_constants_have_no_concordance():
    rows = sums({("p0", "5", 0): (np.ones(9), np.ones(9)), ("p1", "5", 0): (np.ones(9), np.ones(9))})
    found = summarise_pool(pool({0: rows}, CCC))
    assert found.value is None and found.failed == {"both traces are the same constant": 1}


def test_items_without_a_value_are_counted():
    rows = guesses({"5": 0.5})
    broken = Item("x", "p0", "correct", "1", None, "too short", {"snr_db": "5", "label": "joy", "predicted": "joy"})
    assert summarise_pool(pool({0: [*rows, broken]}, uar())).failed == {"too short": 1}


def test_traces_that_do_not_fit():
    with pytest.raises(DataError, match="expected two of one length"):
        concordance_sums(np.ones(3), np.ones(4))
    assert set(concordance_sums(np.ones(3), np.ones(3))) == set(SUMS)


def test_two_pools_are_compared_on_the_people_that_both_have():
    six, four = (pool({0: guesses({"5": skill}, people)}, uar()) for skill, people in ((0.9, 6), (0.2, 4)))
    pair = pair_of(six, four, "uar")
    assert pair.n_subjects == 4 and pair.difference > 0.3 and pair.p == pytest.approx(2 / 2**4)
    assert [each.n_subjects for each in on_common(six, four, "uar")] == [4, 4]
    assert summary_of(six, "uar").n_subjects == 6
