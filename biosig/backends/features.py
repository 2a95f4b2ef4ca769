"""openSMILE's standard sets of features: one vector for a whole utterance.

Source: Eyben, Wöllmer & Schuller 2010 (openSMILE); ComParE 2016: Schuller et al. 2013 and 2016; eGeMAPS: Eyben et
al. 2016. openSMILE has a licence of its own (free for research), so it is an optional package.
"""

from functools import lru_cache

import numpy as np

from biosig.cache import ArrayCache
from biosig.checks import as_signal, check_rate
from biosig.errors import ConfigError, SignalError

SETS = {"compare": ("ComParE_2016", 6373), "egemaps": ("eGeMAPSv02", 88)}
FS = 16_000.0
SHORTEST_S = 0.1    # below it several of the functionals have no frame to speak of
FULL = 32767 / 32768  # openSMILE makes int16 of its input, and a sample of 1.0 comes out as -1.0


def features(signal: np.ndarray, fs: float, which: str, cache: ArrayCache | None = None) -> np.ndarray:
    """The functionals of one utterance, float32, shape (6373,) for "compare" and (88,) for "egemaps".

    Args:
        signal: mono, shape (n,). What is louder than full scale is scaled down as a whole, so that nothing wraps
            or clips inside openSMILE, which works with 16-bit integers.
        fs: 16000 Hz, the rate that the book's results are at.
        which: a name of :data:`SETS`.
        cache: where to keep the vector; by default nowhere.

    Raises:
        ConfigError: an unknown set, or openSMILE is not installed.
        SignalError: silent, shorter than 0.1 s, at another rate, or openSMILE finds something that is not a number.
    """
    if which not in SETS:
        raise ConfigError(f"no feature set {which!r}: expected one of {', '.join(SETS)}.")
    ready = prepared(signal, fs)
    cache = cache or ArrayCache(None)
    return cache.get(("opensmile", version(), which, ready), lambda: _extracted(ready, which))


def prepared(signal: np.ndarray, fs: float) -> np.ndarray:
    """The signal as openSMILE may have it: float32 within ±(1 - 2^-15), never wrapped or clipped.

    Raises:
        SignalError: see :func:`features`.
    """
    signal = as_signal(signal, "utterance", mono=True)
    check_rate(fs, FS)
    if signal.size < SHORTEST_S * fs:
        raise SignalError(f"the utterance has {signal.size} samples: expected {SHORTEST_S:g} s of speech or more.")
    peak = np.abs(signal).max()
    if peak == 0:
        raise SignalError("the utterance is silent: expected speech.")
    return (signal * min(1.0, FULL / peak)).astype(np.float32)


def version() -> str:
    """Of the openSMILE package, for keys and records.

    Raises:
        ConfigError: it is not installed.
    """
    return _opensmile().__version__


def _extracted(signal: np.ndarray, which: str) -> np.ndarray:
    found = _extractor(which).process_signal(signal, int(FS)).to_numpy(dtype=np.float32)[0]
    if not np.isfinite(found).all():
        raise SignalError(f"{np.sum(~np.isfinite(found))} of {found.size} features are not numbers: expected speech.")
    return found


@lru_cache(maxsize=len(SETS))
def _extractor(which: str):
    smile = _opensmile()
    return smile.Smile(smile.FeatureSet[SETS[which][0]], smile.FeatureLevel.Functionals)


def _opensmile():
    try:
        import opensmile
    except ImportError:
        raise ConfigError('openSMILE is not installed: `pip install "biosig[emotion]"` brings it.') from None
    return opensmile
