"""biosig denoise --plot and --peaks, through the command line."""

from pathlib import Path

import numpy as np
import pytest
from reference.emg_makers import synthetic_ecg, synthetic_emg

from biosig.cli import main
from biosig.commands.rpeak_check import CheckedSystem
from biosig.corpora.recordings_io import read_recording, write_recording
from biosig.signal.ecg_families import FAMILIES
from biosig.signal.gating import gate_zero
from biosig.signal.mixing import mix_at_snr
from biosig.signal.rpeaks import detect_r_peaks


@pytest.fixture
def recording(tmp_path, monkeypatch):
    """in.csv in the working folder: two channels of 6 s at 1 kHz; gives their samples and the true peaks."""
    monkeypatch.chdir(tmp_path)
    ecg, peaks = synthetic_ecg(6000, 1000, 110, "check")
    rows = np.stack([mix_at_snr(synthetic_emg(6000, "check", k), ecg, -12)[0] for k in range(2)])
    write_recording("in.csv", rows, 1000)
    return read_recording("in.csv").signals, peaks


def run(*arguments):
    return main(["denoise", "emg", "in.csv", "out.csv", "--system", *arguments])


def test_the_plot_and_the_table_show_the_peaks_that_were_used(recording):
    assert run("gate_zero", "--plot", "check.png") == 0
    with open("check.png", "rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    found = np.loadtxt("check.csv", skiprows=1)
    np.testing.assert_allclose(found, detect_r_peaks(recording[0][0], 1000) / 1000, atol=1e-4)


@pytest.mark.parametrize("head", ["seconds", "sample"])
def test_corrected_peaks_are_worked_with_in_all_channels(recording, head):
    rows, true = recording
    given = true[::2] / 1000 if head == "seconds" else true[::2]
    np.savetxt("mine.csv", given[::-1], header=head, comments="", fmt="%.4f" if head == "seconds" else "%d")
    assert run("gate_zero", "--peaks", "mine.csv", "--plot", "check.png") == 0
    np.testing.assert_allclose(read_recording("out.csv").signals, gate_zero(rows, 1000, true[::2]), atol=1e-8)
    np.testing.assert_allclose(np.loadtxt("check.csv", skiprows=1), true[::2] / 1000, atol=1e-4)


def test_the_table_handed_back_gives_the_same_result(recording):
    write_recording("in.csv", recording[0][:1], 1000)
    assert run("ats_official", "--plot", "check.png") == 0
    first = read_recording("out.csv").signals
    out = Path("out.csv")
    out.unlink()
    assert run("ats_official", "--peaks", "check.csv") == 0 and out.is_file()
    np.testing.assert_allclose(read_recording("out.csv").signals, first, atol=1e-8)


def test_peaks_stay_in_place_where_the_recording_is_resampled_and_its_ends_are_mirrored():
    seen = []
    system = CheckedSystem(lambda x, fs, peaks: seen.append(peaks) or x, True, np.array([0.5, 2.0]), 4.0)
    system(np.zeros((1, 6000)), 1000)  # 4 s with 1 s mirrored at either end
    np.testing.assert_array_equal(seen[0], [1500, 3000])
    np.testing.assert_allclose(system.noted[0], [0.5, 2.0])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0.5\n1.5\n", "expected the head 'seconds' or 'sample'"),
        ("seconds\n0.5\nx\n", "no number"),
        ("seconds\n0.5\n600\n", "outside the recording"),
        ("sample\nnan\n", "outside the recording"),
        ("", "expected the head"),
    ],
)
def test_a_file_that_holds_no_peaks_is_refused(recording, capsys, text, sentence):
    with open("bad.csv", "w") as file:
        file.write(text)
    assert run("ats", "--peaks", "bad.csv") == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["hp", "--peaks", "in.csv"], "hp looks at no R peaks"),
        (["ats", "--peaks", "none.csv"], "none.csv is not there"),
        (["ats", "--plot", "check.pdf"], "expected .png"),
        (["ats", "--plot", "in.png"], "in.csv is an input: expected the output to be another file"),
        (["ats", "--plot", "out.png"], "out.csv would be written twice"),
    ],
)
def test_what_cannot_be_done_is_refused_before_work_starts(recording, capsys, arguments, sentence):
    assert run(*arguments) == 2
    assert sentence in capsys.readouterr().err


def test_an_existing_plot_is_not_replaced(recording, capsys):
    open("check.png", "w").close()
    assert run("ats", "--plot", "check.png") == 2
    assert "check.png exists: expected another name, or --force" in capsys.readouterr().err


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_a_system_of_the_command_line(recording, name):
    write_recording("in.csv", recording[0][:1, :2500], 1000)
    assert run(name) == 0
    assert read_recording("out.csv").signals.shape == (1, 2500)
