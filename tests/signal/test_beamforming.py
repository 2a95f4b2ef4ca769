"""Beamformers against pyroomacoustics, scipy, closed forms, the text's listing, and weights drawn at random."""

import numpy as np
import pytest
import scipy.linalg
from reference.primer_mvdr import mvdr_beamformer

from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal import arrays, beamforming
from biosig.signal.beamforming import (
    beamform,
    blind_analytic_normalisation,
    covariance,
    delay_and_sum,
    gev,
    mvdr,
    souden_mvdr,
    steering_from_covariance,
)

M, F, T = 4, 5, 300
RNG = rng_for("test beamforming")


def draw(*shape):
    return RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape)


def field(rank=2 * M):
    """Covariances (F, M, M) of some waves."""
    waves = draw(F, M, rank)
    return waves @ waves.conj().swapaxes(1, 2)


def rank_one(vectors):
    return vectors[:, :, None] * vectors[:, None].conj()


def test_covariance_is_a_mean_of_outer_products():
    spectra, mask = draw(M, 7, F), RNG.random((7, F))
    for counted in (None, mask):
        weight = np.ones((7, F)) if counted is None else counted
        expected = np.zeros((F, M, M), complex)
        for f in range(F):
            for t in range(7):
                expected[f] += weight[t, f] * np.outer(spectra[:, t, f], spectra[:, t, f].conj())
            expected[f] /= weight[:, f].sum()
        np.testing.assert_allclose(covariance(spectra, counted), expected)
    assert not covariance(spectra, np.zeros((7, F))).any()


def test_delay_and_sum_of_a_row_is_the_closed_form():
    """|sin(M x) / (M sin x)|, x = πf·spacing·sin(θ)/c: the pattern of every textbook."""
    row, f = arrays.linear(5, 0.04), np.array([500.0, 3000.0, 7000.0])
    weights = delay_and_sum(arrays.plane_wave(row, f, 0.0))
    angles = np.arange(-89.5, 90)
    x = np.pi * f * 0.04 * np.sin(np.radians(angles))[:, None] / arrays.SOUND_SPEED
    found = np.abs(beamforming.response(weights, arrays.plane_wave(row, f, angles)))
    np.testing.assert_allclose(found, np.abs(np.sin(5 * x) / (5 * np.sin(x))), atol=1e-12)


def test_mvdr_is_that_of_pyroomacoustics():
    pyroomacoustics = pytest.importorskip("pyroomacoustics")
    places, source = RNG.uniform(0, 1, (3, M)), np.array([2.0, 3.0, 1.5])
    noise = field()[0]
    theirs = pyroomacoustics.Beamformer(places, 16_000, N=64)
    talker = pyroomacoustics.SoundSource(source)
    theirs.rake_one_forcing_weights(talker, R_n=noise)  # one source, nothing forced: MVDR
    frequencies = arrays.bin_frequencies(16_000, 64)
    speed = pyroomacoustics.constants.get("c")
    steering = arrays.spherical_wave(places.T, frequencies, source, speed) / (4 * np.pi)
    ours = mvdr(np.repeat(noise[None], frequencies.size, axis=0), steering, loading=0)
    np.testing.assert_allclose(ours, theirs.weights.T, rtol=1e-8)


def test_mvdr_is_what_the_text_prints():
    spectra, steering, noise = draw(M, T, F), draw(F, M), field()
    printed = mvdr_beamformer(spectra, steering.T, noise)
    np.testing.assert_allclose(beamform(mvdr(noise, steering, loading=0), spectra), printed, rtol=1e-9, atol=1e-10)


def test_what_the_text_prints_cannot_stand_a_diffuse_field_or_silence():
    coherence = arrays.diffuse_coherence(arrays.GEOMETRIES["pair"].places, np.array([0.0, 1000.0]))
    with pytest.raises(np.linalg.LinAlgError):
        mvdr_beamformer(draw(2, T, 2), np.ones((2, 2)), coherence)
    assert np.isfinite(mvdr(coherence, np.ones((2, 2)))).all()
    np.testing.assert_allclose(mvdr(np.zeros((F, M, M)), np.ones((F, M))), 1 / M)


def test_no_weights_that_let_the_source_through_hear_less_noise():
    noise, steering = field(), draw(F, M)
    weights = mvdr(noise, steering, loading=0)
    np.testing.assert_allclose(beamforming.response(weights, steering), 1)
    least = np.einsum("fm,fmn,fn->f", weights.conj(), noise, weights).real
    for _ in range(50):
        other = weights + 0.3 * draw(F, M)
        other /= beamforming.response(other, steering).conj()[:, None]
        assert (np.einsum("fm,fmn,fn->f", other.conj(), noise, other).real > least).all()


def test_mvdr_in_white_noise_and_with_much_loading_is_delay_and_sum():
    steering = draw(F, M)
    white = np.repeat(3 * np.eye(M)[None], F, axis=0)
    np.testing.assert_allclose(mvdr(white, steering), delay_and_sum(steering))
    np.testing.assert_allclose(mvdr(field(), steering, loading=1e9), delay_and_sum(steering), rtol=1e-6)


def test_mvdr_of_two_waves_puts_a_null_on_one_of_them():
    wanted, other = draw(2, F, M)
    noise = 1e4 * rank_one(other) + np.eye(M)
    weights = mvdr(noise, wanted, loading=0)
    assert np.abs(beamforming.response(weights, other)).max() < 1e-2
    along = np.sum(other.conj() * wanted, axis=1)  # the inverse by Sherman and Morrison
    solved = wanted - 1e4 * other * (along / (1 + 1e4 * np.sum(np.abs(other) ** 2, axis=1)))[:, None]
    np.testing.assert_allclose(weights, solved / np.sum(wanted.conj() * solved, axis=1)[:, None], rtol=1e-6)


@pytest.mark.parametrize("reference", [0, 2])
def test_mvdr_without_a_steering_vector_is_mvdr_with_that_of_the_reference(reference):
    noise, steering = field(), draw(F, M)
    speech = 2.5 * rank_one(steering)
    expected = mvdr(noise, arrays.relative(steering, reference))
    np.testing.assert_allclose(souden_mvdr(noise, speech, reference), expected, rtol=1e-6)
    for found in (
        steering_from_covariance(speech, reference=reference),
        steering_from_covariance(speech, noise, reference),
        steering_from_covariance(speech + noise, noise, reference),  # what is heard while somebody speaks
    ):
        np.testing.assert_allclose(found, arrays.relative(steering, reference), rtol=1e-4)


def test_noise_moves_the_principal_eigenvector_and_not_the_relative_transfer_function():
    noise, steering = field(), draw(F, M)
    heard, true = rank_one(steering) + noise, arrays.relative(steering)
    by_eigenvector, whitened = steering_from_covariance(heard), steering_from_covariance(heard, noise)
    assert np.linalg.norm(by_eigenvector - true) > 100 * np.linalg.norm(whitened - true)


def test_gev_is_the_generalised_eigenvector_of_scipy():
    noise, speech = field(), field()
    weights = gev(noise, speech, loading=0)
    for f in range(F):
        values, vectors = scipy.linalg.eigh(speech[f], noise[f])
        ratio = (weights[f].conj() @ speech[f] @ weights[f]) / (weights[f].conj() @ noise[f] @ weights[f])
        assert ratio.real == pytest.approx(values[-1], rel=1e-9)
        cosine = np.abs(vectors[:, -1].conj() @ noise[f] @ weights[f])
        assert cosine == pytest.approx(1, rel=1e-9)


def test_gev_with_normalisation_lets_a_source_of_even_loudness_through_as_it_is():
    steering = np.exp(2j * np.pi * RNG.random((F, M)))
    noise = field()
    weights = blind_analytic_normalisation(gev(noise, rank_one(steering), reference=1), noise)
    np.testing.assert_allclose(beamforming.response(weights, arrays.relative(steering, 1)), 1, rtol=1e-4)


def test_gains_in_noise_are_those_of_formulas():
    row = arrays.GEOMETRIES["linear"]
    f = np.array([1000.0, 4000.0])
    ahead = arrays.plane_wave(row, f, 90.0)  # along the row
    coherence = arrays.diffuse_coherence(row.places, f)
    plain, best = delay_and_sum(ahead), mvdr(coherence, ahead)
    np.testing.assert_allclose(beamforming.white_noise_gain(plain, ahead), 4)
    d_best, d_plain = (beamforming.directivity(w, ahead, coherence) for w in (best, plain))
    assert (d_best > d_plain).all() and (d_best <= 16 + 1e-6).all()  # M² is the limit of a row along its axis
    assert (beamforming.white_noise_gain(best, ahead) < 4).all()


def test_silence_goes_through_everything():
    silent = np.zeros((F, M, M))
    for weights in (souden_mvdr(silent, silent), gev(silent, silent), mvdr(silent, np.ones((F, M)))):
        assert np.isfinite(weights).all()
        assert not beamform(weights, np.zeros((M, T, F))).any()
    np.testing.assert_array_equal(steering_from_covariance(silent)[:, 0], 1)


ONES = np.ones((F, M))


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: mvdr(field(rank=2), ONES, loading=0), "covariance of 5 of 5 bins is singular.*bin 0"),
        (lambda: mvdr(field(), np.ones((F, 6))), "of 4 microphones in 5 bins, what goes with them of 6 in 5"),
        (lambda: mvdr(field(), ONES, loading=-1), "loading is -1"),
        (lambda: mvdr(field(), 0 * ONES), "no bin of zeros alone"),
        (lambda: mvdr(np.full((F, M, M), np.nan), ONES), "NaN"),
        (lambda: mvdr(np.ones((F, M, 2)), ONES), "expected \\(bins, microphones, microphones\\)"),
        (lambda: souden_mvdr(field(), field(), reference=4), "reference is 4: expected a microphone from 0 to 3"),
        (lambda: beamform(ONES, np.ones((3, T, F))), "weights are for 4 microphones and 5 bins, spectra have 3 and 5"),
        (lambda: beamform(ONES, np.ones((T, F))), "expected \\(microphones, frames, bins\\)"),
        (lambda: covariance(np.ones((M, T, F)), np.ones((F, T))), "mask has shape \\(5, 300\\)"),
        (lambda: covariance(np.full((M, T, F), np.inf)), "NaN or infinite"),
    ],
)
def test_bad_input_is_one_sentence(call, told):
    with pytest.raises(SignalError, match=told):
        call()
