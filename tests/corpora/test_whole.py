"""WAV and Ogg files that were cut: every length that is too short is seen, and streams of unknown length are read."""

import contextlib
import struct

import numpy as np
import pytest
import soundfile

from biosig.corpora.audio_io import check_sound, read_sound
from biosig.corpora.whole import check_end
from biosig.errors import DataError

SAMPLES = (np.arange(1000) % 100 * 200).astype("<i2")


def wav(riff, data, samples=SAMPLES, magic=b"RIFF", order="<", more=b"", rate=8000):
    """A WAV file of 16 bits with these sizes in its headers."""
    form = struct.pack(order + "4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate % 2**32, 2, 16)
    held = b"data" + struct.pack(order + "I", data) + samples.tobytes()
    return magic + struct.pack(order + "I", riff) + b"WAVE" + more + form + held


def write(path, content):
    path.write_bytes(content)
    return path


UNKNOWN = [0xFFFFFFFF, 0xFFFFFFFF - 36, 0x7FFFF000, 0x80000000]  # ffmpeg; it or others; SoX; arecord


@pytest.mark.parametrize("data", [2000, *UNKNOWN])
@pytest.mark.parametrize("riff", [2036, 0, 0xFFFFFFFF])
def test_a_stream_of_unknown_length_is_read_to_its_end(tmp_path, riff, data):
    path = write(tmp_path / "a.wav", wav(riff, data))
    assert check_sound(path).frames == 1000
    np.testing.assert_array_equal(read_sound(path)[0][0], SAMPLES / 2**15)


def test_a_wave_of_wide_sizes_and_one_of_the_other_byte_order(tmp_path):
    sizes = b"ds64" + struct.pack("<IQQQI", 28, 2072, 2000, 1000, 0)
    wide = wav(0xFFFFFFFF, 0xFFFFFFFF, magic=b"RF64", more=sizes)
    big = wav(2036, 2000, SAMPLES.astype(">i2"), b"RIFX", ">")
    for content in (wide, big):
        assert check_sound(write(tmp_path / "a.wav", content)).frames == 1000
        with pytest.raises(DataError, match="cut short: expected 2000 bytes of samples, found 1999"):
            check_end(write(tmp_path / "a.wav", content[:-1]))


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "ULAW", "IMA_ADPCM"])
@pytest.mark.parametrize("lost", [1, 100, 900])
def test_a_cut_wav_is_refused(tmp_path, subtype, lost):
    path = tmp_path / "a.wav"
    soundfile.write(path, SAMPLES / 2**15, 8000, subtype, format="WAV")
    with soundfile.SoundFile(path) as sound:
        assert sound.frames >= 1000
    check_end(path)
    whole = path.read_bytes()
    end = whole.index(b"data") + 8 + struct.unpack("<I", whole[whole.index(b"data") + 4 :][:4])[0]
    with pytest.raises(DataError, match="a.wav is cut short: expected .* bytes of samples, found"):
        check_sound(write(path, whole[: end - lost]))


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_a_cut_ogg_is_refused_wherever_it_is_cut(tmp_path, subtype):
    path = tmp_path / "a.ogg"
    soundfile.write(path, np.random.default_rng(0).standard_normal(20_000) / 5, 16000, subtype, format="OGG")
    whole = path.read_bytes()
    assert check_sound(path).frames == 20_000
    check_end(write(path, whole + b"TAG" + bytes(125)))  # what follows a whole stream is not its end
    pages = [at for at in range(len(whole)) if whole[at : at + 4] == b"OggS"]
    for size in (len(whole) - 1, pages[-1] + 30, pages[-1] + 10, pages[-1], pages[-1] - 1, len(whole) // 2):
        with pytest.raises(DataError, match="a.ogg is cut short: expected a page"):
            check_end(write(path, whole[:size]))


@pytest.mark.parametrize("rate", [0, 2_000_000_000, 3_000_000_000])
def test_an_absurd_rate_is_refused(tmp_path, rate):
    with pytest.raises(DataError, match="a.wav"):
        check_sound(write(tmp_path / "a.wav", wav(2036, 2000, rate=rate)))


def test_many_channels_ask_for_no_more_memory_than_few(tmp_path, monkeypatch):
    from biosig.corpora import audio_io

    asked, read = [], audio_io._read

    def counted(file, size, path):
        asked.append(size * file.channels)
        return read(file, size, path)

    monkeypatch.setattr(audio_io, "_read", counted)
    soundfile.write(tmp_path / "a.wav", np.zeros((10, 1000)), 1_000_000, format="WAV")
    assert check_sound(tmp_path / "a.wav").channels == 1000
    assert max(asked) <= audio_io.BLOCK_MOST


def test_the_decoder_of_mp3_does_not_talk_on_the_terminal(tmp_path, capfd):
    path = tmp_path / "a.mp3"
    soundfile.write(path, np.random.default_rng(0).standard_normal(40_000) / 5, 16000, format="MP3")
    content = bytearray(path.read_bytes())
    content[2000:6000] = np.random.default_rng(1).bytes(4000)
    with soundfile.SoundFile(write(path, content)) as file, contextlib.suppress(soundfile.SoundFileError):
        file.read()
    assert capfd.readouterr().err  # what there is to hide
    with pytest.raises(DataError):
        check_sound(path)
    assert capfd.readouterr() == ("", "")
