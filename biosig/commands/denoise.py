"""``biosig denoise``: a user's own recording through any system that is here."""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from biosig.checks import check_plausible
from biosig.commands import rpeak_check
from biosig.commands.outputs import add_force, check_outputs
from biosig.errors import ConfigError
from biosig.papers.base import known, paper

KINDS = {"emg": "msemg"}  # what is denoised → the paper whose systems do it
SYSTEM_FS = 1000.0  # the rate that the EMG systems were made for, Hz
SLOWEST_HZ = 100.0  # a slower recording holds no EMG, and would grow tenfold and more at the systems' rate
ENDINGS = (".csv", ".txt", ".npy", ".mat", ".hea")
MARGIN_S = 1.0  # mirrored at both ends before resampling, whose FFT takes the signal as periodic


def add(commands: argparse._SubParsersAction) -> None:
    """Add the parser."""
    denoise = commands.add_parser(
        "denoise",
        help="remove the ECG from a recording of your own",
        description="Denoise a recording (CSV, .npy, .mat or WFDB; any length, any number of channels), each "
        "channel by itself. What is not at 1 kHz is resampled for the system and back: nothing above 500 Hz "
        "comes through.",
    )
    denoise.add_argument("kind", metavar="emg", help="what the recording is: emg")
    denoise.add_argument("input", type=Path, metavar="IN", help="the recording")
    denoise.add_argument(
        "output",
        type=Path,
        metavar="OUT",
        help="where to write the result, by its ending: .csv, .npy, .mat or .hea (WFDB)",
    )
    denoise.add_argument("--system", default="msemg", metavar="NAME", help="see `biosig papers` (default: msemg)")
    denoise.add_argument("--fs", type=float, metavar="HZ", help="rate of the recording, where its file does not say")
    add_force(denoise)
    denoise.add_argument("--device", default="cpu", metavar="cpu|cuda", help="where a network runs (default: cpu)")
    rpeak_check.add_options(denoise)
    denoise.set_defaults(do=denoise_file)


def denoise_file(arguments: argparse.Namespace) -> int:
    """Read, denoise, write."""
    from biosig.commands.results import check_device
    from biosig.corpora.recordings_io import files_read, files_written, read_recording, write_recording

    name = known("kind", arguments.kind, KINDS)
    known("system", arguments.system, paper(KINDS[name]).systems)
    check_device(arguments.device)
    rpeak_check.check_options(arguments)
    ending = arguments.output.suffix.lower()
    if ending not in ENDINGS:
        raise ConfigError(f"{arguments.output} ends in {ending!r}: expected one of {', '.join(ENDINGS)}.")
    read, written = rpeak_check.files_named(arguments)
    outputs = [*files_written(arguments.output), *written]
    check_outputs([*files_read(arguments.input), *read], outputs, arguments.force)
    recording = read_recording(arguments.input, arguments.fs)
    if recording.fs is None:
        raise ConfigError(f"{arguments.input} does not say its rate: give it with --fs.")
    check_plausible(recording.fs, f"the rate of {arguments.input}", SLOWEST_HZ)
    system = load_system(KINDS[name], arguments.system, arguments.device)
    duration = recording.signals.shape[1] / recording.fs
    system = rpeak_check.checked(system, arguments, duration, recording.fs)
    cleaned = denoise(recording.signals, recording.fs, system)
    write_recording(arguments.output, cleaned, recording.fs, recording.names)
    if arguments.plot:
        rpeak_check.write_check(arguments.plot, recording.signals, cleaned, recording.fs, system)
    channels, n = cleaned.shape
    print(f"{arguments.output}: {channels} channels, {n / recording.fs:.1f} s, denoised by {arguments.system}.")
    return 0


def denoise(
    signals: np.ndarray,
    fs: float,
    system: Callable[[np.ndarray, float], np.ndarray],
    system_fs: float = SYSTEM_FS,
) -> np.ndarray:
    """Run a system on signals of another rate; shape (channels, n) and rate stay.

    Raises:
        SignalError: samples that are not finite, or too few for the system.
    """
    from biosig.signal.filters import resample_fft

    if fs == system_fs:
        return system(signals, system_fs)
    margin = min(round(MARGIN_S * fs), signals.shape[-1] - 1)
    padded = np.pad(signals, [(0, 0), (margin, margin)], mode="reflect", reflect_type="odd")
    cleaned = system(resample_fft(padded, fs, system_fs), system_fs)
    back = resample_fft(cleaned, cleaned.shape[-1], padded.shape[-1])  # by lengths: exactly as many samples again
    return back[:, margin : margin + signals.shape[-1]]


def load_system(name: str, system: str, device: str) -> Callable[[np.ndarray, float], np.ndarray]:
    """A paper's system, ready to be called.

    Raises:
        ConfigError: the paper's systems cannot be applied to recordings.
    """
    import importlib

    module = importlib.import_module(f"biosig.papers.{name}.systems")
    if not hasattr(module, "load_system"):
        raise ConfigError(f"the systems of {name} cannot be applied to a recording of one's own.")
    return module.load_system(system, device)
