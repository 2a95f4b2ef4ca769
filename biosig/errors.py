"""The errors a user can meet. Each carries one sentence: what was found, and what was expected."""

import os


class BiosigError(ValueError):
    """Base of every error that bad input can cause; the command line prints it and exits with code 2."""


class SignalError(BiosigError):
    """A signal, rate or shape that cannot be worked with (NaN, silence, wrong length, stereo for mono)."""


class DataError(BiosigError):
    """A file that is damaged, altered or not in the layout its loader reads."""


class MissingDataError(DataError):
    """A corpus that is not here; the sentence says how to get it."""


class ConfigError(BiosigError):
    """An unknown or impossible paper, system, profile, backend or option."""


class CheckpointError(BiosigError):
    """A checkpoint of another model, or one that cannot be read."""


# What the machine refuses, and no check can foresee: files, disk, memory, names. The command line treats these as
# bad input, and a run of many cells as the failure of one.
REFUSALS = (OSError, MemoryError, UnicodeEncodeError)


def sentence(error: Exception) -> str:
    """One sentence for an error of ours or one of :data:`REFUSALS`."""
    if isinstance(error, UnicodeEncodeError):
        found = error.object[max(0, error.start - 30) : error.end + 30]
        return f"{found!r} cannot be written as {error.encoding}: expected names, and a terminal, in UTF-8."
    if isinstance(error, MemoryError):
        return "this needs more memory than there is: expected a shorter input."
    if isinstance(error, OSError):
        reason = str(error.strerror or next(iter(error.args), "") or type(error).__name__)
        where = "the output" if error.filename is None else os.fsdecode(error.filename)
        return f"{where} cannot be read or written: {reason[0].lower()}{reason[1:].rstrip('.')}."
    return str(error)
