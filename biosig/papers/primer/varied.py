"""Training mixtures that vary more than the first stream's: voices, rooms, levels, bands, inputs with nothing to do.

:class:`biosig.papers.primer.mixtures.TrainingStream` stays as it is, because committed cells were trained on it.
What is new here, and why:

- Corpora take turns. The first stream drew an utterance from a list of which three people had spoken nine tenths.
- Voices are read up to 15 % faster or slower, which moves pitch and formants together, as a longer or shorter
  vocal tract does.
- Half of the band limits lie between 7 and 7.95 kHz: a file at 44.1 or 48 kHz, resampled, has an empty band there.
- Now and then the input is clean, or noise alone, so that a network learns to leave and to silence.
- Simulated rooms colour speech, with the reverberant speech as target: the network removes noise, not rooms.
- Level. A network that is fed clips of RMS 1 never sees the level of a recording, so a gain of ±15 dB in
  front of it would change nothing. What it sees is a window whose level is not the whole clip's, and people
  at different distances: windows are ±6 dB around RMS 1, and utterances in one window up to 15 dB apart. A network
  that must not wait for the whole clip is fed full-scale sound as it comes, at -45 to -12 dB.
"""

import functools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy.fft

from biosig.papers.primer.mixtures import (
    FAINT,
    PAUSE,
    TILT_DB,
    TRAIN_SNRS,
    TrainingStream,
    rms,
    unit,
    validation_mixtures,
    window_of,
)
from biosig.papers.primer.profiles import Setup
from biosig.papers.primer.sources import FS, Sources
from biosig.seeds import rng_for
from biosig.signal.degradations.rooms import decaying_response

NOISE_ALONE, CLEAN, NEARLY_CLEAN = 0.04, 0.04, 0.04  # shares of the windows
NEARLY_CLEAN_SNRS = (25.0, 45.0)  # dB
LEFT_OUT = ("hu100/n1",)  # shares a recording with n2, which validates
STRETCH = 0.15  # largest change of speed
APART_DB = 7.5  # of an utterance from the window's others
ROOMS, ROOM_SHARE, RT60_S, DIRECT_DB = 200, 0.3, (0.15, 0.7), (0.0, 15.0)
VALIDATION, CLEAN_ROWS, NOISE_ROWS = 48, 8, 4
BAND_LIMITED, PHONE_HZ, RESAMPLED_HZ, SLOPE_HZ = 0.4, (3400, 7000), (7000, 7950), (20, 400)

Source = Callable[[int, np.random.Generator], np.ndarray]  # so many samples, drawn from here


class VariedStream(TrainingStream):
    """Noisy and clean windows, a pure function of the name asked for; what varies stands at the head of the file.

    Args:
        sources: training speech and noise.
        levels_db: the noisy window's RMS, in dB re 1.
        snrs_db: of all but clean, nearly clean and noise alone.
    """

    def __init__(
        self, sources: Sources, levels_db: tuple[float, float], snrs_db: tuple[float, float] = TRAIN_SNRS
    ):
        super().__init__(replace(sources, noises=tuple(n for n in sources.noises if n.item not in LEFT_OUT)), snrs_db)
        corpora = [recording.item.split("/")[0] for recording in sources.speech]
        self.corpora = [
            [speech for speech, corpus in zip(self.speech, corpora, strict=True) if corpus == name]
            for name in sorted(set(corpora))
        ]
        self.levels_db = levels_db

    def pair(self, n: int, *name: object) -> tuple[np.ndarray, np.ndarray]:
        """(noisy, clean), float32 (n,)."""
        rng = rng_for("varied speech in noise", *name)
        clean_gain, noise_gain = gains(rng, self.snrs_db)
        band = band_limit(n, rng) if rng.random() < BAND_LIMITED else 1
        silence = np.zeros(n, np.float32)
        clean = self.heard(self.sentence, n, rng, band, ROOM_SHARE) * clean_gain if clean_gain else silence
        noise = self.heard(self.noise, n, rng, band) * noise_gain if noise_gain else silence
        noisy = clean + noise
        scale = decibels(rng.uniform(*self.levels_db)) / np.float32(max(rms(noisy), FAINT))
        return noisy * scale, clean * scale

    def heard(
        self, source: Source, n: int, rng: np.random.Generator, band: np.ndarray | int, rooms: float = 0
    ) -> np.ndarray:
        """n samples of ``source`` read at another speed, in a room, by some microphone, of RMS 1.

        All of it is done to one spectrum, so reverberation wraps around, from the window's end to its beginning.
        """
        m = scipy.fft.next_fast_len(round(n * (1 + rng.uniform(-STRETCH, STRETCH))), real=True)
        spectrum = np.zeros(n // 2 + 1, np.complex64)
        heard = scipy.fft.rfft(source(m, rng))[: spectrum.size]
        spectrum[: heard.size] = heard
        if rng.random() < rooms:
            spectrum *= room(n, int(rng.integers(ROOMS)))
        if rng.random() < 0.5:
            spectrum *= equaliser(spectrum.size, rng)
        return unit(scipy.fft.irfft(spectrum * band, n))

    def sentence(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n samples of utterances with short pauses: corpora take turns, and utterances differ in level."""
        out, at = np.zeros(n, np.float32), 0
        while at < n:
            speech = self.corpora[rng.integers(len(self.corpora))]
            utterance = speech[rng.integers(len(speech))]
            start = rng.integers(max(1, utterance.size - n + 1))
            part = utterance[start : start + n - at]
            out[at : at + part.size] = part * decibels(rng.uniform(-APART_DB, APART_DB))
            at += part.size + int(rng.integers(PAUSE))
        return out

    def noise(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n samples of noise; what this stream does to the mixture takes the equaliser's place."""
        return self.drawn(n, rng)


def validation_pairs(
    sources: Sources, setup: Setup, levels_db: tuple[float, float], n: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Fixed (noisy, clean) windows (n,): mixtures, a quarter of them band-limited, a few clean, a few of noise alone.

    Levels are spread evenly over ``levels_db``.
    """
    mixtures = validation_mixtures(sources, replace(setup, utterances=VALIDATION))
    pairs = [window_of(mixture, n) for mixture in mixtures]
    rng = rng_for("band limits of validation")
    pairs = [limited(pair, band_limit(n, rng)) if i % 4 == 0 else pair for i, pair in enumerate(pairs)]
    pairs += [(clean, clean) for _, clean in pairs[:CLEAN_ROWS]]
    pairs += [(noisy - clean, np.zeros_like(clean)) for noisy, clean in pairs[CLEAN_ROWS : CLEAN_ROWS + NOISE_ROWS]]
    levels = np.linspace(*levels_db, len(pairs))
    turns = rng.permutation(levels)
    return [
        tuple(x * decibels(level) / rms(pair[0]) for x in pair) for pair, level in zip(pairs, turns, strict=True)
    ]


def limited(pair: tuple[np.ndarray, np.ndarray], band: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both signals (n,) through one filter."""
    return tuple(scipy.fft.irfft(scipy.fft.rfft(x) * band, x.size) for x in pair)


def gains(rng: np.random.Generator, snrs_db: tuple[float, float]) -> tuple[np.float32, np.float32]:
    """What speech and noise, each of RMS 1, are multiplied by; 0 where one of them is not there."""
    kind, one, none = rng.random(), np.float32(1), np.float32(0)
    if kind < NOISE_ALONE:
        return none, one
    if kind < NOISE_ALONE + CLEAN:
        return one, none
    nearly = kind < NOISE_ALONE + CLEAN + NEARLY_CLEAN
    return one, decibels(-rng.uniform(*(NEARLY_CLEAN_SNRS if nearly else snrs_db)))


def decibels(level_db: float) -> np.float32:
    """The factor that changes a level by so many dB."""
    return np.float32(10 ** (level_db / 20))


def equaliser(bins: int, rng: np.random.Generator) -> np.ndarray:
    """Gains of a smooth random equaliser of up to ±8 dB, float32 (bins,)."""
    curve = np.interp(axis(bins, 5), np.arange(6), rng.uniform(-TILT_DB, TILT_DB, 6)).astype(np.float32)
    return np.exp(curve * np.float32(np.log(10) / 20))


def band_limit(n: int, rng: np.random.Generator) -> np.ndarray:
    """Gains of a low-pass for the rfft of n samples, float32: 1, then a straight slope, then 0."""
    edge = rng.uniform(*(RESAMPLED_HZ if rng.random() < 0.5 else PHONE_HZ))
    width = rng.uniform(*SLOPE_HZ)
    return np.clip((np.float32(edge) - axis(n // 2 + 1, FS / 2)) / np.float32(width) + 1, 0, 1)


@functools.cache
def axis(bins: int, last: float) -> np.ndarray:
    """0 to ``last`` in equal steps, float32 (bins,)."""
    return np.linspace(0, last, bins, dtype=np.float32)


@functools.lru_cache(maxsize=2 * ROOMS)
def room(n: int, number: int) -> np.ndarray:
    """The rfft of n samples of a simulated room's response, complex64; RT60 and direct sound drawn by its number."""
    rng = rng_for("room of the varied stream", number)
    response = decaying_response(
        FS, rng.uniform(*RT60_S), "varied", number, direct_to_reverberant_db=rng.uniform(*DIRECT_DB)
    )
    return scipy.fft.rfft(response.astype(np.float32), n)
