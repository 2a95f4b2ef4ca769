"""Eight bits for thirty-two: ONNX Runtime's two ways, on the matrices of a step.

*Dynamic*: weights are stored in 8 bits, and every frame's input to a matrix is scaled by its own largest value.
*Static*: inputs are scaled by what was seen in some sound beforehand, so that nothing has to be looked for at run time.
The two matrices between bins and bands stay as they are: they were never trained.
"""

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import torch

from biosig.deploy.onnx_step import onnx_package, onnx_step
from biosig.deploy.runtime import FORMS, Step
from biosig.errors import ConfigError
from biosig.models.light_mask import LightMasker
from biosig.models.overlapped import Overlapped
from biosig.models.rnnoise_features import silence
from biosig.peers.packages import runtime

KEPT = {"gather", "spread"}  # matrices that are no weights


def write_form(network: Overlapped, form: str, file: Path, sounds: Iterable[np.ndarray] = ()) -> Path:
    """Write a network's step as ONNX in one of :data:`biosig.deploy.runtime.FORMS`.

    Args:
        network: a light mask or our RNNoise, in eval mode.
        form: "float32", "dynamic" or "static".
        file: where to.
        sounds: noisy signals (n,) that the static form is scaled by.

    Raises:
        ConfigError: an unknown form, no sounds where they are needed, or a package that is not installed.
    """
    if form not in FORMS:
        raise ConfigError(f"form is {form!r}: expected one of {', '.join(FORMS)}.")
    sounds = list(sounds)
    if form == "static" and not sounds:
        raise ConfigError("the static form is scaled by sound: expected at least one signal.")
    plain = file if form == "float32" else file.with_suffix(".float32.onnx")
    plain.write_bytes(onnx_step(network))
    if form != "float32":
        quantised(plain, file, form, lambda: inputs(network, plain, sounds))
        plain.unlink()
    return file


def quantised(plain: Path, file: Path, form: str, fed: Callable[[], Iterator[dict[str, np.ndarray]]]) -> None:
    """A step's matrices in eight bits, ``fed`` giving what a static scale is taken from."""
    tools = runtime("quantization")
    graph = onnx_package().load(str(plain)).graph
    kept = [node.name for node in graph.node if node.op_type == "MatMul" and node.input[1] in KEPT]
    common = {"nodes_to_exclude": kept, "op_types_to_quantize": ["MatMul"], "weight_type": tools.QuantType.QInt8}
    with quietly():
        if form == "dynamic":
            tools.quantize_dynamic(plain, file, **common)
            return
        activation = tools.QuantType.QUInt8
        tools.quantize_static(plain, file, Feed(fed), activation_type=activation, per_channel=True, **common)


class Feed:
    """Inputs one after the other, as the quantiser asks for them."""

    def __init__(self, fed: Callable[[], Iterator[dict[str, np.ndarray]]]):
        self._fed = fed()

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next frame's inputs, or None at the end."""
        return next(self._fed, None)


def inputs(network: Overlapped, model: Path, sounds: Iterable[np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    """What goes into the step, frame after frame, memories and all, as the float32 form hears the sounds."""
    step = Step(model)
    for sound in sounds:
        seen = network.seen(torch.from_numpy(np.asarray(sound, np.float32))[None])
        x, memory = told(network, seen)
        for frame in x:
            yield {"input": frame[None]} | {f"memory{i}": each[None] for i, each in enumerate(memory)}
            memory = step(frame, memory)[1]


@torch.no_grad()
def told(network: Overlapped, seen: torch.Tensor) -> tuple[np.ndarray, list[np.ndarray]]:
    """The step's input for every frame of one signal, (T, size), and the first memories."""
    if isinstance(network, LightMasker):
        x = network.analysis(seen)
        return (x.real.square() + x.imag.square())[0].numpy(), list(network.memory(1)[0][0].numpy())
    x, _, _ = network.described(seen, silence(1, seen))
    return x[0].numpy(), [each[0].numpy() for each in network.memory(1)[1:-1]]


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Without the advice that the quantiser logs about models of other kinds."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
