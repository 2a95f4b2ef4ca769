"""A table of bad inputs thrown at the command line: exit code 2, one sentence, no traceback, and nothing is written."""

import os
import resource
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.io import savemat

from biosig import cli
from biosig.corpora.recordings_io import write_recording

LONG = "n" * 300
EMG = np.random.default_rng(2).standard_normal((2, 2000))
SOUND = np.random.default_rng(3).standard_normal(8000) / 10


def npy(path, shape):
    """A .npy that promises this shape and holds eighty bytes."""
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    Path(path).write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + bytes(80))


def recordings():
    write_recording("a.csv", EMG, 1000)
    write_recording("rec.hea", EMG, 1000)
    np.save("norate.npy", EMG)
    line, rest = Path("rec.hea").read_text().split("\n", 1)
    assert line.split()[:2] == ["rec", "2"] and line.split()[3:] == ["2000"]
    for name, fs in (("negative", "-1000"), ("zero", "0"), ("fast", "9000000000"), ("wordy", "quick")):
        Path(f"{name}.hea").write_text(f"rec 2 {fs} 2000\n{rest}")
    Path("endless.hea").write_text(f"rec 2 1000 2000000000000\n{rest}")
    Path("nosignals.hea").write_text("nosignals 0 1000 2000\n")
    Path("garbage.hea").write_text("what is this\n")
    texts = {
        "empty": "", "blank": "\n\n", "onlyheader": "time,a\n", "comments": "# a\n# b\n", "hex": "a,b\n1,0x10\n2,3\n",
        "hexfirst": "0x1,0x2\n3,4\n", "ragged": "1,2\n3\n", "words": "a,b\n1,x\n", "uneven": "time,a\n0,1\n1,2\n9,3\n",
    }  # fmt: skip
    for name, text in texts.items():
        Path(f"{name}.csv").write_text(text)
    Path("latin.csv").write_bytes(b"a,b\n" + b"1,2\n" * 9000 + b"\xe9,4\n")
    for name, shape in (("huge", "(8000000000,)"), ("wide", "(2**40, 2**40)".replace("2**40", str(2**40))),
                        ("beyond", f"({10**25},)"), ("minus", "(-5,)")):  # fmt: skip
        npy(f"{name}.npy", shape)
    rates = {"text": "1000", "complex": 1000 + 1j, "negative": -1000.0, "nan": np.nan, "struct": {"fs": 1000},
             "list": [1000, 1000], "absurd": 1e12, "logical": True}  # fmt: skip
    for name, fs in rates.items():
        savemat(f"{name}.mat", {"signals": EMG, "fs": fs})


def sounds():
    for name in ("s", "t"):
        soundfile.write(f"{name}.wav", SOUND, 8000)
    soundfile.write("whole.ogg", SOUND, 8000)
    Path("cut.ogg").write_bytes(Path("whole.ogg").read_bytes()[:-1000])
    whole = Path("s.wav").read_bytes()
    Path("cut.wav").write_bytes(whole[:-1000])
    Path("fast.wav").write_bytes(whole[:24] + struct.pack("<I", 2_000_000_000) + whole[28:])
    made = {"brief": SOUND[:2400], "hour": np.tile(SOUND, 61), "silent": 0 * SOUND, "nan": SOUND * np.nan}
    for name, signal in (made | {"opposed": np.stack([SOUND, -SOUND], axis=1)}).items():
        soundfile.write(f"{name}.wav", signal, 8000, subtype="FLOAT")
    Path("noise.mp3").write_bytes(np.random.default_rng(0).bytes(20_000))


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A folder with everything that can be wrong; no test may change it."""
    folder, before = tmp_path_factory.mktemp("room"), Path.cwd()
    os.chdir(folder)
    recordings(), sounds()
    Path("folder.csv").mkdir()
    Path("new.dat").write_text("no record of ours")
    Path("renamed.hea").write_text(Path("rec.hea").read_text())  # whose signals lie in rec.dat
    os.symlink("a.csv", "soft.csv"), os.link("a.csv", "hard.csv"), os.symlink("s.wav", "soft.wav")
    os.symlink("loop.csv", "loop.csv"), os.symlink("gone.csv", "dangling.csv")
    os.chdir(before)
    return folder


def contents(folder):
    return {str(path): path.is_file() and path.read_bytes() for path in sorted(folder.rglob("*"))}


def denoise(source, target, *options):
    return ["denoise", "emg", source, target, "--system", "hp", *options]


EXISTS = "exists: expected another name, or --force"
INPUT = "is an input: expected the output to be another file"
IS_FOLDER = "is a folder: expected a file"
BAD = [
    # an input is never an output, and what exists is replaced on --force only
    (denoise("a.csv", "a.csv", "--force"), INPUT),
    (denoise("a.csv", "./folder.csv/../a.csv", "--force"), INPUT),
    (denoise("a.csv", "soft.csv", "--force"), INPUT),
    (denoise("soft.csv", "a.csv", "--force"), INPUT),
    (denoise("a.csv", "hard.csv", "--force"), INPUT),
    (denoise("rec.hea", "rec.hea", "--force"), INPUT),
    (denoise("renamed.hea", "rec.hea", "--force"), INPUT),
    (denoise("renamed.hea", "renamed.hea", "--force"), INPUT),
    (denoise("a.csv", "hex.csv"), EXISTS),
    (denoise("a.csv", "dangling.csv"), EXISTS),
    (denoise("a.csv", "loop.csv"), EXISTS),
    (denoise("a.csv", "new.hea"), "new.dat exists"),
    (["denoise", "emg", "a.csv", "x.csv", "--system", "ats", "--plot", "a.png", "--force"], INPUT),
    (["denoise", "emg", "a.csv", "x.csv", "--system", "ats", "--plot", "x.png"], "x.csv would be written twice"),
    (["denoise", "emg", "a.csv", "hex.hea", "--system", "ats", "--plot", "hex.png"], "hex.csv exists"),
    (["denoise", "emg", "a.csv", "hex.csv", "--system", "ats", "--peaks", "hex.csv", "--force"], INPUT),
    (["enhance", "s.wav", "s.wav", "--force"], INPUT),
    (["enhance", "s.wav", "soft.wav", "--force"], INPUT),
    (["enhance", "s.wav", "t.wav"], "t.wav exists: expected --force or --skip-existing"),
    (["enhance", "s.wav", "x.wav", "--system", "cmgan", "--checkpoint", "gone.pt"], "gone.pt is not there: expected"),
    (["enhance", "s.wav", "x.wav", "--system", "cmgan", "--checkpoint", "s.wav"], "s.wav cannot be read: expected a"),
    (["enhance", "s.wav", "x.wav", "--checkpoint", "s.wav"], "unknown system 'log_mmse': expected one of unet"),
    (["score", "s.wav", "t.wav", "--csv", "t.wav", "--force"], INPUT),
    (["score", "s.wav", "t.wav", "--csv", "soft.wav", "--force"], INPUT),
    (["score", "s.wav", "t.wav", "--csv", "a.csv"], EXISTS),
    # places where nothing can be written, and files that cannot be opened
    (denoise("a.csv", "folder.csv", "--force"), IS_FOLDER),
    (denoise("a.csv", os.devnull + "/x.csv"), "to be a folder"),
    (denoise("a.csv", "hex.csv/x.csv"), "to be a folder"),
    (denoise("a.csv", f"{LONG}.csv"), "file name too long"),
    (denoise("a.csv", f"{LONG}/x.csv"), "file name too long"),
    (denoise("a.csv", "loop.csv/x.csv"), "too many levels of symbolic links"),
    (denoise("a.csv", "a b.hea"), "expected a WFDB name of letters"),
    (denoise("folder.csv", "x.csv"), "is not there"),
    (denoise("loop.csv", "x.csv"), "is not there"),
    (denoise(f"{LONG}.csv", "x.csv"), "file name too long"),
    (denoise("a\udcff.csv", "x.csv"), "cannot be written as utf-8: expected names"),
    (["enhance", "s.wav", f"{LONG}.wav"], "file name too long"),
    (["enhance", "s.wav", "hex.csv/x.wav"], "to be a folder"),
    (["enhance", "s.wav", "\udce9.wav"], "cannot be written as utf-8: expected names"),
    (["score", "s.wav", "t.wav", "--csv", "folder.csv", "--force"], IS_FOLDER),
    (["score", "s.wav", "t.wav", "--csv", os.devnull, "--force"], "is no ordinary file"),
    (["score", "s.wav", "t.wav", "--csv", f"{LONG}.csv"], "file name too long"),
    # sound that is cut short, or no sound
    (["enhance", "cut.wav", "x.wav"], "cut.wav is cut short: expected 16000 bytes of samples, found 15000"),
    (["enhance", "cut.ogg", "x.wav"], "cut.ogg is cut short: expected a page"),
    (["score", "s.wav", "cut.wav", "--csv", "x.csv"], "cut.wav is cut short"),
    (["score", "s.wav", "fast.wav", "--csv", "x.csv"], "the rate of fast.wav is 2e+09 Hz: expected 1 Hz to 1 MHz"),
    (["enhance", "fast.wav", "x.wav"], "the rate of fast.wav is 2e+09 Hz"),
    (["enhance", "noise.mp3", "x.wav"], "noise.mp3"),
    # recordings
    (denoise("empty.csv", "x.csv", "--fs", "1000"), "empty.csv holds no samples"),
    (denoise("blank.csv", "x.csv", "--fs", "1000"), "blank.csv holds no samples"),
    (denoise("onlyheader.csv", "x.csv", "--fs", "1000"), "onlyheader.csv holds no samples"),
    (denoise("comments.csv", "x.csv", "--fs", "1000"), "comments.csv holds no samples"),
    (denoise("hex.csv", "x.csv", "--fs", "1000"), "could not convert string '0x10'"),
    (denoise("hexfirst.csv", "x.csv", "--fs", "1000"), "could not convert string '0x1'"),
    (denoise("ragged.csv", "x.csv", "--fs", "1000"), "damaged or cut short"),
    (denoise("words.csv", "x.csv", "--fs", "1000"), "damaged or cut short"),
    (denoise("uneven.csv", "x.csv"), "uneven times"),
    (denoise("latin.csv", "x.csv", "--fs", "1000"), "latin.csv is not text"),
    *[(denoise(f"{name}.npy", "x.csv", "--fs", "1000"), f"{name}.npy is damaged, cut short")
      for name in ("huge", "wide", "beyond", "minus")],
    *[(denoise("norate.npy", "x.csv", "--fs", fs), "fs is") for fs in ("0.001", "0", "-1000", "nan", "inf", "1e12")],
    (denoise("norate.npy", "x.csv", "--fs", "20"), "the rate of norate.npy is 20 Hz: expected 100 Hz to 1 MHz"),
    *[(denoise(f"{name}.mat", "x.csv"), f"fs in {name}.mat is")
      for name in ("text", "complex", "struct", "list")],
    *[(denoise(f"{name}.mat", "x.csv"), f"the rate of {name}.mat is")
      for name in ("negative", "nan", "absurd", "logical")],
    *[(denoise(f"{name}.hea", "x.csv"), f"the rate of {name}.hea is") for name in ("negative", "zero", "fast")],
    (denoise("wordy.hea", "x.csv"), "wordy.hea is damaged: expected the header of a WFDB record"),
    (denoise("garbage.hea", "x.csv"), "garbage.hea is damaged"),
    (denoise("endless.hea", "x.csv"), "expected 2000000000000 samples of 2 signals, found 8000 bytes"),
    (denoise("nosignals.hea", "x.csv"), "nosignals.hea describes no signals"),
    # what no emotion can be told of
    (["emotion"], "FILE is required"),
    (["emotion", "s.wav", "--model", "mind-reader"], "no model 'mind-reader': expected one of emodb-egemaps"),
    (["emotion", "s.wav", "--enhance", "irm"], "irm"),
    (["emotion", "s.wav", "--format", "xml"], "invalid choice: 'xml'"),
    (["emotion", "gone.wav"], "gone.wav is not there"),
    (["emotion", "a.csv"], "a.csv ends in '.csv'"),
    (["emotion", "noise.mp3"], "noise.mp3"),
    (["emotion", "folder.csv"], "folder.csv holds no sound files"),
    (["emotion", "s.wav", "cut.wav"], "cut.wav is cut short"),
    (["emotion", "s.wav", "brief.wav"], "brief.wav lasts 0.30 s: expected 0.5 s of speech or more"),
    (["emotion", "s.wav", "hour.wav"], "hour.wav lasts 61 s: expected one utterance, 60 s at most"),
    (["emotion", "s.wav", "silent.wav"], "silent.wav is silent: expected speech"),
    (["emotion", "s.wav", "opposed.wav"], "opposed.wav is silent"),
    (["emotion", "s.wav", "nan.wav"], "nan.wav holds NaN or infinite samples"),
    # corpora that are not here
    (["run", "msemg", "--profile", "open"], "BIOSIG_DATA is not set"),
    (["run", "msemg", "--profile", "paper", "--system", "hp"], "BIOSIG_DATA is not set"),
    (["run", "primer", "--profile", "open", "--system", "wiener"], "BIOSIG_DATA is not set"),
    (["run", "trnet", "--profile", "open"], "BIOSIG_DATA is not set"),
    (["run", "trnet", "--profile", "paper"], "BIOSIG_DATA is not set"),
    (["run", "trnet", "--system", "trnet_magic"], "unknown system 'trnet_magic': expected one of baseline_c"),
    (["run", "trnet", "--system", "trnet_nsnet2"], "trnet has no cells in profile quick"),
    (["fetch", "3dc"], "BIOSIG_DATA is not set"),
]  # fmt: skip


def words(value):
    """The id of a case: its command line."""
    return ascii(" ".join(value).replace(LONG, "long")) if isinstance(value, list) else ""


def one_sentence(told):
    assert told.startswith("biosig: ") and told.endswith(".\n") and not told.endswith("..\n")
    assert told.count("\n") == 1 and "Traceback" not in told and "Warning" not in told


@pytest.mark.filterwarnings("error::UserWarning", "error::RuntimeWarning")
@pytest.mark.parametrize("arguments, found", BAD, ids=words)
def test_bad_input_is_one_sentence_and_nothing_is_written(room, capfd, monkeypatch, arguments, found):
    monkeypatch.chdir(room)
    monkeypatch.setenv("BIOSIG_RESULTS", str(room / "results"))
    before = contents(room)
    assert cli.main(arguments) == 2
    out, told = capfd.readouterr()
    assert out == "" and found in told
    one_sentence(told)
    assert contents(room) == before


@pytest.mark.parametrize("value", ["nowhere", "a.csv", "folder.csv"])
def test_a_wrong_data_folder_is_seen_before_any_work(room, capfd, monkeypatch, value):
    monkeypatch.chdir(room)
    monkeypatch.setenv("BIOSIG_DATA", value)
    monkeypatch.setenv("BIOSIG_RESULTS", str(room / "results"))
    assert cli.main(["run", "msemg", "--profile", "open"]) == 2
    one_sentence(capfd.readouterr().err)
    assert not (room / "results").exists()


def test_one_cell_by_name_needs_its_data_too(room, capfd, monkeypatch):
    from biosig.engine.cells import full_name
    from biosig.papers.base import paper

    monkeypatch.setenv("BIOSIG_RESULTS", str(room / "results"))
    (cell,) = paper("msemg").cells("open", ["hp"])
    assert cli.main(["run", "--cell", full_name(cell)]) == 2
    told = capfd.readouterr().err
    one_sentence(told)
    assert "BIOSIG_DATA is not set" in told and not (room / "results").exists()


def test_what_is_done_needs_no_data_and_what_needs_none_runs_without(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("BIOSIG_RESULTS", str(tmp_path / "results"))
    assert cli.main(["run", "msemg", "--profile", "open", "--system", "sizes"]) == 0
    monkeypatch.setattr("biosig.results.items.CellStore.done", lambda store, cell: True)
    assert cli.main(["run", "msemg", "--profile", "open"]) == 0


def test_results_that_cannot_be_written_are_seen_before_any_work(room, capfd, monkeypatch):
    monkeypatch.chdir(room)
    monkeypatch.setenv("BIOSIG_RESULTS", "a.csv")
    assert cli.main(["run", "msemg", "--system", "hp"]) == 2
    told = capfd.readouterr().err
    one_sentence(told)
    assert "expected" in told and "a.csv to be a folder" in told


FULL = [
    denoise("a.csv", "x.csv"),
    denoise("a.csv", "x.npy"),
    denoise("a.csv", "x.mat"),
    denoise("a.csv", "x.hea"),
    ["enhance", "s.wav", "x.wav"],
    ["enhance", "s.wav", "x.flac"],
    ["score", "s.wav", "t.wav", "--metrics", "snr_db", "--csv", "x.csv"],
]


@pytest.mark.parametrize("arguments", FULL, ids=words)
def test_a_full_disk_leaves_no_half_written_file(room, capsys, monkeypatch, arguments):
    """No file may grow beyond a hundred bytes, which the system refuses as it refuses a full disk."""
    monkeypatch.chdir(room)
    before, limits = contents(room), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        code = cli.main(arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    out, told = capsys.readouterr()
    assert code == 2 and out == "" and contents(room) == before
    one_sentence(told)
    assert told.startswith("biosig: x.") and "cannot be" in told and ".part" not in told


@pytest.mark.parametrize("arguments", [["papers"], ["--help"], ["--version"]], ids=" ".join)
def test_a_full_standard_output(monkeypatch, capsys, arguments):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert cli.main(arguments) == 2
    assert capsys.readouterr().err == "biosig: the output cannot be read or written: no space left on device.\n"


def test_a_closed_standard_output(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", None)
    assert cli.main(["papers"]) == 2
    assert "standard output is closed" in capsys.readouterr().err


def test_a_terminal_that_cannot_show_it(monkeypatch, capsys, tmp_path):
    with open(tmp_path / "out", "w", encoding="ascii") as ascii_only:
        monkeypatch.setattr(sys, "stdout", ascii_only)
        monkeypatch.setattr("biosig.commands.library.show_papers", lambda arguments: print("–"))
        assert cli.main(["papers"]) == 2
    one_sentence(capsys.readouterr().err)


def test_names_below_a_folder_that_are_not_utf_8(monkeypatch, capfd, tmp_path):
    (tmp_path / "in").mkdir()
    os.link(_tone(tmp_path / "s.wav"), os.fsencode(tmp_path / "in") + b"/\xff.wav")
    monkeypatch.chdir(tmp_path)
    for arguments in (["enhance", "in", "out"], ["score", "in", "in", "--csv", "x.csv"]):
        assert cli.main(arguments) == 2
        one_sentence(capfd.readouterr().err)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "s.wav"]


def _tone(path):
    soundfile.write(path, SOUND, 8000)
    return path


@pytest.mark.parametrize("ending", [".csv", ".npy", ".mat", ".hea"])
def test_force_replaces_what_exists(monkeypatch, tmp_path, capsys, ending):
    monkeypatch.chdir(tmp_path)
    write_recording("a.csv", EMG, 1000)
    target = Path("out" + ending)
    target.write_text("old")
    assert cli.main(denoise("a.csv", str(target))) == 2 and target.read_text() == "old"
    assert cli.main(denoise("a.csv", str(target), "--force")) == 0
    assert target.read_bytes() != b"old" and not list(tmp_path.glob(".*"))


def test_force_replaces_a_link_and_not_what_it_leads_to(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    write_recording("a.csv", EMG, 1000)
    Path("precious.csv").write_text("old")
    os.symlink("precious.csv", "out.csv")
    assert cli.main(denoise("a.csv", "out.csv", "--force")) == 0
    assert Path("precious.csv").read_text() == "old" and not Path("out.csv").is_symlink()
