"""The mixtures of MSEMG's section IV-A: fixed ones for validation and test, and an endless stream for training.

Every draw is seeded by the name of what is drawn, so a mixture is the same whoever asks for it, and when.
"""

from collections.abc import Sequence
from functools import partial
from itertools import product

import numpy as np

from biosig.papers.msemg.sources import Sources
from biosig.seeds import lot, rng_for
from biosig.signal.mixing import draw_segment, mix_at_snr
from biosig.signal.types import Mixture, Recording


def contaminate(emg: Recording, ecg: Recording, snr_db: float, item: str) -> Mixture:
    """EMG with a random stretch of ECG at an exact SNR over the whole segment; the stretch follows from ``item``."""
    stretch = draw_segment(ecg.signal, emg.signal.size, rng_for("ecg start", item))
    noisy, interference = mix_at_snr(emg.signal, stretch, snr_db)
    conditions = (("channel", emg.channel), ("ecg", ecg.subject), ("snr_db", f"{snr_db:g}"))
    return Mixture(
        emg.signal, interference, noisy, emg.fs, snr_db, item, emg.subject, emg.active, conditions
    )


def fixed_mixtures(
    sources: Sources, snrs_db: Sequence[float], per_channel: int | None = None, copies: int = 1
) -> list[Mixture]:
    """Every chosen segment at every SNR; the ECG records take turns, so that each is used equally often.

    Args:
        sources: EMG and ECG of one part of the split.
        snrs_db: input SNRs in dB.
        per_channel: how many segments of each subject and channel, drawn by name; None takes all.
        copies: ECG stretches for each segment and SNR.
    """
    mixtures = []
    for i, emg in enumerate(choose(sources.emg, per_channel)):
        for (j, snr_db), copy in product(enumerate(snrs_db), range(copies)):
            ecg = sources.ecg[(i + j + copy) % len(sources.ecg)]
            item = f"{emg.item}@{snr_db:g}dB+{ecg.subject}" + (f"#{copy}" if copy else "")
            mixtures.append(contaminate(emg, ecg, snr_db, item))
    return mixtures


def subset(mixtures: Sequence[Mixture], snrs_db: Sequence[float], per_subject: int | None) -> list[Mixture]:
    """The mixtures at these SNRs of at most ``per_subject`` segments of each subject, drawn by name."""
    if per_subject is not None:
        segments: dict[str, set[str]] = {}
        for mixture in mixtures:
            segments.setdefault(mixture.subject, set()).add(_segment(mixture))
        kept = {name for names in segments.values() for name in sorted(names, key=partial(lot, "choose"))[:per_subject]}
        mixtures = [mixture for mixture in mixtures if _segment(mixture) in kept]
    return [mixture for mixture in mixtures if mixture.snr_db in snrs_db]


def _segment(mixture: Mixture) -> str:
    return mixture.item.partition("@")[0]


def choose(emg: Sequence[Recording], per_channel: int | None) -> list[Recording]:
    """At most ``per_channel`` segments of each subject and channel, in an order that only their names decide.

    Segments in which the subject never moves come last: the mean frequency is undefined there.
    """
    if per_channel is None:
        return list(emg)
    groups: dict[tuple[str, str], list[Recording]] = {}
    for recording in emg:
        groups.setdefault((recording.subject, recording.channel), []).append(recording)
    return [r for group in groups.values() for r in sorted(group, key=_order)[:per_channel]]


def _order(recording: Recording) -> tuple[bool, float]:
    resting = recording.active is not None and not recording.active.any()
    return resting, lot("choose", recording.item)


def training_mixture(sources: Sources, snrs_db: Sequence[float], *name: object) -> Mixture:
    """One mixture of random EMG, ECG and SNR, all following from ``name`` (run seed, epoch, step, row)."""
    rng = rng_for("training mixture", *name)
    emg = sources.emg[rng.integers(len(sources.emg))]
    ecg = sources.ecg[rng.integers(len(sources.ecg))]
    return contaminate(emg, ecg, float(rng.choice(snrs_db)), "/".join(map(str, name)))


def crop(mixture: Mixture, n: int, *name: object) -> tuple[np.ndarray, np.ndarray]:
    """``n`` samples of (noisy, clean) from a random start; mixed first, so the SNR is that of the whole segment."""
    both = np.stack([mixture.noisy, mixture.clean])
    noisy, clean = draw_segment(both, n, rng_for("crop", *name))
    return noisy, clean
