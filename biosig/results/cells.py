"""A cell: the unit of work, named by its content."""

import hashlib
import json
import re
from dataclasses import dataclass

from biosig.errors import ConfigError

NAME = re.compile(r"[a-z0-9][a-z0-9_+]*")


def canonical(value: object) -> str:
    """One JSON text per value: sorted keys, no spaces, no NaN.

    Raises:
        ConfigError: something JSON cannot hold.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"a configuration cannot be written as JSON: {error}.") from None


def digest(value: object) -> str:
    """sha256 of the canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


@dataclass(frozen=True)
class Cell:
    """One (paper, profile, system, fold, seed) with everything that decides its numbers in ``config``.

    Two cells with one key are one cell; a changed configuration is another cell with another folder.

    Raises:
        ConfigError: a name that cannot be a folder's, or a config that is not plain JSON.
    """

    paper: str
    profile: str
    system: str
    fold: int
    seed: int
    config: dict

    def __post_init__(self):
        for part in ("paper", "profile", "system"):
            name = getattr(self, part)
            if not NAME.fullmatch(name):
                raise ConfigError(f"{part} {name!r} cannot name a folder: expected a-z, 0-9, _ and + only.")
        plain = json.loads(canonical(self.config))  # as it will come back from run.json
        object.__setattr__(self, "config", plain)

    def __hash__(self):
        return hash(self.key)

    def as_dict(self) -> dict:
        """The fields, as they stand in run.json."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @property
    def key(self) -> str:
        """12 hex digits of the sha256 of all fields."""
        return digest(self.as_dict())[:12]

    @property
    def name(self) -> str:
        """The folder's name, e.g. ``msemg-f0-s1-9f86d081884c``."""
        return f"{self.system}-f{self.fold}-s{self.seed}-{self.key}"
