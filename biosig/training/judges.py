"""PESQ while a network trains: scored in processes of their own, failures counted and never passed over in silence."""

import concurrent.futures
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable

import numpy as np

from biosig.errors import BiosigError
from biosig.metrics.quality import pesq_wb
from biosig.metrics.scores import ClipError

Score = Callable[[np.ndarray, np.ndarray], float]
Verdicts = Callable[[], np.ndarray]


def pesq_of(clean: np.ndarray, estimate: np.ndarray) -> float | str:
    """PESQ-wb of one clip at 16 kHz, each (n,), or the reason why there is none."""
    try:
        return float(pesq_wb(clean.astype(np.float64), estimate.astype(np.float64), 16_000))
    except ClipError as error:
        return error.reason


class Judges:
    """Worker processes that score a batch while the network goes on.

    Use it as a context. ``asked`` counts the clips, ``failed`` the reasons for which some have no score.

    Args:
        workers: processes; 0 scores in this one, when asked.
        score: (clean, estimate) → a number or a reason, importable by name where there are workers.
    """

    def __init__(self, workers: int = 1, score: Callable[[np.ndarray, np.ndarray], float | str] = pesq_of):
        self.workers, self.score = workers, score
        self.asked, self.failed = 0, Counter()
        self._pool: concurrent.futures.ProcessPoolExecutor | None = None

    def __enter__(self) -> "Judges":
        if self.workers:
            context = multiprocessing.get_context("spawn")  # a fork copies the locks that threads hold
            self._pool = concurrent.futures.ProcessPoolExecutor(self.workers, context, _alone)
        return self

    def __exit__(self, *error) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def submit(self, clean: np.ndarray, estimates: np.ndarray) -> Verdicts:
        """Begin to score the rows of (B, n) arrays; what comes back waits for the scores (B,), NaN for none.

        Raises:
            BiosigError: when asked for the scores, if a worker died.
        """
        pairs = list(zip(clean, estimates, strict=True))
        if self._pool is None:
            return lambda: self._counted([self.score(*pair) for pair in pairs])
        futures = [self._pool.submit(self.score, *pair) for pair in pairs]
        return lambda: self._counted([_result(future) for future in futures])

    def _counted(self, verdicts: list[float | str]) -> np.ndarray:
        self.asked += len(verdicts)
        self.failed.update(verdict for verdict in verdicts if isinstance(verdict, str))
        return np.array([np.nan if isinstance(verdict, str) else verdict for verdict in verdicts])


def _result(future: concurrent.futures.Future) -> float | str:
    try:
        return future.result()
    except concurrent.futures.process.BrokenProcessPool:
        raise BiosigError("a process that computes PESQ died: expected a score; is memory short?") from None


def _alone() -> None:
    """One thread for each worker."""
    os.environ["OMP_NUM_THREADS"] = "1"
