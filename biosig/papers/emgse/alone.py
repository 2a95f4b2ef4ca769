"""What EMG knows without any sound: the phone of a frame, and the spectrum of the speech, by linear methods alone.

Features are the corpus's own TD10 every 10 ms, scaled over each sentence, as EMGSE scales its own. Phones are told by
an LDA, the clean log spectrum by least squares. Each is fitted to a session's training sentences and tried on its test
sentences; where a person has several sessions, also fitted to all *other* sessions, for which the electrodes were put
on anew. A third question is when: the same without frames around it, EMG moved against the sound.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from biosig.backends import frame_phones, linear_map
from biosig.backends.frame_phones import beside_one_another, is_speech, phones_at
from biosig.corpora import emguka
from biosig.corpora.registry import locate
from biosig.papers.emgse.sources import Sources, Spoken
from biosig.papers.emgse.systems import PHONES, SPECTRUM
from biosig.results.items import Item
from biosig.signal.emg_features import TD10_HOP_S, TD10_WINDOW_S, frame_grid, td10_features
from biosig.signal.types import Recording

LABELLED = ("002-101", "008-001", "008-004", "008-005", "008-006", "008-007", "008-008")  # where phone labels hold
CHANNELS = tuple(name for name in emguka.CHANNELS if name != emguka.UNSTABLE)
LAGS_MS = (-100, -50, 0, 50, 100, 150, 200)  # above 0: the EMG of so long before
STEP_MS = round(1000 * TD10_HOP_S)
N_FFT = 512
FLOOR_DB = 60.0  # below the sentence's greatest bin: what lies lower is nobody's speech
OWN, OTHERS = "own session", "other sessions"
CONTEXT, NONE = "150 ms to both sides", "none"
VERSION = "1; TD10, five channels, scaled over the sentence, 10 ms"
VERSIONS = {
    PHONES: {"frame_accuracy": f"{VERSION}; share of speech frames", "majority": "1; most frequent phone of training"},
    SPECTRUM: {
        "r2": f"{VERSION}; log spectrum, around the training's mean",
        "energy_correlation": f"{VERSION}; log energy",
    },
}


@dataclass(frozen=True)
class Frames:
    """A sentence in frames of 10 ms.

    Attributes:
        item, session, sentence: whose, as in :class:`biosig.papers.emgse.sources.Spoken`.
        emg: TD10, each number scaled over the sentence to mean 0 and deviation 1, (T, d).
        spectrum: log10 of the power, (T, 257).
        phones: (T,), "" where nothing is labelled.
    """

    item: str
    session: str
    sentence: str
    emg: np.ndarray
    spectrum: np.ndarray
    phones: np.ndarray


def framed(spoken: Spoken, spans: Sequence[tuple[float, float, str]], channels: Sequence[str] = CHANNELS) -> Frames:
    """A sentence in frames; the sound's begin and end with the EMG's."""
    emg = spoken.emg.only(*channels)
    grid = frame_grid(emg.signal.shape[1], emg.fs, TD10_WINDOW_S, TD10_HOP_S)
    found = td10_features(emg.signal, emg.fs).reshape(len(grid.starts), -1)
    found = (found - found.mean(axis=0)) / np.maximum(found.std(axis=0), 1e-12)
    spectrum = log_spectrum(spoken.sound, grid.starts / emg.fs)
    n = min(len(found), len(spectrum))
    times = (grid.starts + grid.size / 2)[:n] / emg.fs
    phones = phones_at(spans, times) if spans else np.full(n, "")
    return Frames(spoken.sound.item, spoken.session, spoken.sentence, found[:n], spectrum[:n], phones)


def log_spectrum(sound: Recording, starts_s: np.ndarray) -> np.ndarray:
    """log10 |X|² of the frames of 27 ms that begin then, 60 dB deep: (T, 257); fewer where the sound ends earlier."""
    size = round(TD10_WINDOW_S * sound.fs)
    starts = np.round(starts_s * sound.fs).astype(int)
    frames = np.lib.stride_tricks.sliding_window_view(sound.signal, size)[starts[starts <= sound.signal.size - size]]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), N_FFT)) ** 2
    return np.log10(np.maximum(power, power.max() * 10 ** (-FLOOR_DB / 10)))


def items(system: str, sources: Sources) -> list[Item]:
    """All items of one person's cell: by session, training and lag; test sentences alone are scored."""
    root, labelled = locate("emguka"), system == PHONES
    chosen = [
        tuple(each for each in side if not labelled or each.session in LABELLED)
        for side in ((*sources.train, *sources.validation), sources.test)
    ]
    train, test = ([framed(each, _spans(root, each) if labelled else ()) for each in side] for side in chosen)
    score = {PHONES: phone_items, SPECTRUM: spectrum_items}[system]
    return list(score(train, test, numbers(sources)))


def numbers(sources: Sources) -> dict[str, str]:
    """Test sentence → the subject that items of mixtures name it by."""
    person = sources.test[0].sound.subject
    return {sentence: f"{person}/{k}" for k, sentence in enumerate(sorted({s.sentence for s in sources.test}), 1)}


def phone_items(train: Sequence[Frames], test: Sequence[Frames], subjects: dict[str, str]) -> Iterator[Item]:
    """Share of speech frames told right in each test sentence, and what always saying the most frequent phone gets."""
    yield from _measured(_told, train, test, subjects)


def spectrum_items(train: Sequence[Frames], test: Sequence[Frames], subjects: dict[str, str]) -> Iterator[Item]:
    """R² of the log spectrum and correlation of the log energy in each test sentence."""
    yield from _measured(_mapped, train, test, subjects)


def _measured(
    measure: Callable[..., Iterator[Item]], train: Sequence[Frames], test: Sequence[Frames], subjects: dict[str, str]
) -> Iterator[Item]:
    """A measure of every training with its context, and of a session's own one without, at every lag."""
    for session, kind, own in trainings(train):
        yield from measure(own, _of(test, session), kind, CONTEXT, 0, subjects)
        if kind == OWN:
            for lag in LAGS_MS:
                yield from measure(own, _of(test, session), kind, NONE, lag, subjects)


def trainings(train: Sequence[Frames]) -> Iterator[tuple[str, str, list[Frames]]]:
    """(session, kind, what is fitted to): each session's own sentences, and those of all others if there are some."""
    for session in sorted({each.session for each in train}):
        yield session, OWN, _of(train, session)
        others = [each for each in train if each.session != session]
        if others:
            yield session, OTHERS, others


def moved(frames: Frames, lag_ms: int, context: str) -> tuple[np.ndarray, slice]:
    """EMG as an input, (n, d), and the frames of the sound that it belongs to, for EMG of ``lag_ms`` before."""
    shift = round(lag_ms / STEP_MS)
    stacked = beside_one_another(frames.emg) if context == CONTEXT else frames.emg
    n = len(stacked)
    inside = slice(max(shift, 0), n + min(shift, 0))
    return stacked[max(-shift, 0) : n - max(shift, 0)], inside


def _told(train, test, kind: str, context: str, lag_ms: int, subjects: dict[str, str]) -> Iterator[Item]:
    x, y = _joined(train, lag_ms, context, "phones")
    speech = is_speech(y)
    machine = frame_phones.fit(x[speech], y[speech])
    names, counts = np.unique(y[speech], return_counts=True)
    for each in test:
        held, inside = moved(each, lag_ms, context)
        truth = each.phones[inside]
        keep = is_speech(truth)
        right, often = machine(held[keep]) == truth[keep], truth[keep] == names[counts.argmax()]
        values = {"frame_accuracy": right.mean(), "majority": often.mean()} if keep.any() else {}
        yield from _items(each, PHONES, values, kind, context, lag_ms, subjects)


def _mapped(train, test, kind: str, context: str, lag_ms: int, subjects: dict[str, str]) -> Iterator[Item]:
    x, y = _joined(train, lag_ms, context, "spectrum")
    found = linear_map.fit(x, y)
    for each in test:
        held, inside = moved(each, lag_ms, context)
        truth, guess = each.spectrum[inside], found(held)
        energies = [np.log10(np.sum(10**part, axis=1)) for part in (truth, guess)]
        values = {
            "r2": linear_map.explained(truth, guess, y.mean(axis=0)),
            "energy_correlation": np.corrcoef(*energies)[0, 1],
        }
        yield from _items(each, SPECTRUM, values, kind, context, lag_ms, subjects)


def _items(each: Frames, system: str, values: dict, kind: str, context: str, lag_ms: int, subjects) -> Iterator[Item]:
    told = {"speaker": each.session.partition("-")[0], "session": each.session, "training": kind, "context": context,
            "lag_ms": str(lag_ms)}  # fmt: skip
    name = f"{each.item}#training={kind},context={context},lag_ms={lag_ms}"
    for metric, version in VERSIONS[system].items():
        value = float(values[metric]) if metric in values else None
        reason = "" if metric in values else "no labelled speech in this sentence"
        yield Item(name, subjects[each.sentence], metric, version, value, reason, told)


def _joined(frames: Sequence[Frames], lag_ms: int, context: str, target: str) -> tuple[np.ndarray, np.ndarray]:
    pairs = [(moved(each, lag_ms, context), getattr(each, target)) for each in frames]
    return np.concatenate([x for (x, _), _ in pairs]), np.concatenate([y[inside] for (_, inside), y in pairs])


def _of(frames: Sequence[Frames], session: str) -> list[Frames]:
    return [each for each in frames if each.session == session]


def _spans(root, spoken: Spoken) -> list[tuple[float, float, str]]:
    name = spoken.sound.item.partition("/")[2]
    return [(label.start, label.end, label.text) for label in emguka.labels(root, name)]
