import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from biosig.corpora import threedc
from biosig.corpora.registry import locate
from biosig.corpora.splits import split
from biosig.corpora.synthetic import write_twin_3dc
from biosig.errors import ConfigError, DataError, MissingDataError

P = "Participant2"


@pytest.fixture
def root(tmp_path):
    threedc._read_cycle.cache_clear()
    write_twin_3dc(tmp_path, [P])
    return tmp_path


def counts(root, gesture, part="train", cycle=0):
    text = threedc.gesture_file(root, P, part, cycle, gesture).read_text()
    return np.array([[int(cell) for cell in row.split(",")] for row in text.splitlines()], dtype=float)


def rewrite(root, gesture, table, part="train", cycle=0):
    path = threedc.gesture_file(root, P, part, cycle, gesture)
    path.write_text("".join(",".join(str(int(cell)) for cell in row) + "\n" for row in table))


def test_cycle_is_each_gesture_filtered_alone_and_joined(root):
    sos = butter(4, 20, "highpass", fs=1000, output="sos")
    expected = np.concatenate([sosfiltfilt(sos, counts(root, g), axis=0) for g in range(11)])
    signals, active = threedc.load_cycle(root, P, "train", 0)
    np.testing.assert_allclose(signals, expected.T, atol=1e-9)
    np.testing.assert_array_equal(active, np.repeat(np.arange(11) > 0, 1000))


def test_load_names_what_it_gives(root):
    recording = threedc.load(root, P, 7, "test", 1)
    assert (recording.fs, recording.units, recording.subject, recording.channel) == (1000, "counts", P, "7")
    np.testing.assert_array_equal(recording.signal, threedc.load_cycle(root, P, "test", 1)[0][7])


def test_changing_what_load_cycle_gives_does_not_reach_the_next_reader(root):
    threedc.load_cycle(root, P)[0][:] = 0
    assert threedc.load_cycle(root, P)[0].std() > 1


def test_segments_are_scaled_together_and_keep_their_relative_sizes(root):
    loud = counts(root, 5) * 3
    rewrite(root, 5, loud)
    kept = threedc.segments(root, [P], [0], seconds=10)
    raw = [threedc.load(root, P, 0, part, cycle).signal[:10_000] for part in ("train", "test") for cycle in (0, 1)]
    peak = max(np.abs(x).max() for x in raw)
    assert [r.item for r in kept] == [f"3dc/{P}/ch0/{s}/s0" for s in ("train0", "train1", "test0", "test1")]
    for recording, x in zip(kept, raw, strict=True):
        np.testing.assert_allclose(recording.signal, x / peak)
        assert recording.units == "normalised"
        assert recording.active.sum() == 9000  # 10 s of 11: one rest gesture, nine and no tenth


def test_spike_is_dropped_before_it_can_set_the_scale(root):
    spiked = counts(root, 3)
    spiked[500, 0] = 30_000
    rewrite(root, 3, spiked)
    found = threedc.survey(root, [P], [0, 1])
    assert [(d.item, d.reason.split(",")[0]) for d in found.dropped] == [(f"3dc/{P}/ch0/train0/s0", "spike")]
    others = [r for r in found.kept if r.channel == "0"]
    assert len(others) == 3 and max(np.abs(r.signal).max() for r in others) == 1.0


def test_flat_segment_is_dropped_and_a_flat_channel_leaves_nothing(root):
    for part in threedc.PARTS:
        for cycle in threedc.CYCLES:
            for gesture in range(11):
                table = counts(root, gesture, part, cycle)
                table[:, 4] = 1234
                rewrite(root, gesture, table, part, cycle)
    found = threedc.survey(root, [P], [4])
    assert found.kept == [] and len(found.dropped) == 4
    assert all(d.reason.startswith("flat") for d in found.dropped)


def test_bad_channel_and_copied_cycles_are_dropped(tmp_path):
    write_twin_3dc(tmp_path, ["Participant1", "Participant14"])
    bad = threedc.survey(tmp_path, ["Participant1"], [0, 1])
    assert [d.reason for d in bad.dropped] == ["bad channel"] and {r.channel for r in bad.kept} == {"0"}
    copied = threedc.survey(tmp_path, ["Participant14"], [0])
    assert [d.item for d in copied.dropped] == ["3dc/Participant14/ch0/test0", "3dc/Participant14/ch0/test1"]
    assert [r.item.split("/")[3] for r in copied.kept] == ["train0", "train1"]


def test_participant_that_is_a_copy_is_refused_before_reading(tmp_path):
    with pytest.raises(ConfigError, match="Participant21 of 3dc is a copy of Participant19"):
        threedc.segments(tmp_path, ["Participant21"], [0])


@pytest.mark.parametrize("call", [{"channel": 10}, {"channel": -1}, {"channel": 0, "part": "dev"}])
def test_unknown_channel_or_session(root, call):
    with pytest.raises(ConfigError, match="3dc has no"):
        threedc.load(root, P, **call)


def test_missing_file_says_which_and_how_to_get_it(root):
    threedc.gesture_file(root, P, "train", 0, 4).unlink()
    with pytest.raises(MissingDataError, match=r"gesture_0_4.txt is not there: Run `biosig fetch 3dc`"):
        threedc.load_cycle(root, P)


@pytest.mark.parametrize(
    "text, found",
    [
        ("1,2,3,4,5,6,7,8,9,10\n1,2,3,4,5,6,7\n", "damaged or cut short"),
        ("1,2,3,4,5,6,7,8,9\n" * 300, r"shape \(300, 9\): expected rows of 10"),
        ("1,2,3,4,5,6,7,8,9,x\n" * 3, "damaged or cut short"),
        ("", "expected rows of 10"),
    ],
)
@pytest.mark.filterwarnings("ignore:loadtxt")
def test_damaged_file_is_one_sentence(root, text, found):
    path = threedc.gesture_file(root, P, "train", 0, 2)
    path.write_text(text)
    with pytest.raises(DataError, match=found) as error:
        threedc.load_cycle(root, P)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def fingerprint(recording):
    """Where the 20 largest samples lie: the same for a copy, whatever it was divided by."""
    return tuple(np.argsort(np.abs(recording.signal))[-20:])


@pytest.mark.real_data
def test_real_training_and_validation_segments_are_all_different():
    root, parts = locate("3dc"), split("3dc")
    sides = (parts.train, parts.validation)
    kept = [r for side in sides for r in threedc.segments(root, side.subjects, side.channels)]
    assert len(kept) == 766 + 339
    assert len({fingerprint(r) for r in kept}) == len(kept)
