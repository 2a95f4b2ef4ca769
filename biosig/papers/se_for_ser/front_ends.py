"""What stands between the noise and the recogniser: any system of the speech chapter, by name, its output kept.

Enhanced speech lies in the cache under what decides it: the noisy samples, the system, and its version.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from biosig.cache import ArrayCache
from biosig.files import sha256
from biosig.papers.neural import published
from biosig.papers.primer import voices
from biosig.papers.primer.systems import ORACLE, load_system
from biosig.papers.se_for_ser.naming import NOISY
from biosig.peers import PEERS

FULL = 0.99  # the largest sample that may come out of a front end
CLASSICAL_VERSION = "1"  # raised when a classical method of the speech chapter changes its numbers

FrontEnd = Callable[[np.ndarray, np.ndarray, float], np.ndarray]  # (noisy, clean, fs) → enhanced


def version(name: str) -> str:
    """What a front end's output depends on beside its input, as a cell's config and the cache's keys say it.

    Raises:
        MissingDataError: a network that is not published.
    """
    if voices.is_network(name):
        return sha256(published("primer", name))
    if name in PEERS:
        return f"{PEERS[name].distribution} {PEERS[name].version}"
    return CLASSICAL_VERSION


def front_end(name: str, cache: ArrayCache, device: str = "cpu") -> FrontEnd:
    """A system as a front end; only the oracle looks at the clean speech, and all give float32 below full scale."""
    if name == NOISY:
        return lambda noisy, clean, fs: below_full(noisy)
    which, system = version(name), lru_cache(maxsize=1)(lambda: loaded(name, device))  # loaded if there is work for it

    def kept(noisy: np.ndarray, clean: np.ndarray, fs: float) -> np.ndarray:
        truth = (clean,) if name in ORACLE else ()
        parts = ("front end", name, which, fs, noisy, *truth)
        return cache.get(parts, lambda: below_full(system()(noisy, clean, fs)))

    return kept


def loaded(name: str, device: str) -> FrontEnd:
    """A system of the speech chapter, ready to be called."""
    return by_oracle(name) if name in ORACLE else ignoring_clean(load_system(name, device))


def by_oracle(name: str) -> FrontEnd:
    """An oracle mask."""
    from biosig.signal.masks import oracle

    return lambda noisy, clean, fs: oracle(name, clean, noisy, fs)


def ignoring_clean(system: Callable[[np.ndarray, float], np.ndarray]) -> FrontEnd:
    """A system that knows the noisy signal alone."""
    return lambda noisy, clean, fs: system(noisy, fs)


def below_full(signal: np.ndarray) -> np.ndarray:
    """float32, scaled down as a whole where it would clip in a file of integers."""
    peak = np.abs(signal).max()
    return (signal * min(1.0, FULL / peak) if peak > 0 else signal).astype(np.float32)


def available(name: str) -> bool:
    """Whether a front end can be used here: a network only where its checkpoint is published."""
    return name == NOISY or voices.available(name)
