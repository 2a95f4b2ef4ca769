"""How fast classical speech enhancement runs: seconds of audio per second on one thread, beside PyPI's own.

    python benchmarks/classical_speech.py [--quick] [--seconds N] [--rounds N]

Every system takes the same synthetic clip (harmonics in white noise, 16 kHz), in turns in one run. The peers
are ``logmmse`` and ``pyroomacoustics.denoise`` at their own defaults (its subspace method is left out: it
takes longer than the audio lasts); ours run at their defaults, frames of 32 ms every 8 ms, and once more with
the frames of the peer. A peer that is not installed is left out, and said so. Before any clock starts, each
system has to take noise off the clip.
"""
# ruff: noqa: E402 (the thread counts must be set before numpy is imported)

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import importlib.metadata
import importlib.util
from collections.abc import Callable
from functools import partial

import numpy as np
from machine import in_turns, medians, save

from biosig.seeds import rng_for
from biosig.signal.enhancement import CLASSICAL_SPEECH
from biosig.signal.mixing import mix_at_snr

System = Callable[[np.ndarray], np.ndarray]
FS, SNR_DB = 16000, 5.0
PACKAGES = ("logmmse", "pyroomacoustics")
# ours, the peer that does what is nearest to it, and the peer's frames
NEAREST = {
    "log_mmse": ("logmmse", {"frame_ms": 20, "hop_ms": 10}),
    "spectral_subtraction": ("pyroomacoustics spectral subtraction", {"frame_ms": 32, "hop_ms": 16}),
    "wiener": ("pyroomacoustics iterative Wiener", {"frame_ms": 32, "hop_ms": 16}),
}


# ---- clips ----


def synthetic_clip(seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Synthetic harmonics, a second on and a second off, in white noise; and where they pause."""
    t = np.arange(round(seconds * FS)) / FS
    phase = 2 * np.pi * np.cumsum(120 + 30 * np.sin(2 * np.pi * 0.7 * t)) / FS
    voice = sum(np.cos(k * phase) / k for k in range(1, 25)) * (t % 2 > 1)
    noise = rng_for("benchmark classical speech").standard_normal(t.size)
    return mix_at_snr(0.1 * voice, noise, SNR_DB)[0], (t % 2 > 0.2) & (t % 2 < 0.8) & (t > 2)


def left_in_pauses_db(system: System) -> float:
    """Power of what comes out over what went in, where nobody speaks (small delays do not matter)."""
    noisy, pause = synthetic_clip(6)
    out = np.asarray(system(noisy), dtype=np.float64)
    n = min(out.size, noisy.size)
    return float(10 * np.log10(np.mean(out[:n][pause[:n]] ** 2) / np.mean(noisy[:n][pause[:n]] ** 2)))


# ---- systems ----


def ours(every: bool) -> dict[str, System]:
    """Our systems, all of them or those that have a peer, and these with the peer's frames."""
    names = CLASSICAL_SPEECH if every else NEAREST
    systems = {name: partial(CLASSICAL_SPEECH[name], fs=FS) for name in names}
    for name, (_, frames) in NEAREST.items():
        systems[f"{name}, peer's frames"] = partial(systems[name], **frames)
    return systems


def peers() -> dict[str, System]:
    """The peers that are installed."""
    found: dict[str, System] = {}
    if importlib.util.find_spec("logmmse"):
        with np.errstate():  # logmmse has numpy raise on underflow, everywhere and for good
            import logmmse

        found["logmmse"] = lambda x: logmmse.logmmse((8000 * x).astype(np.int16), FS) / 8000
    if importlib.util.find_spec("pyroomacoustics"):
        from pyroomacoustics import denoise

        found["pyroomacoustics spectral subtraction"] = denoise.apply_spectral_sub
        found["pyroomacoustics iterative Wiener"] = denoise.apply_iterative_wiener
    for package in PACKAGES:
        if not importlib.util.find_spec(package):
            print(f"{package} is not installed: left out (pip install {package}).")
    return found


# ---- the clock ----


def measure(systems: dict[str, System], seconds: float, rounds: int) -> dict:
    """Rates by processor time and by wall time, and ratios to the nearest peers."""
    noisy = synthetic_clip(seconds)[0]
    taken = in_turns({name: partial(system, noisy) for name, system in systems.items()}, rounds)
    rates = {clock: {name: seconds / median for name, median in medians(taken, clock).items()}
             for clock in ("cpu_seconds", "wall_seconds")}
    rate = rates["cpu_seconds"]
    return {
        "seconds": seconds,
        "taken": taken,
        "audio_seconds_per_cpu_second": rate,
        "audio_seconds_per_wall_second": rates["wall_seconds"],
        "ratios": {
            f"{ours} over {peer}": rate[ours] / rate[peer]
            for name, (peer, _) in NEAREST.items()
            for ours in (name, f"{name}, peer's frames")
            if peer in rate
        },
    }


def report(result: dict) -> None:
    """Print what was measured."""
    for name, rate in result["audio_seconds_per_cpu_second"].items():
        left = result["left_in_pauses_db"][name]
        print(f"  {name:38} {rate:7.1f} s of audio per s    {left:6.1f} dB of the noise left")
    for name, ratio in result["ratios"].items():
        print(f"  {name:75} {ratio:6.2f} ×")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="2 s of audio, one round, nothing written")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    seconds, rounds = (2.0, 1) if options.quick else (options.seconds, options.rounds)
    systems = ours(every=not options.quick) | peers()
    left = {name: left_in_pauses_db(system) for name, system in systems.items()}
    idle = [f"{name} ({db:.1f} dB)" for name, db in left.items() if db > -1]
    if idle:
        raise SystemExit(f"{', '.join(idle)}: takes no noise off, nothing to time.")
    result = {"what": "enhancing 16 kHz audio, one thread", "left_in_pauses_db": left}
    result |= measure(systems, seconds, rounds)
    result["peers"] = {p: importlib.metadata.version(p) for p in PACKAGES if importlib.util.find_spec(p)}
    report(result)
    if not options.quick:
        save("classical_speech", result)


if __name__ == "__main__":
    main()
