"""CMGAN's forward as a real-time factor beside the pretrained peers', and its training step by parts, on one thread.

    python benchmarks/cmgan.py [--quick] [--rounds N]

Weights change no time, so the narrow form is untrained; the paper's full form runs on the same clip. Everything takes
turns, and processor time counts. The training step is that of the open profile: generator and discriminator together,
the same without a discriminator, and what PESQ takes for the batch, which in training other processes do meanwhile.
"""
# ruff: noqa: E402 (the thread counts must be set before numpy and torch start theirs)

import argparse
import os

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--quick", action="store_true", help="the narrow form and one peer, two rounds, nothing written")
parser.add_argument("--rounds", type=int, default=5)
OPTIONS = parser.parse_args()
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from machine import in_turns, medians, save

from biosig.papers.neural import System, initialised
from biosig.papers.primer import sources
from biosig.papers.primer.costs import test_clip
from biosig.papers.primer.mixtures import TrainingStream
from biosig.papers.primer.profiles import setup_of
from biosig.papers.primer.train import batches
from biosig.peers import PEERS, load_peer
from biosig.training.adversarial import TwoNetworks, descend, discriminator_of, train_step
from biosig.training.inference import Denoiser
from biosig.training.judges import Judges, pesq_of
from biosig.training.objectives import objective

TARGET = 0.3  # of real time, for the narrow form
NARROW = setup_of("quick" if OPTIONS.quick else "open").network("cmgan")
FORMS = {"cmgan, narrow": dict(NARROW.options)} | ({} if OPTIONS.quick else {"cmgan, the paper's size": {}})
ROUNDS = 2 if OPTIONS.quick else OPTIONS.rounds


def systems() -> dict[str, System]:
    """Both forms of CMGAN and the pretrained peers, ready to be called."""
    forms = {
        name: Denoiser(initialised("cmgan", 0, **options), "rms", fs=sources.FS, window_s=NARROW.window_s)
        for name, options in FORMS.items()
    }
    return forms | {name: load_peer(name, threads=1) for name in list(PEERS)[: 1 if OPTIONS.quick else None]}


def steps(folder: Path) -> dict[str, Callable[[], object]]:
    """A training step with the discriminator, one without, and PESQ of its batch."""
    recipe = NARROW.recipe
    noisy, clean = batches(TrainingStream(sources.load("quick", "train")), recipe)(0, 0)
    model = initialised("cmgan", 0, **dict(NARROW.options)).train()
    state = TwoNetworks(model, discriminator_of(recipe, model), recipe, folder)
    at_once = Judges(0, lambda clean, estimate: 2.0)  # PESQ is timed by itself

    def plain() -> None:
        loss = objective("cmgan")(model, noisy, clean, torch.Generator())
        descend(state.optimiser, loss, model, recipe.clip_norm)

    def judged() -> list:
        return [pesq_of(*pair) for pair in zip(clean.numpy(), noisy.numpy(), strict=True)]

    return {"step with discriminator": lambda: train_step(state, noisy, clean, at_once), "step without": plain,
            "PESQ of the batch": judged}  # fmt: skip


def main() -> None:
    """Measure, print, and keep the result."""
    torch.set_num_threads(1)
    clip = np.asarray(test_clip())
    seconds = clip.size / sources.FS
    called = {name: lambda system=system: system(clip, sources.FS) for name, system in systems().items()}
    with TemporaryDirectory() as folder:
        taken = in_turns(called | steps(Path(folder)), ROUNDS)
    cpu = medians(taken, "cpu_seconds")
    factors = {name: cpu[name] / seconds for name in called}
    for name, factor in factors.items():
        print(f"{name:<24} real-time factor {factor:6.3f}")
    for name in cpu.keys() - called.keys():
        print(f"{name:<24} {cpu[name]:6.2f} s")
    print(f"the narrow form: {factors['cmgan, narrow']:.3f} of real time, target below {TARGET:g}")
    if not OPTIONS.quick:
        print(save("cmgan", {"target": TARGET, "real_time_factors": factors, "seconds": cpu, "rounds": taken}))


if __name__ == "__main__":
    main()
