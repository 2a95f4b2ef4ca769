"""How reverberant something is: a room's response by itself, and speech by the parts that it is made of."""

import numpy as np

from biosig.checks import as_signal, check_rate, same_shape
from biosig.errors import SignalError

DIRECT_MS = 2.5  # on either side of the direct sound: a fractional delay is about so long
ROUNDS = 5  # until the end of a decay and its time agree


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


def reverberation_time(
    response: np.ndarray,
    fs: float,
    band_hz: tuple[float, float] | None = None,
    fit_db: tuple[float, float] = (-5.0, -25.0),
    direct_ms: float = DIRECT_MS,
) -> float:
    """RT60 in s of a measured response, by Schroeder's backward integration (1965) of what follows the direct sound.

    The direct sound is left out, since close to a loudspeaker it would be most of the curve. The noise's power is taken
    off, the sum ends where the response sinks into the noise (:func:`biosig.signal.responses.noise_of`), and what
    would follow is put back as the end of an exponential of the time that is found, in a few rounds.

    Args:
        response: shape (m,), or (M, m) of microphones near each other: the sum of their energies.
        fs: rate in Hz.
        band_hz: edges of a band; None takes all.
        fit_db: the line is fitted between these levels of the curve; T20 by default.
        direct_ms: what follows the direct sound begins so long after it.

    Returns:
        NaN where the curve does not reach down to the lower level, above the noise.

    Raises:
        SignalError: silent, NaN, impossible rates, levels that do not fall.

    Example:
        >>> from biosig.signal.degradations import decaying_response
        >>> round(reverberation_time(decaying_response(16_000, 0.5, "doctest"), 16_000), 1)
        0.5
    """
    from biosig.signal.responses import noise_of

    responses = np.atleast_2d(_in_band(as_signal(response, "response"), fs, band_hz))
    if not 0 >= fit_db[0] > fit_db[1]:
        raise SignalError(f"fit_db is {fit_db}: expected two falling levels in dB, none above 0.")
    _, at = _energy(np.atleast_2d(response)[0], None)
    end, noise = noise_of(responses, fs)
    start = at + round(check_rate(direct_ms, name="direct_ms") / 1000 * fs)
    if end - start < 2:
        return np.nan
    sums = np.cumsum((np.square(responses).mean(axis=0) - noise)[start:end][::-1])[::-1]
    rt60, beyond = np.nan, 0.0
    for _ in range(ROUNDS):
        rt60 = _slope(sums + beyond, fs, fit_db)
        beyond = noise * fs * rt60 / (6 * np.log(10))  # at its end the room is as loud as the noise
    return rt60


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


def _in_band(response: np.ndarray, fs: float, band_hz: tuple[float, float] | None) -> np.ndarray:
    """Through a Butterworth band-pass of order 3, forwards and backwards."""
    if band_hz is None:
        return response
    from scipy.signal import butter, sosfiltfilt

    if not 0 < band_hz[0] < band_hz[1] < check_rate(fs) / 2:
        raise SignalError(f"band_hz is {band_hz}: expected two rising frequencies below {fs / 2:g} Hz.")
    return sosfiltfilt(butter(3, band_hz, "band", fs=fs, output="sos"), response, axis=-1)


def _slope(left: np.ndarray, fs: float, fit_db: tuple[float, float]) -> float:
    """The time in s in which a curve of energies falls by 60 dB, by a line between two levels; NaN if it ends above."""
    level = 10 * np.log10(np.maximum(left, np.finfo(float).tiny) / left[0])
    begin, end = (int(np.argmax(level < edge)) for edge in fit_db)
    if not level[-1] < fit_db[1] or end - begin < 2:
        return np.nan
    return float(-60 / np.polyfit(np.arange(begin, end) / fs, level[begin:end], 1)[0])


def _energy(response: np.ndarray, at: int | None) -> tuple[np.ndarray, int]:
    """Energy of each sample, and where the direct sound arrives."""
    from biosig.signal.degradations.rooms import direct_path

    energy = np.square(as_signal(response, "response", mono=True))
    return energy, direct_path(response) if at is None else at


def _ratio_db(wanted: float, rest: float) -> float:
    if not wanted > 0:
        raise SignalError("there is no direct sound (all zeros): expected some, to hold the rest against.")
    return float(10 * np.log10(wanted / rest)) if rest > 0 else np.inf
