"""One sentence where memory runs out, on a processor or on a graphics card."""

import contextlib
from collections.abc import Iterator

from biosig.errors import ConfigError

TOLD = ("out of memory", "can't allocate memory", "not enough memory")  # by torch, which has no one class for it


@contextlib.contextmanager
def enough_memory(what: str, remedy: str) -> Iterator[None]:
    """Run what may need too much.

    Args:
        what: that needs it, "a step of cmgan".
        remedy: what to expect instead, "a smaller batch".

    Raises:
        ConfigError: there was not enough.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and not any(words in str(error).lower() for words in TOLD):
            raise
        raise ConfigError(f"{what} needs more memory than there is: expected {remedy}.") from None
