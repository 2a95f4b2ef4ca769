"""The mixtures of this chapter: fixed ones for validation and test, and an endless stream for training.

Every draw is seeded by the name of what is drawn, so a mixture is the same whoever asks for it, and when.
"""

from collections.abc import Sequence

import numpy as np

from biosig.papers.emgse.frames import EmgFrames, emg_frames, noisy_frames, scaled
from biosig.papers.emgse.profiles import CHUNK, Network, Setup
from biosig.papers.emgse.sources import VOICES, Sources, Spoken
from biosig.papers.primer.mixtures import audible
from biosig.seeds import lot, rng_for
from biosig.signal.log_spectrogram import log1p_magnitude
from biosig.signal.mixing import mix_at_snr
from biosig.signal.paired import SLACK_S, Channels, PairedMixture
from biosig.signal.types import Recording


def test_mixtures(sources: Sources, setup: Setup, every: int = 1) -> list[PairedMixture]:
    """Every test sentence of one person in every unheard noise, once each, at SNRs and in readings in turn.

    Sentence i meets noise k at SNR number i + k, so that every noise meets every SNR over the sentences, and every
    sentence meets noises of both kinds at every SNR. Which reading of a sentence is taken is drawn, each about
    equally often.

    Args:
        sources: of one person.
        setup: the profile's.
        every: only where i + k is a multiple of it.
    """
    readings: dict[str, list[Spoken]] = {}
    for spoken in sources.test:
        readings.setdefault(spoken.sentence, []).append(spoken)
    snrs = setup.test_snrs
    return [
        mixed(spoken, noise, snrs[(i + k) % len(snrs)], i + 1)
        for i, sentence in enumerate(sorted(readings))
        for k, (noise, spoken) in enumerate(zip(sources.unheard, in_turn(readings[sentence], sources), strict=True))
        if (i + k) % every == 0
    ]


def in_turn(readings: Sequence[Spoken], sources: Sources) -> list[Spoken]:
    """A reading for each of the noises, all about equally often, in an order that is drawn."""
    n = len(sources.unheard)
    ordered = sorted(readings, key=lambda each: lot("emgse reading", each.sound.item))
    turns = [ordered[k % len(ordered)] for k in range(n)]
    return [turns[k] for k in rng_for("emgse turns", ordered[0].sound.item).permutation(n)]


def mixed(spoken: Spoken, noise: Recording, snr_db: float, number: int) -> PairedMixture:
    """A sentence in a random stretch of noise, looped where it is short, at an exact SNR over the whole."""
    sound = spoken.sound
    item = f"{sound.item}@{snr_db:g}dB+{noise.item}"
    noisy, interference = mix_at_snr(sound.signal, stretch(noise, sound.signal.size, item), snr_db)
    conditions = (
        ("speaker", sound.subject),
        ("session", spoken.session),
        ("snr_db", f"{snr_db:g}"),
        ("noise", noise.channel),
        ("voices", "voices" if noise.channel in VOICES else "none"),
    )
    return PairedMixture(
        sound.signal, interference, noisy, sound.fs, snr_db, item, f"{sound.subject}/{number}",
        conditions=conditions, beside=spoken.emg,
    )  # fmt: skip


def stretch(noise: Recording, n: int, item: str) -> np.ndarray:
    """n samples of a noise from a start that the item's name draws."""
    return audible(noise.signal, n, rng_for("emgse noise start", item))


class Prepared:
    """What does not change from one mixture of a sentence to the next: its clean spectrogram and its EMG."""

    def __init__(self, spoken: Spoken, network: Network, emg: Channels | None = None):
        self.sound = spoken.sound
        self.clean = log1p_magnitude(spoken.sound.signal).astype(np.float32)
        self.emg: EmgFrames | None = None
        if network.channels:
            beside = (emg or spoken.emg).only(*network.channels)
            self.emg = emg_frames(fitted(beside, spoken.sound.seconds), len(self.clean), network.order)

    def noisy(self, noise: np.ndarray, snr_db: float) -> np.ndarray:
        """The sentence in a noise of its length."""
        return mix_at_snr(self.sound.signal, noise, snr_db)[0]


class TrainingStream:
    """Chunks of noisy frames and clean spectrograms that never repeat: a pure function of the name asked for."""

    def __init__(self, sources: Sources, setup: Setup, network: Network):
        spoken = [each for each in sources.train if not network.sessions or each.session in network.sessions]
        partners = shuffled(spoken) if network.shuffled else spoken
        self.sentences = [
            Prepared(each, network, other.emg) for each, other in zip(spoken, partners, strict=True)
        ]
        self.noises, self.setup, self.network = sources.heard, setup, network

    def emg_mean(self) -> np.ndarray:
        """The mean of each number of an EMG frame over all frames that it is trained with: float32 (E,)."""
        total = sum(each.emg.rows().sum(axis=0, dtype=float) for each in self.sentences)
        return (total / sum(len(each.emg) for each in self.sentences)).astype(np.float32)

    def batch(self, rows: int, *name: object) -> tuple[np.ndarray, np.ndarray]:
        """(frames (rows, 64, 257 + 2 + E), clean spectrogram (rows, 64, 257)), float32, of a few mixtures."""
        rng = rng_for("emgse training", *name)
        per_mixture = -(-rows // self.network.mixtures)
        found = [pair for _ in range(self.network.mixtures) for pair in self.chunks(per_mixture, rng)][:rows]
        return tuple(np.stack(side) for side in zip(*found, strict=True))

    def chunks(self, count: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
        """``count`` chunks of one sentence in one noise, which is scaled over all of the sentence."""
        sentence = self.sentences[rng.integers(len(self.sentences))]
        noise = self.noises[rng.integers(len(self.noises))]
        snr_db = self.setup.train_snrs[rng.integers(len(self.setup.train_snrs))]
        noisy = sentence.noisy(audible(noise.signal, sentence.sound.signal.size, rng), snr_db)
        spectrum, low, span = scaled(log1p_magnitude(noisy))
        if self.network.deaf:
            spectrum, low, span = np.zeros_like(spectrum), 0.0, 0.0
        starts = rng.integers(max(1, len(spectrum) - CHUNK + 1), size=count)
        return [self._chunk(sentence, spectrum, (low, span), start) for start in starts]

    def _chunk(self, sentence: Prepared, spectrum: np.ndarray, scaling: tuple[float, float], start: int):
        stop = min(start + CHUNK, len(spectrum))
        parts = [spectrum[start:stop], np.broadcast_to(np.float32(scaling), (stop - start, 2))]
        if sentence.emg is not None:
            parts.append(sentence.emg.rows(start, stop))
        short = [(0, CHUNK - (stop - start)), (0, 0)]  # a sentence of less than half a second
        return np.pad(np.concatenate(parts, axis=1), short), np.pad(sentence.clean[start:stop], short)


def validation_chunks(sources: Sources, setup: Setup, network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Fixed (frames, clean) chunks: validation sentences in heard noises, SNRs in turn, cut from end to end."""
    n, order = setup.validation, sorted(sources.validation, key=lambda each: lot("emgse validation", each.sound.item))
    order = [each for each in order if not network.sessions or each.session in network.sessions] or order
    found = []
    for k in range(n):  # 25 versions of each of 20 sentences: five noises at each of five SNRs
        spoken, snr_db = order[k % len(order)], setup.train_snrs[(k + k // len(order)) % len(setup.train_snrs)]
        noise = sources.heard[int(rng_for("emgse validation noise", k).integers(len(sources.heard)))]
        sentence = Prepared(spoken, network)
        item = f"validation/{spoken.sound.item}@{snr_db:g}dB+{noise.item}"
        noisy = sentence.noisy(stretch(noise, spoken.sound.signal.size, item), snr_db)
        frames = noisy_frames(noisy, sentence.emg, network.deaf)
        whole = len(frames) // CHUNK * CHUNK
        found.append([x[:whole].reshape(-1, CHUNK, x.shape[-1]) for x in (frames, sentence.clean)])
    return tuple(np.concatenate(side) for side in zip(*found, strict=True))


def shuffled(spoken: Sequence[Spoken]) -> list[Spoken]:
    """For each sentence another one of the same session: a fixed turn through an order that is drawn."""
    found: dict[str, Spoken] = {}
    for session in sorted({each.session for each in spoken}):
        same = [each for each in spoken if each.session == session]
        own = sorted(same, key=lambda each: lot("emgse turn", each.sound.item))
        found |= {each.sound.item: other for each, other in zip(own, own[1:] + own[:1], strict=True)}
    return [found[each.sound.item] for each in spoken]


def fitted(emg: Channels, seconds: float) -> Channels:
    """EMG of a given duration: cut, or begun again, where it was recorded with another sentence."""
    n = round(seconds * emg.fs)
    if abs(emg.signal.shape[1] - n) <= SLACK_S / 2 * emg.fs:
        return emg
    repeats = -(-n // emg.signal.shape[1])
    return Channels(np.tile(emg.signal, repeats)[:, :n], emg.fs, emg.units, emg.item, emg.names, emg.synthetic)
