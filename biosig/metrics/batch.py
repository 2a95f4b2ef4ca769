"""Many clips scored by several processes: the same values in the same order as one by one."""

import concurrent.futures
import functools
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from biosig.checks import as_signal, same_shape
from biosig.errors import BiosigError, ConfigError, SignalError
from biosig.metrics.delay import MAX_DELAY_S
from biosig.metrics.scores import Score
from biosig.metrics.speech import ALIGNED, DELAY, INTRUSIVE, MEASURES, check_metrics, score_speech


@dataclass(frozen=True)
class Pair:
    """One output to be scored, by name, with its reference (None where there is none) and rate in Hz."""

    item: str
    clean: np.ndarray | None
    estimate: np.ndarray
    fs: float


def score_pairs(
    pairs: Sequence,
    metrics: Sequence[str] = INTRUSIVE,
    jobs: int = 1,
    *,
    load: Callable[[object], Pair] | None = None,
    max_delay_s: float = MAX_DELAY_S,
) -> list[list[Score]]:
    """:func:`~biosig.metrics.speech.score_speech` of every pair, in the pairs' order.

    Neither order nor ``jobs`` changes a value. Processes are started afresh (spawn), so a script that asks
    for more than one calls this under ``if __name__ == "__main__":``.

    Args:
        pairs: :class:`Pair` each, or anything small that ``load`` makes one of.
        metrics: names in ``biosig.metrics.speech.MEASURES``.
        jobs: processes.
        load: reads one pair, in the process that scores it: a folder of any size then needs the memory of
            ``jobs`` clips. A function of a module, since it is sent by name.
        max_delay_s: as in ``score_speech``.

    Raises:
        SignalError: a pair that cannot be compared, named, before any work starts. With ``load`` one cannot
            know before: a file that is damaged or does not fit gets NaN for each metric, with that sentence.
        ConfigError: an unknown metric, a missing package, or an impossible number of processes.
        BiosigError: a process ended without a result.
    """
    return list(iter_scores(pairs, metrics, jobs, load=load, max_delay_s=max_delay_s))


def iter_scores(
    pairs: Sequence,
    metrics: Sequence[str] = INTRUSIVE,
    jobs: int = 1,
    *,
    load: Callable[[object], Pair] | None = None,
    max_delay_s: float = MAX_DELAY_S,
) -> Iterator[list[Score]]:
    """As :func:`score_pairs`, one pair after the other as they are ready, for a progress bar."""
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise ConfigError(f"jobs is {jobs!r}: expected a number of processes, 1 or more.")
    metrics, pairs = check_metrics(metrics), list(pairs)
    for pair in pairs if load is None else ():
        _check(pair, metrics)
    work = functools.partial(_score, metrics=metrics, load=load, max_delay_s=max_delay_s)
    if jobs == 1 or len(pairs) < 2:
        return map(work, pairs)
    return _in_processes(work, pairs, min(jobs, len(pairs)))


def _in_processes(work: Callable, pairs: list, jobs: int) -> Iterator[list[Score]]:
    context = multiprocessing.get_context("spawn")  # a fork copies the locks that threads hold
    with concurrent.futures.ProcessPoolExecutor(jobs, context) as pool:
        try:
            yield from pool.map(work, pairs)
        except concurrent.futures.process.BrokenProcessPool:
            raise BiosigError("a scoring process died: expected its scores; try fewer jobs.") from None


def _check(pair: Pair, metrics: tuple[str, ...]) -> None:
    """Raise SignalError that names the pair where it cannot be compared."""
    try:
        check_metrics(metrics, pair.fs)
        estimate = as_signal(pair.estimate, "estimate", mono=True)
        if pair.clean is not None:
            same_shape(as_signal(pair.clean, "clean", mono=True), estimate, "clean", "estimate")
    except SignalError as error:
        raise SignalError(f"{pair.item}: {error}") from None


def _score(pair: object, metrics: tuple[str, ...], load: Callable | None, max_delay_s: float) -> list[Score]:
    """The scores of one pair; what cannot be read or compared is NaN and says so."""
    try:
        pair = load(pair) if load else pair
        return score_speech(pair.clean, pair.estimate, pair.fs, metrics, max_delay_s)
    except BiosigError as error:
        if load is None:
            raise
        names = [*metrics, *([DELAY] if max_delay_s else [])]
        return [Score(name, _version(name, max_delay_s), np.nan, str(error)) for name in names]


def _version(name: str, max_delay_s: float) -> str:
    return MEASURES[name].version if name in MEASURES else ALIGNED.format(1000 * max_delay_s)
