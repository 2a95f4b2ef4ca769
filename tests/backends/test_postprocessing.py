"""What is planted is found, what does not help is left out, and nobody but the validation set has a say."""

import inspect

import numpy as np
import pytest
from scipy.signal import medfilt

from biosig.backends.postprocessing import MEDIANS_S, SHIFTS, STEP_S, PostProcessing, choose
from biosig.errors import SignalError
from biosig.metrics.emotion import ccc


def truths(n=1500, sessions=3):
    t = np.arange(n) * STEP_S
    return [0.1 + 0.4 * np.sin(2 * np.pi * t / (25 + 8 * k) + k) for k in range(sessions)]


def early(trace, frames):
    return np.concatenate([trace[frames:], np.full(frames, trace[-1])])


def test_perfect_predictions_are_left_alone():
    assert choose(truths(), truths()) == PostProcessing()


def test_a_bias_is_found():
    found = choose([trace + 0.3 for trace in truths()], truths())
    assert found.bias == pytest.approx(0.3) and (found.median, found.ratio, found.shift) == (1, 1.0, 0)


def test_a_scale_is_found_and_the_bias_with_it():
    mean = np.concatenate(truths()).mean()
    found = choose([mean - 0.2 + 0.25 * (trace - mean) for trace in truths()], truths())
    assert found.ratio == pytest.approx(4) and found.bias == pytest.approx(-0.2)
    for trace in truths():
        np.testing.assert_allclose(found(mean - 0.2 + 0.25 * (trace - mean)), trace, atol=1e-12)


@pytest.mark.parametrize("frames", [1, 50, 75])
def test_a_lead_is_found(frames):
    predicted = [early(trace, frames) for trace in truths()]
    found = choose(predicted, truths())
    assert abs(found.shift - frames) <= 1  # what the shift pads weighs a little
    np.testing.assert_allclose(PostProcessing(shift=frames)(predicted[0])[frames:], truths()[0][frames:])


def test_spikes_are_filtered_out():
    rng = np.random.default_rng(0)
    spiky = [trace + 2 * (rng.random(trace.size) < 0.05) for trace in truths()]
    found = choose(spiky, truths())
    assert 11 <= found.median <= 61
    whole = np.concatenate(truths())
    improved = ccc(whole, np.concatenate([found(trace) for trace in spiky]))
    assert improved > ccc(whole, np.concatenate(spiky)) + 0.1


def test_the_median_filter_is_scipys_other_one_away_from_the_ends():
    trace = np.random.default_rng(1).standard_normal(300)
    np.testing.assert_allclose(PostProcessing(median=11)(trace)[5:-5], medfilt(trace, 11)[5:-5])


def test_the_grids_are_those_reported():
    assert (min(MEDIANS_S), max(MEDIANS_S)) == pytest.approx((0.4, 20))
    assert (min(SHIFTS) * STEP_S, max(SHIFTS) * STEP_S) == pytest.approx((0.04, 10))


def test_each_step_raised_the_ccc_or_is_not_there():
    rng = np.random.default_rng(2)
    for seed_truth in (truths(400, 2), truths(400, 3)):
        predicted = [0.3 * early(trace, 20) + 0.1 * rng.standard_normal(trace.size) for trace in seed_truth]
        found, whole = choose(predicted, seed_truth), np.concatenate(seed_truth)
        stages = [PostProcessing(), PostProcessing(found.median), PostProcessing(found.median, found.bias),
                  PostProcessing(found.median, found.bias, found.centre, found.ratio), found]  # fmt: skip
        values = [ccc(whole, np.concatenate([stage(trace) for trace in predicted])) for stage in stages]
        assert values == sorted(values)


def test_no_test_trace_has_a_say():
    """The choice takes validation traces only, and a trace comes out the same whatever else is processed."""
    assert list(inspect.signature(choose).parameters) == ["predicted", "truth"]
    found = choose([early(0.5 * trace + 0.2, 30) for trace in truths()], truths())
    alone = found(truths()[0])
    for other in (truths()[1], 1e3 + truths()[2]):
        found(other)
    np.testing.assert_array_equal(found(truths()[0]), alone)
    np.testing.assert_allclose(found(truths()[0] + 5) - alone, 5 * found.ratio)  # its own mean is not taken out


def test_constant_predictions_are_not_scaled():
    found = choose([np.full(400, 0.7)], truths(400, 1))
    assert found.ratio == 1 and np.isfinite(found(np.full(10, 0.7))).all()


def test_traces_shorter_than_the_longest_shift():
    assert PostProcessing(shift=20)(np.arange(5.0)).tolist() == [0.0] * 5
    assert choose([truths(30, 1)[0]], truths(30, 1)).shift == 0


@pytest.mark.parametrize(
    ("predicted", "truth", "words"),
    [([], [], "0 predictions"), ([np.zeros(5)], [np.zeros(4)], "as long as its truth"),
     ([np.zeros(5)], [], "1 predictions and 0"), ([np.full(5, np.nan)], [np.arange(5.0)], "not finite")],
)  # fmt: skip
def test_what_cannot_be_compared(predicted, truth, words):
    with pytest.raises(SignalError, match=words):
        choose(predicted, truth)
