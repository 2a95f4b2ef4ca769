"""A real diaphragm EMG with the heart in it, and an ECG beside it: 37.5 s at 2 kHz.

No clean truth exists for it: it is for pictures and for measures that need none.
"""

from pathlib import Path

import numpy as np

from biosig.corpora.cards import Card
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.filters import resample_fft
from biosig.signal.types import Recording

FS = 2000.0
FILE = "1ch_example.txt"
CHANNELS = ("ECG", "EMG1")  # columns 1 and 2; column 0 is the time in s

CARD = Card(
    name="diaphragm",
    title="Diaphragm EMG example",
    what="One person's diaphragm surface EMG with ECG in it, and an ECG lead, 37.5 s.",
    units="not stated",
    rate=FS,
    licence="GPL-3.0",
    citation_key="",
    citation="Distributed as the example 1ch_example.txt of a GPL-3.0 toolbox; the file names no author.",
    url="",
    how_to_get=f"Place {FILE} (columns time, ECG, EMG1) in $BIOSIG_DATA/diaphragm.",
    quirks=("There is no clean truth: no SNR can be stated for anything computed on it.",),
    manifest="diaphragm.txt",
    folders=("diaphragm",),
)


def load(root: Path, channel: str = "EMG1", fs: float = FS) -> Recording:
    """The EMG or the ECG, at 2 kHz as recorded or resampled by FFT.

    Args:
        root: folder of the file.
        channel: "EMG1" or "ECG".
        fs: wanted rate in Hz.

    Raises:
        ConfigError: no such channel.
        MissingDataError, DataError: no file, or not three columns of numbers with even times at 2 kHz.
    """
    if channel not in CHANNELS:
        raise ConfigError(f"diaphragm has no channel {channel!r}: expected one of {', '.join(CHANNELS)}.")
    column = _read(Path(root) / FILE)[:, 1 + CHANNELS.index(channel)]
    signal = resample_fft(column, FS, fs)
    return Recording(signal, fs, CARD.units, f"diaphragm/{channel}", "diaphragm", channel, f"diaphragm/{FILE}")


def _read(path: Path) -> np.ndarray:
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    try:
        table = np.loadtxt(path, ndmin=2)
    except ValueError as error:
        reason = str(error).split("\n")[0].rstrip(".;")
        raise DataError(f"{path} is damaged or cut short ({reason}): expected time, ECG, EMG1.") from None
    if table.shape[1] != 3 or len(table) < 2:
        raise DataError(f"{path} has shape {table.shape}: expected three columns, time, ECG and EMG1.")
    steps = np.diff(table[:, 0]) * FS
    if np.abs(steps - 1).max() > 0.1:  # times are rounded to 10 µs, a fiftieth of a step
        raise DataError(f"{path} has steps of {steps.min() / FS:.3g} to {steps.max() / FS:.3g} s: expected 0.5 ms.")
    return table
