"""``biosig enhance``: sound files of the user's own through any system that is here."""

import argparse
import concurrent.futures
import contextlib
import functools
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from biosig.commands.outputs import add_force, check_outputs
from biosig.errors import BiosigError, ConfigError
from biosig.files import identity
from biosig.papers.base import known

DEFAULT = "log_mmse"
SYSTEM_FS = 16_000  # the rate of every system that is not classical, Hz
BAR = "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} s of sound [{elapsed}<{remaining}]"


@dataclass(frozen=True)
class Job:
    """One file to enhance."""

    source: object  # biosig.corpora.audio_io.Sound; its module loads soundfile, which other commands do without
    target: Path
    system: str
    device: str
    checkpoint: Path | None = None


def add(commands: argparse._SubParsersAction) -> None:
    """Add the parser."""
    enhance = commands.add_parser(
        "enhance",
        usage="biosig enhance IN [IN ...] OUT [options]",
        help="take the noise out of sound files of your own",
        description="Enhance speech in WAV, FLAC, OGG or MP3 files of any rate, length and number of channels, "
        "each channel by itself. Classical systems work at the file's own rate; the others at 16 kHz, so that "
        "nothing above 8 kHz comes through.",
    )
    enhance.add_argument("paths", nargs="*", type=Path, metavar="IN OUT", help="files or folders, and at last where "
                         "the result goes: a file for one file, a folder for a folder or for several")  # fmt: skip
    enhance.add_argument("--system", default=DEFAULT, metavar="NAME", help=f"see --list (default: {DEFAULT})")
    enhance.add_argument("--checkpoint", type=Path, metavar="FILE", help="weights of your own for a network of ours, "
                         "or for cmgan those that its authors publish")  # fmt: skip
    enhance.add_argument("--list", action="store_true", help="print every system, and do nothing else")
    add_force(enhance)
    enhance.add_argument("--skip-existing", action="store_true", help="leave out what has its output already")
    enhance.add_argument("--device", default="cpu", metavar="cpu|cuda", help="where a network runs (default: cpu)")
    enhance.add_argument("--jobs", type=int, default=1, metavar="N", help="files at a time (default: 1)")
    enhance.set_defaults(do=enhance_files)


def systems() -> dict[str, str]:
    """Every system that can be called on a file, with what it is."""
    from biosig.papers.primer.systems import for_users

    return for_users()


def trainable() -> tuple[str, ...]:
    """Networks of ours, which can be called with weights of the user's own."""
    from biosig.papers.primer.systems import OWN

    return OWN


def enhance_files(arguments: argparse.Namespace) -> int:
    """Check everything, then enhance one file after the other."""
    if arguments.list:
        width = max(map(len, systems()))
        print("\n".join(f"{name:<{width}}  {what}" for name, what in systems().items()))
        return 0
    jobs = prepare(arguments)
    clipped = follow(jobs, arguments.jobs)
    tell(arguments, jobs, clipped)
    return 0


# --- before any work ---------------------------------------------------------------------------------------------


def prepare(arguments: argparse.Namespace) -> list[Job]:
    """One job per file, after checking all that can be checked.

    Raises:
        BiosigError: one sentence about the first thing that is wrong.
    """
    from biosig.corpora.audio_io import check_ending, check_sound, check_writable

    _check_arguments(arguments)
    *inputs, output = arguments.paths
    pairs = targets(inputs, output)
    for _, target in pairs:
        check_ending(target)
    sources, outputs = zip(*pairs, strict=True)
    check_outputs(sources, outputs, arguments.force or arguments.skip_existing, "--force or --skip-existing")
    if arguments.skip_existing:
        pairs = [(source, target) for source, target in pairs if not target.exists()]
    loaded(arguments.system, arguments.device, arguments.checkpoint)  # a missing package or checkpoint shows now
    with tqdm(pairs, "checking", unit="file", disable=None, leave=False) as shown:
        how = arguments.system, arguments.device, arguments.checkpoint
        jobs = [Job(check_sound(source), target, *how) for source, target in shown]
    for job in jobs:
        check_writable(job.target, job.source)
        stream_of(job.system, job.device, job.source, job.checkpoint)
    return jobs


def _check_arguments(arguments: argparse.Namespace) -> None:
    from biosig.commands.results import check_device

    if len(arguments.paths) < 2:
        expected = "expected at least two paths, or --list; see `biosig enhance --help`"
        raise ConfigError(f"IN and OUT are required: {expected}.")
    if arguments.jobs < 1:
        raise ConfigError(f"jobs is {arguments.jobs}: expected at least 1.")
    known("system", arguments.system, trainable() if arguments.checkpoint else systems())
    check_device(arguments.device)


def targets(inputs: Sequence[Path], output: Path) -> list[tuple[Path, Path]]:
    """(source, target) of every file: OUT itself for one file, below OUT as it lies below IN otherwise.

    Raises:
        ConfigError: no sound files, or two with one target.
    """
    one = len(inputs) == 1 and not inputs[0].is_dir() and not output.is_dir()
    if one:
        pairs = [(inputs[0], output)]
    else:
        if output.is_file():
            raise ConfigError(f"{output} is a file: expected a folder, for several inputs.")
        pairs = [(source, output / place) for each in inputs for source, place in files_in(each, output)]
    _distinct(pairs)
    return pairs


def files_in(path: Path, leave_out: Path | None = None) -> list[tuple[Path, Path]]:
    """(file, its place below ``path``) of the sound files in a folder and below, or of one file.

    Raises:
        ConfigError: a folder without any.
        UnicodeEncodeError: a name that is not UTF-8.
    """
    from biosig.corpora.audio_io import FORMATS

    if not path.is_dir():
        return [(path, Path(path.name))]
    found = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in FORMATS and file.is_file()]
    out = leave_out.resolve() if leave_out and leave_out.resolve() != path.resolve() else None
    kept = [file for file in found if file.name[0] != "." and not (out and file.resolve().is_relative_to(out))]
    for file in kept:
        str(file).encode()  # a name that is not UTF-8 is refused as one on the command line is, now and not later
    if not kept:
        raise ConfigError(f"{path} holds no sound files: expected some that end in {', '.join(FORMATS)}.")
    return [(file, file.relative_to(path)) for file in kept]


def _distinct(pairs: Sequence[tuple[Path, Path]]) -> None:
    """Raise ConfigError where two files would be written to one place."""
    taken: dict[object, Path] = {}
    for source, target in pairs:
        other = taken.setdefault(identity(target), source)
        if other is not source:
            raise ConfigError(f"{other} and {source} would both be written to {target}: expected other names.")


# --- the work ----------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def loaded(system: str, device: str, checkpoint: Path | None = None):
    """A system that hears all at once, at 16 kHz; None for those that are streams, at any rate."""
    from biosig.papers.primer.systems import load_system
    from biosig.signal.enhancement import CLASSICAL_SPEECH

    return None if system == "noisy" or system in CLASSICAL_SPEECH else load_system(system, device, checkpoint)


def stream_of(system: str, device: str, sound, checkpoint: Path | None = None):
    """The system for this file.

    Raises:
        SignalError: a rate that the system cannot work at; the file is named.
    """
    from biosig.signal.blocks import AtRate, Channels, Unchanged, Windowed, classical_stream

    def one():
        if system == "noisy":
            return Unchanged()
        if loaded(system, device, checkpoint) is None:
            return classical_stream(system, sound.fs)
        stream = Windowed(loaded(system, device, checkpoint), SYSTEM_FS)
        return stream if sound.fs == SYSTEM_FS else AtRate(stream, sound.fs, SYSTEM_FS)

    try:
        return Channels([one() for _ in range(sound.channels)])
    except BiosigError as error:
        raise type(error)(f"{sound.path}: {error}") from None


def enhance(job: Job, progress=lambda seconds: None) -> int:
    """Enhance one file; returns how many samples had to be clipped.

    Raises:
        BiosigError: the file changed meanwhile, the disk is full, or the system failed; the file is named.
    """
    from biosig.corpora.audio_io import blocks, writer
    from biosig.signal.blocks import in_blocks

    with writer(job.target, job.source) as out:
        try:
            stream = stream_of(job.system, job.device, job.source, job.checkpoint)
            for block in in_blocks(stream, blocks(job.source.path)):
                out.write(block)
                progress(block.shape[-1] / job.source.fs)
        except BiosigError as error:
            told = str(error) if str(job.source.path) in str(error) else f"{job.source.path}: {error}"
            raise BiosigError(told) from None
    return out.clipped


def follow(jobs: Sequence[Job], processes: int) -> list[int]:
    """Enhance all under a bar of seconds of sound; clipped samples per file."""
    total = sum(job.source.seconds for job in jobs)
    with tqdm(total=total, desc="enhancing", bar_format=BAR, disable=None) as bar:
        if processes == 1 or len(jobs) < 2:
            return [enhance(job, bar.update) for job in jobs]
        counts = []
        with contextlib.closing(_in_processes(jobs, processes)) as done:
            for job, count in zip(jobs, done, strict=True):
                counts.append(count)
                bar.update(job.source.seconds)
        return counts


def _in_processes(jobs: Sequence[Job], processes: int) -> Iterator[int]:
    context = multiprocessing.get_context("spawn")  # a fork copies the locks that threads hold
    pool = concurrent.futures.ProcessPoolExecutor(min(processes, len(jobs)), context, _share, [processes])
    try:
        yield from pool.map(enhance, jobs)
    except concurrent.futures.process.BrokenProcessPool:
        raise BiosigError("a process died: expected its file; try fewer jobs.") from None
    finally:  # after Ctrl-C as well
        pool.shutdown(cancel_futures=True)


def _share(processes: int) -> None:
    """Several processes that each take all cores are slower than one; torch reads this when it is loaded."""
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // processes))


def tell(arguments: argparse.Namespace, jobs: Sequence[Job], clipped: Sequence[int]) -> None:
    """What was done."""
    for job, count in zip(jobs, clipped, strict=True):
        if count:
            print(f"{job.target}: {count} samples were beyond full scale and are clipped.")
    seconds = sum(job.source.seconds for job in jobs)
    files = f"{len(jobs)} file{'s' * (len(jobs) != 1)}"
    print(f"{arguments.paths[-1]}: {files}, {seconds:.1f} s, enhanced by {arguments.system}.")
    network = loaded(arguments.system, arguments.device, arguments.checkpoint)
    if network and any(job.source.fs > SYSTEM_FS for job in jobs):
        print(f"{arguments.system} works at {SYSTEM_FS // 1000} kHz: nothing above {SYSTEM_FS // 2000} kHz is left.")
