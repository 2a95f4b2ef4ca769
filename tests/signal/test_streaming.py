import doctest
import importlib

import numpy as np
import pytest

from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal.enhancement import RULES, log_mmse, speech_stream
from biosig.signal.stft import istft, n_frames, stft
from biosig.signal.streaming import BLOCK, Framed, SpectralStream, frame_sizes

SIZES = [(8000, 32, 8), (16000, 32, 16), (16000, 20, 10), (11025, 25, 6.25), (44100, 32, 8)]


def in_pieces(stream, x, sizes):
    """All that comes out when x goes in by pieces of these sizes, the last repeated."""
    out, start, k = [], 0, 0
    while start < x.shape[-1]:
        out.append(stream.push(x[..., start : start + sizes[min(k, len(sizes) - 1)]]))
        start, k = start + sizes[min(k, len(sizes) - 1)], k + 1
    return np.concatenate([*out, stream.flush()], axis=-1)


@pytest.mark.parametrize(("fs", "frame_ms", "hop_ms"), SIZES)
@pytest.mark.parametrize("n", [1, 200, 1500, 5003])
def test_a_gain_of_one_gives_back_the_input(fs, frame_ms, hop_ms, n):
    x = rng_for("unity", n).standard_normal((2, n))
    out = in_pieces(SpectralStream(np.ones_like, fs, frame_ms, hop_ms), x, [1000])
    assert out.shape == x.shape
    np.testing.assert_allclose(out, x, rtol=0, atol=1e-11)


@pytest.mark.parametrize(("fs", "frame_ms", "hop_ms"), SIZES)
@pytest.mark.parametrize("pieces", [[100_000], [1, 7, 600, 33, 2000]])
def test_it_is_the_inverse_of_the_changed_spectra(fs, frame_ms, hop_ms, pieces):
    """Block by block or at once by stft and istft: the same signal, whatever the gains."""
    frame, hop, n_fft = frame_sizes(fs, frame_ms, hop_ms)
    n = 3 * frame + 5 * hop + 11
    x, window = rng_for("changed").standard_normal((2, n)), np.sqrt(np.hanning(frame + 1)[:-1])
    gains = rng_for("gains").uniform(size=(n_frames(n, hop), 2, n_fft // 2 + 1))
    spectra = stft(x, n_fft, hop, window, pad_mode="reflect")
    expected = istft(spectra * np.moveaxis(gains, 0, -2), n_fft, hop, window, length=n)
    powers, left = [], iter(gains)

    def step(power):
        powers.append(power.copy())
        return next(left)

    out = in_pieces(SpectralStream(step, fs, frame_ms, hop_ms), x, pieces)
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-11)
    assert next(left, None) is None  # as many frames
    np.testing.assert_allclose(np.moveaxis(powers, 0, -2), np.abs(spectra) ** 2, rtol=0, atol=1e-9)


def test_long_input_goes_through_in_blocks():
    frame, hop, _ = frame_sizes(8000)
    n = frame + (2 * BLOCK + 50) * hop
    x, seen = rng_for("long").standard_normal(n), []
    stream = SpectralStream(lambda power: seen.append(power.shape) or np.full_like(power, 0.25), 8000)
    np.testing.assert_allclose(in_pieces(stream, x, [n]), x / 4, rtol=0, atol=1e-12)
    assert seen == [(frame // 2 + 1,)] * n_frames(n, hop)


def test_at_most_a_frame_is_held_back():
    stream, given, returned = SpectralStream(np.ones_like, 16000), 0, 0
    for size in [1, 300, 210, 5, 128, 4000, 1, 127]:
        given, returned = given + size, returned + stream.push(np.ones(size)).size
        assert 0 <= given - returned <= 512
    assert returned + stream.flush().size == given


@pytest.mark.parametrize("method", RULES)
@pytest.mark.parametrize("tracker", ["speech_presence", "minimum_statistics", "voice_activity"])
def test_pieces_give_the_numbers_of_the_whole(method, tracker):
    x = rng_for("pieces", method).standard_normal(9000) * np.sin(np.arange(9000) / 700)
    whole = in_pieces(speech_stream(method, 8000, tracker=tracker), x, [9000])
    pieces = in_pieces(speech_stream(method, 8000, tracker=tracker), x, [3, 500, 64, 1111])
    np.testing.assert_allclose(pieces, whole, rtol=0, atol=1e-12)


def test_a_silent_head_passes_and_teaches_nothing():
    x = rng_for("head").standard_normal(6000)
    head = np.concatenate([np.zeros(2500), x])
    stream = speech_stream("log_mmse", 8000)
    np.testing.assert_array_equal(stream.push(head[:2000]), 0)
    out = np.concatenate([np.zeros(2000), stream.push(head[2000:]), stream.flush()])
    np.testing.assert_allclose(out[2500:], log_mmse(x, 8000), rtol=0, atol=1e-12)
    assert not out[:2500].any()


@pytest.mark.parametrize("channels", [(), (1,), (2,), (2, 3)])
@pytest.mark.parametrize("level", [0, 1], ids=["silence", "sound"])
def test_what_comes_out_has_the_channels_that_went_in(channels, level):
    stream = SpectralStream(np.ones_like, 8000)
    pushed, owed = stream.push(np.full((*channels, 700), level)), stream.flush()
    assert pushed.shape[:-1] == owed.shape[:-1] == channels
    assert np.concatenate([pushed, owed], axis=-1).shape == (*channels, 700)
    assert level or owed.shape[-1] == 0


@pytest.mark.parametrize("sizes", [(16000, 32, 17), (16000, 32, 0.01), (10, 32, 8)])
def test_impossible_sizes_get_one_sentence(sizes):
    with pytest.raises(SignalError, match="expected a hop of at least one sample and at most half a frame"):
        SpectralStream(np.ones_like, *sizes)


def test_nan_gets_one_sentence():
    with pytest.raises(SignalError, match="noisy holds 1 NaN"):
        SpectralStream(np.ones_like, 8000).push(np.array([1.0, np.nan]))


def test_examples_run():
    result = doctest.testmod(importlib.import_module("biosig.signal.streaming"))
    assert result.attempted and not result.failed


# --- steps of one size --------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [0, 3, 16, 40])
@pytest.mark.parametrize("n", [1, 15, 16, 17, 100])
@pytest.mark.parametrize("sizes", [[1], [5, 16, 33], [1000]])
def test_a_step_that_is_late_comes_out_in_place(late, n, sizes):
    """The step is a delay line of ``late`` samples: what is left is the input, whatever the pieces."""
    line = [np.zeros(late)]

    def step(frame):
        line[0] = np.concatenate([line[0], frame])
        out, line[0] = line[0][:16], line[0][16:]
        return out

    x = rng_for("framed", n).standard_normal(n)
    np.testing.assert_array_equal(in_pieces(Framed(step, 16, late), x, sizes), x)


def test_a_framed_stream_holds_back_no_more_than_it_must():
    stream = Framed(lambda frame: frame, 16, late=0)
    assert [stream.push(np.ones(10)).size for _ in range(4)] == [0, 16, 0, 16]
    assert stream._waiting.size < 16


@pytest.mark.parametrize("sizes", [(0, 0), (4, -1)])
def test_impossible_frames_are_refused(sizes):
    with pytest.raises(SignalError, match="expected at least 1"):
        Framed(lambda frame: frame, *sizes)


def test_a_framed_stream_refuses_nan_and_channels():
    stream = Framed(lambda frame: frame, 16)
    with pytest.raises(SignalError, match="NaN"):
        stream.push(np.array([np.nan]))
    with pytest.raises(SignalError, match="one channel"):
        stream.push(np.ones((2, 5)))
