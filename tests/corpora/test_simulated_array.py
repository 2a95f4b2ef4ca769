"""The simulated array: driven by phones alone, ahead of them, and in the muscles that are known to need them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import welch

from biosig.corpora import simulated_array as sim
from biosig.corpora.csl_emg_array import CHANNELS, FS_EMG
from biosig.corpora.simulated_array import Phone, simulated_array
from biosig.errors import DataError, SignalError
from biosig.papers.emgse.array import with_array
from biosig.papers.emgse.sources import Spoken
from biosig.seeds import rng_for
from biosig.signal.paired import Channels
from biosig.signal.types import Recording

SAID = [Phone(0.5, 0.6, "P"), Phone(0.6, 0.8, "AY"), Phone(0.8, 0.9, "K")]
MUSCLES = list(sim.MUSCLES)


def rms(emg, a, b):
    return emg.signal[:, round(a * FS_EMG) : round(b * FS_EMG)].std(axis=1)


def test_swapping_the_sound_under_the_same_labels_changes_no_sample():
    """A shout, silence and noise get the same EMG; another sentence's labels do not."""
    rng = np.random.default_rng(1)
    sounds = [rng.standard_normal(16_000), np.sin(np.arange(16_000)), np.full(16_000, 1e-9)]
    emg = Channels(np.zeros((6, 600)), 600, "µV", "x")
    given = [Spoken(Recording(x, 16_000, "full scale", "x", "002"), emg, "002-101", "S") for x in sounds]
    made = [with_array(each, SAID).emg for each in given]
    assert all(np.array_equal(made[0].signal, other.signal) for other in made[1:])
    later = [Phone(p.start + 0.05, p.end + 0.05, p.text) for p in SAID]
    assert not np.array_equal(with_array(given[0], later).emg.signal, made[0].signal)
    assert made[0].synthetic and made[0].fs == 2000 and abs(made[0].seconds - 1) < 1e-3
    renamed = replace(given[0], sound=replace(given[0].sound, item="y"))
    assert not np.array_equal(with_array(renamed, SAID).emg.signal, made[0].signal)  # the name draws the noise


def test_it_is_the_same_every_time_and_named():
    a, b = (simulated_array(SAID, 1.0, "002-101", "x") for _ in range(2))
    np.testing.assert_array_equal(a.signal, b.signal)
    assert a.signal.shape == (40, 2048) and a.fs == FS_EMG and len(a.only(*map(str, CHANNELS["35"])).signal) == 35


def test_every_muscle_leads_its_phone_by_fifty_to_a_hundred_milliseconds():
    """The middle of what a muscle does, against the middle of the phone that asked for it."""
    lead = sim.lead_s("002-101")
    assert lead.min() >= 0.05 and lead.max() <= 0.10 and np.array_equal(lead, sim.lead_s("002-001"))
    active = sim.activation([Phone(1.0, 1.2, "P")], 2.0, lead, rng_for("test", "x"))
    t = np.arange(active.shape[1]) * sim.STEP_S
    (wanted,) = sim.target("P")
    for muscle in np.flatnonzero(wanted):
        middle = active[muscle] @ t / active[muscle].sum()
        assert 1.1 - middle == pytest.approx(lead[muscle], abs=0.004)


def test_activity_is_smooth_and_about_what_was_asked_for():
    active = sim.activation([Phone(1.0, 1.6, "P")], 2.0, np.full(10, 0.08), rng_for("test", "y"))
    assert np.abs(np.diff(active)).max() < 0.1 and active.min() >= 0
    many = [sim.activation([Phone(0.5, 0.9, "P")], 1.0, np.full(10, 0.05), rng_for("test", k)).max(axis=1)
            for k in range(200)]  # fmt: skip
    np.testing.assert_allclose(np.mean(many, axis=0), sim.target("P")[0], atol=0.1)


def test_a_channel_over_a_muscle_is_loud_when_its_phone_is_said():
    """P presses the lips: what lies by the mouth rises, and more than what lies over the jaw; for K the tongue does."""
    lips = simulated_array([Phone(0.6, 1.0, "P")], 2.0, "002-101", "x", strength=20.0)
    tongue = simulated_array([Phone(0.6, 1.0, "K")], 2.0, "002-101", "x", strength=20.0)
    mouth, chin = 16, 38  # channels
    during, after = (rms(lips, 0.6, 0.9), rms(lips, 1.3, 1.9))
    assert during[mouth] > 4 * after[mouth]
    assert rms(tongue, 0.6, 0.9)[chin] > 2 * during[chin]


def test_the_band_is_that_of_surface_emg_and_mains_are_there():
    emg = simulated_array([], 20.0, "002-101", "rest", strength=0.0)
    f, power = welch(emg.signal[0], FS_EMG, nperseg=4096)
    assert power[f > 460].sum() < 1e-3 * power.sum() and power[f < 18].sum() < 1e-2 * power.sum()
    near = (np.abs(f - 50) > 2) & (np.abs(f - 50) < 6)
    strongest = max(welch(row, FS_EMG, nperseg=4096)[1][np.abs(f - 50) < 1].max() / power[near].mean()
                    for row in emg.signal)  # fmt: skip
    assert strongest > 3


def test_crosstalk_stays_within_a_grid():
    leak = sim.crosstalk()
    near = {(a, b) for a, b in zip(*np.nonzero(leak), strict=True) if a != b}
    want = set()
    for a in range(40):
        for b in range(40):
            (ra, ca), (rb, cb) = divmod(a, 8), divmod(b, 8)
            if abs(ra - rb) + abs(ca - cb) == 1 and (ra < 4) == (rb < 4):
                want.add((a, b))
    assert near == want and np.all(np.diag(leak) == 1)


def test_electrodes_put_on_anew_mix_otherwise():
    assert not np.allclose(sim.mixing("008-001"), sim.mixing("008-002"))
    assert np.corrcoef(sim.mixing("008-001").ravel(), sim.mixing("008-002").ravel())[0, 1] > 0.8


def test_every_phone_of_both_corpora_has_its_muscles():
    emguka = ("IY IH EH AE IX AX AH UW UH AO AA EY AY OY AW OW L R Y W ER AXR M N NG CH JH DH B D G P T K Z ZH V F "
              "TH S SH HH XL XM XN SIL")  # fmt: skip
    timit = ("aa ae ah ao aw ax ax-h axr ay b bcl ch d dcl dh dx eh el em en eng epi er ey f g gcl h# hh hv ih ix iy "
             "jh k kcl l m n ng nx ow oy p pau pcl q r s sh t tcl th uh uw ux v w y z zh")  # fmt: skip
    for phone in (emguka + " " + timit).split():
        parts = sim.target(phone)
        assert all(part.shape == (len(MUSCLES),) and part.min() >= 0 and part.max() <= 1 for part in parts)
    assert len(sim.target("AY")) == 2 and not sim.target("SIL")[0].any()
    assert sim.target("P")[0].argmax() == MUSCLES.index("orbicularis oris")
    assert sim.target("k")[0].argmax() == MUSCLES.index("tongue and floor of the mouth")


def test_what_is_no_phone_or_no_time_is_refused():
    with pytest.raises(DataError, match="'QQ' is no phone whose muscles are known"):
        simulated_array([Phone(0, 1, "QQ")], 1.0, "002-101", "x")
    with pytest.raises(DataError, match="phone 'P' lasts from 0.5 to 0.2 s"):
        simulated_array([Phone(0.5, 0.2, "P")], 1.0, "002-101", "x")
    with pytest.raises(SignalError, match="expected a duration"):
        simulated_array([], 0.0, "002-101", "x")


def test_the_tuning_says_where_it_comes_from():
    tuned = sim.TUNED
    assert tuned.made and tuned.session == "002-101" and 0.1 < tuned.real < 0.4
    assert abs(tuned.simulated - tuned.real) < 0.02
