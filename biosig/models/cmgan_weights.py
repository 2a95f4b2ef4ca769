"""Weights of CMGAN in the layout of its authors' checkpoint, and where each lies in the network here.

A published checkpoint is a dictionary from names such as ``TSCB_1.time_conformer.attn.fn.to_q.weight`` to tensors.
:data:`LAYERS` is the whole translation. The real file was not at hand when this was written: names and shapes are as
the structure of the published network has them, and a file that differs is refused, not loaded in part. The sound
beyond both ends of a signal is taken for zeros here and mirrored there, which changes its first and last 12 ms.
"""

from pathlib import Path

import torch

from biosig.errors import CheckpointError
from biosig.models.cmgan import CMGAN
from biosig.models.weight_files import opened

BLOCKS = 4
FIRST = "dense_encoder.conv_1.0.weight"  # by which the layout is known


def _dense(ours: str, theirs: str) -> dict[str, str]:
    """The four layers of a dilated dense block."""
    kinds = ("conv", "norm", "prelu")
    return {f"{ours}.layers.{i}.{k}": f"{theirs}.{kind}{i + 1}" for i in range(4) for k, kind in enumerate(kinds)}


def _feed_forward(ours: str, theirs: str) -> dict[str, str]:
    inner = f"{theirs}.fn"
    return {f"{ours}.0": f"{inner}.norm", f"{ours}.1": f"{inner}.fn.net.0", f"{ours}.4": f"{inner}.fn.net.3"}


def _conformer(ours: str, theirs: str) -> dict[str, str]:
    attention, conv = f"{theirs}.attn", f"{theirs}.conv.net"
    return {
        **_feed_forward(f"{ours}.first", f"{theirs}.ff1"),
        f"{ours}.attention.norm": f"{attention}.norm",
        f"{ours}.attention.query": f"{attention}.fn.to_q",
        f"{ours}.attention.key_value": f"{attention}.fn.to_kv",
        f"{ours}.attention.out": f"{attention}.fn.to_out",
        f"{ours}.attention.distance": f"{attention}.fn.rel_pos_emb",
        f"{ours}.conv.norm": f"{conv}.0",
        f"{ours}.conv.enter": f"{conv}.2",
        f"{ours}.conv.filters": f"{conv}.4.conv",
        f"{ours}.conv.batch_norm": f"{conv}.5",
        f"{ours}.conv.leave": f"{conv}.7",
        **_feed_forward(f"{ours}.second", f"{theirs}.ff2"),
        f"{ours}.norm": f"{theirs}.post_norm",
    }


def _two_stage(k: int) -> dict[str, str]:
    ours, theirs = f"blocks.{k}", f"TSCB_{k + 1}"
    time, frequency = f"{theirs}.time_conformer", f"{theirs}.freq_conformer"
    return _conformer(f"{ours}.time", time) | _conformer(f"{ours}.frequency", frequency)


LAYERS: dict[str, str] = {  # a layer here → the same in the authors' checkpoint
    **{f"encoder.enter.{i}": f"dense_encoder.conv_1.{i}" for i in range(3)},
    **_dense("encoder.dense", "dense_encoder.dilated_dense"),
    **{f"encoder.halve.{i}": f"dense_encoder.conv_2.{i}" for i in range(3)},
    **{ours: theirs for k in range(BLOCKS) for ours, theirs in _two_stage(k).items()},
    **_dense("mask.dense", "mask_decoder.dense_block"),
    "mask.rise.conv": "mask_decoder.sub_pixel.conv",
    "mask.one.0": "mask_decoder.conv_1",
    "mask.one.1": "mask_decoder.norm",
    "mask.one.2": "mask_decoder.prelu",
    "mask.scale": "mask_decoder.final_conv",
    "mask.slopes": "mask_decoder.prelu_out",
    **_dense("complex.dense", "complex_decoder.dense_block"),
    "complex.rise.conv": "complex_decoder.sub_pixel.conv",
    "complex.norm.0": "complex_decoder.norm",
    "complex.norm.1": "complex_decoder.prelu",
    "complex.out": "complex_decoder.conv",
}


def theirs(ours: str) -> str:
    """The authors' name of a parameter here: ``mask.scale.bias`` → ``mask_decoder.final_conv.bias``."""
    layer, _, name = ours.rpartition(".")
    return f"{LAYERS[layer]}.{name}"


def is_published_layout(path: Path) -> bool:
    """Whether a file holds weights by the authors' names; False too where it cannot be read."""
    try:
        return FIRST in _weights(Path(path))
    except CheckpointError:
        return False


def load_published(path: Path) -> CMGAN:
    """CMGAN at the paper's size with the weights of the authors' checkpoint, in eval mode on the CPU.

    Raises:
        CheckpointError: the file is not there, damaged, or of a network with other layers.
    """
    network, weights = CMGAN(blocks=BLOCKS), _weights(Path(path))
    wanted = {theirs(name): (name, tensor) for name, tensor in network.state_dict().items()}
    if odd := sorted(wanted.keys() ^ weights.keys()):
        what = "lacks" if odd[0] in wanted else "has"
        raise CheckpointError(f"{path} {what} {odd[0]}: expected the layers of CMGAN, as its authors name them.")
    for name, (_, tensor) in wanted.items():
        if weights[name].shape != tensor.shape:
            found, expected = tuple(weights[name].shape), tuple(tensor.shape)
            raise CheckpointError(f"{path} has {name} of shape {found}: expected {expected}, CMGAN's.")
    network.load_state_dict({ours: weights[name] for name, (ours, _) in wanted.items()})
    return network.eval()


def _weights(path: Path) -> dict[str, torch.Tensor]:
    """Name → tensor; the prefix that training on several cards leaves behind is taken off."""
    content = opened(path)
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise CheckpointError(f"{path} is no dictionary of tensors: expected the weights of CMGAN.")
    return {str(name).removeprefix("module."): value for name, value in content.items()}
