"""The step of a causal network as an ONNX graph: one frame and a memory in, gains and the next memory out.

The graph is written node by node from the trained arrays, and not traced: it holds nothing but what is meant, and
every matrix is a MatMul, which is what ONNX Runtime can turn into eight bits (its GRU node it cannot). The package
``onnx`` is needed to write one, ``onnxruntime`` to run it.
"""

from types import ModuleType

import numpy as np

from biosig.deploy.arrays import Arrays, gru, light_arrays, linear, plain
from biosig.errors import ConfigError
from biosig.models.light_mask import LEAST, LightMasker
from biosig.models.overlapped import Overlapped
from biosig.models.rnnoise_features import FEATURES
from biosig.models.rnnoise_own import RNNoiseOwn

OPSET, IR = 17, 8


def onnx_step(network: Overlapped) -> bytes:
    """A network's step as the bytes of an ONNX file.

    Inputs and outputs are (1, size) each: ``input`` and the memories ``memory0``, …; ``gains`` and ``memory0_next``, …
    The input is the power of every bin for a light mask, and the 42 features for our RNNoise.

    Raises:
        ConfigError: a network that has no such step here, or the package ``onnx`` is not installed.
    """
    if isinstance(network, LightMasker):
        graph = light_graph(network)
    elif isinstance(network, RNNoiseOwn):
        graph = rnnoise_graph(network)
    else:
        raise ConfigError(f"{type(network).__name__} has no step as ONNX: expected a light mask or our RNNoise.")
    return graph.model(type(network).__name__)


def light_graph(network: LightMasker) -> "Graph":
    """Bins to bands, dense, GRUs, dense, bands to bins."""
    arrays, units = light_arrays(network), network.gru.hidden_size
    graph = Graph(arrays)
    power = graph.input("input", arrays["bands"].shape[1])
    bins = graph.node("Pow", graph.node("Max", power, graph.constant(LEAST)), graph.constant(0.15))
    gather = arrays["bands"] / arrays["bands"].sum(axis=1, keepdims=True)
    y = graph.node("Relu", graph.dense("enter", graph.node("MatMul", bins, graph.matrix("gather", gather))))
    x = y
    for layer in range(network.gru.num_layers):
        x = graph.gru(f"gru{layer}", x, units, layer)
    gains = graph.node("Sigmoid", graph.dense("gain", graph.node("Add", y, x)))
    graph.output(graph.node("MatMul", gains, graph.matrix("spread", arrays["bands"].T)), "gains", power.size)
    return graph


def rnnoise_graph(network: RNNoiseOwn) -> "Graph":
    """The trained part of our RNNoise; features and pitch filter lie around it."""
    deviation = np.sqrt(plain(network.norm.running_var) + network.norm.eps)
    arrays = {"mean": plain(network.norm.running_mean), "deviation": deviation}
    for name in ("enter", "gain"):
        arrays |= linear(name, getattr(network, name))
    for name in ("voice", "noise", "denoise"):
        arrays |= gru(name, getattr(network, name))
    graph = Graph(arrays)
    told = graph.input("input", FEATURES)
    told = graph.node("Div", graph.node("Sub", told, graph.vector("mean")), graph.vector("deviation"))
    dense = graph.node("Tanh", graph.dense("enter", told))
    voice = graph.gru("voice", dense, network.voice.hidden_size, 0)
    noise = graph.gru("noise", graph.node("Concat", dense, voice, told, axis=-1), network.noise.hidden_size, 1)
    clean = graph.gru("denoise", graph.node("Concat", voice, noise, told, axis=-1), network.denoise.hidden_size, 2)
    graph.output(graph.node("Sigmoid", graph.dense("gain", clean)), "gains", arrays["gain_b"].size)
    return graph


class Name(str):
    """A value of the graph, with its size where it is an input."""

    size: int = 0


class Graph:
    """An ONNX graph that grows by one node at a time; values are called by their names."""

    def __init__(self, arrays: Arrays):
        self._onnx, self._arrays = onnx_package(), arrays
        self._nodes, self._constants, self._inputs, self._outputs, self._next = [], {}, [], [], []

    def input(self, name: str, size: int) -> Name:
        """An input (1, size)."""
        self._inputs.append(self._described(name, size))
        value = Name(name)
        value.size = size
        return value

    def output(self, value: str, name: str, size: int) -> None:
        """Call a value by a name of its own, and give it out."""
        self.node("Identity", value, called=name)
        self._outputs.append(self._described(name, size))

    def node(self, kind: str, *values: str, called: str = "", **attributes: object) -> Name:
        """One operation; gives the name of what comes out."""
        name = called or f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(kind, list(values), [name], name=f"node_{name}", **attributes))
        return Name(name)

    def constant(self, value: float) -> str:
        """A number."""
        return self.matrix(f"number_{value:g}", np.array(value, np.float32), transposed=False)

    def vector(self, name: str) -> str:
        """One of the arrays as it is."""
        return self.matrix(name, self._arrays[name], transposed=False)

    def matrix(self, name: str, values: np.ndarray, transposed: bool = True) -> str:
        """An array as a constant; (outputs, inputs) is turned to what MatMul multiplies a row by."""
        values = np.ascontiguousarray(values.T if transposed else values, np.float32)
        self._constants[name] = self._onnx.numpy_helper.from_array(values, name)
        return name

    def dense(self, name: str, x: str) -> Name:
        """W x + b."""
        return self._affine(x, f"{name}_w", f"{name}_b")

    def gru(self, name: str, x: str, units: int, number: int) -> Name:
        """A GRU step with the memory of that number, see :func:`biosig.deploy.arrays.gru_step`."""
        h = self.input(f"memory{number}", units)
        xr, xz, xn = self._thirds(self._affine(x, f"{name}_wi", f"{name}_bi"), units)
        hr, hz, hn = self._thirds(self._affine(h, f"{name}_wh", f"{name}_bh"), units)
        r, z = (self.node("Sigmoid", self.node("Add", *pair)) for pair in ((xr, hr), (xz, hz)))
        n = self.node("Tanh", self.node("Add", xn, self.node("Mul", r, hn)))
        after = self.node("Add", n, self.node("Mul", z, self.node("Sub", h, n)))
        self._next.append((after, f"memory{number}_next", units))
        return after

    def _affine(self, x: str, weight: str, bias: str) -> Name:
        product = self.node("MatMul", x, self.matrix(weight, self._arrays[weight]))
        return self.node("Add", product, self.vector(bias))

    def _thirds(self, x: str, units: int) -> list[str]:
        ends = [self._whole(each * units) for each in range(4)]
        return [self.node("Slice", x, ends[i], ends[i + 1], self._whole(1)) for i in range(3)]  # 1: the second axis

    def _whole(self, value: int) -> str:
        name = f"whole_{value}"
        self._constants[name] = self._onnx.numpy_helper.from_array(np.array([value], np.int64), name)
        return name

    def _described(self, name: str, size: int):
        return self._onnx.helper.make_tensor_value_info(name, self._onnx.TensorProto.FLOAT, [1, size])

    def model(self, name: str) -> bytes:
        """The whole as a file, checked."""
        for value, called, size in self._next:
            self.output(value, called, size)
        helper = self._onnx.helper
        graph = helper.make_graph(self._nodes, name, self._inputs, self._outputs, list(self._constants.values()))
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR, producer_name="biosig")
        self._onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString()


def onnx_package() -> ModuleType:
    """The package onnx.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import onnx
    except ImportError:
        raise ConfigError("writing ONNX needs the package onnx: expected `pip install onnx`.") from None
    return onnx
