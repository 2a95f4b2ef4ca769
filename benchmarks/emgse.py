"""How fast EMGSE's features are, and what share of a training step goes into them.

    python benchmarks/emgse.py [--quick] [--rounds N]

TD15 of 35 channels at 2000 Hz by :func:`biosig.signal.emg_features.td15` against the plain way, a loop over channels
and frames, which has to give the same numbers before any clock starts. Then one training step of the open profile (six
channels at 600 Hz, narrow networks), and of it the making of the batch: mixing, spectrogram, stacked EMG. Data are
synthetic; what they hold does not change what they cost.
"""
# ruff: noqa: E402 (the thread counts must be set before numpy is imported)

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse

import numpy as np
import scipy.signal
import torch
from machine import in_turns, medians, save

from biosig.papers.emgse.frames import emg_frames
from biosig.papers.emgse.mixtures import TrainingStream
from biosig.papers.emgse.profiles import CHUNK, SIX, setup_of
from biosig.papers.emgse.sources import Sources, Spoken
from biosig.papers.emgse.train import batches
from biosig.papers.neural import initialised
from biosig.seeds import rng_for
from biosig.signal.emg_features import EDGE_HZ, ORDER, td15
from biosig.signal.log_spectrogram import n_frames
from biosig.signal.paired import Channels
from biosig.signal.types import Recording
from biosig.training.objectives import objective

FS, EMG_FS, ARRAY_FS = 16_000, 600, 2000
SIZE, HOP, CONTEXT = 64, 16, 15  # samples of a frame at 2000 Hz, samples between frames, frames on each side
SAME = 1e-9


# ---- the plain way ----


def plain_td15(emg: np.ndarray) -> np.ndarray:
    """TD15 (T, C·31·5), a channel and a frame at a time."""
    frames = [channel_frames(channel) for channel in emg]
    count = len(frames[0])
    stacked = np.zeros((count, len(emg) * (2 * CONTEXT + 1) * 5))
    for t in range(count):
        row = []
        for channel in frames:
            for at in range(t - CONTEXT, t + CONTEXT + 1):
                row.extend(channel[at] if 0 <= at < count else np.zeros(5))
        stacked[t] = row
    for column in range(stacked.shape[1]):
        low, high = stacked[:, column].min(), stacked[:, column].max()
        stacked[:, column] = (stacked[:, column] - low) / (high - low) if high > low else 0
    return stacked


def channel_frames(x: np.ndarray) -> list[np.ndarray]:
    """Five numbers for every frame of one channel (n,), eq. (7)."""
    low, high = (
        scipy.signal.sosfilt(scipy.signal.butter(ORDER, EDGE_HZ, kind, fs=ARRAY_FS, output="sos"), x - x[0])
        for kind in ("lowpass", "highpass")
    )
    low, window, found = low + x[0], np.blackman(SIZE), []
    for start in range(0, x.size - SIZE + 1, HOP):
        l, h = low[start : start + SIZE] * window, high[start : start + SIZE]
        crossings = sum(a * b < 0 for a, b in zip(h[:-1], h[1:], strict=True)) / SIZE
        h = h * window
        found.append(np.array([l.mean(), (l**2).mean(), np.abs(h).mean(), (h**2).mean(), crossings]))
    return found


# ---- a training step ----


def person(sentences: int, seconds: float) -> Sources:
    """Synthetic sentences with synthetic EMG."""
    rng = rng_for("benchmark emgse")

    def spoken(k: int) -> Spoken:
        name = f"synthetic/{k}"
        sound = Recording(0.05 * rng.standard_normal(round(seconds * FS)), FS, "full scale", name, "x", synthetic=True)
        emg = Channels(60 * rng.standard_normal((6, round(seconds * EMG_FS))), EMG_FS, "µV", name, SIX, synthetic=True)
        return Spoken(sound, emg, "x", name)

    found = tuple(spoken(k) for k in range(sentences))
    noise = Recording(rng.standard_normal(5 * FS), FS, "full scale", "noise", "noise", synthetic=True)
    return Sources(found, found[:1], found[:1], (noise,), (noise,))


def step_jobs(sources: Sources) -> dict:
    """A whole training step of EMGSE, the making of its batch, the EMG in it, and a sentence's features."""
    setup = setup_of("open")
    network = setup.network("emgse", 0)
    recipe, loss = network.recipe, objective(network.recipe.loss)
    model = initialised("emgse", 0, channels=len(network.channels), **dict(network.options))
    optimiser = torch.optim.Adam(model.parameters(), lr=recipe.lr)
    stream = TrainingStream(sources, setup, network)
    batch = batches(stream, recipe)
    one, generator = sources.train[0], torch.Generator()

    def step() -> None:
        frames, clean = batch(0, 0)
        optimiser.zero_grad(set_to_none=True)
        loss(model, frames, clean, generator).backward()
        optimiser.step()

    def stacking() -> None:
        for row in range(recipe.batch):
            stream.sentences[row % len(stream.sentences)].emg.rows(0, CHUNK)

    def features() -> None:
        emg_frames(one.emg, n_frames(one.sound.signal.size))

    return {
        "training step": step,
        "its batch": lambda: batch(0, 0),
        "of that, stacked EMG": stacking,
        "EMG features of a sentence, once": features,
    }


# ---- the clock ----


def measure(rounds: int, seconds: float) -> dict:
    """Times by processor time, and the two ratios that are claimed."""
    emg = 60 * rng_for("benchmark td15").standard_normal((35, round(seconds * ARRAY_FS)))
    apart = float(np.abs(plain_td15(emg) - td15(emg, ARRAY_FS)).max())
    if apart > SAME:
        raise SystemExit(f"the plain loop and td15 differ by {apart:g}: expected the same numbers.")
    features = in_turns({"td15": lambda: td15(emg, ARRAY_FS), "plain loop": lambda: plain_td15(emg)}, rounds)
    steps = in_turns(step_jobs(person(8, seconds)), rounds, turn=0.2)
    cpu = medians(features, "cpu_seconds") | medians(steps, "cpu_seconds")
    return {
        "channels": len(emg),
        "seconds": seconds,
        "largest_difference": apart,
        "taken": features | steps,
        "cpu_seconds": cpu,
        "times_as_fast": cpu["plain loop"] / cpu["td15"],
        "share_of_a_step_in_its_batch": cpu["its batch"] / cpu["training step"],
        "share_of_a_step_in_emg": cpu["of that, stacked EMG"] / cpu["training step"],
    }


def main() -> None:
    """Parse, measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a second of EMG, one round, nothing saved")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    result = measure(1 if options.quick else options.rounds, 1.0 if options.quick else 3.0)
    for name, seconds in result["cpu_seconds"].items():
        print(f"{name:26s} {1000 * seconds:10.1f} ms")
    print(f"td15 is {result['times_as_fast']:.0f} times as fast as the plain loop, and gives the same numbers.")
    batch, emg = (100 * result[f"share_of_a_step_in_{part}"] for part in ("its_batch", "emg"))
    print(f"Making a batch takes {batch:.0f} % of a training step, the EMG features in it {emg:.1f} %.")
    if not options.quick:
        save("emgse", result)


if __name__ == "__main__":
    main()
