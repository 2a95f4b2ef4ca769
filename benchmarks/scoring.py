"""How fast a folder of enhanced speech is scored (PESQ-wb, STOI, SI-SDR), against a plain loop, in one run.

    python benchmarks/scoring.py [--quick] [--clips N] [--rounds N]

The plain loop reads each pair and calls ``pesq``, ``pystoi`` and three lines of numpy. Ours reads the same files with
``score_pairs``, in this process and in two; it also checks every signal and looks for the system's own delay. Before
any clock starts all values are compared. The clips are synthetic. Two processes are started anew in each round, and
that is part of their time; how long it takes is measured on its own, since it weighs on small folders alone.
"""
# ruff: noqa: E402 (the thread counts must be set before numpy is imported)

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # a process is one core, or "two processes" would mean nothing

import argparse
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import soundfile
from pesq import pesq
from pystoi import stoi

from biosig.metrics.batch import Pair, score_pairs
from biosig.seeds import rng_for

FS, SECONDS, METRICS = 16000, 4, ("pesq_wb", "stoi", "si_sdr_db")
PLAIN, ONE, TWO, START = "plain loop", "ours, one process", "ours, two processes", "start of two processes"


# ---- the folder ----


def synthetic_pair(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Harmonics of a gliding pitch in syllables, and the same in noise that is less with every fifth clip."""
    rng, t = rng_for("benchmark scoring", number), np.arange(FS * SECONDS) / FS
    phase = 2 * np.pi * np.cumsum(rng.uniform(90, 220) * 2 ** (0.2 * np.sin(2 * np.pi * 0.7 * t))) / FS
    voice = sum(np.cos(k * phase + rng.uniform(0, 6)) / k for k in range(1, 18))
    clean = 0.1 * voice * np.clip(1.3 * np.sin(2 * np.pi * 3 * t), 0, 1) * (t % 1.9 < 1.5)
    return clean, clean + 0.05 / (1 + number % 5) * rng.standard_normal(t.size)


def write_folder(folder: Path, clips: int) -> list[Path]:
    """Pairs of 16-bit files, clean and noisy; the paths of the clean ones."""
    paths = [folder / f"{number:04}.clean.wav" for number in range(clips)]
    for number, path in enumerate(paths):
        for name, signal in zip((path, noisy_path(path)), synthetic_pair(number), strict=True):
            soundfile.write(name, signal, FS, subtype="PCM_16")
    return paths


def noisy_path(path: Path) -> Path:
    return path.with_name(path.name.replace("clean", "noisy"))


# ---- ours, and the plain loop ----


def read(path: Path) -> Pair:
    return Pair(path.name, soundfile.read(path)[0], soundfile.read(noisy_path(path))[0], FS)


def ours(paths: list[Path], jobs: int) -> list[list[float]]:
    return [[score.value for score in scores[:3]] for scores in score_pairs(paths, METRICS, jobs, load=read)]


def plain(paths: list[Path]) -> list[list[float]]:
    values = []
    for path in paths:
        clean, noisy = soundfile.read(path)[0], soundfile.read(noisy_path(path))[0]
        target = np.dot(noisy, clean) / np.dot(clean, clean) * clean
        si_sdr = 10 * np.log10(np.sum(target**2) / np.sum((noisy - target) ** 2))
        values.append([pesq(FS, clean, noisy, "wb"), stoi(clean, noisy, FS), si_sdr])
    return values


def nothing(path: Path) -> Pair:
    """A pair that takes no time to score."""
    return Pair(path.name, np.ones(2), np.ones(2), FS)


# ---- the clock ----


def disagreement(paths: list[Path]) -> float:
    """Largest difference between the values of the plain loop and ours, one and two processes."""
    expected = np.array(plain(paths))
    return max(float(np.abs(np.array(ours(paths, jobs)) - expected).max()) for jobs in (1, 2))


def measure(paths: list[Path], rounds: int) -> dict:
    """Wall seconds of all rounds, rates from their medians, and the ratios that the claims rest on."""
    from machine import in_turns, medians  # here: it loads torch, and each process would too

    jobs = {
        PLAIN: lambda: plain(paths),
        ONE: lambda: ours(paths, 1),
        TWO: lambda: ours(paths, 2),
        START: lambda: score_pairs(paths[:2], ["snr_db"], 2, load=nothing),
    }
    taken = in_turns(jobs, rounds)
    median, processor = medians(taken, "wall_seconds"), medians(taken, "cpu_seconds")
    rate = {name: len(paths) * SECONDS / median[name] for name in (PLAIN, ONE, TWO)}
    return {
        "wall_seconds": {name: seconds["wall_seconds"] for name, seconds in taken.items()},
        "signal_seconds_per_second": rate,
        "start_seconds": median[START],
        "ratios": {
            "one process over the plain loop": rate[ONE] / rate[PLAIN],
            "the same, by processor time": processor[PLAIN] / processor[ONE],
            "two processes over the plain loop": rate[TWO] / rate[PLAIN],
            "two processes over one": rate[TWO] / rate[ONE],
            "two processes over one, once started": median[ONE] / max(median[TWO] - median[START], 1e-9),
        },
    }


def report(result: dict) -> None:
    """Print what was measured."""
    print(f"{result['clips']} clips of {SECONDS} s: {result['what']}; values within {result['largest_difference']:.0e}")
    for name, rate in result["signal_seconds_per_second"].items():
        print(f"  {name:38} {rate:7.1f} s of signal per s")
    print(f"  {START:38} {result['start_seconds']:7.1f} s")
    for name, ratio in result["ratios"].items():
        print(f"  {name:38} {ratio:7.2f} x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="8 clips, one round, nothing written")
    parser.add_argument("--clips", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    clips, rounds = (8, 1) if options.quick else (options.clips, options.rounds)
    with tempfile.TemporaryDirectory() as folder:
        paths = write_folder(Path(folder), clips)
        difference = disagreement(paths)
        if difference > 1e-6:
            raise SystemExit(f"our values and the plain loop's differ by {difference:.1e}: nothing to time.")
        result = measure(paths, rounds)
    what = {"what": "PESQ-wb, STOI and SI-SDR of a folder", "clips": clips, "clip_seconds": SECONDS}
    what["peer"] = f"a loop over pesq {version('pesq')} and pystoi {version('pystoi')}"
    result = what | {"largest_difference": difference} | result
    report(result)
    if not options.quick:
        from machine import save

        print(save("scoring", result))


if __name__ == "__main__":
    main()
