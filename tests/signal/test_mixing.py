import numpy as np
import pytest
from reference import emg_slow
from reference.emg_makers import synthetic_ecg, synthetic_emg

from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal.mixing import draw_segment, mix_at_snr


@pytest.mark.parametrize("snr_db", [-14, -3.7, 0.0, 20])
def test_snr_and_samples_equal_the_direct_computation(snr_db):
    clean, interference = synthetic_emg(2000, "mix"), synthetic_ecg(2000, 1000, 80, "mix")[0]
    noisy, scaled = mix_at_snr(clean, interference, snr_db)
    expected, scale = emg_slow.mix(clean, interference, snr_db)
    np.testing.assert_allclose(noisy, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(scaled, scale * interference, rtol=1e-12)
    assert emg_slow.snr(clean, noisy) == pytest.approx(snr_db, abs=1e-9)
    np.testing.assert_array_equal(noisy, clean + scaled)


def test_batch_equals_loop_with_one_snr_per_segment():
    rng = rng_for("mix batch")
    clean, interference = rng.standard_normal((2, 2, 3, 500))
    snr_db = rng.uniform(-15, 0, (2, 3))
    noisy, scaled = mix_at_snr(clean, interference, snr_db)
    for index in np.ndindex(2, 3):
        one, one_scaled = mix_at_snr(clean[index], interference[index], snr_db[index])
        np.testing.assert_array_equal(noisy[index], one)
        np.testing.assert_array_equal(scaled[index], one_scaled)


def test_scale_of_the_interference_does_not_matter_and_inputs_stay_as_they_were():
    clean, interference = rng_for("mix scale").standard_normal((2, 300))
    before = clean.copy(), interference.copy()
    small, large = mix_at_snr(clean, interference, -5)[0], mix_at_snr(clean, 1e6 * interference, -5)[0]
    np.testing.assert_allclose(small, large, rtol=0, atol=1e-12)
    np.testing.assert_array_equal([clean, interference], before)


@pytest.mark.parametrize(
    ("clean", "interference", "snr_db", "sentence"),
    [
        (np.zeros(5), np.ones(5), 0, "clean is silent"),
        (np.ones(5), np.zeros(5), 0, "interference is silent"),
        (np.ones((2, 5)), np.stack([np.ones(5), np.zeros(5)]), 0, "interference is silent"),
        (np.ones(5), np.ones(6), 0, r"clean has shape \(5,\) but interference has \(6,\)"),
        (np.ones(5), np.ones(5), np.nan, "snr_db is nan"),
        (np.ones((2, 5)), np.ones((2, 5)), [0, 0, 0], r"snr_db has shape \(3,\)"),
        ([1, np.nan], np.ones(2), 0, "clean holds 1 NaN"),
    ],
)
def test_what_cannot_be_mixed_is_refused(clean, interference, snr_db, sentence):
    with pytest.raises(SignalError, match=sentence):
        mix_at_snr(clean, interference, snr_db)


def test_segments_start_everywhere_and_are_consecutive_copies():
    signal, rng = np.arange(10.0), rng_for("draw")
    drawn = [draw_segment(signal, 8, rng) for _ in range(100)]
    assert {int(d[0]) for d in drawn} == {0, 1, 2}
    assert all((np.diff(d) == 1).all() and d.size == 8 for d in drawn)
    drawn[0][:] = -1
    np.testing.assert_array_equal(signal, np.arange(10.0))


def test_segments_follow_their_generator_and_cut_all_channels_alike():
    signal = rng_for("draw channels").standard_normal((3, 1000))
    first, again = (draw_segment(signal, 50, rng_for("draw", 7)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    start = int(np.flatnonzero(signal[0] == first[0, 0])[0])
    np.testing.assert_array_equal(first, signal[:, start : start + 50])


@pytest.mark.parametrize("n", [0, 11])
def test_segments_longer_than_the_signal_are_refused(n):
    with pytest.raises(SignalError, match=f"10 samples: cannot draw a segment of {n}"):
        draw_segment(np.ones(10), n, rng_for("draw"))
