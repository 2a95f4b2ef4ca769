"""A phone and its time, as alignments of any corpus give it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phone:
    """What is said from ``start`` up to ``end``, in s; silence too has a name."""

    start: float
    end: float
    text: str
