"""Room responses measured in an office in Milan: nine places of a loudspeaker, 32 microphones in a row.

Layout: ``rir_source_1.wav`` to ``rir_source_9.wav``, 32 channels of 1 s at 48 kHz, 16 bits, and
``source_location.mat`` with ``sourceLocation``, 9 × 2 in m: away from the row, and along it. Here x points away from
the row, y along it, and everything lies at one height, z = 0; the first microphone is the origin.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from biosig.checks import check_rate
from biosig.corpora.cards import Card
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.blocks import resample

FS = 48_000.0
SOURCES = range(1, 10)  # 1 to 3 in the row nearest to the microphones, 4 to 6 behind it, 7 to 9 behind that
N_MICROPHONES = 32
SPACING_M = 0.03
LOCATIONS = "source_location.mat"
COMMIT = "848a186ba89988554cb07c050eda605df8ca9d07"
NOISE_PART = 4  # the last quarter of a file holds noise alone

CARD = Card(
    name="ispl_office",
    title="Room responses of an office, ISPL",
    what="Impulse responses of a room from 9 places of a loudspeaker, 0.3 to 0.9 m away, to 32 microphones in a row of "
    "0.93 m.",
    units="full scale",
    rate=FS,
    licence="GPL-3.0, that of the repository; nothing else is said of the data",
    citation_key="pezzoli2021ray",
    citation="M. Pezzoli, J. J. Carabias-Orti, M. Cobos, F. Antonacci, A. Sarti: Ray-space-based multichannel "
    "nonnegative matrix factorization for audio source separation. IEEE Signal Processing Letters 28, 2021.",
    url="https://github.com/polimi-ispl/rs-mnmf",
    how_to_get="Run `biosig fetch ispl_office`, or place the files of the folder data/sources of "
    f"https://github.com/polimi-ispl/rs-mnmf (commit {COMMIT[:7]}) in $BIOSIG_DATA/ispl_office.",
    quirks=(
        "The authors' README says an average T60 of 40 ms. Schroeder's curve, without direct sound and noise, gives "
        "ten times that: 0.4 s in the octaves of 250 and 500 Hz, 0.5 s in those of 1 to 4 kHz.",
        "Every second channel (1, 3, …, counted from 0) is early by one sample of 48 kHz, 21 µs, for each of the nine "
        "places: the loader gives it back, unless it is told not to.",
        "Each channel has an offset of half a step of its 16 bits, which summed over a second is more than the "
        "response itself: the loader takes it off.",
        "Most of each second is the noise of 16 bits: the room is heard for 120 to 150 ms. What follows would be "
        "heard as a tail, and lowers the ratio of direct to reverberant sound by 2 dB.",
        "Channels follow the row, and arrivals the distances that are told, for the places at 0.9 m within 5 µs (RMS). "
        "At 0.6 m it is 10 to 14 µs and at 0.3 m 26 to 46 µs: a loudspeaker so near is no point.",
    ),
    folders=("ispl_office",),
    manifest="ispl_office.txt",
)


def microphones() -> np.ndarray:
    """Places of the microphones in channel order, shape (32, 3), in m."""
    return np.outer(np.arange(N_MICROPHONES), [0.0, SPACING_M, 0.0])


def sources(root: Path) -> np.ndarray:
    """Places of the loudspeaker as its makers estimated them, shape (9, 3), in m.

    Raises:
        MissingDataError, DataError: the file is not there, or is not what it should be.
    """
    path = _there(Path(root) / LOCATIONS)
    from scipy.io import loadmat

    try:
        found = np.asarray(loadmat(path)["sourceLocation"], dtype=np.float64)
    except Exception:  # loadmat raises many kinds for damaged files, and KeyError for other content
        raise DataError(f"{path} is damaged or holds no sourceLocation: expected 9 places in m.") from None
    if found.shape != (len(SOURCES), 2) or not np.isfinite(found).all() or not (found[:, 0] > 0).all():
        raise DataError(f"{path} holds places of shape {found.shape}: expected (9, 2), in m, in front of the row.")
    return np.concatenate([found, np.zeros((len(SOURCES), 1))], axis=1)


def responses(root: Path, source: int, fs: float = FS, aligned: bool = True) -> np.ndarray:
    """From one place of the loudspeaker to every microphone, shape (32, n): 1 s, from the moment of the sound on.

    Each channel's offset, half a step of its 16 bits, is taken off.

    Args:
        root: folder of the files.
        source: 1 to 9.
        fs: rate wanted in Hz, a whole number; resampled by a polyphase filter.
        aligned: give every second channel back the sample by which it is early; see the card.

    Raises:
        ConfigError: no such place.
        SignalError: an impossible rate.
        MissingDataError, DataError: the file is not there, damaged, silent, or has other channels or another rate.
    """
    if source not in SOURCES:
        raise ConfigError(f"source is {source!r}: expected 1 to {len(SOURCES)}.")
    check_rate(fs)
    found = _read(_there(Path(root) / f"rir_source_{source}.wav"))
    found = found - found[:, -found.shape[1] // NOISE_PART :].mean(axis=1, keepdims=True)
    if aligned:
        found[1::2] = np.pad(found[1::2, :-1], ((0, 0), (1, 0)))
    return np.stack([resample(channel, FS, fs) for channel in found])


@lru_cache(maxsize=2)
def _read(path: Path) -> np.ndarray:
    import soundfile

    try:
        signal, fs = soundfile.read(path, dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError):
        raise DataError(f"{path} is damaged, cut short or no sound file: expected 32 channels at 48 kHz.") from None
    if signal.shape[1] != N_MICROPHONES or fs != FS:
        raise DataError(f"{path} has {signal.shape[1]} channels at {fs} Hz: expected 32 at 48000 Hz.")
    if len(signal) < FS or not signal.any(axis=0).all():
        raise DataError(f"{path} holds {len(signal)} samples, or a silent channel: expected 1 s of sound in each.")
    return signal.T


def _there(path: Path) -> Path:
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    return path
