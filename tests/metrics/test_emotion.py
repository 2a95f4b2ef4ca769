import numpy as np
import pytest

from biosig.errors import SignalError
from biosig.metrics.emotion import POPULATION, SAMPLE, ccc, confusion, recalls, uar, war

LABELS = ("anger", "fear", "joy")


def predictions(n=300, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.choice(LABELS, n, p=[0.7, 0.2, 0.1])
    wrong = rng.random(n) < 0.4
    return truth, np.where(wrong, rng.choice(LABELS, n), truth)


def test_counts_recalls_and_averages_are_scikit_learns():
    metrics = pytest.importorskip("sklearn.metrics")
    truth, predicted = predictions()
    counts = confusion(truth, predicted, LABELS)
    np.testing.assert_array_equal(counts, metrics.confusion_matrix(truth, predicted, labels=LABELS))
    expected = metrics.recall_score(truth, predicted, labels=LABELS, average=None)
    np.testing.assert_allclose(recalls(counts), expected)
    assert uar(counts) == pytest.approx(metrics.balanced_accuracy_score(truth, predicted))
    assert war(counts) == pytest.approx(metrics.accuracy_score(truth, predicted))


def test_uar_by_hand_and_what_accuracy_hides():
    truth = ["anger"] * 8 + ["fear"] + ["joy"]
    counts = confusion(truth, ["anger"] * 10, LABELS)  # the answer of one who always says anger
    assert war(counts) == pytest.approx(0.8)
    assert uar(counts) == pytest.approx(1 / 3)


def test_the_order_of_the_scheme_permutes_the_counts_and_nothing_else():
    truth, predicted = predictions(seed=1)
    counts = confusion(truth, predicted, LABELS)
    turned = confusion(truth, predicted, LABELS[::-1])
    np.testing.assert_array_equal(turned, counts[::-1, ::-1])
    assert uar(turned) == pytest.approx(uar(counts))


def test_a_class_without_a_case_has_no_uar_and_says_so():
    counts = confusion(["anger", "fear"], ["anger", "joy"], LABELS)
    assert np.isnan(recalls(counts)[2])
    with pytest.raises(SignalError, match="1 of 3 classes have no case"):
        uar(counts)


@pytest.mark.parametrize(
    ("truth", "predicted", "labels", "words"),
    [
        (["anger"], [], LABELS, "1 true and 0 predicted labels"),
        ([], [], LABELS, "0 true and 0 predicted"),
        (["anger"], ["disgust"], LABELS, "label 'disgust' is not in the scheme"),
        (["anger"], ["anger"], ("anger", "anger"), "stands twice in the scheme"),
    ],
)
def test_labels_that_cannot_be_counted(truth, predicted, labels, words):
    with pytest.raises(SignalError, match=words):
        confusion(truth, predicted, labels)


def test_ccc_in_closed_form():
    x = np.random.default_rng(2).standard_normal(500)
    x = (x - x.mean()) / x.std()
    assert ccc(x, x) == pytest.approx(1)
    assert ccc(x, -x) == pytest.approx(-1)
    # y = a·x + b of a standardised x: 2a / (1 + a² + b²)
    for a, b in ((2.0, 0.0), (1.0, 3.0), (0.5, -1.0)):
        assert ccc(x, a * x + b) == pytest.approx(2 * a / (1 + a**2 + b**2))


def test_ccc_is_correlation_times_bias_and_its_two_forms_differ_by_the_means_alone():
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((2, 40)) + [[0.0], [1.0]]
    y = 0.7 * x + y
    r = np.corrcoef(x, y)[0, 1]
    shift, ratio = (x.mean() - y.mean()) ** 2, x.std() / y.std()
    bias = 2 / (ratio + 1 / ratio + shift / (x.std() * y.std()))
    assert ccc(x, y, POPULATION) == pytest.approx(r * bias)
    n = x.size / (x.size - 1)
    assert ccc(x, y, SAMPLE) == pytest.approx(
        2 * np.cov(x, y)[0, 1] / (n * x.var() + n * y.var() + shift)
    )
    assert ccc(x, y, SAMPLE) > ccc(x, y, POPULATION) > 0


@pytest.mark.parametrize(
    ("truth", "predicted", "words"),
    [
        ([0.0, 1.0], [0.0, 1.0, 2.0], "expected two of one length"),
        ([0.0], [0.0], "2 or more"),
        ([0.0, np.nan], [0.0, 1.0], "not finite"),
        ([1.0, 1.0], [1.0, 1.0], "same constant"),
    ],
)
def test_traces_without_a_concordance(truth, predicted, words):
    with pytest.raises(SignalError, match=words):
        ccc(np.array(truth), np.array(predicted))
