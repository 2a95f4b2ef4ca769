"""Opening a file of weights without running anything that it might contain."""

from pathlib import Path

import torch

from biosig.errors import CheckpointError


def opened(path: Path) -> object:
    """What a file that torch wrote holds, on the CPU.

    Raises:
        CheckpointError: it is not there, or cannot be read.
    """
    if not path.is_file():
        raise CheckpointError(f"{path} is not there: expected a checkpoint file.")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception:
        raise CheckpointError(f"{path} cannot be read: expected a whole checkpoint file.") from None
