"""Sound files of the user's own, WAV, FLAC, OGG and MP3, read and written in blocks: memory does not grow with length.

Samples are float64 of shape (channels, n), full scale ±1.
"""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from biosig.checks import check_plausible
from biosig.corpora.mp3 import decoder_silenced, mp3_frames
from biosig.corpora.whole import check_end
from biosig.errors import ConfigError, DataError, MissingDataError, SignalError
from biosig.files import atomic_path, check_place

FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3"}
BLOCK_S = 4.0
BLOCK_MOST = 2**23  # samples of all channels, whatever a header says
KEPT = ("PCM_U8", "PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "VORBIS", "OPUS")
FINER = ("PCM_32", "FLOAT", "DOUBLE")  # than FLAC holds: 24 bits are the nearest
FLOATS = ("FLOAT", "DOUBLE")  # hold samples beyond full scale
WAV_LIMIT = 2**32 - 2**20  # bytes; what is longer is written as RF64, the same with wider sizes
VORBIS_RATES = (8000, 192_000)  # libvorbis crashes far outside
MP3_SLACK_S = 1.0  # encoders fill up a few frames, and headers are rounded


@dataclass(frozen=True)
class Sound:
    """A sound file that was read to its end, and found to be whole.

    Attributes:
        frames: samples per channel that can be read.
        subtype: how samples are stored, in soundfile's words, such as "PCM_24".
    """

    path: Path
    fs: int
    channels: int
    frames: int
    subtype: str

    @property
    def seconds(self) -> float:
        return self.frames / self.fs


class _Sequential(soundfile.SoundFile):
    """Read from start to end. soundfile seeks after every block, at which Opus loses its place."""

    def seekable(self) -> bool:
        return False


def check_ending(path: Path) -> str:
    """soundfile's name of the format that a path's ending stands for.

    Raises:
        ConfigError: another ending.
    """
    if path.suffix.lower() not in FORMATS:
        raise ConfigError(f"{path} ends in {path.suffix!r}: expected one of {', '.join(FORMATS)}.")
    return FORMATS[path.suffix.lower()]


def check_sound(path: Path | str) -> Sound:
    """Read a sound file to its end, so that nothing in it can stop what comes later.

    Raises:
        MissingDataError: no such file.
        ConfigError: an ending that is not read.
        DataError: no sound, empty, cut short, damaged, an absurd rate, NaN or infinite samples.
        OSError: it cannot be opened.
    """
    path = Path(path)
    check_ending(path)
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: expected a sound file.")
    check_end(path)
    with _opened(path) as file:
        fs, channels, told, subtype = file.samplerate, file.channels, file.frames, file.subtype
    _check_rate(path, fs)
    frames = 0
    for block in blocks(path):
        if not np.isfinite(block).all():
            raise DataError(f"{path} holds NaN or infinite samples: expected finite ones; mend it first.")
        frames += block.shape[-1]
    if not frames:
        raise DataError(f"{path} holds no samples: expected sound.")
    _check_whole(path, fs, told, frames)
    return Sound(path, fs, channels, frames, subtype)


def _check_rate(path: Path, fs: int) -> None:
    try:
        check_plausible(fs, f"the rate of {path}")
    except SignalError as error:
        raise DataError(str(error)) from None


def _check_whole(path: Path, fs: int, told: int, frames: int) -> None:
    """Raise DataError where less is read than the file says, or than an MP3 holds."""
    is_mp3 = check_ending(path) == "MP3"
    slack = MP3_SLACK_S * fs if is_mp3 else 0
    if frames < told - slack:
        raise DataError(f"{path} is cut short: expected {told} samples per channel, found {frames}.")
    if is_mp3 and (held := mp3_frames(path)) > frames + slack:
        lengths = f"{path} promises {frames / fs:.1f} s in its first frame and holds {held / fs:.1f} s"
        raise DataError(f"{lengths}: expected one whole sound; convert it to WAV with another tool first.")


def blocks(path: Path | str, seconds: float = BLOCK_S) -> Iterator[np.ndarray]:
    """The samples from start to end, in blocks of shape (channels, at most seconds·fs).

    Raises:
        DataError: no sound, or damaged.
    """
    path = Path(path)
    with _opened(path) as file:
        size = max(1, min(round(seconds * file.samplerate), BLOCK_MOST // file.channels))
        while (block := _read(file, size, path)).size:
            yield np.ascontiguousarray(block.T)


def read_sound(path: Path | str) -> tuple[np.ndarray, int]:
    """All samples (channels, n), and the rate in Hz; errors as in :func:`blocks`."""
    with _opened(Path(path)) as file:
        fs = file.samplerate
    return np.concatenate(list(blocks(path)), axis=-1), fs


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    try:
        with decoder_silenced():
            file = _Sequential(path)
    except (soundfile.SoundFileError, TypeError) as error:
        raise DataError(f"{path} cannot be read as sound ({_reason(error)}): expected WAV, FLAC, OGG or MP3.") from None
    with file:
        yield file


def _read(file: soundfile.SoundFile, size: int, path: Path) -> np.ndarray:
    try:
        with decoder_silenced():
            return file.read(size, dtype="float64", always_2d=True)
    except soundfile.SoundFileError as error:
        raise DataError(f"{path} is damaged ({_reason(error)}): expected a whole sound file.") from None


def _reason(error: Exception) -> str:
    """What libsndfile says, without the file's name and its own full stop."""
    return str(getattr(error, "error_string", error)).removeprefix("Error : ").rstrip(". ").lower()


class Writer:
    """Writes blocks (channels, m); samples beyond full scale are counted, and clipped unless stored as floats."""

    def __init__(self, file: soundfile.SoundFile):
        self._file = file
        self.clipped = 0  # samples of all channels
        self.frames = 0

    def write(self, block: np.ndarray) -> None:
        """One more block."""
        if self._file.subtype not in FLOATS:
            self.clipped += int(np.count_nonzero(np.abs(block) > 1))
            block = np.clip(block, -1, 1)
        self._file.write(np.ascontiguousarray(block.T))
        self.frames += block.shape[-1]


@contextlib.contextmanager
def writer(path: Path | str, like: Sound) -> Iterator[Writer]:
    """A file written by the ending of its name, whole or not at all, with rate, channels and subtype of another.

    A subtype that the format has not becomes the nearest that it has.

    Raises:
        ConfigError: an ending that is not written, or a format that cannot hold this rate and these channels.
        DataError: a place that cannot be written to, or a full disk.
    """
    path = Path(path)
    container, subtype = check_writable(path, like)
    with atomic_path(path) as temporary:
        try:
            with soundfile.SoundFile(temporary, "w", like.fs, like.channels, subtype, format=container) as file:
                yield Writer(file)
        except soundfile.SoundFileError as error:
            raise DataError(f"{path} cannot be written ({_reason(error)}): expected room on the disk.") from None


def check_writable(path: Path, like: Sound) -> tuple[str, str]:
    """soundfile's format and subtype for :func:`writer`; errors as there, before anything is written."""
    kind = check_ending(path)
    check_place(path)
    subtype = _subtype(kind, like.subtype)
    refused = ConfigError(
        f"{path} cannot hold {like.channels} channels at {like.fs} Hz as {kind} {subtype} (from {like.path}): "
        "expected another ending."
    )
    if subtype == "VORBIS" and not VORBIS_RATES[0] <= like.fs <= VORBIS_RATES[1]:
        raise refused
    try:
        soundfile.SoundFile(io.BytesIO(), "w", like.fs, like.channels, subtype, format=kind).close()
    except (soundfile.SoundFileError, ValueError):
        raise refused from None
    return _container(kind, subtype, like), subtype


def _subtype(kind: str, subtype: str) -> str:
    if subtype in KEPT and soundfile.check_format(kind, subtype):
        return subtype
    if kind == "FLAC" and subtype in FINER:
        return "PCM_24"
    return soundfile.default_subtype(kind)


def _container(kind: str, subtype: str, like: Sound) -> str:
    bits = {"PCM_U8": 8, "ULAW": 8, "ALAW": 8, "PCM_16": 16, "PCM_24": 24, "DOUBLE": 64}.get(subtype, 32)
    return "RF64" if kind == "WAV" and like.frames * like.channels * bits // 8 > WAV_LIMIT else kind
