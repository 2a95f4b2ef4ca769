"""What live systems cost, in one run, and what eight bits cost them in quality: cells beside the first experiment's.

``live_costs`` needs no trained weights, since they change no time: all streams take turns on one thread, fed 10 ms at a
time. ``eight_<form>_<network>`` scores a published network whose trained part ONNX Runtime computes in some form.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from biosig.files import sha256
from biosig.metrics.speech import MEASURES
from biosig.papers import data
from biosig.papers.neural import initialised, is_published, published
from biosig.papers.primer import costs, sources
from biosig.papers.primer.live import LIVE, NETWORKS, live_network, live_stream
from biosig.papers.primer.mixtures import rms
from biosig.papers.primer.profiles import Setup
from biosig.papers.primer.score import items_of
from biosig.papers.primer.sources import FS
from biosig.papers.primer.systems import SYSTEMS as TITLES
from biosig.results.items import Item
from biosig.seeds import rng_for
from biosig.signal.blocks import Stream
from biosig.signal.mixing import mix_at_snr

COSTS = "live_costs"
PREFIX = "eight_"
FORMS = ("float32", "dynamic", "static")  # those of biosig.deploy.runtime, named here without loading torch
CELLS = {f"{PREFIX}{form}_{network}": (network, form) for network in NETWORKS for form in FORMS}
SYSTEMS = {
    COSTS: "delay and processor time of every system that works live; nothing is trained",
    **{
        name: f"{TITLES[network]}: its trained part by ONNX Runtime, {form}"
        for name, (network, form) in CELLS.items()
    },
}
CORPORA = ("voicebank",)
METRICS = ("pesq_wb", "stoi", "si_sdr_db")
BLOCK = 160  # samples of 16 kHz at a time: 10 ms
ROUNDS = 5  # of all streams in turn
CALIBRATION = (8, 2.0, 5.0, (-40.0, -15.0))  # mixtures, seconds, SNR in dB, levels in dB re full scale
VERSIONS = {
    "parameters": costs.VERSIONS["parameters"],
    "macs_per_s": costs.VERSIONS["macs_per_s"],
    "latency_ms": "1; the most that an output sample's last input lies after it, over every position within a hop",
    "median_ms": f"1; processor time for 10 ms of sound, one thread, over all blocks of {ROUNDS} rounds",
    "p99_ms": "1; the same, what 99 of 100 blocks stay below",
    "real_time_factor": f"1; processor time over duration of blocks of 10 ms, one thread, median of {ROUNDS} rounds",
    "bytes": "1; of the ONNX file of a step",
}
PROBE_S = 1.2  # of the clip, in which latency is probed

Start = Callable[[], Stream]  # starts a stream afresh


# --- costs -------------------------------------------------------------------------------------------------------


def config(system: str, setup: Setup) -> dict:
    """All that decides the numbers of a cell of this module."""
    if system == COSTS:
        built = [asdict(setup.network(name)) for name in NETWORKS]
        return {"experiment": "live 1", "costs": VERSIONS, "networks": built, "systems": list(LIVE)}
    network, form = CELLS[system]
    return {
        "experiment": "eight bits 1",
        "form": form,
        "calibration": list(CALIBRATION) if form == "static" else [],
        "checkpoint": sha256(published("primer", network)),
        "data_files": data.hashes(data.data_files(CORPORA)),
        "metrics": {name: MEASURES[name].variant for name in METRICS},
    }


def available(system: str, setup: Setup) -> bool:
    """Whether a cell can be run: in the open profile, and where it needs a checkpoint, with one."""
    return setup.name == "open" and (system == COSTS or is_published("primer", CELLS[system][0]))


def cost_items(setup: Setup, progress: bool = True) -> list[Item]:
    """Sizes, latency and processor time of every stream, and of the networks' forms in ONNX Runtime."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            networks = {name: untrained(name, setup) for name in NETWORKS}
            starts = {name: starter(name, networks) for name in LIVE if name != "noisy"}
            forms = dict(in_forms(networks, Path(folder)))
            files = {name: Path(folder) / f"{name.replace('/', '_')}.onnx" for name in forms}
            items = [row(name, "bytes", file.stat().st_size) for name, file in files.items()]
            items += [item for name in starts for item in sizes(name, setup)]
            shown = tqdm(starts.items(), desc="live costs: latency", disable=not progress)
            items += [row(name, "latency_ms", latency_ms(start)) for name, start in shown]
            return items + list(speeds(starts | forms, costs.test_clip(), progress))
    finally:
        torch.set_num_threads(threads)


def untrained(name: str, setup: Setup):
    """A network of the profile with fresh weights."""
    each = setup.network(name)
    return initialised(each.network, 0, **dict(each.options)).eval()


def starter(name: str, networks: Mapping[str, object]) -> Start:
    """What starts a fresh stream of a system, loaded or built once."""
    from biosig.training.streaming import network_stream

    return (lambda: network_stream(networks[name])) if name in networks else (lambda: live_stream(name))


def in_forms(networks: Mapping[str, object], folder: Path) -> Iterator[tuple[str, Start]]:
    """(network/form, what starts its stream) for every form of every network."""
    from biosig.deploy.quantise import write_form
    from biosig.deploy.runtime import by_onnx
    from biosig.training.streaming import network_stream

    for name, network in networks.items():
        for form in FORMS:
            same = by_onnx(network, write_form(network, form, folder / f"{name}_{form}.onnx", calibration()))
            yield f"{name}/{form}", lambda same=same: network_stream(same)


def sizes(name: str, setup: Setup) -> Iterator[Item]:
    """Parameters and multiply-accumulates, as the first cell of costs counts them."""
    if name in NETWORKS:
        each = setup.network(name)
        yield from costs.network_sizes(name, each.network, dict(each.options))
    else:
        yield from costs.sizes(name, setup)


def latency_ms(start: Start) -> float:
    """The most that an output sample waits for, in ms, measured by changing the input, see ``costs.look_ahead``."""
    clip = costs.test_clip()[: round(PROBE_S * FS)]
    return 1000 * costs.look_ahead(lambda x, fs: through(start(), x), clip) / FS


def through(stream: Stream, x: np.ndarray) -> np.ndarray:
    """A whole signal (n,) through a fresh stream, in its place."""
    return np.concatenate([stream.push(x), stream.flush()])


def speeds(starts: Mapping[str, Start], clip: np.ndarray, progress: bool) -> Iterator[Item]:
    """Processor time for each 10 ms; all streams take turns, so that a busy moment of the machine hits none alone."""
    for start in starts.values():
        blocks_ms(start(), clip)  # the first call may load and compile, and does not count
    took: dict[str, list[np.ndarray]] = {name: [] for name in starts}
    for _ in tqdm(range(ROUNDS), desc="live costs: rounds", disable=not progress):
        for name, start in starts.items():
            took[name].append(blocks_ms(start(), clip))
    for name, rounds in took.items():
        every = np.concatenate(rounds)
        yield row(name, "median_ms", float(np.median(every)))
        yield row(name, "p99_ms", float(np.percentile(every, 99)))
        yield row(name, "real_time_factor", float(np.median([each.sum() for each in rounds])) * FS / 1000 / clip.size)


def blocks_ms(stream: Stream, clip: np.ndarray) -> np.ndarray:
    """Processor milliseconds of every block of 10 ms."""
    took = []
    for at in range(0, clip.size - BLOCK + 1, BLOCK):
        started = time.process_time()
        stream.push(clip[at : at + BLOCK])
        took.append(1000 * (time.process_time() - started))
    return np.array(took)


def row(name: str, metric: str, value: float) -> Item:
    """One cost of one system; the system stands for the subject."""
    return Item(name, name, metric, VERSIONS[metric], float(value))


# --- eight bits --------------------------------------------------------------------------------------------------


def form_items(system: str, progress: bool = True) -> list[Item]:
    """PESQ, STOI and SI-SDR of the VoiceBank-DEMAND pairs behind one form of a network."""
    from biosig.deploy.quantise import write_form
    from biosig.deploy.runtime import by_onnx
    from biosig.training.inference import Denoiser

    name, form = CELLS[system]
    network = live_network(name)
    with tempfile.TemporaryDirectory() as folder:
        file = write_form(network, form, Path(folder) / "step.onnx", calibration())
        enhance, items = Denoiser(by_onnx(network, file), fs=FS), []
        for pair in tqdm(sources.voicebank_set(), desc=f"{system}: scoring", disable=not progress):
            items += items_of(pair, lambda mixture: enhance(mixture.noisy, mixture.fs), METRICS)
    return items


def calibration() -> list[np.ndarray]:
    """Embedded training speech in training noise that the static form is scaled by, at several levels."""
    from biosig import samples

    count, seconds, snr_db, levels = CALIBRATION
    speech, noises, n = samples.speech("train"), samples.noises("train"), round(seconds * FS)
    found = []
    for i, level in enumerate(np.linspace(*levels, count)):
        voice = np.resize(speech[i % len(speech)].signal, n)
        at = int(rng_for("calibration", i).integers(max(1, noises[i % len(noises)].signal.size - n)))
        noisy = mix_at_snr(voice, np.resize(noises[i % len(noises)].signal[at:], n), snr_db)[0]
        found.append(noisy * 10 ** (level / 20) / rms(noisy))
    return found
