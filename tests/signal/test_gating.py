import numpy as np
import pytest

from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal.gating import gate, gate_neighbours, gate_zero

PEAKS = np.array([20, 400, 700, 770, 1500, 1980])  # cut by both ends, alone, two gates that overlap, alone


def slow_gate(noisy, peaks, half, fill):
    """Sample by sample."""
    inside = [any(abs(t - p) <= half for p in peaks) for t in range(len(noisy))]
    out, t = list(noisy), 0
    while t < len(noisy):
        if not inside[t]:
            t += 1
            continue
        stop = t
        while stop < len(noisy) and inside[stop]:
            stop += 1
        width = stop - t
        for k in range(width):
            before, after = range(t - width, t), range(stop, stop + width)
            values = [noisy[side[k]] for side in (before, after)
                      if side[0] >= 0 and side[-1] < len(noisy) and not any(inside[s] for s in side)]
            out[t + k] = sum(values) / len(values) if values and fill == "neighbours" else 0.0
        t = stop
    return out


@pytest.mark.parametrize(("fill", "system"), [("zero", gate_zero), ("neighbours", gate_neighbours)])
def test_gates_equal_the_loop_over_samples(fill, system):
    noisy = rng_for("gate").standard_normal(2000)
    cleaned = system(noisy, 1000, PEAKS)
    np.testing.assert_allclose(cleaned, slow_gate(noisy, PEAKS, 50, fill), rtol=0, atol=1e-14)
    assert np.count_nonzero(cleaned != noisy) == 71 + 101 + 171 + 101 + 70


def test_the_mean_of_two_independent_stretches_has_half_the_power():
    noisy = rng_for("power").standard_normal(400_000)
    peaks = np.arange(500, noisy.size - 500, 400)
    cleaned = gate_neighbours(noisy, 1000, peaks)
    assert np.square(cleaned[peaks]).mean() == pytest.approx(0.5, abs=0.07)


def test_an_unknown_fill_is_refused():
    with pytest.raises(SignalError, match="fill is 'mean'"):
        gate(np.ones(500), 1000, "mean")
