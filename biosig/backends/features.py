"""openSMILE's standard sets of features: one vector for a whole utterance.

Source: Eyben, Wöllmer & Schuller 2010 (openSMILE); ComParE 2016: Schuller et al. 2013 and 2016; eGeMAPS: Eyben et
al. 2016. openSMILE has a licence of its own (free for research), so it is an optional package.
"""

import concurrent.futures
import multiprocessing
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial

import numpy as np
from tqdm import tqdm

from biosig.cache import ArrayCache
from biosig.checks import as_signal, check_rate
from biosig.errors import BiosigError, ConfigError, SignalError
from biosig.signal.types import Recording

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
    _check_set(which)
    ready = prepared(signal, fs)
    return (cache or ArrayCache(None)).get(_parts(ready, which), lambda: _extracted(ready, which))


def features_of(
    recordings: Sequence[Recording],
    which: str,
    cache: ArrayCache | None = None,
    jobs: int = 1,
    progress: bool = True,
) -> np.ndarray:
    """The functionals of many utterances, float32, (n, d), in their order; see :func:`features`.

    What the cache has is read, and only the rest is computed. Processes are started afresh (spawn), so a script
    that asks for more than one calls this under ``if __name__ == "__main__":``. Neither order nor ``jobs``
    changes a value.

    Args:
        recordings: of 16 kHz.
        which: a name of :data:`SETS`.
        cache: where to look and to keep; by default nowhere.
        jobs: processes.
        progress: show a bar of what is computed.

    Raises:
        ConfigError: as :func:`features`, or an impossible number of processes.
        SignalError: as :func:`features`; the recording is named, and before any work if it can be known then.
    """
    _check_set(which)
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise ConfigError(f"jobs is {jobs!r}: expected a number of processes, 1 or more.")
    cache = cache or ArrayCache(None)
    found = [cache.find(_parts(_ready(recording), which)) for recording in recordings]
    missing = [recording for recording, row in zip(recordings, found, strict=True) if row is None]
    work = partial(_of_one, which=which, cache=cache)
    several = jobs > 1 and len(missing) > 1
    rows = _in_processes(work, missing, min(jobs, len(missing))) if several else map(work, missing)
    shown = tqdm(rows, which, len(missing), unit="utterance", disable=not (progress and missing))
    computed = iter(list(shown))
    found = [next(computed) if row is None else row for row in found]
    return np.stack(found) if found else np.zeros((0, SETS[which][1]), dtype=np.float32)


def _of_one(recording: Recording, which: str, cache: ArrayCache) -> np.ndarray:
    try:
        return features(recording.signal, recording.fs, which, cache)
    except SignalError as error:
        raise SignalError(f"{recording.item}: {error}") from None


def _ready(recording: Recording) -> np.ndarray:
    try:
        return prepared(recording.signal, recording.fs)
    except SignalError as error:
        raise SignalError(f"{recording.item}: {error}") from None


def _in_processes(work, recordings: list[Recording], jobs: int) -> Iterator[np.ndarray]:
    context = multiprocessing.get_context("spawn")  # a fork copies the locks that threads hold
    pool = concurrent.futures.ProcessPoolExecutor(jobs, context)
    try:
        yield from pool.map(work, recordings, chunksize=4)
    except concurrent.futures.process.BrokenProcessPool:
        raise BiosigError("a process that computed features died: expected memory for it; try fewer jobs.") from None
    finally:  # after an error or Ctrl-C as well
        pool.shutdown(cancel_futures=True)


def _parts(ready: np.ndarray, which: str) -> tuple:
    """Of what a cached vector is made."""
    return "opensmile", version(), which, ready


def _check_set(which: str) -> None:
    if which not in SETS:
        raise ConfigError(f"no feature set {which!r}: expected one of {', '.join(SETS)}.")


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
