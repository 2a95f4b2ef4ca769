import subprocess
import sys
from collections import Counter
from importlib import resources
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from biosig import samples
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.samples import emotional, sounds

TOOL = Path(__file__).parents[2] / "tools" / "make_emotion_samples.py"
ENTRIES = emotional.catalogue()["samples"]
RECORDINGS = samples.emotions()


def test_five_men_say_six_words_three_times_in_each_emotion():
    counts = Counter((r.subject, r.label, r.channel) for r in RECORDINGS)
    assert len(RECORDINGS) == 270 and set(counts.values()) == {3} and len(counts) == 5 * 3 * 6
    assert {r.label for r in RECORDINGS} == set(emotional.EMOTIONS)
    assert len({r.item for r in RECORDINGS}) == 270


@pytest.mark.parametrize("recording", RECORDINGS[::9], ids=lambda r: r.item)
def test_each_is_as_listed_and_as_its_source_is_called(recording):
    entry = ENTRIES[recording.item.split("/")[-1]]
    speaker, rest = Path(entry["from_file"]).stem.split(".")
    letter, word, _ = rest.split("_")
    assert (recording.subject, recording.channel) == (speaker, word)
    assert recording.label == {"a": "anger", "s": "fear", "n": "neutral"}[letter]
    assert recording.signal.size == entry["samples"] and recording.fs == 16_000
    assert 0.3 < np.abs(recording.signal).max() <= 1 and 0.4 < recording.seconds < 1.7
    assert not recording.synthetic


def test_none_is_another_one_once_more():
    """The source holds four recordings twice under two names."""
    seen = {recording.signal.tobytes() for recording in RECORDINGS}
    assert len(seen) == len(RECORDINGS)


def test_sides_share_no_speaker_and_all_speakers_have_one():
    sides = [set(emotional.speakers(split)) for split in samples.SPLITS]
    assert all(sides) and set().union(*sides) == set(emotional.speakers()) == {r.subject for r in RECORDINGS}
    assert not any(a & b for a, b in combinations(sides, 2))


def test_speakers_are_chosen_by_name():
    assert {r.subject for r in samples.emotions(["m5", "m2"])} == {"m2", "m5"}
    with pytest.raises(ConfigError, match="the emotions have no speaker 'm6': expected some of m1, m2"):
        samples.emotions(["m6"])
    with pytest.raises(ConfigError, match="samples have no split 'dev': expected one of train, validation, test"):
        emotional.speakers("dev")


def test_altered_or_absent_file_is_refused(monkeypatch):
    entry, real = ENTRIES["m1_anger_nie_1"], emotional.catalogue()
    altered = real | {"samples": {"m1_anger_nie_1": entry | {"sha256": "0" * 64}}}
    monkeypatch.setattr(emotional, "catalogue", lambda: altered)
    with pytest.raises(DataError, match="m1_anger_nie_1.flac has been altered: .* the one in EMOTIONS.toml"):
        samples.emotions()
    monkeypatch.setattr(emotional, "catalogue", lambda: real | {"samples": {"gone": entry}})
    with pytest.raises(MissingDataError, match="gone.flac is not in the package"):
        samples.emotions()


def test_package_holds_the_listed_files_their_licence_and_their_credit():
    folder, catalogue = resources.files(samples), emotional.catalogue()
    files = list(folder.joinpath("emotions").iterdir())
    assert {file.name for file in files} == {f"{name}.flac" for name in ENTRIES}
    assert sum(len(file.read_bytes()) for file in files) < 4_000_000
    licence = folder.joinpath(catalogue["licence_file"]).read_text(encoding="utf-8")
    assert "License: Creative Commons CC BY Attribution" in licence and catalogue["doi"] in licence
    assert catalogue["licence"] == "CC BY" and "sikowska" in catalogue["credit"]


def test_names_of_the_other_samples_are_as_they_were():
    """Committed quick cells are named by SOUNDS.toml and by what `names` gives."""
    assert set(samples.names("speech")) | set(samples.names("noise")) == set(sounds.catalogue()["samples"])
    assert not set(samples.names()) & set(ENTRIES)


def test_tool_refuses_another_package(tmp_path):
    (tmp_path / "nkululeko-1.14.1.tar.gz").write_bytes(b"not it")
    before = resources.files(samples).joinpath("EMOTIONS.toml").read_bytes()
    run = subprocess.run([sys.executable, str(TOOL), str(tmp_path)], capture_output=True, text=True, check=False)
    assert run.returncode != 0 and "its sha256 differs" in run.stderr and "Traceback" not in run.stderr
    assert resources.files(samples).joinpath("EMOTIONS.toml").read_bytes() == before
