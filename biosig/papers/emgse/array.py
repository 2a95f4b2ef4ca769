"""35 channels against 28, on *simulated* EMG: real sentences of EMG-UKA, and an array that only their phones drive.

The paper's Table 3 compares the whole array with the part on the cheek. Here the sound is real, the electrodes are
not: see :mod:`biosig.corpora.simulated_array` for what that can show and what it cannot. Only sentences of sessions
whose phone labels hold take part.
"""

from collections.abc import Sequence
from dataclasses import replace

from biosig.corpora import emguka
from biosig.corpora.registry import locate
from biosig.corpora.simulated_array import Phone, simulated_array
from biosig.corpora.splits import PARTS
from biosig.papers.emgse.alone import LABELLED
from biosig.papers.emgse.sources import CSL_FS, TD_FS, Sources, Spoken
from biosig.signal.paired import Channels
from biosig.signal.two_signals import resample_polyphase


def simulated_sources(own: Sources) -> Sources:
    """One person's sentences with the array's EMG in the place of their own, at 2000 Hz; noises as they are.

    Raises:
        DataError: a label that is no phone, or no session whose labels hold.
    """
    root = locate("emguka")
    parts = {part: [each for each in getattr(own, part) if each.session in LABELLED] for part in PARTS}
    made = {part: tuple(with_array(each, phones(root, each)) for each in side) for part, side in parts.items()}
    return replace(own, **made)


def phones(root, spoken: Spoken) -> list[Phone]:
    """The labelled phones of a sentence of EMG-UKA."""
    labels = emguka.labels(root, spoken.sound.item.partition("/")[2])
    return [Phone(label.start, label.end, label.text) for label in labels]


def with_array(spoken: Spoken, said: Sequence[Phone]) -> Spoken:
    """A sentence with the array's EMG: the sound gives its duration and its name, and nothing else."""
    sound = spoken.sound
    emg = simulated_array(said, sound.seconds, spoken.session, sound.item)
    signal = resample_polyphase(emg.signal, CSL_FS, TD_FS)
    signal -= signal.mean(axis=-1, keepdims=True)
    return replace(spoken, emg=Channels(signal, TD_FS, emg.units, sound.item, emg.names, synthetic=True))
