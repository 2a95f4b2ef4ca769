"""Tune the strength of the simulated array: phones shall be told from it as well as from real EMG, frame by frame.

Run with BIOSIG_DATA set. Sentences of one long session of EMG-UKA train and validate (the official test is not
touched); their real phone times drive the simulation. Write what it prints into TUNED of
biosig/corpora/simulated_array.py. Nothing of enhancement is looked at.

    python tools/tune_simulated_array.py              # halve an interval, some minutes
    python tools/tune_simulated_array.py 0.4 0.8      # the shares at given strengths
"""

import sys
from collections.abc import Callable

import numpy as np

from biosig.backends.frame_phones import Accuracy, accuracy, beside_one_another, phones_at
from biosig.corpora import emguka
from biosig.corpora.csl_emg_array import CHANNELS
from biosig.corpora.registry import locate
from biosig.corpora.simulated_array import Phone, simulated_array
from biosig.corpora.splits import split
from biosig.seeds import lot
from biosig.signal.emg_features import TD10_HOP_S, TD10_WINDOW_S, frame_grid, td10_features
from biosig.signal.paired import Channels

SESSION = "002-101"
TRAIN, HELD, OFFSETS = 60, 20, (-12, -6, 0, 6, 12)
RANGE, STEPS = (1.0, 16.0), 5
EmgOf = Callable[[emguka.Utterance, tuple[emguka.Label, ...]], Channels]


def real(spoken: emguka.Utterance, labels: tuple[emguka.Label, ...]) -> Channels:
    """The recorded EMG without the unstable channel and without its offset."""
    emg = spoken.emg.only(*(name for name in emguka.CHANNELS if name != emguka.UNSTABLE))
    return Channels(emg.signal - emg.signal.mean(axis=1, keepdims=True), emg.fs, emg.units, emg.item, emg.names)


def simulated(strength: float) -> EmgOf:
    """The 35 channels that the same phones give."""

    def emg(spoken: emguka.Utterance, labels: tuple[emguka.Label, ...]) -> Channels:
        phones = [Phone(label.start, label.end, label.text) for label in labels]
        found = simulated_array(phones, spoken.emg.seconds, spoken.session, spoken.sound.item, strength)
        return found.only(*map(str, CHANNELS["35"]))

    return emg


def share(sides: list[list], emg_of: EmgOf) -> Accuracy:
    """Phones told right on the second side by an LDA of the first."""
    return accuracy(*(frames(side, emg_of) for side in sides))


def frames(side: list, emg_of: EmgOf) -> tuple[np.ndarray, np.ndarray]:
    """Stacked TD10 (n, d) and phones (n,) of some sentences."""
    xs, ys = [], []
    for spoken, labels in side:
        emg = emg_of(spoken, labels)
        grid = frame_grid(emg.signal.shape[1], emg.fs, TD10_WINDOW_S, TD10_HOP_S)
        xs.append(beside_one_another(td10_features(emg.signal, emg.fs), OFFSETS).astype(np.float32))
        spans = [(each.start, each.end, each.text) for each in labels]
        ys.append(phones_at(spans, (grid.starts + grid.size / 2) / emg.fs))
    return np.concatenate(xs), np.concatenate(ys)


def main(arguments: list[str]) -> int:
    """Print the share of real EMG, then those of the strengths asked for, or of a halved interval."""
    root, sides = locate("emguka"), split("emguka")
    names = [[n for n in getattr(sides, part).subjects if n.startswith(SESSION)] for part in ("train", "validation")]
    names = [sorted(side, key=lambda name: lot("tune simulated array", name))[:n] for side, n in
             zip(names, (TRAIN, HELD), strict=True)]  # fmt: skip
    loaded = [[(spoken, emguka.labels(root, name)) for spoken, name in zip(emguka.utterances(root, side), side,
              strict=True)] for side in names]  # fmt: skip
    goal = share(loaded, real)
    print(f"{SESSION}: {len(names[0])} and {len(names[1])} sentences, real {goal.share:.4f} of {goal.frames} frames, "
          f"majority {goal.majority:.4f}", flush=True)  # fmt: skip
    low, high = np.log(RANGE)
    for k in range(len(arguments) or STEPS):
        strength = float(arguments[k]) if arguments else float(np.round(np.exp((low + high) / 2), 3))
        found = share(loaded, simulated(strength)).share
        print(f"strength {strength:g}: {found:.4f}", flush=True)
        low, high = (low, np.log(strength)) if found > goal.share else (np.log(strength), high)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
