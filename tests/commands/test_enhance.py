"""`biosig enhance` from file to file: every format and rate, folders, what is refused, what is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from biosig import cli
from biosig.commands import enhance as command
from biosig.corpora.audio_io import read_sound
from biosig.signal.enhancement import CLASSICAL_SPEECH

KINDS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3"}


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    """Every test in a folder of its own, and no system kept from the last."""
    monkeypatch.chdir(tmp_path)
    command.loaded.cache_clear()


@pytest.fixture
def halving(monkeypatch):
    """A system of 16 kHz that halves, in the place of a network; its windows are remembered."""
    seen = []

    def system(x, fs):
        seen.append((x.size, fs))
        return x / 2

    monkeypatch.setattr(command, "loaded", lambda *_: system)
    return seen


def voice(fs, channels=1, seconds=0.6, odd=37):
    """A tone that comes and goes in weak noise (synthetic)."""
    n = round(fs * seconds) + odd
    t, rng = np.arange(n) / fs, np.random.default_rng(3)
    tone = 0.3 * np.sin(2 * np.pi * 440 * t) * (np.sin(2 * np.pi * 3 * t) > 0)
    return tone + 0.02 * rng.standard_normal((channels, n))


def write(path, x, fs, subtype=None):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, x.T, fs, format=KINDS[path.suffix], subtype=subtype)
    return path


# --- what is done ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", KINDS)
@pytest.mark.parametrize("fs, channels", [(8000, 1), (16000, 2), (44100, 1), (48000, 2)])
def test_a_classical_system_in_a_file_is_that_system_on_its_samples(capsys, ending, fs, channels):
    """At the file's own rate; the length and the number of channels stay, whatever the format."""
    source = write(f"in{ending}", voice(fs, channels), fs)
    assert cli.main(["enhance", str(source), "out.wav", "--system", "wiener"]) == 0
    assert capsys.readouterr().out == "out.wav: 1 file, 0.6 s, enhanced by wiener.\n"
    (noisy, _), (found, rate) = read_sound(source), read_sound("out.wav")
    assert rate == fs and found.shape == noisy.shape
    np.testing.assert_allclose(found, CLASSICAL_SPEECH["wiener"](noisy, fs), atol=1.01 / 2**15)
    assert cli.main(["enhance", str(source), f"out{ending}", "--force"]) == 0
    assert read_sound(f"out{ending}")[0].shape == noisy.shape


@pytest.mark.parametrize("fs", [8000, 16000, 44100, 48000])
def test_a_linear_system_of_16_khz_at_any_rate(capsys, halving, fs):
    x = voice(fs, 2, seconds=11)
    x[:] = np.sin(np.arange(x.shape[1]) * 2 * np.pi * 500 / fs) * [[0.5], [0.25]]
    write("in.wav", x, fs, "DOUBLE")
    assert cli.main(["enhance", "in.wav", "out.wav", "--system", "unet"]) == 0
    found, rate = read_sound("out.wav")
    assert rate == fs and found.shape == x.shape and soundfile.info("out.wav").subtype == "DOUBLE"
    edge = 0 if fs == 16000 else fs // 50
    np.testing.assert_allclose(found[:, edge:-edge or None], x[:, edge:-edge or None] / 2, atol=1e-3)
    assert set(halving) == {(160_000, 16_000)}
    assert ("nothing above 8 kHz is left" in capsys.readouterr().out) == (fs > 16000)


def test_24_bits_stay_and_noisy_is_the_file_itself():
    write("in.wav", voice(11025), 11025, "PCM_24")
    assert cli.main(["enhance", "in.wav", "out.flac", "--system", "noisy"]) == 0
    assert soundfile.info("out.flac").subtype == "PCM_24"
    np.testing.assert_array_equal(read_sound("out.flac")[0], read_sound("in.wav")[0])


def test_clipping_is_told(capsys):
    x = np.zeros((1, 1000))
    x[0, [5, 6, 700]] = 1.5
    write("in.wav", x, 8000, "FLOAT")
    assert cli.main(["enhance", "in.wav", "out.flac", "--system", "noisy"]) == 0
    assert "out.flac: 3 samples were beyond full scale and are clipped.\n" in capsys.readouterr().out


def make_tree():
    for name in ("rec/a.wav", "rec/deep/b.flac", "rec/deep/._b.wav", "single.wav"):
        write(name, voice(8000, seconds=0.1), 8000)
    Path("rec/notes.txt").write_text("not a sound")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_folder_is_mirrored_also_into_itself(capsys, jobs):
    make_tree()
    out = Path("rec/clean")
    assert cli.main(["enhance", "rec", "single.wav", str(out), "--jobs", jobs]) == 0
    assert "rec/clean: 3 files, 0.3 s, enhanced by log_mmse." in capsys.readouterr().out
    files = ["a.wav", "deep/b.flac", "single.wav"]
    assert sorted(str(file.relative_to(out)) for file in out.rglob("*.*")) == files
    expected = CLASSICAL_SPEECH["log_mmse"](read_sound("rec/deep/b.flac")[0], 8000)
    np.testing.assert_allclose(read_sound(out / "deep/b.flac")[0], expected, atol=1.01 / 2**15)

    before = {file: (out / file).stat().st_mtime_ns for file in files}
    assert cli.main(["enhance", "rec", "single.wav", str(out)]) == 2
    assert "a.wav (and 2 more) exists: expected --force or --skip-existing" in capsys.readouterr().err
    (out / "a.wav").unlink()
    assert cli.main(["enhance", "rec", "single.wav", str(out), "--skip-existing"]) == 0
    assert "1 file, 0.1 s" in capsys.readouterr().out
    after = {file: (out / file).stat().st_mtime_ns for file in files}
    assert [file for file in files if after[file] != before[file]] == ["a.wav"]


def test_one_file_into_a_folder_that_is_there():
    write("in.wav", voice(8000, seconds=0.1), 8000)
    Path("out").mkdir()
    assert cli.main(["enhance", "in.wav", "out"]) == 0
    assert Path("out/in.wav").is_file()


def test_list_names_every_system(capsys):
    assert cli.main(["enhance", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(command.systems())
    assert set(CLASSICAL_SPEECH) <= set(command.systems()) and command.DEFAULT in command.systems()


@pytest.mark.parametrize("name", CLASSICAL_SPEECH)
def test_every_classical_system_is_a_stream(name):
    assert command.loaded(name, "cpu") is None


# --- what is refused ---------------------------------------------------------------------------------------------

WRONG = [
    ([], "IN and OUT are required: expected at least two paths, or --list"),
    (["a.wav"], "IN and OUT are required"),
    (["gone.wav", "out.wav"], "gone.wav is not there"),
    (["words.wav", "out.wav"], "words.wav cannot be read as sound"),
    (["a.wav", "words.wav", "out"], "words.wav cannot be read as sound"),
    (["nan.wav", "out.wav"], "nan.wav holds NaN or infinite samples"),
    (["empty.wav", "out.wav"], "empty.wav holds no samples"),
    (["notes.txt", "out.wav"], "notes.txt ends in '.txt': expected one of .wav, .flac, .ogg, .mp3"),
    (["a.wav", "out.xyz"], "out.xyz ends in '.xyz'"),
    (["a.wav", "out"], "out ends in ''"),
    (["a.wav", "a.wav", "--force"], "a.wav is an input: expected the output to be another file"),
    (["a.wav", "./rec/../a.wav"], "is an input"),
    (["a.wav", "link.wav"], "link.wav is an input"),
    (["rec", "rec"], "is an input"),
    (["rec", "a.wav"], "a.wav is a file: expected a folder"),
    (["a.wav", "rec/a.wav", "out"], "a.wav and rec/a.wav would both be written to out/a.wav"),
    (["bare", "out"], "bare holds no sound files"),
    (["a.wav", "rec/a.wav"], "rec/a.wav exists: expected --force"),
    (["a.wav", "notes.txt/out.wav"], "expected"),
    (["a.wav", "out.wav", "--system", "magic"], "unknown system 'magic': expected one of noisy, spectral_subtraction"),
    (["a.wav", "out.wav", "--system", "irm"], "unknown system 'irm'"),
    (["a.wav", "out.wav", "--device", "tpu"], "unknown device 'tpu'"),
    (["a.wav", "out.wav", "--jobs", "0"], "jobs is 0"),
    (["many.wav", "out.mp3"], "out.mp3 cannot hold 5 channels at 8000 Hz"),
    (["slow.wav", "out.wav"], "slow.wav: frames of 32 ms every 8 ms are"),
]


@pytest.mark.parametrize("arguments, sentence", WRONG, ids=lambda value: " ".join(value) if type(value) is list else "")
def test_a_wrong_use_is_one_sentence_before_any_work(capsys, arguments, sentence):
    for name in ("a.wav", "rec/a.wav"):
        write(name, voice(8000, seconds=0.1), 8000)
    os.link("a.wav", "link.wav")
    Path("words.wav").write_text("not a sound")
    Path("notes.txt").write_text("not a sound")
    Path("bare").mkdir()
    write("nan.wav", np.full((1, 5), np.nan), 8000, "FLOAT")
    write("empty.wav", np.zeros((1, 0)), 8000)
    write("many.wav", np.zeros((5, 10)), 8000)
    write("slow.wav", np.zeros((1, 10)), 20)
    before = {path: path.read_bytes() for path in Path().rglob("*.*")}
    assert cli.main(["enhance", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err and "Traceback" not in err
    assert err.startswith("biosig: ") and err.count("\n") == 1 and err.endswith(".\n")
    assert {path: path.read_bytes() for path in Path().rglob("*.*")} == before and not Path("out").exists()


def test_a_missing_package_or_checkpoint_shows_before_any_work(capsys, monkeypatch):
    from biosig.errors import ConfigError
    from biosig.papers.primer import systems

    def lacking(name, *_):
        raise ConfigError(f"package of {name} is not installed.")

    monkeypatch.setattr(systems, "load_system", lacking)
    write("a.wav", voice(8000, seconds=0.1), 8000)
    assert cli.main(["enhance", "a.wav", "out.wav", "--system", "unet"]) == 2
    assert "package of unet is not installed" in capsys.readouterr().err and not Path("out.wav").exists()


def test_a_system_that_fails_names_the_file_and_leaves_nothing(capsys, monkeypatch):
    monkeypatch.setattr(command, "loaded", lambda *_: lambda x, fs: x * np.nan)
    write("a.wav", voice(16000), 16000)
    assert cli.main(["enhance", "a.wav", "out.wav", "--system", "unet"]) == 2
    assert "biosig: a.wav: the system gave NaN" in capsys.readouterr().err
    assert [path.name for path in Path().iterdir()] == ["a.wav"]


def test_interrupted_it_leaves_no_half_written_file(tmp_path):
    """Ctrl-C in the middle of a file that would take minutes."""
    write("in.wav", np.tile(voice(48000, seconds=10), 60), 48000)
    run = "import sys; from biosig.cli import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", run, "enhance", "in.wav", "out/out.wav"], stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # fmt: skip
    deadline = time.monotonic() + 300  # a busy machine loads scipy for long
    while not any(part.stat().st_size > 1000 for part in Path("out").glob(".*.part/*")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130 and "Traceback" not in err and "interrupted" in err
    assert not list(Path("out").iterdir())


def test_memory_does_not_grow_with_the_file():
    """tracemalloc sees numpy's arrays: four times the length takes no more."""
    import tracemalloc

    peaks = []
    for seconds in (6, 24):
        write(f"{seconds}.wav", np.tile(voice(4000, seconds=2, odd=0), seconds // 2), 4000)
        tracemalloc.start()
        assert cli.main(["enhance", f"{seconds}.wav", f"out{seconds}.wav", "--system", "spectral_subtraction"]) == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.15 * peaks[0]


@pytest.mark.parametrize("system", ["unet", "recurrent", "recurrent_mask", "conv_tasnet", "dccrn"])
def test_every_published_network_takes_the_noise_out_of_the_pauses(system):
    from biosig import samples
    from biosig.papers.primer.systems import load_system
    from biosig.signal.degradations.noises import pink_noise
    from biosig.signal.mixing import mix_at_snr

    clean = samples.speech("test")[0].signal[: 3 * 16000]
    noisy = 0.5 * mix_at_snr(clean, pink_noise(clean.size, 16000, "enhance"), 5)[0]
    write("in.wav", noisy[None], 16000, "DOUBLE")
    assert cli.main(["enhance", "in.wav", "out.wav", "--system", system]) == 0
    enhanced = read_sound("out.wav")[0][0]
    np.testing.assert_allclose(enhanced, load_system(system)(noisy, 16000), atol=1e-6)

    def quietest(x):
        frames = np.square(x.reshape(-1, 320)).mean(axis=-1)
        return 10 * np.log10(np.sort(frames)[:15].mean())

    assert quietest(enhanced) < quietest(noisy) - 6
