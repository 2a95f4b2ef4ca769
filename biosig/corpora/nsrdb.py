"""MIT-BIH Normal Sinus Rhythm Database: the ECG that is mixed into EMG, prepared as interference at 1 kHz.

Reads WFDB records (``16265.hea`` + ``16265.dat``) or PhysioNet's ATM export (``16265m.mat`` + ``.info``).
"""

from pathlib import Path

import numpy as np

from biosig.corpora.cards import Card
from biosig.corpora.preparation import as_interference
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.filters import resample_fft
from biosig.signal.types import Recording

FS_RAW = 128.0
FS = 1000.0
RECORDS = (
    *("16265", "16272", "16273", "16420", "16483", "16539", "16773", "16786", "16795"),
    *("17052", "17453", "18177", "18184", "19088", "19090", "19093", "19140", "19830"),
)
CALIBRATION_S = {"19088": 40.0, "19090": 40.0, "19093": 40.0, "19140": 40.0, "19830": 30.0}
MAX_SAMPLES = 70_000  # at 1 kHz, as the authors
READ_S = 160.0  # of a 24 h record: what lies further than this cannot reach the 70 s used
ATM_INVALID = -32768

CARD = Card(
    name="nsrdb",
    title="MIT-BIH Normal Sinus Rhythm Database",
    what="Two-lead ECG of 18 people without significant arrhythmia, about 24 h each; the first lead is used.",
    units="mV",
    rate=FS_RAW,
    licence="ODC-By 1.0",
    citation_key="goldberger2000physionet",
    citation="A. L. Goldberger et al.: PhysioBank, PhysioToolkit, and PhysioNet. Circulation 101(23), e215-e220, 2000.",
    url="https://physionet.org/content/nsrdb/1.0.0/",
    how_to_get="Run `biosig fetch nsrdb`, or place the records of "
    "https://physionet.org/content/nsrdb/1.0.0/ in $BIOSIG_DATA/nsrdb_60s or $BIOSIG_DATA/nsrdb.",
    quirks=(
        "Records 19088, 19090, 19093, 19140 and 19830 open with 22 to 35 s of square calibration pulses, "
        "not ECG: `corrected` uses them from 40 s on (19830: 30 s), `faithful` whole, as the authors did.",
        "Sampled at 128 Hz: nothing lies above 64 Hz, so the 200 Hz low-pass of the paper does nothing.",
    ),
    folders=("nsrdb_60s", "nsrdb"),
    manifest="nsrdb_60s.txt",
)


def load(root: Path, record: str, corrected: bool = True, first_s: float | None = None) -> Recording:
    """The first lead of a record at 1000 Hz in mV, prepared as interference, at most 70 s.

    FFT resampling 128 → 1000 Hz, first 70,000 samples, then the filters of
    :func:`biosig.corpora.preparation.as_interference`. Calibration pulses are cut off before resampling,
    so that they ring into nothing.

    Args:
        root: folder of the records.
        record: e.g. "16265".
        corrected: leave out the calibration pulses (default); False is faithful to the authors' code.
        first_s: use no more than the first seconds of the record, counted before any cut. With 60, the full
            database gives exactly what its 60 s export gives.

    Raises:
        ConfigError: no such record.
        MissingDataError, DataError: no file of the record, or a damaged one.
    """
    if record not in RECORDS:
        raise ConfigError(f"nsrdb has no record {record!r}: expected one of {', '.join(RECORDS)}.")
    raw = read_raw(root, record)[: None if first_s is None else round(first_s * FS_RAW)]
    start = round(CALIBRATION_S.get(record, 0.0) * FS_RAW) if corrected else 0
    if raw.size - start < FS_RAW:
        raise DataError(
            f"record {record} of nsrdb ends at {raw.size / FS_RAW:g} s: expected ECG after its "
            f"{start / FS_RAW:g} s of calibration pulses."
        )
    signal = as_interference(resample_fft(raw[start:], FS_RAW, FS)[:MAX_SAMPLES], FS)
    return Recording(signal, FS, "mV", f"nsrdb/{record}", record, "ECG1", "nsrdb")


def read_raw(root: Path, record: str) -> np.ndarray:
    """The first lead as recorded, mV at 128 Hz, at most the first 160 s, shape (n,)."""
    root = Path(root)
    mat, header = root / f"{record}m.mat", root / f"{record}.hea"
    if mat.is_file():
        signal = _read_atm(mat)
    elif header.is_file():
        signal = _read_wfdb(header)
    else:
        raise MissingDataError(f"{root} holds neither {mat.name} nor {header.name}: {CARD.how_to_get}")
    return signal[: round(READ_S * FS_RAW)]


def _read_atm(mat: Path) -> np.ndarray:
    from scipy.io import loadmat

    gain, base, n = _read_info(mat.with_suffix(".info"))
    try:
        counts = loadmat(mat)["val"][0].astype(np.float64)
    except Exception:  # scipy raises many kinds for a damaged file; all mean one thing here
        raise DataError(f"{mat} is damaged or cut short: expected a .mat with the variable val.") from None
    if counts.size != n:
        raise DataError(f"{mat} holds {counts.size} samples: its .info announces {n}.")
    if (counts == ATM_INVALID).any():
        raise DataError(f"{mat} holds invalid samples ({ATM_INVALID}): expected ECG throughout.")
    return (counts - base) / gain


def _read_info(info: Path) -> tuple[float, float, int]:
    """Gain in counts per mV, baseline and number of samples of an ATM export."""
    if not info.is_file():
        raise MissingDataError(f"{info} is not there: an ATM export is a .mat and its .info.")
    lines = info.read_text(encoding="utf-8").split("\n")
    try:
        n = int(lines[1].split(" columns")[0].split()[-1])
        rate = float(lines[3].split("Sampling frequency:")[1].split("Hz")[0])
        _, _, gain, base, units = lines[5].split("\t")
        gain, base = float(gain), float(base)
    except (IndexError, ValueError):
        raise DataError(f"{info} is not in the layout of PhysioNet's ATM export.") from None
    if rate != FS_RAW or units.strip() != "mV" or gain <= 0:
        raise DataError(f"{info} says {rate:g} Hz, gain {gain:g}, units {units!r}: expected 128 Hz and mV.")
    return gain, base, n


def _read_wfdb(header: Path) -> np.ndarray:
    import wfdb

    stem = str(header.with_suffix(""))
    try:
        n = wfdb.rdheader(stem).sig_len
        record = wfdb.rdrecord(stem, channels=[0], sampto=min(n, round(READ_S * FS_RAW)))
    except FileNotFoundError as error:
        raise MissingDataError(f"{header} has no signal file ({error.filename}): {CARD.how_to_get}") from None
    except Exception:  # wfdb raises many kinds for a damaged file; all mean one thing here
        raise DataError(f"{header} or its .dat is damaged or cut short: expected a WFDB record.") from None
    if record.fs != FS_RAW:
        raise DataError(f"{header} says {record.fs:g} Hz: expected {FS_RAW:g} Hz.")
    return record.p_signal[:, 0]
