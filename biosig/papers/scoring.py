"""What protocols that score mixtures have in common."""

import numpy as np

from biosig.metrics.scores import Score
from biosig.results.items import Item
from biosig.signal.types import Mixture


def item_of(mixture: Mixture, found: Score, seconds: float) -> Item:
    """A score as a row of the store; one that cannot be had is a row without a value and with a reason."""
    value = None if np.isnan(found.value) else found.value
    conditions = dict(mixture.conditions)
    return Item(mixture.item, mixture.subject, found.metric, found.version, value, found.reason, conditions, seconds)
