"""Random draws named after what they are for, so that neither order nor parallelism changes a number."""

import hashlib

import numpy as np

from biosig.errors import ConfigError


def seed_for(*parts: object) -> int:
    """A 63-bit seed from names: ``seed_for("msemg", "train", 3)`` is the same on every machine.

    Begin with the purpose and give each purpose one number of parts: with that, two names never are one text.

    Raises:
        ConfigError: a slash in another part than the last, as ("a/b", "c") would be ("a", "b", "c").
    """
    digest = hashlib.sha256(joined(*map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def joined(*parts: str) -> str:
    """The name as one text; :func:`seed_for` says what it refuses."""
    for part in parts[:-1]:
        if "/" in part:
            raise ConfigError(f"{part!r} is part of a random draw's name: expected no slash before the last part.")
    return "/".join(parts)


def rng_for(*parts: object) -> np.random.Generator:
    """A numpy generator seeded by :func:`seed_for`."""
    return np.random.default_rng(seed_for(*parts))


def lot(*parts: object) -> float:
    """A number from 0 to 1 that the name alone decides: to sort by it is a fair choice that anyone can repeat."""
    return float(rng_for(*parts).random())
