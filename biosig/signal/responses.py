"""Measured room responses: where they sink into the noise of the measurement, and the direct sound cut out of them.

A simulated response ends where it was told to. A measured one goes on for ever, as noise, and speech sent through that
noise gets a tail that no room has.
"""

import numpy as np

from biosig.checks import as_signal, check_rate
from biosig.errors import SignalError
from biosig.signal.beamforming import check_reference
from biosig.signal.degradations import direct_path

BLOCK_MS = 10.0
ROUNDS = 10
FINER = 16  # than a sample, arrivals are looked for
NOISE_SHARE = 4  # the last quarter of a response is taken for noise at first
BEFORE_MS, AFTER_MS, FADE_MS = 1.0, 2.5, 0.5  # of the direct sound: a loudspeaker rings for some ms


def noise_of(responses: np.ndarray, fs: float, block_ms: float = BLOCK_MS) -> tuple[int, float]:
    """Where a response has sunk into its noise, and the noise's power, mean over channels.

    It has sunk in the first block of 10 ms after the direct sound whose power, mean over channels, is less than twice
    the noise's: the room is then no louder than the noise. The noise is first looked for in the last quarter, then in
    all that follows the end found so far, since it need not be steady (after Lundeby et al., 1995).

    Args:
        responses: shape (m,) or (M, m), of one source; microphones near each other.
        fs: rate in Hz.
        block_ms: duration of a block.

    Returns:
        (the first sample of that block, the power); (m, power) where it does not sink.

    Raises:
        SignalError: silent, NaN, an impossible rate, or no longer than a few blocks.
    """
    responses = np.atleast_2d(as_signal(responses, "responses"))
    block, m = round(check_rate(block_ms, name="block_ms") / 1000 * check_rate(fs)), responses.shape[1]
    start = direct_path(responses[0])
    blocks = (m - start) // block if block else 0
    if blocks < NOISE_SHARE:
        raise SignalError(f"the response has {m} samples: expected {NOISE_SHARE} blocks of {block} after its start.")
    power = np.square(responses).mean(axis=0)[start : start + blocks * block].reshape(blocks, block).mean(axis=1)
    end, noise = blocks, float(power[-(blocks // NOISE_SHARE) :].mean())
    for _ in range(ROUNDS):
        sunk = np.flatnonzero(power < 2 * noise)
        if not sunk.size or sunk[0] == end:
            break
        end, noise = int(sunk[0]), float(power[sunk[0] :].mean())
    return (start + end * block if end < blocks else m), noise


def without_noise(responses: np.ndarray, fs: float, fade_ms: float = BLOCK_MS) -> np.ndarray:
    """A response up to where :func:`noise_of` finds its end, fading before it: (M, m) → (M, end), or one channel.

    Cut for all channels at one time, so that they remain those of one array.
    """
    responses = as_signal(responses, "responses")
    end, _ = noise_of(responses, fs)
    fade = min(end, round(check_rate(fade_ms, name="fade_ms") / 1000 * fs))
    window = np.ones(end)
    window[end - fade :] = _falling(fade)
    return responses[..., :end] * window


def direct_sound(
    response: np.ndarray,
    fs: float,
    before_ms: float = BEFORE_MS,
    after_ms: float = AFTER_MS,
    fade_ms: float = FADE_MS,
) -> np.ndarray:
    """The direct sound of one measured response, all else zero, shape (m,).

    The window is 1 from ``before_ms`` before the direct sound's sample to ``after_ms`` after it, and falls over
    ``fade_ms`` on either side as half a cosine. It has to end before the first reflection.

    Raises:
        SignalError: not one channel, silent, NaN, or an impossible rate or time.
    """
    response = as_signal(response, "response", mono=True)
    times = {"before_ms": before_ms, "after_ms": after_ms, "fade_ms": fade_ms}
    before, after, fade = (round(check_rate(t, name=name) / 1000 * check_rate(fs)) for name, t in times.items())
    window = np.concatenate([_falling(fade)[::-1], np.ones(before + after + 1), _falling(fade)])
    first = direct_path(response) - before - fade
    out, (low, high) = np.zeros_like(response), (max(0, first), min(response.size, first + window.size))
    out[low:high] = response[low:high] * window[low - first : high - first]
    return out


def arrivals(responses: np.ndarray, fs: float, reference: int = 0) -> np.ndarray:
    """By how much later than at one microphone the direct sound arrives at each, in s, shape (M,).

    The peak of the cross-correlation of the direct sounds (Knapp and Carter, 1976, unweighted), to 1/16 of a sample.

    Args:
        responses: shape (M, m).
        fs: rate in Hz.
        reference: that microphone.

    Raises:
        SignalError: other shapes, no such microphone, silence or NaN.
    """
    responses = as_signal(responses, "responses")
    if responses.ndim != 2:
        raise SignalError(f"responses have shape {responses.shape}: expected (microphones, m).")
    check_reference(reference, len(responses))
    direct = np.stack([direct_sound(response, fs) for response in responses])
    sounding = np.flatnonzero(direct.any(axis=0))
    n = 2 * (sounding[-1] + 1 - sounding[0])  # all else is zero: lags of up to half of this can be told
    spectra = np.fft.rfft(direct[:, sounding[0] : sounding[-1] + 1], n)
    cross = np.fft.irfft(spectra * spectra[reference].conj(), FINER * n) * FINER
    lags = cross.argmax(axis=1)
    return np.where(lags < cross.shape[1] // 2, lags, lags - cross.shape[1]) / (FINER * fs)


def _falling(n: int) -> np.ndarray:
    """Half a cosine from near 1 to near 0, shape (n,)."""
    return 0.5 * (1 + np.cos(np.pi * (np.arange(n) + 1) / (n + 1)))
