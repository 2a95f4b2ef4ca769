"""A training step of each back end of TRNet, features included, and what keeping enhanced speech saves.

    python benchmarks/trnet.py [--quick] [--rounds N]

A step is what training does for one batch: draw it, run the network forth and back, and let Adam move it. Its features
are timed beside it: the log-mel spectra of the noisy and of the enhanced batch, which the protocol makes once and
keeps. Enhanced speech from the cache stands against the same speech enhanced on the fly, by the enhancer of the open
profile. Sounds are synthetic: what a batch costs hardly depends on what is in it. All jobs take turns, on one thread;
the medians over rounds are of processor time.
"""
# ruff: noqa: E402 (the thread counts must be set before numpy and torch start theirs)

import argparse
import os

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--quick", action="store_true", help="narrow networks, short sounds, one round, nothing written")
parser.add_argument("--rounds", type=int, default=5)
OPTIONS = parser.parse_args()
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import tempfile
from collections.abc import Callable

import numpy as np
import torch
from machine import in_turns, medians, save

from biosig.backends.log_mel import log_mel
from biosig.cache import ArrayCache
from biosig.models.networks import count_parameters
from biosig.models.trnet import Heard, TRNet, Truth
from biosig.papers.neural import initialised
from biosig.papers.trnet.profiles import OPEN, PAPER
from biosig.papers.trnet.sources import FS
from biosig.papers.trnet.spectra import kept
from biosig.seeds import rng_for
from biosig.training.state import optimiser_of

BACK_ENDS = {
    "the open profile's": ({"width": OPEN.width}, OPEN),
    "the paper's form": ({"form": "paper"}, PAPER),
    "the code's form": ({"form": "code"}, PAPER),
}
ENHANCER = "log_mmse" if OPTIONS.quick else OPEN.enhancers[0]


def sounds(batch: int, seconds: float) -> np.ndarray:
    """Synthetic: coloured noise of the length of utterances, (batch, n)."""
    draw = rng_for("benchmark trnet").standard_normal((batch, round(seconds * FS)))
    return 0.1 * np.cumsum(draw, axis=1) / np.sqrt(draw.shape[1])


def spectra(heard: np.ndarray) -> torch.Tensor:
    """What the features of a batch are."""
    return torch.from_numpy(log_mel(heard, FS))


def step_of(network: TRNet, heard: Heard, truth: Truth, recipe) -> Callable[[], None]:
    """Forth, back, and one move of Adam."""
    optimiser = optimiser_of(recipe, network)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        network.loss(heard, truth).backward()
        optimiser.step()

    return step


def back_end(options: dict, setup) -> dict:
    """Seconds of a batch's features and of a step."""
    width = {"width": 2} if OPTIONS.quick else {}
    batch, seconds = setup.recipe.batch, 0.5 if OPTIONS.quick else setup.seconds
    network, heard = initialised("trnet", 0, **options | width), sounds(batch, seconds)
    x = spectra(heard)
    given = (
        Heard(x, x + 0.1, torch.zeros(batch)),
        Truth(x, torch.zeros(batch, network.encoder.size), torch.zeros(batch, dtype=torch.long)),
    )
    jobs = {
        "features, noisy and enhanced": lambda: (spectra(heard), spectra(heard)),
        "step": step_of(network, *given, setup.recipe),
    }
    taken = in_turns(jobs, 1 if OPTIONS.quick else OPTIONS.rounds)
    own = medians(taken, "cpu_seconds")
    told = {"parameters": count_parameters(network), "batch": batch, "seconds_of_sound": seconds}
    share = own["features, noisy and enhanced"] / own["step"]
    return told | {"taken": taken, "cpu_seconds": own, "features_over_step": share}


def cache() -> dict:
    """Enhanced speech, made on the fly and read from the cache: both have to be the same."""
    heard = sounds(2 if OPTIONS.quick else 16, 0.5 if OPTIONS.quick else OPEN.seconds)
    with tempfile.TemporaryDirectory() as folder:
        fly, full = kept(ENHANCER, ArrayCache(None)), kept(ENHANCER, ArrayCache(folder))
        np.testing.assert_array_equal(fly(heard), full(heard))
        jobs = {"on the fly": lambda: fly(heard), "from the cache": lambda: full(heard)}
        taken = in_turns(jobs, 1 if OPTIONS.quick else OPTIONS.rounds)
    own = medians(taken, "cpu_seconds")
    return {"enhancer": ENHANCER, "taken": taken, "cpu_seconds": own,
            "times_as_fast": own["on the fly"] / own["from the cache"]}  # fmt: skip


def main() -> None:
    result = {"what": "TRNet: a training step of each back end, and enhanced speech from the cache, one thread"}
    for name, (options, setup) in BACK_ENDS.items():
        result[name] = found = back_end(options, setup)
        print(f"{name:20} " + "  ".join(f"{job} {value:.3f} s" for job, value in found["cpu_seconds"].items()))
    result["cache"] = found = cache()
    print(f"{ENHANCER}: the cache is {found['times_as_fast']:.0f} times as fast")
    if not OPTIONS.quick:
        save("trnet", result)


if __name__ == "__main__":
    main()
