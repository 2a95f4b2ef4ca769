"""Time-domain features of EMG: what a muscle does in a frame, in five numbers a channel, and its neighbours in time.

Glossary:
    C channels   n samples   T frames   k frames of context on each side

Two families, under their own names: those of EMGSE (Wang et al., ICASSP 2022, eq. 7; TD15), and those of the EMG-UKA
corpus (Jou et al., Interspeech 2006; Wand, Janke and Schultz, Interspeech 2014; TD10). A frame that begins at a
fraction of a sample begins at the nearest one, so that frames of EMG and of sound keep together at any rate.
"""

import functools
from dataclasses import dataclass

import numpy as np
import scipy  # scipy.signal loads at its first use

from biosig.checks import as_signal, check_rate
from biosig.errors import ConfigError, SignalError

EDGE_HZ, ORDER = 134.0, 3
WINDOW_S, HOP_S = 0.032, 0.008
TD10_WINDOW_S, TD10_HOP_S = 0.027, 0.010
AVERAGE = 9  # samples of each of the two running means of TD10, an odd number
FEATURES = ("low mean", "low power", "high mean |x|", "high power", "high zero crossings")
TD10_FEATURES = ("low mean", "low power", "high power", "high zero crossings", "high mean |x|")
ORDERS = ("paper", "official")
CONSTANTS = ("zeros", "refuse")
ROUNDING = 1e-9  # of the greatest value: a range below it is that of sums that were rounded


@dataclass(frozen=True)
class Grid:
    """Frames over a signal: the first sample of each, and how many samples one holds.

    Attributes:
        starts: first samples, integers of shape (T,).
        size: samples in a frame.
    """

    starts: np.ndarray
    size: int

    def of(self, x: np.ndarray) -> np.ndarray:
        """The frames of x (..., n): shape (..., T, size)."""
        return np.lib.stride_tricks.sliding_window_view(x, self.size, axis=-1)[..., self.starts, :]


def frame_grid(n: int, fs: float, window_s: float = WINDOW_S, hop_s: float = HOP_S) -> Grid:
    """The whole frames of ``window_s`` every ``hop_s`` in n samples, the first beginning with the first sample.

    Raises:
        SignalError: not even one frame fits.

    Example:
        >>> frame_grid(600, 600.0).starts[:6]  # 8 ms are 4.8 samples
        array([ 0,  5, 10, 14, 19, 24])
    """
    size, hop = round(window_s * check_rate(fs)), hop_s * fs
    if size < 2 or n < size:
        raise SignalError(f"{n} samples at {fs:g} Hz: expected at least a frame of {1000 * window_s:g} ms.")
    starts = np.floor(np.arange(int((n - size) / hop) + 2) * hop + 0.5).astype(int)
    return Grid(starts[starts <= n - size], size)


def split_bands(emg: np.ndarray, fs: float, *, causal: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """EMG (..., n) below and above 134 Hz, by Butterworth filters of order 3: two arrays (..., n).

    Args:
        causal: one pass, as in the authors' code, which delays the low band by about 2 ms; it starts from the rest
            that the first sample would be, so that an offset of the amplifier makes no click. Else both ways,
            which delays nothing and falls twice as steeply.

    Raises:
        SignalError: a rate of 268 Hz or less, or a signal too short to filter both ways.
    """
    emg = as_signal(emg, "EMG")
    if check_rate(fs) <= 2 * EDGE_HZ:
        raise SignalError(f"EMG at {fs:g} Hz has nothing above {EDGE_HZ:g} Hz: expected a rate above 268 Hz.")
    rest = emg[..., :1]  # taken off and put back: a channel that is constant is so to the last bit
    low, high = (_filtered(emg - rest, _sections(float(fs), kind), causal) for kind in ("lowpass", "highpass"))
    return rest + low, high


def td_features(emg: np.ndarray, fs: float, *, variant: str = "paper", causal: bool = True) -> np.ndarray:
    """Five numbers for every channel and frame of 32 ms every 8 ms (EMGSE, eq. 7), in the order of FEATURES.

    The frames are weighed by a symmetric Blackman window. Zero crossings are changes of sign between neighbours over
    samples in a frame. ``official`` counts them as the authors' code does: products ≤ 0 after windowing, so that the
    zeros at both ends of the window count as two.

    Args:
        emg: shape (C, n), any unit.
        fs: rate in Hz, above 268.
        variant: "paper" or "official".
        causal: see :func:`split_bands`.

    Returns:
        Shape (T, C, 5).

    Raises:
        SignalError: see :func:`split_bands` and :func:`frame_grid`.
        ConfigError: an unknown variant.

    Example:
        >>> td_features(np.ones((2, 64)), 2000.0).shape
        (1, 2, 5)
    """
    _known("variant", variant)
    emg = _channels(emg)
    grid = frame_grid(emg.shape[-1], fs)
    low, high = split_bands(emg, fs, causal=causal)
    window = np.blackman(grid.size)
    window[[0, -1]] = 0.0  # where numpy leaves a rounding error of either sign
    mean, power = window / grid.size, window**2 / grid.size
    columns = (
        _weighed(low, mean, grid),
        _weighed(low**2, power, grid),
        _weighed(np.abs(high), mean, grid),
        _weighed(high**2, power, grid),
        _crossings(high, grid, ends_count=variant == "official"),
    )
    return np.moveaxis(np.stack(columns, axis=-1), 0, 1)


def td10_features(emg: np.ndarray, fs: float) -> np.ndarray:
    """The corpus's own five numbers for every channel and frame of 27 ms every 10 ms, in the order of TD10_FEATURES.

    The low part is a double running mean over nine samples, the high part what that leaves; frames are not weighed.
    Source: Jou et al., Interspeech 2006, section 2; Wand, Janke and Schultz, Interspeech 2014, section 4.

    Args:
        emg: shape (C, n), any unit.
        fs: rate in Hz; the corpus has 600.

    Returns:
        Shape (T, C, 5).
    """
    emg = _channels(emg)
    grid = frame_grid(emg.shape[-1], fs, TD10_WINDOW_S, TD10_HOP_S)
    low = running_mean(running_mean(emg))
    high = emg - low
    mean = np.full(grid.size, 1 / grid.size)
    columns = (
        _weighed(low, mean, grid),
        _weighed(low**2, mean, grid),
        _weighed(high**2, mean, grid),
        _crossings(high, grid),
        _weighed(np.abs(high), mean, grid),
    )
    return np.moveaxis(np.stack(columns, axis=-1), 0, 1)


def running_mean(x: np.ndarray, size: int = AVERAGE) -> np.ndarray:
    """The mean of ``size`` (odd) samples around each of x (..., n), the ends repeated: shape (..., n)."""
    half = size // 2
    sums = np.cumsum(np.pad(x, [(0, 0)] * (x.ndim - 1) + [(half + 1, half)], mode="edge"), axis=-1)
    return (sums[..., size:] - sums[..., :-size]) / size


def stack_context(features: np.ndarray, k: int = 15) -> np.ndarray:
    """Each frame with the k before and the k after it, zeros beyond the ends: (T, ...) → (T, 2k+1, ...), read-only.

    A view: it takes no memory until it is copied.

    Raises:
        SignalError: no frames, or k below 0.
    """
    features = np.asarray(features)
    if k < 0 or not len(features):
        raise SignalError(f"{len(features)} frames with {k} of context: expected frames, and 0 or more.")
    padded = np.pad(features, [(k, k)] + [(0, 0)] * (features.ndim - 1))
    return np.moveaxis(np.lib.stride_tricks.sliding_window_view(padded, 2 * k + 1, axis=0), -1, 1)


def min_max(
    x: np.ndarray, axis: int | None = 0, *, constant: str = "zeros", inverted: bool = False
) -> np.ndarray:
    """x moved and scaled to run from 0 to 1 along ``axis`` (None: over everything).

    What does not vary (a dead channel, a crossing rate of 0 throughout) has no range to be divided by.

    Args:
        constant: what becomes of it: "zeros", or "refuse".
        inverted: with minimum and maximum exchanged, as in the authors' code for the noisy spectrogram:
            1 is the smallest value, 0 the greatest. What is constant becomes 0 all the same.

    Raises:
        SignalError: something is constant and ``constant`` is "refuse".
        ConfigError: another word for ``constant``.
    """
    if constant not in CONSTANTS:
        raise ConfigError(f"constant is {constant!r}: expected one of {', '.join(CONSTANTS)}.")
    x = as_signal(x, "features")
    low, high = x.min(axis=axis, keepdims=True), x.max(axis=axis, keepdims=True)
    span = high - low
    flat = span <= ROUNDING * np.maximum(np.abs(low), np.abs(high))
    if flat.any() and constant == "refuse":
        raise SignalError(f"{int(flat.sum())} of {flat.size} features are constant: is a channel dead?")
    span = np.where(flat, 1.0, span)
    return np.where(flat, 0.0, ((high - x) if inverted else (x - low)) / span)


def td15(emg: np.ndarray, fs: float, *, order: str = "paper", k: int = 15, constant: str = "zeros") -> np.ndarray:
    """EMGSE's input: five features of C channels in 2k+1 frames, scaled to 0 … 1 over the utterance.

    ``paper``: frames are stacked channel by channel, (C, 2k+1, 5), then each of the stacked numbers is scaled, so that
    the zeros beyond the ends take part in it. ``official``: each feature is scaled first, then zeros are put beyond
    the ends, then frame after frame is stacked, (2k+1, C, 5), with the zero crossings of the code.

    Args:
        emg: shape (C, n).
        fs: rate in Hz.
        order: "paper" or "official".
        k: frames of context on each side.
        constant: of a dead channel, see :func:`min_max`.

    Returns:
        Shape (T, C·(2k+1)·5): 5,425 numbers of 35 channels.
    """
    found = td_features(emg, fs, variant=_known("order", order))
    if order == "official":
        stacked = stack_context(min_max(found, constant=constant), k)
        return stacked.reshape(len(found), -1)
    stacked = np.swapaxes(stack_context(found, k), 1, 2).reshape(len(found), -1)
    return min_max(stacked, constant=constant)


def _channels(emg: np.ndarray) -> np.ndarray:
    """EMG as (C, n)."""
    emg = as_signal(emg, "EMG")
    if emg.ndim != 2:
        raise SignalError(f"EMG has shape {emg.shape}: expected (channels, samples).")
    return emg


def _known(what: str, name: str) -> str:
    if name not in ORDERS:
        raise ConfigError(f"{what} is {name!r}: expected one of {', '.join(ORDERS)}.")
    return name


def _weighed(x: np.ndarray, weights: np.ndarray, grid: Grid) -> np.ndarray:
    """Σ weights·frame for every frame of x (C, n): shape (C, T)."""
    return grid.of(x) @ weights


def _crossings(x: np.ndarray, grid: Grid, ends_count: bool = False) -> np.ndarray:
    """Changes of sign in every frame of x (C, n) over its samples: shape (C, T).

    ``ends_count`` takes the first and the last sample of a frame as 0, and a product of 0 as a change.
    """
    product = x[..., :-1] * x[..., 1:]
    changed = product <= 0 if ends_count else product < 0
    before = np.concatenate([np.zeros((*x.shape[:-1], 1), int), np.cumsum(changed, axis=-1)], axis=-1)
    first, last = grid.starts + ends_count, grid.starts + grid.size - 1 - ends_count
    return (before[..., last] - before[..., first] + 2 * ends_count) / grid.size


def _filtered(x: np.ndarray, sections: np.ndarray, causal: bool) -> np.ndarray:
    return scipy.signal.sosfilt(sections, x, axis=-1) if causal else scipy.signal.sosfiltfilt(sections, x, axis=-1)


@functools.lru_cache(maxsize=32)
def _sections(fs: float, kind: str) -> np.ndarray:
    return scipy.signal.butter(ORDER, EDGE_HZ, kind, fs=fs, output="sos")
