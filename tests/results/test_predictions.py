import numpy as np
import pytest

from biosig.errors import DataError
from biosig.results.predictions import CORRECT, compare_uar, pooled_uar, prediction, speaker_uars
from biosig.results.rows import decode, encode

LABELS = ("anger", "fear", "joy")


def guesses(skill=0.6, people=6, each=30, seed=0):
    """Predictions of people who are told more or less rightly."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        for number in range(each):
            label = LABELS[number % 3] if person else LABELS[number % 2]  # the first person never shows joy
            right = rng.random() < skill
            predicted = label if right else LABELS[rng.integers(3)]
            rows.append(prediction(f"{person}/{number}", f"p{person}", label, predicted))
    return rows


def test_a_prediction_is_an_item_that_survives_the_store():
    row = prediction("u1", "03", "anger", "joy", {"anger": 0.25, "joy": 0.5}, {"snr_db": "5"})
    back = decode(*encode([row]))[0]
    assert back.metric == CORRECT and back.value == 0
    assert back.conditions == {
        "snr_db": "5", "label": "anger", "predicted": "joy", "score_anger": "0.25", "score_joy": "0.5"
    }  # fmt: skip


def test_the_uar_is_scikit_learns_over_all_utterances_at_once():
    metrics = pytest.importorskip("sklearn.metrics")
    rows = guesses()
    truth, told = ([row.conditions[name] for row in rows] for name in ("label", "predicted"))
    found = pooled_uar({0: rows}, LABELS)
    assert found.value == pytest.approx(metrics.balanced_accuracy_score(truth, told))
    assert (found.n_items, found.n_subjects, found.n_seeds) == (180, 6, 1)
    assert found.value != pytest.approx(np.mean(list(speaker_uars({0: rows}, LABELS).values())), abs=1e-6)


def test_the_interval_is_a_bootstrap_over_people():
    from biosig.seeds import rng_for

    rows = guesses()
    found = pooled_uar({0: rows}, LABELS, n=200)
    picks = rng_for("bootstrap").integers(0, 6, size=(200, 6))
    slow = []
    for pick in picks:
        hits = {label: [] for label in LABELS}
        for person in pick:
            for row in rows:
                if row.subject == f"p{person}":
                    hits[row.conditions["label"]].append(row.value)
        slow.append(np.mean([np.mean(found) for found in hits.values() if found]))
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(slow, [0.025, 0.975])))


def test_seeds_are_averaged_and_not_counted_as_people():
    one, other = guesses(seed=1), guesses(seed=2)
    both = pooled_uar({0: one, 1: other}, LABELS)
    assert both.value == pytest.approx(np.mean([pooled_uar({0: rows}, LABELS).value for rows in (one, other)]))
    assert (both.n_items, both.n_subjects, both.n_seeds) == (180, 6, 2)


def test_a_class_that_one_person_lacks_is_left_out_of_his_own_uar():
    rows = [prediction("1", "p", "anger", "anger"), prediction("2", "p", "fear", "joy")]
    assert speaker_uars({0: rows}, LABELS) == {"p": 0.5}


def test_a_paired_test_sees_a_system_that_is_better_on_everybody():
    good, bad = guesses(0.9, seed=4), guesses(0.2, seed=5)
    difference, p = compare_uar({0: good}, {0: bad}, LABELS)
    assert difference > 0.3 and p == pytest.approx(2 / 2**6)
    assert compare_uar({0: good}, {0: good}, LABELS) == (0.0, 1.0)


def test_what_has_no_uar():
    with pytest.raises(DataError, match="no predictions"):
        pooled_uar({}, LABELS)
    with pytest.raises(DataError, match="a class has no case"):
        pooled_uar({0: [prediction("1", "p", "anger", "anger")]}, LABELS)
    with pytest.raises(DataError, match="different people"):
        compare_uar({0: guesses(people=3)}, {0: guesses(people=4)}, LABELS)
