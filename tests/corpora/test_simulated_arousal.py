"""Simulated sessions: what was strung together, and raters that follow it late."""

import numpy as np
import pytest

from biosig.corpora import emodb, nemo, simulated_arousal
from biosig.corpora.simulated_arousal import (
    AROUSAL,
    STEP_S,
    simulated_raters,
    simulated_session,
    simulated_sessions,
    speaker_of,
)
from biosig.corpora.splits import split
from biosig.errors import ConfigError, DataError
from biosig.seeds import rng_for
from biosig.signal.types import Recording

FS = 16000


def utterance(number, label="anger", subject="03", seconds=1.5, corpus="emodb"):
    signal = np.full(round(seconds * FS), 0.1 + 0.001 * number)  # its level says which it is
    return Recording(signal, FS, "full scale", f"{corpus}/{number:03d}", subject, label=label)


def speaker(subject="03", corpus="emodb"):
    labels = ("anger", "sadness", "neutral")
    return [utterance(10 * k + j, label, subject, corpus=corpus) for k, label in enumerate(labels) for j in range(5)]


def test_sound_and_trace_have_one_length_and_say_that_they_are_simulated():
    session = simulated_session(speaker(), 60, "emodb-03", 0)
    assert session.recording.signal.size == 60 * FS and session.arousal.shape == (1500,)
    assert session.recording.synthetic and session.recording.item == "simulated_arousal/emodb-03/0"
    assert session.recording.subject == "emodb-03" and np.abs(session.arousal).max() < 1


def test_utterances_stand_where_the_spans_say_and_pauses_between_them():
    session, own = simulated_session(speaker(), 60, "emodb-03", 0), {round(u.signal[0], 3): u for u in speaker()}
    heard = np.zeros(60 * FS)
    for start, end, label in session.spans:
        a, b = round(start * FS), round(end * FS)
        level = round(session.recording.signal[a], 3)
        assert own[level].label == label
        heard[a:b] = level
    np.testing.assert_allclose(session.recording.signal, heard)
    gaps = [after[0] - before[1] for before, after in zip(session.spans, session.spans[1:], strict=False)]
    assert min(gaps) >= 0.3 - 1e-4 and max(gaps) <= 1.0 + 1e-4


def test_emotions_come_in_runs_and_in_rounds():
    labels = [label for *_, label in simulated_session(speaker(), 400, "emodb-03", 0).spans]
    changes = [0, *(k for k in range(1, len(labels)) if labels[k] != labels[k - 1]), len(labels)]
    lengths = np.diff(changes)[:-1]  # the last one may be cut by the end
    assert set(lengths) <= {2, 3, 4} and len(set(lengths)) > 1
    runs = [labels[at] for at in changes[:-1]]
    assert all(len(set(runs[k : k + 3])) == 3 for k in range(0, len(runs) - 3, 3))


def test_no_utterance_comes_again_before_all_of_its_emotion_came():
    session = simulated_session(speaker(), 400, "emodb-03", 0)
    levels = [round(session.recording.signal[round(start * FS)], 3) for start, _, label in session.spans
              if label == "anger"]  # fmt: skip
    assert all(len(set(levels[k : k + 5])) == 5 for k in range(0, len(levels) - 5, 5))


def test_a_session_follows_from_its_name_alone():
    first, again = (simulated_session(speaker()[::step], 30, "emodb-03", 1) for step in (1, -1))
    np.testing.assert_array_equal(first.recording.signal, again.recording.signal)
    np.testing.assert_array_equal(first.arousal, again.arousal)
    other = simulated_session(speaker(), 30, "emodb-03", 2)
    assert first.spans != other.spans


def one_value(monkeypatch, lag=2.0):
    for name, value in (("LAG_S", (lag, lag)), ("STRENGTH", (1, 1)), ("NOISE", 0.0)):
        monkeypatch.setattr(simulated_arousal, name, value)


def test_raters_without_noise_are_a_late_exponential(monkeypatch):
    one_value(monkeypatch)
    found = simulated_raters([(1.0, 2.0, "anger"), (6.0, 7.0, "boredom")], 500, rng_for("test"))
    t = STEP_S * (np.arange(500) + 0.5)
    rise = lambda onset: np.clip(1 - np.exp(-(t - onset) / simulated_arousal.SMOOTH_S), 0, None)  # noqa: E731
    expected = AROUSAL["anger"] * rise(3.0) + (AROUSAL["boredom"] - AROUSAL["anger"]) * rise(8.0)
    np.testing.assert_allclose(found, expected, atol=0.06)  # within a step of the smoothing
    assert (found[t < 2.9] == 0).all() and found[-1] == pytest.approx(AROUSAL["boredom"], abs=1e-6)


def test_the_lag_is_that_of_the_raters():
    lags, n = np.arange(0, 150), 20000
    spans = [(7.0 * k, 7.0 * k + 1, label) for k, label in enumerate(rng_for("order").choice(list(AROUSAL), 110))]
    found = simulated_raters(spans, n, rng_for("raters"))
    heard = np.repeat([AROUSAL[label] for *_, label in spans], 175)[:n]
    best = max(lags, key=lambda lag: np.corrcoef(heard[: heard.size - lag], found[lag : heard.size])[0, 1])
    assert 2.0 < best * STEP_S < 5.0


def test_a_raters_wandering_has_its_deviation(monkeypatch):
    monkeypatch.setattr(simulated_arousal, "RATERS", 1)
    found = simulated_raters([(0.0, 1.0, "neutral")], 100_000, rng_for("noise"))
    assert found.std() == pytest.approx(simulated_arousal.NOISE, rel=0.1)


def test_sessions_of_two_corpora_keep_speakers_apart():
    everybody = speaker("03") + speaker("03", corpus="nemo") + speaker("08")
    found = simulated_sessions(everybody, ["emodb-03", "nemo-03"], 2, 30)
    assert [s.recording.item.removeprefix("simulated_arousal/") for s in found] == [
        "emodb-03/0", "emodb-03/1", "nemo-03/0", "nemo-03/1"]  # fmt: skip
    assert not np.array_equal(found[0].recording.signal, found[2].recording.signal)


def test_the_split_holds_every_speaker_once():
    sides = split("simulated_arousal")
    named = [*sides.train.subjects, *sides.validation.subjects, *sides.test.subjects]
    everybody = [f"emodb-{name}" for name in emodb.SPEAKERS] + [f"nemo-{name}" for name in nemo.SPEAKERS]
    assert sorted(named) == sorted(everybody)


def test_every_emotion_of_both_corpora_has_an_arousal():
    assert set(emodb.SIX) | set(nemo.EMOTIONS) == set(AROUSAL)


@pytest.mark.parametrize(
    ("utterances", "seconds", "error", "words"),
    [([utterance(1, "disgust")], 10, ConfigError, "'disgust' has no arousal"),
     (speaker(), 10.01, ConfigError, "expected a multiple of 0.04"), (speaker(), 0, ConfigError, "0 s")],
)  # fmt: skip
def test_what_no_session_is_made_of(utterances, seconds, error, words):
    with pytest.raises(error, match=words):
        simulated_session(utterances, seconds, "emodb-03", 0)


def test_a_speaker_who_is_not_there():
    with pytest.raises(DataError, match="emodb-99 has no utterance"):
        simulated_sessions(speaker(), ["emodb-99"], 1, 10)


def test_a_speakers_name_holds_the_corpus():
    assert speaker_of(utterance(1)) == "emodb-03"
