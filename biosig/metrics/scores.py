"""What every measure hands over: a value with its variant's name, or NaN and why."""

from dataclasses import dataclass

from biosig.errors import SignalError


@dataclass(frozen=True)
class Score:
    """One metric of one output. ``value`` is NaN when, and only when, ``reason`` says why."""

    metric: str
    version: str
    value: float
    reason: str = ""


class ClipError(SignalError):
    """A sound clip that a measure has no value for: silent, too short, without speech.

    A function on its own raises it; where many clips are scored it becomes NaN with ``reason``, which is
    short and free of numbers so that a table can count it.
    """

    def __init__(self, reason: str, expected: str):
        super().__init__(reason, expected)  # both, so that it can be sent from one process to another
        self.reason, self.expected = reason, expected

    def __str__(self) -> str:
        return f"{self.reason}: expected {self.expected}."
