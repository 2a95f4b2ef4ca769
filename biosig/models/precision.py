"""Half precision where the processor computes in it, and single precision where it would only pretend to."""

import contextlib

import torch


def computes_bf16(device_type: str) -> bool:
    """Whether a kind of device ("cpu", "cuda") has instructions for bfloat16.

    Torch runs bfloat16 anywhere, but without such instructions convolutions take several times as long as in float32.
    """
    if device_type == "cuda":
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def bf16(device_type: str, wanted: bool) -> contextlib.AbstractContextManager:
    """Autocast to bfloat16 where it is wanted and the device has it; elsewhere float32, the better of the two."""
    return torch.autocast(device_type, torch.bfloat16, enabled=wanted and computes_bf16(device_type))
