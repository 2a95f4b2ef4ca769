"""The bridge to the chapter on heartbeats: a heart and the mains in facial EMG, cleaned, and what EMGSE makes of it.

The test sentences of a session are put end to end, as electrodes record them, and the heart of somebody else beats
through all of them; templates need that, as one sentence holds five beats. Everything is added and removed at 1 kHz,
the rate of that chapter's systems, and cut into sentences again. The trained EMGSE is that of the main table: it never
saw a heart, nor EMG that somebody had cleaned. Adding and cleaning touch the EMG alone, never the sound.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from biosig.papers.emgse.score import CONTROL_METRICS, evaluate, marked
from biosig.papers.emgse.sources import Spoken
from biosig.papers.emgse.systems import Enhancer
from biosig.papers.msemg.systems import load_system
from biosig.papers.neural import System
from biosig.results.items import Item
from biosig.seeds import rng_for
from biosig.signal.filters import notch
from biosig.signal.mixing import draw_segment, mix_at_snr
from biosig.signal.paired import Channels, PairedMixture
from biosig.signal.two_signals import resample_polyphase
from biosig.signal.types import Recording

FS = 1000  # of the denoisers
SNR_DB = -10.0  # of EMG to heart, and of EMG to mains, in every channel over a stream
STREAM_S = 55.0  # at most, in one piece: as long as an ECG record is here
MAINS_HZ, THIRD = 50.0, 0.3  # the third harmonic, relative to the first
EVERY = 9  # one in so many test mixtures
EMG_SNR, EMG_SNR_VERSION = "emg_snr_db", "1; own EMG over what is off from it, all channels of a sentence"
NONE, ECG, MAINS, BOTH = "none", "ecg", "mains", "ecg and mains"
NOTCH = "notch"
CLEANING = {
    "none": "as it is",
    "hp": "high-pass, 40 Hz",
    "ats_hp": "template subtraction, then the high-pass",
    "fcn": "FCN of the MSEMG chapter",
    "msemg": "MSEMG",
    NOTCH: "notch at 50, 150 and 250 Hz",
    "notch_msemg": "notch, then MSEMG",
}
VARIANTS = (  # (what is added, what is done about it); the first is what the others are held against
    (NONE, "none"), (NONE, "hp"), (NONE, "msemg"), (NONE, NOTCH),
    (ECG, "none"), (ECG, "hp"), (ECG, "ats_hp"), (ECG, "fcn"), (ECG, "msemg"),
    (MAINS, "none"), (MAINS, NOTCH),
    (BOTH, "none"), (BOTH, "notch_msemg"),
)  # fmt: skip
OWN = VARIANTS[0]


@dataclass(frozen=True)
class Stream:
    """Sentences of one session as one recording.

    Attributes:
        sentences: in the order in which they lie in it.
        emg: at 1 kHz, (C, n).
        name: unique, from which its heart and its mains are drawn.
    """

    sentences: tuple[Spoken, ...]
    emg: np.ndarray
    name: str


def named(variant: tuple[str, str]) -> str:
    """What items call a variant."""
    return "+".join(variant)


def streams(test: Sequence[Spoken], channels: Sequence[str]) -> Iterator[Stream]:
    """A person's test sentences, session by session, in pieces of at most 55 s."""
    for session in sorted({each.session for each in test}):
        piece: list[Spoken] = []
        for spoken in sorted((each for each in test if each.session == session), key=lambda each: each.sound.item):
            if piece and sum(each.emg.seconds for each in (*piece, spoken)) > STREAM_S:
                yield _stream(piece, channels)
                piece = []
            piece.append(spoken)
        yield _stream(piece, channels)


def variants(stream: Stream, hearts: Sequence[Recording], systems: dict[str, System]) -> dict[str, dict[str, Channels]]:
    """Variant → item of a sentence → its EMG, of every channel of a stream.

    Args:
        stream: as recorded.
        hearts: ECG at 1 kHz, at least as long; one of them is drawn.
        systems: cleaning → system at 1 kHz.
    """
    dirty = contaminated(stream, hearts)
    found = {}
    for added, cleaning in VARIANTS:
        cleaned = stream if (added, cleaning) == OWN else replace(stream, emg=systems[cleaning](dirty[added], FS))
        found[named((added, cleaning))] = dict(_sentences(cleaned, untouched=(added, cleaning) == OWN))
    return found


def contaminated(stream: Stream, hearts: Sequence[Recording]) -> dict[str, np.ndarray]:
    """The stream with nothing, a heart, the mains or both in it, each at -10 dB in every channel: (C, n) of each."""
    rng, n = rng_for("emgse bridge", stream.name), stream.emg.shape[1]
    heart = draw_segment(hearts[rng.integers(len(hearts))].signal, n, rng)
    phases, t = rng.uniform(0, 2 * np.pi, 2), np.arange(n) / FS
    hum = np.sin(2 * np.pi * MAINS_HZ * t + phases[0]) + THIRD * np.sin(6 * np.pi * MAINS_HZ * t + phases[1])
    added = {name: mix_at_snr(stream.emg, np.tile(x, (len(stream.emg), 1)), SNR_DB)[1] for name, x in
             ((ECG, heart), (MAINS, hum))}  # fmt: skip
    sums = {NONE: 0.0, **added, BOTH: added[ECG] + added[MAINS]}
    return {name: stream.emg + extra for name, extra in sums.items()}


def cleaners() -> dict[str, System]:
    """Cleaning → system(emg (C, n), fs); the networks are the published ones of the MSEMG chapter."""
    msemg = load_system("msemg")
    own = {name: load_system(name) for name in ("hp", "ats_hp", "fcn")}
    return {
        "none": lambda emg, fs: emg,
        **own,
        "msemg": msemg,
        NOTCH: notch,
        "notch_msemg": lambda emg, fs: msemg(notch(emg, fs), fs),
    }


def hearts() -> list[Recording]:
    """The ECG of the three test people of the MSEMG chapter's split, whom its networks never met."""
    from biosig.corpora import nsrdb
    from biosig.corpora.registry import locate
    from biosig.corpora.splits import split

    root = locate("nsrdb")
    return [nsrdb.load(root, record, first_s=60.0) for record in split("nsrdb").test.subjects]


def items(
    network: Enhancer, mixtures: Sequence[PairedMixture], test: Sequence[Spoken], ecg: Sequence[Recording],
    systems: dict[str, System], progress: bool,
) -> list[Item]:  # fmt: skip
    """PESQ and STOI of EMGSE with every variant of its EMG, and how far that is from the own one, in dB.

    Args:
        network: the trained EMGSE of a person.
        mixtures: of this person's test sentences, as many as are to be scored.
        test: all the test sentences.
        ecg: see :func:`hearts`.
        systems: see :func:`cleaners`.
        progress: show it.
    """
    wanted = {mixture.beside.item for mixture in mixtures}
    emg: dict[str, dict[str, Channels]] = {named(variant): {} for variant in VARIANTS}
    for stream in streams(test, network.channels):
        if wanted & {spoken.emg.item for spoken in stream.sentences}:
            for name, own in variants(stream, ecg, systems).items():
                emg[name] |= own
    found: list[Item] = []
    for name, own in emg.items():
        changed = [replace(mixture, beside=own[mixture.beside.item]) for mixture in mixtures]
        found += marked(evaluate(network, changed, CONTROL_METRICS, name, progress), variant=name)
        if name != named(OWN):
            found += [_emg_item(mixture, other, name) for mixture, other in zip(mixtures, changed, strict=True)]
    return found


def emg_snr_db(own: np.ndarray, other: np.ndarray) -> float:
    """Power of the own EMG over that of what is off from it, in dB, over all channels (C, n)."""
    n = min(own.shape[1], other.shape[1])
    off = np.sum((own[:, :n] - other[:, :n]) ** 2)
    return float(10 * np.log10(np.sum(own[:, :n] ** 2) / max(off, np.finfo(float).tiny)))


def _emg_item(mixture: PairedMixture, other: PairedMixture, name: str) -> Item:
    value = emg_snr_db(mixture.beside.only(*other.beside.names).signal, other.beside.signal)
    conditions = {**dict(mixture.conditions), "variant": name}
    return Item(f"{mixture.item}#variant={name}", mixture.subject, EMG_SNR, EMG_SNR_VERSION, value, "", conditions)


def _stream(sentences: Sequence[Spoken], channels: Sequence[str]) -> Stream:
    whole = np.concatenate([each.emg.only(*channels).signal for each in sentences], axis=1)
    fs = sentences[0].emg.fs
    name = f"{sentences[0].sound.item}…{len(sentences)}"
    return Stream(tuple(_only(each, channels) for each in sentences), resample_polyphase(whole, int(fs), FS), name)


def _only(spoken: Spoken, channels: Sequence[str]) -> Spoken:
    """A sentence with these channels alone."""
    return replace(spoken, emg=spoken.emg.only(*channels))


def _sentences(stream: Stream, untouched: bool) -> Iterator[tuple[str, Channels]]:
    """The sentences of a stream, at their own rate again; as they were recorded where nothing was done."""
    fs, start = stream.sentences[0].emg.fs, 0
    back = None if untouched else resample_polyphase(stream.emg, FS, int(fs))
    for spoken in stream.sentences:
        n = spoken.emg.signal.shape[1]
        yield spoken.emg.item, spoken.emg if untouched else replace(spoken.emg, signal=back[:, start : start + n])
        start += n
