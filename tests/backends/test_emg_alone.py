"""Linear methods on frames: LDA against scikit-learn's, least squares against numpy's, labels against a slow loop."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from biosig.backends import frame_phones, linear_map
from biosig.backends.frame_phones import accuracy, beside_one_another, is_speech, phones_at
from biosig.errors import SignalError


@pytest.fixture
def clouds():
    rng = np.random.default_rng(3)
    means = rng.standard_normal((5, 6))
    y = rng.choice(5, 900, p=[0.4, 0.3, 0.1, 0.1, 0.1])
    return means[y] + rng.standard_normal((900, 6)) @ rng.standard_normal((6, 6)), np.array(list("ABCDE"))[y]


def test_it_decides_as_the_lda_of_scikit_learn_does(clouds):
    x, y = clouds
    ours, theirs = frame_phones.fit(x[:600], y[:600]), LinearDiscriminantAnalysis(solver="lsqr").fit(x[:600], y[:600])
    assert np.mean(ours(x[600:]) == theirs.predict(x[600:])) > 0.98
    np.testing.assert_array_equal(ours(3.0 * x[600:] - 2), frame_phones.fit(x[:600], y[:600])(3.0 * x[600:] - 2))


def test_units_do_not_matter_and_a_dead_channel_is_no_reason_to_stop(clouds):
    x, y = clouds
    plain = frame_phones.fit(x[:600], y[:600])(x[600:])
    scale = np.array([1e-6, 1, 1e6, 1, 1, 1])
    np.testing.assert_array_equal(frame_phones.fit(x[:600] * scale, y[:600])(x[600:] * scale), plain)
    dead = np.concatenate([x, np.full((900, 1), 4.0)], axis=1)
    assert np.mean(frame_phones.fit(dead[:600], y[:600])(dead[600:]) == plain) > 0.98


def test_accuracy_counts_speech_alone(clouds):
    x, y = clouds
    y = np.where(y == "E", "SIL", y)
    found = accuracy((x[:600], y[:600]), (x[600:], y[600:]))
    keep = y[600:] != "SIL"
    guess = frame_phones.fit(x[:600][y[:600] != "SIL"], y[:600][y[:600] != "SIL"])(x[600:][keep])
    assert (found.right, found.frames) == (np.sum(guess == y[600:][keep]), keep.sum())
    assert found.share == found.right / found.frames and found.majority == np.mean(y[600:][keep] == "A")
    with pytest.raises(SignalError, match="no frame has a phone"):
        accuracy((x, np.full(900, "SIL")), (x, y))
    with pytest.raises(SignalError, match="expected finite features of two or more"):
        frame_phones.fit(x, np.full(900, "A"))


def test_labels_are_read_at_times_as_a_slow_loop_reads_them():
    spans = [(0.0, 0.2, "SIL"), (0.2, 0.31, "AA"), (0.4, 0.5, "T")]
    times = np.arange(-5, 60) / 100
    slow = [next((text for start, end, text in spans if start <= t < end), "") for t in times]
    assert phones_at(spans, times).tolist() == slow
    assert is_speech(np.array(["", "SIL", "h#", "AA"])).tolist() == [False, False, False, True]


def test_frames_stand_beside_one_another_with_the_ends_held():
    x = np.arange(5.0)[:, None] + [0, 100]
    found = beside_one_another(x, (-2, 0, 1))
    slow = [np.concatenate([x[min(max(t + o, 0), 4)] for o in (-2, 0, 1)]) for t in range(5)]
    np.testing.assert_array_equal(found, slow)


def test_the_map_is_that_of_least_squares():
    rng = np.random.default_rng(5)
    x, b = rng.standard_normal((300, 4)) * [1, 10, 0.1, 1] + 3, rng.standard_normal((4, 3))
    y = x @ b + 7 + 0.1 * rng.standard_normal((300, 3))
    ours = linear_map.fit(x, y, ridge=0.0)(x)
    solved = np.linalg.lstsq(np.c_[x, np.ones(300)], y, rcond=None)[0]
    np.testing.assert_allclose(ours, np.c_[x, np.ones(300)] @ solved, atol=1e-9)
    assert linear_map.explained(y, ours, y.mean(axis=0)) > 0.99
    assert linear_map.explained(y, np.broadcast_to(y.mean(axis=0), y.shape), y.mean(axis=0)) == 0
    assert linear_map.explained(y, -ours, y.mean(axis=0)) < 0
    assert np.isfinite(linear_map.fit(np.c_[x, x], y)(np.c_[x, x])).all()  # alike twice
    with pytest.raises(SignalError, match="300 frames of one and 200"):
        linear_map.fit(x, y[:200])
    with pytest.raises(SignalError, match="never leaves the mean"):
        linear_map.explained(np.ones((3, 2)), np.ones((3, 2)), np.ones(2))
