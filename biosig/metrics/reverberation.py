"""How reverberant something is: a room's response by itself, and speech by the parts that it is made of."""

import numpy as np

from biosig.checks import as_signal, check_rate, same_shape
from biosig.errors import SignalError

DIRECT_MS = 2.5  # on either side of the direct sound: a fractional delay is about so long


def direct_to_reverberant(
    response: np.ndarray, fs: float, direct_ms: float = DIRECT_MS, at: int | None = None
) -> float:
    """Direct-to-reverberant ratio of an impulse response in dB: energy around the direct sound over all the rest.

    A linear method may be sent the room's response in place of speech: what comes out is the room that is left.

    Args:
        response: shape (m,).
        fs: rate in Hz.
        direct_ms: what counts as direct, before and after the sample at which it arrives.
        at: that sample; None looks for it.

    Returns:
        +inf without anything else.

    Raises:
        SignalError: not one finite channel, silent, or an impossible rate.

    Example:
        >>> round(direct_to_reverberant(np.array([1.0] + [0.0] * 99 + [0.1]), 16_000), 6)
        20.0
    """
    energy, at = _energy(response, at)
    reach = round(check_rate(direct_ms, name="direct_ms") / 1000 * check_rate(fs))
    direct = energy[max(0, at - reach) : at + reach + 1].sum()
    return _ratio_db(direct, energy.sum() - direct)


def clarity(response: np.ndarray, fs: float, early_ms: float = 50.0, at: int | None = None) -> float:
    """C50 of an impulse response in dB: energy up to 50 ms after the direct sound over what comes later.

    Args:
        response: shape (m,).
        fs: rate in Hz.
        early_ms: what is early.
        at: the sample at which the direct sound arrives; None looks for it.

    Returns:
        +inf without anything later.

    Raises:
        SignalError: not one finite channel, silent, or an impossible rate.
    """
    energy, at = _energy(response, at)
    end = at + 1 + round(check_rate(early_ms, name="early_ms") / 1000 * check_rate(fs))
    return _ratio_db(energy[:end].sum(), energy[end:].sum())


def speech_to_reverberation(direct: np.ndarray, rest: np.ndarray) -> float:
    """Speech-to-reverberation ratio (SRR) in dB, ‖direct‖² / ‖rest‖², of speech whose two parts are known.

    Args:
        direct: speech that came straight, shape (n,).
        rest: the same speech by way of the walls, same shape.

    Returns:
        +inf without any rest.

    Raises:
        SignalError: shapes that differ, NaN, or no direct sound.
    """
    direct, rest = as_signal(direct, "direct"), as_signal(rest, "rest")
    same_shape(direct, rest, "direct", "rest")
    return _ratio_db(np.square(direct).sum(), np.square(rest).sum())


def _energy(response: np.ndarray, at: int | None) -> tuple[np.ndarray, int]:
    """Energy of each sample, and where the direct sound arrives."""
    from biosig.signal.degradations.rooms import direct_path

    energy = np.square(as_signal(response, "response", mono=True))
    return energy, direct_path(response) if at is None else at


def _ratio_db(wanted: float, rest: float) -> float:
    if not wanted > 0:
        raise SignalError("there is no direct sound (all zeros): expected some, to hold the rest against.")
    return float(10 * np.log10(wanted / rest)) if rest > 0 else np.inf
