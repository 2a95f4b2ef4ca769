"""The phones of the embedded sentence: its words' own, one after the other, over all of it, where the sound is loud."""

import numpy as np
import pytest

from biosig import samples
from biosig.backends.frame_phones import is_speech, phones_at
from biosig.errors import ConfigError


def test_they_follow_one_another_over_the_whole_sentence():
    sound, phones = samples.load("speech_novel_4"), samples.phones("speech_novel_4")
    assert phones[0].start == 0 and phones[-1].end == pytest.approx(sound.seconds, abs=0.01)
    assert all(a.end == b.start and b.start < b.end for a, b in zip(phones, phones[1:], strict=False))
    said = " ".join(p.text for p in phones if p.text != "SIL")
    assert said == "HH IY W AA Z N AA T AE N IH L D IH S P OW Z D Y AH NG M AE N"


def test_speech_is_where_the_sound_is_loud_and_hissing_where_it_hisses():
    sound, phones = samples.load("speech_novel_4"), samples.phones("speech_novel_4")
    frames = sound.signal[: sound.signal.size // 160 * 160].reshape(-1, 160)
    level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    told = phones_at([(p.start, p.end, p.text) for p in phones], (np.arange(len(level)) + 0.5) / 100)
    assert level[is_speech(told)].mean() > level[~is_speech(told)].mean() + 15
    crossings = np.mean(np.diff(np.signbit(frames), axis=1), axis=1)
    vowels = np.isin(told, ["AA", "AE", "IY", "OW", "AH"])
    assert crossings[np.isin(told, ["S", "Z"])].mean() > 1.5 * crossings[vowels].mean()


def test_others_have_none():
    with pytest.raises(ConfigError, match="no phones of sample 'speech_novel_1': expected one of speech_novel_4"):
        samples.phones("speech_novel_1")
