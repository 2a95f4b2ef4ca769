"""Losses of texts whose times nobody knows: CTC and the transducer (RNN-T), each a sum over all alignments.

Both add up the probability of every path through a lattice that spells the target, by dynamic programming in the log
domain; autograd gives the gradient. They take one utterance and show how it is done. To train with, torch's own
``ctc_loss`` gives the same numbers for a batch at once, and faster.

Glossary: T frames, U labels of the target, K classes, of which ``blank`` (0) says "nothing here".
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from biosig.errors import ConfigError

NEVER = -1e30  # log of no chance: finite, as the gradient at minus infinity is not a number


def ctc(log_probs: Tensor, target: Tensor, blank: int = 0) -> Tensor:
    """-log p(target | log_probs), the sum over all paths that give the target once repeats and blanks are taken out.

    Args:
        log_probs: shape (T, K), each row a log-softmax.
        target: shape (U,), classes other than the blank.

    Returns:
        A scalar; about 1e30 where T frames are too few: U plus one for each label that follows its like.

    Raises:
        ConfigError: no label, a label that is the blank or no class.

    Source: Graves et al., Connectionist temporal classification, ICML 2006, eqs. (5) to (8).
    """
    _check(log_probs, target, blank)
    states = torch.full((2 * len(target) + 1,), blank)       # blank, label, blank, label, …, blank
    states[1::2] = target
    skip = torch.zeros(len(states), dtype=torch.bool)        # over a blank between two labels that differ
    skip[3::2] = target[1:] != target[:-1]
    emitted = log_probs[:, states]                           # (T, 2U+1)
    start = torch.arange(len(states)) < 2                    # a path begins with the blank or the first label
    alpha = torch.where(start, emitted[0], NEVER)
    for now in emitted[1:]:
        one, two = F.pad(alpha, (1, 0), value=NEVER)[:-1], F.pad(alpha, (2, 0), value=NEVER)[:-2]
        two = torch.where(skip, two, NEVER)
        alpha = torch.stack([alpha, one, two]).logsumexp(0) + now
    return -alpha[-2:].logsumexp(0)                          # it ends with the last label or the blank after it


def transducer(log_probs: Tensor, target: Tensor, blank: int = 0) -> Tensor:
    """-log p(target | log_probs) over all paths of a lattice of frames and labels.

    At node (t, u), with u labels said, a path either says the next label and stays in its frame, or says blank and
    goes on to the next frame. It ends with the blank of node (T-1, U).

    Args:
        log_probs: shape (T, U+1, K), a log-softmax at each node: unlike CTC's, it knows what was said before.
        target: shape (U,), classes other than the blank.

    Raises:
        ConfigError: as :func:`ctc`, or a lattice that is not U+1 wide.

    Source: Graves, Sequence transduction with recurrent neural networks, arXiv 1211.3711, 2012, eqs. (16) and (17).
    """
    _check(log_probs, target, blank)
    if log_probs.shape[1] != len(target) + 1:
        raise ConfigError(f"the lattice is {log_probs.shape[1]} wide: expected {len(target) + 1}, a label more.")
    on = log_probs[:, :, blank]                                                  # (T, U+1)
    said = log_probs[:, :-1].gather(2, target.expand(len(on), -1)[:, :, None])[:, :, 0]  # (T, U)
    so_far = F.pad(said.cumsum(1), (1, 0))                                       # all labels up to u, in one frame
    alpha = so_far[0]
    for t in range(1, len(on)):                                  # who enters frame t at v says labels v to u in it
        alpha = so_far[t] + (alpha + on[t - 1] - so_far[t]).logcumsumexp(0)
    return -(alpha[-1] + on[-1, -1])


def _check(log_probs: Tensor, target: Tensor, blank: int) -> None:
    classes = log_probs.shape[-1]
    if not len(target):
        raise ConfigError("the target is empty: expected at least one label.")
    strange = [label for label in target.tolist() if label == blank or not 0 <= label < classes]
    if strange:
        raise ConfigError(f"the target holds {strange[0]}: expected classes below {classes}, without the blank.")
