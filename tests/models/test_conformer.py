"""The conformer against slow loops: relative positions, the gate and the filters, the halves and the order."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from biosig.errors import ConfigError
from biosig.models.conformer import Conformer, ConvModule, FeedForward, RelativeAttention
from biosig.models.networks import count_parameters


def sequence(N=2, L=7, D=8, seed=0):
    return torch.randn(N, L, D, generator=torch.Generator().manual_seed(seed))


def slow_attention(layer, x):
    """Every pair of steps by itself, in numpy."""
    y = layer.norm(x).detach().double().numpy()
    wq, wkv = (w.weight.detach().double().numpy() for w in (layer.query, layer.key_value))
    table = layer.distance.weight.detach().double().numpy()
    (N, L, D), H = y.shape, layer.heads
    d = D // H
    out = np.zeros((N, L, D))
    for n in range(N):
        q, k, v = y[n] @ wq.T, y[n] @ wkv[:D].T, y[n] @ wkv[D:].T
        for h in range(H):
            own = slice(h * d, (h + 1) * d)
            for i in range(L):
                logits = np.zeros(L)
                for j in range(L):
                    e = table[np.clip(i - j, -layer.far, layer.far) + layer.far]
                    logits[j] = q[i, own] @ (k[j, own] + e) / np.sqrt(d)
                share = np.exp(logits - logits.max())
                out[n, i, own] = share / share.sum() @ v[:, own]
    weight, bias = (p.detach().double().numpy() for p in (layer.out.weight, layer.out.bias))
    return out @ weight.T + bias


@pytest.mark.parametrize("far", [3, 20])
def test_attention_is_that_of_every_pair_and_its_distance(far):
    layer = RelativeAttention(8, heads=2, far=far)
    with torch.no_grad():
        layer.distance.weight.mul_(3)
    found = layer(sequence()).detach().numpy()
    np.testing.assert_allclose(found, slow_attention(layer, sequence()), atol=1e-5)


def test_attention_knows_the_order_only_by_distance():
    layer, x = RelativeAttention(8, heads=2), sequence()
    turned = layer(x.flip(1)).flip(1)
    assert not torch.allclose(turned, layer(x), atol=1e-3)
    nn.init.zeros_(layer.distance.weight)  # without the distances the order is nothing to it
    torch.testing.assert_close(layer(x.flip(1)).flip(1), layer(x), atol=1e-5, rtol=1e-4)


def test_the_conv_module_by_hand():
    layer, x = ConvModule(8, kernel=5).eval(), sequence()
    layer.batch_norm.running_mean.normal_()
    y = layer.norm(x) @ layer.enter.weight[..., 0].T + layer.enter.bias
    y = (y[..., :16] * torch.sigmoid(y[..., 16:])).detach().numpy()
    padded, taps = np.pad(y, [(0, 0), (2, 2), (0, 0)]), layer.filters.weight[:, 0].detach().numpy()
    filtered = sum(padded[:, k : k + 7] * taps[:, k] for k in range(5)) + layer.filters.bias.detach().numpy()
    norm = layer.batch_norm
    z = torch.from_numpy(filtered).sub(norm.running_mean) / (norm.running_var + norm.eps).sqrt()
    z = z * torch.sigmoid(z)
    expected = z @ layer.leave.weight[..., 0].T + layer.leave.bias
    torch.testing.assert_close(layer(x), expected, atol=1e-5, rtol=1e-4)


def test_a_feed_forward_layer_sees_each_step_alone():
    layer, x = FeedForward(8), sequence()
    normed = F.layer_norm(x, (8,))
    hidden = normed @ layer[1].weight.T + layer[1].bias
    expected = (hidden * torch.sigmoid(hidden)) @ layer[4].weight.T + layer[4].bias
    torch.testing.assert_close(layer(x), expected, atol=1e-5, rtol=1e-4)


def test_the_halves_are_halves():
    """With attention and convolution silenced, only the two feed-forward layers and the norm are left."""
    block, x = Conformer(8, heads=2, kernel=5).eval(), sequence()
    for last in (block.attention.out, block.conv.leave):
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
    y = x + block.first(x) / 2
    expected = F.layer_norm(y + block.second(y) / 2, (8,))
    torch.testing.assert_close(block(x), expected, atol=1e-5, rtol=1e-4)


def test_the_size_is_half_of_a_two_stage_block():
    """Two of them are CMGAN's 257,824."""
    D, k = 64, 31
    feed = 2 * D + D * 4 * D + 4 * D + 4 * D * D + D
    attention = 2 * D + 3 * D * D + D * D + D + 1025 * 16
    conv = 2 * D + D * 4 * D + 4 * D + 2 * D * (k + 1) + 4 * D + 2 * D * D + D
    assert count_parameters(Conformer(D)) == 2 * feed + attention + conv + 2 * D == 257_824 // 2


def test_heads_that_cannot_share_the_channels_are_refused():
    with pytest.raises(ConfigError, match="channels is 10 and heads 4"):
        RelativeAttention(10)
