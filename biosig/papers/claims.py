"""What a paper's text claims, each as a number that the claim says is above zero; read from PAPER.toml's [[claim]]."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Places = Mapping[str, Mapping[str, str]]  # a place of the paper → what fills the braces of a cell's name there


@dataclass(frozen=True)
class Term:
    """A weight times each person's own measure in a system, mean over the levels named in ``at``."""

    weight: float
    system: str
    at: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A claim at one place: that the sum of its terms is above zero.

    Attributes:
        title: "EMO-DB, ComParE"; begins with the place.
        metric: a measure's name.
    """

    title: str
    metric: str
    terms: tuple[Term, ...]

    @property
    def systems(self) -> tuple[str, ...]:
        """Those of its terms, each once."""
        return tuple(dict.fromkeys(term.system for term in self.terms))


@dataclass(frozen=True)
class Claim:
    """A claim of a paper's text.

    Attributes:
        number: where it stands: "Section 4.1".
        quote: the sentence; "" where numbers say it and no sentence.
        any: the paper says "can": one place is enough.
    """

    name: str
    number: str
    title: str
    quote: str
    parts: tuple[Part, ...]
    any: bool = False

    def __post_init__(self):
        titles = [part.title for part in self.parts]
        if not titles or len(set(titles)) != len(titles):
            raise ValueError(f"the claim {self.name} has no part, or two of one title")

    @property
    def systems(self) -> tuple[str, ...]:
        """Those of its parts, each once."""
        return tuple(dict.fromkeys(system for part in self.parts for system in part.systems))


def read_claim(raw: Mapping, places: Places) -> Claim:
    """A claim as PAPER.toml tells it.

    Raises:
        ValueError, KeyError, TypeError: something in it does not fit together.
    """
    parts = tuple(part for told in raw["parts"] for part in _parts(told, places))
    return Claim(**{**raw, "parts": parts})


def _parts(told: Mapping, places: Places) -> list[Part]:
    if strange := set(told) - {"places", "title", "metric", "terms"}:
        raise ValueError(f"a part of a claim has no field {', '.join(sorted(strange))}")
    return [
        Part(
            ", ".join(filter(None, (place, told.get("title")))),
            told["metric"],
            tuple(Term(**{**term, "system": term["system"].format_map(places[place])}) for term in told["terms"]),
        )
        for place in told["places"]
    ]
