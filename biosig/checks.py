"""Checks on what a user hands in, made before any work starts. Each failure is one sentence."""

import numbers

import numpy as np

from biosig.errors import SignalError

PLAUSIBLE_HZ = (1.0, 1e6)  # rates of recordings; a header with another is damaged, and would ask for absurd memory


def as_signal(x: object, name: str = "signal", *, mono: bool = False) -> np.ndarray:
    """``x`` as a float64 array of shape (..., n), finite and not empty.

    Args:
        x: anything numpy can read as numbers.
        name: what to call it in the error.
        mono: ask for shape (n,).

    Raises:
        SignalError: not numeric, empty, NaN or infinite samples, or several channels where one is meant.
    """
    try:
        signal = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError):
        raise SignalError(f"{name} is not numeric: expected real samples.") from None
    if signal.ndim == 0 or signal.shape[-1] == 0:
        raise SignalError(f"{name} has shape {signal.shape}: expected at least one sample.")
    if mono and signal.ndim != 1:
        raise SignalError(f"{name} has shape {signal.shape}: expected one channel, shape (n,).")
    bad = int(signal.size - np.count_nonzero(np.isfinite(signal)))
    if bad:
        raise SignalError(f"{name} holds {bad} NaN or infinite samples: expected finite ones.")
    return signal


def same_shape(a: np.ndarray, b: np.ndarray, a_name: str, b_name: str) -> None:
    """Raise SignalError unless two signals have one shape."""
    if a.shape != b.shape:
        raise SignalError(f"{a_name} has shape {a.shape} but {b_name} has {b.shape}: expected the same.")


def check_rate(fs: float, expected: float | None = None, name: str = "fs") -> float:
    """``fs`` as a positive finite rate in Hz, equal to ``expected`` where one is given."""
    if not (isinstance(fs, numbers.Real) and np.isfinite(fs) and fs > 0):
        raise SignalError(f"{name} is {fs!r}: expected a positive rate in Hz.")
    if expected is not None and fs != expected:
        raise SignalError(f"{name} is {fs:g} Hz: expected {expected:g} Hz; resample first.")
    return float(fs)


def check_plausible(fs: float, name: str = "fs", lowest: float = PLAUSIBLE_HZ[0]) -> float:
    """``fs`` as a rate in Hz that a recording can have; what users' files and options say is held to it."""
    if not lowest <= check_rate(fs, name=name) <= PLAUSIBLE_HZ[1]:
        raise SignalError(f"{name} is {fs:g} Hz: expected {lowest:g} Hz to {PLAUSIBLE_HZ[1] / 1e6:g} MHz.")
    return float(fs)
