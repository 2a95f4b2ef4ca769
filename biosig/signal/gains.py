"""Spectral gains: what each bin of a noisy spectrum is multiplied by, given how noisy it is.

The symbols are those of Ephraim and Malah: Y = X + N noisy, clean and noise spectra, σ² = E|N|²,

    γ = |Y|²/σ²     a posteriori SNR, what is seen
    ξ = E|X|²/σ²    a priori SNR, what is believed
    v = γ·ξ/(1 + ξ)

All are ratios of powers, not dB, of any shapes that fit together; gains come in that shape.
"""

from collections.abc import Callable

import numpy as np
import scipy.special

from biosig.checks import check_rate
from biosig.errors import SignalError

# γ is kept within these: below, a gain that grows as 1/|Y| would overflow; above, there is hardly any noise
LEAST_GAMMA, MOST_GAMMA = 1e-10, 1e12
TINY = np.finfo(np.float64).tiny


def posterior_snr(power: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """γ = |Y|²/σ², at most 1e12; 0/0 is 0, so that silence stays silent."""
    with np.errstate(over="ignore"):
        return np.minimum(power / np.maximum(noise, TINY), MOST_GAMMA)


def subtraction_gain(
    gamma: np.ndarray,
    over_subtraction: float | np.ndarray = 1.0,
    floor: float | np.ndarray = 0.0,
    exponent: float = 2.0,
) -> np.ndarray:
    """Spectral subtraction: |X̂|^p = max(|Y|^p - α·E|N|^p, β·E|N|^p), as a gain |X̂|/|Y| of at most 1.

    p = 1 subtracts magnitudes (Boll, 1979), p = 2 powers (Berouti, Schwartz and Makhoul, 1979). For Gaussian
    noise E|N|^p = Γ(1 + p/2)·σ^p.

    Args:
        gamma: γ.
        over_subtraction: α ≥ 0.
        floor: β ≥ 0, the share of the noise left in.
        exponent: p > 0.

    Raises:
        SignalError: an impossible α, β or p.

    Example:
        >>> subtraction_gain(np.array([4.0, 1.0]), over_subtraction=1.0)
        array([0.8660254, 0.       ])
    """
    if not (np.all(np.asarray(over_subtraction) >= 0) and np.all(np.asarray(floor) >= 0)):
        raise SignalError(f"over_subtraction {over_subtraction} and floor {floor}: expected neither below 0.")
    check_rate(exponent, name="exponent")
    noise_moment = scipy.special.gamma(1 + exponent / 2)
    ratio = np.maximum(gamma, LEAST_GAMMA) ** (exponent / 2) / noise_moment  # |Y|^p / E|N|^p
    return np.clip(np.maximum(1 - over_subtraction / ratio, floor / ratio), 0, 1) ** (1 / exponent)


def wiener_gain(xi: np.ndarray, gamma: np.ndarray | None = None) -> np.ndarray:
    """ξ/(1 + ξ): the least mean square error of X itself, phase and all. γ does not matter.

    Example:
        >>> wiener_gain(np.array([1.0, 9.0]))
        array([0.5, 0.9])
    """
    return xi / (1 + xi)


def stsa_gain(xi: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """MMSE short-time spectral amplitude: E[|X| given Y] / |Y| (Ephraim and Malah, 1984, eq. 7).

    G = √π/2 · √v/γ · exp(-v/2)·[(1 + v)·I0(v/2) + v·I1(v/2)], with Bessel functions scaled by exp(-v/2), so
    that large v do not overflow.
    """
    gamma = np.maximum(gamma, LEAST_GAMMA)
    v = wiener_gain(xi) * gamma
    bessel = (1 + v) * scipy.special.i0e(v / 2) + v * scipy.special.i1e(v / 2)
    return np.sqrt(np.pi * v) / (2 * gamma) * bessel


def log_stsa_gain(xi: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """MMSE log-spectral amplitude: exp(E[ln|X| given Y]) / |Y| (Ephraim and Malah, 1985, eq. 20).

    G = ξ/(1 + ξ) · exp(E1(v)/2), E1 the exponential integral.
    """
    wiener = wiener_gain(xi)
    return wiener * np.exp(scipy.special.exp1(wiener * np.maximum(gamma, LEAST_GAMMA)) / 2)


class DecisionDirected:
    """A gain whose ξ is half remembered, half seen (Ephraim and Malah, 1984, eq. 51).

    ξ(l) = max(α·|X̂(l-1)|²/σ²(l-1) + (1 - α)·max(γ(l) - 1, 0), ξ_min). The memory takes the jumps out of ξ,
    and with them most musical noise (Cappé, 1994).

    Args:
        gain: a function of (ξ, γ), each (..., bins).
        smoothing: α, of one frame to the next.
        xi_min_db: the least ξ in dB; it limits how far noise is suppressed.
    """

    def __init__(self, gain: Callable[..., np.ndarray], smoothing: float = 0.98, xi_min_db: float = -25.0):
        if not 0 <= smoothing < 1:
            raise SignalError(f"smoothing is {smoothing!r}: expected 0 to below 1.")
        if not np.isfinite(xi_min_db):
            raise SignalError(f"xi_min_db is {xi_min_db!r}: expected a finite number of dB.")
        self._gain, self._smoothing, self._xi_min = gain, smoothing, 10 ** (xi_min_db / 10)
        self._clean: np.ndarray | float = 1.0  # |X̂|²/σ² of the frame before

    def __call__(self, power: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """The gains (..., bins) of one more frame, from |Y|² and σ²."""
        gamma = posterior_snr(power, noise)
        xi = self._smoothing * self._clean + (1 - self._smoothing) * np.maximum(gamma - 1, 0)
        gain = self._gain(np.maximum(xi, self._xi_min), gamma)
        self._clean = gain**2 * gamma
        return gain
