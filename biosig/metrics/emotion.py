"""How well emotions are told: recalls, accuracy and confusions of labels; concordance of continuous traces.

All of these belong to a set of predictions and not to one: the mean of one-utterance "recalls" is the accuracy and
not the UAR, and the mean of short traces' concordances is not that of the whole.
"""

from collections.abc import Sequence

import numpy as np

from biosig.errors import SignalError

SAMPLE, POPULATION = 1, 0  # divide variances by n - 1, or by n


def confusion(truth: Sequence, predicted: Sequence, labels: Sequence) -> np.ndarray:
    """Counts, shape (K, K): row i, column j is how often ``labels[i]`` was taken for ``labels[j]``.

    Raises:
        SignalError: no predictions, unequal numbers, a label twice in the scheme or outside it.
    """
    truth, predicted, labels = list(truth), list(predicted), list(labels)
    if len(truth) != len(predicted) or not truth:
        raise SignalError(f"{len(truth)} true and {len(predicted)} predicted labels: expected as many of both, not 0.")
    place = {label: at for at, label in enumerate(labels)}
    if len(place) != len(labels):
        raise SignalError(f"a label stands twice in the scheme {', '.join(map(str, labels))}: expected each once.")
    if foreign := sorted({*map(str, truth), *map(str, predicted)} - set(map(str, labels))):
        raise SignalError(f"label {foreign[0]!r} is not in the scheme: expected one of {', '.join(map(str, labels))}.")
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    np.add.at(counts, ([place[t] for t in truth], [place[p] for p in predicted]), 1)
    return counts


def recalls(counts: np.ndarray) -> np.ndarray:
    """Share of each class that was found, shape (K,), from :func:`confusion`; NaN for a class without a case."""
    counts = np.asarray(counts)
    cases = counts.sum(axis=1)
    return np.where(cases > 0, np.diag(counts) / np.maximum(cases, 1), np.nan)


def uar(counts: np.ndarray) -> float:
    """Unweighted average recall in [0, 1]: the mean of the classes' recalls, each class weighing alike.

    Raises:
        SignalError: a class of the scheme has no case, so its recall is unknown.

    Source: Schuller et al., Interspeech 2009 Emotion Challenge.

    Example:
        >>> uar(confusion(["joy", "joy", "joy", "fear"], ["joy", "joy", "fear", "fear"], ["joy", "fear"]))
        0.8333333333333333
    """
    found = recalls(counts)
    if np.isnan(found).any():
        missing = np.isnan(found).sum()
        raise SignalError(f"{missing} of {found.size} classes have no case: expected one of each at least.")
    return float(found.mean())


def war(counts: np.ndarray) -> float:
    """Weighted average recall in [0, 1]: the recalls weighted by how frequent each class is, that is, accuracy."""
    counts = np.asarray(counts)
    return float(np.trace(counts) / counts.sum())


def ccc(truth: np.ndarray, predicted: np.ndarray, form: int = POPULATION) -> float:
    """Lin's concordance correlation coefficient of two traces (n,), in [-1, 1]: 1 only where they are equal.

    2·cov / (var + var' + (mean - mean')²). ``form`` is the variances' divisor: :data:`POPULATION` (n, the usual
    one, and Lin's) or :data:`SAMPLE` (n - 1); they differ where traces are short and means are apart.

    Raises:
        SignalError: unequal or short traces, values that are not finite, or two equal constants, which agree in
            everything but leave 0/0.

    Source: Lin, Biometrics 45(1):255-268, 1989, eq. (2).

    Example:
        >>> ccc(np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]))
        0.5714285714285714
    """
    truth, predicted = np.asarray(truth, dtype=float), np.asarray(predicted, dtype=float)
    if truth.shape != predicted.shape or truth.ndim != 1 or truth.size < 2:
        shapes = f"{truth.shape} and {predicted.shape}"
        raise SignalError(f"the traces have the shapes {shapes}: expected two of one length, 2 or more.")
    if not (np.isfinite(truth).all() and np.isfinite(predicted).all()):
        raise SignalError("a trace holds values that are not finite: expected numbers.")
    if form not in (POPULATION, SAMPLE):
        raise SignalError(f"form is {form!r}: expected POPULATION (0) or SAMPLE (1).")
    joint = np.cov(truth, predicted, ddof=form)
    below = joint[0, 0] + joint[1, 1] + (truth.mean() - predicted.mean()) ** 2
    if below == 0:
        raise SignalError("both traces are the same constant: expected one that varies, to measure concordance.")
    return float(2 * joint[0, 1] / below)
