"""A causal network whose trained part ONNX Runtime computes, frame by frame, in 32 or in 8 bits."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from biosig.errors import ConfigError
from biosig.models.light_mask import LightMasker
from biosig.models.overlapped import Overlapped, Tensors
from biosig.models.rnnoise_own import RNNoiseOwn
from biosig.peers.packages import session

FORMS = {
    "float32": "as it was trained, by ONNX Runtime",
    "dynamic": "8-bit weights, 8-bit inputs scaled frame by frame",
    "static": "8-bit weights, 8-bit inputs scaled once and for all",
}


class Step:
    """An ONNX step on one thread: ``step(input (size,), memories) → (gains, memories)``, memories as (size,) arrays."""

    def __init__(self, model: Path):
        self._session = session(model, threads=1)
        self._names = [each.name for each in self._session.get_inputs()]

    def __call__(self, x: np.ndarray, memories: Iterable[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
        fed = dict(zip(self._names, (each[None] for each in (x, *memories)), strict=True))
        gains, *after = self._session.run(None, fed)
        return gains[0], [each[0] for each in after]


class LightByOnnx(LightMasker):
    """A light mask around an ONNX step; its own weights are not used."""

    def __init__(self, model: Path, **options: int):
        super().__init__(**options)
        self.by_onnx = Step(model)

    def gains(self, power: torch.Tensor, memory: Tensors) -> tuple[torch.Tensor, Tensors]:
        gains, after = frames(self.by_onnx, power, memory[0].unbind(1))
        return gains, (torch.stack(after, 1),)


class RNNoiseByOnnx(RNNoiseOwn):
    """Our RNNoise around an ONNX step; its own weights are not used, and voice activity is not given."""

    def __init__(self, model: Path):
        super().__init__()
        self.by_onnx = Step(model)

    def network(self, told: torch.Tensor, units: Tensors) -> tuple[torch.Tensor, torch.Tensor, Tensors]:
        gains, after = frames(self.by_onnx, told, units)
        return gains, gains.new_zeros(gains.shape[:2]), tuple(after)


def by_onnx(network: Overlapped, model: Path) -> Overlapped:
    """The same system as ``network``, its trained part computed by the ONNX step in a file.

    Raises:
        ConfigError: another network.
    """
    if isinstance(network, LightMasker):
        narrow = int((network.spread.argmax(1) == torch.arange(len(network.spread))).sum())
        size = {"units": network.gru.hidden_size, "layers": network.gru.num_layers}
        return LightByOnnx(model, **size, narrow=narrow, wide=len(network.spread) - narrow).eval()
    if isinstance(network, RNNoiseOwn):
        return RNNoiseByOnnx(model).eval()
    raise ConfigError(f"{type(network).__name__} has no step as ONNX: expected a light mask or our RNNoise.")


def frames(step: Step, x: torch.Tensor, memories: Iterable[torch.Tensor]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """A step over rows and frames: (B, T, size) and memories of (B, U) → (B, T, gains), the memories after it."""
    after, out = [], []
    for row, *memory in zip(x.numpy(), *(each.numpy() for each in memories), strict=True):
        gains = []
        for frame in row:
            found, memory = step(frame, memory)
            gains.append(found)
        out.append(np.stack(gains))
        after.append(memory)
    return torch.from_numpy(np.stack(out)), [torch.from_numpy(np.stack(each)) for each in zip(*after, strict=True)]
