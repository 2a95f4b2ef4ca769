"""Known answers for every measure: short recordings, values, variants and tolerances, for anybody's implementation.

``vectors.json`` beside this file names the signals (16-bit FLAC; samples are integers / 32768), what each measure
should give for them, how close is close enough, and where the value comes from: a loop written from the definition
or another package, never the function that it tests. :func:`conform` asks an implementation.
"""

import functools
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biosig.errors import BiosigError, ConfigError
from biosig.metrics import emg, speech
from biosig.metrics.waveform import rmse, snr_improvement

FOLDER = Path(__file__).parent
SIGNALS = ("clean", "estimate", "noisy")


@dataclass(frozen=True)
class Vector:
    """One known answer. ``inputs``: names of signals, and for some measures R peaks or active stretches."""

    metric: str
    variant: str
    inputs: dict
    fs: int
    expected: float
    tolerance: float
    source: str


@dataclass(frozen=True)
class Outcome:
    """What an implementation gave; ``value`` is None where it does not offer the measure, or failed."""

    vector: Vector
    value: float | None
    reason: str = ""

    @property
    def verdict(self) -> str:
        """pass, FAIL, or "not offered"."""
        if self.value is None and not self.reason:
            return "not offered"
        near = self.value is not None and abs(self.value - self.vector.expected) <= self.vector.tolerance
        return "pass" if near else "FAIL"


@functools.cache
def vectors() -> tuple[Vector, ...]:
    """All known answers."""
    return tuple(Vector(**each) for each in json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8")))


def metrics() -> tuple[str, ...]:
    """Every measure with a known answer."""
    return tuple(dict.fromkeys(vector.metric for vector in vectors()))


@functools.cache
def signal(name: str) -> np.ndarray:
    """One of the kit's signals, shape (n,), between -1 and 1."""
    import soundfile

    return soundfile.read(FOLDER / f"{name}.flac", dtype="float64")[0]


def arguments(vector: Vector) -> tuple[tuple, dict]:
    """What an implementation is called with: (clean, estimate, fs), and by name what only some measures need.

    ``clean`` is None for measures without a reference. By name: ``noisy``, shape (n,); ``active``, bool, shape
    (n,); ``peaks``, sample numbers.
    """
    given = {key: signal(value).copy() if key in SIGNALS else value for key, value in vector.inputs.items()}
    if "active" in given:
        n = given["estimate"].size
        given["active"] = np.any([(np.arange(n) >= a) & (np.arange(n) < b) for a, b in given["active"]], axis=0)
    if "peaks" in given:
        given["peaks"] = np.array(given["peaks"])
    return (given.pop("clean", None), given.pop("estimate"), vector.fs), given


def conform(implementation: Callable, metric: str | None = None) -> Iterator[Outcome]:
    """The outcome of each known answer.

    Args:
        implementation: called as f(clean, estimate, fs, …) for ``metric``; without one, as
            f(metric, clean, estimate, fs, …) for every measure, and None or NotImplementedError says that it
            does not offer it.
        metric: one of :func:`metrics`, or None for all.

    Raises:
        ConfigError: an unknown metric.
    """
    if metric is not None and metric not in metrics():
        raise ConfigError(f"metric {metric!r} has no known answers: expected one of {', '.join(metrics())}.")
    for vector in vectors():
        if metric in (None, vector.metric):
            yield _asked(implementation, vector, metric is None)


def _asked(implementation: Callable, vector: Vector, named: bool) -> Outcome:
    given, others = arguments(vector)
    try:
        value = implementation(*([vector.metric] if named else []), *given, **others)
        value = None if value is None and named else float(value)
    except NotImplementedError:
        return Outcome(vector, None)
    except Exception as error:  # a stranger's code may raise anything, and that is its outcome
        return Outcome(vector, None, f"{type(error).__name__}: {error}")
    return Outcome(vector, value, "" if value is None or math.isfinite(value) else "not a finite number")


def ours(metric, clean, estimate, fs, noisy=None, active=None, peaks=None) -> float | None:
    """This package's own implementation, called as a stranger's is."""
    if metric in speech.MEASURES:
        try:
            speech.check_metrics(metric, fs)
        except ConfigError:  # its package is not installed
            return None
        return speech.MEASURES[metric].value(speech.Clip(clean, estimate, fs, estimate))
    others = {
        "snr_imp_db": lambda: snr_improvement(clean, noisy, estimate),
        "rmse": lambda: rmse(clean, estimate),
        "rmse_arv": lambda: emg.rmse_arv(clean, estimate, fs),
        "rmse_mf_hz": lambda: emg.rmse_mf(clean, estimate, active, fs),
        "r_peak_energy_ratio_db": lambda: emg.r_peak_energy_ratio_db(estimate, peaks, fs),
    }
    if metric not in others:
        raise BiosigError(f"{metric} has known answers and no function here.")
    return others[metric]()
