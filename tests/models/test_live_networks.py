"""The networks that work as the sound comes in: whole and hop by hop the same, their sizes, and how far they hear."""

import numpy as np
import pytest
import torch

from biosig.errors import ConfigError, SignalError
from biosig.models import rnnoise_features as own
from biosig.models.light_mask import LightMasker
from biosig.models.networks import build, count_parameters
from biosig.models.overlapped import Overlapped
from biosig.models.rnnoise_own import RELEASE, RNNoiseOwn, comb, held
from biosig.signal.stft import istft, stft
from biosig.training.objectives import objective
from biosig.training.streaming import network_stream

LIVE = ("light_mask", "rnnoise_own")
FS = 16000


@pytest.fixture(params=LIVE)
def network(request):
    return fresh(request.param)


def fresh(name):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build(name).eval()


def buzz(n=8000, f0=125.0, batch=1, noise=0.01):
    """A harmonic sound in some noise, (batch, n)."""
    t = torch.arange(n) / FS
    tone = sum(torch.sin(2 * torch.pi * k * f0 * t + k) / k for k in range(1, 20))
    return 0.05 * tone + noise * torch.randn(batch, n, generator=torch.Generator().manual_seed(1))


def test_hop_by_hop_is_the_same_as_at_once(network):
    x = buzz(4003)
    with torch.no_grad():
        whole = network(x)[0].numpy()
    stream = network_stream(network)
    pieces = np.split(x[0].numpy(), [1, 100, 417, 418, 3000])
    out = np.concatenate([*(stream.push(piece) for piece in pieces), stream.flush()])
    assert np.abs(whole).max() > 0.01
    np.testing.assert_allclose(out, whole, rtol=0, atol=2e-6)


def test_two_streams_of_one_network_do_not_mix(network):
    x, y = buzz(1600)[0].numpy(), buzz(1600, 210.0)[0].numpy()
    alone = network_stream(network)
    first = np.concatenate([alone.push(x), alone.flush()])
    one, two = network_stream(network), network_stream(network)
    turns = []
    for at in range(0, 1600, 320):
        turns.append(one.push(x[at : at + 320]))
        two.push(y[at : at + 320])
    np.testing.assert_array_equal(np.concatenate([*turns, one.flush()]), first)


def test_a_sample_is_heard_no_later_than_a_frame_after_it(network):
    assert 280 <= probed(network) < 320


def probed(network):
    """Where the output first differs when the input changes, in samples before the change, at the worst place."""
    x, worst = 10 * buzz(4800), 0
    with torch.no_grad():
        before = network(x)
        for at in range(3200, 3360, 8):
            changed = x.clone()
            changed[:, at:] *= -1
            differs = ((network(changed) - before).abs() > 1e-6)[0].nonzero()
            worst = max(worst, at - int(differs.min()))
    return worst


def test_silence_noise_and_every_length(network):
    assert not network(torch.zeros(2, 3000)).any()
    for n in (1, 2, 159, 160, 161, 1601):
        y = network(torch.randn(2, 1, n, generator=torch.Generator().manual_seed(n)))
        assert y.shape == (2, 1, n) and torch.isfinite(y).all()
    with pytest.raises(SignalError, match=r"shape \(2, 2, 100\)"):
        network(torch.zeros(2, 2, 100))


def test_an_item_does_not_depend_on_its_batch(network):
    noise = 0.1 * torch.randn(1, 2000, generator=torch.Generator().manual_seed(3))
    x = torch.cat([buzz(2000), buzz(2000, 210.0), noise])
    torch.testing.assert_close(network(x[1:2]), network(x)[1:2], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("name", "loss"), [("light_mask", "compressed+bounded"), ("rnnoise_own", "band_gains")])
def test_a_few_steps_make_one_batch_better(name, loss):
    network, clean = fresh(name).train(), buzz(6400, batch=2)
    noisy = clean + 0.1 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(4))
    measure, optimiser = objective(loss), torch.optim.Adam(network.parameters(), 2e-3)
    losses = []
    for _ in range(10):
        found = measure(network, noisy, clean, None)
        optimiser.zero_grad()
        found.backward()
        optimiser.step()
        losses.append(found.item())
    assert losses[-1] < 0.9 * losses[0]
    for parameter_name, parameter in network.named_parameters():
        assert parameter.requires_grad == (parameter.grad is not None), parameter_name


def test_silence_and_clean_input_leave_the_gain_loss_finite():
    network, clean = fresh("rnnoise_own").train(), buzz(8000, batch=3)
    noisy = clean.clone()
    noisy[0], clean[0], clean[1] = 0, 0, 0
    loss = objective("band_gains")(network, noisy, clean, None)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.requires_grad)


# --- the frame ----------------------------------------------------------------------------------------------


class Halves(Overlapped):
    """Half of every bin, and nothing to remember."""

    def memory(self, rows):
        return ()

    def advance(self, seen, memory):
        return self.analysis(seen) / 2, ()


@pytest.mark.parametrize("window", ["sqrt_hann", "vorbis"])
@pytest.mark.parametrize("n", [1, 160, 1000])
def test_analysis_and_synthesis_give_back_what_went_in(window, n):
    x = torch.randn(2, n, generator=torch.Generator().manual_seed(n))
    torch.testing.assert_close(Halves(320, 64, window)(x), x / 2, atol=1e-6, rtol=1e-5)


def test_a_step_of_another_size_and_an_odd_frame_are_refused():
    network = Halves()
    with pytest.raises(SignalError, match="one hop of 160"):
        network.step(torch.zeros(1, 100), network.start())
    with pytest.raises(ConfigError, match="even frame"):
        Halves(321)


# --- the light mask -----------------------------------------------------------------------------------------


def test_the_light_masks_size_by_hand():
    K, U = 64, 76
    assert count_parameters(LightMasker()) == (K + 1) * U + 2 * 3 * U * (2 * U + 2) + (U + 1) * K < 100_000


def test_the_light_mask_is_a_gain_on_the_stft_of_numpy():
    """The same signal by this project's float64 transform, the gains taken from the network."""
    network, x = fresh("light_mask"), buzz(3000)
    spectra = stft(x[0].double().numpy(), 320, 160)
    with torch.no_grad():
        power = torch.from_numpy(np.abs(spectra) ** 2).float()[None]
        gains, _ = network.gains(power, network.memory(1))
        expected = istft(spectra * gains[0].double().numpy(), 320, 160, length=3000)
        np.testing.assert_allclose(network(x)[0].numpy(), expected, atol=1e-6)
    assert float(gains.min()) > 0 and float(gains.max()) < 1


# --- RNNoise from the paper ---------------------------------------------------------------------------------


def test_rnnoise_has_as_many_numbers_as_published():
    assert count_parameters(RNNoiseOwn()) == 87_503
    assert own.FEATURES == 42 and own.BANDS == 22


@pytest.mark.parametrize("f0", [80.0, 125.0, 160.0, 320.0, 400.0])
def test_the_pitch_of_a_buzz_is_its_period_and_not_a_multiple(f0):
    periods = own.pitch_period(RNNoiseOwn().seen(buzz(8000, f0)))[0, 5:-5]
    np.testing.assert_allclose(periods.numpy(), FS / f0, atol=2)


def test_features_by_a_slow_loop():
    """Frame by frame, band by band, sample by sample, in float64."""
    network, x = fresh("rnnoise_own"), buzz(1600)
    with torch.no_grad():
        told, _, (_, _, correlation) = network.described(network.seen(x), own.silence(1, x))
    padded = np.concatenate([np.zeros(256 + 160), x[0].double().numpy(), np.zeros(160)])
    t = np.arange(320)
    window = np.sin(np.pi / 2 * np.sin(np.pi * t / 320) ** 2)
    bands = network.bands.double().numpy()
    logs, period_bins = [np.full(22, -8.0)] * 8, []
    for frame in range(11):
        start = 256 + 160 * frame
        now = padded[start : start + 320]
        ratios = [
            np.dot(now, then) / np.sqrt(np.dot(now, now) * np.dot(then, then) + 1e-10)
            for then in (padded[start - lag : start - lag + 320] for lag in range(20, 257))
        ]
        beside = [-1.0, *ratios, -1.0]
        good = [i for i, r in enumerate(ratios) if r >= 0.85 * max(ratios) and r >= beside[i] and r >= beside[i + 2]]
        lag = 20 + good[0]
        period_bins.append(lag)
        spectrum, earlier = (np.fft.rfft(window * part) for part in (now, padded[start - lag : start - lag + 320]))
        power = [sum(w * abs(v) ** 2 for w, v in zip(band, spectrum, strict=True)) for band in bands]
        before = [sum(w * abs(v) ** 2 for w, v in zip(band, earlier, strict=True)) for band in bands]
        p = [
            np.sum(band * (spectrum * np.conj(earlier)).real) / np.sqrt(a * b + 1e-10)
            for band, a, b in zip(bands, power, before, strict=True)
        ]
        np.testing.assert_allclose(correlation[0, frame].numpy(), p, atol=2e-3)
        logs.append(np.log10(np.array(power) + 1e-8))
        c = [slow_dct(each) for each in logs[-3:]]
        expected = [
            *c[2], *(c[2] - c[0])[:6], *(c[2] - 2 * c[1] + c[0])[:6], *slow_dct(np.array(p))[:6],
            lag / 16, np.sqrt(np.mean((logs[-1] - np.mean(logs[-9:-1], axis=0)) ** 2)),
        ]  # fmt: skip
        np.testing.assert_allclose(told[0, frame].numpy(), expected, atol=5e-3)
    assert 128 in period_bins


def slow_dct(x):
    n = len(x)
    scale = [np.sqrt((1 if k == 0 else 2) / n) for k in range(n)]
    return np.array([scale[k] * sum(x[i] * np.cos(np.pi * k * (i + 0.5) / n) for i in range(n)) for k in range(n)])


def test_the_comb_strengthens_harmonics_against_what_lies_between():
    """Harmonics of 400 Hz lie eight bins apart; what has moved by a period adds up there, and cancels in between."""
    network = fresh("rnnoise_own")
    noisy = buzz(8000, 400.0, noise=0.01)
    with torch.no_grad():
        spectra, p, correlation = network.described(network.seen(noisy), own.silence(1, noisy))[2]
        filtered = comb(spectra, p, correlation, torch.full_like(correlation, 0.1), network.bands)
        kept = own.band_power(filtered, network.bands) / own.band_power(spectra, network.bands)
        untouched = comb(spectra, p, torch.zeros_like(correlation), torch.full_like(correlation, 0.5), network.bands)
    before, after = (between(x[0, 5:-5].abs().square()) for x in (spectra, filtered))
    assert after < 0.4 * before
    assert 0.7 < float(kept[:, 5:-5, :10].median()) < 1.4  # every band keeps its power
    torch.testing.assert_close(untouched, spectra, atol=1e-3, rtol=1e-3)  # no pitch, no filter


def between(power):
    """Power halfway between the harmonics of 400 Hz over power at them, up to 3 kHz."""
    return float(power[:, 12:60:8].sum() / power[:, 8:60:8].sum())


def test_gains_are_let_go_of_slowly():
    gains = torch.tensor([1.0, 0.0, 0.0, 0.9, 0.1])[None, :, None]
    found, last = held(gains, torch.zeros(1, 1))
    np.testing.assert_allclose(found[0, :, 0], [1, 0.6, 0.36, 0.9, 0.54], rtol=1e-6)
    assert float(last) == pytest.approx(0.54)
    assert 60 / (-20 * np.log10(RELEASE)) * 10 == pytest.approx(135, abs=1)  # ms for 60 dB, as the paper says


def test_ideal_gains_are_root_ratios_of_band_power():
    network, clean = fresh("rnnoise_own"), buzz(3200)
    gains, heard, active = network.wanted(2 * clean, clean)
    np.testing.assert_allclose(gains[heard], 0.5, atol=1e-3)
    assert active[0, 2:-2].all() and not network.wanted(clean, 0 * clean)[2].any()
