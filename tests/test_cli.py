"""The command line: a wrong use is exit code 2 and one sentence; a right one does what it says."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from biosig import cli
from biosig.commands.denoise import ENDINGS, denoise
from biosig.corpora.recordings_io import read_recording, write_recording
from biosig.errors import DataError
from biosig.papers import base, transcription
from biosig.signal.ecg_removal import CLASSICAL

TESTS = Path(__file__).resolve().parent


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """A paper that does not exist beside the real ones, and results in a folder of their own."""
    from papers.test_transcription import GOOD

    monkeypatch.setitem(base.MODULES, "fake", "reference.fake_protocol")
    real = transcription.load
    monkeypatch.setattr(transcription, "load", lambda name: transcription.parse(GOOD) if name == "fake" else real(name))
    monkeypatch.setenv("BIOSIG_RESULTS", str(tmp_path / "results"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "results"


WRONG = [
    ([], "required: COMMAND; see `biosig --help`"),
    (["dance"], "invalid choice: 'dance'"),
    (["run"], "required: PAPER; see `biosig run --help`"),
    (["run", "nope"], "unknown paper 'nope': expected one of msemg, primer, se_for_ser, emgse, trnet, fake"),
    (["run", "fake", "--profile", "huge"], "unknown profile 'huge': expected one of quick, open, paper"),
    (["run", "fake", "--system", "plus", "--system", "nope"], "unknown system 'nope': expected one of plus, minus"),
    (["run", "fake", "--seed", "9"], "fake has no cells in profile quick for these systems and seeds"),
    (["run", "fake", "--seed", "x"], "argument --seed: invalid int value: 'x'"),
    (["run", "fake", "--jobs", "0"], "jobs is 0: expected at least 1"),
    (["run", "fake", "--device", "tpu"], "unknown device 'tpu': expected one of cpu, cuda"),
    (["run", "fake", "--speed", "9"], "unrecognized arguments: --speed 9"),
    (["table", "nope"], "unknown paper 'nope'"),
    (["table", "fake", "--format", "pdf"], "unknown format 'pdf': expected one of text, md, csv, json, html"),
    (["table", "fake", "--only", "nope"], "unknown table 'nope': expected one of gains"),
    (["verify", "nope"], "unknown paper 'nope'"),
    (["corpora", "nope"], "unknown corpus 'nope': expected one of"),
    (["fetch", "nope"], "unknown corpus 'nope': expected one of"),
    (["denoise", "emg", "in.csv"], "required: OUT"),
    (["denoise", "eeg", "in.csv", "out.csv"], "unknown kind 'eeg': expected one of emg"),
    (["denoise", "emg", "in.csv", "out.csv", "--system", "magic"], "unknown system 'magic': expected one of noisy, hp"),
    (["denoise", "emg", "in.csv", "out.csv", "--system", "hp"], "in.csv is not there: expected a recording"),
    (["denoise", "emg", "in.csv", "out.wav", "--system", "hp"], "out.wav ends in '.wav': expected one of .csv"),
    (
        ["denoise", "emg", "norate.npy", "out.csv", "--system", "hp"],
        "norate.npy does not say its rate: give it with --fs",
    ),
    (["denoise", "emg", "norate.npy", "out.csv", "--system", "hp", "--fs", "-5"], "expected a positive rate in Hz"),
    (["denoise", "emg", "nan.csv", "out.csv", "--system", "hp"], "nan.csv holds 1 NaN or infinite samples"),
    (["denoise", "emg", "short.csv", "out.csv", "--system", "hp", "--fs", "1000"], "needs at least"),
]


@pytest.mark.parametrize(
    "arguments, sentence", WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_wrong_use_is_one_sentence(fake, capsys, arguments, sentence):
    np.save("norate.npy", np.zeros((2, 3000)))
    Path("nan.csv").write_text("time,a\n0,1\n0.001,nan\n0.002,1\n")
    Path("short.csv").write_text("a\n1\n2\n3\n")
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err
    assert err.startswith("biosig: ") and err.count("\n") == 1 and err.endswith(".\n")
    assert not Path("out.csv").exists() and not fake.exists()


def test_cuda_is_asked_for_before_any_work(fake, capsys, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert cli.main(["run", "fake", "--device", "cuda"]) == 2
    assert "torch finds no CUDA device here: expected cpu" in capsys.readouterr().err


def test_profile_from_the_environment(fake, capsys, monkeypatch):
    monkeypatch.setenv("BIOSIG_PROFILE", "huge")
    assert cli.main(["run", "fake"]) == 2
    assert "unknown profile 'huge'" in capsys.readouterr().err


def test_run_table_and_verify(fake, capsys):
    assert cli.main(["run", "fake", "--profile", "open", "--seed", "0", "--seed", "1"]) == 0
    assert "4 cells run, 0 were there, 0 failed." in capsys.readouterr().out
    assert cli.main(["run", "fake", "--profile", "open", "--system", "plus"]) == 0
    assert "1 cells run, 2 were there" in capsys.readouterr().out

    assert cli.main(["table", "fake", "--profile", "open"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Gains of a paper that does not exist\n") and "plus" in text
    assert cli.main(["table", "fake", "--profile", "open", "--format", "json"]) == 0
    (table,) = json.loads(capsys.readouterr().out)
    assert table["rows"][0][1]["n"] == {"items": 6, "subjects": 3, "seeds": 3, "failed": 0}

    assert cli.main(["verify", "fake"]) == 1
    assert "gains.md is missing: render it" in capsys.readouterr().out
    assert cli.main(["table", "fake", "--profile", "open", "--save"]) == 0
    capsys.readouterr()
    assert cli.main(["verify", "fake"]) == 0
    assert "5 cells, 30 items, 1 tables; 1 cells not run." in capsys.readouterr().out
    path = fake / "fake" / "open" / "tables" / "gains.md"
    path.write_text(path.read_text().replace(".", "!", 1))
    assert cli.main(["verify", "fake"]) == 1
    out = capsys.readouterr().out
    assert "wrong: " in out and "gains.md is not what the items give" in out and "1 things are wrong" in out


def test_a_failed_cell_is_exit_code_1(fake, capsys):
    assert cli.main(["run", "fake", "--system", "bad", "--system", "plus", "--seed", "0"]) == 1
    out, err = capsys.readouterr()
    assert "1 cells run, 0 were there, 1 failed" in out
    assert "failed: file x holds 3 samples: expected 10." in err and "Traceback" not in err


def test_table_before_any_run_says_so(fake, capsys):
    assert cli.main(["table", "fake"]) == 0
    assert "No finished cells yet: run `biosig run fake --profile quick`" in capsys.readouterr().err


def test_papers_and_corpora(fake, capsys):
    assert cli.main(["papers"]) == 0
    out = capsys.readouterr().out
    assert "msemg: MSEMG: Surface Electromyography Denoising" in out and "ats_hp" in out and "arXiv:2411.18902" in out
    assert cli.main(["corpora"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("3dc") and "not here" in line for line in lines)
    assert cli.main(["corpora", "nsrdb"]) == 0
    card = capsys.readouterr().out
    assert "licence:" in card and "get it:" in card and "BIOSIG_DATA is not set" in card


COMMANDS = ["", "papers", "corpora", "fetch", "run", "table", "verify", "denoise", "enhance", "score"]
COMMANDS += ["cells", "submit"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_there_for_every_command(command, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([*command.split(), "--help"])
    out = capsys.readouterr().out
    assert stop.value.code == 0 and out.startswith(f"usage: biosig {command}".rstrip())
    assert command or "biosig denoise emg in.csv out.csv" in out


def test_a_bug_is_a_traceback(fake, monkeypatch):
    monkeypatch.setattr(base, "open_store", None)
    monkeypatch.setattr("biosig.commands.results.open_store", None)
    with pytest.raises(TypeError):
        cli.main(["table", "fake"])


# --- denoise -----------------------------------------------------------------------------------------------------


def tone(fs, seconds=4.0, hz=60.0):
    t = np.arange(round(fs * seconds)) / fs
    return np.stack([np.sin(2 * np.pi * hz * t), np.cos(2 * np.pi * hz * t) + 2])


@pytest.mark.parametrize("fs", [500, 1000, 1259.259, 2000, 2148.15])
def test_another_rate_and_any_length_come_back_as_they_were(fs):
    """With a system that does nothing, resampling there and back must do nothing to what lies below 250 Hz."""
    signals = tone(fs)[:, :-7]
    asked = []

    def nothing(x, rate):
        asked.append((x.shape[0], rate))
        return x

    cleaned = denoise(signals, fs, nothing)
    assert cleaned.shape == signals.shape and asked == [(2, 1000.0)]
    assert np.abs(cleaned - signals).max() < 0.02
    assert np.abs(cleaned - signals)[:, 200:-200].max() < 1e-3


def test_the_system_sees_the_signal_at_its_own_rate():
    """A 60 Hz tone stays and a 20 Hz tone goes through the 40 Hz high-pass, at 2 kHz as at 1 kHz."""
    signals = np.stack([tone(2000, hz=60)[0], tone(2000, hz=20)[0]])
    kept, gone = denoise(signals, 2000, CLASSICAL["hp"])[:, 500:-500].std(axis=1)
    assert kept > 0.6 and gone < 0.01


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("fs", [1000, 2000])
def test_denoise_a_file(fake, capsys, ending, fs):
    signals = tone(fs)
    source, target = Path("in.npy"), Path("out" + ending)
    write_recording(source, signals, fs)
    assert cli.main(["denoise", "emg", str(source), str(target), "--system", "hp", "--fs", str(fs)]) == 0
    assert f"{target}: 2 channels, 4.0 s, denoised by hp." in capsys.readouterr().out
    back = read_recording(target, None if ending != ".npy" else fs)
    assert back.signals.shape == signals.shape and back.fs == fs
    assert back.signals[1].mean() == pytest.approx(0, abs=0.02)  # the offset of 2 is gone
    np.testing.assert_allclose(back.signals, denoise(signals, fs, CLASSICAL["hp"]), atol=1e-3)


def test_denoise_without_a_published_network(fake, capsys, monkeypatch):
    from biosig.errors import MissingDataError

    def nothing(paper, name):
        raise MissingDataError(f"no trained {name} is published here.")

    monkeypatch.setattr("biosig.papers.neural.published", nothing)
    np.save("in.npy", tone(1000))
    assert cli.main(["denoise", "emg", "in.npy", "out.csv", "--fs", "1000"]) == 2
    assert "no trained msemg" in capsys.readouterr().err and not Path("out.csv").exists()


# --- the process -------------------------------------------------------------------------------------------------


def command(*arguments, root, **environment):
    """`biosig …` as a process of its own that knows the fake paper."""
    code = (
        "import sys; from biosig.papers import base; base.MODULES['fake'] = 'reference.fake_protocol'; "
        "from biosig.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PYTHONPATH": path, "BIOSIG_RESULTS": str(root), **environment}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=heed_interrupts,
    )


def heed_interrupts():
    """What a shell starts in the background ignores Ctrl-C, and hands that down to the tests and their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupted(tmp_path):
    log = tmp_path / "log"
    process = command("run", "fake", root=tmp_path / "r", FAKE_LOG=str(log), FAKE_SECONDS="600")
    deadline = time.monotonic() + 60
    while not log.exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.endswith("biosig: interrupted; what is finished is kept.\n") and "Traceback" not in err


def test_a_reader_that_goes_away(tmp_path):
    process = command("table", "fake", root=tmp_path / "r")
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait() == 141 and "Traceback" not in err and "Broken" not in err


def test_tables_are_shown_without_torch(tmp_path):
    """What reads results starts fast; a recipe names its loss without loading the losses."""
    from biosig.training.objectives import OBJECTIVES
    from biosig.training.recipe import LOSSES

    assert tuple(OBJECTIVES) == LOSSES
    code = "import sys; from biosig.cli import main; main(['table', 'msemg']); print('torch' in sys.modules)"
    env = {**os.environ, "BIOSIG_RESULTS": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False", done.stderr


def test_the_error_type_is_caught_whoever_raises_it(monkeypatch, capsys):
    def raise_it(arguments):
        raise DataError("a.mat is cut short: expected a MATLAB 5 file.")

    monkeypatch.setattr("biosig.commands.library.show_papers", raise_it)
    assert cli.main(["papers"]) == 2
    assert capsys.readouterr().err == "biosig: a.mat is cut short: expected a MATLAB 5 file.\n"
