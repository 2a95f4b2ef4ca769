"""One training step of MSEMG (forward, backward, Adam): the numba scan against the torch scan, in one run.

    python benchmarks/msemg_step.py [--quick] [--threads N] [--rounds N]

Two copies of one network differ in the backend of their selective scan only. Before any clock starts, their outputs
and gradients are held against each other. Steps are then taken in turns, so that whatever else the machine does hits
both. How much of a step is the scan is told by timing the scan alone, forward and backward, on tensors of its shapes.
"""
# ruff: noqa: E402 (the thread counts must be set before numba and torch start theirs)

import argparse
import os

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--quick", action="store_true", help="short signals, two rounds, nothing written")
parser.add_argument("--threads", type=int, default=1, help="of torch and of numba")
parser.add_argument("--rounds", type=int, default=9)
OPTIONS = parser.parse_args()
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = str(OPTIONS.threads)

from collections.abc import Callable

import torch
from machine import CLOCKS, in_turns, medians, save
from torch import nn

from biosig.models.msemg import MSEMG
from biosig.models.scan import selective_scan

BACKENDS = ("numba", "torch")
TARGET = 4.0
SHAPES = ((4, 500), (1, 1000)) if OPTIONS.quick else ((4, 2000), (1, 10_000))
ROUNDS = 2 if OPTIONS.quick else OPTIONS.rounds


def networks() -> dict[str, MSEMG]:
    """One network per backend, with the same weights."""
    torch.manual_seed(0)
    first = MSEMG(backend=BACKENDS[0])
    second = MSEMG(backend=BACKENDS[1])
    second.load_state_dict(first.state_dict())
    return dict(zip(BACKENDS, (first, second), strict=True))


def training_step(network: nn.Module, noisy: torch.Tensor, clean: torch.Tensor) -> Callable[[], None]:
    """A function that takes one step of training."""
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4, betas=(0.9, 0.99))

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        nn.functional.l1_loss(network(noisy), clean).backward()
        optimiser.step()

    return step


def scan_alone(network: MSEMG, batch: int, n: int) -> Callable[[], None]:
    """A function that runs the scan of one step, forward and backward, on random tensors of its shapes."""
    mamba = network.ssm.mamba
    u, delta, z, grad = (torch.randn(batch, mamba.d_inner, n, requires_grad=True) for _ in range(4))
    B, C = (torch.randn(batch, mamba.d_state, n, requires_grad=True) for _ in range(2))
    A = (-mamba.A_log.detach().exp()).requires_grad_()
    inputs = (u, delta, A, B, C, mamba.D, z, mamba.dt_proj.bias)

    def scan() -> None:
        y = selective_scan(*inputs, delta_softplus=True, backend=mamba.backend)
        torch.autograd.grad(y, inputs, grad)

    return scan


def disagreement(pair: dict[str, MSEMG], noisy: torch.Tensor, clean: torch.Tensor) -> float:
    """Largest difference of any output or gradient between the two networks, relative to its tensor's largest."""
    found = []
    for network in pair.values():
        network.zero_grad()
        output = network(noisy)
        nn.functional.l1_loss(output, clean).backward()
        found.append([output.detach(), *(p.grad.clone() for p in network.parameters())])
    return max(((a - b).abs().max() / b.abs().max()).item() for a, b in zip(*found, strict=True))


def measure(batch: int, n: int) -> dict:
    """Everything about one shape."""
    noisy, clean = (torch.randn(batch, n, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    pair = networks()
    apart = disagreement(pair, noisy, clean)
    if apart > 1e-2:
        raise SystemExit(f"the two backends differ by {apart:.1e} at {batch} x {n}: nothing to time.")
    jobs = {f"step {name}": training_step(network, noisy, clean) for name, network in pair.items()}
    jobs |= {f"scan {name}": scan_alone(network, batch, n) for name, network in pair.items()}
    taken = in_turns(jobs, ROUNDS)
    return {"batch": batch, "samples": n, "largest_relative_difference": apart, "rounds": taken} | summary(taken)


def summary(taken: dict[str, dict[str, list[float]]]) -> dict:
    """Ratios of medians, by the clock on the wall and by processor time."""
    result = {}
    for clock in CLOCKS:
        median = medians(taken, clock)
        result[clock] = median | {
            "step, torch over numba": median["step torch"] / median["step numba"],
            "scan, torch over numba": median["scan torch"] / median["scan numba"],
            "share of the scan in a step, numba": median["scan numba"] / median["step numba"],
            "share of the scan in a step, torch": median["scan torch"] / median["step torch"],
        }
    return result


def report(result: dict) -> None:
    """Print one shape."""
    print(f"MSEMG, {result['batch']} x {result['samples']} samples (backends within "
          f"{result['largest_relative_difference']:.0e}):")
    for name, wall in result["wall_seconds"].items():
        print(f"  {name:36} {wall:8.3f} by the wall {result['cpu_seconds'][name]:8.3f} by the processor")


def main() -> None:
    torch.set_num_threads(OPTIONS.threads)
    results = []
    for shape in SHAPES:
        results.append(measure(*shape))
        report(results[-1])
    if not OPTIONS.quick:
        what = {"what": "one training step of MSEMG", "peer": "the same network on the torch backend"}
        print(save("msemg_step", what | {"target": TARGET, "threads": OPTIONS.threads, "shapes": results}))


if __name__ == "__main__":
    main()
