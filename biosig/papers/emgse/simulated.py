"""EMG that is simulated from the sound itself, for the quick profile: to see the code run, and for nothing else.

It knows the clean speech by construction: how loud it is in six bands. That EMG of this kind helps proves nothing about
faces. What is said of the array of 35 electrodes rests on another simulation, which never sees the sound.
"""

import numpy as np
import scipy  # scipy.signal loads at its first use

from biosig.corpora.emguka import CHANNELS, EMG_FS
from biosig.seeds import rng_for
from biosig.signal.paired import Channels
from biosig.signal.types import Recording

BANDS_HZ = (100.0, 300.0, 600.0, 1200.0, 2400.0, 4000.0, 7000.0)
LEAD_S = 0.07  # muscles lead the sound
BURST_HZ = (20.0, 290.0)
REST, BURST = 3.0, 60.0  # µV RMS
POWER = 0.6  # of the envelope: what a muscle shows is not proportional to what is heard


def emg_from_sound(sound: Recording) -> Channels:
    """Six channels at 600 Hz: noise of 20 to 290 Hz, as strong as one band of the sound 70 ms later, SIMULATED."""
    n = int(sound.seconds * EMG_FS)
    rng = rng_for("emg from sound", sound.item)
    edges = [scipy.signal.butter(2, pair, "bandpass", fs=sound.fs, output="sos")
             for pair in zip(BANDS_HZ, BANDS_HZ[1:], strict=False)]  # fmt: skip
    at = (np.arange(n) / EMG_FS + LEAD_S) * sound.fs
    smooth = scipy.signal.butter(2, 8.0, fs=sound.fs, output="sos")
    strengths = []
    for sections in edges:
        band = np.abs(scipy.signal.sosfiltfilt(sections, sound.signal))
        envelope = np.maximum(scipy.signal.sosfiltfilt(smooth, band), 0) ** POWER
        strengths.append(np.interp(at, np.arange(envelope.size), envelope) / max(envelope.max(), 1e-12))
    carrier = scipy.signal.butter(2, BURST_HZ, "bandpass", fs=EMG_FS, output="sos")
    noise = scipy.signal.sosfiltfilt(carrier, rng.standard_normal((len(CHANNELS), n)), axis=-1)
    noise /= noise.std(axis=-1, keepdims=True)
    rest = REST * rng.standard_normal((len(CHANNELS), n))
    return Channels(rest + BURST * np.array(strengths) * noise, EMG_FS, "µV", sound.item, CHANNELS, synthetic=True)
