"""Does a second task help the first? The recurrent mask with a voice detector beside it, and without, else alike.

Both are asked where speech is, too: by the level of what they put out, and the one that has a head for it by its head.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from tqdm import tqdm

from biosig.papers.neural import System
from biosig.results.items import Item
from biosig.signal.types import Mixture

MULTITASK = ("multitask", "multitask_none")
BY_LEVEL, BY_HEAD = "voice_by_level", "voice_by_head"
VERSION = "1; mean share of speech frames and of pauses told right; speech is within 40 dB of the clean clip's loudest"


def config() -> dict:
    """What decides these numbers, for a cell's config."""
    return {"experiment": "multitask 1", "voice": VERSION}


def items(system: System, mixtures: Sequence[Mixture], name: str, progress: bool = True) -> list[Item]:
    """How well each mixture's speech frames are told from its pauses."""
    found: list[Item] = []
    for mixture in tqdm(mixtures, desc=f"{name}: voice", disable=not progress):
        found += of_mixture(system, mixture)
    return found


def of_mixture(system: System, mixture: Mixture) -> Iterator[Item]:
    """One item by the output's level and, for a network with a head, one by that.

    Args:
        system: a :class:`biosig.training.inference.Denoiser` around a recurrent mask, with or without a head.
    """
    import torch

    from biosig.models.voiced_mask import active

    spectral, network = system.network.spectral, system.network
    spoken = active(spectral(_row(mixture.clean)))[0].numpy()
    told = {BY_LEVEL: active(spectral(_row(system(mixture.noisy, mixture.fs))))[0].numpy()}
    if hasattr(network, "estimates"):
        with torch.no_grad():
            scaled = mixture.noisy / np.sqrt(np.mean(np.square(mixture.noisy)))
            told[BY_HEAD] = (network.estimates(_row(scaled))[1] > 0)[0].float().numpy()
    for metric, guessed in told.items():
        value = balanced(spoken, guessed)
        reason = "" if value is not None else "no speech or no pause"
        yield Item(mixture.item, mixture.subject, metric, VERSION, value, reason, dict(mixture.conditions))


def balanced(truth: np.ndarray, guessed: np.ndarray) -> float | None:
    """The mean of the shares of ones and of zeros that are told right, (T,) each; None where one kind is missing."""
    kinds = [truth == kind for kind in (0, 1)]
    if not all(kind.any() for kind in kinds):
        return None
    return float(np.mean([np.mean(guessed[kind] == truth[kind]) for kind in kinds]))


def _row(x: np.ndarray):
    """(n,) → float32 tensor (1, n)."""
    import torch

    return torch.from_numpy(np.asarray(x, dtype=np.float32))[None]
