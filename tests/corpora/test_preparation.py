import numpy as np

from biosig.corpora.preparation import activity_from_envelope, cut, normalised
from biosig.signal.types import Recording


def recording(signal, active=None):
    return Recording(signal, 100.0, "mV", "toy", "someone", active=active)


def test_cut_drops_the_remainder_and_cuts_the_mask_alike():
    signal, active = np.arange(250.0), np.arange(250) >= 120
    pieces = list(cut(recording(signal, active), 1.0))
    assert [piece.item for piece in pieces] == ["toy/s0", "toy/s1"]
    np.testing.assert_array_equal(pieces[1].signal, signal[100:200])
    assert pieces[0].active.sum() == 0 and pieces[1].active.sum() == 80


def test_too_short_to_cut_gives_nothing():
    assert list(cut(recording(np.ones(99)), 1.0)) == []


def test_normalised_keeps_relative_sizes():
    a, b = normalised([recording([1.0, -4.0]), recording([2.0, 0.5])])
    np.testing.assert_allclose(a.signal, [0.25, -1.0])
    np.testing.assert_allclose(b.signal, [0.5, 0.125])
    assert a.units == "normalised"


def test_silence_and_nothing_cannot_be_normalised():
    assert normalised([recording(np.zeros(5))]) == [] and normalised([]) == []


def test_activity_marks_the_burst_and_not_the_rest():
    rng = np.random.default_rng(3)
    level = np.where((np.arange(4000) >= 1500) & (np.arange(4000) < 2500), 1.0, 0.01)
    active = activity_from_envelope(level * rng.standard_normal(4000), 1000.0)
    assert active[1500:2500].all()
    assert not active[:1380].any() and not active[2620:].any()  # the 200 ms window reaches 100 ms out
