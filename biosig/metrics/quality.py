"""PESQ, the perceived quality of speech, in its three variants, which are often confused.

``pesq_wb``   MOS-LQO wide band, ITU-T P.862.2, 16 kHz:           1.04 … 4.64; what enhancement papers report
``pesq_nb``   MOS-LQO narrow band, P.862 mapped by P.862.1:       1.02 … 4.55
``pesq_raw``  the score of P.862 itself, before that mapping:     -0.5 … 4.5

The model is computed by the package ``pesq``, which wraps the ITU's own C code.
"""

import numpy as np

from biosig.metrics import optional
from biosig.metrics.clips import check_rates, each_clip
from biosig.metrics.scores import ClipError

RATES = {"wb": (16000,), "nb": (8000, 16000)}
SHORTEST_S = 0.25
# The C code keeps 50 utterances and writes past its arrays for more: wrong values first, then a crash.
MOST_UTTERANCES = 49
VAD_FRAME_S = 0.004
VAD_RUN = 50  # frames: an utterance has at least so many, and a longer gap ends it


def pesq_wb(clean: np.ndarray, estimate: np.ndarray, fs: float = 16000) -> np.ndarray:
    """MOS-LQO wide band (P.862.2) of 16 kHz speech.

    PESQ aligns time and level by itself: a delay or a gain hardly changes it.

    Args:
        clean: shape (..., n).
        estimate: same shape.
        fs: 16000.

    Returns:
        Shape (...), from 1.04 to 4.64 (identical).

    Raises:
        SignalError: another rate, shapes that differ, or NaN.
        ClipError: silence, less than 0.25 s, no utterance found, or more than 49 of them (long recordings).
        ConfigError: the package ``pesq`` is not installed.
    """
    return _pesq(clean, estimate, fs, "wb")


def pesq_nb(clean: np.ndarray, estimate: np.ndarray, fs: float = 16000) -> np.ndarray:
    """MOS-LQO narrow band (P.862 mapped by P.862.1) of 8 or 16 kHz speech; as :func:`pesq_wb`, up to 4.55."""
    return _pesq(clean, estimate, fs, "nb")


def pesq_raw(clean: np.ndarray, estimate: np.ndarray, fs: float = 16000) -> np.ndarray:
    """The raw score of P.862, from -0.5 to 4.5: :func:`pesq_nb` through :func:`raw_from_lqo`."""
    return raw_from_lqo(pesq_nb(clean, estimate, fs))


def check_pesq_rate(fs: float, mode: str) -> int:
    """``fs`` as a rate that the mode ("wb" or "nb") knows, or SignalError."""
    return check_rates(fs, RATES[mode], f"pesq_{mode}")


def raw_from_lqo(lqo: np.ndarray) -> np.ndarray:
    """P.862 from narrow-band MOS-LQO x: (4.6607 - ln((4.999 - x) / (x - 0.999))) / 1.4945.

    The inverse of :func:`lqo_from_raw`; NaN outside ]0.999, 4.999[, where no raw score leads.
    """
    lqo = np.asarray(lqo, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        raw = (4.6607 - np.log((4.999 - lqo) / (lqo - 0.999))) / 1.4945
    return np.where(np.isfinite(raw), raw, np.nan)[()]


def lqo_from_raw(raw: np.ndarray) -> np.ndarray:
    """Narrow-band MOS-LQO from the raw score: 0.999 + 4 / (1 + exp(4.6607 - 1.4945 raw)); P.862.1, eq. (1).

    Example:
        >>> lqo_from_raw(np.array([-0.5, 4.5])).round(3)
        array([1.017, 4.549])
    """
    return 0.999 + 4.0 / (1.0 + np.exp(4.6607 - 1.4945 * np.asarray(raw, dtype=np.float64)))


def most_utterances(clean: np.ndarray, fs: float) -> int:
    """How many utterances P.862 may find in a clip, whatever level its activity detector takes for speech.

    Counted at 19 levels between the quietest and the loudest frame, on the signal and on its first difference
    (P.862 filters before it listens); an estimate that is high rather than low.
    """
    length, most = round(VAD_FRAME_S * fs), 0
    for x in (clean, np.diff(clean)):
        count = x.size // length
        power = np.square(x[: count * length]).reshape(count, length).sum(axis=1)
        for level in np.quantile(power, np.linspace(0.05, 0.95, 19)):
            most = max(most, _utterances(power > level))
    return most


def _utterances(active: np.ndarray) -> int:
    """Runs of active frames, joined over short gaps, that are long enough."""
    edges = np.flatnonzero(np.diff(active, prepend=False, append=False))
    starts, ends = edges[::2], edges[1::2]
    if not starts.size:
        return 0
    parted = starts[1:] - ends[:-1] > VAD_RUN
    lengths = ends[np.r_[parted, True]] - starts[np.r_[True, parted]]
    return int(np.count_nonzero(lengths >= VAD_RUN))


def _pesq(clean: np.ndarray, estimate: np.ndarray, fs: float, mode: str) -> np.ndarray:
    rate = check_pesq_rate(fs, mode)
    package = optional.load("pesq")

    def one(clean: np.ndarray, estimate: np.ndarray) -> float:
        if clean.size < SHORTEST_S * rate:
            raise ClipError("shorter than 0.25 s", "more sound for PESQ")
        if clean.size > 2 * VAD_RUN * VAD_FRAME_S * rate * MOST_UTTERANCES:  # else there is no room
            _few_utterances(clean, rate)
        try:
            return package.pesq(rate, clean, estimate, mode)
        except package.NoUtterancesError:
            raise ClipError("no utterance found", "speech that PESQ can hear in the clean signal") from None
        except ValueError:  # its levels became NaN: nothing is left of the signal in its float32
            raise ClipError("too quiet for PESQ", "one that can be brought to speaking level") from None

    return each_clip(one, clean, estimate)


def _few_utterances(clean: np.ndarray, fs: int) -> None:
    if most_utterances(clean, fs) > MOST_UTTERANCES:
        raise ClipError("too long for PESQ", "at most 49 utterances: cut the recording into sentences")
