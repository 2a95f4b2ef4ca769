"""What the corpora of sound share: one file at 16 kHz, checked, and cutting off the silence around speech."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from biosig.errors import DataError, MissingDataError
from biosig.signal.blocks import resample
from biosig.signal.types import Recording

FS = 16_000.0
FULL_SCALE = "full scale"  # units of everything read here: 1.0 is the largest value of the format
SPEECH_BELOW_PEAK_DB = 30.0
FRAME_S = 0.02


def read_sound(path: Path, how_to_get: str = "", distributed_fs: float = FS) -> np.ndarray:
    """One sound file that libsndfile can read, mono, at 16 kHz, shape (n,), float64 in [-1, 1].

    Args:
        path: the file.
        how_to_get: said where it is missing.
        distributed_fs: rate in Hz at which the corpus is handed out. A file at that rate is resampled, and a copy
            that is at 16 kHz already is taken as it is.

    Raises:
        MissingDataError: the file is not there, or soundfile is not installed.
        DataError: it is damaged, empty, has several channels or another rate.
    """
    soundfile = _soundfile()
    path = Path(path)
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {how_to_get}".rstrip(": "))
    try:
        signal, fs = soundfile.read(path, dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError):
        raise DataError(f"{path} is damaged, cut short or no sound file: expected mono sound at 16 kHz.") from None
    if signal.shape[1] != 1 or fs not in (FS, distributed_fs):
        rates = " or ".join(f"{rate:g}" for rate in sorted({FS, distributed_fs}))
        raise DataError(f"{path} has {signal.shape[1]} channels at {fs} Hz: expected 1 at {rates} Hz.")
    if not signal.size:
        raise DataError(f"{path} holds no samples: expected mono sound at 16 kHz.")
    return resample(signal[:, 0], fs, FS)


def without_zeros(signal: np.ndarray, path: Path) -> np.ndarray:
    """A signal (n,) from its first to its last sample that is not zero: short clips were filled up at the source.

    Raises:
        DataError: it is silent.
    """
    sounding = signal.nonzero()[0]
    if not sounding.size:
        raise DataError(f"{path} is silent: expected a sound.")
    return signal[sounding[0] : sounding[-1] + 1]


def sound_files(folder: Path, how_to_get: str, pattern: str = "*.flac") -> list[Path]:
    """The files of a folder that fit the pattern, by name.

    Raises:
        MissingDataError: there is none.
    """
    found = sorted(Path(folder).glob(pattern))
    if not found:
        raise MissingDataError(f"{folder} holds no {pattern}: {how_to_get}")
    return found


def trimmed(recording: Recording, margin_s: float = 0.25, below_peak_db: float = SPEECH_BELOW_PEAK_DB) -> Recording:
    """A recording without the silence before and after: from the first to the last loud frame, and a margin.

    Loud is a frame of 20 ms within ``below_peak_db`` of the loudest one: by default 30, as pauses of clean speech
    lie lower.
    """
    width = round(FRAME_S * recording.fs)
    frames = recording.signal[: recording.signal.size // width * width].reshape(-1, width)
    power = np.square(frames).mean(axis=-1)
    if not power.size or power.max() == 0:
        return recording
    loud = np.flatnonzero(power > power.max() * 10 ** (-below_peak_db / 10))
    margin = round(margin_s * recording.fs)
    piece = slice(max(loud[0] * width - margin, 0), (loud[-1] + 1) * width + margin)
    active = None if recording.active is None else recording.active[piece]
    return replace(recording, signal=recording.signal[piece], active=active)


def _soundfile():
    try:
        import soundfile
    except ImportError:
        raise MissingDataError("soundfile is not installed: `pip install soundfile` to read sound.") from None
    return soundfile
