"""The selective scan, float32, N = 16, forward and backward: numba against mambapy's pscan and the recurrence.

    python benchmarks/selective_scan.py [--quick] [--threads N] [--rounds N]

Every job computes y from the same u, delta, A, B, C and D, and the gradients of all six from the same gradient of y;
they are held against each other before any clock starts. Two more say how the ratios come about: "pscan alone" is
mambapy's parallel scan with decays and inputs given ready-made, and "exp" is `torch.exp` over as many numbers as the
scan must exponentiate. Peak extra memory is taken by a process of its own for each job. With CUDA, the torch backend
is also timed there, against mamba-ssm's kernel where that is installed.
"""

import argparse
import multiprocessing
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from machine import in_turns, medians, save

from biosig.models.scan import available_backends, selective_scan

STATES = 16
TURN = 0.1  # seconds
SHAPES = ((1, 128, 2000), (8, 128, 2000), (4, 64, 10_000))
QUICK = ((1, 32, 300),)
TARGETS = {"pscan over numba": 20.0, "numba forward over exp": 1.5}
NAMES = "u", "delta", "A", "B", "C", "D"


# ---- the jobs ----


def inputs(batch: int, channels: int, length: int, device: str = "cpu") -> tuple[list, torch.Tensor]:
    """u, delta, A, B, C, D and a gradient of y, with the step sizes and rates Mamba begins with."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator).to(device)

    delta = 0.001 * 100 ** torch.rand(batch, channels, length, generator=generator).to(device)
    A = -torch.arange(1.0, STATES + 1, device=device).repeat(channels, 1)
    B, C = normal(batch, STATES, length), normal(batch, STATES, length)
    tensors = [normal(batch, channels, length), delta, A, B, C, normal(channels)]
    return [t.requires_grad_() for t in tensors], normal(batch, channels, length)


def by_pscan(u, delta, A, B, C, D) -> torch.Tensor:
    """The scan by mambapy's pscan, whose layout is (batch, length, channels, states)."""
    from mambapy.pscan import pscan

    u_t, delta_t, B_t, C_t = (v.transpose(1, 2) for v in (u, delta, B, C))
    decays = torch.exp(delta_t[..., None] * A)
    h = pscan(decays, (delta_t * u_t)[..., None] * B_t[:, :, None])
    return ((h @ C_t[..., None])[..., 0] + D * u_t).transpose(1, 2)


SCANS = {
    "numba": partial(selective_scan, backend="numba"),
    "pscan": by_pscan,
    "reference": partial(selective_scan, backend="reference"),
    "torch": partial(selective_scan, backend="torch"),
    "mamba_ssm": partial(selective_scan, backend="mamba_ssm"),
}


def forward_backward(name: str, shape: tuple, device: str = "cpu") -> Callable[[], list]:
    """A function that computes y and all gradients."""
    tensors, gradient = inputs(*shape, device)

    def job() -> list:
        y = SCANS[name](*tensors)
        return [y.detach(), *torch.autograd.grad(y, tensors, gradient)]

    return job


def forward(name: str, shape: tuple) -> Callable[[], torch.Tensor]:
    """A function that computes y alone."""
    return torch.no_grad()(partial(SCANS[name], *inputs(*shape)[0]))


def pscan_alone(shape: tuple) -> Callable[[], tuple]:
    """mambapy's pscan, forward and backward, on decays and inputs that are there."""
    from mambapy.pscan import pscan

    batch, channels, length = shape
    decays, driven, gradient = (torch.rand(batch, length, channels, STATES) for _ in range(3))
    pair = decays.requires_grad_(), driven.requires_grad_()
    return lambda: torch.autograd.grad(pscan(*pair), pair, gradient)


def exponentials(shape: tuple) -> Callable[[], torch.Tensor]:
    """`torch.exp` over batch x channels x length x states numbers, into memory that is there."""
    batch, channels, length = shape
    numbers = -torch.rand(batch, channels, length, STATES)
    return partial(torch.exp, numbers, out=torch.empty_like(numbers))


# ---- agreement, memory, time ----


def disagreement(jobs: list[Callable[[], list]]) -> float:
    """Largest difference of y or any gradient from the last job's, relative to the largest of its tensor."""
    *results, exact = [job() for job in jobs]
    pairs = [(f, e) for found in results for f, e in zip(found, exact, strict=True)]
    return max(((f - e).abs().max() / e.abs().max()).item() for f, e in pairs)


def extra_memory(name: str, shape: tuple, threads: int) -> float | None:
    """MiB a process grows by, at its peak, over forward and backward; measured in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_grown, (name, shape, threads))


def _grown(name: str, shape: tuple, threads: int) -> float | None:
    torch.set_num_threads(threads)
    forward_backward(name, (1, 16, 70))()  # libraries, kernels and threads are not the scan's memory
    job = forward_backward(name, shape)
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    except OSError:  # not Linux
        return None
    before = _status("VmRSS")
    job()
    return (_status("VmHWM") - before) / 1024


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def measure(shape: tuple, rounds: int, threads: int) -> dict:
    """Everything about one shape on the CPU."""
    jobs = {name: forward_backward(name, shape) for name in ("numba", "torch", "pscan", "reference")}
    apart = disagreement(list(jobs.values()))
    if apart > 1e-3:
        raise SystemExit(f"the scans differ by {apart:.1e} at {shape}: nothing to time.")
    jobs |= {"pscan alone": pscan_alone(shape)}
    jobs |= {"numba forward": forward("numba", shape), "exp": exponentials(shape)}
    taken = in_turns(jobs, rounds, TURN)
    return {
        "shape": shape,
        "largest_relative_difference": apart,
        "rounds": taken,
        "ratios": {clock: ratios(medians(taken, clock)) for clock in ("wall_seconds", "cpu_seconds")},
        "extra_memory_mib": {
            name: extra_memory(name, shape, threads) for name in ("numba", "pscan", "reference")
        },
    }


def ratios(median: dict[str, float]) -> dict[str, float]:
    """What the claims rest on."""
    over = {f"{name} over numba": median[name] / median["numba"] for name in ("pscan", "reference", "torch")}
    over["pscan alone over numba"] = median["pscan alone"] / median["numba"]
    return over | {"numba forward over exp": median["numba forward"] / median["exp"]}


def measure_cuda(shape: tuple, rounds: int) -> dict:
    """The torch backend and, where it is installed, mamba-ssm's kernel, on CUDA."""

    def finished(job: Callable) -> Callable:
        def run() -> None:
            job()
            torch.cuda.synchronize()

        return run

    names = [name for name in ("torch", "mamba_ssm") if name in available_backends()]
    jobs = {name: finished(forward_backward(name, shape, "cuda")) for name in names}
    taken = in_turns(jobs, rounds, TURN)
    return {"shape": shape, "rounds": taken, "median_wall_seconds": medians(taken, "wall_seconds")}


# ---- report ----


def report(result: dict) -> None:
    """Print one shape."""
    median = {clock: medians(result["rounds"], clock) for clock in result["ratios"]}
    print(f"(B, D, L) = {result['shape']}, within {result['largest_relative_difference']:.0e} of each other:")
    for name in result["rounds"]:
        wall, cpu = (1000 * median[clock][name] for clock in ("wall_seconds", "cpu_seconds"))
        memory = result["extra_memory_mib"].get(name)
        grown = "" if memory is None else f"{memory:8.0f} MiB more at the peak"
        print(f"  {name:26} {wall:9.1f} ms by the wall {cpu:9.1f} ms by the processor {grown}")
    for name, ratio in result["ratios"]["wall_seconds"].items():
        target = f"   target {TARGETS[name]:g}" if name in TARGETS else ""
        print(f"  {name:26} {ratio:9.2f}    by the wall {result['ratios']['cpu_seconds'][name]:9.2f}{target}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one small shape, two rounds, nothing written")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    shapes, rounds = (QUICK, 2) if options.quick else (SHAPES, options.rounds)
    results = []
    for shape in shapes:
        results.append(measure(shape, rounds, options.threads))
        report(results[-1])
    cuda = [measure_cuda(shape, rounds) for shape in shapes] if torch.cuda.is_available() else []
    for result in cuda:
        print("CUDA", result["shape"], result["median_wall_seconds"])
    if not options.quick:
        what = {"what": "the selective scan, forward and backward, float32, N = 16", "targets": TARGETS}
        save("selective_scan", what | {"shapes": results, "cuda": cuda})


if __name__ == "__main__":
    main()
