"""Speech and noise at 16 kHz that travel with the package: SOUNDS.toml, one lossless file per utterance or sound."""

import functools
import hashlib
import io
import tomllib
from dataclasses import replace
from importlib import resources

import numpy as np

from biosig.corpora.sounds import FS, FULL_SCALE
from biosig.errors import DataError, MissingDataError
from biosig.signal.types import Recording

SEAM_S = 0.05


@functools.cache
def catalogue() -> dict:
    """SOUNDS.toml: one table per sample under "samples", each with its licence, credit and source."""
    return tomllib.loads(resources.files(__package__).joinpath("SOUNDS.toml").read_text(encoding="utf-8"))


def load(name: str) -> Recording:
    """A sound of the catalogue as it is stored: mono, 16 kHz, full scale is 1. See :func:`biosig.samples.load`."""
    entry = catalogue()["samples"][name]
    signal = decode(entry["file"], entry["sha256"])
    source = f"{entry['package']}, {entry['from_file']}"
    return Recording(signal, FS, FULL_SCALE, f"samples/{name}", entry["subject"], entry["channel"], source)


def looped(recording: Recording, seconds: float) -> Recording:
    """A recording repeated until it lasts at least ``seconds``, each seam cross-faded over 50 ms at equal power.

    One that is long enough comes back unchanged. A loop is as varied as the recording in it, and no more.
    """
    n, seam = round(seconds * recording.fs), round(SEAM_S * recording.fs)
    once = signal = recording.signal
    fade = np.sqrt(np.linspace(0, 1, seam))
    while signal.size < n:
        joint = signal[-seam:] * fade[::-1] + once[:seam] * fade
        signal = np.concatenate([signal[:-seam], joint, once[seam:]])
    return replace(recording, signal=signal)


def decode(file: str, expected: str, listed_in: str = "SOUNDS.toml") -> np.ndarray:
    """The samples in a FLAC file, decoded only if the file is the one whose sha256 is committed."""
    try:
        content = resources.files(__package__).joinpath(file).read_bytes()
    except FileNotFoundError:
        raise MissingDataError(f"sample {file} is not in the package: reinstall biosig.") from None
    if hashlib.sha256(content).hexdigest() != expected:
        raise DataError(f"sample {file} has been altered: its sha256 is not the one in {listed_in}.")
    try:
        import soundfile
    except ImportError:
        raise MissingDataError("soundfile is not installed: `pip install soundfile` to read sound.") from None
    return soundfile.read(io.BytesIO(content), dtype="float64")[0]
