"""CTC against torch's and against all paths written out; the transducer against all paths of its lattice."""

from itertools import combinations, product

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from biosig.errors import ConfigError
from biosig.training.alignment_losses import ctc, transducer

TARGETS = [[1], [1, 1], [2, 1, 1, 3], [3, 2, 1, 2, 3]]


def logits(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()


def close(ours: torch.Tensor, expected: torch.Tensor) -> None:
    np.testing.assert_allclose(ours.detach(), expected.detach(), rtol=1e-7, atol=1e-9)


def gradient(loss: torch.Tensor, of: torch.Tensor) -> torch.Tensor:
    return torch.autograd.grad(loss, of, retain_graph=True)[0]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("frames", [8, 30])
def test_ctc_has_the_value_and_gradient_of_torch(target, frames):
    x, target = logits(frames, 4), torch.tensor(target)
    ours = ctc(x.log_softmax(-1), target)
    theirs = F.ctc_loss(
        x.log_softmax(-1)[:, None], target[None], torch.tensor([frames]), torch.tensor([len(target)]), reduction="sum"
    )
    close(ours, theirs)
    close(gradient(ours, x), gradient(theirs, x))


@pytest.mark.parametrize("target", TARGETS[:3])
def test_ctc_is_the_sum_over_all_paths_that_collapse_to_the_target(target):
    x = logits(5, 4).log_softmax(-1)

    def collapsed(path):
        return [k for i, k in enumerate(path) if k and (i == 0 or k != path[i - 1])]

    paths = [path for path in product(range(4), repeat=5) if collapsed(path) == target]
    total = torch.stack([sum(x[t, k] for t, k in enumerate(path)) for path in paths]).logsumexp(0)
    close(ctc(x, torch.tensor(target)), -total)


def test_too_few_frames_have_no_path():
    assert ctc(logits(2, 4).log_softmax(-1), torch.tensor([1, 1])) > 1e29
    assert ctc(logits(3, 4).log_softmax(-1), torch.tensor([1, 1])) < 100


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("frames", [1, 2, 4])
def test_the_transducer_is_the_sum_over_all_paths_of_its_lattice(target, frames):
    x, labels = logits(frames, len(target) + 1, 4), torch.tensor(target)
    log_probs = x.log_softmax(-1)
    # which of the steps before the last one are labels; the others, and the last one, are blanks
    steps = frames - 1 + len(target)
    paths = [set(chosen) for chosen in combinations(range(steps), len(target))]
    total = torch.stack([along(log_probs, target, chosen, steps) for chosen in paths]).logsumexp(0)
    ours = transducer(log_probs, labels)
    close(ours, -total)
    close(gradient(ours, x), gradient(-total, x))


def along(log_probs, target, chosen, steps):
    """The log probability of one path, step by step."""
    t = u = 0
    total = torch.zeros((), dtype=torch.float64)
    for step in range(steps):
        if step in chosen:
            total, u = total + log_probs[t, u, target[u]], u + 1
        else:
            total, t = total + log_probs[t, u, 0], t + 1
    return total + log_probs[t, u, 0]


def test_all_targets_of_a_length_in_one_frame_have_the_chance_of_saying_so_many_labels():
    """A check that needs no lattice: over all targets of two labels, what is left is label, label, blank."""
    x = logits(1, 3, 4).log_softmax(-1)
    total = sum(torch.exp(-transducer(x, torch.tensor(pair))) for pair in product((1, 2, 3), repeat=2))
    not_blank = 1 - x[0, :, 0].exp()
    close(total, not_blank[0] * not_blank[1] * x[0, 2, 0].exp())


@pytest.mark.parametrize(
    ("loss", "shape", "target", "says"),
    [
        (ctc, (4, 3), [], "target is empty"),
        (ctc, (4, 3), [1, 0], "holds 0"),
        (ctc, (4, 3), [3], "holds 3"),
        (transducer, (4, 2, 3), [1, 2], "lattice is 2 wide: expected 3"),
    ],
)
def test_bad_input_is_one_sentence(loss, shape, target, says):
    with pytest.raises(ConfigError, match=says):
        loss(logits(*shape).log_softmax(-1), torch.tensor(target, dtype=torch.long))
