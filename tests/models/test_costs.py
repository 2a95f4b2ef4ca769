"""Costs: closed forms, torch's own count of operations, and receptive fields that are known."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from biosig.models.conv_tasnet import ConvTasNet
from biosig.models.costs import layer_macs, macs_per_second, receptive_field
from biosig.models.dccrn import DCCRN
from biosig.models.fcn import FCN
from biosig.models.unet import UNet


class Wrapped(nn.Module):
    """A layer on (B, 1, n) or, with ``features``, on frames of so many samples."""

    def __init__(self, layer, features=None):
        super().__init__()
        self.layer, self.features = layer, features

    def forward(self, x):
        if self.features is None:
            return self.layer(x[:, None])[:, 0]
        y = self.layer(x.reshape(len(x), -1, self.features))
        return y[0] if isinstance(y, tuple) else y


CLOSED_FORMS = {
    "conv": (Wrapped(nn.Conv1d(1, 6, 5, stride=2, padding=2)), 50 * 6 * 5),
    "transposed": (Wrapped(nn.ConvTranspose1d(1, 6, 5, stride=2)), 100 * 6 * 5),
    "linear": (Wrapped(nn.Linear(10, 7), 10), 10 * 10 * 7),
    "lstm": (Wrapped(nn.LSTM(10, 6, 2, batch_first=True), 10), 10 * 4 * (6 * (10 + 6) + 6 * (6 + 6))),
    "gru": (Wrapped(nn.GRU(10, 6, bidirectional=True, batch_first=True), 10), 10 * 2 * 3 * 6 * (10 + 6)),
    "nothing": (Wrapped(nn.BatchNorm1d(1)), 0),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_one_layer_by_hand(name):
    network, macs = CLOSED_FORMS[name]
    assert macs_per_second(network, fs=100, seconds=1) == macs
    assert macs_per_second(network, fs=100, seconds=3) == pytest.approx(macs)


def test_a_grouped_convolution_counts_its_groups_apart():
    layer, x = nn.Conv1d(8, 8, 3, groups=8), torch.zeros(1, 8, 12)
    assert layer_macs(layer, x, layer(x)) == 8 * 3 * 10


@pytest.mark.parametrize(
    "network",
    [FCN(), UNet((4, 6, 8)), ConvTasNet(N=8, L=8, B=4, H=6, Sc=5, X=2, R=2)],
    ids=["fcn", "unet", "conv_tasnet"],
)
def test_whole_networks_agree_with_torchs_own_count(network):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(torch.zeros(1, 16000))
    assert macs_per_second(network, 16000, seconds=1) == counter.get_total_flops() / 2


def test_complex_convolutions_count_four_real_products():
    network = DCCRN(channels=(4, 6), hidden=3)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(torch.zeros(1, 16000))
    counts = counter.get_flop_counts()["Global"]
    convolutions = sum(count for name, count in counts.items() if "conv" in str(name)) / 2
    frames, features = 161, 3 * 64
    recurrent = 2 * 4 * 3 * (features + 3) + 2 * 4 * 3 * (3 + 3)  # two LSTMs, each on both parts
    dense = 2 * features * 3
    expected = convolutions + frames * 2 * (recurrent + dense)
    assert macs_per_second(network, 16000, seconds=1) == expected


def test_counting_leaves_no_trace():
    network = UNet((4, 6)).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    macs_per_second(network, seconds=0.5)
    receptive_field(network, 4000)
    assert network.training and not any(layer._forward_hooks for layer in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())


class Shift(nn.Module):
    """Output t is input t - back plus input t + ahead."""

    def __init__(self, back, ahead):
        super().__init__()
        self.back, self.ahead, self.one = back, ahead, nn.Parameter(torch.ones(()))

    def forward(self, x):
        n = x.shape[-1]
        y = F.pad(x, (self.back, self.ahead))
        return self.one * (y[:, :n] + y[:, self.back + self.ahead :][:, :n])


@pytest.mark.parametrize(("back", "ahead"), [(0, 0), (7, 0), (3, 12)])
def test_a_known_receptive_field_is_found(back, ahead):
    assert receptive_field(Shift(back, ahead), 100) == (back, ahead)
    assert receptive_field(Shift(back, ahead), 100, at=20) == (back, ahead)


def test_the_fcn_sees_what_its_own_test_says():
    back, ahead = receptive_field(FCN(), 2000)
    assert back <= 105 + 15 and ahead <= 105 and back + ahead > 200
