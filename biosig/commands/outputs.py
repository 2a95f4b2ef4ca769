"""What every command that writes a user's files holds to: no input is lost, and what exists is replaced on --force."""

import argparse
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from biosig.errors import ConfigError
from biosig.files import check_place, identity


def add_force(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument("--force", action="store_true", help="replace outputs that exist")


def check_outputs(
    inputs: Iterable[Path], outputs: Sequence[Path], force: bool, expected: str = "another name, or --force"
) -> None:
    """Raise unless these files may be written, before any work; links are followed, also for --force.

    Args:
        inputs: every file that will be read.
        outputs: every file that will be written, those included that a format adds.
        force: replace what exists.
        expected: what to ask for where something exists.

    Raises:
        ConfigError: an output is an input, another output, or exists.
        DataError: an output cannot be put there.
    """
    sources, taken = {identity(path) for path in inputs}, set()
    for path in outputs:
        if identity(path) in sources:
            raise ConfigError(f"{path} is an input: expected the output to be another file.")
        if identity(path) in taken:
            raise ConfigError(f"{path} would be written twice: expected other names.")
        taken.add(identity(path))
        check_place(path)
    there = [path for path in outputs if os.path.lexists(path)]
    if there and not force:
        more = f" (and {len(there) - 1} more)" if len(there) > 1 else ""
        raise ConfigError(f"{there[0]}{more} exists: expected {expected}.")
