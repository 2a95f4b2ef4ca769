"""What a profile of a paper runs: which networks, how often, and what decides its data."""

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from biosig.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One profile of a paper. A paper's own adds the fields that decide its mixtures, or whatever else it tests on.

    Attributes:
        name: of the profile.
        networks: (system, how it is trained) pairs; how is a dataclass with a ``recipe``.
        seeds: of every network.
    """

    name: str
    networks: tuple[tuple[str, Any], ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2)

    apart: ClassVar[tuple[str, ...]] = ("networks", "seeds")  # fields that do not decide what is tested on

    def network(self, system: str, seed: int = 0) -> Any:
        """How a system is trained in this profile, its recipe with this seed.

        Raises:
            ConfigError: it is not trained here.
        """
        networks = dict(self.networks)
        if system not in networks:
            known = ", ".join(networks)
            raise ConfigError(f"{system!r} is not trained in profile {self.name}: expected one of {known}.")
        network = networks[system]
        return replace(network, recipe=replace(network.recipe, seed=seed))

    def data_config(self) -> dict:
        """What decides the data that is tested on, as plain values."""
        names = [field.name for field in fields(self)]
        return {name: getattr(self, name) for name in names if name not in self.apart}
