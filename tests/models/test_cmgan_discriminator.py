"""The metric discriminator: its size, what it depends on, and that it can learn PESQ."""

import pytest
import torch

from biosig.models.cmgan_discriminator import LearnableSigmoid, MetricDiscriminator, target_of
from biosig.models.networks import count_parameters


def pair(B=2, F=201, T=81, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(B, F, T, generator=generator), torch.rand(B, F, T, generator=generator)


def test_the_size_is_the_published_one():
    assert count_parameters(MetricDiscriminator()) == 181_650


def test_a_score_lies_between_0_and_1_and_does_not_depend_on_the_batch():
    judge = MetricDiscriminator(4).eval()
    clean, estimate = pair(3)
    scores = judge(clean, estimate)
    assert scores.shape == (3,) and (scores > 0).all() and (scores < 1).all()
    torch.testing.assert_close(judge(clean[1:2], estimate[1:2]), scores[1:2])


def test_both_inputs_matter_and_their_order_does():
    judge = MetricDiscriminator(4).eval()
    clean, estimate = pair()
    assert not torch.allclose(judge(clean, estimate), judge(estimate, clean))
    assert not torch.allclose(judge(clean, estimate), judge(clean, clean))


@pytest.mark.parametrize("T", [32, 81, 321])
def test_any_length_has_one_score(T):
    assert MetricDiscriminator(4)(*pair(T=T)).shape == (2,)


def test_no_layer_can_stretch_its_input():
    """Spectral norm: the largest singular value of every normed weight is near 1, whatever the weights were."""
    judge = MetricDiscriminator(4)
    for _ in range(30):  # the power iteration moves on with each pass in training
        judge(*pair(F=33, T=33))
    weights = [level[0].weight for level in judge.convs] + [judge.judge[0].weight, judge.judge[2].weight]
    for weight in weights:
        assert torch.linalg.matrix_norm(weight.detach().flatten(1), 2) == pytest.approx(1, abs=0.05)


def test_the_sigmoid_is_as_steep_as_its_slope():
    layer = LearnableSigmoid()
    layer.slope.data[:] = 2.0
    x = torch.tensor([-1.0, 0.0, 3.0])
    torch.testing.assert_close(layer(x), 1 / (1 + torch.exp(-2 * x)))


def test_pesq_becomes_a_share():
    torch.testing.assert_close(target_of(torch.tensor([1.0, 2.75, 4.5])), torch.tensor([0.0, 0.5, 1.0]))
