"""The examples in the docstrings run and print what they say."""

import doctest
import importlib

import pytest

MODULES = [f"biosig.signal.{name}" for name in ("mixing", "filters", "spectra", "rpeaks", "ecg_removal")]
MODULES += [f"biosig.signal.{name}" for name in ("dereverberation", "arrays", "beamforming")]
MODULES += ["biosig.metrics.waveform", "biosig.metrics.emg", "biosig.metrics.reverberation"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted and not result.failed
