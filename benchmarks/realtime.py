"""Every system that works live, and the peers, in one run pinned to one core and one thread: milliseconds for 10 ms.

    python benchmarks/realtime.py [--quick] [--rounds N] [--paced SECONDS] [--system NAME]

All streams are fed the same speech in noise, 10 ms at a time, in turns, and each block is timed by the clock on the
wall and by processor time. Weights change no time, so our networks have fresh ones. With ``--paced`` one system is then
fed at the pace of real sound for so long, and every block that was not done when the next was due is counted as late:
what ``biosig live`` promises.
"""
# ruff: noqa: E402 (the thread counts must be set before numpy and torch start theirs)

import argparse
import os
import time

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--quick", action="store_true", help="four systems, one round, nothing written")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--paced", type=float, default=0.0, metavar="SECONDS", help="then at the pace of real sound")
parser.add_argument("--system", default="light_mask", help="the one that is paced (default: light_mask)")
OPTIONS = parser.parse_args()
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import tempfile
from pathlib import Path

import numpy as np
import torch
from machine import CLOCKS, save

from biosig.errors import ConfigError
from biosig.papers.primer import live_cells
from biosig.papers.primer.costs import test_clip
from biosig.papers.primer.live import LIVE, NETWORKS
from biosig.papers.primer.profiles import OPEN

BLOCK, BLOCK_S = live_cells.BLOCK, 0.01
QUICK = ("log_mmse", "light_mask", "rnnoise_own", "rnnoise")


def pin() -> int | None:
    """Keep this process on one core; which, or None where the system does not allow it."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def starts(folder: Path) -> dict[str, live_cells.Start]:
    """What starts each stream, without the peers whose packages are not installed."""
    networks = {name: live_cells.untrained(name, OPEN) for name in NETWORKS}
    found = {}
    for name in (QUICK if OPTIONS.quick else LIVE):
        start = live_cells.starter(name, networks)
        try:
            start()
        except ConfigError as error:
            print(f"{name} is left out: {error}")
            continue
        found[name] = start
    return found | ({} if OPTIONS.quick else dict(live_cells.in_forms(networks, folder)))


def blocks(stream, clip: np.ndarray) -> dict[str, list[float]]:
    """Seconds that every block took, by each clock."""
    taken = {clock: [] for clock in CLOCKS}
    for at in range(0, clip.size - BLOCK + 1, BLOCK):
        began = {clock: now() for clock, now in CLOCKS.items()}
        stream.push(clip[at : at + BLOCK])
        for clock, now in CLOCKS.items():
            taken[clock].append(now() - began[clock])
    return taken


def measured(found: dict[str, live_cells.Start], clip: np.ndarray, rounds: int) -> dict[str, dict[str, float]]:
    """Median and 99th percentile of a block in ms by each clock, and the real-time factor, of every system."""
    all_of = {name: {clock: [] for clock in CLOCKS} for name in found}
    for round_ in range(rounds + 1):
        for name, start in found.items():
            for clock, values in blocks(start(), clip).items():
                all_of[name][clock] += values if round_ else []  # the first round may load and compile
    rows = {}
    for name, by_clock in all_of.items():
        ms = {clock.split("_")[0]: 1000 * np.array(values) for clock, values in by_clock.items()}
        rows[name] = {f"{clock}_{what}_ms": float(np.percentile(values, q))
                      for clock, values in ms.items() for what, q in (("median", 50), ("p99", 99))}
        rows[name]["real_time_factor"] = float(ms["cpu"].mean()) / 10
        rows[name]["late"] = int((ms["wall"] > 10).sum())
        rows[name]["blocks"] = int(ms["wall"].size)
    return rows


def paced(stream, clip: np.ndarray, seconds: float) -> dict[str, float]:
    """A stream fed at the pace of real sound: how many blocks were not done when the next was due."""
    count, late, longest, size = round(seconds / BLOCK_S), 0, 0.0, clip.size // BLOCK * BLOCK
    stream.push(clip[:size])  # warm
    started = time.perf_counter()
    for block in range(count):
        due = started + block * BLOCK_S
        time.sleep(max(0.0, due - time.perf_counter()))
        at = block * BLOCK % size
        stream.push(clip[at : at + BLOCK])
        took = time.perf_counter() - due
        late, longest = late + (took > BLOCK_S), max(longest, took)
    return {"seconds": seconds, "blocks": count, "late": late, "longest_ms": 1000 * longest}


def main() -> None:
    """Measure, print, and keep the result."""
    torch.set_num_threads(1)
    core, clip = pin(), test_clip()
    with tempfile.TemporaryDirectory() as folder:
        found = starts(Path(folder))
        rows = measured(found, clip, 1 if OPTIONS.quick else OPTIONS.rounds)
    for name, row in rows.items():
        print(
            f"{name:<26} {row['cpu_median_ms']:7.3f} ms in the median, 99 of 100 below {row['cpu_p99_ms']:7.3f}; "
            f"{1 / row['real_time_factor']:5.0f} × real time; {row['late']} of {row['blocks']} late by the wall's clock"
        )
    result = {"core": core, "systems": rows}
    if OPTIONS.paced:
        result["paced"] = {OPTIONS.system: paced(found[OPTIONS.system](), clip, OPTIONS.paced)}
        print("paced", result["paced"])
    if not OPTIONS.quick:
        print(save("realtime", result))


if __name__ == "__main__":
    main()
