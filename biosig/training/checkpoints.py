"""Trained networks in files: weights, which network they belong to, and how they came about.

A checkpoint is ``torch.save`` of plain dictionaries with a digest over everything in them, and is read with
``weights_only=True``, so opening somebody else's file runs no code of theirs.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from biosig.errors import CheckpointError, ConfigError
from biosig.files import atomic_path
from biosig.models.networks import build
from biosig.models.weight_files import opened

FORMAT = "biosig checkpoint 1"
Meta = dict[str, object]
Weights = Mapping[str, torch.Tensor]


def save_checkpoint(path: Path, network_name: str, state_dict: Weights, meta: Meta, half: bool = False) -> None:
    """Write a checkpoint at one stroke; equal contents give equal bytes.

    Args:
        path: the file.
        network_name: one of :data:`biosig.models.networks.NETWORKS`.
        state_dict: the network's; floating-point tensors are kept as float32, or as float16.
        meta: what is known about it, as JSON can hold it: "network_args" (the network's options), scaling,
            factor, kind, fs, recipe, seed, validation value, commit …
        half: keep float16, half the size; what is read back has the rounding, and computes in float32.

    Raises:
        CheckpointError: meta holds something that is not JSON.
    """
    dtype = torch.float16 if half else torch.float32
    weights = {name: as_stored(tensor, dtype) for name, tensor in state_dict.items()}
    try:
        text = json.dumps(meta, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"The notes for {path} are not plain JSON ({error}).") from None
    content = {"format": FORMAT, "network": network_name, "meta": text, "weights": weights}
    buffer = io.BytesIO()  # torch.save writes the name of a file into it, and ours is a random temporary one
    torch.save({**content, "digest": digest(content)}, buffer)
    with atomic_path(Path(path)) as temporary:
        temporary.write_bytes(buffer.getvalue())


def load_checkpoint(path: Path, expected: str, **options: object) -> tuple[nn.Module, Meta]:
    """Read a checkpoint: the network in eval mode on the CPU, and its notes.

    Args:
        path: the file.
        expected: the network's name; another one's checkpoint is refused.
        options: of the network on this machine, such as ``backend="torch"``; they win over the stored ones.

    Raises:
        CheckpointError: missing, truncated, altered, of another network or of another format.
    """
    content = read(Path(path))
    if content["network"] != expected:
        found = content["network"]
        raise CheckpointError(f"{path} is a checkpoint of {found!r}: expected one of {expected!r}.")
    meta = json.loads(content["meta"])
    try:
        network = build(expected, **{**meta.get("network_args", {}), **options})
        network.load_state_dict(content["weights"])
    except (ConfigError, RuntimeError):
        raise CheckpointError(f"{path} does not fit the {expected} here: expected the same layers.") from None
    return network.eval(), meta


def halve(source: Path, target: Path) -> None:
    """Copy a checkpoint with its weights as float16, and a note that says so; errors as :func:`load_checkpoint`."""
    content = read(source)
    notes = json.loads(content["meta"]) | {"stored_as": "float16"}
    save_checkpoint(target, content["network"], content["weights"], notes, half=True)


def read(path: Path) -> dict:
    """The contents of a checkpoint, whole and unaltered."""
    content = opened(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a {FORMAT!r}: expected a file that save_checkpoint wrote.")
    if content.pop("digest", None) != digest(content):
        raise CheckpointError(f"{path} has been altered: expected the weights and notes it was saved with.")
    return content


def as_stored(tensor: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """A contiguous CPU copy, of type ``dtype`` where it is floating-point."""
    tensor = tensor.detach().to("cpu", dtype if tensor.is_floating_point() else tensor.dtype)
    return tensor.clone(memory_format=torch.contiguous_format)


def digest(content: dict) -> str:
    """sha256 over a checkpoint's format, network, notes, and every tensor's name, type, shape and bytes."""
    sha = hashlib.sha256()
    for key in ("format", "network", "meta"):
        sha.update(f"{key}={content.get(key)}\n".encode())
    for name, tensor in sorted(content.get("weights", {}).items()):
        sha.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        sha.update(tensor.numpy().tobytes())
    return sha.hexdigest()
