"""Means, intervals and tests against scipy, brute force and numbers worked out by hand."""

import itertools

import numpy as np
import pytest
import scipy.stats

from biosig.errors import DataError
from biosig.results.rows import Item
from biosig.results.statistics import (
    bootstrap_interval,
    compare,
    holm,
    paired_test,
    signed_rank_p,
    summarise,
    summarise_by,
    where,
)


def items_of(values: dict[str, list[float | None]], metric="gain_db", version="1", **conditions):
    """subject → values, as items named subject/number."""
    return [
        Item(
            f"{subject}/{i}",
            subject,
            metric,
            version,
            value,
            "" if value is not None else "no active frame",
            {name: str(x) for name, x in conditions.items()},
        )
        for subject, of_subject in values.items()
        for i, value in enumerate(of_subject)
    ]


def test_interval_against_scipy():
    rng = np.random.default_rng(1)
    units = {f"P{i}": rng.normal(i, 1, size=3 + i) for i in range(9)}
    means = np.array([values.mean() for values in units.values()])
    theirs = scipy.stats.bootstrap((means,), np.mean, method="percentile", n_resamples=20000, random_state=rng)
    ours = bootstrap_interval(units, n=20000)
    spread = means.std() / 3
    assert ours == pytest.approx(tuple(theirs.confidence_interval), abs=0.06 * spread)


def test_interval_of_a_narrower_level_lies_inside():
    units = {f"P{i}": np.array([i**1.5]) for i in range(8)}
    wide, narrow = bootstrap_interval(units, level=0.95), bootstrap_interval(units, level=0.5)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_interval_is_over_units_and_not_over_their_values():
    """A thousand segments of two people are two people: the interval spans both means."""
    units = {"P1": np.full(1000, 0.0), "P2": np.full(1000, 1.0)}
    assert bootstrap_interval(units) == (0.0, 1.0)
    assert bootstrap_interval({"P1": units["P1"]}) is None


def test_interval_is_the_same_each_time_and_for_each_order():
    units = {f"P{i}": np.array([np.sin(i), i**1.3]) for i in range(6)}
    backwards = dict(reversed(units.items()))
    assert bootstrap_interval(units) == bootstrap_interval(backwards)
    assert bootstrap_interval(units) != bootstrap_interval(units, seed=("another",))


def brute_force(differences):
    """p by trying every assignment of signs."""
    nonzero = np.array([x for x in differences if x != 0])
    ranks = scipy.stats.rankdata(np.abs(nonzero))
    found = ranks[nonzero > 0].sum()
    sums = np.array([np.dot(signs, ranks) for signs in itertools.product((0, 1), repeat=len(ranks))])
    return min(1.0, 2 * min(np.mean(sums <= found + 1e-9), np.mean(sums >= found - 1e-9)))


@pytest.mark.parametrize("n", [5, 8, 21])
def test_signed_rank_against_scipy(n):
    differences = np.random.default_rng(n).normal(0.4, 1, size=n)
    assert signed_rank_p(differences) == pytest.approx(scipy.stats.wilcoxon(differences, method="exact").pvalue)


@pytest.mark.parametrize("differences", [[1, 1, 2, -2, 3, 3, 3], [0, 0, 1, -1, 2], [0.5] * 6, [-1, 2, -3, 4, 4, -4, 0]])
def test_signed_rank_with_ties_and_zeros_by_brute_force(differences):
    assert signed_rank_p(np.array(differences)) == pytest.approx(brute_force(differences))


def test_signed_rank_of_nothing():
    assert signed_rank_p(np.zeros(4)) == 1.0
    assert signed_rank_p(np.ones(6)) == pytest.approx(2 / 2**6)


def test_holm_by_hand():
    """R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") gives 0.03 0.06 0.06 0.02."""
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02}
    )
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


def test_paired_test_needs_the_same_units():
    with pytest.raises(DataError, match="different subjects"):
        paired_test({"P1": np.ones(2)}, {"P2": np.ones(2)})


def test_summary_by_hand():
    """Items, then subjects, then seeds: P1 has many items and still one voice."""
    by_seed = {0: items_of({"P1": [1.0, 1.0, 1.0, 1.0], "P2": [3.0]}), 1: items_of({"P1": [2.0] * 4, "P2": [6.0]})}
    found = summarise(by_seed, "gain_db")
    assert found.value == pytest.approx(((1 + 3) / 2 + (2 + 6) / 2) / 2)
    assert found.seed_sd == pytest.approx(np.std([2, 4], ddof=1))
    assert (found.low, found.high) == (1.5, 4.5)
    assert (found.n_items, found.n_subjects, found.n_seeds, found.failed, found.version) == (5, 2, 2, {}, "1")


def test_failed_items_are_counted_and_left_out_of_the_mean():
    found = summarise({0: items_of({"P1": [1.0, None], "P2": [None, None], "P3": [2.0, 4.0]})}, "gain_db")
    assert found.value == pytest.approx((1 + 3) / 2)
    assert (found.n_items, found.n_subjects, found.failed) == (3, 2, {"no active frame": 3})
    nothing = summarise({0: items_of({"P1": [None]})}, "gain_db")
    assert (nothing.value, nothing.low, nothing.n_items, nothing.failed) == (None, None, 0, {"no active frame": 1})


def test_two_variants_of_a_metric_are_not_averaged():
    mixed = [*items_of({"P1": [1.0]}, version="1; zeros"), *items_of({"P2": [2.0]}, version="2; reflected")]
    with pytest.raises(DataError, match="two variants, 1; zeros and 2; reflected"):
        summarise({0: mixed}, "gain_db")


def test_levels_come_in_the_order_of_numbers():
    rows = [row for snr in (0, -14, -2) for row in items_of({f"P{snr}": [float(snr)]}, snr_db=snr)]
    by = summarise_by({0: rows}, "gain_db", "snr_db")
    assert {level: found.value for level, found in by.items()} == {"-14": -14.0, "-2": -2.0, "0": 0.0}
    assert list(by) == ["-14", "-2", "0"]
    assert [row.subject for row in where({0: rows}, {"snr_db": "-2"})[0]] == ["P-2"]


def test_comparison_is_on_common_items_only():
    """b lacks some of a's items, and failed on one more: those of a must not count."""
    a = {0: items_of({"P1": [1.0, 100.0], "P2": [2.0, 100.0], "P3": [3.0]})}
    b = {0: items_of({"P1": [0.0], "P2": [0.0, None], "P3": [0.0]})}
    found = compare(a, b, "gain_db")
    assert found.difference == pytest.approx(2.0)
    assert (found.n_items, found.n_a, found.n_b, found.n_subjects) == (3, 5, 3, 3)
    assert found.p == found.smallest_p == pytest.approx(0.25)
    assert found.sign == 1 and compare(b, a, "gain_db").sign == -1
    assert compare(a, {0: items_of({"P9": [1.0]})}, "gain_db") is None


def test_comparison_pairs_what_varies_between_people():
    """People differ by far more than the systems do; only pairing can tell the systems apart."""
    people = np.random.default_rng(0).normal(0, 10, size=9)
    a = {seed: items_of({f"P{i}": [x + 0.5 + 0.01 * i] for i, x in enumerate(people)}) for seed in (0, 1)}
    b = {0: items_of({f"P{i}": [x] for i, x in enumerate(people)})}
    found = compare(a, b, "gain_db")
    assert found.difference == pytest.approx(0.54) and 0.5 < found.low < found.high < 0.6
    assert found.p == pytest.approx(2 / 2**9)


def test_an_interval_around_zero_is_a_tie():
    a = {0: items_of({"P1": [1.0], "P2": [-1.0], "P3": [0.5], "P4": [-0.4]})}
    b = {0: items_of({f"P{i}": [0.0] for i in range(1, 5)})}
    assert compare(a, b, "gain_db").sign == 0
