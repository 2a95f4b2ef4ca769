"""``biosig live`` through real pipes: what comes out, what is told, and how it ends."""

import os
import struct
import subprocess
import sys
import types

import numpy as np
import pytest

from biosig.cli import main
from biosig.commands.live import Paced, Watch
from biosig.errors import DataError
from biosig.seeds import rng_for
from biosig.signal.blocks import Channels, classical_stream
from biosig.signal.enhancement import log_mmse
from biosig.signal.pcm import Pcm, Reader
from biosig.signal.streaming import Framed

COMMAND = [sys.executable, "-m", "biosig.cli", "live"]


def noise(n=8000, channels=1):
    return np.round(3000 * rng_for("live", n).standard_normal((channels, n))).clip(-32768, 32767) / 32768


def live(data, *options, **more):
    return subprocess.run([*COMMAND, *options], input=data, capture_output=True, timeout=60, check=False, **more)


def pieces(data, sizes):
    """A ``read`` that gives the bytes in pieces of these sizes, whatever is asked for, the last size repeated."""
    left, sizes = [data], list(sizes)

    def read(count):
        size = min(count, sizes.pop(0) if len(sizes) > 1 else sizes[0])
        found, left[0] = left[0][:size], left[0][size:]
        return found

    return read


# --- through pipes ------------------------------------------------------------------------------------------


def test_raw_samples_come_out_as_the_whole_file_would():
    x = noise(8001)
    done = live(Pcm().encode(x) + b"\0", "--block", "7")
    assert done.returncode == 0, done.stderr
    out = Pcm().decode(done.stdout)
    np.testing.assert_allclose(out[0], log_mmse(x[0], 16000), atol=0.6 / 32768)
    told = done.stderr.decode()
    assert "1 bytes are left out" in told
    assert "0.5 s through log_mmse, 72 blocks of 7 ms, " in told and " late; " in told


def test_a_wav_of_floats_and_two_channels_comes_out_as_one():
    pcm, x = Pcm(44100, 2, "f32"), noise(4410, 2)
    done = live(pcm.header() + pcm.encode(x), "--system", "noisy")
    assert done.returncode == 0 and done.stdout == pcm.header() + pcm.encode(x)


def test_a_listener_that_leaves_ends_it_quietly():
    process = subprocess.Popen([*COMMAND, "--system", "noisy"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)  # fmt: skip
    with process:
        process.stdin.write(bytes(3200))
        process.stdin.flush()
        assert process.stdout.read(320) == bytes(320)  # it is there at once, long before the input ends
        process.stdout.close()
        try:
            for _ in range(200):
                process.stdin.write(bytes(3200))
            process.stdin.close()
        except BrokenPipeError:
            process.stdin = None
        assert process.wait(30) == 141
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    ("data", "options", "told"),
    [
        (Pcm(8000, 1, "f32").header() + np.array([0, np.nan], "<f4").tobytes(), [], "1 NaN or infinite"),
        (Pcm(8000).header() + bytes(8), ["--rate", "16000"], "the WAV says fs 8000"),
        (b"RIFF\0\0\0\0WAVEfmt ", [], "ends too early"),
        (bytes(8), ["--rate", "0"], "fs is 0"),
        (bytes(8), ["--encoding", "mp3"], "encoding is 'mp3'"),
        (bytes(8), ["--system", "conv_tasnet"], "needs the whole recording"),
        (bytes(8), ["--rate", "50"], "expected a hop of at least one sample"),
    ],
)
def test_bad_input_is_one_sentence(data, options, told, capfd, monkeypatch):
    """In this process, with a true pipe for its input: ten starts of Python would take longer than all else."""
    done = in_process(data, options, monkeypatch)
    out, err = capfd.readouterr()
    assert done == 2 and told in err and err.count("\n") == 1


def in_process(data, options, monkeypatch):
    """The exit code of ``biosig live`` on these bytes."""
    theirs, ours = os.pipe()
    os.write(ours, data)
    os.close(ours)
    with os.fdopen(theirs, "rb") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", open(1, "w", closefd=False))  # noqa: SIM115 what capfd watches
        return main(["live", *options])


def test_no_sound_at_all_is_told(capfd, monkeypatch):
    assert in_process(b"", [], monkeypatch) == 0
    assert "no sound came in for log_mmse" in capfd.readouterr().err


def test_the_list_is_of_those_that_can(capsys):
    assert main(["live", "--list"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {"noisy", "log_mmse", "light_mask", "rnnoise_own", "rnnoise", "dtln"} <= set(names)
    assert not {"unet", "nsnet2", "recurrent_mask"} & set(names)


# --- a microphone that is none ------------------------------------------------------------------------------


def test_without_the_package_a_sentence_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert main(["live", "--microphone"]) == 2
    assert "pip install sounddevice" in capsys.readouterr().err


def test_a_microphone_is_heard_and_answered_in_blocks(capsys, monkeypatch):
    heard = noise(1600)[0].astype(np.float32)
    played = []

    class Stream:
        def __init__(self, samplerate, blocksize, channels, dtype, latency):
            assert (samplerate, blocksize, channels, dtype) == (16000, 160, 1, "float32")
            self.at = 0

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def read(self, size):
            self.at += size
            return heard[self.at - size : self.at, None], self.at == size

        def write(self, out):
            assert out.shape == (160, 1) and out.dtype == np.float32
            played.append(out[:, 0])

    card = types.SimpleNamespace(Stream=Stream, PortAudioError=RuntimeError)
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    assert main(["live", "--microphone", "--seconds", "0.1"]) == 0
    err = capsys.readouterr().err
    late = int(err.split(" ms late")[0].split()[-1]) * 16
    assert "1 gaps" in err and "10 blocks of 10 ms" in err
    out, expected = np.concatenate(played), log_mmse(heard, 16000)
    np.testing.assert_allclose(out[late:], expected[: 1600 - late], atol=1e-5)
    assert 256 <= late <= 640 and not out[:late].any()


def test_a_paced_stream_waits_at_the_beginning_alone():
    paced, x = Paced(Channels([Framed(lambda frame: frame, 160)])), np.arange(1.0, 3201)[None]
    out = np.concatenate([paced.push(x[:, at : at + 100]) for at in range(0, 3200, 100)], axis=1)
    assert out.shape == x.shape and 100 <= paced.late < 160
    np.testing.assert_array_equal(out[0, 400:], x[0, 400 - paced.late : 3200 - paced.late])


# --- bytes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [[1], [3, 1, 7, 100], [10**6]])
@pytest.mark.parametrize("wav", [False, True])
def test_bytes_in_any_pieces_are_the_same_samples(sizes, wav):
    pcm, x = Pcm(16000, 3), noise(700, 3)
    data = (pcm.header() if wav else b"") + pcm.encode(x)
    reader = Reader(pieces(data, sizes), pcm)
    blocks = list(reader.blocks(64))
    assert reader.wav == wav and all(block.shape[1] <= 64 for block in blocks)
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), x)


def test_a_header_of_soundfile_is_read(tmp_path):
    """Files of a known length, of another writer, with chunks of no interest before and after."""
    soundfile = pytest.importorskip("soundfile")
    x = noise(500, 2)
    for subtype, encoding in (("PCM_16", "s16"), ("FLOAT", "f32")):
        soundfile.write(tmp_path / "a.wav", x.T, 22050, subtype=subtype)
        data = (tmp_path / "a.wav").read_bytes()
        reader = Reader(pieces(data + data, [11]), Pcm())  # two files, one after the other
        out = np.concatenate(list(reader.blocks(100)), axis=1)
        assert reader.pcm == Pcm(22050, 2, encoding)
        np.testing.assert_allclose(out, np.tile(x, 2), atol=1e-7)


def test_a_rate_that_changes_in_the_stream_is_refused():
    def file(fs):
        header = Pcm(fs).header()
        return header[:-4] + struct.pack("<I", 8) + bytes(8)

    reader = Reader(pieces(file(8000) + file(16000), [5]), Pcm())
    with pytest.raises(DataError, match="changed from 1 × 8000 Hz s16 to 1 × 16000 Hz s16"):
        list(reader.blocks(3))


def test_the_watch_never_grows_and_counts_what_is_late():
    watch, stream = Watch(0.01), classical_stream("log_mmse", 8000)
    for _ in range(50):
        watch.push(stream, noise(80)[0], 0.01)
    watch.block_s = 0.0
    watch.push(stream, noise(80)[0], 0.01)
    assert watch.blocks == 51 and watch.late >= 1 and watch.percentile(0.5) <= watch.percentile(0.99)
    assert watch._counts.size == 2000 and watch._counts.sum() == 51
