"""*Simulated* continuous arousal: sessions of one speaker made of acted utterances, and a trace made up for them.

No open corpus with sound and continuous arousal was found; RECOLA, the paper's, has to be asked for. A session here
strings real utterances of EMO-DB or nEMO together, with pauses; nobody rated it. Each emotion stands for one value of
arousal, and six simulated raters follow these values late, smoothly and with a little noise; their mean is the truth.

Sources: a value per emotion is the mean arousal that Russell and Mehrabian (J. Res. Personality 11:273-294, 1977) give
for the words angry, fearful, joyful, happy, surprised, sad and bored on a scale from -1 to 1, neutral is its middle;
six raters and a value every 40 ms as in RECOLA (Ringeval et al., FG 2013); raters answer 1 to 6 s late (Mariooryad and
Busso, IEEE Trans. Affective Computing 6(2):97-108, 2015), here 2 to 4 s. Runs of two to four utterances, pauses,
smoothing and noise are our choice.

What this can show: that the whole chain works (network, loss, post-processing, tables), and what noise and an enhancer
in front do to a regressor from sound. What it cannot: how well arousal is told. Within an utterance the truth does not
move with the voice, only the class does, so this is a six-class task in another dress; real arousal is felt by people
who are not acting, and its raters disagree. No number from here may stand beside RECOLA's as if it were one of those.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from biosig.corpora.sounds import FS, FULL_SCALE
from biosig.errors import ConfigError, DataError
from biosig.seeds import rng_for
from biosig.signal.types import Recording

AROUSAL = {
    "anger": 0.59,
    "fear": 0.60,
    "joy": 0.48,
    "happiness": 0.51,
    "surprised": 0.67,
    "neutral": 0.0,
    "sadness": -0.27,
    "boredom": -0.62,
}
STEP_S = 0.04  # between two values of the trace
RUN = (2, 4)  # utterances of one emotion in a row: as arousal does, it stays for some seconds
PAUSE_S = (0.3, 1.0)
RATERS = 6
LAG_S = (2.0, 4.0)
SMOOTH_S = 0.5  # time constant of a rater's hand
STRENGTH = (0.8, 1.2)  # how large a rater makes what is heard
NOISE, NOISE_S = 0.05, 1.0  # deviation of a rater's wandering, and its time constant


@dataclass(frozen=True)
class SimulatedSession:
    """A session of one speaker with its simulated arousal.

    Attributes:
        recording: the sound; its item is ``simulated_arousal/SPEAKER/NUMBER``, its subject the speaker.
        arousal: the simulated raters' mean, shape (seconds / 0.04,), between -1 and 1.
        spans: (start in s, end in s, emotion) of each utterance.
    """

    recording: Recording
    arousal: np.ndarray
    spans: tuple[tuple[float, float, str], ...]


def simulated_sessions(
    utterances: Sequence[Recording], speakers: Sequence[str], per_speaker: int, seconds: float
) -> list[SimulatedSession]:
    """Simulated sessions of some speakers, drawn by their names.

    Args:
        utterances: of both corpora, at 16 kHz.
        speakers: as the split names them, "emodb-03", "nemo-EB0", …
        per_speaker: sessions of each; they share utterances, in other orders.
        seconds: of each, a multiple of 0.04.

    Raises:
        DataError: a speaker without utterances.
        ConfigError: an emotion without an arousal, or a length that is no multiple.
    """
    by_speaker = {name: [each for each in utterances if speaker_of(each) == name] for name in speakers}
    if missing := [name for name, own in by_speaker.items() if not own]:
        raise DataError(f"speaker {missing[0]} has no utterance here: expected some of everyone in the split.")
    return [
        simulated_session(own, seconds, name, number)
        for name, own in by_speaker.items()
        for number in range(per_speaker)
    ]


def speaker_of(utterance: Recording) -> str:
    """The speaker's name over both corpora: "emodb-03" for subject 03 of emodb."""
    return f"{utterance.item.partition('/')[0]}-{utterance.subject}"


def simulated_session(utterances: Sequence[Recording], seconds: float, *name: object) -> SimulatedSession:
    """One simulated session; ``name`` seeds its order, its pauses and its raters."""
    frames = round(seconds / STEP_S)
    if frames < 1 or abs(frames * STEP_S - seconds) > 1e-9:
        raise ConfigError(f"a session of {seconds:g} s: expected a multiple of {STEP_S:g} s.")
    if strange := sorted({each.label for each in utterances} - set(AROUSAL)):
        raise ConfigError(f"the emotion {strange[0]!r} has no arousal here: expected one of {', '.join(AROUSAL)}.")
    rng, n = rng_for("simulated arousal", *name), round(seconds * FS)
    signal, spans, at = np.zeros(n), [], _pause(rng)
    for utterance in _in_runs(utterances, rng):
        part = utterance.signal[: n - at]
        signal[at : at + part.size] = part
        spans.append((at / FS, (at + part.size) / FS, utterance.label))
        at += part.size + _pause(rng)
        if at >= n:
            break
    item = "/".join(["simulated_arousal", *map(str, name)])
    recording = Recording(signal, FS, FULL_SCALE, item, str(name[0]), synthetic=True)
    return SimulatedSession(recording, simulated_raters(spans, frames, rng), tuple(spans))


def simulated_raters(spans: Sequence[tuple[float, float, str]], frames: int, rng: np.random.Generator) -> np.ndarray:
    """The mean of the simulated raters, shape (frames,), for emotions that hold until the next utterance begins."""
    starts = np.array([start for start, _, _ in spans])
    levels = np.array([0.0, *(AROUSAL[emotion] for _, _, emotion in spans)])  # neutral before anybody speaks
    times = (np.arange(frames) + 0.5) * STEP_S
    return np.mean([_rater(starts, levels, times, rng) for _ in range(RATERS)], axis=0)


def _rater(starts: np.ndarray, levels: np.ndarray, times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    heard = levels[np.searchsorted(starts, times - rng.uniform(*LAG_S), side="right")]
    wandering = _smooth(rng.standard_normal(times.size), NOISE_S)
    decay = np.exp(-STEP_S / NOISE_S)
    unit = wandering * np.sqrt((1 + decay) / (1 - decay))  # the deviation of white noise is then 1 again
    return rng.uniform(*STRENGTH) * _smooth(heard, SMOOTH_S) + NOISE * unit


def _smooth(x: np.ndarray, time_constant_s: float) -> np.ndarray:
    decay = np.exp(-STEP_S / time_constant_s)
    return lfilter([1 - decay], [1, -decay], x)


def _pause(rng: np.random.Generator) -> int:
    return round(rng.uniform(*PAUSE_S) * FS)


def _in_runs(utterances: Sequence[Recording], rng: np.random.Generator) -> Iterator[Recording]:
    """Without end: runs of one emotion, every emotion once before any comes again, and so with its utterances."""
    decks: dict[str, list[Recording]] = {label: [] for label in sorted({each.label for each in utterances})}
    last = ""
    while True:
        round_of = [str(label) for label in rng.permutation(list(decks))]
        if round_of[0] == last:
            round_of = round_of[1:] + round_of[:1]
        for last in round_of:
            for _ in range(rng.integers(RUN[0], RUN[1] + 1)):
                yield _drawn(decks, last, utterances, rng)


def _drawn(decks: dict, label: str, utterances: Sequence[Recording], rng: np.random.Generator) -> Recording:
    """The next utterance of an emotion from its shuffled deck, shuffled anew once it is used up."""
    if not decks[label]:
        own = sorted((each for each in utterances if each.label == label), key=lambda each: each.item)
        decks[label] = [own[k] for k in rng.permutation(len(own))]
    return decks[label].pop()
