"""Losses for speech against numpy, pystoi and pesq, and on the signals that break a loss."""

import numpy as np
import pesq
import pystoi
import pytest
import scipy.signal
import scipy.stats
import torch
from reference.speech_makers import speech_like

from biosig.seeds import rng_for
from biosig.signal.mixing import mix_at_snr
from biosig.signal.stft import stft
from biosig.training import loudness_loss, spectral_losses, stoi_loss
from biosig.training.objectives import (
    BOUNDED_WEIGHT,
    OBJECTIVES,
    SI_WEIGHT,
    STOI_WEIGHT,
    bounded_error,
    objective,
)

FS, N = 16000, 32000
SPECTRAL = ["spectral_mse", "mrstft", "compressed"]
LEVELLED = [
    "mrstft", "compressed", "stoi", "pesq_proxy", "compressed+si", "compressed+stoi", "compressed+bounded", "l1+mrstft",
]
SPEECH = [*SPECTRAL, *LEVELLED[2:]]
RNG = rng_for("speech losses")
CLEAN = np.stack([speech_like(N, FS, "losses", k) for k in range(3)])
PINK = scipy.signal.lfilter([1], [1, -0.95], RNG.standard_normal(CLEAN.shape))
NOISES = {"white": RNG.standard_normal(CLEAN.shape), "red": PINK, "babble": np.roll(CLEAN[::-1], 5000, axis=-1)}
NOISY = mix_at_snr(CLEAN, NOISES["white"], 5.0)[0]


def tensor(x):
    return torch.tensor(np.ascontiguousarray(x), dtype=torch.float32)


def value(name, estimate, clean=CLEAN):
    return objective(name)(lambda x: x, tensor(estimate), tensor(clean), torch.Generator()).item()


def slope(name, estimate, clean):
    """The loss, and its gradient for the estimate."""
    estimate = tensor(estimate).requires_grad_()
    loss = objective(name)(lambda x: x, estimate, tensor(clean), torch.Generator())
    loss.backward()
    return loss, estimate.grad


def spectra(x, n_fft=512, hop=128, window=512):
    """Those of the losses, from biosig's numpy STFT (N is a whole number of every hop but 120 and 240's)."""
    values = scipy.signal.get_window("hann", window)
    padded = np.pad(values / np.sqrt(np.sum(values**2)), (n_fft - window) // 2)
    return stft(x, n_fft, hop, padded)[..., : 1 + x.shape[-1] // hop, :]


def test_spectral_mse_is_the_primers_formula():
    expected = np.mean((np.abs(spectra(NOISY)) - np.abs(spectra(CLEAN))) ** 2)
    assert value("spectral_mse", NOISY) == pytest.approx(expected, rel=1e-3)


def test_compressed_by_polar_coordinates():
    speech = CLEAN + 0.01 * NOISES["red"]  # no bin at the floor, which the formula does not have
    clean, noisy = (spectra(x / np.sqrt(np.mean(speech**2, axis=-1, keepdims=True)), hop=256) for x in (speech, NOISY))
    a, b = np.abs(noisy) ** 0.3, np.abs(clean) ** 0.3
    complex_part = np.abs(a * np.exp(1j * np.angle(noisy)) - b * np.exp(1j * np.angle(clean))) ** 2
    expected = 0.7 * np.mean((a - b) ** 2) + 0.3 * np.mean(complex_part)
    assert value("compressed", NOISY, speech) == pytest.approx(expected, rel=2e-3)


def test_compressed_hears_the_phase_only_in_its_complex_part():
    """A change of sign leaves magnitudes alone: 0.3·|2X^c|² remains."""
    expected = 0.3 * 4 * np.mean((np.abs(spectra(NOISY, hop=256)) ** 2 + 1e-8) ** 0.3)
    loss = spectral_losses.compressed(-tensor(NOISY), tensor(NOISY)).item()
    assert loss == pytest.approx(expected, rel=1e-3)


def test_multi_resolution_is_the_mean_of_three_by_numpy():
    total = 0.0
    for n_fft, hop, window in ((512, 50, 240), (1024, 120, 600), (2048, 240, 1200)):
        estimate, clean = (np.sqrt(np.abs(spectra(x, n_fft, hop, window)) ** 2 + 1e-8) for x in (NOISY, CLEAN))
        convergence = np.linalg.norm(estimate - clean, axis=(-2, -1)) / np.linalg.norm(clean, axis=(-2, -1))
        total += convergence.mean() + np.abs(np.log(estimate) - np.log(clean)).mean()
    assert value("mrstft", NOISY) == pytest.approx(total / 3, rel=5e-3)


def test_resampling_is_scipys_within_the_passband():
    band = scipy.signal.sosfiltfilt(scipy.signal.butter(8, 3500, fs=FS, output="sos"), NOISES["white"])
    ours = stoi_loss.resample(tensor(band), FS).numpy()
    theirs = scipy.signal.resample_poly(band, 5, 8, axis=-1, window=("kaiser", 12.0))
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs)[:, 200:-200].max() < 5e-3 * theirs.std()
    tone = np.sin(2 * np.pi * 6000 * np.arange(N) / FS)[None]  # above the new Nyquist
    assert np.abs(stoi_loss.resample(tensor(tone), FS).numpy()[:, 200:-200]).max() < 2e-3


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("snr_db", [-5.0, 5.0])
def test_stoi_is_pystois(noise, snr_db):
    noisy = mix_at_snr(CLEAN, NOISES[noise], snr_db)[0]
    expected = [pystoi.stoi(clean, estimate, FS) for clean, estimate in zip(CLEAN, noisy, strict=True)]
    assert stoi_loss.stoi(tensor(noisy), tensor(CLEAN)).numpy() == pytest.approx(np.array(expected), abs=5e-4)
    assert value("stoi", noisy) == pytest.approx(-np.mean(expected), abs=5e-4)


@pytest.mark.parametrize("fs", [10000, 12000, 48000])
def test_stoi_takes_other_rates(fs):
    clean = speech_like(2 * fs, fs, "rates")
    noisy = mix_at_snr(clean, rng_for("rates", fs).standard_normal(clean.size), 5.0)[0]
    ours = stoi_loss.stoi(tensor(noisy[None]), tensor(clean[None]), fs).item()
    assert ours == pytest.approx(pystoi.stoi(clean, noisy, fs), abs=3e-3)


def test_stoi_of_too_little_speech_is_nothing():
    short = np.where(np.arange(N) < 4000, CLEAN, 0)
    loss, gradient = slope("stoi", NOISY, short)
    assert loss == 0 and not gradient.any()
    assert stoi_loss.stoi(tensor(NOISY[:, :50]), tensor(CLEAN[:, :50])).tolist() == [0, 0, 0]


def test_pesq_proxy_orders_noisy_clips_as_pesq_does():
    snrs = (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 30.0)
    for noise in NOISES.values():
        mixtures = [mix_at_snr(CLEAN[0], noise[0], snr_db)[0] for snr_db in snrs]
        ours = [value("pesq_proxy", x[None], CLEAN[:1]) for x in mixtures]
        theirs = [pesq.pesq(FS, CLEAN[0], x, "wb") for x in mixtures]
        assert scipy.stats.spearmanr(ours, theirs).statistic < -0.95, (ours, theirs)


def test_pesq_proxy_minds_additions_more_than_losses():
    """The same spectrum, once lost and once added: P.862's asymmetry."""
    whole, part = CLEAN, scipy.signal.sosfilt(scipy.signal.butter(6, 1500, fs=FS, output="sos"), CLEAN)
    lost = loudness_loss.pesq_proxy(tensor(part), tensor(whole)).item()
    added = loudness_loss.pesq_proxy(tensor(whole), tensor(part)).item()
    assert added > 1.5 * lost > 0


def test_loudness_of_a_tone_at_hearings_threshold_is_nothing():
    bands, threshold = loudness_loss._bark_bands(torch.device("cpu"))
    time = np.arange(N) / FS
    for hertz, audible in ((1000, 15), (100, 35)):  # a band, and a level well above its threshold, dB SPL
        tone = np.sqrt(2) * np.sin(2 * np.pi * hertz * time)[None] * 10 ** (-79 / 20)  # 0 dB SPL
        quiet, loud = (loudness_loss._loudness(tensor(tone * 10 ** (level / 20)))[0] for level in (0, audible))
        assert quiet[:, 5:-5].max() < 1e-3 < loud[:, 5:-5].max()
    assert threshold.argmin() in range(24, 32)  # the ear is best near 3 to 4 kHz: 14 Bark


@pytest.mark.parametrize("name", SPEECH)
def test_no_loss_is_lower_than_that_of_clean_speech(name):
    perfect = value(name, CLEAN)
    values = [value(name, mix_at_snr(CLEAN, NOISES["white"], snr_db)[0]) for snr_db in (20.0, 10.0, 0.0)]
    assert perfect < values[0] < values[1] < values[2]
    best = {"stoi": -1, "compressed+stoi": -STOI_WEIGHT, "compressed+bounded": -30 * BOUNDED_WEIGHT}.get(name, 0)
    if name != "compressed+si":
        assert perfect == pytest.approx(best, abs=1e-3)


@pytest.mark.parametrize("name", LEVELLED)
def test_loudness_does_not_matter(name):
    for gain in (1e-3, 30.0):
        assert value(name, gain * NOISY, gain * CLEAN) == pytest.approx(value(name, NOISY), rel=2e-3)


@pytest.mark.parametrize("name", SPEECH)
@pytest.mark.parametrize("n", [N, 300, 1])
def test_silence_and_perfection_have_finite_gradients(name, n):
    silence = np.zeros_like(CLEAN)
    for estimate, clean in ((CLEAN, CLEAN), (NOISY, silence), (silence, CLEAN), (silence, silence)):
        loss, gradient = slope(name, estimate[:, 9000 : 9000 + n], clean[:, 9000 : 9000 + n])
        assert torch.isfinite(loss) and torch.isfinite(gradient).all()


@pytest.mark.parametrize("name", SPEECH)
def test_a_step_against_the_gradient_helps(name):
    loss, gradient = slope(name, NOISY, CLEAN)
    step = (1e-4 * np.linalg.norm(NOISY) * gradient / gradient.norm()).numpy()
    change = value(name, NOISY - step) - loss.item()
    assert change == pytest.approx(-np.sum(gradient.numpy() * step), rel=0.4) and change < 0


def test_sums_are_the_weighted_sums():
    parts = {name: value(name, NOISY) for name in ("compressed", "si", "stoi")}
    assert value("compressed+si", NOISY) == pytest.approx(parts["compressed"] + SI_WEIGHT * parts["si"], rel=1e-4)
    expected = parts["compressed"] + STOI_WEIGHT * parts["stoi"]
    assert value("compressed+stoi", NOISY) == pytest.approx(expected, rel=1e-4)


def test_the_bounded_error_is_the_error_below_the_input_and_stops_at_30_db():
    error = 10 * np.log10(np.sum((NOISY - CLEAN) ** 2, -1) / np.sum(NOISY**2, -1))
    found = bounded_error(tensor(NOISY), tensor(CLEAN), tensor(NOISY))
    assert found.item() == pytest.approx(np.mean(10 * np.log10(10 ** (error / 10) + 1e-3)), abs=1e-3)
    assert bounded_error(tensor(CLEAN), tensor(CLEAN), tensor(CLEAN)).item() == pytest.approx(-30, abs=1e-3)
    silence = torch.zeros(CLEAN.shape)
    assert bounded_error(0.1 * tensor(NOISY), silence, tensor(NOISY)).item() == pytest.approx(-20, abs=0.5)


def test_noise_alone_weighs_no_more_than_a_noisy_item_does():
    def of(clean):
        return objective("compressed+bounded")(lambda x: 0.1 * x, tensor(NOISY), tensor(clean), None).item()

    assert of(np.zeros_like(CLEAN)) < of(CLEAN)


@pytest.mark.parametrize("name", SPEECH)
def test_bfloat16_networks_are_measured_in_float32(name):
    network = torch.nn.Sequential(torch.nn.Linear(400, 400, bias=False), torch.nn.Flatten(1))
    noisy, clean = tensor(NOISY).reshape(-1, 400), tensor(CLEAN).reshape(-1, 400)

    def as_signal(x):
        out = network(x.reshape(-1, 400))
        assert out.dtype == torch.bfloat16
        return out.reshape(x.shape)

    with torch.autocast("cpu", torch.bfloat16):
        loss = objective(name)(as_signal, noisy.reshape(3, -1), clean.reshape(3, -1), torch.Generator())
        estimate = as_signal(noisy.reshape(3, -1)).float().detach()
    loss.backward()
    assert loss.dtype == torch.float32 and torch.isfinite(network[0].weight.grad).all()
    # the wrapper takes its level from the noisy signal too: only where clean is 20 dB below, which it is not
    expected = objective(name)(lambda _: estimate, tensor(NOISY), tensor(CLEAN), torch.Generator())
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_tables_made_in_inference_mode_serve_gradients():
    tables = (spectral_losses.unit_hann, stoi_loss._window, stoi_loss._band_matrix, stoi_loss._polyphase)
    for table in (*tables, loudness_loss._bark_bands):
        table.cache_clear()
    for name in SPEECH:
        with torch.inference_mode():
            value(name, NOISY)
        assert slope(name, NOISY, CLEAN)[1].any()


def test_every_name_is_tested():
    elsewhere = {"l1", "l2", "snr", "si", "diffusion", "ccc", "middle_frame", "score", "compressed+voice", "cmgan"}
    elsewhere |= {"band_gains", "refinement", "filled"}
    assert set(SPEECH) == set(OBJECTIVES) - elsewhere
