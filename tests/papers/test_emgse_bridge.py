"""The bridge: hearts and mains at an exact SNR in the EMG alone, cleaned as one recording, cut where it was joined."""

import numpy as np
import pytest

from biosig.corpora.synthetic import synthetic_ecg
from biosig.errors import SignalError
from biosig.papers.emgse import bridge
from biosig.papers.emgse.bridge import BOTH, ECG, MAINS, NONE, OWN, VARIANTS, named
from biosig.papers.emgse.sources import Spoken
from biosig.signal.ecg_removal import ats_hp, hp
from biosig.signal.filters import notch
from biosig.signal.paired import Channels, PairedMixture
from biosig.signal.types import Recording

FS, EMG_FS = 16_000, 600


def spoken(k, session="s1", seconds=2.0):
    rng = np.random.default_rng(k)
    emg = np.cumsum(rng.standard_normal((6, round(seconds * EMG_FS))), axis=1)
    emg = emg[:, 1:] - emg[:, :-1] + 0.3 * np.sin(np.arange(emg.shape[1] - 1) * 2 * np.pi * 80 / EMG_FS)
    sound = Recording(0.1 * rng.standard_normal(round(seconds * FS)), FS, "full scale", f"emguka/{session}-{k}", "002")
    emg = Channels(emg, EMG_FS, "µV", sound.item, tuple("123456"))
    return Spoken(sound, emg, session, f"SENTENCE {k}")


@pytest.fixture(scope="module")
def stream():
    (found,) = bridge.streams([spoken(k) for k in range(8)], ("1", "4"))
    return found


@pytest.fixture(scope="module")
def heart():
    return [synthetic_ecg(60.0, 1000, "bridge", k)[0] for k in range(2)]


def plain():
    return {name: (lambda emg, fs: emg) for name in bridge.CLEANING}


def test_sessions_stay_apart_and_a_piece_is_no_longer_than_an_ecg():
    test = [spoken(k, session, 10.0) for k in range(9) for session in ("s1", "s2")]
    found = list(bridge.streams(test, ("2",)))
    assert [len(s.sentences) for s in found] == [5, 4, 5, 4]
    assert all(len({each.session for each in s.sentences}) == 1 and s.emg.shape[0] == 1 for s in found)
    assert all(s.emg.shape[1] <= bridge.STREAM_S * bridge.FS for s in found)
    assert len({s.name for s in found}) == 4


def test_every_channel_is_contaminated_at_the_snr_over_the_stream(stream, heart):
    dirty = bridge.contaminated(stream, heart)
    np.testing.assert_array_equal(dirty[NONE], stream.emg)
    for name in (ECG, MAINS):
        added = dirty[name] - stream.emg
        snr = 10 * np.log10((stream.emg**2).sum(axis=1) / (added**2).sum(axis=1))
        np.testing.assert_allclose(snr, bridge.SNR_DB)
    np.testing.assert_allclose(dirty[BOTH] - dirty[ECG], dirty[MAINS] - stream.emg)
    hum = np.abs(np.fft.rfft((dirty[MAINS] - stream.emg)[0]))
    peaks = np.fft.rfftfreq(stream.emg.shape[1], 1 / bridge.FS)[np.argsort(hum)[-1:]]
    assert peaks == pytest.approx(50, abs=0.1)


def test_what_is_joined_is_cut_in_the_same_places(stream, heart):
    """With systems that do nothing, each sentence comes back as it was, but for two changes of rate."""
    found = bridge.variants(stream, heart, plain())
    assert set(found) == {named(v) for v in VARIANTS}
    for each in stream.sentences:
        own = found[named(OWN)][each.emg.item]
        np.testing.assert_array_equal(own.signal, each.emg.signal)
        again = found[named((NONE, "hp"))][each.emg.item]
        assert again.signal.shape == own.signal.shape and again.names == ("1", "4")
        inner = slice(30, -30)
        low = np.corrcoef(again.signal[0, inner], own.signal[0, inner])[0, 1]
        assert low > 0.97
        assert bridge.emg_snr_db(own.signal, found[named((ECG, "none"))][each.emg.item].signal) < 0


def test_cleaning_brings_the_emg_nearer_to_what_it_was(stream, heart):
    systems = plain() | {"hp": hp, "ats_hp": ats_hp, "notch": notch}
    found = bridge.variants(stream, heart, systems)

    def snr(variant):
        return np.mean([bridge.emg_snr_db(each.emg.signal, found[named(variant)][each.emg.item].signal)
                        for each in stream.sentences])  # fmt: skip

    assert snr((ECG, "hp")) > snr((ECG, "none")) + 5 and snr((ECG, "ats_hp")) > snr((ECG, "none")) + 5
    assert snr((MAINS, "notch")) > snr((MAINS, "none")) + 10
    assert snr((NONE, "notch")) > 8  # what the notch costs where there was no hum


class Listener:
    """A system with EMG that gives back the noisy sound, a little louder the stronger its EMG."""

    takes_beside, channels = True, ("1", "4")

    def __call__(self, noisy, fs, beside):
        return noisy * (1 + 0.01 * beside.only(*self.channels).signal.std())


def test_items_name_their_variant_and_leave_the_sound_alone(heart):
    test = [spoken(k) for k in range(6)]
    rng = np.random.default_rng(0)
    mixtures = [
        PairedMixture(s.sound.signal, n := 0.05 * rng.standard_normal(s.sound.signal.size), s.sound.signal + n, FS, 6.0,
                      f"{s.sound.item}@6dB", "002/1", conditions=(("snr_db", "6"),), beside=s.emg)
        for s in test[:2]
    ]  # fmt: skip
    items = bridge.items(Listener(), mixtures, test, heart, plain(), progress=False)
    assert {i.conditions["variant"] for i in items} == {named(v) for v in VARIANTS}
    assert len({(i.item, i.metric) for i in items}) == len(items) == 2 * (3 * len(VARIANTS) - 1)
    off = [i.value for i in items if i.metric == bridge.EMG_SNR and i.conditions["variant"] == named((ECG, "none"))]
    assert len(off) == 2 and max(off) < 0


def test_the_notch_takes_the_mains_and_little_else():
    t = np.arange(8000) / 1000
    for hz, lower, upper in ((50, 0, 0.03), (150, 0, 0.03), (100, 0.95, 1.01), (46, 0.9, 1.01)):
        x = np.sin(2 * np.pi * hz * t)
        left = notch(x, 1000)[2000:-2000].std() / x[2000:-2000].std()
        assert lower <= left <= upper, (hz, left)
    with pytest.raises(SignalError, match="expected mains below half the rate"):
        notch(t, 80)
    with pytest.raises(SignalError, match="a notch needs more than"):
        notch(t[:5], 1000)
