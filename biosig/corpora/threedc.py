"""3DC armband: forearm surface EMG of 21 people, 10 channels, 11 gestures of 5 s (Côté-Allard et al. 2019).

Layout: ``3dc/ParticipantN/{train,test}/EMG/3dc_EMG_gesture_{cycle}_{gesture}.txt``. The folder names
``train`` and ``test`` are the corpus's own two sessions and have nothing to do with our split, which is by
participant. Channels count from 0 here.
"""

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from biosig.corpora.cards import Card
from biosig.corpora.preparation import cut, normalised
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.filters import butter_zero_phase
from biosig.signal.types import Recording

FS = 1000.0  # nominal
N_CHANNELS = 10
PARTS = ("train", "test")
CYCLES = (0, 1)
GESTURES = range(11)  # 0 is rest
HIGH_PASS_HZ = 20.0  # alone: the 500 Hz edge of the paper's band is Nyquist here
SPIKE_RATIO = 25.0  # peak / std of a segment; real bursts stay under it, corrupted packets do not
FLAT_COUNTS = 0.5  # less than the rounding to whole counts leaves of any real signal
DUPLICATES = {"Participant21": "Participant19"}
# Cycle 0 whole, and gestures 0 and 1 of cycle 1, are byte for byte Participant13's; by channel pattern too.
COPIED_CYCLES = {("Participant14", "test", 0): "Participant13", ("Participant14", "test", 1): "Participant13"}
BAD_CHANNELS = frozenset({("Participant1", 1)})  # "channel 2" when counted from 1: 8 times the others' std

CARD = Card(
    name="3dc",
    title="3DC Armband dataset",
    what="Surface EMG of the forearm, 10 dry electrodes, 11 gestures × 4 cycles × 2 sessions, 21 people.",
    units="counts",
    rate=FS,
    licence="none stated",
    citation_key="cote2019deep",
    citation="U. Côté-Allard et al.: Deep learning for electromyographic hand gesture signal classification "
    "using transfer learning. IEEE Trans. Neural Syst. Rehabil. Eng. 27(4), 760-771, 2019.",
    url="https://github.com/LibEMG/3DCDataset",
    how_to_get="Run `biosig fetch 3dc`, or clone https://github.com/LibEMG/3DCDataset, and place its "
    "Participant folders in $BIOSIG_DATA/3dc.",
    quirks=(
        "Participant21 is a byte-for-byte copy of Participant19 and is refused.",
        "Participant14's session `test` holds 13 files of Participant13 (cycle 0; gestures 0, 1 of cycle 1): "
        "both cycles are dropped, or validation data would be in the training set.",
        "Channel 1 (counted from 0) of Participant1 is bad and is dropped.",
        "Dropped packets: in cycles 0 and 1, 16 gestures of Participants 1, 4 and 5 are shorter than 4 s (the others "
        "hold 4980 samples, or 5838 for Participants 2 and 6 to 9). They are kept: a splice is one sample.",
        "Some 10 s segments hold spikes (peak over 25 standard deviations): they are dropped before scaling.",
        "The mains line sits at 60.2 Hz on a 1000 Hz axis (Participant1: 60.65 Hz, packets missing), so the true "
        "rate is about 997 Hz; it is read as 1000 Hz.",
    ),
    stands_in_for="NINAPro DB2",
    folders=("3dc",),
    manifest="3dc.txt",
)


@dataclass(frozen=True)
class Drop:
    """A segment, a cycle or a whole channel that was left out, and why."""

    item: str
    reason: str


@dataclass(frozen=True)
class Segmented:
    """What segmenting kept and what it dropped."""

    kept: list[Recording]
    dropped: list[Drop]


def gesture_file(root: Path, participant: str, part: str, cycle: int, gesture: int) -> Path:
    """Path of one gesture: ``root`` is the folder that holds the Participant folders."""
    return Path(root) / participant / part / "EMG" / f"3dc_EMG_gesture_{cycle}_{gesture}.txt"


def load_gesture(path: Path) -> np.ndarray:
    """One gesture file as counts, shape (10, n).

    Raises:
        MissingDataError: the file is not there.
        DataError: it is truncated, not numeric, or has another number of columns than 10.
    """
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    try:
        table = np.loadtxt(path, delimiter=",", dtype=np.int16, ndmin=2)
    except ValueError as error:
        reason = str(error).split("\n")[0].rstrip(".;")
        raise DataError(f"{path} is damaged or cut short ({reason}): expected rows of 10 integers.") from None
    if table.size == 0 or table.shape[1] != N_CHANNELS:
        raise DataError(f"{path} has shape {table.shape}: expected rows of {N_CHANNELS} columns.")
    return table.T.astype(np.float64)


def load_cycle(root: Path, participant: str, part: str = "train", cycle: int = 0):
    """All channels of one cycle: its 11 gestures, each high-passed (20 Hz, order 4, zero phase), end to end.

    Filtering each file by itself keeps the jumps between files out of the signal.

    Returns:
        signals of shape (10, n) in counts, and the activity mask of shape (n,), False in gesture 0 (rest).

    Raises:
        ConfigError: a participant that is a copy of another, or an unknown part.
        DataError: a missing or damaged file, named.
    """
    _check_names(participant, part)
    signals, active = _read_cycle(str(root), participant, part, cycle)
    return signals.copy(), active.copy()


def load(root: Path, participant: str, channel: int, part: str = "train", cycle: int = 0) -> Recording:
    """One channel of one cycle in counts, about 62 s, with its activity mask. See :func:`load_cycle`."""
    _check_channel(channel)
    signals, active = load_cycle(root, participant, part, cycle)
    item = f"3dc/{participant}/ch{channel}/{part}{cycle}"
    return Recording(signals[channel], FS, "counts", item, participant, str(channel), "3dc", active)


def segments(root: Path, participants, channels, seconds: float = 10.0) -> list[Recording]:
    """The usable segments of :func:`survey`, with what was dropped written to the log."""
    found = survey(root, participants, channels, seconds)
    log = logging.getLogger(__name__)
    log.info("3dc: %d segments kept, %d dropped", len(found.kept), len(found.dropped))
    for drop in found.dropped:
        log.debug("3dc: dropped %s: %s", drop.item, drop.reason)
    return found.kept


def survey(root: Path, participants, channels, seconds: float = 10.0) -> Segmented:
    """Consecutive segments of each participant and channel over sessions and cycles, scaled, and the drops.

    The remainder of each cycle is dropped, then bad or flat channels, then segments with spikes. What is left
    of one participant and channel is divided by its largest |x|: the analogue of the paper's division by the
    maximum of the file per exercise and channel, where a file is all that a subject did in that exercise.
    Spikes go first, or one corrupted packet would shrink four minutes of EMG by a factor of 100.

    Args:
        root: folder that holds the Participant folders.
        participants: names such as "Participant14".
        channels: from 0.
        seconds: segment length at the nominal 1000 Hz.

    Raises:
        ConfigError, DataError: see :func:`load_cycle`.
    """
    for participant in participants:
        _check_names(participant, PARTS[0])
    kept, dropped = [], []
    for participant in participants:
        for channel in channels:
            found = _survey_channel(root, participant, channel, seconds)
            kept += found.kept
            dropped += found.dropped
    return Segmented(kept, dropped)


def _survey_channel(root: Path, participant: str, channel: int, seconds: float) -> Segmented:
    name = f"3dc/{participant}/ch{channel}"
    if (participant, channel) in BAD_CHANNELS:
        return Segmented([], [Drop(name, "bad channel")])
    cycles = [(part, cycle) for part in PARTS for cycle in CYCLES]
    copied = [c for c in cycles if (participant, *c) in COPIED_CYCLES]
    own = [load(root, participant, channel, *c) for c in cycles if c not in copied]
    pieces = [piece for recording in own for piece in cut(recording, seconds)]
    reasons = {piece.item: _unusable(piece.signal) for piece in pieces}
    dropped = [Drop(f"{name}/{p}{c}", f"copy of {COPIED_CYCLES[participant, p, c]}") for p, c in copied]
    dropped += [Drop(item, reason) for item, reason in reasons.items() if reason]
    return Segmented(normalised([piece for piece in pieces if not reasons[piece.item]]), dropped)


def _unusable(signal: np.ndarray) -> str:
    """Why a segment in counts cannot be used, "" if it can."""
    std = signal.std()
    if std < FLAT_COUNTS:
        return f"flat, std is {std:.2g} counts"
    ratio = np.abs(signal).max() / std
    return f"spike, peak is {ratio:.0f} standard deviations" if ratio > SPIKE_RATIO else ""


@lru_cache(maxsize=8)  # a participant has 4 cycles, and every channel of each is wanted in turn
def _read_cycle(root: str, participant: str, part: str, cycle: int) -> tuple[np.ndarray, np.ndarray]:
    paths = [gesture_file(Path(root), participant, part, cycle, gesture) for gesture in GESTURES]
    raw = [load_gesture(path) for path in paths]
    signals = [butter_zero_phase(x, FS, 4, HIGH_PASS_HZ, "highpass") for x in raw]
    active = [np.full(x.shape[-1], gesture != 0) for gesture, x in zip(GESTURES, raw, strict=True)]
    return np.concatenate(signals, axis=-1), np.concatenate(active)


def _check_names(participant: str, part: str) -> None:
    if participant in DUPLICATES:
        raise ConfigError(f"{participant} of 3dc is a copy of {DUPLICATES[participant]}: leave it out.")
    if part not in PARTS:
        raise ConfigError(f"3dc has no session {part!r}: expected one of {', '.join(PARTS)}.")


def _check_channel(channel: int) -> None:
    if channel not in range(N_CHANNELS):
        raise ConfigError(f"3dc has no channel {channel}: expected 0 to {N_CHANNELS - 1}.")
