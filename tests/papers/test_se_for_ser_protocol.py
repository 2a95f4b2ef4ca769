"""The emotion chapter's experiment: who meets which noise, what is kept, and what each way of training trains on."""

import numpy as np
import pytest

from biosig.cache import ArrayCache
from biosig.errors import ConfigError
from biosig.papers.base import paper
from biosig.papers.se_for_ser import front_ends, recognise, sources
from biosig.papers.se_for_ser.naming import FRONTS, NOISY
from biosig.papers.se_for_ser.profiles import EVERYWHERE, OPEN, QUICK, setup_of
from biosig.papers.se_for_ser.protocol import MEASURED, RECOGNISED
from biosig.papers.se_for_ser.recognise import Bench, behind, by_lot, predictions, rounds, whole
from biosig.papers.se_for_ser.sources import TEST, TRAIN, drawn, in_noise, utterances
from biosig.results.predictions import pooled_uar


@pytest.fixture
def bench():
    return Bench(QUICK, "polish", "egemaps", NOISY)


@pytest.fixture
def planted(monkeypatch):
    """Features that say the emotion, many times over, and once how strong the sound is."""
    labels = {each.item: each.label for each in utterances(QUICK, "polish")}

    def fake(recordings, which, cache=None, jobs=1, progress=True):
        names = sorted(set(labels.values()))
        rows = [
            (*8 * [labels[each.item.split("@")[0]] == name for name in names], np.square(each.signal).mean())
            for each in recordings
        ]
        return np.array(rows, dtype=np.float32)

    monkeypatch.setattr(recognise, "features_of", fake)


def test_every_cell_is_a_product_of_names():
    cells = paper("se_for_ser").cells("open")
    assert len({cell.key for cell in cells}) == len(cells)
    for corpus in ("emodb", "nemo"):
        for features in ("compare", "egemaps"):
            assert f"{corpus}_{features}_matched_none" in {cell.system for cell in cells}
    assert {RECOGNISED[name][3] for name in RECOGNISED if "_clean_" in name} == set(FRONTS)
    assert {RECOGNISED[name][3] for name in RECOGNISED if "_matched_" in name} == set(EVERYWHERE)
    assert all(MEASURED[cell.system][0] in dict(OPEN.corpora) for cell in cells if cell.system in MEASURED)


def test_a_cell_says_what_it_reads():
    protocol = paper("se_for_ser")
    read = {cell.system: protocol.corpora(cell) for cell in protocol.cells("open")}
    assert read["emodb_egemaps_clean_none"] == ("emodb", "emgse_noise")
    assert set(read["nemo_compare_matched_none"]) == {"nemo", "emgse_noise", "hu100", "esc10"}
    assert protocol.cells("paper") == []
    with pytest.raises(ConfigError, match="profile of the emotion chapter"):
        setup_of("paper")


def test_an_utterance_meets_one_noise_at_an_exact_snr():
    speech = utterances(QUICK, "polish")[0]
    loud, faint = (in_noise(speech, snr_db, TEST, "quick") for snr_db in (0, 10))
    for mixture, snr_db in ((loud, 0), (faint, 10)):
        found = 10 * np.log10(np.square(mixture.clean).sum() / np.square(mixture.interference).sum())
        assert found == pytest.approx(snr_db)
        assert np.abs(mixture.noisy).max() < 1
    assert np.corrcoef(loud.interference, faint.interference)[0, 1] == pytest.approx(1)
    assert dict(loud.conditions)["noise"] == dict(faint.conditions)["noise"]


def test_no_noise_trains_and_tests():
    assert not {n.item for n in sources.noises("quick", TRAIN)} & {n.item for n in sources.noises("quick", TEST)}


def test_a_subset_is_the_same_whatever_else_is_there():
    everyone = list(utterances(QUICK, "polish"))
    few = drawn(everyone, 2)
    assert few and {each.item for each in drawn(everyone[::-1], 2)} == {each.item for each in few}
    counts = {(each.subject, each.label): 0 for each in few}
    for each in few:
        counts[each.subject, each.label] += 1
    assert set(counts.values()) == {2}


def test_enhanced_speech_is_kept_by_what_it_was_made_from(tmp_path, monkeypatch):
    mixture = in_noise(utterances(QUICK, "polish")[0], 0, TEST, "quick")
    cache = ArrayCache(tmp_path)
    first = front_ends.front_end("wiener", cache)(mixture.noisy, mixture.clean, mixture.fs)
    monkeypatch.setattr(front_ends, "loaded", lambda *_: pytest.fail("it was computed once more"))
    again = front_ends.front_end("wiener", cache)(mixture.noisy, mixture.clean, mixture.fs)
    np.testing.assert_array_equal(first, again)
    assert first.dtype == np.float32 and np.abs(first).max() <= front_ends.FULL + 1e-6


def test_only_the_oracle_looks_at_the_clean_speech():
    mixture = in_noise(utterances(QUICK, "polish")[0], 0, TEST, "quick")
    for name, differs in (("wiener", False), ("irm", True)):
        enhance = front_ends.front_end(name, ArrayCache(None))
        a, b = (enhance(mixture.noisy, clean, mixture.fs) for clean in (mixture.clean, 0.1 * mixture.clean))
        assert (not np.array_equal(a, b)) is differs


def test_a_front_end_that_leaves_nothing_is_asked_all_the_same():
    case = whole(utterances(QUICK, "polish")[0])
    silent = lambda noisy, clean, fs: np.zeros(noisy.size, np.float32)  # noqa: E731
    first, again = (behind(silent, case) for _ in range(2))
    assert 0 < np.abs(first.signal).max() < 0.001
    np.testing.assert_array_equal(first.signal, again.signal)


def test_what_each_training_trains_on(bench, planted):
    (train, tests), *more = rounds(bench, "clean")
    assert list(train) == ["clean"] and list(tests) == ["clean", "0", "10"] and not more
    matched = list(rounds(bench, "matched"))
    assert [(list(train), list(tests)) for train, tests in matched] == [(["0"], ["0"]), (["10"], ["10"])]
    train_side, test_side = matched[0][0]["0"], matched[0][1]["0"]
    assert not np.array_equal(train_side, test_side)  # other noises
    (train, tests), *more = rounds(bench, "multi")
    assert list(train) == ["clean", "noisy"] and list(tests) == ["clean", "0", "10"] and not more


def test_lots_pick_rows_of_every_version(bench):
    n = len(bench.speech)
    versions = {"0": np.zeros((n, 2)), "10": np.ones((n, 2))}
    picked = by_lot(bench, versions)
    assert picked.shape == (n, 2)
    assert 0.2 < picked.mean() < 0.8


def test_features_that_say_the_emotion_are_all_understood(bench, planted):
    items = predictions(bench, "clean")
    assert len(items) == 3 * len(bench.speech)
    for level in ("clean", "0", "10"):
        found = pooled_uar({0: [i for i in items if i.conditions["snr_db"] == level]}, ["anger", "fear", "neutral"])
        assert found.value > 0.9  # chance is a third
    noisy = [item for item in items if item.conditions["snr_db"] != "clean"]
    assert all(item.conditions["noise"] for item in noisy)
    assert not any(item.conditions.get("noise") for item in items if item.conditions["snr_db"] == "clean")
