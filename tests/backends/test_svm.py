import numpy as np
import pytest

from biosig.backends import svm
from biosig.errors import SignalError


def speakers(n=8, each=30, d=20, seed=0):
    """Synthetic features: three classes apart in two directions, and an offset of each speaker's own."""
    rng = np.random.default_rng(seed)
    y = np.tile(np.array(["a", "b", "c"]), n * each // 3)
    who = np.repeat(np.arange(n), each)
    x = rng.standard_normal((y.size, d)) * np.linspace(1, 100, d) + rng.standard_normal((n, d))[who]
    x[:, 0] += 2 * (y == "a")
    x[:, 1] += 2 * (y == "b") * 6
    return x, y, who


def test_fixed_settings_are_scikit_learns_pipeline():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    x, y, who = speakers()
    ours = svm.fit(x[who > 0], y[who > 0], None, (1.0,), (1.0,))
    theirs = make_pipeline(StandardScaler(), SVC(C=1, gamma=1 / x.shape[1], class_weight="balanced"))
    theirs.fit(x[who > 0], y[who > 0])
    np.testing.assert_array_equal(ours(x[who == 0]), theirs.predict(x[who == 0]))
    scores = theirs.decision_function(x[who == 0])
    np.testing.assert_allclose(ours.scores(x[who == 0]), scores, atol=2e-3)  # libsvm stops at 1e-3


@pytest.mark.parametrize(("k", "d"), [(2, 5), (3, 88), (6, 700)])
@pytest.mark.parametrize("cost", svm.COSTS)
def test_every_pair_decides_as_in_scikit_learns_own_rbf_machine(monkeypatch, k, d, cost):
    """Features as openSMILE's: some linked, some constant, scales from 1e-4 to 1e4, classes of unequal size.

    libsvm stops at the first solution within a tolerance, and which that is hangs on the last bit of a kernel:
    both get a small one here.
    """
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    monkeypatch.setattr(svm, "TOLERANCE", 1e-9)
    rng = np.random.default_rng(k)
    y = np.array(list("abcdef"))[np.minimum(rng.geometric(0.4, 120) - 1, k - 1)]
    x = rng.standard_normal((120, 8)) @ rng.standard_normal((8, d)) + 0.5 * rng.standard_normal((120, d))
    x = x * 10 ** rng.uniform(-4, 4, d) + (y == "a")[:, None]
    x[:, 3] = 7.25
    train, rest = x[:90], x[90:]
    ours = svm.fit(train, y[:90], None, (cost,), (1.0,))
    scaler = StandardScaler().fit(train)
    theirs = SVC(C=cost, gamma=1 / d, class_weight="balanced", decision_function_shape="ovo", tol=1e-9)
    theirs.fit(scaler.transform(train), y[:90])
    pairs = theirs.decision_function(scaler.transform(rest))
    expected = pairs if k > 2 else -pairs[:, None]  # scikit-learn turns the sign where there are two classes
    assert ours.labels == tuple(theirs.classes_) and len(ours.labels) == k
    np.testing.assert_allclose(ours.decisions(rest), expected, atol=1e-6)
    np.testing.assert_array_equal(ours(rest), theirs.predict(scaler.transform(rest)))
    if k > 2:
        theirs.decision_function_shape = "ovr"
        np.testing.assert_allclose(ours.scores(rest), theirs.decision_function(scaler.transform(rest)), atol=1e-6)


def test_the_chosen_settings_are_those_a_plain_search_finds():
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    x, y, who = speakers(seed=3)
    train, held = who > 1, who == 1
    chosen = svm.fit(x[train], y[train], (x[held], y[held]))
    scaler, best = StandardScaler().fit(x[train]), (-1.0, None)
    for cost in svm.COSTS:
        for width in svm.WIDTHS:
            machine = SVC(C=cost, gamma=width / x.shape[1], class_weight="balanced")
            machine.fit(scaler.transform(x[train]), y[train])
            value = balanced_accuracy_score(y[held], machine.predict(scaler.transform(x[held])))
            best = max(best, (value, (cost, width)), key=lambda pair: pair[0])
    assert (chosen.cost, chosen.width) == best[1]


def test_the_tested_speaker_decides_nothing():
    """A planted leak: features that give the tested speaker's labels away change nothing that was fitted."""
    x, y, who = speakers()
    tested = who == 0
    planted = x.copy()
    planted[tested, 2] = 1e6 * (y[tested] == "a")
    train, held = who > 1, who == 1
    one, other = (svm.fit(data[train], y[train], (data[held], y[held])) for data in (x, planted))
    assert (one.cost, one.width) == (other.cost, other.width)
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_array_equal(one(x[tested]), other(x[tested]))


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (np.ones((3, 2)), ["a", "a", "a"], "all utterances have one label"),
        (np.array([[0.0], [np.nan]]), ["a", "b"], "1 features are not finite"),
        (np.ones((3, 2)), ["a", "b"], "there are 2 labels"),
    ],
)
def test_what_cannot_be_learnt(x, y, words):
    with pytest.raises(SignalError, match=words):
        svm.fit(x, y)
