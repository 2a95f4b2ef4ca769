"""The ``biosig`` command. Bad input ends with exit code 2 and one sentence; a traceback is a bug of ours."""

import argparse
import os
import sys
from collections.abc import Sequence

import biosig
from biosig.commands import conformance, denoise, enhance, library, results, score
from biosig.errors import BiosigError

EXAMPLES = """examples:
  biosig papers                                   what is rebuilt here
  biosig corpora 3dc                              a corpus: what, licence, how to get it, is it whole
  biosig run msemg                                two minutes, on embedded and synthetic signals
  biosig run msemg --profile open --jobs 2        on real corpora under BIOSIG_DATA; kill it and go on later
  biosig table msemg --profile open               the paper's tables beside ours
  biosig denoise emg in.csv out.csv --fs 2000     your own recording through the trained network
  biosig enhance noisy.mp3 clean.wav              your own sound files: WAV, FLAC, OGG, MP3; folders too
  biosig score clean/ enhanced/                   PESQ, STOI, SI-SDR of every file; --csv - for CSV
  biosig verify                                   does every number follow from what is stored?
"""


class Parser(argparse.ArgumentParser):
    """argparse, but a wrong use is one sentence and exit code 2."""

    def error(self, message: str):
        """Raise what :func:`main` prints."""
        raise UsageError(f"{message}; see `{self.prog} --help`.")


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
    for module in (library, results, denoise, enhance, score, conformance):
        module.add(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    try:
        arguments = parser().parse_args(argv)
        code = arguments.do(arguments)
        sys.stdout.flush()  # a reader that has gone shows here, and not at exit
        return code
    except BiosigError as error:
        print(f"biosig: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("biosig: interrupted; what is finished is kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `biosig table … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


if __name__ == "__main__":
    sys.exit(main())
