"""What EMG alone can do: sentences made here, in which the EMG says exactly one thing about the sound, and when."""

import numpy as np
import pytest

from biosig.papers.emgse import alone
from biosig.papers.emgse.alone import CONTEXT, NONE, OTHERS, OWN, Frames, framed
from biosig.papers.emgse.sources import Spoken
from biosig.signal.paired import Channels
from biosig.signal.types import Recording

FS, EMG_FS = 16_000, 600
LEAD_MS = 100


def sentence(name, session="008-001", gain=1.0, seconds=3.0):
    """Noise that comes and goes, phones "AA" while it is there and "T" while not, EMG that does so 100 ms before."""
    rng = np.random.default_rng(sum(map(ord, name + session)))
    edges = np.arange(0.2, seconds, 0.25) + rng.uniform(0, 0.1, len(np.arange(0.2, seconds, 0.25)))
    spans = [(a, b, "AA" if k % 2 else "T") for k, (a, b) in enumerate(zip(edges, edges[1:], strict=False))]

    def loud(t):
        return np.any([(t >= a) & (t < b) for a, b, text in spans if text == "AA"], axis=0)

    sound = (0.02 + loud(np.arange(round(seconds * FS)) / FS)) * rng.standard_normal(round(seconds * FS))
    times = np.arange(round(seconds * EMG_FS)) / EMG_FS + LEAD_MS / 1000
    emg = (0.1 + loud(times)) * rng.standard_normal((6, times.size)) * gain
    spoken = Spoken(
        Recording(sound, FS, "full scale", f"emguka/{session}-{name}", session[:3]),
        Channels(emg, EMG_FS, "µV", f"emguka/{name}", tuple("123456")), session, name,
    )  # fmt: skip
    return framed(spoken, spans)


@pytest.fixture(scope="module")
def people():
    train = [sentence(f"a{k}", session) for k in range(4) for session in ("008-001", "008-002")]
    test = [sentence(f"t{k}", session) for k in range(2) for session in ("008-001", "008-002")]
    return train, test, {"t0": "008/1", "t1": "008/2"}


def mean_of(items, metric, **conditions):
    own = [i.value for i in items if i.metric == metric and all(i.conditions[k] == v for k, v in conditions.items())]
    assert own
    return np.mean(own)


def test_the_lag_curve_has_its_top_where_the_emg_leads(people):
    items = list(alone.phone_items(*people))
    curve = {lag: mean_of(items, "frame_accuracy", context=NONE, training=OWN, lag_ms=str(lag))
             for lag in alone.LAGS_MS}  # fmt: skip
    assert max(curve, key=curve.get) == LEAD_MS and curve[LEAD_MS] > 0.85 > 0.75 > curve[-100]
    assert mean_of(items, "frame_accuracy", context=CONTEXT, training=OWN) > 0.85
    assert 0.3 < mean_of(items, "majority", context=CONTEXT) < 0.7
    assert {i.subject for i in items} == {"008/1", "008/2"}
    assert len({(i.item, i.metric) for i in items}) == len(items)


def test_the_spectrum_follows_and_its_lag_too(people):
    items = list(alone.spectrum_items(*people))
    curve = {lag: mean_of(items, "r2", context=NONE, training=OWN, lag_ms=str(lag)) for lag in alone.LAGS_MS}
    assert max(curve, key=curve.get) == LEAD_MS
    assert mean_of(items, "r2", context=CONTEXT, training=OWN) > 0.4
    assert mean_of(items, "energy_correlation", context=CONTEXT, training=OTHERS) > 0.7


def test_other_sessions_never_train_on_their_own(people):
    train, *_ = people
    kinds = list(alone.trainings(train))
    assert [(session, kind) for session, kind, _ in kinds] == [
        ("008-001", OWN), ("008-001", OTHERS), ("008-002", OWN), ("008-002", OTHERS)]  # fmt: skip
    for session, kind, own in kinds:
        assert all((each.session == session) == (kind == OWN) for each in own)
    assert [kind for _, kind, _ in alone.trainings([f for f in train if f.session == "008-001"])] == [OWN]


@pytest.mark.parametrize("lag", [-100, 0, 150])
def test_a_lag_pairs_each_frame_of_sound_with_emg_of_so_long_before(lag):
    n = 50
    frames = Frames("x", "008-001", "S", np.arange(n)[:, None] * 1.0, np.zeros((n, 2)), np.full(n, "A"))
    emg, inside = alone.moved(frames, lag, NONE)
    sound = np.arange(n)[inside]
    assert len(emg) == len(sound) and np.all((sound - emg[:, 0]) * alone.STEP_MS == lag)


def test_frames_of_sound_begin_with_those_of_the_emg():
    """A click in both at one moment lies in the same frames."""
    sound, emg = 1e-4 * np.random.default_rng(0).standard_normal(FS), np.zeros((6, EMG_FS))
    sound[FS // 2], emg[:, EMG_FS // 2] = 1.0, 100.0
    found = framed(Spoken(Recording(sound, FS, "full scale", "emguka/x", "008"),
                          Channels(emg, EMG_FS, "µV", "x", tuple("123456")), "008-001", "S"), ())  # fmt: skip
    heard = np.flatnonzero(found.spectrum.sum(axis=1) > found.spectrum.sum(axis=1).max() - 100)
    felt = np.flatnonzero(found.emg[:, 3] > 2)
    assert abs(heard.mean() - felt.mean()) <= 1 and not found.phones[0]


def test_a_sentence_without_labelled_speech_says_why(people):
    train, test, subjects = people
    silent = Frames("emguka/q", "008-001", "t0", test[0].emg, test[0].spectrum, np.full(len(test[0].emg), "SIL"))
    items = [i for i in alone.phone_items(train, [silent], subjects) if i.conditions["session"] == "008-001"]
    assert items and all(i.value is None and i.reason == "no labelled speech in this sentence" for i in items)
