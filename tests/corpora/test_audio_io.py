"""Sound files in blocks: every format, exact lengths, subtypes, clipping counted, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from biosig.corpora.audio_io import Sound, _container, blocks, check_sound, check_writable, read_sound, writer
from biosig.corpora.mp3 import mp3_frames
from biosig.errors import ConfigError, DataError, MissingDataError

FORMATS = [
    (".wav", "PCM_16"),
    (".wav", "PCM_24"),
    (".wav", "FLOAT"),
    (".wav", "ULAW"),
    (".flac", "PCM_16"),
    (".ogg", "VORBIS"),
    (".ogg", "OPUS"),
    (".mp3", "MPEG_LAYER_III"),
]
KINDS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3"}


def glide(fs, channels, n):
    t = np.arange(n) / fs
    return 0.4 * np.stack([np.sin(2 * np.pi * (300 + 50 * k + 100 * t) * t) for k in range(channels)])


def write(path, x, fs, subtype=None):
    soundfile.write(path, x.T, fs, format=KINDS[path.suffix], subtype=subtype)
    return path


@pytest.mark.parametrize("ending, subtype", FORMATS)
@pytest.mark.parametrize("fs, channels", [(8000, 2), (48000, 1)])
def test_blocks_are_the_file_and_what_is_written_is_as_long(tmp_path, ending, subtype, fs, channels):
    """Against soundfile's own reading of the whole; in blocks it loses its place in Opus by seeking."""
    x = glide(fs, channels, fs // 2 + 137)
    sound = check_sound(write(tmp_path / f"in{ending}", x, fs, subtype))
    assert (sound.fs, sound.channels, sound.frames, sound.subtype) == (fs, channels, x.shape[1], subtype)
    pieces = list(blocks(sound.path, 0.1))
    assert max(piece.shape[1] for piece in pieces) == fs // 10
    read = np.concatenate(pieces, axis=1)
    np.testing.assert_allclose(read, soundfile.read(sound.path, always_2d=True)[0].T, atol=1e-6)

    with writer(tmp_path / f"out{ending}", sound) as out:
        for piece in pieces:
            out.write(piece)
    back = check_sound(tmp_path / f"out{ending}")
    assert (back.fs, back.channels, back.frames, back.subtype) == (fs, channels, x.shape[1], subtype)
    assert out.clipped == 0 and out.frames == back.frames
    lossless = subtype.startswith("PCM") or subtype in ("FLOAT", "ULAW")
    np.testing.assert_allclose(read_sound(back.path)[0], read, atol=0 if lossless else 0.2)


@pytest.mark.parametrize(
    "source, target, subtype",
    [
        ("PCM_24", ".flac", "PCM_24"),
        ("FLOAT", ".flac", "PCM_24"),
        ("PCM_U8", ".wav", "PCM_U8"),
        ("DOUBLE", ".wav", "DOUBLE"),
        ("VORBIS", ".wav", "PCM_16"),
        ("MPEG_LAYER_III", ".wav", "PCM_16"),  # which WAV could hold, but no one expects
        ("IMA_ADPCM", ".wav", "PCM_16"),
        ("PCM_24", ".mp3", "MPEG_LAYER_III"),
        ("OPUS", ".ogg", "OPUS"),
        ("PCM_16", ".ogg", "VORBIS"),
    ],
)
def test_the_subtype_stays_where_the_format_has_it(tmp_path, source, target, subtype):
    like = Sound(Path("x"), 16000, 1, 10, source)
    assert check_writable(tmp_path / f"out{target}", like) == (KINDS[target], subtype)


def test_beyond_full_scale_is_counted_and_clipped_but_kept_in_floats(tmp_path):
    x = np.array([[0.5, 1.0, 1.2, -1.5, -1.0, 0.1]])
    for subtype, expected in (("PCM_16", 2), ("FLOAT", 0)):
        with writer(tmp_path / "out.wav", Sound(Path("x"), 8000, 1, 6, subtype)) as out:
            out.write(x)
        assert out.clipped == expected
        held = np.clip(x, -1, 1) if expected else x
        np.testing.assert_allclose(read_sound(tmp_path / "out.wav")[0], held, atol=1e-4)


def test_a_wav_of_more_than_four_gigabytes_gets_wider_sizes():
    hours = lambda h: Sound(Path("x"), 48000, 2, 3600 * 48000 * h, "PCM_24")  # noqa: E731
    assert _container("WAV", "PCM_24", hours(4)) == "WAV" and _container("WAV", "PCM_24", hours(5)) == "RF64"
    assert _container("FLAC", "PCM_24", hours(5)) == "FLAC"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, DataError, soundfile.SoundFileRuntimeError])
def test_what_is_interrupted_leaves_nothing(tmp_path, stop):
    target = tmp_path / "sub" / "out.wav"
    with pytest.raises((stop, DataError)), writer(target, Sound(Path("x"), 8000, 1, 6, "PCM_16")) as out:
        out.write(np.zeros((1, 100)))
        raise stop("enough")
    assert not list(target.parent.iterdir())


def make_wrong(folder):
    (folder / "words.wav").write_text("not a sound")
    (folder / "nothing.ogg").write_text("")
    write(folder / "empty.wav", np.zeros((1, 0)), 8000)
    write(folder / "nan.wav", np.array([[0, np.nan, 0]]), 8000, "FLOAT")
    for name in ("flac", "mp3"):
        whole = write(folder / f"whole.{name}", 0.3 * np.random.default_rng(0).standard_normal((1, 40_000)), 8000)
        (folder / f"half.{name}").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (folder / "twice.mp3").write_bytes(whole.read_bytes() * 2)


@pytest.mark.parametrize(
    "name, error, sentence",
    [
        ("gone.wav", MissingDataError, "is not there"),
        ("notes.txt", ConfigError, "ends in '.txt': expected one of .wav, .flac, .ogg, .mp3"),
        ("words.wav", DataError, "cannot be read as sound (format not recognised): expected WAV"),
        ("nothing.ogg", DataError, "cannot be read as sound"),
        ("empty.wav", DataError, "holds no samples"),
        ("nan.wav", DataError, "holds NaN or infinite samples"),
        ("half.flac", DataError, "is damaged (flac decoder lost sync): expected a whole sound file"),
        ("half.mp3", DataError, "is cut short: expected 40000 samples per channel, found"),
        ("twice.mp3", DataError, "promises 5.0 s in its first frame and holds 10."),
    ],
)
def test_what_is_no_whole_sound_is_one_sentence(tmp_path, name, error, sentence):
    make_wrong(tmp_path)
    with pytest.raises(error) as raised:
        check_sound(tmp_path / name)
    told = str(raised.value)
    assert told.startswith(str(tmp_path / name)) and sentence in told and told.endswith(".")
    assert "\n" not in told and not told.endswith("..")


@pytest.mark.parametrize("fs", [8000, 11025, 16000, 24000, 32000, 44100])
def test_the_frames_of_an_mp3_are_counted(tmp_path, fs):
    """No less than the sound, and no more than the encoder's delay and filling up, twice over with a tag between."""
    path = write(tmp_path / "a.mp3", glide(fs, 2, fs), fs)
    one = mp3_frames(path)
    assert fs <= one <= fs + 4 * 1152
    tag = b"ID3\x04\x00\x00\x00\x00\x01\x00" + b"\xff\xfb\x90\x00" * 32
    path.write_bytes(tag + path.read_bytes() + b"\x00" * 99 + path.read_bytes() + b"TAG" + b" " * 125)
    assert mp3_frames(path) == 2 * one


@pytest.mark.parametrize(
    "ending, fs, channels",
    [(".mp3", 96000, 1), (".mp3", 48000, 3), (".flac", 48000, 9), (".ogg", 700_000, 2), (".ogg", 500, 1)],
)
def test_a_format_that_cannot_hold_it_is_refused(tmp_path, ending, fs, channels):
    path = tmp_path / f"out{ending}"
    with pytest.raises(ConfigError, match=f"cannot hold {channels} channels at {fs} Hz"):
        check_writable(path, Sound(Path("in.wav"), fs, channels, 10, "PCM_16"))
    assert not path.exists()
