"""The extended Kalman smoothers against a slow one: full matrices, numeric Jacobians, Rauch-Tung-Striebel."""

from dataclasses import replace

import numpy as np
import pytest
from reference.emg_makers import synthetic_ecg, synthetic_emg

from biosig.signal import ecg_model
from biosig.signal.ecg_model import fit_gaussians, fit_model, mean_beat, phase_of, waves, wrapped
from biosig.signal.kalman_ecg import TwentyFiveStates, TwoStates, smooth
from biosig.signal.mixing import mix_at_snr


def heart_and_muscle(*names, n=6000, snr_db=-12):
    ecg, peaks = synthetic_ecg(n, 1000, 80, *names)
    clean = synthetic_emg(n, *names)
    noisy, interference = mix_at_snr(clean, ecg, snr_db)
    return noisy, interference, peaks[peaks < n]


def next_state(x, heart):
    """The dynamical model written out: the phase goes on, each wave by the slope of its Gaussians."""
    x = x.copy()
    if x.size == 2:
        groups, alpha, b, centre = [range(7)], heart.alpha, heart.b, heart.centre
    else:
        groups, (alpha, b, centre) = [range(2), range(2, 5), range(5, 7)], x[4:].reshape(3, 7)
    theta = x[0]
    for wave, members in enumerate(groups):
        for g in members:
            away = (theta - centre[g] + np.pi) % (2 * np.pi) - np.pi
            x[1 + wave] -= heart.omega * alpha[g] * away / b[g] ** 2 * np.exp(-(away**2) / (2 * b[g] ** 2))
    x[0] = theta + heart.omega
    return x


def jacobian(x, heart):
    """By central differences."""
    columns = []
    for k in range(x.size):
        step = np.zeros(x.size)
        step[k] = 1e-6
        columns.append((next_state(x + step, heart) - next_state(x - step, heart)) / 2e-6)
    return np.stack(columns, axis=1)


def slow_smoother(noisy, heart, states):
    """Both observations at once, full covariances, and RTS backwards with an inverse per sample."""
    model = states([heart])
    x, cov = (part[0] for part in model.start(heart.phase[:1]))
    sees = np.zeros((2, x.size))
    sees[0, 0], sees[1, 1 : 1 + model.waves] = 1, 1
    R = np.diag([model.phase_noise[0], model.amplitude_noise[0]])
    kept = []
    for k in range(len(noisy)):
        missed = np.array([wrapped(heart.phase[k] - x[0]), noisy[k] - sees[1] @ x])
        gain = cov @ sees.T @ np.linalg.inv(sees @ cov @ sees.T + R)
        after, cov_after = x + gain @ missed, (np.eye(x.size) - gain @ sees) @ cov
        F, Q = jacobian(after, heart), model.step(after[None])[2][0]
        x, cov = next_state(after, heart), F @ cov_after @ F.T + Q
        kept.append((after, cov_after, F, x, cov))
    smoothed, result = kept[-1][0], [sees[1] @ kept[-1][0]]
    for after, cov_after, F, predicted, cov_predicted in kept[-2::-1]:
        smoothed = after + cov_after @ F.T @ np.linalg.solve(cov_predicted, smoothed - predicted)
        result.append(sees[1] @ smoothed)
    return np.array(result[::-1])


@pytest.mark.parametrize("states", [TwoStates, TwentyFiveStates])
def test_the_smoother_equals_the_slow_one(states):
    noisy, _, peaks = heart_and_muscle("slow")
    heart = fit_model(noisy, 1000, peaks)
    short = replace(heart, phase=heart.phase[900:1900])
    found = smooth(noisy[None, 900:1900], short.phase[None], states([short]))[0]
    expected = slow_smoother(noisy[900:1900], short, states)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-4 * np.abs(expected).max())


@pytest.mark.parametrize("states", [TwoStates, TwentyFiveStates])
def test_hearts_of_a_batch_do_not_touch_one_another(states):
    mixtures = [heart_and_muscle("batch", k, n=4000) for k in range(3)]
    hearts = [fit_model(noisy, 1000, peaks) for noisy, _, peaks in mixtures]
    rows, phases = np.stack([m[0] for m in mixtures])[:, :700], np.stack([h.phase for h in hearts])[:, :700]
    together = smooth(rows, phases, states(hearts))
    for k in range(3):
        alone = smooth(rows[k : k + 1], phases[k : k + 1], states([hearts[k]]))[0]
        np.testing.assert_allclose(together[k], alone, rtol=0, atol=1e-9 * np.abs(alone).max())


@pytest.mark.parametrize("states", [TwoStates, TwentyFiveStates])
def test_the_smoothed_heart_is_nearer_the_true_one_than_the_electrode_s(states):
    noisy, true, peaks = heart_and_muscle("near")
    heart = fit_model(noisy, 1000, peaks)
    found = smooth(noisy[None], heart.phase[None], states([heart]))[0]
    assert np.square(found - true).sum() < 0.4 * np.square(noisy - true).sum()


def test_the_states_are_2_and_25_with_p_qrs_and_t_made_of_2_3_and_2_gaussians():
    assert TwoStates.states == 2 and TwentyFiveStates.states == 1 + 3 + 3 * 7 == 25
    assert [g.stop - g.start for g in (ecg_model.P, ecg_model.C, ecg_model.T)] == [2, 3, 2]


def test_the_phase_is_0_at_each_peak_and_goes_on_at_both_ends():
    phase = phase_of(np.array([100, 300, 600]), 900)
    np.testing.assert_allclose(phase[[100, 300, 600]], [0, 2 * np.pi, 4 * np.pi])
    np.testing.assert_allclose(np.diff(phase)[:299], 2 * np.pi / 200)
    np.testing.assert_allclose(np.diff(phase)[300:], 2 * np.pi / 300)
    early = phase_of(np.array([500, 600, 700]), 900)  # several cycles before the first peak
    np.testing.assert_allclose(np.diff(early), 2 * np.pi / 100)


def test_the_mean_beat_of_a_periodic_signal_is_one_period():
    phase = wrapped(phase_of(np.arange(0, 10_001, 500), 10_000))
    mean, sd = mean_beat(np.sin(phase), phase)
    middle = (np.arange(250) + 0.5) / 250 * 2 * np.pi - np.pi
    np.testing.assert_allclose(mean, np.sin(middle), atol=0.02)
    assert sd.max() < 0.02


def test_gaussians_that_made_a_beat_are_found_again():
    theta = ((np.arange(250) + 0.5) / 250 * 2 * np.pi - np.pi)[:, None]
    omega_s = 2 * np.pi / 0.8
    alpha = np.array([0.1, 0.05, -0.2, 1.0, -0.3, 0.15, 0.2])
    b = np.array([0.02, 0.03, 0.01, 0.012, 0.012, 0.03, 0.04]) * omega_s
    centre = np.array([-0.18, -0.13, -0.035, 0.0, 0.035, 0.2, 0.28]) * omega_s
    beat = waves(theta, alpha, b, centre).sum(axis=1)
    found = waves(theta, *fit_gaussians(beat, omega_s)).sum(axis=1)
    assert np.square(found - beat).sum() < 1e-3 * np.square(beat).sum()
