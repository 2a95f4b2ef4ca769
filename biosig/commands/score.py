"""``biosig score``: the measures of enhanced speech, on sound files of the user's own."""

import argparse
import csv
import io
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from biosig.commands.enhance import files_in
from biosig.commands.outputs import add_force, check_outputs
from biosig.errors import ConfigError, SignalError

METRICS = ("pesq_wb", "stoi", "estoi", "si_sdr_db", "seg_snr_db")
RESAMPLED_HZ = 16_000  # the rate that all measures know
LONGEST_CUT_S = 0.5  # encoders add up to 0.1 s; more is another sound
COLUMNS = ("item", "reference", "estimate", "metric", "value", "reason", "version")


@dataclass(frozen=True)
class Files:
    """One estimate with its reference (None where there is none)."""

    item: str
    reference: Path | None
    estimate: Path
    resample: bool = False


def add(commands: argparse._SubParsersAction) -> None:
    """Add the parser."""
    score = commands.add_parser(
        "score",
        usage="biosig score REF [REF ...] EST [EST ...] [options]\n       biosig score --blind EST [EST ...] [options]",
        help="measure enhanced speech against its reference, or without one",
        description="Score enhanced speech: two files, two folders whose files have the same names but for the "
        "ending, or as many references as estimates, in two lists. A delay of up to 50 ms is removed and shown.",
    )
    score.add_argument("paths", nargs="+", type=Path, metavar="REF EST", help="references first, then estimates")
    score.add_argument("--metrics", metavar="NAMES", help=f"with commas between (default: {','.join(METRICS)})")
    score.add_argument("--blind", action="store_true", help="no references: DNSMOS of every file")
    score.add_argument(
        "--resample", action="store_true",
        help=f"bring all to {RESAMPLED_HZ // 1000} kHz and the length of the shorter; without it, other rates or "
        "lengths are errors")  # fmt: skip
    score.add_argument("--csv", metavar="FILE|-", help="write CSV, one value a line, instead of a table")
    add_force(score)
    score.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    score.set_defaults(do=score_files)


def score_files(arguments: argparse.Namespace) -> int:
    """Check, score, print."""
    from biosig.metrics.batch import iter_scores
    from biosig.metrics.speech import BLIND

    chosen = arguments.metrics.split(",") if arguments.metrics else BLIND if arguments.blind else METRICS
    work = blind(arguments.paths) if arguments.blind else matched(arguments.paths)
    work = [Files(each.item, each.reference, each.estimate, arguments.resample) for each in work]
    if arguments.csv not in (None, "-"):
        read = [path for each in work for path in (each.reference, each.estimate) if path]
        check_outputs(read, [Path(arguments.csv)], arguments.force)
    check(work, chosen)
    found = iter_scores(work, chosen, arguments.jobs, load=load_pair, **({"max_delay_s": 0} if arguments.blind else {}))
    with tqdm(found, "scoring", total=len(work), unit="file", disable=None, leave=False) as shown:
        scores = list(shown)
    write(arguments.csv, work, scores)
    return 0


# --- which files -------------------------------------------------------------------------------------------------


def blind(paths: Sequence[Path]) -> list[Files]:
    """Files, and all sound files in folders."""
    return [Files(_item(place), None, file) for path in paths for file, place in files_in(path)]


def matched(paths: Sequence[Path]) -> list[Files]:
    """References and estimates by pairs: in two folders by name, else the first half with the second.

    Raises:
        ConfigError: an odd number of files, a folder beside a file, or an estimate without a reference.
    """
    if len(paths) % 2:
        raise ConfigError(f"{len(paths)} paths: expected as many references as estimates, or --blind.")
    half = len(paths) // 2
    folders = [path.is_dir() for path in paths]
    if any(folders):
        if len(paths) != 2 or not all(folders):
            raise ConfigError(f"{paths[folders.index(True)]} is a folder: expected two folders, or files only.")
        return _by_name(*(files_in(path) for path in paths), str(paths[0]))
    references, estimates = ([(path, Path(path.name)) for path in part] for part in (paths[:half], paths[half:]))
    names = [{_item(place) for _, place in part} for part in (references, estimates)]
    if names[0] == names[1] and len(names[0]) == half:  # as a shell lists two folders, in whatever order
        return _by_name(references, estimates, "the first half")
    return [
        Files(str(estimate), reference, estimate)
        for (reference, _), (estimate, _) in zip(references, estimates, strict=True)
    ]


def _by_name(references: list, estimates: list, where: str) -> list[Files]:
    known = _named(references)
    found = _named(estimates)
    lacking = [str(file) for item, file in found.items() if item not in known]
    if lacking:
        more = f" (and {len(lacking) - 1} more)" if len(lacking) > 1 else ""
        raise ConfigError(f"{lacking[0]}{more} has no reference: expected the same name in {where}.")
    unused = len(known.keys() - found.keys())
    if unused:
        print(f"{unused} references have no estimate and are left out.", file=sys.stderr)
    return [Files(item, known[item], file) for item, file in found.items()]


def _named(files: list) -> dict[str, Path]:
    """Files by what they are called, apart from the ending."""
    named: dict[str, Path] = {}
    for file, place in files:
        if _item(place) in named:
            raise ConfigError(f"{named[_item(place)]} and {file} have one name: expected one of them.")
        named[_item(place)] = file
    return named


def _item(place: Path) -> str:
    return place.with_suffix("").as_posix()


# --- checks and loading ------------------------------------------------------------------------------------------


def check(work: Sequence[Files], metrics: Sequence[str]) -> None:
    """Raise BiosigError, which names the file, if any pair cannot be compared."""
    from biosig.corpora.audio_io import check_sound
    from biosig.metrics.speech import MEASURES, check_metrics

    compared = [name for name in check_metrics(metrics) if not MEASURES[name].blind]
    if compared and work[0].reference is None:
        raise ConfigError(f"{compared[0]} needs a reference: expected REF and EST without --blind.")
    with tqdm(work, "checking", unit="file", disable=None, leave=False) as shown:
        for files in shown:
            sounds = [check_sound(path) for path in (files.reference, files.estimate) if path]
            for sound in sounds:
                if sound.channels != 1:
                    raise SignalError(f"{sound.path} has {sound.channels} channels: expected one; score each alone.")
            _check_fit(*sounds, resample=files.resample)
            if not files.resample:
                _check_rate(sounds[-1], metrics)


def _check_rate(sound, metrics: Sequence[str]) -> None:
    from biosig.metrics.speech import check_metrics

    try:
        check_metrics(metrics, sound.fs)
    except SignalError as error:
        raise SignalError(f"{sound.path}: {str(error).rstrip('.')}, here with --resample.") from None


def _check_fit(reference, estimate=None, *, resample: bool) -> None:
    """Raise SignalError unless two sounds can be compared."""
    if estimate is None:
        return
    both = f"{reference.path} and {estimate.path}"
    if resample:
        if abs(reference.seconds - estimate.seconds) > LONGEST_CUT_S:
            lengths = f"{reference.seconds:.2f} and {estimate.seconds:.2f} s"
            raise SignalError(f"{both} last {lengths}: expected at most {LONGEST_CUT_S:g} s of difference.")
    elif reference.fs != estimate.fs:
        raise SignalError(f"{both} have {reference.fs} and {estimate.fs} Hz: expected one rate, or --resample.")
    elif reference.frames != estimate.frames:
        lengths = f"{reference.frames} and {estimate.frames} samples"
        raise SignalError(f"{both} have {lengths}: expected one length, or --resample.")


def load_pair(files: Files):
    """Read a pair, in the process that scores it."""
    from biosig.metrics.batch import Pair

    estimate, fs = _one_channel(files.estimate, files.resample)
    if files.reference is None:
        return Pair(files.item, None, estimate, fs)
    clean, _ = _one_channel(files.reference, files.resample)
    shared = min(clean.size, estimate.size) if files.resample else None
    return Pair(files.item, clean[:shared], estimate[:shared], fs)


def _one_channel(path: Path, resampled: bool):
    from biosig.corpora.audio_io import read_sound
    from biosig.signal.blocks import resample

    (signal,), fs = read_sound(path)
    return (resample(signal, fs, RESAMPLED_HZ), RESAMPLED_HZ) if resampled else (signal, fs)


# --- what was found ----------------------------------------------------------------------------------------------


def write(target: str | None, work: Sequence[Files], scores: Sequence[list]) -> None:
    """A table on the screen, or CSV there ("-") or in a file."""
    from biosig.files import write_text

    if target is None:
        print(as_table(work, scores), end="")
    elif target == "-":
        print(as_csv(work, scores), end="")
    else:
        write_text(Path(target), as_csv(work, scores))
        print(f"{target}: {len(work)} file{'s' * (len(work) != 1)}, {len(scores[0])} values each.")


def as_csv(work: Sequence[Files], scores: Sequence[list]) -> str:
    """One value a line, with the measure's version; no value where there is a reason."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    for files, row in zip(work, scores, strict=True):
        for score in row:
            value = "" if math.isnan(score.value) else f"{score.value:.6g}"
            named = (files.item, files.reference or "", files.estimate)
            lines.writerow([*named, score.metric, value, score.reason, score.version])
    return text.getvalue()


def as_table(work: Sequence[Files], scores: Sequence[list]) -> str:
    """A line per file, their means, then why values lack and what the measures are."""
    head = ["file", *[score.metric for score in scores[0]]]
    rows = [[files.item, *map(_shown, row)] for files, row in zip(work, scores, strict=True)]
    means = [["mean", *map(_mean, zip(*scores, strict=True))]] if len(work) > 1 else []
    widths = [max(map(len, column)) for column in zip(head, *rows, *means, strict=True)]
    rule = ["-" * width for width in widths]
    lines = [
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])])
        for line in [head, rule, *rows, *([rule, *means] if means else [])]
    ]
    return "\n".join([*lines, "", *_notes(work, scores)]) + "\n"


def _shown(score) -> str:
    return "-" if math.isnan(score.value) else f"{score.value:.3f}"


def _mean(scores: Sequence) -> str:
    values = [score.value for score in scores if not math.isnan(score.value)]
    if not values:
        return "-"
    fewer = f" ({len(values)} of {len(scores)})" if len(values) < len(scores) else ""
    return f"{sum(values) / len(values):.3f}{fewer}"


def _notes(work: Sequence[Files], scores: Sequence[list]) -> list[str]:
    lacking = [
        f"{files.item}: no {score.metric}: {score.reason.rstrip('.')}."
        for files, row in zip(work, scores, strict=True) for score in row if score.reason
    ]  # fmt: skip
    return [*lacking, *[f"{score.metric}: {score.version}" for score in scores[0]]]
