"""Who trains, validates and tests: committed files, by subject and by source record, made before mixing."""

import json
from dataclasses import dataclass
from importlib import resources
from itertools import combinations

from biosig.errors import ConfigError, DataError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Part:
    """One side of a split: its subjects (or source records); channels and exercises where they matter."""

    subjects: tuple[str, ...]
    channels: tuple[int, ...] = ()
    exercises: tuple[int, ...] = ()


@dataclass(frozen=True)
class Split:
    """Train, validation and test.

    ``shared`` names subjects on two sides, as an official split may have; ``empty`` names sides without a
    subject, as where a corpus is there to train on and tests are on others.
    """

    corpus: str
    variant: str
    why: str
    train: Part
    validation: Part
    test: Part
    shared: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


def names() -> tuple[str, ...]:
    """Corpora that have a committed split."""
    files = resources.files(__package__).iterdir()
    return tuple(sorted(file.name[: -len(".json")] for file in files if file.name.endswith(".json")))


def split(name: str, variant: str = "default") -> Split:
    """The committed split of a corpus.

    Args:
        name: corpus, e.g. "3dc".
        variant: "default", or a named one ("official", "disjoint" for NINAPro DB2).

    Raises:
        ConfigError: no such corpus or variant.
        DataError: the file is not a split, or it does not say that sides share a subject or are empty.
    """
    if name not in names():
        raise ConfigError(f"no split for corpus {name!r}: expected one of {', '.join(names())}.")
    variants = json.loads(resources.files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
    if variant not in variants:
        raise ConfigError(f"no split {variant!r} for corpus {name!r}: expected one of {', '.join(variants)}.")
    return parse(name, variant, variants[variant])


def parse(name: str, variant: str, content: dict) -> Split:
    """A :class:`Split` from the content of its file, checked for subjects on two sides."""
    try:
        parts = {part: _part(content[part]) for part in PARTS}
        why, allowed, empty = content["why"], tuple(content.get("shared", ())), tuple(content.get("empty", ()))
    except (KeyError, TypeError) as error:
        raise DataError(f"split {variant!r} of {name!r} is incomplete: {error} is missing.") from None
    what = f"split {variant!r} of {name!r}"
    _check_disjoint(what, parts, allowed)
    _check_empty(what, parts, empty)
    return Split(name, variant, why, shared=allowed, empty=empty, **parts)


def _part(content: dict) -> Part:
    fields = ("channels", "exercises")
    return Part(tuple(content["subjects"]), *(tuple(content.get(field, ())) for field in fields))


def _check_disjoint(what: str, parts: dict[str, Part], allowed: tuple[str, ...]) -> None:
    for a, b in combinations(PARTS, 2):
        common = set(parts[a].subjects) & set(parts[b].subjects)
        if common - set(allowed):
            raise DataError(f"{what} has {sorted(common)} in both {a} and {b}: expected disjoint subjects.")


def _check_empty(what: str, parts: dict[str, Part], allowed: tuple[str, ...]) -> None:
    found = tuple(part for part in PARTS if not parts[part].subjects)
    if found != allowed:
        raise DataError(f"{what} has empty sides {list(found)}: expected {list(allowed)}, as it says.")
