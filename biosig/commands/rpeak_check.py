"""``biosig denoise --plot`` and ``--peaks``: the R peaks that a method worked with, to be seen and corrected."""

import argparse
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.files import atomic_path, write_text
from biosig.signal.rpeaks import detect_r_peaks

HEADS = ("seconds", "sample")
CHANNELS_SHOWN = 6


@dataclass
class CheckedSystem:
    """A system that notes the R peaks of each channel, found or given.

    Attributes:
        system: called as system(row, fs), or with the peaks as a third argument where ``uses_peaks``.
        seconds: R peaks that a user gave for all channels, from the recording's start; None finds them.
        duration: of the recording in s: what the signal handed in is longer by was mirrored onto its ends.
        noted: the peaks of each channel in s, filled when called.
    """

    system: Callable[..., np.ndarray]
    uses_peaks: bool
    seconds: np.ndarray | None
    duration: float
    noted: list[np.ndarray] = field(default_factory=list)

    def __call__(self, signals: np.ndarray, fs: float) -> np.ndarray:
        """(channels, n) → the same, one by one."""
        return np.stack([self._channel(row, fs) for row in np.atleast_2d(signals)])

    def _channel(self, row: np.ndarray, fs: float) -> np.ndarray:
        lead = (row.size / fs - self.duration) / 2
        peaks = detect_r_peaks(row, fs) if self.seconds is None else self._given(lead, row.size, fs)
        inside = (peaks / fs >= lead) & (peaks / fs < lead + self.duration)
        self.noted.append(peaks[inside] / fs - lead)
        return self.system(row, fs, peaks) if self.uses_peaks else self.system(row, fs)

    def _given(self, lead: float, n: int, fs: float) -> np.ndarray:
        return np.minimum(np.round((self.seconds + lead) * fs).astype(int), n - 1)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add --plot and --peaks."""
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.png", help="draw the recording, the R peaks found and the result; the "
        "peaks go beside it as FILE.csv, to be corrected and handed back by --peaks",
    )
    parser.add_argument(
        "--peaks", type=Path, metavar="FILE", help="R peaks to work with instead of those found: a CSV of one column "
        "with the head 'seconds' or 'sample' (of the recording's own rate, from 0), for all channels alike",
    )


def check_options(arguments: argparse.Namespace) -> None:
    """Refuse what cannot be done before anything is read.

    Raises:
        ConfigError: peaks for a system without them, or a plot that is no .png.
        MissingDataError: no such file of peaks.
    """
    if arguments.peaks and not uses_peaks(arguments.system):
        raise ConfigError(f"--peaks is given, but {arguments.system} looks at no R peaks: expected another system.")
    if arguments.peaks and not arguments.peaks.is_file():
        raise MissingDataError(f"{arguments.peaks} is not there: expected a CSV of R peaks.")
    if arguments.plot is None:
        return
    if importlib.util.find_spec("matplotlib") is None:
        raise ConfigError("--plot needs the package matplotlib: pip install matplotlib.")
    if arguments.plot.suffix.lower() != ".png":
        raise ConfigError(f"{arguments.plot} ends in {arguments.plot.suffix!r}: expected .png.")


def files_named(arguments: argparse.Namespace) -> tuple[list[Path], list[Path]]:
    """(files that the two options read, files that they write)"""
    written = [arguments.plot, table_beside(arguments.plot)] if arguments.plot else []
    return [arguments.peaks] if arguments.peaks else [], written


def uses_peaks(system: str) -> bool:
    """Whether a system is called with R peaks."""
    from biosig.signal.ecg_families import USES_PEAKS

    return system in USES_PEAKS


def table_beside(plot: Path) -> Path:
    """The table of peaks that goes with a plot."""
    return plot.with_suffix(".csv")


def checked(system: Callable[..., np.ndarray], arguments: argparse.Namespace, duration: float, fs: float):
    """The system itself, or wrapped where --plot or --peaks asks for its peaks.

    Raises:
        DataError: a file of peaks that is none.
    """
    if not (arguments.plot or arguments.peaks):
        return system
    seconds = read_peaks(arguments.peaks, fs, duration) if arguments.peaks else None
    return CheckedSystem(system, uses_peaks(arguments.system), seconds, duration)


def read_peaks(path: Path, fs: float, duration: float) -> np.ndarray:
    """R peaks in s from a CSV: a head, "seconds" or "sample", then a number a line.

    Raises:
        DataError: another head, something that is no number, or a peak outside the recording.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise DataError(f"{path} is not text: expected a CSV of R peaks.") from None
    head = lines[0].strip('"').lower() if lines else ""
    if head not in HEADS:
        raise DataError(f"{path} begins with {head[:40]!r}: expected the head 'seconds' or 'sample'.")
    try:
        numbers = np.array([float(line) for line in lines[1:]])
    except ValueError:
        raise DataError(f"{path} holds something that is no number: expected one a line.") from None
    seconds = numbers / fs if head == "sample" else numbers
    if not np.all((seconds >= 0) & (seconds < duration)):
        raise DataError(f"{path} holds a peak outside the recording: expected 0 to {duration:g} s.")
    return np.sort(seconds)


def write_check(path: Path, noisy: np.ndarray, cleaned: np.ndarray, fs: float, system: CheckedSystem) -> None:
    """Draw recording, peaks and result of the first six channels, and write the first channel's peaks beside it.

    Args:
        path: a .png.
        noisy, cleaned: shape (channels, n).
        fs: rate in Hz.
        system: after it was called.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = min(len(noisy), CHANNELS_SHOWN)
    fig = Figure(figsize=(min(60.0, max(8.0, noisy.shape[1] / fs)), 3.2 * shown), layout="constrained")
    FigureCanvasAgg(fig)
    axes = fig.subplots(2 * shown, 1, sharex=True)
    t = np.arange(noisy.shape[1]) / fs
    for channel in range(shown):
        _draw(axes[2 * channel : 2 * channel + 2], t, noisy[channel], cleaned[channel], system.noted[channel], channel)
    axes[-1].set_xlabel("time, s")
    with atomic_path(path) as whole:
        fig.savefig(whole, format="png", dpi=110)
    rows = "".join(f"{peak:.4f}\n" for peak in system.noted[0])
    write_text(table_beside(path), f"{HEADS[0]}\n{rows}")


def _draw(axes: Sequence, t: np.ndarray, noisy: np.ndarray, cleaned: np.ndarray, peaks: np.ndarray, channel: int):
    at = np.clip(np.searchsorted(t, peaks), 0, t.size - 1)
    axes[0].plot(t, noisy, color="black", linewidth=0.5)
    axes[0].plot(t[at], noisy[at], linestyle="none", marker="v", color="#D55E00")
    axes[0].set_title(f"channel {channel + 1}: {peaks.size} R peaks", loc="left")
    axes[1].plot(t, cleaned, color="#0072B2", linewidth=0.5)
    axes[1].set_title("result", loc="left")
