"""The mixtures of this chapter: fixed ones for validation and test, and an endless stream for training.

Every draw is seeded by the name of what is drawn, so a mixture is the same whoever asks for it, and when.
"""

from collections.abc import Sequence

import numpy as np
import scipy.fft

from biosig.papers.primer.profiles import Setup
from biosig.papers.primer.sources import FS, Sources
from biosig.seeds import lot, rng_for
from biosig.signal.mixing import mix_at_snr
from biosig.signal.types import Mixture, Recording

TRAIN_SNRS = (-5.0, 20.0)  # dB, drawn evenly
TALKERS = (3, 7)  # in a babble made of training speech
PAUSE = 4000  # samples at most between two utterances
TILT_DB = 8.0  # largest gain of the random equaliser
FAINT = 1e-5  # a stretch whose RMS is below it is silence, and mixes with nothing


def test_mixtures(sources: Sources, snrs_db: Sequence[float], name: str) -> list[Mixture]:
    """Every utterance at every SNR; the noises take turns, so that each is used about equally often."""
    return [
        noisy_speech(speech, sources.noises[(len(snrs_db) * i + j) % len(sources.noises)], snr_db, name)
        for i, speech in enumerate(sources.speech)
        for j, snr_db in enumerate(snrs_db)
    ]


def unseen_mixtures(pairs: Sequence[Mixture], noises: Sequence[Recording], snrs_db: Sequence[float]) -> list[Mixture]:
    """The clean sides of pairs in noises that no network has heard."""
    speech = tuple(Recording(pair.clean, pair.fs, "full scale", pair.item, pair.subject) for pair in pairs)
    return test_mixtures(Sources(speech, tuple(noises)), snrs_db, "unseen")


def validation_mixtures(sources: Sources, setup: Setup) -> list[Mixture]:
    """One mixture for each of the first utterances in an order that only their names decide, SNRs taking turns."""
    chosen = sorted(sources.speech, key=lambda speech: lot("choose", speech.item))[: setup.utterances]
    return [
        noisy_speech(
            speech,
            sources.noises[(5 * i) % len(sources.noises)],
            setup.validation_snrs[i % len(setup.validation_snrs)],
            "validation",
        )
        for i, speech in enumerate(chosen)
    ]


def noisy_speech(speech: Recording, noise: Recording, snr_db: float, name: str) -> Mixture:
    """An utterance in a random stretch of noise, looped where it is short, at an exact SNR over the whole."""
    item = f"{speech.item}@{snr_db:g}dB+{noise.item}"
    stretch = audible(noise.signal, speech.signal.size, rng_for("noise start", item))
    noisy, interference = mix_at_snr(speech.signal, stretch, snr_db)
    conditions = (("set", name), ("snr_db", f"{snr_db:g}"), ("noise", noise.channel or noise.item))
    return Mixture(speech.signal, interference, noisy, speech.fs, snr_db, item, speech.subject, conditions=conditions)


def audible(signal: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """A random stretch of n samples, looped where the signal is short, and not a silent one if that can be had.

    Unlike :func:`biosig.signal.mixing.draw_segment` it keeps float32, which halves what mixing costs in training.
    """
    looped = np.tile(signal, -(-n // signal.size)) if signal.size < n else signal
    for _ in range(10):
        start = rng.integers(looped.size - n + 1)
        stretch = looped[start : start + n]
        if np.square(stretch).mean() > FAINT**2:
            break
    return stretch


class TrainingStream:
    """Noisy and clean windows that never repeat: a pure function of the name asked for.

    Utterances are joined with short pauses. The noise is real, or a babble of training speakers, or coloured
    Gaussian, often two of them together, and passes a random equaliser half of the time, as the speech does
    now and then: microphones differ.
    """

    def __init__(self, sources: Sources, snrs_db: tuple[float, float] = TRAIN_SNRS):
        self.speech = [unit(recording.signal.astype(np.float32)) for recording in sources.speech]
        self.noises = [recording.signal.astype(np.float32) for recording in sources.noises]
        self.snrs_db = snrs_db

    def pair(self, n: int, *name: object) -> tuple[np.ndarray, np.ndarray]:
        """(noisy, clean), float32 (n,), the noisy one of RMS 1."""
        rng = rng_for("speech in noise", *name)
        clean = self.sentence(n, rng)
        if rng.random() < 0.3:
            clean = equalised(clean, rng)
        noise, snr_db = unit(self.noise(n, rng)), rng.uniform(*self.snrs_db)
        return levelled(clean, noise, snr_db)

    def sentence(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n samples of utterances by anybody, each of RMS 1, with short pauses."""
        out, at = np.zeros(n, np.float32), 0
        while at < n:
            utterance = self.speech[rng.integers(len(self.speech))]
            start = rng.integers(max(1, utterance.size - n + 1))
            part = utterance[start : start + n - at]
            out[at : at + part.size] = part
            at += part.size + int(rng.integers(PAUSE))
        return out

    def noise(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n samples of noise of any kind, through a random equaliser half of the time."""
        noise = self.drawn(n, rng)
        return equalised(noise, rng) if rng.random() < 0.5 else noise

    def drawn(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n samples of one or two noises: recorded, a babble of training voices, or coloured Gaussian."""
        kind = rng.random()
        if kind < 0.6:
            noise = self.real(n, rng)
        elif kind < 0.8:
            noise = self.babble(n, rng)
        else:
            noise = coloured(n, rng)
        if rng.random() < 0.5:
            noise = unit(noise) + unit(self.real(n, rng)) * np.float32(10 ** (rng.uniform(-10, 5) / 20))
        return noise

    def babble(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n samples of several training voices at once."""
        return np.sum([self.sentence(n, rng) for _ in range(rng.integers(*TALKERS))], axis=0)

    def real(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """A stretch of a recorded noise."""
        return audible(self.noises[rng.integers(len(self.noises))], n, rng)


def levelled(clean: np.ndarray, noise: np.ndarray, snr_db: float) -> tuple[np.ndarray, np.ndarray]:
    """(noisy, clean), float32 (n,), the noisy one of RMS 1, from speech and a noise of RMS 1."""
    noisy = clean + noise * np.float32(rms(clean) * 10 ** (-snr_db / 20))
    level = max(rms(noisy), FAINT)
    return noisy / level, clean / level


def window_of(mixture, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The middle n samples of (noisy, clean), the noisy ones of RMS 1, zeros after a short utterance."""
    start = max(0, (mixture.noisy.size - n) // 2)
    noisy, clean = (np.pad(x[start : start + n], (0, max(0, n - x.size))) for x in (mixture.noisy, mixture.clean))
    level = rms(noisy)
    return noisy / level, clean / level


def rms(x: np.ndarray) -> float:
    """Root mean square of a signal (n,)."""
    return float(np.sqrt(np.mean(np.square(x))))


def unit(x: np.ndarray) -> np.ndarray:
    """``x`` at RMS 1; silence stays silence."""
    return x / np.float32(max(rms(x), 1e-8))


def coloured(n: int, rng: np.random.Generator) -> np.ndarray:
    """Synthetic Gaussian noise whose power falls as 1/f to a random power between 0 and 2, float32 (n,)."""
    spectrum = scipy.fft.rfft(rng.standard_normal(n, np.float32))
    frequency = np.arange(spectrum.size, dtype=np.float32) + np.float32(n * 20 / FS)  # flat below 20 Hz
    return scipy.fft.irfft(spectrum * frequency ** np.float32(-rng.uniform(0, 1)), n)


def equalised(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """``x`` through a smooth random equaliser of up to ±8 dB, float32 (n,)."""
    spectrum = scipy.fft.rfft(x)
    curve = np.interp(np.linspace(0, 5, spectrum.size), np.arange(6), rng.uniform(-TILT_DB, TILT_DB, 6))
    return scipy.fft.irfft(spectrum * (10 ** (curve / 20)).astype(np.float32), x.size)
