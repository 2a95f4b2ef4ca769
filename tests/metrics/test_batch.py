import os

import numpy as np
import pytest
from reference.speech_makers import speech_like

from biosig.errors import BiosigError, ConfigError, DataError, SignalError
from biosig.metrics.batch import Pair, iter_scores, score_pairs
from biosig.metrics.speech import score_speech
from biosig.seeds import rng_for

FS, METRICS = 16000, ("pesq_wb", "stoi", "estoi", "si_sdr_db")


def make(number):
    """A pair of its own length, noise and delay."""
    clean = speech_like(26000 + 500 * number, FS, "batch", number)
    noisy = clean + 0.2 * (1 + number) * rng_for("batch", number).standard_normal(clean.size)
    return Pair(f"clip {number}", clean, np.roll(noisy, 11 * number), FS)


def load(name):
    """What a folder may hold: good files, a damaged one, one of another rate, one that kills its reader."""
    if name == "damaged":
        raise DataError("damaged.wav is cut off: expected a whole file.")
    if name == "deadly":
        os._exit(1)
    if name == "other rate":
        return Pair(name, np.ones(800), np.ones(800), 8000)
    return name if isinstance(name, Pair) else make(name)


def test_neither_order_nor_processes_change_a_value_and_bad_files_say_why():
    expected = [score_speech(p.clean, p.estimate, FS, METRICS) for p in map(make, range(3))]
    assert not any(score.reason for scores in expected for score in scores)
    assert [scores[-1].value for scores in expected] == [11 * k / 16 for k in range(3)]
    together = score_pairs([2, "damaged", make(0), 1, "other rate"], METRICS, jobs=2, load=load)
    assert [together[k] for k in (2, 3, 0)] == expected
    assert score_pairs([make(k) for k in (1, 2, 0)], METRICS) == [expected[k] for k in (1, 2, 0)]
    for place, sentence in ((1, "damaged.wav is cut off"), (4, "pesq_wb expects 16000 Hz")):
        assert [score.metric for score in together[place]] == [*METRICS, "delay_ms"]
        assert all(np.isnan(score.value) and sentence in score.reason for score in together[place])
        assert [score.version for score in together[place]] == [score.version for score in expected[0]]


def test_no_delay_is_reported_where_none_was_looked_for():
    (scores,), (failed,) = (score_pairs([k], ["snr_db"], load=load, max_delay_s=0) for k in (2, "damaged"))
    assert [score.metric for score in scores] == [score.metric for score in failed] == ["snr_db"]


def test_a_process_that_dies_is_an_error_of_one_sentence():
    with pytest.raises(BiosigError, match="a scoring process died: expected its scores"):
        score_pairs([0, "deadly", 1], ["snr_db"], jobs=2, load=load)


def test_scores_come_one_after_the_other():
    read = []

    def reading(number):
        read.append(number)
        return make(number)

    scores = iter_scores(range(3), ["snr_db"], load=reading)
    assert next(scores)[0].metric == "snr_db" and read == [0]
    assert len(list(scores)) == 2 and read == [0, 1, 2]
    assert score_pairs([], ["snr_db"]) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"estimate": np.ones((2, 50))}, "clip 7: estimate has shape"),
        ({"estimate": np.ones(49)}, "clip 7: clean has shape"),
        ({"clean": np.full(50, np.nan)}, "clip 7: clean holds 50 NaN"),
        ({"fs": 44100}, "clip 7: fs is 44100 Hz: pesq_wb expects"),
    ],
)
def test_what_cannot_be_compared_is_named_before_any_work(change, sentence):
    bad = Pair(**({"item": "clip 7", "clean": np.ones(50), "estimate": np.ones(50), "fs": FS} | change))
    with pytest.raises(SignalError, match=sentence):
        iter_scores([make(0), bad], METRICS)


@pytest.mark.parametrize("jobs", [0, -1, 1.5, True, "2"])
def test_impossible_numbers_of_processes_and_unknown_metrics_are_refused(jobs):
    with pytest.raises(ConfigError, match="expected a number of processes, 1 or more"):
        iter_scores([make(0)], METRICS, jobs)
    with pytest.raises(ConfigError, match="metric 'loudness' is unknown"):
        iter_scores([], ["loudness"])
