"""bfloat16 is used where it is wanted and the device has it, and nowhere else."""

import pytest
import torch

from biosig.models import precision


def product() -> torch.dtype:
    x = torch.ones(4, 4)
    return (x @ x).dtype


@pytest.mark.parametrize("has, wanted, dtype", [
    (True, True, torch.bfloat16), (True, False, torch.float32), (False, True, torch.float32),
])  # fmt: skip
def test_autocast_only_where_wanted_and_had(monkeypatch, has, wanted, dtype):
    monkeypatch.setattr(precision, "computes_bf16", lambda device_type: has)
    with precision.bf16("cpu", wanted):
        assert product() == dtype
    assert product() == torch.float32


def test_says_something_of_this_processor_and_nothing_good_of_a_missing_card():
    assert precision.computes_bf16("cpu") in (True, False)
    if not torch.cuda.is_available():
        assert not precision.computes_bf16("cuda")
