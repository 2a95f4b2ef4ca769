"""The log-mel spectra of every utterance in every condition, noisy and enhanced, made once and kept.

An actor's utterances in one condition are one array: its enhanced sound, and the spectra of both, lie in the cache
under the samples they were made from, the enhancer and its version.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from tqdm import tqdm

from biosig.backends.log_mel import VERSION, log_mel
from biosig.cache import ArrayCache
from biosig.papers.primer.systems import load_system
from biosig.papers.se_for_ser import front_ends
from biosig.papers.trnet.profiles import Setup
from biosig.papers.trnet.sources import FS, Condition, heard_as, utterances


@dataclass(frozen=True)
class Spectra:
    """All utterances of a profile, in their order, under some conditions.

    Attributes:
        labels: places in ``setup.emotions``, (U,).
        actors, items: of each utterance.
        noisy, enhanced: condition → (U, T, 80) float32; ``enhanced`` is ``noisy`` where there is no enhancer.
        kinds: condition → what noise each utterance is in.
    """

    labels: np.ndarray
    actors: np.ndarray
    items: tuple[str, ...]
    noisy: Mapping[Condition, np.ndarray]
    enhanced: Mapping[Condition, np.ndarray]
    kinds: Mapping[Condition, tuple[str, ...]]

    def of(self, *actors: str) -> np.ndarray:
        """Places of the utterances of some actors."""
        return np.flatnonzero(np.isin(self.actors, actors))


@lru_cache(maxsize=2)
def spectra(
    setup: Setup, enhancer: str, conditions: tuple[Condition, ...], device: str = "cpu", progress: bool = False
) -> Spectra:
    """Everything that a system hears, read from the cache or made; ``enhancer`` "" stands for none."""
    speech, cache = utterances(setup), ArrayCache.beside_data()
    actors = np.array([each.subject for each in speech])
    enhance = kept(enhancer, cache, device) if enhancer else None
    noisy, enhanced, kinds = {}, {}, {}
    for condition in tqdm(conditions, desc="spectra", unit="condition", disable=not progress):
        sounds = [heard_as(setup, each, condition) for each in speech]
        stacks = [np.stack([sounds[k][0] for k in np.flatnonzero(actors == name)]) for name in np.unique(actors)]
        kinds[condition] = tuple(kind for _, kind in sounds)
        noisy[condition] = joined(mels(stack, cache) for stack in stacks)
        enhanced[condition] = joined(mels(enhance(stack), cache) for stack in stacks) if enhance else noisy[condition]
    labels = np.array([setup.emotions.index(each.label) for each in speech])
    return Spectra(labels, actors, tuple(each.item for each in speech), noisy, enhanced, kinds)


def joined(parts: Iterable[np.ndarray]) -> np.ndarray:
    """Actor after actor: the order of the utterances, which are sorted by actor."""
    return np.concatenate(list(parts))


def mels(sounds: np.ndarray, cache: ArrayCache) -> np.ndarray:
    """Log-mel spectra of some sounds (U, n), kept: (U, T, 80) float32."""
    sounds = sounds.astype(np.float32)
    return cache.get(("log-mel", VERSION, FS, sounds), lambda: log_mel(sounds, FS))


def kept(enhancer: str, cache: ArrayCache, device: str = "cpu") -> Callable[[np.ndarray], np.ndarray]:
    """An enhancer for some sounds (U, n) at once, what it gives kept; it is loaded if there is work for it."""
    which, system = front_ends.version(enhancer), lru_cache(maxsize=1)(lambda: load_system(enhancer, device))

    def enhance(sounds: np.ndarray) -> np.ndarray:
        sounds = sounds.astype(np.float32)
        parts = ("enhanced, utterance by utterance", enhancer, which, FS, sounds)
        return cache.get(parts, lambda: np.stack([system()(each, FS) for each in sounds]).astype(np.float32))

    return enhance
