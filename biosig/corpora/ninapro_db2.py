"""NINAPro DB2: forearm and upper-arm surface EMG of 40 people at 2 kHz, the corpus of the MSEMG paper.

Layout as distributed: ``S{n}_E{e}_A1.mat``, in the folder itself or in ``DB2_s{n}/``. Channels count from 1
here, as the electrodes are numbered (9 and 10: forearm muscles, 11: biceps, 12: triceps).
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from biosig.corpora.cards import Card
from biosig.corpora.preparation import cut, normalised
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.filters import butter_zero_phase
from biosig.signal.types import Recording

FS_RAW = 2000.0
FS = 1000.0
N_CHANNELS = 12
EXERCISES = (1, 2, 3)
BAND_HZ = (20.0, 500.0)

CARD = Card(
    name="ninapro_db2",
    title="NINAPro database 2",
    what="Surface EMG of 40 people, 12 electrodes on forearm and upper arm, 3 exercises of hand movements.",
    units="V",
    rate=FS_RAW,
    licence="on its own terms, after registration: not redistributable",
    citation_key="atzori2014ninapro",
    citation="M. Atzori et al.: Electromyography data for non-invasive naturally-controlled robotic hand "
    "prostheses. Scientific Data 1, 140053, 2014.",
    url="https://ninapro.hevs.ch/instructions/DB2.html",
    how_to_get="Get DB2_s1.zip to DB2_s40.zip from https://ninapro.hevs.ch/instructions/DB2.html and unpack "
    "them into $BIOSIG_DATA/ninapro_db2; it cannot be fetched for you.",
    quirks=(
        "The authors' code shares subjects 1 to 10 between validation and test (split `official`).",
        "Activity is `restimulus`, the label corrected after recording, not `stimulus`.",
    ),
    folders=("ninapro_db2",),
)


def load(root: Path, subject: str, exercise: int, channel: int) -> Recording:
    """One channel of one exercise at 1 kHz, divided by its largest |x|, with its activity mask.

    Butterworth order 4, 20 to 500 Hz, zero phase at 2 kHz; every 2nd sample; divided by max |x| of the file.

    Args:
        root: folder of the .mat files or of the DB2_s folders.
        subject: e.g. "S11".
        exercise: 1, 2 or 3.
        channel: 1 to 12.

    Raises:
        ConfigError: no such channel or exercise.
        MissingDataError, DataError: no file, a damaged one, or one without emg or restimulus.
    """
    if channel not in range(1, N_CHANNELS + 1) or exercise not in EXERCISES:
        raise ConfigError(f"ninapro_db2 has no channel {channel} in exercise {exercise}: expected 1-12 in 1-3.")
    emg, active = _read(find(root, subject, exercise))
    signal = butter_zero_phase(emg[:, channel - 1].astype(np.float64), FS_RAW, 4, BAND_HZ, "bandpass")[::2]
    item = f"ninapro_db2/{subject}/e{exercise}/ch{channel}"
    whole = Recording(signal, FS, CARD.units, item, subject, str(channel), "ninapro_db2", active[::2])
    if not (scaled := normalised([whole])):
        raise DataError(f"channel {channel} of {subject}, exercise {exercise} is silent: expected EMG.")
    return scaled[0]


def segments(root: Path, subjects, exercises, channels, seconds: float = 10.0) -> list[Recording]:
    """Consecutive segments of every subject, exercise and channel, remainders dropped. See :func:`load`."""
    wanted = [(s, e, c) for s in subjects for e in exercises for c in channels]
    return [piece for choice in wanted for piece in cut(load(root, *choice), seconds)]


def find(root: Path, subject: str, exercise: int) -> Path:
    """The file of a subject and exercise, wherever the archive was unpacked.

    Raises:
        MissingDataError: it is in neither place.
    """
    name = f"{subject}_E{exercise}_A1.mat"
    places = (Path(root) / name, Path(root) / f"DB2_s{subject[1:]}" / name)
    for place in places:
        if place.is_file():
            return place
    raise MissingDataError(f"{places[0]} is not there: {CARD.how_to_get}")


@lru_cache(maxsize=1)  # a file holds all channels: 12 of them are wanted one after another
def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """EMG of shape (n, 12) as stored, and the activity mask of shape (n,)."""
    from scipy.io import loadmat

    try:
        content = loadmat(path, variable_names=["emg", "restimulus"])
    except Exception:  # scipy raises many kinds for a damaged file; all mean one thing here
        raise DataError(f"{path} is damaged or cut short: expected a MATLAB 5 file.") from None
    if missing := {"emg", "restimulus"} - content.keys():
        raise DataError(f"{path} has no variable {' or '.join(sorted(missing))}: expected a NINAPro DB2 file.")
    emg, active = content["emg"], content["restimulus"].ravel() != 0
    if emg.ndim != 2 or emg.shape[1] != N_CHANNELS or len(emg) != active.size:
        shapes = f"emg {emg.shape} and restimulus {content['restimulus'].shape}"
        raise DataError(f"{path} has {shapes}: expected (n, {N_CHANNELS}) and (n, 1).")
    return emg, active
