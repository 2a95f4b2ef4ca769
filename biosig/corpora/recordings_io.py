"""Recordings of the user's own, read from and written to CSV, .npy, .mat and WFDB files.

Every reader gives float64 samples of shape (channels, n). CSV and WFDB hold samples in rows; for .npy and .mat
the longer axis is taken as time, and a square array is refused.
"""

import itertools
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from biosig.checks import as_signal, check_plausible, check_rate
from biosig.errors import ConfigError, DataError, MissingDataError, SignalError
from biosig.files import atomic_files, atomic_path

TIME_NAMES = ("time", "t", "seconds", "time_s", "time (s)", "time[s]", "time [s]", "timestamp")
EVEN = 0.1  # a time column is even if no step strays further than this part of the median step


@dataclass(frozen=True)
class UserRecording:
    """What a file holds.

    Attributes:
        signals: samples, shape (channels, n), float64.
        fs: rate in Hz; None if neither the file nor the caller says.
        units: one per channel, "" where the file says none.
        names: one per channel.
    """

    signals: np.ndarray
    fs: float | None
    units: tuple[str, ...]
    names: tuple[str, ...]


def read_recording(path: Path | str, fs: float | None = None, variable: str | None = None) -> UserRecording:
    """Read a recording by the ending of its name: .csv, .txt, .npy, .mat, .hea or none (WFDB).

    Args:
        path: file; for WFDB the header or the name without ending.
        fs: rate in Hz, for files that hold none; where the file holds one, both must agree within 1 %.
        variable: which variable of a .mat; the largest numeric matrix if None.

    Raises:
        MissingDataError: no such file.
        DataError: damaged, not numeric, NaN samples, or a rate that is impossible or contradicts ``fs``.
        ConfigError: an ending that is not read.
        OSError: it cannot be opened.
    """
    path = Path(path)
    reader = _reader(path)
    named = path.with_suffix(".hea") if reader is _read_wfdb else path
    if not named.is_file():
        raise MissingDataError(f"{path} is not there: expected a recording.")
    open(named, "rb").close()  # what forbids it shows as what it is; the libraries have other words for it
    with warnings.catch_warnings(action="ignore"):  # of damaged files; each is one sentence of ours
        found = reader(path, variable) if reader is _read_mat else reader(path)
    signals = _finite(found.signals, path)
    return replace(found, signals=signals, fs=_agreed_rate(path, found.fs, fs))


def write_recording(path: Path | str, signals: np.ndarray, fs: float | None = None, names=None) -> None:
    """Write (channels, n) or (n,) samples by the ending of the name, atomically (WFDB: two files, the header last).

    A CSV gets a header and, if ``fs`` is given, a first column ``time`` in s. A .mat holds ``signals`` (channels,
    n) and ``fs``. A .npy cannot hold a rate. WFDB needs one, and rounds to 16 bits; its units are NU, none.

    Raises:
        SignalError: empty, NaN or infinite samples, or an impossible rate.
        ConfigError: an ending that is not written, or WFDB without a rate.
    """
    path = Path(path)
    signals = np.atleast_2d(as_signal(signals, f"signal for {path.name}"))
    if fs is not None:
        check_rate(fs)
    names = tuple(names or _default_names(len(signals)))
    writers = {".csv": _write_csv, ".txt": _write_csv, ".npy": _write_npy, ".mat": _write_mat}
    _known(path, writers | dict.fromkeys(("", ".hea"), _write_wfdb))(path, signals, fs, names)


def files_read(path: Path) -> list[Path]:
    """Every file that :func:`read_recording` opens: for WFDB the header and what it names, here or not.

    Raises:
        DataError: a WFDB header that cannot be read.
    """
    if _reader(path) is not _read_wfdb:
        return [path]
    header = path.with_suffix(".hea")
    if not header.is_file():
        return [header]
    record = _wfdb_header(header)
    segments = [header.with_name(f"{name}.hea") for name in getattr(record, "seg_name", ()) if name != "~"]
    signals = [header.with_name(name) for name in getattr(record, "file_name", None) or () if name != "~"]
    return [header, *signals, *(file for segment in segments for file in files_read(segment))]


def files_written(path: Path) -> list[Path]:
    """Every file that :func:`write_recording` writes: for WFDB the signals and, last, the header.

    Raises:
        ConfigError: a name that a WFDB record cannot have.
    """
    if path.suffix.lower() not in ("", ".hea"):
        return [path]
    if not re.fullmatch("[-A-Za-z0-9_]+", path.stem):
        raise ConfigError(f"{path} cannot be written: expected a WFDB name of letters, digits, - and _.")
    return [path.with_suffix(".dat"), path.with_suffix(".hea")]


def _reader(path: Path) -> Callable:
    readers = {".csv": _read_csv, ".txt": _read_csv, ".npy": _read_npy, ".mat": _read_mat}
    return _known(path, readers | dict.fromkeys(("", ".hea"), _read_wfdb))


def _known(path: Path, handlers: dict) -> Callable:
    if path.suffix.lower() not in handlers:
        raise ConfigError(f"{path} ends in {path.suffix}: expected .csv, .txt, .npy, .mat or .hea (WFDB).")
    return handlers[path.suffix.lower()]


def _agreed_rate(path: Path, found: float | None, given: float | None) -> float | None:
    if given is not None:
        check_plausible(given)
    if found is not None:
        _check_found(path, found)
    if found is None or given is None:
        return found if given is None else float(given)
    if abs(found - given) > 0.01 * given:
        raise DataError(f"{path} says {found:g} Hz: expected the {given:g} Hz that were given.")
    return float(given)


def _check_found(path: Path, fs: float) -> None:
    try:
        check_plausible(fs, f"the rate of {path}")
    except SignalError as error:
        raise DataError(str(error)) from None


def _finite(signals: np.ndarray, path: Path) -> np.ndarray:
    bad = int(signals.size - np.count_nonzero(np.isfinite(signals)))
    if bad:
        raise DataError(f"{path} holds {bad} NaN or infinite samples: expected finite ones; cut or mend it first.")
    return signals


def _default_names(n: int) -> tuple[str, ...]:
    return tuple(f"ch{k}" for k in range(n))


# --- CSV ---------------------------------------------------------------------------------------------------------


def _read_csv(path: Path) -> UserRecording:
    """Columns by comma, semicolon, tab or space; a first line of words is the header, and what # begins a comment."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            header, table = _header_and_table(line for line in file if line.partition("#")[0].strip())
    except UnicodeDecodeError:
        raise DataError(f"{path} is not text: expected columns of numbers.") from None
    except ValueError as error:
        reason = str(error).split("\n")[0].rstrip(".;")
        raise DataError(f"{path} is damaged or cut short ({reason}): expected columns of numbers.") from None
    if table.size == 0:
        raise DataError(f"{path} holds no samples: expected columns of numbers.")
    names = header if len(header) == table.shape[1] else [f"ch{k}" for k in range(table.shape[1])]
    return _without_time(path, table, names, bool(header))


def _header_and_table(lines: Iterator[str]) -> tuple[list[str], np.ndarray]:
    first = next(lines, "")
    mark = next((m for m in (",", ";", "\t") if m in first), None)
    header = _header(first.strip(), mark)
    rows = lines if header else itertools.chain([first], lines)
    start = next(rows, "")
    if not start:  # numpy would warn
        return header, np.zeros((0, 0))
    return header, np.loadtxt(itertools.chain([start], rows), delimiter=mark, ndmin=2)


def _header(first: str, mark: str | None) -> list[str]:
    """The names in a first line, none if it holds numbers only."""
    cells = [cell.strip().strip('"') for cell in first.split(mark)]
    return [] if all(_is_number(cell) for cell in cells) else cells


def _is_number(cell: str) -> bool:
    """Also a hexadecimal one, which is no name, and which numpy refuses."""
    if cell.lower().startswith(("0x", "+0x", "-0x")):
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _without_time(path: Path, table: np.ndarray, names: list[str], named: bool) -> UserRecording:
    """Take a time column off: one named so, or in a file without names a first column that rises evenly."""
    is_time = names[0].lower() in TIME_NAMES if named else _rises_evenly(table)
    if not is_time or table.shape[1] == 1:
        return UserRecording(table.T.copy(), None, ("",) * table.shape[1], tuple(names))
    steps = np.diff(table[:, 0])
    step = np.median(steps) if steps.size else 0.0
    if not step > 0 or np.abs(steps - step).max() > EVEN * step:
        raise DataError(f"{path} has uneven times in column {names[0]!r}: expected even steps; resample it first.")
    fs = steps.size / (table[-1, 0] - table[0, 0])
    fs = round(fs) if abs(fs - round(fs)) < 1e-3 * fs else fs  # times are rounded; rates are mostly whole
    kept = names[1:] if named else _default_names(table.shape[1] - 1)
    return UserRecording(table[:, 1:].T.copy(), float(fs), ("",) * len(kept), tuple(kept))


def _rises_evenly(table: np.ndarray) -> bool:
    """Whether column 0 can be nothing but a time in s: several columns, even steps of at most 0.1 s."""
    steps = np.diff(table[:, 0])
    if table.shape[1] < 2 or steps.size < 2:
        return False
    step = np.median(steps)
    return bool(0 < step <= 0.1 and np.abs(steps - step).max() <= EVEN * step)


def _write_csv(path: Path, signals: np.ndarray, fs: float | None, names: tuple[str, ...]) -> None:
    columns, header = signals, list(names)
    if fs is not None:
        columns, header = np.vstack([np.arange(signals.shape[1]) / fs, signals]), ["time", *names]
    with atomic_path(path) as temporary:
        np.savetxt(temporary, columns.T, fmt="%.10g", delimiter=",", header=",".join(header), comments="")


# --- .npy and .mat -----------------------------------------------------------------------------------------------


def _read_npy(path: Path) -> UserRecording:
    try:  # mapped, so that a shape is held against the file's size before there is memory for it
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OverflowError):
        raise DataError(f"{path} is damaged, cut short or no .npy of numbers: expected a saved array.") from None
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path} is an archive of arrays: expected one array, a .npy.")
    return _unnamed(_time_last(array, f"{path}"), None)


def _read_mat(path: Path, variable: str | None = None) -> UserRecording:
    """The variable asked for, else the largest numeric matrix; ``fs`` if there is a scalar of that name."""
    from scipy.io import loadmat

    try:
        content = loadmat(path)
    except NotImplementedError:
        raise DataError(f"{path} is a MATLAB 7.3 file: expected version 5; save it with -v7.") from None
    except Exception:  # scipy raises many kinds for a damaged file; all mean one thing here
        raise DataError(f"{path} is damaged or cut short: expected a MATLAB 5 file.") from None
    matrices = {k: v for k, v in content.items() if not k.startswith("__") and _is_matrix(v)}
    name = variable or max(matrices, key=lambda k: matrices[k].size, default=None)
    if name not in matrices:
        found = ", ".join(matrices) or "none"
        raise DataError(f"{path} has no numeric matrix {variable or ''!r}: found {found}.")
    fs = _one_number(content["fs"], path) if "fs" in content else None
    return _unnamed(_time_last(matrices[name], f"{name} in {path}"), fs)


def _one_number(value: object, path: Path) -> float:
    if not isinstance(value, np.ndarray) or value.size != 1 or value.dtype.kind not in "fiu":
        kind = f"{value.dtype} of shape {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
        raise DataError(f"fs in {path} is {kind}: expected one number, the rate in Hz.")
    return float(value.item())


def _is_matrix(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype.kind in "fiu" and value.size > 1


def _time_last(array: np.ndarray, what: str) -> np.ndarray:
    """(n,), (channels, n) or (n, channels) as (channels, n): the longer axis is time."""
    if array.ndim not in (1, 2) or array.size == 0 or array.dtype.kind not in "fiu":
        raise DataError(f"{what} is {array.dtype} of shape {array.shape}: expected real (channels, n).")
    array = np.atleast_2d(array).astype(np.float64)
    if array.shape[0] == array.shape[1] > 1:
        raise DataError(f"{what} is square, {array.shape}: cannot tell channels from time.")
    return array if array.shape[0] <= array.shape[1] else array.T.copy()


def _unnamed(signals: np.ndarray, fs: float | None) -> UserRecording:
    return UserRecording(signals, fs, ("",) * len(signals), _default_names(len(signals)))


def _write_npy(path: Path, signals: np.ndarray, fs: float | None, names: tuple[str, ...]) -> None:
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.save(file, signals)


def _write_mat(path: Path, signals: np.ndarray, fs: float | None, names: tuple[str, ...]) -> None:
    from scipy.io import savemat

    content = {"signals": signals} | ({} if fs is None else {"fs": float(fs)})
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        savemat(file, content)


# --- WFDB --------------------------------------------------------------------------------------------------------


def _read_wfdb(path: Path) -> UserRecording:
    import wfdb

    header = _wfdb_header(path)
    if not header.n_sig:
        raise DataError(f"{path} describes no signals: expected at least one.")
    _check_length(path, header)
    try:
        record = wfdb.rdrecord(str(path.with_suffix("")))
    except FileNotFoundError as error:
        raise MissingDataError(f"{path} has no signal file ({error.filename}): expected it beside.") from None
    except Exception:  # wfdb raises many kinds for a damaged file; all mean one thing here
        raise DataError(f"{path} or its signal file is damaged or cut short: expected a WFDB record.") from None
    signals = np.ascontiguousarray(record.p_signal.T, dtype=np.float64)
    names = tuple(name or f"ch{k}" for k, name in enumerate(record.sig_name))
    return UserRecording(signals, float(header.fs), tuple(unit or "" for unit in record.units), names)


def _wfdb_header(path: Path):
    """The header as wfdb reads it, with the rate that it says; wfdb takes 250 Hz for one that it cannot read."""
    import wfdb

    try:
        record = wfdb.rdheader(str(path.with_suffix("")))
        lines = path.with_suffix(".hea").read_text(encoding="utf-8", errors="replace").splitlines()
        fields = next(line for line in lines if line.strip() and not line.startswith("#")).split()
        if len(fields) > 2:
            record.fs = float(re.split("[/(]", fields[2])[0])
    except Exception:  # wfdb raises many kinds for a damaged header; all mean one thing here
        raise DataError(f"{path} is damaged: expected the header of a WFDB record.") from None
    return record


def _check_length(path: Path, header) -> None:
    """Raise DataError for a header that promises more than its files can hold: no format but FLAC's packs so much."""
    files = {path.with_name(name) for name in getattr(header, "file_name", None) or ()}
    held = sum(file.stat().st_size for file in files if file.is_file())
    packed = any(fmt.startswith("5") for fmt in getattr(header, "fmt", None) or ())
    if files and held and not packed and (header.sig_len or 0) * header.n_sig > held:
        promised = f"{header.sig_len} samples of {header.n_sig} signals"
        raise DataError(f"{path} is damaged or cut short: expected {promised}, found {held} bytes.")


def _write_wfdb(path: Path, signals: np.ndarray, fs: float | None, names: tuple[str, ...]) -> None:
    import wfdb

    if fs is None:
        raise ConfigError(f"{path} cannot be written: a WFDB record needs its rate.")
    with atomic_files(*files_written(path)) as (_, header):
        wfdb.wrsamp(
            header.stem,
            fs=fs,
            units=["NU"] * len(signals),
            sig_name=_record_names(names),
            p_signal=signals.T,
            fmt=["16"] * len(signals),
            write_dir=str(header.parent),
        )


def _record_names(names: tuple[str, ...]) -> list[str]:
    """Names as WFDB has them: no two alike, none empty."""
    stripped = [name.strip() for name in names]
    return stripped if all(stripped) and len(set(stripped)) == len(names) else list(_default_names(len(names)))
