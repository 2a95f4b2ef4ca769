"""The ``biosig`` command. Bad input ends with exit code 2 and one sentence; a traceback is a bug of ours."""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence

import biosig
from biosig.commands import conformance, denoise, emotion, engine, enhance, library, live, results, score
from biosig.errors import REFUSALS, BiosigError, sentence

EXAMPLES = """examples:
  biosig papers                                   what is rebuilt here
  biosig corpora 3dc                              a corpus: what, licence, how to get it, is it whole
  biosig run msemg                                two minutes, on embedded and synthetic signals
  biosig run msemg --profile open --jobs 2        on real corpora under BIOSIG_DATA; kill it and go on later
  biosig submit msemg --profile open              the same on a Slurm cluster; `biosig cells` for other schedulers
  biosig table msemg --profile open               the paper's tables beside ours
  biosig denoise emg in.csv out.csv --fs 2000     your own recording through the trained network
  biosig enhance noisy.mp3 clean.wav              your own sound files: WAV, FLAC, OGG, MP3; folders too
  arecord -f S16_LE -r 16000 | biosig live | aplay -f S16_LE -r 16000     as it comes in; WAV and --microphone too
  biosig score clean/ enhanced/                   PESQ, STOI, SI-SDR of every file; --csv - for CSV
  biosig emotion voice.wav                        what a small model takes the emotion in your own recording for
  biosig verify                                   does every number follow from what is stored?
"""


class Parser(argparse.ArgumentParser):
    """argparse, but a wrong use is one sentence and exit code 2."""

    def error(self, message: str):
        """Raise what :func:`main` prints."""
        raise UsageError(f"{message}; see `{self.prog} --help`.")

    def exit(self, status: int = 0, message: str | None = None):
        """After --help and --version: a reader that has gone shows here, and not at exit."""
        sys.stdout.flush()
        super().exit(status, message)


class UsageError(BiosigError):
    """Wrong arguments."""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = Parser(
        prog="biosig",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Papers on speech enhancement and biosignals, rebuilt: run them, and see every table "
        "beside the paper's own.",
    )
    top.add_argument("--version", action="version", version=f"biosig {biosig.__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (library, results, engine, denoise, enhance, live, score, emotion, conformance):
        module.add(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    try:
        _check_streams()
        words = sys.argv[1:] if argv is None else list(argv)
        " ".join(words).encode()  # a name that is not UTF-8 could be read, but not be printed or stored
        arguments = parser().parse_args(words)
        code = arguments.do(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # `biosig table … | head`
        return _stopped(141)
    except (BiosigError, *REFUSALS) as error:
        return _stopped(2, sentence(error))
    except KeyboardInterrupt:
        return _stopped(130, "interrupted; what is finished is kept.")


def _check_streams() -> None:
    """Python has None for a stream that was closed; a file opened now would take its number, and get its output."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 until the process ends
    if sys.stdout is None:
        raise UsageError("the standard output is closed: expected it open; write `> /dev/null` to see nothing.")


def _stopped(code: int, told: str = "") -> int:
    """Say why, let go of what cannot be printed any more, and give the exit code."""
    with contextlib.suppress(OSError):
        if told:
            print(f"biosig: {told}", file=sys.stderr)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:  # full, or its reader has gone: Python would try again at exit, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


if __name__ == "__main__":
    sys.exit(main())
