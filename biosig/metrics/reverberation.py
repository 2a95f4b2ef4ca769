"""How reverberant something is: a room's response by itself, and speech by the parts that it is made of."""

import numpy as np

from biosig.checks import as_signal, check_rate, same_shape
from biosig.errors import SignalError

DIRECT_MS = 2.5  # on either side of the direct sound: a fractional delay is about so long


def direct_to_reverberant(response: np.ndarray, fs: float, direct_ms: float = DIRECT_MS) -> float:
    """Direct-to-reverberant ratio of an impulse response in dB: energy around the direct sound over all the rest.

    Args:
        response: shape (m,).
        fs: rate in Hz.
        direct_ms: what counts as direct, before and after the sample at which it arrives.

    Returns:
        +inf without anything else.

    Raises:
        SignalError: not one finite channel, silent, or an impossible rate.

    Example:
        >>> round(direct_to_reverberant(np.array([1.0] + [0.0] * 99 + [0.1]), 16_000), 6)
        20.0
    """
    from biosig.signal.degradations.rooms import direct_path

    at, reach = direct_path(response), round(check_rate(direct_ms, name="direct_ms") / 1000 * check_rate(fs))
    energy = np.square(as_signal(response, "response"))
    direct = energy[max(0, at - reach) : at + reach + 1].sum()
    return _ratio_db(direct, energy.sum() - direct)


def speech_to_reverberation(direct: np.ndarray, rest: np.ndarray) -> float:
    """Speech-to-reverberation ratio (SRR) in dB, ‖direct‖² / ‖rest‖², of speech whose two parts are known.

    Where a system is linear, as beamformers and WPE are once their filters stand, both parts can be sent through it
    one by one: that gives the ratio of its output, which nobody could read off the output itself.

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


def _ratio_db(wanted: float, rest: float) -> float:
    if not wanted > 0:
        raise SignalError("there is no direct sound (all zeros): expected some, to hold the rest against.")
    return float(10 * np.log10(wanted / rest)) if rest > 0 else np.inf
