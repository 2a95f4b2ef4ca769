"""Short-time Fourier transform and its inverse: back comes what went in, for any length of signal."""

import functools

import numpy as np
import scipy  # scipy.signal loads at its first use: tables are shown without it

from biosig.checks import as_signal
from biosig.errors import SignalError

Window = str | np.ndarray
LEAST_OVERLAP = 1e-6  # Σ window² at its thinnest place over its thickest: below, dividing by it adds noise


def stft(
    x: np.ndarray, n_fft: int, hop_length: int, window: Window = "sqrt_hann", *, pad_mode: str = "constant"
) -> np.ndarray:
    """Spectra of frames centred on samples 0, hop, 2·hop, …, the last centre at or after the last sample.

    X(l, k) = Σ_t w(t) x(l·hop + t - L//2) exp(-2πi k t / n_fft), t = 0 … L-1, not scaled: frames and phases
    are those of librosa and torch (centred, L = n_fft), with one frame more where hop does not divide n.
    :func:`istft` inverts it exactly, whatever the length.

    Args:
        x: shape (..., n).
        n_fft: samples in the transform, even.
        hop_length: samples from one frame to the next.
        window: "sqrt_hann" (periodic), a name that ``scipy.signal.get_window`` knows (periodic, n_fft long),
            or the L ≤ n_fft values themselves, followed by zeros up to n_fft.
        pad_mode: what lies beyond the ends: "constant" (zeros) or "reflect".

    Returns:
        Complex spectra, shape (..., 1 + ceil(n / hop), n_fft//2 + 1).

    Raises:
        SignalError: impossible sizes, unknown window or pad mode, or window and hop that have no inverse.

    Example:
        >>> click = np.zeros(100)
        >>> click[40] = 1.0
        >>> spectra = stft(click, 16, 8)
        >>> spectra.shape, int(np.abs(spectra[:, 0]).argmax())  # frame 5 is centred on sample 40
        ((14, 9), 5)
    """
    x = as_signal(x)
    values = window_values(window, n_fft, hop_length)
    if pad_mode not in ("constant", "reflect"):
        raise SignalError(f"pad mode is {pad_mode!r}: expected 'constant' or 'reflect'.")
    if pad_mode == "reflect" and x.shape[-1] < 2:
        raise SignalError("signal has 1 sample: expected at least 2 to reflect it at its ends.")
    frames, left = n_frames(x.shape[-1], hop_length), values.size // 2
    right = (frames - 1) * hop_length + values.size - left - x.shape[-1]
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(left, right)], mode=pad_mode)
    framed = np.lib.stride_tricks.sliding_window_view(padded, values.size, axis=-1)[..., ::hop_length, :]
    return np.fft.rfft(framed * values, n_fft, axis=-1)


def istft(
    spectra: np.ndarray, n_fft: int, hop_length: int, window: Window = "sqrt_hann", *, length: int
) -> np.ndarray:
    """The signal whose STFT is closest to ``spectra`` in least squares (Griffin and Lim, 1984, eq. 6).

    x(t) = Σ_l w(t - l·hop) y_l(t - l·hop) / Σ_l w²(t - l·hop). For spectra straight from :func:`stft` this is
    perfect reconstruction, to rounding. Since the sum of the squared windows is divided out it need not be
    constant (constant overlap-add); it only must not vanish anywhere, which is checked.

    Args:
        spectra: shape (..., frames, n_fft//2 + 1), changed or not.
        n_fft, hop_length, window: as given to :func:`stft`.
        length: samples to return, the n that :func:`stft` was given.

    Returns:
        Shape (..., length), float64.

    Raises:
        SignalError: as :func:`stft`, spectra of another shape, or NaN or infinite values.

    Example:
        >>> x = np.arange(7.0)
        >>> np.round(istft(stft(x, 4, 2), 4, 2, length=7), 12)
        array([0., 1., 2., 3., 4., 5., 6.])
    """
    values = window_values(window, n_fft, hop_length)
    spectra = _checked_spectra(spectra, n_fft, hop_length, length)
    frames = np.fft.irfft(spectra, n_fft, axis=-1)[..., : values.size] * values
    left = values.size // 2
    weight = overlap_add(np.broadcast_to(values**2, frames.shape[-2:]), hop_length)
    return overlap_add(frames, hop_length)[..., left : left + length] / weight[left : left + length]


def n_frames(n: int, hop_length: int) -> int:
    """Frames that :func:`stft` makes of ``n`` samples: 1 + ceil(n / hop)."""
    return 1 - (-n // hop_length)


def overlap_add(frames: np.ndarray, hop_length: int) -> np.ndarray:
    """Sum frames (..., count, L) placed every ``hop_length`` samples: shape (..., (count-1)·hop + L)."""
    *batch, count, size = frames.shape
    pieces = -(-size // hop_length)  # hops in a frame; hop i of frame l lands on hop l + i of the sum
    frames = np.pad(frames, [(0, 0)] * (frames.ndim - 1) + [(0, pieces * hop_length - size)])
    blocks = frames.reshape(*batch, count, pieces, hop_length)
    total = np.zeros((*batch, count + pieces - 1, hop_length))
    for piece in range(pieces):
        total[..., piece : piece + count, :] += blocks[..., piece, :]
    return total.reshape(*batch, -1)[..., : (count - 1) * hop_length + size]


def window_values(window: Window, n_fft: int, hop_length: int) -> np.ndarray:
    """The window's values, checked against the sizes: shape (L,).

    Raises:
        SignalError: impossible sizes, an unknown or longer window, or Σ_l w²(t - l·hop) that almost vanishes
            between two frame centres, so that samples there cannot be got back.
    """
    for name, size in (("n_fft", n_fft), ("hop_length", hop_length)):
        if not isinstance(size, int | np.integer) or size < 1:
            raise SignalError(f"{name} is {size!r}: expected a whole number of samples from 1.")
    if n_fft < 2 or n_fft % 2:
        raise SignalError(f"n_fft is {n_fft}: expected an even number of samples.")
    named = isinstance(window, str)
    values = _named_window(window, int(n_fft)) if named else as_signal(window, "window", mono=True)
    if values.size > n_fft:
        raise SignalError(f"window has {values.size} samples: expected at most n_fft = {n_fft}.")
    _check_overlap(values, hop_length, window if named else "given")
    return values


def _check_overlap(values: np.ndarray, hop_length: int, name: str) -> None:
    """Raise unless every sample between two neighbouring frame centres lies under one of the two frames."""
    left = values.size // 2
    weight = overlap_add(np.broadcast_to(values**2, (2, values.size)), hop_length)[left : left + hop_length]
    if not weight.min() > LEAST_OVERLAP * weight.max():
        raise SignalError(
            f"the {name} window of {values.size} samples leaves samples out when it moves by {hop_length}:"
            " expected a shorter hop (half the window, say), so that there is an inverse."
        )


@functools.lru_cache(maxsize=32)
def _named_window(name: str, n_fft: int) -> np.ndarray:
    """Periodic window by name."""
    try:
        values = scipy.signal.get_window("hann" if name == "sqrt_hann" else name, n_fft)
    except ValueError:
        raise SignalError(f"window is {name!r}: expected 'sqrt_hann' or a name that scipy knows.") from None
    values = np.sqrt(values) if name == "sqrt_hann" else values
    values.setflags(write=False)  # shared by every caller of the cache
    return values


def _checked_spectra(spectra: np.ndarray, n_fft: int, hop_length: int, length: int) -> np.ndarray:
    """Spectra of the shape that ``length`` samples have."""
    if not isinstance(length, int | np.integer) or length < 1:
        raise SignalError(f"length is {length!r}: expected a whole number of samples from 1.")
    spectra, expected = np.asarray(spectra), (n_frames(length, hop_length), n_fft // 2 + 1)
    if spectra.shape[-2:] != expected:
        raise SignalError(f"spectra have shape {spectra.shape}: expected (..., {expected[0]}, {expected[1]})"
                          f" for {length} samples.")
    if not np.isfinite(spectra).all():
        raise SignalError("spectra hold NaN or infinite values: expected finite ones.")
    return spectra
