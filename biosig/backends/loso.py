"""Leave one speaker out, from features to predictions: what trains and what is tested may be different versions.

An utterance has one row in each tested condition (clean, noisy at 5 dB, enhanced …) and one or more in the training
set (clean alone, or several conditions at once). Each fold fits once and is tested in every condition.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from biosig.backends import svm
from biosig.corpora.folds import leave_one_speaker_out
from biosig.errors import DataError, SignalError


class Told(NamedTuple):
    """What the classifier that never met ``speaker`` says about his or her utterances in one condition.

    Attributes:
        speaker, condition: who was tested, and in what.
        indices: the utterances, (m,).
        labels: what they were taken for, (m,).
        scores: of every class, (m, K), in the order of ``sorted(set(y))``; see
            :meth:`biosig.backends.svm.Classifier.scores`.
    """

    speaker: str
    condition: str
    indices: np.ndarray
    labels: np.ndarray
    scores: np.ndarray


def loso(
    train_x: np.ndarray | Mapping[str, np.ndarray],
    y: Sequence[str],
    speakers: Sequence[str],
    tests: Mapping[str, np.ndarray],
    *,
    owner: Sequence[int] | None = None,
    costs: Sequence[float] = svm.COSTS,
    widths: Sequence[float] = svm.WIDTHS,
) -> Iterator[Told]:
    """Every fold of :func:`biosig.corpora.folds.leave_one_speaker_out`, and in it every condition.

    The settings are chosen on the training versions of the validation speaker. No version of an utterance of the
    tested speaker is seen in scaling, choosing or fitting.

    Args:
        train_x: rows to train and to choose on. (N, d): utterance by utterance, or with ``owner`` in any number and
            order. As a mapping: versions, (n, d) each, all of them used.
        y, speakers: label and speaker of each of the n utterances.
        tests: condition → features (n, d), utterance by utterance.
        owner: the utterance that each row of ``train_x`` is a version of, (N,).
        costs, widths: see :func:`biosig.backends.svm.fit`.

    Yields:
        :class:`Told`, one for each speaker and condition.

    Raises:
        DataError: fewer than three speakers, or a class that only one of them has, all said before any work.
        SignalError: features that are not finite, or numbers that do not fit.
    """
    y, speakers = np.asarray(y), np.asarray(speakers)
    x, owner = _rows(train_x, owner, y.size)
    tests = {name: np.asarray(features, dtype=float) for name, features in tests.items()}
    folds = leave_one_speaker_out(speakers.tolist())
    _check(x, owner, y, speakers, tests)
    return _run(x, owner, y, speakers, tests, folds, {"costs": costs, "widths": widths})


def _run(x, owner, y, speakers, tests, folds, settings) -> Iterator[Told]:
    for fold in folds:
        train = np.isin(speakers[owner], fold.train)
        held = speakers[owner] == fold.validation
        classifier = svm.fit(x[train], y[owner[train]], (x[held], y[owner[held]]), **settings)
        indices = np.flatnonzero(speakers == fold.test)
        for condition, features in tests.items():
            told = features[indices]
            yield Told(fold.test, condition, indices, classifier(told), classifier.scores(told))


def _rows(train_x, owner, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The training rows (N, d) and the utterance of each, (N,)."""
    if isinstance(train_x, Mapping):
        if owner is not None:
            raise SignalError("owner is given for a mapping of versions: expected it with an array alone.")
        if wrong := [name for name, rows in train_x.items() if len(rows) != n]:
            raise SignalError(f"version {wrong[0]!r} has not one row for each of {n} utterances: expected that.")
        owner, train_x = np.tile(np.arange(n), len(train_x)), np.concatenate(list(train_x.values()))
    x = np.asarray(train_x, dtype=float)
    owner = np.arange(n) if owner is None else np.asarray(owner)
    if owner.shape != (len(x),) or not np.isin(owner, np.arange(n)).all():
        raise SignalError(f"{len(x)} rows and {n} utterances: expected an utterance, 0 to {n - 1}, for every row.")
    return x, owner


def _check(x, owner, y, speakers, tests) -> None:
    if y.shape != speakers.shape or y.ndim != 1:
        raise SignalError(f"there are {y.size} labels and {speakers.size} speakers: expected one each an utterance.")
    for name, features in {"train": x, **tests}.items():
        rows = len(x) if features is x else y.size
        if features.ndim != 2 or features.shape != (rows, x.shape[1]):
            raise SignalError(f"{name!r} has the shape {features.shape}: expected {(rows, x.shape[1])}.")
        if bad := np.sum(~np.isfinite(features)):
            raise SignalError(f"{bad} features of {name!r} are not finite: expected numbers.")
    if silent := sorted(set(speakers.tolist()) - set(speakers[owner].tolist())):
        raise DataError(f"{silent[0]} has no rows to train on: expected some of every speaker.")
    for label in sorted(set(y.tolist())):
        known = sorted(set(speakers[owner][y[owner] == label].tolist()))
        if len(known) < 2:
            who = ", ".join(known) or "no one"
            raise DataError(f"only {who} has {label!r} to train on: expected each class from two speakers or more.")
