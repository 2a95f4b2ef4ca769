"""`biosig score`: which files are compared, the numbers against the measures themselves, and what is refused."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from biosig import cli
from biosig.commands import score as command
from biosig.commands.score import COLUMNS, Files, matched
from biosig.metrics import optional
from biosig.metrics.speech import MEASURES, score_speech

KINDS = {".wav": "WAV", ".flac": "FLAC", ".mp3": "MP3"}
CHEAP = "si_sdr_db,snr_db,seg_snr_db"


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def sound(seed, fs=16000, seconds=1.0):
    """Synthetic: noise whose level goes up and down as syllables do."""
    n = round(fs * seconds)
    level = 0.1 * (1 + np.sin(2 * np.pi * 4 * np.arange(n) / fs))
    return level * np.random.default_rng(seed).standard_normal(n)


def write(path, x, fs=16000, subtype=None):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.clip(x, -1, 1), fs, format=KINDS[path.suffix], subtype=subtype)


def folders():
    """ref/ and est/ with two pairs, one below, the estimates with other endings."""
    for seed, name in enumerate(("a", "deep/b")):
        clean = sound(seed)
        write(f"ref/{name}.wav", clean, subtype="DOUBLE")
        write(f"est/{name}.flac", clean + 0.1 * sound(seed + 9), subtype="PCM_24")


def expected(item, metrics=CHEAP):
    clean, estimate = (soundfile.read(f"{side}/{item}{end}")[0] for side, end in (("ref", ".wav"), ("est", ".flac")))
    return {each.metric: each for each in score_speech(clean, estimate, 16000, metrics.split(","))}


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


# --- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_csv_holds_the_measures_of_every_pair(capsys, jobs):
    folders()
    assert cli.main(["score", "ref", "est", "--metrics", CHEAP, "--csv", "-", "--jobs", jobs]) == 0
    found = rows(capsys.readouterr().out)
    assert [(row["item"], row["metric"]) for row in found] == [
        (item, metric) for item in ("a", "deep/b") for metric in (*CHEAP.split(","), "delay_ms")
    ]
    for row in found:
        score = expected(row["item"])[row["metric"]]
        assert float(row["value"]) == pytest.approx(score.value, rel=1e-5) and row["version"] == score.version
        assert (row["reference"], row["estimate"]) == (f"ref/{row['item']}.wav", f"est/{row['item']}.flac")


def test_table_has_a_line_per_file_the_means_and_the_variants(capsys):
    folders()
    assert cli.main(["score", "ref", "est", "--metrics", CHEAP]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["file", *CHEAP.split(","), "delay_ms"]
    table = {line.split()[0]: line.split()[1:] for line in lines[2:6]}
    values = [[expected(item)[metric].value for metric in CHEAP.split(",")] for item in ("a", "deep/b")]
    for name, wanted in zip(("a", "deep/b", "mean"), (*values, np.mean(values, axis=0)), strict=True):
        assert table[name] == [f"{value:.3f}" for value in (*wanted, 0)]
    assert f"si_sdr_db: {MEASURES['si_sdr_db'].version}" in lines


def test_the_default_measures(capsys):
    pytest.importorskip("pesq"), pytest.importorskip("pystoi")
    folders()
    assert cli.main(["score", "ref/a.wav", "est/a.flac", "--csv", "-"]) == 0
    found = {row["metric"]: float(row["value"]) for row in rows(capsys.readouterr().out)}
    assert list(found) == ["pesq_wb", "stoi", "estoi", "si_sdr_db", "seg_snr_db", "delay_ms"]
    assert found["stoi"] == pytest.approx(expected("a", "stoi")["stoi"].value, rel=1e-5)


def test_a_delay_is_removed_and_shown(capsys):
    clean = sound(0)
    write("r.wav", clean, subtype="DOUBLE")
    write("e.wav", np.concatenate([np.zeros(80), clean[:-80]]), subtype="DOUBLE")
    assert cli.main(["score", "r.wav", "e.wav", "--metrics", "snr_db", "--csv", "-"]) == 0
    snr, delay = rows(capsys.readouterr().out)
    assert float(delay["value"]) == 5.0
    assert snr["value"] == "" and snr["reason"] == "perfect"


def test_what_has_no_value_says_why_and_is_not_in_the_mean(capsys):
    folders()
    write("ref/a.wav", np.zeros(16000), subtype="DOUBLE")
    assert cli.main(["score", "ref", "est", "--metrics", "si_sdr_db"]) == 0
    out = capsys.readouterr().out
    assert f"{expected('deep/b')['si_sdr_db'].value:.3f} (1 of 2)" in out
    assert "a: no si_sdr_db: clean is silent." in out and "nan" not in out


def test_csv_into_a_file(capsys):
    folders()
    assert cli.main(["score", "ref", "est", "--metrics", "snr_db", "--csv", "out/s.csv"]) == 0
    assert capsys.readouterr().out == "out/s.csv: 2 files, 2 values each.\n"
    text = Path("out/s.csv").read_text()
    assert text.startswith(",".join(COLUMNS)) and len(rows(text)) == 4


def test_other_rates_and_lengths_with_resample(capsys):
    """A tone at 48 kHz, 0.1 s longer, is the tone at 16 kHz."""
    tone = lambda fs, seconds: 0.3 * np.sin(2 * np.pi * 440 * np.arange(round(fs * seconds)) / fs)  # noqa: E731
    write("r.wav", tone(16000, 1), subtype="DOUBLE")
    write("e.wav", tone(48000, 1.1), 48000, "DOUBLE")
    assert cli.main(["score", "r.wav", "e.wav", "--metrics", "snr_db", "--csv", "-"]) == 2
    assert "r.wav and e.wav have 16000 and 48000 Hz: expected one rate, or --resample." in capsys.readouterr().err
    assert cli.main(["score", "r.wav", "e.wav", "--metrics", "snr_db", "--csv", "-", "--resample"]) == 0
    assert float(rows(capsys.readouterr().out)[0]["value"]) > 30  # but for the first crossings of the filter


def test_blind_needs_no_reference(capsys, monkeypatch):
    """With a stand-in for the network, which is asked for every file once."""
    scales = {"ovrl": 2.0, "sig": 3.0, "bak": 4.0}
    monkeypatch.setattr(optional, "load", lambda *names: None)
    monkeypatch.setattr("biosig.metrics.speech.dnsmos", lambda x, fs: scales)
    folders()
    assert cli.main(["score", "--blind", "est", "ref/a.wav", "--csv", "-"]) == 0
    found = rows(capsys.readouterr().out)
    assert {row["estimate"] for row in found} == {"est/a.flac", "est/deep/b.flac", "ref/a.wav"}
    assert all(row["reference"] == "" for row in found)
    assert {row["metric"]: float(row["value"]) for row in found} == {f"dnsmos_{k}": v for k, v in scales.items()}


# --- which files -------------------------------------------------------------------------------------------------


def pairs(*paths):
    return [(str(files.reference), str(files.estimate)) for files in matched([Path(path) for path in paths])]


def test_lists_are_matched_by_name_and_else_in_order():
    assert pairs("r/a.wav", "r/b.wav", "e/b.mp3", "e/a.mp3") == [("r/b.wav", "e/b.mp3"), ("r/a.wav", "e/a.mp3")]
    assert pairs("r/1.wav", "r/2.wav", "e/x.wav", "e/y.wav") == [("r/1.wav", "e/x.wav"), ("r/2.wav", "e/y.wav")]


def test_references_without_an_estimate_are_counted(capsys):
    folders()
    Path("est/a.flac").unlink()
    assert pairs("ref", "est") == [("ref/deep/b.wav", "est/deep/b.flac")]
    assert capsys.readouterr().err == "1 references have no estimate and are left out.\n"


WRONG = [
    ([], "required: REF EST"),
    (["ref/a.wav"], "1 paths: expected as many references as estimates, or --blind"),
    (["ref", "est/a.flac"], "ref is a folder: expected two folders, or files only"),
    (["est", "ref/a.wav"], "est is a folder"),
    (["bare", "est"], "bare holds no sound files"),
    (["ref/deep", "est"], "est/a.flac (and 1 more) has no reference: expected the same name in ref/deep"),
    (["double", "est"], "have one name: expected one of them"),
    (["ref/a.wav", "gone.wav"], "gone.wav is not there"),
    (["ref/a.wav", "words.wav"], "words.wav cannot be read as sound"),
    (["ref/a.wav", "stereo.wav"], "stereo.wav has 2 channels: expected one"),
    (["ref/a.wav", "short.wav"], "ref/a.wav and short.wav have 16000 and 100 samples: expected one length"),
    (["ref/a.wav", "short.wav", "--resample"], "ref/a.wav and short.wav last 1.00 and 0.01 s: expected at most 0.5 s"),
    (["ref/a.wav", "est/a.flac", "--metrics", "nice"], "metric 'nice' is unknown: expected some of pesq_wb"),
    (["ref/a.wav", "est/a.flac", "--jobs", "0"], "jobs is 0"),
    (["ref/a.wav", "est/a.flac", "--csv", "words.wav/s.csv"], "words.wav to be a folder"),
    (["cd.wav", "cd.wav", "--metrics", "pesq_wb"], "cd.wav: fs is 44100 Hz: pesq_wb expects 16000 Hz"),
    (["--blind", "est/a.flac", "--metrics", "snr_db"], "snr_db needs a reference"),
]


@pytest.mark.parametrize("arguments, sentence", WRONG, ids=lambda value: " ".join(value) if type(value) is list else "")
def test_a_wrong_use_is_one_sentence_before_any_work(capsys, monkeypatch, arguments, sentence):
    monkeypatch.setattr(optional, "load", lambda *names: None)
    folders()
    Path("words.wav").write_text("not a sound")
    Path("bare").mkdir()
    write("stereo.wav", np.ones((16000, 2)) / 2)
    write("short.wav", np.ones(100) / 2)
    write("cd.wav", sound(0, 44100), 44100)
    for ending in (".wav", ".flac"):
        write(f"double/a{ending}", sound(0))
    metrics = [] if "--metrics" in arguments or not arguments else ["--metrics", CHEAP]
    assert cli.main(["score", *arguments, *metrics]) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err
    assert err.startswith("biosig: ") and err.count("\n") == 1 and err.endswith(".\n") and not err.endswith("..\n")


def test_a_missing_package_is_one_sentence(capsys, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pystoi", None)
    folders()
    assert cli.main(["score", "ref", "est", "--metrics", "stoi"]) == 2
    assert "package pystoi cannot be imported" in capsys.readouterr().err


def test_a_pair_is_read_where_it_is_scored():
    folders()
    pair = command.load_pair(Files("a", Path("ref/a.wav"), Path("est/a.flac")))
    assert pair.item == "a" and pair.fs == 16000 and pair.clean.shape == pair.estimate.shape == (16000,)
