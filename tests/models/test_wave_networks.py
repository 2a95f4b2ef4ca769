"""DEMUCS, WaveNet, SEGAN and the score network: sizes of the papers, what they hear, and their parts by other means."""

import numpy as np
import pytest
import scipy.signal
import torch

from biosig.errors import ConfigError, SignalError
from biosig.models.costs import receptive_field
from biosig.models.demucs import Demucs, downsample2, half_sample_sinc, upsample2
from biosig.models.networks import build, count_parameters
from biosig.models.score_unet import ScoreUNet
from biosig.models.segan import SEGAN, SEGANDiscriminator, VirtualBatchNorm, deemphasise, emphasise
from biosig.models.wavenet import WaveNetDenoiser, energy_conserving, receptive_samples
from biosig.training.inference import Denoiser

SMALL = {
    "demucs": ("demucs", dict(H=4, L=3)),
    "demucs_both_ways": ("demucs", dict(H=4, L=2, U=2, causal=False)),
    "wavenet": ("wavenet", dict(channels=8, skip=8, final=(16, 8), dilations=4, stacks=2)),
    "segan": ("segan", dict(channels=(4, 8, 8))),
    "score_unet": ("score_unet", dict(channels=(8, 16), blocks=1, features=16, hop=255, steps=2)),
}


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def made(make, *args, **options):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make(*args, **options)


@pytest.fixture(params=SMALL)
def network(request):
    name, options = SMALL[request.param]
    return made(build, name, **options)


# --- all of them ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 127, 1601])
def test_any_length_comes_back(network, n):
    x = drawn(2, n, seed=n)
    y = network.eval()(x)
    assert y.shape == x.shape and torch.isfinite(y).all()
    torch.testing.assert_close(network(x[:, None])[:, 0], y)


def test_an_item_does_not_depend_on_its_batch(network):
    x = drawn(3, 1000)
    together = network.eval()(x)
    torch.testing.assert_close(network(x[1:2]), together[1:2], atol=1e-5, rtol=1e-4)


def test_two_channels_are_refused(network):
    with pytest.raises(SignalError, match=r"shape \(2, 2, 100\)"):
        network(torch.zeros(2, 2, 100))


def test_silence_and_every_parameter_leave_finite_gradients(network):
    noisy, clean = drawn(3, 1000), drawn(3, 1000, seed=1)
    noisy[0] = clean[0] = 0
    score = hasattr(network, "loss")
    loss = network.loss(noisy, clean, torch.Generator()) if score else (network(noisy) - clean).square().mean()
    loss.backward()
    untaught = ("leave.2",) if score else ()  # its zero weights let nothing through to the others yet
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
        if not score or name.startswith(untaught):
            assert parameter.grad.abs().max() > 0, name


# --- sizes ---------------------------------------------------------------------------------------------------------


def counted(make, **options):
    return count_parameters(made(make, **options))


@pytest.mark.parametrize(("H", "published"), [(48, 18.9e6), (64, 33.5e6)])
def test_demucs_has_the_published_sizes(H, published):
    widths, total = [1, *(H * 2**k for k in range(5))], 0
    for a, b in zip(widths, widths[1:], strict=False):
        mixed = b * 2 * b + 2 * b
        total += (8 * a * b + b) + mixed + mixed + (8 * b * a + a)
    total += 2 * (8 * widths[-1] ** 2 + 8 * widths[-1])  # two LSTM layers, two biases each
    assert counted(Demucs, H=H) == total == pytest.approx(published, rel=0.002)


def test_wavenet_has_the_published_size_and_field():
    layer = (3 * 128 * 256 + 256) + 2 * (128 * 128 + 128)
    ends = (3 * 128 + 128) + (3 * 128 * 2048 + 2048) + (3 * 2048 * 256 + 256) + (256 + 1)
    last = 128 * 128 + 128  # the last layer's residual, which nothing hears
    assert counted(WaveNetDenoiser) == 30 * layer + ends - last == pytest.approx(6.3e6, rel=0.005)
    assert receptive_samples() == 6139 + 6  # the paper counts the stacks alone


def test_segan_has_the_published_size():
    channels = (16, 32, 32, 64, 64, 128, 128, 256, 256, 512, 1024)
    down = sum(31 * a * b + 2 * b for a, b in zip((1, *channels), channels, strict=False))
    narrow = (*reversed(channels[:-1]), 1)
    up = sum(31 * 2 * a * b + 2 * b for a, b in zip(reversed(channels), narrow, strict=True)) - 1  # a tanh at the end
    judge = sum(31 * a * b + 3 * b for a, b in zip((2, *channels), channels, strict=False)) + 1025 + 9
    assert counted(SEGAN) == down + up and counted(SEGANDiscriminator) == judge
    assert down + up + judge == pytest.approx(97.47e6, rel=0.0005)  # as later papers count it


# --- DEMUCS --------------------------------------------------------------------------------------------------------


def test_the_sinc_resamples_as_a_fourier_transform_does():
    t = np.arange(2000)
    x = sum(np.sin(2 * np.pi * f * t / 2000 + f) for f in (20, 130, 400, 700)) * np.hanning(2000) ** 2
    twice = upsample2(torch.tensor(x)[None, None].float(), half_sample_sinc())[0, 0].numpy()
    np.testing.assert_allclose(twice, scipy.signal.resample(x, 4000), atol=2e-4)
    back = downsample2(torch.tensor(twice)[None, None], half_sample_sinc())[0, 0].numpy()
    np.testing.assert_allclose(back, x, atol=2e-3)


def test_downsampling_takes_away_what_has_no_place_below():
    t = np.arange(4000)
    high = np.sin(2 * np.pi * 0.4 * t) * np.hanning(4000)  # above a quarter of the rate
    low = downsample2(torch.tensor(high)[None, None].float(), half_sample_sinc())
    assert low.abs().max() < 1e-3


def test_only_the_lstm_in_both_directions_hears_to_the_end():
    back, ahead = receptive_field(made(Demucs, H=4, L=3), n=6000)
    assert back == 3000 and ahead < 400
    assert receptive_field(made(Demucs, H=4, L=3, causal=False), n=6000)[1] == 2999


def test_padding_is_what_the_strides_need_and_no_more():
    network = made(Demucs, H=4, L=3, U=1)
    for n in (1, 8, 100, 1234):
        m = network.padded(n)
        assert m >= n and network.network(torch.zeros(1, 1, m)).shape[-1] == m
        assert network.padded(m) == m and (m == n or network.padded(m - 1) == m)


def test_demucs_refuses_what_it_cannot_resample():
    with pytest.raises(ConfigError, match="U is 3"):
        Demucs(U=3)


# --- WaveNet -------------------------------------------------------------------------------------------------------


def test_wavenet_hears_as_far_as_its_dilations_say():
    network = made(WaveNetDenoiser, 8, 8, (8, 8), dilations=5, stacks=2)
    each = (receptive_samples(5, 2) - 1) // 2
    assert receptive_field(network, n=1000) == (each, each) == (65, 65)


def test_the_energy_conserving_loss_is_the_distance_twice_over():
    """Its two terms are one: what the estimate adds to the speech it takes from the noise."""
    estimate, clean, noisy = (drawn(2, 300, seed=k) for k in range(3))
    torch.testing.assert_close(energy_conserving(estimate, clean, noisy), 2 * (estimate - clean).abs().mean())


# --- SEGAN ---------------------------------------------------------------------------------------------------------


def test_emphasis_is_a_filter_and_has_an_inverse():
    x = drawn(2, 3000)
    high = scipy.signal.lfilter([1, -0.95], [1], x.double().numpy())
    np.testing.assert_allclose(emphasise(x), high, atol=1e-5)
    np.testing.assert_allclose(deemphasise(x), scipy.signal.lfilter([1], [1, -0.95], x.double().numpy()), atol=1e-4)
    torch.testing.assert_close(deemphasise(emphasise(x)), x, atol=1e-5, rtol=0)


def test_the_latent_is_drawn_anew_in_training_alone():
    network, x = made(SEGAN, (4, 8)), drawn(1, 512)
    assert not torch.equal(network.train()(x), network(x))
    assert torch.equal(network.eval()(x), network(x))


def test_the_output_stays_within_the_peak():
    network = made(SEGAN, (4, 8), peak=8.0).eval()
    assert emphasise(network(100 * drawn(1, 512))).abs().max() <= 8 + 1e-4


def test_virtual_batch_norm_by_a_slow_loop():
    norm, x, rows = VirtualBatchNorm(3), drawn(4 + 2, 3, 10).double(), 4
    norm.double()
    y = norm(x, rows).detach().numpy()
    x = x.numpy()
    for b in range(6):
        for c in range(3):
            mean = (x[:rows, c].mean() * rows + x[b, c].mean()) / (rows + 1)
            power = (np.square(x[:rows, c]).mean() * rows + np.square(x[b, c]).mean()) / (rows + 1)
            np.testing.assert_allclose(y[b, c], (x[b, c] - mean) / np.sqrt(power - mean**2 + 1e-5), rtol=1e-10)


def test_a_judgement_depends_on_the_reference_and_not_on_the_other_rows():
    judge = made(SEGANDiscriminator, (4, 8), window=64, rows=3)
    clean, noisy = drawn(4, 64), drawn(4, 64, seed=1)
    judge.refer(clean[:2], noisy[:2])  # fewer than its rows: repeated
    together = judge(clean, noisy)
    torch.testing.assert_close(judge(clean[2:3], noisy[2:3]), together[2:3])
    judge.refer(3 * noisy, clean)
    assert not torch.allclose(judge(clean, noisy), together)
    assert "reference" in judge.state_dict()  # a resumed run keeps it


def test_the_discriminator_refuses_another_window():
    judge = made(SEGANDiscriminator, (4, 8), window=64)
    with pytest.raises(SignalError, match=r"expected \(batch, 64\)"):
        judge(drawn(1, 60), drawn(1, 60))
    with pytest.raises(ConfigError, match="multiple of 2\\^3"):
        SEGANDiscriminator((4, 8, 8), window=60)


# --- the score network ---------------------------------------------------------------------------------------------


@pytest.fixture
def small_score():
    return made(ScoreUNet, (8, 16), blocks=1, features=16, hop=255, steps=2)


def test_the_compressed_spectrum_by_numpy_and_back(small_score):
    x = drawn(2, 4000)
    found = small_score.compressed(x)
    X = small_score.spectral(x).numpy()
    np.testing.assert_allclose(found, 0.15 * np.abs(X) ** 0.5 * np.exp(1j * np.angle(X)), atol=1e-5)
    torch.testing.assert_close(small_score.sound(found, 4000), x, atol=1e-4, rtol=1e-3)


def test_training_begins_with_the_loss_of_no_score_and_goes_down(small_score):
    noisy, clean = drawn(4, 4000), drawn(4, 4000, seed=1) * 0.1
    optimiser, losses = torch.optim.Adam(small_score.parameters(), 5e-3), []
    for _ in range(25):
        loss = small_score.loss(noisy, clean, torch.Generator().manual_seed(0))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(1, abs=0.05) and losses[-1] < 0.9


def test_the_score_is_told_the_time(small_score):
    torch.nn.init.normal_(small_score.leave[-1].weight)
    x = small_score.compressed(drawn(1, 2000))
    early, late = (small_score.score(x, x, torch.tensor([t])) for t in (0.1, 0.9))
    deviations = [float(small_score.process.deviation(torch.tensor(t))) for t in (0.1, 0.9)]
    assert not torch.allclose(early * deviations[0], late * deviations[1], rtol=1e-2)


def test_the_denoiser_samples_with_names_and_steps(small_score):
    torch.nn.init.normal_(small_score.leave[-1].weight, std=0.1)
    x, seen = drawn(3000).double().numpy(), []
    few = Denoiser(small_score, "rms", 1.0, 16000, kind="score", progress=lambda done, steps: seen.append(steps))
    np.testing.assert_array_equal(few(x, 16000), few(x, 16000))
    assert seen[-1] == 2  # the network's own
    many = Denoiser(small_score, "rms", 1.0, 16000, kind="score", steps=4)(x, 16000)
    other = Denoiser(small_score, "rms", 1.0, 16000, kind="score", seed=1)(x, 16000)
    assert not np.allclose(many, few(x, 16000)) and not np.allclose(other, few(x, 16000))


def test_odd_levels_are_refused():
    with pytest.raises(ConfigError, match="multiples of 8"):
        ScoreUNet((8, 12))
