"""The errors a user can meet. Each carries one sentence: what was found, and what was expected."""


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
