"""Fourteen VoiceBank-DEMAND test pairs of one speaker, p232: clean and noisy speech to measure on, never to train on.

Layout: ``clean/p232_003.flac`` and ``noisy/p232_003.flac``, mono, 16 kHz.
"""

from pathlib import Path

import numpy as np

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE, read_sound, sound_files
from biosig.errors import DataError
from biosig.signal.types import Mixture

CARD = Card(
    name="voicebank",
    title="VoiceBank-DEMAND, 14 test pairs of speaker p232",
    what="Read English, one man (p232), 14 of the 824 test pairs, 81 s: clean and with real or artificial noise added.",
    units=FULL_SCALE,
    rate=FS,
    licence="CC BY 4.0",
    citation_key="valentini2016investigating",
    citation="C. Valentini-Botinhao, X. Wang, S. Takaki, J. Yamagishi: Investigating RNN-based speech enhancement "
    "methods for noise-robust text-to-speech. Proc. 9th ISCA Speech Synthesis Workshop, 146-152, 2016.",
    url="https://datashare.ed.ac.uk/handle/10283/2791",
    how_to_get="Place the pairs, resampled to 16 kHz, in $BIOSIG_DATA/voicebank_demand_p232/clean and …/noisy.",
    quirks=(
        "Evaluation only: never train on it, never choose a setting by it.",
        "One speaker: an utterance stands for a subject, so an interval speaks of utterances of p232, not of people.",
        "`clean` is not silent between the words: its floor lies 26 to 30 dB under the speech (about -50 dB re full "
        "scale), and a system that removes that floor too is charged for it.",
        "The SNR of the files, over their whole length, is 0.7 to 17 dB: up to 1.8 dB below the 2.5, 7.5, 12.5 and "
        "17.5 dB of the corpus, which count speech only.",
        "The noise is the difference of the two files; both are rounded to 16 bits, so it is exact to 1/32768.",
    ),
    folders=("voicebank_demand_p232",),
    manifest="voicebank.txt",
)


def pairs(root: Path, how_to_get: str = CARD.how_to_get) -> list[Mixture]:
    """Every pair as a mixture: interference = noisy - clean, at the SNR that the files have.

    Args:
        root: folder that holds ``clean`` and ``noisy``.
        how_to_get: said where a file is missing.

    Raises:
        MissingDataError: no files, or a clean file without its noisy one.
        DataError: damaged, stereo, another rate, lengths that differ, or a pair without noise.
    """
    root = Path(root)
    found = sound_files(root / "clean", how_to_get)
    return [pair(path, root / "noisy" / path.name, how_to_get) for path in found]


def pair(clean_path: Path, noisy_path: Path, how_to_get: str = CARD.how_to_get, fs: float = FS) -> Mixture:
    """One pair of files as a mixture at 16 kHz, named by the clean file; ``fs`` in Hz: as distributed.

    Raises:
        MissingDataError, DataError: as :func:`pairs`.
    """
    clean, noisy = (read_sound(path, how_to_get, fs) for path in (clean_path, noisy_path))
    if clean.size != noisy.size:
        raise DataError(f"{noisy_path} has {noisy.size} samples, its clean file {clean.size}: expected a pair.")
    noise, name = noisy - clean, clean_path.stem
    if not clean.any() or not noise.any():
        raise DataError(f"{noisy_path} or its clean file is silent, or they are equal: expected speech in noise.")
    snr_db = 10 * float(np.log10(np.square(clean).sum() / np.square(noise).sum()))
    conditions = (("corpus", "voicebank"), ("speaker", name.split("_")[0]), ("utterance", name))
    return Mixture(clean, noise, noisy, FS, snr_db, f"voicebank/{name}", name, conditions=conditions)
