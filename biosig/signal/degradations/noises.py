"""Synthetic noises, drawn by name: ``pink_noise(16000, 16000, "demo", 3)`` is the same on every machine.

All have shape (n,), mean power 1 (mix them with ``biosig.signal.mixing.mix_at_snr``) and are synthetic:
nobody recorded them. Babble alone is made of recordings, those one gives it.
"""

from collections.abc import Sequence

import numpy as np

from biosig.checks import as_signal, check_rate
from biosig.errors import SignalError
from biosig.seeds import rng_for

AUDIBLE_HZ = 20.0  # nothing below: a 1/f law has as much power in every inaudible octave as in an audible one


def white_noise(n: int, *names: object) -> np.ndarray:
    """Stationary synthetic Gaussian noise with a flat spectrum, shape (n,).

    Raises:
        SignalError: ``n`` is not a whole number from 1.
    """
    return _unit_power(_rng("white", n, names).standard_normal(n), "white")


def pink_noise(n: int, fs: float, *names: object, lowest_hz: float = AUDIBLE_HZ) -> np.ndarray:
    """Stationary synthetic noise with as much power in every octave, shape (n,).

    Its power spectrum is exactly proportional to 1/f in every bin of its n-point DFT from ``lowest_hz`` up to
    the Nyquist frequency, and zero below; the phases are random. The end runs on into the start without a
    click, so it may be looped.

    Raises:
        SignalError: ``n`` so short that no bin lies in the band, or a rate that is not positive.

    Example:
        >>> power = np.abs(np.fft.rfft(pink_noise(1000, 1000, "demo"))) ** 2
        >>> round(float(power[100] / power[200]), 6)  # twice the frequency, half the power
        2.0
    """
    rng = _rng("pink", n, names)
    f = np.fft.rfftfreq(n, 1 / check_rate(fs))
    band = (f >= lowest_hz) & (f > 0)
    spectrum = np.zeros(f.size, dtype=complex)
    spectrum[band] = np.exp(2j * np.pi * rng.uniform(size=f.size))[band] / np.sqrt(f[band])
    if n % 2 == 0 and band[-1]:  # the Nyquist bin is real: a sign is all the phase it has
        spectrum[-1] = np.copysign(np.abs(spectrum[-1]), spectrum[-1].real)
    return _unit_power(np.fft.irfft(spectrum, n), "pink")


def babble_noise(talkers: Sequence[np.ndarray], n: int, *names: object, count: int = 6) -> np.ndarray:
    """Babble: the sum of ``count`` of the given recordings of speech, each at the same power, shape (n,).

    Recordings are drawn without repetition, started at a random sample and looped to fill n samples. Give
    recordings of different people: those of one person in a babble sound like an echo.

    Args:
        talkers: recordings of any length, each of shape (n_i,), at one common rate.
        n: samples wanted.
        names: what the draw is for; it seeds the generator.
        count: talkers to sum, k.

    Raises:
        SignalError: fewer recordings than ``count``, or one that is silent or not one finite channel.
    """
    rng = _rng("babble", n, names)
    if not 1 <= count <= len(talkers):
        raise SignalError(f"babble of {count} talkers from {len(talkers)} recordings: expected 1 to all.")
    total = np.zeros(n)
    for number in rng.choice(len(talkers), size=count, replace=False):
        voice = _unit_power(as_signal(talkers[number], f"talker {number}", mono=True), f"talker {number}")
        total += np.resize(np.roll(voice, -int(rng.integers(voice.size))), n)
    return _unit_power(total, "babble")


def impulsive_noise(n: int, fs: float, *names: object, rate_hz: float = 5.0) -> np.ndarray:
    """Synthetic clicks and pops at random moments, silence between them, shape (n,).

    A Poisson process of ``rate_hz`` clicks per second (at least one). Each is a damped sine that falls to 1/e
    in 1 ms, at 500 Hz to 0.4·fs, with a random sign and a height spread log-normally (5 dB).

    Raises:
        SignalError: ``n`` below 1, or a rate that is not positive.
    """
    rng = _rng("impulsive", n, names)
    check_rate(fs), check_rate(rate_hz, name="rate_hz")
    count = max(1, int(rng.poisson(rate_hz * n / fs)))
    t = np.arange(max(1, round(0.01 * fs))) / fs
    noise = np.zeros(n + t.size)
    for start in rng.integers(0, n, size=count):
        f = np.exp(rng.uniform(np.log(min(500.0, 0.2 * fs)), np.log(0.4 * fs)))
        height = rng.choice([-1.0, 1.0]) * 10 ** (5 / 20 * rng.standard_normal())
        noise[start : start + t.size] += height * np.exp(-t / 1e-3) * np.cos(2 * np.pi * f * t)
    return _unit_power(noise[:n], "impulsive")


def wind_noise(
    n: int, fs: float, *names: object, corner_hz: float = 40.0, gust_hz: float = 1.0, gust_db: float = 6.0
) -> np.ndarray:
    """Simulated wind in a microphone: low-frequency Gaussian noise under gusts, shape (n,).

    A stand-in, not a recording. Its spectrum has the shape of turbulence (von Kármán, 1948), power
    proportional to (1 + (f/corner)²)^(-5/6) from 20 Hz, which falls as f^(-5/3); its level moves log-normally
    by ``gust_db`` (standard deviation) no faster than ``gust_hz``.

    Raises:
        SignalError: ``n`` so short that no bin lies above 20 Hz, or a rate or frequency that is not positive.
    """
    rng = _rng("wind", n, names)
    f = np.fft.rfftfreq(n, 1 / check_rate(fs))
    shape = (1 + (f / check_rate(corner_hz, name="corner_hz")) ** 2) ** (-5 / 12)
    rumble = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * shape * (f >= AUDIBLE_HZ), n)
    slow = (f <= check_rate(gust_hz, name="gust_hz")) & (f > 0)
    drift = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * slow, n)
    gusts = drift / drift.std() if slow.any() else 0.0  # shorter than a gust: one level
    return _unit_power(rumble * 10 ** (gust_db / 20 * gusts), "wind")


def _rng(kind: str, n: int, names: tuple[object, ...]) -> np.random.Generator:
    """The generator of one noise, after its length is checked."""
    if not isinstance(n, int | np.integer) or n < 1:
        raise SignalError(f"n is {n!r}: expected a whole number of samples from 1.")
    return rng_for("synthetic", kind, *names)


def _unit_power(x: np.ndarray, name: str) -> np.ndarray:
    """``x`` scaled to mean power 1."""
    power = np.square(x).mean()
    if not power > 0:
        raise SignalError(f"{name} of {x.size} samples is silent: expected more samples, or power.")
    return x / np.sqrt(power)
