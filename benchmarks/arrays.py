"""How fast WPE and MVDR run on one thread, beside nara_wpe and pyroomacoustics, once the numbers are the same.

    python benchmarks/arrays.py [--quick] [--seconds N] [--rounds N]

Every job takes the same synthetic spectra, in turns in one run, 16 kHz in frames of 512 every 128. WPE: both of the
peer's offline forms (all bins at once; one by one, for large filters) and its class for streams, whose delay is lowered
by two, as it begins two frames later. MVDR: weights of all bins from covariances and places, and their use on the
spectra, as pyroomacoustics computes and applies them. Before any clock starts, each pair has to give the same numbers.
"""
# ruff: noqa: E402 (the thread counts must be set before numpy is imported)

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import importlib.metadata
from collections.abc import Callable
from functools import partial

import numpy as np
import pyroomacoustics
from machine import in_turns, medians, save
from nara_wpe import wpe as nara

from biosig.seeds import rng_for
from biosig.signal import arrays, beamforming
from biosig.signal.dereverberation import recursive_wpe, wpe

FS, N_FFT, HOP = 16000, 512, 128
CHANNELS, TAPS, DELAY = (1, 2, 6), 10, 3
PACKAGES = ("nara-wpe", "pyroomacoustics")
Job = Callable[[], np.ndarray]  # gives (D, T, F), or weights (F, M)


def synthetic_spectra(channels: int, seconds: float) -> np.ndarray:
    """Synthetic spectra (D, T, F): loud and soft frames of noise, with an echo some frames later."""
    rng, frames = rng_for("benchmark of arrays", channels), round(seconds * FS / HOP)
    white = rng.standard_normal((2, channels, frames, N_FFT // 2 + 1))
    out = (white[0] + 1j * white[1]) * rng.gamma(1.0, size=(1, frames, 1))
    for t in range(4, frames):
        out[:, t] += 0.5 * out[:, t - 4]
    return out


def wpe_jobs(channels: int, seconds: float) -> dict[str, dict[str, Job]]:
    """Task → who → job; the peer gets its input as it wants it: (F, D, T), in one piece."""
    y = synthetic_spectra(channels, seconds)
    theirs = np.ascontiguousarray(y.transpose(2, 0, 1))
    back = lambda x: x.transpose(1, 2, 0)  # noqa: E731

    def online() -> np.ndarray:
        stream = nara.OnlineWPE(TAPS, DELAY - 2, 0.9999, channel=channels, frequency_bins=y.shape[2])
        return np.stack([stream.step_frame(frame.T).T for frame in y.swapaxes(0, 1)], axis=1)

    return {
        f"WPE, {channels} channels": {
            "biosig": partial(wpe, y, TAPS, DELAY),
            "nara_wpe, all bins at once": lambda: back(nara.wpe_v7(theirs, TAPS, DELAY)),
            "nara_wpe, bin by bin": lambda: back(nara.wpe_v8(theirs, TAPS, DELAY)),
        },
        f"WPE as it arrives, {channels} channels": {
            "biosig": partial(recursive_wpe, y, TAPS, DELAY),
            "nara_wpe": online,
        },
    }


def mvdr_jobs(seconds: float) -> dict[str, dict[str, Job]]:
    """Weights for a source nearby, from one covariance per bin, and their use."""
    places, source = arrays.GEOMETRIES["circular"].places, np.array([1.0, 0.5, 0.2])
    y = synthetic_spectra(len(places), seconds)
    noise = beamforming.covariance(y)[:1] + np.eye(len(places))  # the peer takes one for all bins
    every = np.repeat(noise, N_FFT // 2 + 1, axis=0)
    frequencies, speed = arrays.bin_frequencies(FS, N_FFT), pyroomacoustics.constants.get("c")
    stacked = np.ascontiguousarray(y.transpose(1, 2, 0))  # (T, F, M), as the peer has its spectra

    def ours() -> np.ndarray:
        return beamforming.mvdr(every, arrays.spherical_wave(places, frequencies, source, speed) / (4 * np.pi), 0)

    def theirs() -> np.ndarray:
        beamformer = pyroomacoustics.Beamformer(places.T, FS, N=N_FFT)
        beamformer.rake_one_forcing_weights(pyroomacoustics.SoundSource(source), R_n=noise[0])
        return beamformer.weights.T

    weights = ours()
    return {
        "MVDR, weights": {"biosig": ours, "pyroomacoustics": theirs},
        "MVDR, applied": {
            "biosig": lambda: beamforming.beamform(weights, y),
            "pyroomacoustics": lambda: np.sum(stacked * weights.conj(), axis=2),  # its process(), between the FFTs
        },
    }


def difference(jobs: dict[str, Job]) -> float:
    """The largest difference between ours and a peer's, relative to the largest number."""
    first, *others = (job() for job in jobs.values())
    return max(float(np.abs(other - first).max() / np.abs(first).max()) for other in others)


def measure(tasks: dict[str, dict[str, Job]], rounds: int) -> dict:
    """Median seconds of processor time of every job, and how much faster ours is than the faster peer."""
    found = {}
    for task, jobs in tasks.items():
        off = difference(jobs)
        if off > 1e-6:
            raise SystemExit(f"{task}: ours and a peer's differ by {off:.1e}: nothing to time.")
        taken = in_turns(jobs, rounds, turn=0.2)
        seconds = medians(taken, "cpu_seconds")
        best = min(value for name, value in seconds.items() if name != "biosig")
        found[task] = {"cpu_seconds": seconds, "faster": best / seconds["biosig"], "difference": off, "taken": taken}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="1 s of audio, one round, nothing written")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    seconds, rounds = (1.0, 1) if options.quick else (options.seconds, options.rounds)
    tasks = {task: jobs for n in CHANNELS for task, jobs in wpe_jobs(n, seconds).items()} | mvdr_jobs(seconds)
    found = measure(tasks, rounds)
    for task, result in found.items():
        told = ", ".join(f"{name} {1000 * value:.1f} ms" for name, value in result["cpu_seconds"].items())
        print(f"  {task:34} {result['faster']:5.2f} × the faster peer ({told})")
    if not options.quick:
        versions = {name: importlib.metadata.version(name) for name in PACKAGES}
        save("arrays", {"what": f"{seconds:g} s of 16 kHz audio, one thread", "tasks": found, "peers": versions})


if __name__ == "__main__":
    main()
