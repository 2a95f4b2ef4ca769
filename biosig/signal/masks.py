"""Ideal masks: what a network that masks spectra may learn, each the right answer for every bin by itself.

X is the clean, N the noise and Y = X + N the noisy STFT of one signal, each complex (..., frames, bins). All
masks need to know X: they are targets, no systems. :func:`oracle` goes from signal to signal.

They are no upper bounds either, but for the complex one. Frames overlap, so M·Y is in general no STFT of any signal,
and what the inverse makes of it is not judged bin by bin: a mask that is worse in the bins may be better as a signal.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from biosig.checks import as_signal, same_shape
from biosig.errors import SignalError
from biosig.signal.gains import TINY
from biosig.signal.stft import istft, stft
from biosig.signal.streaming import frame_sizes

STEEPNESS, LIMIT = 0.1, 10.0  # C and K of the compressed complex mask


def ibm(clean: np.ndarray, noise: np.ndarray, threshold_db: float = 0.0) -> np.ndarray:
    """Ideal binary mask: 1 where |X|²/|N|² is above the threshold, else 0 (Wang, 2005).

    Args:
        clean, noise: spectra of one shape.
        threshold_db: the local SNR from which a bin counts as speech.

    Returns:
        Zeros and ones of that shape; 0 in silence.

    Raises:
        SignalError: shapes differ, or spectra that are not finite.
    """
    speech, noise = _powers(clean, noise)
    return (speech > noise * 10 ** (threshold_db / 10)).astype(np.float64)


def irm(clean: np.ndarray, noise: np.ndarray, exponent: float = 1.0) -> np.ndarray:
    """Ideal ratio mask: (|X|²/(|X|² + |N|²))^β (Srinivasan et al., 2006; the primer, section 4.1).

    Args:
        clean, noise: spectra of one shape.
        exponent: β > 0: 1 is the primer's, a Wiener gain that knows both powers; 0.5 is common for training
            (Wang, Narayanan and Wang, 2014).

    Returns:
        Values from 0 to 1 of that shape; 0 in silence.

    Raises:
        SignalError: shapes differ, spectra that are not finite, or an exponent that is not positive.

    Example:
        >>> irm(np.array([[3.0, 1j]]), np.array([[4.0, 1.0]]))
        array([[0.36, 0.5 ]])
    """
    if not exponent > 0:
        raise SignalError(f"exponent is {exponent!r}: expected more than 0.")
    speech, noise = _powers(clean, noise)
    return (speech / np.maximum(speech + noise, TINY)) ** exponent


def cirm(clean: np.ndarray, noisy: np.ndarray) -> np.ndarray:
    """Complex ideal ratio mask: X/Y, magnitude and phase (Williamson, Wang and Wang, 2016, eq. 6-7).

    M·Y is X again, exactly, wherever Y is not 0. The mask has no bound: see :func:`compress_cirm`.

    Args:
        clean, noisy: spectra of one shape.

    Returns:
        Complex, of that shape; 0 where Y is 0.

    Raises:
        SignalError: shapes differ, or spectra that are not finite.
    """
    clean, noisy = _spectra(clean, noisy, "noisy")
    heard = noisy != 0
    return np.where(heard, clean, 0) / np.where(heard, noisy, 1)


def psm(clean: np.ndarray, noisy: np.ndarray, truncated: bool = True) -> np.ndarray:
    """Phase-sensitive mask: |X|/|Y|·cos(φ_X - φ_Y), the real part of X/Y (Erdogan et al., 2015, eq. 10).

    Of all real masks it has the least |M·Y - X|² in each bin: it turns a bin down further the more its phase is
    wrong. The signal made of M·Y may still be closer to the clean one with another mask, as frames overlap.

    Args:
        clean, noisy: spectra of one shape.
        truncated: hold it within [0, 1], where networks with a sigmoid can follow.

    Returns:
        Real, of that shape; 0 where Y is 0.

    Raises:
        SignalError: shapes differ, or spectra that are not finite.
    """
    mask = cirm(clean, noisy).real
    return np.clip(mask, 0, 1) if truncated else mask


def compress_cirm(mask: np.ndarray, limit: float = LIMIT, steepness: float = STEEPNESS) -> np.ndarray:
    """K·(1 - exp(-C·m))/(1 + exp(-C·m)) of real and imaginary part: within ±K (Williamson et al., 2016, eq. 9).

    A network learns this instead of the unbounded mask; :func:`expand_cirm` inverts it.

    Args:
        mask: complex, any shape.
        limit, steepness: K = 10 and C = 0.1 are the paper's.

    Example:
        >>> np.round(compress_cirm(np.array([1 - 1000j])), 4)
        array([0.4996-10.j])
    """
    mask = np.asarray(mask)
    return limit * (np.tanh(steepness * mask.real / 2) + 1j * np.tanh(steepness * mask.imag / 2))


def expand_cirm(mask: np.ndarray, limit: float = LIMIT, steepness: float = STEEPNESS) -> np.ndarray:
    """The mask that :func:`compress_cirm` was given: -1/C·ln((K - M)/(K + M)) (Williamson et al., 2016, eq. 10).

    Parts at ±K or beyond, where a network's output may lie, are held just inside: large, but finite.
    """
    mask = np.asarray(mask) / limit
    inside = 1 - np.finfo(np.float64).eps
    real, imag = (np.arctanh(np.clip(part, -inside, inside)) for part in (mask.real, mask.imag))
    return 2 / steepness * (real + 1j * imag)


@dataclass(frozen=True)
class Oracle:
    """A mask made from the right answer.

    Attributes:
        what: in a few words.
        mask: (clean, noisy) spectra → mask.
    """

    what: str
    mask: Callable[[np.ndarray, np.ndarray], np.ndarray]


ORACLES: dict[str, Oracle] = {
    "ibm": Oracle("ideal binary mask, threshold 0 dB", lambda clean, noisy: ibm(clean, noisy - clean)),
    "irm": Oracle("ideal ratio mask of powers, |X|²/(|X|² + |N|²)", lambda clean, noisy: irm(clean, noisy - clean)),
    "cirm": Oracle("complex ideal ratio mask, X/Y, not compressed", cirm),
    "psm": Oracle("phase-sensitive mask, Re(X/Y) truncated to [0, 1]", psm),
}


def oracle(name: str, clean: np.ndarray, noisy: np.ndarray, fs: float) -> np.ndarray:
    """The estimate that an ideal mask makes of ``noisy``: square-root Hann frames of 32 ms every 8 ms.

    Args:
        name: in ``ORACLES``.
        clean: shape (..., n).
        noisy: same shape; what it holds beside clean counts as noise.
        fs: rate in Hz.

    Returns:
        Shape (..., n).

    Raises:
        SignalError: an unknown name, shapes that differ, NaN, or an impossible rate.
    """
    if name not in ORACLES:
        raise SignalError(f"oracle is {name!r}: expected one of {', '.join(ORACLES)}.")
    clean, noisy = as_signal(clean, "clean"), as_signal(noisy, "noisy")
    same_shape(clean, noisy, "clean", "noisy")
    _, hop, n_fft = sizes = frame_sizes(fs)
    window = np.sqrt(np.hanning(sizes[0] + 1)[:-1])  # periodic
    spectra = [stft(x, n_fft, hop, window) for x in (clean, noisy)]
    return istft(ORACLES[name].mask(*spectra) * spectra[1], n_fft, hop, window, length=noisy.shape[-1])


def _spectra(clean: np.ndarray, other: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Both, finite and of one shape."""
    clean, other = np.asarray(clean), np.asarray(other)
    same_shape(clean, other, "clean", name)
    for spectra, which in ((clean, "clean"), (other, name)):
        if not np.isfinite(spectra).all():
            raise SignalError(f"{which} spectra hold NaN or infinite values: expected finite ones.")
    return clean, other


def _powers(clean: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    clean, noise = _spectra(clean, noise, "noise")
    return np.abs(clean) ** 2, np.abs(noise) ** 2
