"""Where a profile's EMG and ECG come from, and which of it trains, validates and tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from biosig.corpora.splits import split
from biosig.papers.data import require_some
from biosig.signal.types import Recording

SEGMENT_S = 10.0


@dataclass(frozen=True)
class Sources:
    """EMG segments of 10 s at 1 kHz, and longer ECG recordings at 1 kHz, of one part of a split."""

    emg: tuple[Recording, ...]
    ecg: tuple[Recording, ...]

    def __post_init__(self):
        require_some({"EMG segment": self.emg, "ECG record": self.ecg})


@lru_cache(maxsize=8)  # every cell of a run asks for the same parts
def load(profile_name: str, part: str) -> Sources:
    """The sources of "train", "validation" or "test" in the quick, open or paper profile."""
    emg, ecg = {"quick": _quick, "open": _open, "paper": _paper}[profile_name](part)
    return Sources(tuple(emg), tuple(ecg))


def _quick(part: str) -> tuple[Sequence[Recording], Sequence[Recording]]:
    from biosig import samples

    return samples.emg_segments(part, SEGMENT_S), samples.ecg_interference(part)


def _open(part: str) -> tuple[Sequence[Recording], Sequence[Recording]]:
    from biosig.corpora import threedc
    from biosig.corpora.registry import locate

    side = getattr(split("3dc"), part)
    return threedc.segments(locate("3dc"), side.subjects, side.channels), _nsrdb(part, corrected=True, first_s=60.0)


def _paper(part: str) -> tuple[Sequence[Recording], Sequence[Recording]]:
    from biosig.corpora import ninapro_db2
    from biosig.corpora.registry import locate

    side = getattr(split("ninapro_db2", "official"), part)
    emg = ninapro_db2.segments(locate("ninapro_db2"), side.subjects, side.exercises, side.channels)
    return emg, _nsrdb(part, corrected=False)


def _nsrdb(part: str, corrected: bool, first_s: float | None = None) -> list[Recording]:
    """``first_s`` keeps the numbers those of the minute that the committed results rest on, however much is here."""
    from biosig.corpora import nsrdb
    from biosig.corpora.registry import locate

    root = locate("nsrdb")
    return [nsrdb.load(root, record, corrected, first_s) for record in getattr(split("nsrdb"), part).subjects]

