"""A training step of every speech network, and what share of it mixing the batch takes, in one run on one thread.

    python benchmarks/speech_step.py [--quick] [--rounds N]

The networks, batches and losses are those of the open profile; speech and noise are the embedded samples, since what a
batch costs hardly depends on whose voice is in it. Mixing and stepping are timed apart and by processor time, in turns:
in training the next batch is mixed in a thread of its own while the network works on this one, so with a second core
the share below is hidden altogether, and on one core it is what training waits.
"""
# ruff: noqa: E402 (the thread counts must be set before numpy and torch start theirs)

import argparse
import os

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--quick", action="store_true", help="small networks, two rounds, nothing written")
parser.add_argument("--rounds", type=int, default=5)
OPTIONS = parser.parse_args()
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

from collections.abc import Callable

import torch
from machine import in_turns, medians, save

from biosig.models.networks import count_parameters
from biosig.papers.neural import initialised
from biosig.papers.primer import sources
from biosig.papers.primer.frames import FrameStream
from biosig.papers.primer.mixtures import TrainingStream
from biosig.papers.primer.profiles import FrameNetwork, Network, setup_of
from biosig.papers.primer.systems import NEURAL
from biosig.papers.primer.train import batches
from biosig.training.loop import precision
from biosig.training.objectives import objective
from biosig.training.state import optimiser_of

TARGET = 0.10  # mixing may take so much of a step
SETUP = setup_of("quick" if OPTIONS.quick else "open")
ROUNDS = 2 if OPTIONS.quick else OPTIONS.rounds


def training_step(network: Network, noisy: torch.Tensor, clean: torch.Tensor) -> tuple[Callable[[], None], int]:
    """A function that takes one step of training on a batch, and the network's parameters."""
    recipe = network.recipe
    model = initialised(network.network, 0, **dict(network.options)).train()
    optimiser = optimiser_of(recipe, model)
    measure, generator = objective(recipe.loss), torch.Generator()

    def step() -> None:
        with precision(recipe, noisy.device):
            loss = measure(model, noisy, clean, generator)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if recipe.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
        optimiser.step()

    return step, count_parameters(model)


def jobs(speech: sources.Sources) -> tuple[dict[str, Callable[[], object]], dict[str, dict]]:
    """For every network mixing a batch and stepping on one; and what is known of it beforehand."""
    todo, known = {}, {}
    for name in (*NEURAL, *(each for each in ("residual",) if each in dict(SETUP.networks))):
        network = SETUP.network(name)
        stream = FrameStream(speech, network) if isinstance(network, FrameNetwork) else TrainingStream(speech)
        batch = batches(stream, network.recipe)
        counter = iter(range(10**9))
        todo[f"{name} mixing"] = lambda batch=batch, counter=counter: batch(0, next(counter))
        todo[f"{name} step"], parameters = training_step(network, *batch(0, 0))
        recipe = network.recipe
        seconds = recipe.batch * recipe.window / sources.FS
        known[name] = {"parameters": parameters, "batch_seconds": seconds, "loss": recipe.loss}
    return todo, known


def main() -> None:
    """Measure, print, and keep the result."""
    torch.set_num_threads(1)
    todo, known = jobs(sources.load("quick", "train"))
    taken = in_turns(todo, ROUNDS)
    cpu = medians(taken, "cpu_seconds")
    for name, row in known.items():
        row |= {"mixing_s": cpu[f"{name} mixing"], "step_s": cpu[f"{name} step"]}
        row["share"] = row["mixing_s"] / (row["mixing_s"] + row["step_s"])
        row["sound_per_second"] = row["batch_seconds"] / row["step_s"]
        print(
            f"{name:<15} step {1000 * row['step_s']:6.0f} ms, mixing {1000 * row['mixing_s']:4.0f} ms: "
            f"{100 * row['share']:4.1f} % of both; {row['sound_per_second']:5.1f} s of sound a second"
        )
    worst = max(row["share"] for row in known.values())
    print(f"largest share {100 * worst:.1f} %, target below {100 * TARGET:.0f} %")
    if not OPTIONS.quick:
        print(save("speech_step", {"target": TARGET, "networks": known, "rounds": taken}))


if __name__ == "__main__":
    main()
