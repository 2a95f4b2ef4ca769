"""Memory that is not there becomes one sentence; other errors stay what they are."""

import numpy as np
import pytest
import torch
from torch import nn

from biosig.errors import ConfigError
from biosig.training.inference import Denoiser
from biosig.training.memory import enough_memory


class Greedy(nn.Module):
    """Asks for a hundred terabytes, as an attention over an hour would."""

    def forward(self, x):
        return x + torch.empty(25 * 10**12)[: x.shape[-1]]


def test_a_network_that_needs_too_much_is_one_sentence():
    with pytest.raises(ConfigError, match="1 × 1.5 s at once needs more memory than there is: expected a shorter wind"):
        Denoiser(Greedy(), fs=16_000)(np.ones(24_000), 16_000)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")])
def test_every_way_to_say_it(error):
    with pytest.raises(ConfigError, match="a step of x needs more memory than there is: expected a smaller batch"), \
            enough_memory("a step of x", "a smaller batch"):
        raise error


def test_another_error_is_left_alone():
    with pytest.raises(RuntimeError, match="shapes"), enough_memory("a step", "less"):
        raise RuntimeError("shapes do not fit")
