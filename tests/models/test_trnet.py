"""TRNet against the paper's equations computed by hand in NumPy, and its numbers of parameters against a count."""

import numpy as np
import pytest
import torch
from torch import nn

from biosig.errors import ConfigError
from biosig.models.emotion_encoder import (
    Encoder,
    FrameAttention,
    OutputAttention,
    Pooled,
    Strided,
    deltas,
    with_deltas,
)
from biosig.models.networks import build, count_parameters
from biosig.models.trnet import GATES, Bridge, EstimatedGate, Heard, OracleGate, ToldGate, TRNet, Truth, similarity


def heard(batch: int = 3, frames: int = 40, seed: int = 0) -> Heard:
    draw = torch.Generator().manual_seed(seed)
    noisy, enhanced = (torch.randn(batch, frames, 80, generator=draw) - 3 for _ in range(2))
    return Heard(noisy, enhanced, torch.linspace(0, 20, batch))


def truth(batch: int = 3, frames: int = 40, size: int = 32) -> Truth:
    draw = torch.Generator().manual_seed(9)
    labels = torch.arange(batch) % 4
    return Truth(torch.randn(batch, frames, 80, generator=draw), torch.randn(batch, size, generator=draw), labels)


# --- parameters -------------------------------------------------------------------------------------------------------


def by_hand(maps: tuple[int, ...], h: int, attention: int) -> int:
    """Convolutions without bias, their batch norms, that of the 80 bins, attention, classifier, gate and bridge."""
    pairs = zip((3, *maps), maps, strict=False)
    encoder = sum(25 * a * b + 2 * b for a, b in pairs) + 2 * 80
    classifier = h * (h // 2) + h // 2 + 2 * (h // 2) + (h // 2) * 4 + 4
    return encoder + attention + classifier + 81 + 2 * (2 * h)


def test_the_codes_form_has_the_parameters_of_the_authors_code():
    network = build("trnet", form="code")
    assert count_parameters(network) == 4_605_621
    attention = 2 * (512 * 256 + 256) + 2 * 256  # the last: a batch norm that is never called
    assert by_hand((64, 128, 256, 512), 256, attention) == 4_605_621


def test_the_papers_form_is_what_its_sizes_give():
    assert count_parameters(build("trnet")) == by_hand((32, 64, 128, 256), 256, 256)


def test_the_batch_norm_that_is_only_counted_changes_nothing():
    pool, y = OutputAttention(6, 4).eval(), torch.randn(2, 6, 9)
    before = pool(y)
    nn.init.constant_(pool.never_called.weight, 7.0)
    torch.testing.assert_close(pool(y), before)


# --- the equations ----------------------------------------------------------------------------------------------------


def test_similarity_is_the_cosine_over_time_of_each_bin():
    given = heard()
    found = similarity(given.noisy, given.enhanced).numpy()
    x, e = given.noisy.numpy().astype(float), given.enhanced.numpy().astype(float)
    for b in range(3):
        for i in (0, 37, 79):
            wanted = x[b, :, i] @ e[b, :, i] / np.sqrt(x[b, :, i] @ x[b, :, i]) / np.sqrt(e[b, :, i] @ e[b, :, i])
            assert found[b, i] == pytest.approx(wanted, rel=1e-5)


def test_a_column_of_zeros_is_like_nothing_and_passes_finite_gradients():
    noisy, enhanced = (torch.randn(1, 10, 80) for _ in range(2))
    noisy[:, :, 5] = 0
    enhanced[:, :, 6] = 0
    noisy.requires_grad_()
    found = similarity(noisy, enhanced)
    assert found[0, 5] == 0 and found[0, 6] == 0 and torch.isfinite(found).all()
    found.sum().backward()
    assert torch.isfinite(noisy.grad).all()


def test_gate_mixes_as_equations_2_to_4_say():
    network, given = TRNet(width=4).eval(), heard()
    given = Heard(given.noisy, given.enhanced + torch.tensor([0.0, 1.5, 20.0])[:, None, None], given.snr_db)
    nn.init.normal_(network.gate.fc.weight, mean=0.06, std=0.05, generator=torch.Generator().manual_seed(3))
    nn.init.constant_(network.gate.fc.bias, -3.6)
    told = network(given)
    d = similarity(given.noisy, given.enhanced).numpy()
    raw = d @ network.gate.fc.weight.detach().numpy()[0] + network.gate.fc.bias.item()
    c = np.minimum(np.maximum(0, raw), 1)
    assert 0 < c[0] < 1 and 0 < c[1] < 1 and abs(c[0] - c[1]) > 0.1 and raw[2] < 0  # else eq. (2) would not be seen
    np.testing.assert_allclose(told.c.detach().numpy()[:, 0], c, rtol=1e-4, atol=1e-5)
    for b in range(3):
        mixed = c[b] * given.noisy[b].numpy() + (1 - c[b]) * given.enhanced[b].numpy()
        np.testing.assert_allclose(told.mixed[b].detach().numpy(), mixed, rtol=1e-4, atol=1e-4)


def test_bridge_is_the_identity_at_first_and_film_afterwards():
    bridge, h, c = Bridge(6), torch.randn(2, 6), torch.tensor([[0.2], [0.9]])
    torch.testing.assert_close(bridge(h, c), h)
    for parameter in bridge.parameters():
        nn.init.normal_(parameter)
    scale, shift = (layer.weight[:, 0] * c + layer.bias for layer in (bridge.scale, bridge.shift))
    torch.testing.assert_close(bridge(h, c), scale * h + shift)


def test_the_loss_is_the_sum_of_its_three_terms():
    network, given, wanted = TRNet(width=4, alpha=0.3, beta=0.7).eval(), heard(), truth()
    told = network(given)
    logits = told.logits.detach().numpy().astype(float)
    logged = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    task = -np.mean([logged[b, wanted.label[b]] for b in range(3)])
    low = np.square((wanted.clean - told.mixed).detach().numpy()).mean()
    high = np.square((wanted.reference - told.representation).detach().numpy()).mean()
    assert network.loss(given, wanted).item() == pytest.approx(task + 0.3 * low + 0.7 * high, rel=1e-5)


def test_a_loss_that_is_left_out_moves_nothing():
    given, wanted = heard(), truth()
    network = TRNet(width=4, alpha=0.0, beta=0.0)
    torch.testing.assert_close(network.eval().loss(given, wanted), nn.functional.cross_entropy(
        network(given).logits, wanted.label))  # fmt: skip


# --- gates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gate", GATES)
def test_every_gate_gives_one_c_between_0_and_1(gate):
    c = GATES[gate](None)(heard())
    assert c.shape == (3, 1) and (c >= 0).all() and (c <= 1).all()


def test_a_paced_gate_can_say_what_the_papers_says():
    plain, paced, given = EstimatedGate(), EstimatedGate(pace=10.0), heard()
    torch.testing.assert_close(paced(given), torch.full((3, 1), 0.5))
    nn.init.normal_(plain.fc.weight, std=0.1, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        paced.fc.weight.copy_(plain.fc.weight / 10)
        paced.fc.bias.copy_((plain.fc.bias + plain.fc.weight.sum()) / 10)
    torch.testing.assert_close(paced(given), plain(given))
    assert not torch.allclose(plain(given), torch.tensor(0.5))


@pytest.mark.parametrize("gate", ["learned", "told"])
def test_a_paced_control_begins_where_the_plain_one_does(gate):
    torch.testing.assert_close(GATES[gate](10.0)(heard()), GATES[gate](None)(heard()))


def test_fixed_gates_are_the_baselines():
    given = heard()
    for gate, side in (("noisy", given.noisy), ("enhanced", given.enhanced)):
        torch.testing.assert_close(TRNet(gate=gate, bridge=False, width=4).eval()(given).mixed, side)


def test_the_oracle_is_the_share_of_speech_in_the_power():
    given = Heard(torch.zeros(3, 4, 80), torch.zeros(3, 4, 80), torch.tensor([0.0, 10.0, 20.0]))
    np.testing.assert_allclose(OracleGate()(given)[:, 0], [1 / 2, 10 / 11, 100 / 101], rtol=1e-5)


@pytest.mark.parametrize("pace", [None, 4.0])
def test_the_told_gate_is_a_line_over_the_snr_from_30_db_down(pace):
    gate, snr_db = ToldGate(pace), torch.tensor([0.0, 10.0, 20.0, 30.0])
    nn.init.constant_(gate.fc.weight, 0.6 / (pace or 1))
    nn.init.constant_(gate.fc.bias, 0.9 / (pace or 1))
    found = gate(Heard(torch.zeros(4, 4, 80), torch.zeros(4, 4, 80), snr_db))[:, 0].detach()
    np.testing.assert_allclose(found, [0.3, 0.5, 0.7, 0.9], rtol=1e-5)


def test_the_gate_begins_where_it_can_learn_and_a_default_draw_often_does_not():
    given = heard(8)
    gate = EstimatedGate()
    gate(given).sum().backward()
    assert gate.fc.weight.grad.abs().sum() > 0
    shut = 0
    for seed in range(40):
        torch.manual_seed(seed)
        c = EstimatedGate(start=None)(Heard(given.noisy, 0.9 * given.noisy, given.snr_db))
        shut += bool(((c == 0) | (c == 1)).all())
    assert 5 < shut < 35


# --- encoder ----------------------------------------------------------------------------------------------------------


def test_deltas_equal_a_loop():
    x = torch.randn(2, 9, 5)
    wanted = np.zeros(x.shape)
    for t in range(9):
        for n in (1, 2):
            wanted[:, t] += n * (x[:, min(t + n, 8)] - x[:, max(t - n, 0)]).numpy() / 10
    np.testing.assert_allclose(deltas(x).numpy(), wanted, rtol=1e-4, atol=1e-6)
    stacked = with_deltas(x)
    torch.testing.assert_close(stacked[:, 2], deltas(deltas(x)))


def test_the_input_is_normalised_over_bins_with_all_three_maps_together():
    encoder, x = Encoder(width=4), torch.randn(3, 40, 80) * 5 - 2
    seen = []
    encoder.layers.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    encoder(x)
    stacked = with_deltas(x)
    wanted = nn.BatchNorm2d(80)(stacked.transpose(1, 3)).transpose(1, 3)  # as the authors' code has it
    torch.testing.assert_close(seen[0], wanted, rtol=1e-4, atol=1e-4)


def test_a_strided_block_adds_its_input():
    block, x = Strided(3, 5).eval(), torch.randn(1, 3, 7, 6)
    own = torch.relu(block.norm(block.conv(x)))
    found = block(x)
    torch.testing.assert_close(found[:, :3], own[:, :3] + x[:, :, ::2, ::2])
    torch.testing.assert_close(found[:, 3:], own[:, 3:])
    assert found.shape == (1, 5, 4, 3)


@pytest.mark.parametrize("pool", [FrameAttention(6), OutputAttention(6, 6)])
def test_attention_is_a_mean_over_time_with_weights_that_add_up_to_one(pool):
    """So time's order does not matter, and equal frames give what one of them gives."""
    y = torch.randn(2, 6, 9)
    torch.testing.assert_close(pool(y), pool(y.flip(-1)))
    torch.testing.assert_close(pool(y[..., :1].expand(2, 6, 9)), pool(y[..., :1]))


def test_frame_attention_equals_the_formula():
    pool, y = FrameAttention(6), torch.randn(1, 6, 4)
    scores = [float(pool.u.weight[0] @ y[0, :, t]) for t in range(4)]
    weights = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(
        pool(y)[0].detach(), sum(w * y[0, :, t].numpy() for t, w in enumerate(weights)), rtol=1e-4
    )


def test_output_attention_equals_the_formula():
    pool, y = OutputAttention(6, 4), 9 * torch.randn(1, 6, 5, generator=torch.Generator().manual_seed(4))
    frames = y[0].numpy().T.astype(float)  # (T, C)
    scores, values = (frames @ conv.weight[:, :, 0].detach().numpy().T for conv in (pool.attention, pool.values))
    assert np.abs(scores).max() > 10  # so that the clamp is seen
    weights = np.exp(np.clip(scores, -10, 10))
    wanted = (weights * values).sum(axis=0) / weights.sum(axis=0)
    np.testing.assert_allclose(pool(y)[0].detach(), wanted, rtol=1e-4, atol=1e-4)


def test_a_pooled_block_is_convolution_norm_relu_and_the_largest_of_four():
    block, x = Pooled(3, 5).eval(), torch.randn(1, 3, 7, 6, generator=torch.Generator().manual_seed(5))
    nn.init.normal_(block.norm.running_mean, generator=torch.Generator().manual_seed(6))
    full = torch.relu(block.norm(nn.functional.conv2d(x, block.conv.weight, padding=2))).detach()
    found = block(x)
    assert found.shape == (1, 5, 3, 3)
    for t in range(3):
        for f in range(3):
            square = full[0, :, 2 * t : 2 * t + 2, 2 * f : 2 * f + 2]
            torch.testing.assert_close(found[0, :, t, f].detach(), square.amax((1, 2)))


@pytest.mark.parametrize("form, size", [("paper", 32), ("code", 16)])
def test_either_form_can_be_narrow(form, size):
    assert Encoder(form, width=4).size == size
    assert Encoder(form, width=4).eval()(torch.randn(2, 50, 80)).shape == (2, size)


@pytest.mark.parametrize("options", [{"gate": "open"}, {"form": "vgg"}])
def test_unknown_parts_are_refused(options):
    with pytest.raises(ConfigError, match="expected one of"):
        TRNet(**options)
