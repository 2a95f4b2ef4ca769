import numpy as np
import pytest

from biosig.corpora.counted import Counted, counted
from biosig.errors import DataError
from biosig.signal.types import Recording


def said(subject, label, seconds):
    signal = np.full(round(seconds * 100), 0.1)
    return Recording(signal, 100.0, "full scale", f"{subject}{label}", subject, label=label)


def test_people_labels_and_minutes_are_counted():
    found = counted([said("a", "joy", 30), said("a", "anger", 60), said("b", "joy", 45)], women=("b", "elsewhere"))
    assert found == Counted(speakers=2, women=1, men=1, utterances={"anger": 1, "joy": 2}, minutes=2.25)
    assert found.total == 3


def test_who_is_a_woman_may_be_unknown():
    found = counted([said("a", "joy", 6)])
    assert (found.speakers, found.women, found.men) == (1, None, None)


def test_nothing_cannot_be_counted():
    with pytest.raises(DataError, match="no recordings to count"):
        counted([])
