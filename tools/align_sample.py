"""Find when each phone of one embedded sentence is said, and write biosig/samples/phones_novel_4.txt.

Run with BIOSIG_DATA set. The words are known (Sense and Sensibility, chapter 1), their phones stand below; frames of
sound are scored by a linear discriminant analysis of EMG-UKA's sound and labels, and the best path through the phones
in their order is taken. Good to some 30 ms, and looked over by nobody: it drives a simulation, and measures nothing.
"""

import sys
from pathlib import Path

import numpy as np

from biosig import samples
from biosig.backends import frame_phones
from biosig.backends.frame_phones import beside_one_another, phones_at
from biosig.corpora import emguka
from biosig.corpora.registry import locate
from biosig.corpora.simulated_array import SAME
from biosig.files import write_text
from biosig.papers.emgse.alone import log_spectrum
from biosig.signal.types import Recording

NAME, STEP_S, CENTRE_S, BANDS = "speech_novel_4", 0.01, 0.0135, 40
WORDS = "HE WAS NOT AN ILL DISPOSED YOUNG MAN"
PHONES = tuple("SIL HH IY W AA Z N AA T AE N IH L D IH S P OW Z D Y AH NG M AE N SIL".split())  # noqa: SIM905
SESSIONS, PER_SESSION = ("002-101", "008-001"), 30
SHORTEST = 3  # frames
OUT = Path(samples.__file__).parent / "phones_novel_4.txt"


def frames(sound: Recording) -> np.ndarray:
    """Log spectrum in 40 bands every 10 ms, without the sentence's mean, with its neighbours: (T, d)."""
    starts = np.arange(0, sound.seconds - 2 * CENTRE_S, STEP_S)
    whole = log_spectrum(sound, starts)[:, 4:]
    edges = np.unique(np.round(np.geomspace(1, whole.shape[1], BANDS + 1)).astype(int))
    bands = np.stack([whole[:, a - 1 : max(b - 1, a)].mean(axis=1) for a, b in zip(edges, edges[1:], strict=False)], 1)
    return beside_one_another(bands - bands.mean(axis=0), (-4, -2, 0, 2, 4))


def training() -> tuple[np.ndarray, np.ndarray]:
    """Frames and phones of some sentences of EMG-UKA."""
    root, xs, ys = locate("emguka"), [], []
    for session in SESSIONS:
        for spoken in emguka.utterances(root, emguka.names_here(root, session)[:PER_SESSION]):
            x = frames(spoken.sound)
            labels = emguka.labels(root, spoken.sound.item.partition("/")[2])
            spans = [(each.start, each.end, SAME.get(each.text, each.text)) for each in labels]
            xs.append(x)
            ys.append(phones_at(spans, CENTRE_S + STEP_S * np.arange(len(x))))
    return np.concatenate(xs), np.concatenate(ys)


def path(scores: np.ndarray) -> np.ndarray:
    """The best way through states in their order, each at least three frames long: state of every frame.

    Args:
        scores: logarithms, (frames, states).
    """
    held = np.repeat(scores, SHORTEST, axis=1)
    n, k = held.shape
    best, came = np.full((n, k), -np.inf), np.zeros((n, k), bool)
    best[0, 0] = held[0, 0]
    last = np.arange(k) % SHORTEST == SHORTEST - 1
    for t in range(1, n):
        stay = np.where(last, best[t - 1], -np.inf)
        move = np.concatenate([[-np.inf], best[t - 1, :-1]])
        came[t] = move > stay
        best[t] = np.maximum(stay, move) + held[t]
    states = [k - 1]
    for t in range(n - 1, 0, -1):
        states.append(states[-1] - came[t, states[-1]])
    return np.array(states[::-1]) // SHORTEST


def main() -> int:
    """Align, write, and print what was found."""
    x, y = training()
    machine = frame_phones.fit(x[y != ""], y[y != ""])
    sound = samples.load(NAME)
    found = ((frames(sound) - machine.mean) / machine.scale) @ machine.weights + machine.offsets
    found -= np.log(np.exp(found - found.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)) + found.max(1)[:, None]
    at = path(found[:, [machine.phones.index(phone) for phone in PHONES]])
    starts = np.flatnonzero(np.diff(at, prepend=-1))
    times = np.append(starts * STEP_S + (CENTRE_S - STEP_S / 2) * (starts > 0), sound.seconds)
    lines = [f"{a:.3f} {b:.3f} {phone}" for a, b, phone in zip(times, times[1:], PHONES, strict=False)]
    head = f"# {NAME}: {WORDS.lower()}. Start and end in s, phone; by tools/align_sample.py"
    write_text(OUT, "\n".join([head, *lines, ""]))
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
