import numpy as np
import pytest

from biosig.backends.loso import loso
from biosig.errors import DataError, SignalError
from biosig.metrics.emotion import confusion, uar

CLASSES = ("anger", "joy", "sadness")
ONE = {"costs": (1.0,), "widths": (1.0,)}


def corpus(people=5, each=12, d=6, seed=0):
    """Synthetic: (features, labels, speakers), shuffled, classes apart in two directions, each speaker's own offset."""
    rng = np.random.default_rng(seed)
    y = np.tile(CLASSES, people * each // 3)
    who = np.repeat([f"p{k}" for k in range(people)], each)
    x = rng.standard_normal((y.size, d)) + np.repeat(rng.standard_normal((people, d)), each, axis=0)
    x[:, 0] += 3 * (y == "anger")
    x[:, 1] += 3 * (y == "joy")
    order = rng.permutation(y.size)
    return x[order], y[order], who[order]


def slow(x, y, who, test_x):
    """The same by scikit-learn alone, from its pipeline and its own folds: label and settings for each utterance."""
    from sklearn.metrics import recall_score
    from sklearn.model_selection import LeaveOneGroupOut
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    told, names = np.empty(y.size, dtype=object), sorted(set(who))

    def fitted(rows, cost, width):
        machine = SVC(C=cost, gamma=width / x.shape[1], class_weight="balanced")
        return make_pipeline(StandardScaler(), machine).fit(x[rows], y[rows])

    for rest, tested in LeaveOneGroupOut().split(x, y, who):
        after = names[(names.index(who[tested[0]]) + 1) % len(names)]
        held, train = rest[who[rest] == after], rest[who[rest] != after]
        values = {}
        for cost in (1.0, 10.0):
            for width in (0.3, 1.0, 3.0):
                guessed = fitted(train, cost, width).predict(x[held])
                values[cost, width] = recall_score(y[held], guessed, average="macro")
        told[tested] = fitted(rest, *max(values, key=values.get)).predict(test_x[tested])
    return told.astype(str)


def all_told(outcomes, n):
    """condition → label of each utterance; every one is told once."""
    found = {}
    for one in outcomes:
        row = found.setdefault(one.condition, np.full(n, "", dtype="U10"))
        assert (row[one.indices] == "").all()
        row[one.indices] = one.labels
    assert all((row != "").all() for row in found.values())
    return found


def test_every_speaker_is_told_in_every_condition_as_scikit_learn_does():
    x, y, who = corpus()
    noisy = x + np.random.default_rng(1).standard_normal(x.shape)
    outcomes = list(loso(x, y, who, {"clean": x, "noisy": noisy}))
    assert [(o.speaker, o.condition) for o in outcomes] == [(f"p{k}", c) for k in range(5) for c in ("clean", "noisy")]
    assert all(set(who[o.indices]) == {o.speaker} and o.scores.shape == (12, 3) for o in outcomes)
    found = all_told(outcomes, y.size)
    np.testing.assert_array_equal(found["clean"], slow(x, y, who, x))
    np.testing.assert_array_equal(found["noisy"], slow(x, y, who, noisy))
    assert uar(confusion(y, found["clean"], CLASSES)) > uar(confusion(y, found["noisy"], CLASSES)) > 1 / 3


def test_scores_are_in_the_order_of_the_names():
    x, y, who = corpus()
    for one in loso(x, y, who, {"clean": x}):
        assert np.mean(np.array(sorted(CLASSES))[one.scores.argmax(axis=1)] == one.labels) > 0.9


def test_versions_are_rows_with_an_owner():
    x, y, who = corpus()
    noisy = x + np.random.default_rng(2).standard_normal(x.shape)
    n = y.size
    one = all_told(loso({"a": x, "b": noisy}, y, who, {"clean": x}, **ONE), n)
    order = np.random.default_rng(3).permutation(2 * n)
    rows, owner = np.concatenate([x, noisy])[order], np.tile(np.arange(n), 2)[order]
    other = all_told(loso(rows, y, who, {"clean": x}, owner=owner, **ONE), n)
    assert np.mean(one["clean"] == other["clean"]) > 0.98  # the order of rows moves where libsvm stops, and little else
    alone = all_told(loso(x, y, who, {"clean": x}, **ONE), n)
    assert (alone["clean"] != one["clean"]).any()


@pytest.mark.parametrize("versions", [1, 3])
def test_the_tested_speaker_decides_nothing(monkeypatch, versions):
    """A planted leak: in every training row of one speaker, of any version, a feature gives the label away, and all
    else is far off. What is told of this speaker stays bit for bit; what is told of the others does not, so the
    rows are really read."""
    from biosig.backends import svm

    x, y, who = corpus()
    rows, owner = np.concatenate([x + 0.1 * k for k in range(versions)]), np.tile(np.arange(y.size), versions)
    planted, theirs = rows.copy(), who[owner] == "p2"
    planted[theirs] += 50
    planted[theirs, 2] = 1e6 * (y[owner[theirs]] == "anger")
    fitted, fit = [], svm.fit
    monkeypatch.setattr(svm, "fit", lambda *given, **more: fitted.append(fit(*given, **more)) or fitted[-1])
    runs = [list(loso(data, y, who, {"clean": x}, owner=owner)) for data in (rows, planted)]
    same = {}
    for one, other, a, b in zip(*runs, fitted[:5], fitted[5:], strict=True):
        same[one.speaker] = np.array_equal(one.scores, other.scores) and np.array_equal(a.mean, b.mean)
        if one.speaker == "p2":
            assert (a.cost, a.width) == (b.cost, b.width)
            np.testing.assert_array_equal(a.scale, b.scale)
            np.testing.assert_array_equal(a.vectors, b.vectors)
    assert same == {name: name == "p2" for name in same}


def test_nothing_of_the_test_conditions_is_learnt():
    x, y, who = corpus()
    far = x + 1e5
    alone, both = (list(loso(x, y, who, tests)) for tests in ({"clean": x}, {"far": far, "clean": x}))
    for one, other in zip(alone, both[1::2], strict=True):
        np.testing.assert_array_equal(one.scores, other.scores)


def bad(**changes):
    x, y, who = corpus()
    given = {"train_x": x, "y": y, "speakers": who, "tests": {"clean": x}, "owner": None}
    return given | {name: change(given[name]) if callable(change) else change for name, change in changes.items()}


def with_nan(x):
    x = x.copy()
    x[3, 1] = np.nan
    return x


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"speakers": lambda who: np.full(who.size, "p0")}, r"1 speakers \(p0\): expected 3 or more"),
        ({"speakers": lambda who: who[1:]}, "60 labels and 59 speakers"),
        ({"y": lambda y: y[1:]}, "60 rows and 59 utterances"),
        ({"train_x": with_nan}, "1 features of 'train' are not finite"),
        ({"tests": lambda tests: {"noisy": with_nan(tests["clean"])}}, "1 features of 'noisy' are not finite"),
        ({"tests": lambda tests: {"noisy": tests["clean"][:, 1:]}}, r"'noisy' has the shape \(60, 5\)"),
        ({"owner": np.zeros(60, dtype=int)}, "p. has no rows to train on"),
        ({"owner": np.full(60, 60)}, "expected an utterance, 0 to 59, for every row"),
        ({"train_x": lambda x: {"a": x[:1].repeat(61, 0), "b": x[1:]}}, "version 'a' has not one row for each of 60"),
        ({"train_x": lambda x: {"a": x}, "owner": np.arange(60)}, "owner is given for a mapping"),
    ],
)
def test_what_cannot_be_run_is_said_before_any_work(changes, words):
    with pytest.raises((SignalError, DataError), match=words):
        loso(**bad(**changes))


def test_a_class_of_one_speaker_alone_cannot_be_told():
    x, y, who = corpus()
    y = y.astype("U10")
    y[np.flatnonzero(who == "p1")[:4]] = "surprise"
    with pytest.raises(DataError, match="only p1 has 'surprise' to train on"):
        loso(x, y, who, {"clean": x})


def test_a_speaker_without_a_class_is_told_all_the_same():
    x, y, who = corpus()
    kept = ~((who == "p1") & (y == "joy"))
    found = all_told(loso(x[kept], y[kept], who[kept], {"clean": x[kept]}), kept.sum())
    mine = who[kept] == "p1"
    with pytest.raises(SignalError, match="1 of 3 classes have no case"):
        uar(confusion(y[kept][mine], found["clean"][mine], CLASSES))
    assert uar(confusion(y[kept], found["clean"], CLASSES)) > 0.5


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("which", ["egemaps", "compare"])
def test_clean_emodb_is_within_two_points_of_scikit_learn(which):
    """The whole of it from the corpus's files; the computation beside it shares the features and nothing else."""
    pytest.importorskip("opensmile")
    from sklearn.metrics import recall_score

    from biosig.backends.features import features_of
    from biosig.cache import ArrayCache
    from biosig.corpora import emodb
    from biosig.corpora.registry import locate

    utterances = emodb.utterances(locate("emodb"))
    x = features_of(utterances, which, ArrayCache.beside_data(), progress=False)
    y, who = (np.array([getattr(one, name) for one in utterances]) for name in ("label", "subject"))
    found = all_told(loso(x, y, who, {"clean": x}), y.size)["clean"]
    expected = slow(x.astype(float), y, who, x.astype(float))
    assert uar(confusion(y, found, emodb.SIX)) == pytest.approx(recall_score(y, expected, average="macro"), abs=0.02)
    assert np.mean(found == expected) > 0.98
