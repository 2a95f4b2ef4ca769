"""Beamformers: one output from many microphones, by one complex weight per microphone and bin.

The output is Z(t, f) = w(f)ᴴ y(t, f). The weights differ in what they are told:

    delay and sum   d               w = d / (dᴴ d)
    MVDR            d, Φ_N          w = Φ_N⁻¹ d / (dᴴ Φ_N⁻¹ d)            (Capon, 1969)
    MVDR            Φ_S, Φ_N        w = Φ_N⁻¹ Φ_S u / tr(Φ_N⁻¹ Φ_S)       (Souden, Benesty and Affes, 2010)
    GEV             Φ_S, Φ_N        max wᴴ Φ_S w / wᴴ Φ_N w               (Warsitz and Haeb-Umbach, 2007)

with d the steering vector, Φ_S and Φ_N the covariances of speech and noise across the microphones, u the unit vector of
the reference microphone. Shapes: spectra (M, T, F), steering and weights (F, M), covariances (F, M, M);
M microphones, T frames, F bins.
"""

import numpy as np

from biosig.errors import SignalError

LOADING = 1e-6  # of the mean power of a microphone; keeps a covariance from being singular, and little else
SINGULAR = 1e-14  # of the greatest eigenvalue: below it a covariance has no inverse worth having


def covariance(spectra: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Covariance across microphones, each bin of each frame counted as much as a mask says.

    Φ(f) = Σ_t m(t, f) y yᴴ / Σ_t m(t, f) (Heymann, Drude and Haeb-Umbach, 2016).

    Args:
        spectra: complex, shape (M, T, F).
        mask: shape (T, F), none below 0; None counts all alike.

    Returns:
        Hermitian, shape (F, M, M); zeros where the mask lets nothing in.

    Raises:
        SignalError: shapes that do not fit, NaN, or a mask below 0.
    """
    spectra = checked_spectra(spectra)
    y = np.moveaxis(spectra, 2, 0)  # (F, M, T)
    if mask is None:
        return y @ y.conj().swapaxes(1, 2) / y.shape[2]
    mask = np.asarray(mask, dtype=np.float64)
    if mask.shape != spectra.shape[1:] or not np.isfinite(mask).all() or (mask < 0).any():
        raise SignalError(f"mask has shape {mask.shape}: expected {spectra.shape[1:]}, finite and none below 0.")
    weight = mask.T[:, None]
    return (weight * y) @ y.conj().swapaxes(1, 2) / np.maximum(weight.sum(axis=2, keepdims=True), 1e-300)


def loaded(covariances: np.ndarray, loading: float = LOADING) -> np.ndarray:
    """With a little of white noise on every microphone: Φ + δ·tr(Φ)/M·I (diagonal loading; Cox et al., 1987).

    Args:
        covariances: shape (..., M, M).
        loading: δ ≥ 0.

    Raises:
        SignalError: a loading below 0.
    """
    if not (np.isfinite(loading) and loading >= 0):
        raise SignalError(f"loading is {loading!r}: expected a number from 0.")
    m = covariances.shape[-1]
    power = np.trace(covariances, axis1=-2, axis2=-1).real / m
    return covariances + loading * power[..., None, None] * np.eye(m)


def delay_and_sum(steering: np.ndarray) -> np.ndarray:
    """Weights that undo each microphone's delay and take the mean: d / (dᴴ d), shape (F, M).

    Example:
        >>> delay_and_sum(np.array([[1.0, 1j]]))
        array([[0.5+0.j , 0. +0.5j]])
    """
    steering = _checked_steering(steering)
    return steering / np.sum(np.abs(steering) ** 2, axis=-1, keepdims=True)


def mvdr(noise: np.ndarray, steering: np.ndarray, loading: float = LOADING) -> np.ndarray:
    """Least noise of all weights that let the source through unchanged (Capon, 1969): Φ⁻¹ d / (dᴴ Φ⁻¹ d).

    Args:
        noise: covariance of the noise, shape (F, M, M); of all that is heard, and it is Capon's own, which is hurt by
            every error of ``steering``.
        steering: d, shape (F, M).
        loading: see :func:`loaded`; bins without any noise become delay and sum.

    Returns:
        Complex, shape (F, M).

    Raises:
        SignalError: shapes that do not fit, NaN, or a covariance that is singular even when loaded.

    Example:
        >>> noise = np.diag([1.0, 3.0])[None]
        >>> mvdr(noise, np.ones((1, 2)), loading=0)  # the quieter microphone counts three times as much
        array([[0.75+0.j, 0.25+0.j]])
    """
    steering = _checked_steering(steering)
    noise = _checked_covariance(noise, steering.shape)
    solved = np.linalg.solve(_invertible(noise, loading), steering[..., None])[..., 0]
    return solved / np.sum(steering.conj() * solved, axis=-1, keepdims=True)


def souden_mvdr(noise: np.ndarray, speech: np.ndarray, reference: int = 0, loading: float = LOADING) -> np.ndarray:
    """MVDR without a steering vector (Souden, Benesty and Affes, 2010).

    Where the speech's covariance is of rank one this is :func:`mvdr` with that vector, seen from the reference.

    Args:
        noise, speech: covariances, shape (F, M, M).
        reference: the microphone whose speech comes out.
        loading: of the noise's.

    Returns:
        Complex, shape (F, M).

    Raises:
        SignalError: as :func:`mvdr`, or there is no such microphone.
    """
    speech = _checked_covariance(speech)
    noise = _checked_covariance(noise, speech.shape[:2])
    check_reference(reference, speech.shape[-1])
    solved = np.linalg.solve(_invertible(noise, loading), speech)
    total = np.trace(solved, axis1=1, axis2=2)
    heard = np.abs(total) > 0  # no speech: the reference as it is
    weights = solved[..., reference] / np.where(heard, total, 1)[:, None]
    weights[~heard] = np.eye(speech.shape[-1])[reference]
    return weights


def gev(noise: np.ndarray, speech: np.ndarray, reference: int = 0, loading: float = LOADING) -> np.ndarray:
    """Greatest signal-to-noise ratio (Warsitz and Haeb-Umbach, 2007): the first generalised eigenvector.

    Its size and phase are open. Here the phase is that of the speech at the reference microphone, and the size makes
    wᴴ Φ_N w one; :func:`blind_analytic_normalisation` gives it a better one.

    Args:
        noise, speech: covariances, shape (F, M, M).
        reference: the microphone whose phase comes out.
        loading: of the noise's.

    Returns:
        Complex, shape (F, M).

    Raises:
        SignalError: as :func:`souden_mvdr`.
    """
    speech = _checked_covariance(speech)
    noise = _invertible(_checked_covariance(noise, speech.shape[:2]), loading)
    check_reference(reference, speech.shape[-1])
    weights = _principal(noise, speech)
    seen = (noise @ weights[..., None])[..., reference, 0]  # Φ_N w is how the source arrives
    size = np.abs(seen)
    return weights * np.where(size > 0, seen / np.where(size > 0, size, 1), 1).conj()[:, None]


def blind_analytic_normalisation(weights: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Weights of a size at which a source comes through about as loud as it is (Warsitz and Haeb-Umbach, 2007).

    g = √(wᴴ Φ_N Φ_N w / M) / (wᴴ Φ_N w): the mean gain over the microphones, exact where they all hear the source
    equally loud.

    Args:
        weights: shape (F, M).
        noise: covariance, shape (F, M, M).

    Returns:
        Complex, shape (F, M).
    """
    noise = _checked_covariance(noise, np.shape(weights))
    seen = (noise @ weights[..., None])[..., 0]
    power = np.sum(weights.conj() * seen, axis=-1).real
    size = np.linalg.norm(seen, axis=-1) / np.sqrt(weights.shape[-1])
    return weights * np.where(power > 0, size / np.where(power > 0, power, 1), 1)[:, None]


def steering_from_covariance(
    speech: np.ndarray, noise: np.ndarray | None = None, reference: int = 0, loading: float = LOADING
) -> np.ndarray:
    """How the source arrives, read off covariances, and nothing known of where anything is.

    Without ``noise`` the principal eigenvector of ``speech``. With it the relative transfer function by covariance
    whitening, Φ_N w of the first generalised eigenvector w: right even where ``speech`` holds noise as well.

    Args:
        speech: covariance, shape (F, M, M).
        noise: covariance, the same shape.
        reference: the microphone at which the vector is 1.
        loading: of the noise's.

    Returns:
        Complex, shape (F, M); where the reference hears nothing of the source, ones.

    Raises:
        SignalError: shapes that do not fit, NaN, or a singular noise covariance.
    """
    speech = _checked_covariance(speech)
    check_reference(reference, speech.shape[-1])
    if noise is None:
        vector = np.linalg.eigh(speech)[1][..., -1]
    else:
        noise = _invertible(_checked_covariance(noise, speech.shape[:2]), loading)
        vector = (noise @ _principal(noise, speech)[..., None])[..., 0]
    at = vector[:, [reference]]
    heard = np.abs(at) > 1e-12 * np.abs(vector).max(axis=1, keepdims=True)
    return np.where(heard, vector / np.where(heard, at, 1), 1)


def beamform(weights: np.ndarray, spectra: np.ndarray) -> np.ndarray:
    """Z = wᴴ y: weights (F, M) and spectra (M, T, F) → (T, F).

    Raises:
        SignalError: another number of microphones or bins in one than in the other.
    """
    spectra, weights = checked_spectra(spectra), np.asarray(weights)
    if weights.shape != (spectra.shape[2], spectra.shape[0]):
        raise SignalError(
            f"weights are for {weights.shape[-1]} microphones and {weights.shape[0]} bins, spectra have"
            f" {spectra.shape[0]} and {spectra.shape[2]}: expected the same."
        )
    return np.einsum("fm,mtf->tf", weights.conj(), spectra)


def response(weights: np.ndarray, steering: np.ndarray) -> np.ndarray:
    """What a source comes through with, wᴴ d: weights (F, M) and steering (..., F, M) → (..., F)."""
    return np.sum(np.conj(weights) * steering, axis=-1)


def white_noise_gain(weights: np.ndarray, steering: np.ndarray) -> np.ndarray:
    """|wᴴ d|² / wᴴ w, shape (F,): by how much the source gains on the microphones' own noise.

    At most M (delay and sum). Below 1 the beamformer makes that noise louder, and is as sensitive to every error of
    phase and gain.
    """
    return np.abs(response(weights, steering)) ** 2 / np.sum(np.abs(weights) ** 2, axis=-1)


def directivity(weights: np.ndarray, steering: np.ndarray, coherence: np.ndarray) -> np.ndarray:
    """|wᴴ d|² / wᴴ Γ w, shape (F,): by how much the source gains on noise that comes from everywhere."""
    diffuse = np.einsum("fm,fmn,fn->f", np.conj(weights), coherence, weights).real
    return np.abs(response(weights, steering)) ** 2 / diffuse


def checked_spectra(spectra: np.ndarray) -> np.ndarray:
    """Spectra of shape (M, T, F), finite.

    Raises:
        SignalError: they are not.
    """
    spectra = np.asarray(spectra)
    if spectra.ndim != 3 or 0 in spectra.shape:
        raise SignalError(f"spectra have shape {spectra.shape}: expected (microphones, frames, bins).")
    if not np.isfinite(spectra).all():
        raise SignalError("spectra hold NaN or infinite values: expected finite ones.")
    return spectra


def check_reference(reference: int, microphones: int) -> None:
    """Raise SignalError unless there is such a microphone."""
    if not (isinstance(reference, int | np.integer) and 0 <= reference < microphones):
        raise SignalError(f"reference is {reference!r}: expected a microphone from 0 to {microphones - 1}.")


def _principal(noise: np.ndarray, speech: np.ndarray) -> np.ndarray:
    """w of greatest wᴴ Φ_S w / wᴴ Φ_N w, with wᴴ Φ_N w = 1: by the eigenvectors of L⁻¹ Φ_S L⁻ᴴ, L Lᴴ = Φ_N."""
    inverse = np.linalg.inv(np.linalg.cholesky(noise))
    whitened = inverse @ speech @ inverse.conj().swapaxes(1, 2)
    first = np.linalg.eigh((whitened + whitened.conj().swapaxes(1, 2)) / 2)[1][..., -1]
    return (inverse.conj().swapaxes(1, 2) @ first[..., None])[..., 0]


def _invertible(covariances: np.ndarray, loading: float) -> np.ndarray:
    """Loaded, and 1 on the diagonal where nothing was heard.

    Raises:
        SignalError: singular all the same.
    """
    out = loaded(covariances, loading)
    silent = np.trace(out, axis1=1, axis2=2).real <= 0
    out[silent] = np.eye(out.shape[-1])
    values = np.linalg.eigvalsh(out)
    bad = np.flatnonzero(values[:, 0] <= SINGULAR * values[:, -1])
    if bad.size:
        raise SignalError(
            f"the noise covariance of {bad.size} of {len(out)} bins is singular (the first is bin {bad[0]}): expected"
            " more frames than microphones, no two channels alike, or a loading above 0."
        )
    return out


def _checked_covariance(covariances: np.ndarray, fits: tuple[int, ...] | None = None) -> np.ndarray:
    """Covariances of shape (F, M, M), finite; of as many bins and microphones as ``fits``, (F, M), says."""
    covariances = np.asarray(covariances, dtype=np.complex128)
    shape = covariances.shape
    if covariances.ndim != 3 or shape[1] != shape[2]:
        raise SignalError(f"covariances have shape {shape}: expected (bins, microphones, microphones).")
    if fits is not None and shape[:2] != tuple(fits):
        raise SignalError(
            f"covariances are of {shape[1]} microphones in {shape[0]} bins, what goes with them of {fits[1]} in"
            f" {fits[0]}: expected the same."
        )
    if not np.isfinite(covariances).all():
        raise SignalError("covariances hold NaN or infinite values: expected finite ones.")
    return covariances


def _checked_steering(steering: np.ndarray) -> np.ndarray:
    steering = np.asarray(steering, dtype=np.complex128)
    if steering.ndim != 2 or not np.isfinite(steering).all() or not steering.any(axis=1).all():
        raise SignalError(
            f"steering has shape {steering.shape}: expected (bins, microphones), finite, and no bin of zeros alone."
        )
    return steering
