"""Two signals of one event: marks, rates and grids of frames, held against events whose time is known."""

import numpy as np
import pytest

from biosig.errors import SignalError
from biosig.signal.emg_features import HOP_S, WINDOW_S, td_features
from biosig.signal.log_spectrogram import log1p_magnitude, n_frames, to_signal, without_edges
from biosig.signal.paired import Channels, PairedMixture, enhanced, same_duration, takes_beside
from biosig.signal.two_signals import (
    FrameTimes,
    marker_start,
    resample_official,
    resample_polyphase,
    same_frames,
    synchronise,
    to_frames,
)

RNG = np.random.default_rng(5)


def marked(n, at, height, length=50):
    marker = np.zeros(n)
    marker[at : at + length] = height
    return marker


def test_marks_bring_both_to_one_start():
    audio, emg = RNG.standard_normal(20_000), RNG.standard_normal((2, 2560))
    sound, muscles = synchronise(
        audio, marked(20_000, 4000, 1.0), 16_000, emg, marked(2560, 300, 100, 20), 2048
    )
    np.testing.assert_array_equal(sound[:10], audio[4000:4010])
    np.testing.assert_array_equal(muscles[:, :10], emg[:, 300:310])
    assert abs(sound.size / 16_000 - muscles.shape[1] / 2048) < 1 / 2048


def test_marks_that_are_absent_or_doubled():
    with pytest.raises(SignalError, match="audio marker channel has no jump above 0.5"):
        synchronise(np.ones(100), np.zeros(100), 16_000, np.ones((1, 100)), marked(100, 5, 100), 2048)
    twice = marked(10_000, 1000, 100) + marked(10_000, 8000, 100)
    with pytest.raises(SignalError, match=r"marks at 0.49 s and at 3.91 s: expected one"):
        marker_start(twice, 10, 2048)
    assert marker_start(marked(10_000, 1000, 100, 500), 10, 2048) == 1000  # up and down again is one mark


def test_polyphase_keeps_a_tone_and_the_official_way_breaks_it():
    t = np.arange(4096) / 2048
    tone = np.sin(2 * np.pi * 100 * t)
    true = np.sin(2 * np.pi * 100 * np.arange(4000) / 2000)
    proper, official = resample_polyphase(tone, 2048, 2000), resample_official(tone)
    assert proper.size == official.size == 4000
    middle = slice(200, -200)
    noise = lambda x: 10 * np.log10(np.mean((x - true)[middle] ** 2) / np.mean(true[middle] ** 2))  # noqa: E731
    assert noise(proper) < -50 and noise(official) > -15
    np.testing.assert_allclose(resample_polyphase(np.full(256, 7.0), 2048, 2000), 7.0, rtol=1e-3)
    np.testing.assert_array_equal(np.flatnonzero(np.diff(resample_official(np.arange(300.0))) > 1), [124, 249])


def test_a_known_event_is_found_in_both_grids():
    """A burst at 1.0 s in EMG frames every 10 ms is where the frames of a spectrogram, every 8 ms, have it."""
    fs, event = 600, 1.0
    emg = 0.01 * RNG.standard_normal((1, 1200))
    emg[:, round((event - 0.02) * fs) : round((event + 0.02) * fs)] += RNG.standard_normal(24)
    sound = np.zeros(32_000)
    sound[round(event * 16_000)] = 1.0
    own, other = FrameTimes(0.027 / 2, 0.010), FrameTimes(WINDOW_S / 2, HOP_S)
    power = np.array([(emg[0, 6 * i : 6 * i + 16] ** 2).mean() for i in range(190)])
    spectrum = log1p_magnitude(sound).sum(axis=-1)
    on_grid = to_frames(power, own, other, len(spectrum))
    middle = lambda x: float((x * np.arange(x.size)).sum() / x.sum())  # noqa: E731
    assert middle(np.where(on_grid > 0.1 * on_grid.max(), on_grid, 0)) == pytest.approx(middle(spectrum), abs=1.0)
    ramp = own.centres(50)
    np.testing.assert_allclose(to_frames(ramp, own, other, 40)[2:], other.centres(40)[2:])


def test_frames_of_emg_and_of_sound_begin_together():
    """One step in both: the first frames that see it have the same number."""
    emg, sound = np.zeros((1, 1200)), np.zeros(32_000)
    emg[:, 600:] = np.sin(2 * np.pi * 200 * np.arange(600) / 600 + 1)
    sound[16_000:] = RNG.standard_normal(16_000)
    muscles, spectrum = td_features(emg, 600)[:, 0, 3], (np.expm1(log1p_magnitude(sound)) ** 2).sum(axis=-1)
    first = [int(np.flatnonzero(x > 0.2 * x.max())[0]) for x in (muscles, spectrum)]
    assert abs(first[0] - first[1]) <= 1
    a, b = same_frames([muscles, spectrum])
    assert len(a) == len(b) and max(muscles.size, spectrum.size) - len(a) <= 3
    with pytest.raises(SignalError, match=r"have \[10, 20\] frames"):
        same_frames([np.ones(10), np.ones(20)])


def test_log_spectrogram_is_that_of_a_plain_loop_and_comes_back():
    x = RNG.standard_normal(3000)
    found = log1p_magnitude(x)
    assert found.shape == (n_frames(3000), 257) == (21, 257)
    frame = x[128 * 4 : 128 * 4 + 512] * np.blackman(512)
    np.testing.assert_allclose(found[4], np.log(1 + np.abs(np.fft.fft(frame)[:257])), rtol=1e-9)
    back = to_signal(found, x)
    assert back.shape == x.shape
    np.testing.assert_allclose(without_edges(back), without_edges(x), atol=1e-9)
    np.testing.assert_allclose(to_signal(found - 100, x), 0)  # below 0 is 0
    with pytest.raises(SignalError, match=r"expected \(21, 257\), as the noisy signal"):
        to_signal(found[:-1], x)
    with pytest.raises(SignalError, match="1024 samples: expected more"):
        without_edges(np.ones(1024))
    assert n_frames(1) == n_frames(512) == 1 and n_frames(513) == 2


class Fused:
    takes_beside = True

    def __call__(self, noisy, fs, beside=None):
        return noisy * same_duration(noisy, fs, beside).signal[0, 0]


def test_a_mixture_with_a_second_signal():
    sound, emg = RNG.standard_normal(16_000), Channels(np.full((2, 600), 3.0), 600, "µV", "x")
    paired = PairedMixture(sound, sound, 2 * sound, 16_000, 0.0, "x", beside=emg)
    np.testing.assert_array_equal(enhanced(Fused(), paired), 6 * sound)
    np.testing.assert_array_equal(enhanced(lambda noisy, fs: noisy / 2, paired), sound)
    assert takes_beside(Fused()) and not takes_beside(np.abs)
    with pytest.raises(SignalError, match="the second signal is missing"):
        enhanced(Fused(), PairedMixture(sound, sound, 2 * sound, 16_000, 0.0, "x"))
    with pytest.raises(SignalError, match=r"the sound lasts 1.000 s and x beside it 0.500 s"):
        PairedMixture(sound, sound, sound, 16_000, 0.0, "x", beside=Channels(np.ones((2, 300)), 600, "µV", "x"))
    with pytest.raises(SignalError, match="has no channel '7'"):
        emg.only("7")
    assert emg.only("2").names == ("2",)
    with pytest.raises(SignalError, match=r"have shape \(5,\)"):
        Channels(np.ones(5), 600, "µV", "x")
