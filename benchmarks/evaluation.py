"""How fast segments are mixed, cleaned (HP and ATS+HP) and scored: seconds of signal per second of wall time.

    python benchmarks/evaluation.py [--quick] [--segments N] [--rounds N]

The same work is timed with one and with two processes, and against the same pipeline written plainly with
scipy.signal and librosa.stft, in the same run and in turns. The signals are synthetic: it runs anywhere.
Before any clock starts, both pipelines are held against each other value by value.
"""
# ruff: noqa: E402 (the thread counts must be set before numpy is imported)

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # a process is one core, or "two processes" would mean nothing

import argparse
import importlib.metadata
import json
import multiprocessing
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import scipy.signal

from biosig.files import write_text
from biosig.metrics.emg import score
from biosig.results.provenance import describe_run
from biosig.seeds import rng_for
from biosig.signal.ecg_removal import ats_hp, hp
from biosig.signal.mixing import mix_at_snr
from biosig.signal.types import Mixture

FS, SECONDS, PEER = 1000, 10, "scipy.signal + librosa.stft, written plainly"
SNRS = range(-14, 1, 2)
RESULT = Path(__file__).parent / "results" / "evaluation.json"
DISTINCT = 24  # different signals; segments beyond go round them at other SNRs, to keep memory small


# ---- signals ----


def synthetic_pair(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Synthetic EMG, ECG and movement mask of one segment."""
    rng, t = rng_for("benchmark evaluation", number), np.arange(FS * SECONDS)
    emg = rng.standard_normal(t.size) * (0.1 + (t // 2500 % 2))
    ecg, period = np.zeros(t.size), rng.uniform(600, 780)  # 77–100 beats per minute
    for beat in np.arange(rng.uniform(0, period), t.size, period):
        for place, width, height in ((-26, 8, -0.15), (0, 9, 1.0), (28, 9, -0.25)):
            ecg += height * np.exp(-0.5 * ((t - beat - place) / width) ** 2)
    return emg, ecg, t // 2500 % 2 == 1


PAIRS: list = []


def prepare() -> None:
    """Make the signals in this process (not timed)."""
    PAIRS.extend(synthetic_pair(number) for number in range(DISTINCT))


# ---- ours ----


def ours(number: int) -> list[float]:
    """One segment through the package."""
    emg, ecg, active = PAIRS[number % DISTINCT]
    snr_db = float(SNRS[number % len(SNRS)])
    noisy, scaled = mix_at_snr(emg, ecg, snr_db)
    mixture = Mixture(emg, scaled, noisy, FS, snr_db, f"segment {number}", active=active)
    return [s.value for system in (hp, ats_hp) for s in score(mixture, system(noisy, FS))[:4]]


# ---- the peer ----


def peer(number: int) -> list[float]:
    """The same segment, plainly."""
    emg, ecg, active = PAIRS[number % DISTINCT]
    snr_db = SNRS[number % len(SNRS)]
    noisy = emg + np.sqrt(np.sum(emg**2) / (10 ** (snr_db / 10) * np.sum(ecg**2))) * ecg
    outputs = (peer_filter(noisy, 40, "highpass"), peer_filter(peer_ats(noisy), 40, "highpass"))
    return [value for output in outputs for value in peer_metrics(emg, noisy, output, active)]


def peer_filter(x: np.ndarray, cutoff: object, kind: str) -> np.ndarray:
    return scipy.signal.sosfiltfilt(scipy.signal.butter(4, cutoff, kind, fs=FS, output="sos"), x)


def peer_ats(noisy: np.ndarray) -> np.ndarray:
    """Averaged template subtraction with loops over regions and beats."""
    filtered = peer_filter(noisy, (2.5, 50), "bandpass")
    peaks = peer_peaks(filtered)
    if len(peaks) < 11:
        return noisy
    shortest = min(np.diff(peaks))
    left, right = int(0.25 * shortest), int(0.45 * shortest) + 1
    padded = np.pad(filtered, shortest, constant_values=np.nan)
    beats = np.array([padded[p + shortest - left : p + shortest + right] for p in peaks])
    out = noisy.copy()
    for k, p in enumerate(peaks):
        first = min(max(k - 5, 0), len(peaks) - 11)
        a, b = max(p - left, 0), min(p + right, noisy.size)
        template = np.nanmean(beats[first : first + 11], axis=0)[a - p + left : b - p + left]
        out[a:b] -= template @ noisy[a:b] / (template @ template) * template
    return out


def peer_peaks(filtered: np.ndarray) -> list[int]:
    """R peaks by two moving means."""
    padded = np.pad(filtered, 1500)
    short, long = (np.convolve(np.abs(padded), np.ones(w) / w, mode="same") for w in (100, 1000))
    above = np.concatenate([[False], short > long, [False]])
    starts, ends = np.flatnonzero(~above[:-1] & above[1:]), np.flatnonzero(above[:-1] & ~above[1:])
    found = [a + padded[a:b].argmax() - 1500 for a, b in zip(starts, ends, strict=True) if b - a >= 140]
    return [int(p) for p in found if 0 <= p < filtered.size]


def peer_metrics(clean: np.ndarray, noisy: np.ndarray, output: np.ndarray, active: np.ndarray) -> list[float]:
    """SNRimp, RMSE, RMSE of ARV, RMSE of MF."""
    before, after = np.sum((noisy - clean) ** 2), np.sum((output - clean) ** 2)
    arvs = [[np.mean(np.abs(x[a : a + 1000])) for a in range(0, x.size - 999, 1000)] for x in (clean, output)]
    frames = active[np.minimum(32 * np.arange(1 + clean.size // 32), clean.size - 1)]
    tracks = [peer_mean_frequency(x)[frames] for x in (clean, output)]
    distances = [np.sqrt(np.mean((np.array(b) - a) ** 2)) for a, b in ((clean, output), arvs, tracks)]
    return [float(10 * np.log10(before / after)), *map(float, distances)]


def peer_mean_frequency(x: np.ndarray) -> np.ndarray:
    window = scipy.signal.windows.hamming(128, sym=True)
    stft = librosa.stft(x, n_fft=256, hop_length=32, win_length=128, window=window, pad_mode="constant")
    magnitude = np.abs(stft)
    frequencies = librosa.fft_frequencies(sr=FS, n_fft=256)
    keep = frequencies >= 10
    return frequencies[keep] @ magnitude[keep] / magnitude[keep].sum(axis=0)


# ---- the clock ----


def worker(barrier: object) -> None:
    """Start of a worker: its signals, and the means to wait for the others."""
    global BARRIER
    BARRIER = barrier
    prepare()


def warm_up(_: int) -> None:
    """Both pipelines once; nobody leaves before every worker is here."""
    ours(0), peer(0)
    BARRIER.wait()


def timed(pool: object, pipeline: Callable, segments: int) -> float:
    """Wall seconds for all segments."""
    start = time.perf_counter()
    pool.map(pipeline, range(segments), chunksize=10)
    return time.perf_counter() - start


def measure(segments: int, rounds: int) -> dict[str, list[float]]:
    """Wall seconds of every round: ours and the peer in turns, with one and with two processes."""
    seconds: dict[str, list[float]] = {}
    for processes in (1, 2):
        barrier = multiprocessing.Barrier(processes)
        with multiprocessing.Pool(processes, worker, (barrier,)) as pool:
            pool.map(warm_up, range(processes), chunksize=1)
            for _ in range(rounds):
                for name, pipeline in (("ours", ours), ("peer", peer)):
                    seconds.setdefault(f"{name}_{processes}", []).append(timed(pool, pipeline, segments))
    return seconds


def agreement() -> float:
    """Largest relative difference between the two pipelines' values over all distinct signals."""
    pairs = [(ours(k), peer(k)) for k in range(DISTINCT)]
    return max(float(np.max(np.abs(np.subtract(a, b)) / np.abs(b))) for a, b in pairs)


def summary(seconds: dict[str, list[float]], segments: int) -> dict:
    """Rates from median rounds, and the ratios the claims rest on."""
    rate = {name: segments * SECONDS / statistics.median(values) for name, values in seconds.items()}
    return {
        "segments": segments,
        "segment_seconds": SECONDS,
        "wall_seconds": seconds,
        "signal_seconds_per_second": rate,
        "ratios": {
            "ours over peer, one process": rate["ours_1"] / rate["peer_1"],
            "ours over peer, two processes": rate["ours_2"] / rate["peer_2"],
            "ours, two processes over one": rate["ours_2"] / rate["ours_1"],
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="50 segments, one round, nothing written")
    parser.add_argument("--segments", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    segments, rounds = (50, 1) if options.quick else (options.segments, options.rounds)
    prepare()
    difference = agreement()
    if difference > 1e-6:
        raise SystemExit(f"the two pipelines differ by {difference:.1e}: nothing to time.")
    run = describe_run()
    result = {"what": "mixing, HP, ATS+HP and four metrics of each", "peer": PEER}
    result |= {"largest_relative_difference": difference} | summary(measure(segments, rounds), segments)
    run["versions"]["librosa"] = importlib.metadata.version("librosa")
    report(result)
    if not options.quick:
        write_text(RESULT, json.dumps(result | {"run": run}, indent=2) + "\n")


def report(result: dict) -> None:
    """Print what was measured."""
    print(f"{result['segments']} segments of {SECONDS} s: {result['what']}; peer: {result['peer']}")
    for name, rate in result["signal_seconds_per_second"].items():
        print(f"  {name.replace('_', ', processes: '):22} {rate:8.0f} s of signal per s")
    for name, ratio in result["ratios"].items():
        print(f"  {name:32} {ratio:5.2f} ×")


if __name__ == "__main__":
    main()
