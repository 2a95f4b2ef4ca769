"""WPE against nara_wpe, against a slow loop over the equations, and on rooms whose answer is known."""

import numpy as np
import pytest

from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal import dereverberation
from biosig.signal.dereverberation import RecursiveWPE, dereverberate, recursive_wpe, wpe

nara = pytest.importorskip("nara_wpe.wpe")


def spectra(channels=3, frames=120, bins=4, name="spectra"):
    rng = rng_for("test wpe", name)
    white = rng.standard_normal((2, channels, frames, bins))
    out = (white[0] + 1j * white[1]) * rng.gamma(1.0, size=(1, frames, bins))  # loud and soft, as speech
    for t in range(4, frames):
        out[:, t] += 0.5 * out[:, t - 4] + 0.2 * out[::-1, t - 3]
    return out


def slow(y, taps, delay, iterations):
    """One bin, (D, T), equation by equation."""
    channels, frames = y.shape
    x = y.copy()
    for _ in range(iterations):
        matrix, right = 0, 0
        past = np.zeros((frames, taps * channels), complex)
        for t in range(frames):
            for k in range(taps):
                if t - delay - k >= 0:
                    past[t, k * channels : (k + 1) * channels] = y[:, t - delay - k]
            power = np.mean(np.abs(x[:, t]) ** 2)
            matrix = matrix + np.outer(past[t], past[t].conj()) / power
            right = right + np.outer(past[t], y[:, t].conj()) / power
        filters = np.linalg.solve(matrix, right)
        x = np.stack([y[:, t] - filters.conj().T @ past[t] for t in range(frames)], axis=1)
    return x


@pytest.mark.parametrize(("channels", "taps", "delay", "iterations"), [(1, 10, 3, 3), (3, 4, 2, 1), (4, 5, 3, 5)])
def test_wpe_is_that_of_nara_wpe(channels, taps, delay, iterations):
    y = spectra(channels)
    theirs = nara.wpe(y.transpose(2, 0, 1), taps, delay, iterations).transpose(1, 2, 0)
    ours = wpe(y, taps, delay, iterations)
    by_bin = nara.wpe_v8(y.transpose(2, 0, 1), taps, delay, iterations).transpose(1, 2, 0)
    np.testing.assert_allclose(ours, by_bin, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-9)
    assert np.abs(ours - y).mean() > 0.1  # it does something


def test_a_soft_bin_has_a_floor_of_its_own_as_in_the_peers_form_bin_by_bin():
    y = spectra(2)
    y[:, :, 0] *= 1e-7  # the peer's form for all bins at once takes the floor of the loudest bin here
    y[:, ::5, 0] *= 1e-3
    bin_by_bin, at_once = (form(y.transpose(2, 0, 1), 4, 2).transpose(1, 2, 0) for form in (nara.wpe_v8, nara.wpe))
    ours = wpe(y, 4, 2)
    np.testing.assert_allclose(ours[..., 0], bin_by_bin[..., 0], rtol=1e-6, atol=1e-14)
    assert np.abs(at_once - ours)[..., 0].max() > 1e-3 * np.abs(ours[..., 0]).max()


def test_wpe_is_its_equations():
    y = spectra(2, 60, 1)
    np.testing.assert_allclose(wpe(y, 3, 2, 2)[..., 0], slow(y[..., 0], 3, 2, 2), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("channels", "taps", "delay"), [(1, 6, 3), (3, 4, 2)])
def test_recursive_wpe_is_that_of_nara_wpe_whose_delay_begins_two_frames_later(channels, taps, delay):
    y = spectra(channels)
    online = nara.OnlineWPE(taps, delay - 2, 0.99, channel=channels, frequency_bins=y.shape[2])
    theirs = np.stack([online.step_frame(frame.T).T for frame in y.swapaxes(0, 1)], axis=1)
    np.testing.assert_allclose(recursive_wpe(y, taps, delay, 0.99), theirs, rtol=1e-7, atol=1e-8)


def test_recursive_wpe_that_forgets_nothing_ends_at_the_least_squares_filter():
    y, taps, delay = spectra(2, 200, 1), 3, 2
    stream = RecursiveWPE(2, 1, taps, delay, forgetting=1.0)
    matrix, right = np.eye(taps * 2, dtype=complex), 0
    past = dereverberation.past_frames(y.T, taps, delay)[0]
    for t, frame in enumerate(y.swapaxes(0, 1)):
        stream.step(frame)
        recent = y[:, max(0, t - taps - delay + 2) : t + 1, 0]
        power = np.sum(np.abs(recent) ** 2) / (2 * (taps + delay - 1))  # zeros before the beginning count
        matrix = matrix + np.outer(past[t], past[t].conj()) / power
        right = right + np.outer(past[t], frame[:, 0].conj()) / power
    np.testing.assert_allclose(stream._filters[0], np.linalg.solve(matrix, right), rtol=1e-8)


def test_once_the_filters_stand_wpe_is_linear():
    y, part = spectra(2), 0.3 * spectra(2, name="part")
    filters = dereverberation.wpe_filters(y, 4)
    sent = [dereverberation.without_prediction(each, filters) for each in (part, y - part)]
    np.testing.assert_allclose(sum(sent), wpe(y, 4), rtol=1e-9, atol=1e-10)


def test_recursive_wpe_hears_nothing_of_what_is_to_come():
    y = spectra(2, 60)
    np.testing.assert_array_equal(recursive_wpe(y)[:, :40], recursive_wpe(y[:, :40]))


def test_an_echo_that_repeats_is_found_and_removed():
    rng = rng_for("test wpe", "echo")
    envelope = rng.gamma(0.5, size=(1, 3000, 2))
    dry = envelope * (rng.standard_normal((1, 3000, 2)) + 1j * rng.standard_normal((1, 3000, 2)))
    wet = dry.copy()
    for t in range(3, 3000):
        wet[:, t] += 0.7j * wet[:, t - 3]
    found, once = wpe(wet, taps=1, delay=3, iterations=10), wpe(wet, taps=1, delay=3, iterations=1)
    assert np.linalg.norm(found - dry) < np.linalg.norm(once - dry)
    assert np.linalg.norm(found - dry) < 0.1 * np.linalg.norm(wet - dry)  # 20 dB


def test_two_channels_alike_and_silence_are_no_trouble():
    y = spectra(1)
    twice = wpe(np.concatenate([y, y]), 4)
    np.testing.assert_allclose(twice[0], wpe(y, 4)[0], rtol=1e-6, atol=1e-8)
    silence = np.zeros((2, 100, 3))
    assert not wpe(silence).any() and not recursive_wpe(silence).any()


def test_level_does_not_matter():
    y = spectra()
    np.testing.assert_allclose(wpe(1e-4 * y, 4), 1e-4 * wpe(y, 4), rtol=1e-8)
    np.testing.assert_allclose(recursive_wpe(1e-4 * y, 4), 1e-4 * recursive_wpe(y, 4), rtol=1e-6)


@pytest.mark.parametrize("recursive", [False, True])
def test_signals_keep_their_shape(recursive):
    x = rng_for("test wpe", "signal").standard_normal((2, 16_000))
    out = dereverberate(x, 16_000, recursive=recursive, taps=2)
    assert out.shape == x.shape and np.isfinite(out).all()
    one = dereverberate(x[0], 16_000, recursive=recursive, taps=2)
    assert one.shape == (16_000,)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: wpe(np.zeros((3, 5))), "expected \\(channels, frames, bins\\)"),
        (lambda: wpe(np.zeros((6, 60, 3))), "60 frames: expected more than 10 taps × 6 channels \\+ 3"),
        (lambda: wpe(np.full((1, 60, 3), np.nan)), "NaN"),
        (lambda: wpe(np.zeros((1, 60, 3)), taps=0), "taps is 0"),
        (lambda: wpe(np.zeros((1, 60, 3)), delay=1.5), "delay is 1.5"),
        (lambda: wpe(np.zeros((1, 60, 3)), iterations=0), "iterations is 0"),
        (lambda: dereverberation.without_prediction(np.ones((2, 9, 3)), np.ones((3, 4, 1))), "taps × 2, 2\\)"),
        (lambda: RecursiveWPE(2, 5, forgetting=0), "forgetting is 0"),
        (lambda: RecursiveWPE(0, 5), "channels is 0"),
        (lambda: RecursiveWPE(2, 5).step(np.ones((3, 5))), "shape \\(3, 5\\): expected \\(2, 5\\)"),
        (lambda: dereverberate(np.zeros((1, 2, 900)), 16_000), "expected \\(channels, n\\)"),
    ],
)
def test_bad_input_is_one_sentence(call, told):
    with pytest.raises(SignalError, match=told):
        call()
