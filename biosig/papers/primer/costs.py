"""What every system costs: parameters, multiply-accumulates, delay, and processor time on one thread, in one run.

Weights do not change any of these, so untrained networks are measured: the cell needs no other.
"""

import time
from collections.abc import Callable, Iterator

import numpy as np
from tqdm import tqdm

from biosig.metrics.delay import align
from biosig.papers.primer.profiles import Setup
from biosig.papers.primer.sources import FS
from biosig.papers.primer.systems import CLASSICAL, NEURAL, System, untrained
from biosig.peers import PEERS, load_peer
from biosig.results.items import Item
from biosig.seeds import rng_for

ROUNDS = 7  # of all systems in turn; the median is kept
CHANGED = 1e-6  # of the output's RMS: a difference above it is not rounding
EDGE_S = 0.5  # an output that changes so early depends on the whole clip
PROBE_S = 2.0  # of the clip, in which latency is probed
LONGEST_HOP = 256  # samples: no system here has frames further apart
VERSIONS = {
    "parameters": "1; trainable numbers",
    "macs_per_s": "1; multiply-accumulates of convolutions, linear and recurrent layers per second of sound",
    "latency_ms": "2; the most, over every position within a hop, that the output looks ahead, plus how late it is",
    "real_time_factor": f"1; processor time over duration, one thread, median of {ROUNDS} rounds",
}
NOT_COUNTED = "counted for networks alone"
WHOLE = "needs the whole recording"


def cost_items(setup: Setup, progress: bool = True) -> list[Item]:
    """Parameters, multiply-accumulates, latency and real-time factor of every system that a user can call."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        clip = test_clip()
        systems = {**{name: untrained(name) for name in CLASSICAL}, **peers(), **networks(setup)}
        items = [item for name in systems for item in sizes(name, setup)]
        items += [item for name, system in systems.items() for item in latency(name, system, clip)]
        return items + list(speeds(systems, clip, progress)) + list(published_sizes())
    finally:
        torch.set_num_threads(threads)


def test_clip() -> np.ndarray:
    """About four seconds of embedded speech in synthetic noise, so that every system has something to do."""
    from biosig import samples
    from biosig.signal.degradations.noises import pink_noise
    from biosig.signal.mixing import mix_at_snr

    speech = next(speech.signal for speech in samples.speech("test") if speech.seconds >= 3)[: round(4 * FS)]
    return mix_at_snr(speech, pink_noise(speech.size, FS, "costs"), 5.0)[0]


def peers() -> dict[str, System]:
    """The pretrained systems, on one thread each."""
    return {name: load_peer(name, threads=1) for name in PEERS}


def networks(setup: Setup) -> dict[str, System]:
    """The networks of a profile, untrained, as systems; their input is not scaled, which would look ahead."""
    from biosig.papers.neural import initialised
    from biosig.training.inference import Denoiser

    built = {name: setup.network(name) for name in NEURAL}
    return {
        name: Denoiser(initialised(each.network, 0, **dict(each.options)), fs=FS) for name, each in built.items()
    }


def sizes(name: str, setup: Setup) -> Iterator[Item]:
    """Parameters and multiply-accumulates of one system."""
    if name in CLASSICAL:
        yield row(name, "parameters", 0.0)
        yield row(name, "macs_per_s", None, NOT_COUNTED)
    elif name in PEERS:
        peer = PEERS[name]
        yield row(name, "parameters", peer.parameters, "not given by its package")
        yield row(name, "macs_per_s", peer.macs_per_second, "not given by its package")
    else:
        each = setup.network(name)
        yield from network_sizes(name, each.network, dict(each.options))


def network_sizes(name: str, network: str, options: dict) -> Iterator[Item]:
    """Parameters and multiply-accumulates of one network of ours."""
    from biosig.models.costs import macs_per_second
    from biosig.models.networks import build, count_parameters

    model = build(network, **options)
    yield row(name, "parameters", float(count_parameters(model)))
    yield row(name, "macs_per_s", float(macs_per_second(model, FS)))


def published_sizes() -> Iterator[Item]:
    """The networks at the size of their papers, for the table that holds our counts against theirs."""
    from biosig.models.networks import build, count_parameters

    for network in ("conv_tasnet", "dccrn"):
        yield row(f"{network}_published", "parameters", float(count_parameters(build(network))))


def latency(name: str, system: System, clip: np.ndarray) -> Iterator[Item]:
    """How long a listener would wait at the most: the output's look-ahead plus its delay, in ms.

    The look-ahead is measured by :func:`look_ahead`; the delay is found as scoring finds it.
    """
    clip = clip[: round(PROBE_S * FS)]
    ahead = None if name in NEURAL and hears_everything(system.network) else look_ahead(system, clip)
    if ahead is None:
        yield row(name, "latency_ms", None, WHOLE)
        return
    late = 0 if name in NEURAL else align(clip, system(clip, FS), FS)[-1]
    yield row(name, "latency_ms", max(0.0, 1000 * (ahead + late) / FS))


def look_ahead(system: System, clip: np.ndarray) -> int | None:
    """How many samples ahead of an output sample its last input lies, at the most; None for the whole recording.

    The clip is changed from some sample on, and the first output sample that differs tells how far ahead it looked.
    A system that works in frames looks further ahead from some samples than from others, by up to a hop. So the
    change begins at every position within the longest hop in turn, and the worst counts.
    """
    one, middle, most = system(clip, FS), clip.size // 2, 0
    ending = clip.std() * rng_for("another ending").standard_normal(clip.size)
    smallest = CHANGED * np.sqrt(np.mean(np.square(one)))
    for at in range(middle, middle + LONGEST_HOP):
        two = system(np.concatenate([clip[:at], ending[at:]]), FS)
        differs = np.flatnonzero(np.abs(one - two) > smallest)
        first = int(differs[0]) if differs.size else at
        if first < EDGE_S * FS:
            return None
        most = max(most, at - first)
    return most


def hears_everything(network) -> bool:
    """Whether a network runs backwards in time or norms over all of it; how far that reaches depends on weights."""
    from torch import nn

    def looks_to_the_end(layer: nn.Module) -> bool:
        return getattr(layer, "bidirectional", False) or isinstance(layer, nn.GroupNorm)

    return any(map(looks_to_the_end, network.modules()))


def speeds(systems: dict[str, System], clip: np.ndarray, progress: bool) -> Iterator[Item]:
    """Real-time factors: all systems take turns, so that a busy moment of the machine hits none alone."""
    for system in systems.values():
        timed(system, clip)  # the first call may load and compile, and does not count
    took: dict[str, list[float]] = {name: [] for name in systems}
    for _ in tqdm(range(ROUNDS), desc="costs: rounds", disable=not progress):
        for name, system in systems.items():
            took[name].append(timed(system, clip))
    for name, seconds in took.items():
        yield row(name, "real_time_factor", float(np.median(seconds)) / (clip.size / FS))


def timed(system: Callable, clip: np.ndarray) -> float:
    """Processor seconds of this process for one call."""
    started = time.process_time()
    system(clip, FS)
    return time.process_time() - started


def row(name: str, metric: str, value: float | None, reason: str = "") -> Item:
    """One cost of one system; the system stands for the subject."""
    value = None if value is None else float(value)
    return Item(name, name, metric, VERSIONS[metric], value, "" if value is not None else reason)
