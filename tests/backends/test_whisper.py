"""The recogniser: its files are pinned, a missing one is one sentence, and it hears a real sentence."""

import importlib.metadata
import sys

import numpy as np
import pytest

from biosig import samples
from biosig.backends import whisper
from biosig.errors import ConfigError, SignalError
from biosig.metrics.recognition import wer

SAID = "unless to be rather cold hearted and rather selfish is to be ill disposed"  # the novel is public domain


@pytest.fixture(scope="module")
def recogniser():
    for name in whisper.PACKAGES:
        try:
            importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"{name} is not installed: the recogniser is optional, and too large for the lock")
    return whisper.load_recogniser()


def test_a_missing_package_is_one_sentence_that_says_how_to_get_it(monkeypatch, tmp_path):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    monkeypatch.setattr(importlib.metadata, "version", missing)
    monkeypatch.setitem(sys.modules, "faster_whisper", None)  # an import of it fails
    for ask in (whisper.model_folder, whisper.versions, lambda: whisper.Recogniser(tmp_path)):
        with pytest.raises(ConfigError, match="not installed: pip install faster-whisper"):
            ask()


def test_another_model_is_refused(monkeypatch, tmp_path):
    class Carrier:
        def locate_file(self, path):
            return tmp_path

    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Carrier())
    for name in whisper.FILES:
        (tmp_path / name).write_bytes(b"another")
    with pytest.raises(ConfigError, match="config.json is missing or changed"):
        whisper.model_folder()


def test_it_hears_a_real_sentence_twice_the_same(recogniser):
    speech = samples.load("speech_novel_1")
    heard = [recogniser(speech.signal, speech.fs) for _ in range(2)]
    assert heard[0] == heard[1] and wer([SAID], heard[:1]) < 0.1


@pytest.mark.parametrize(
    ("signal", "fs", "says"),
    [
        (np.zeros(800), 8000, "expected 16000"),
        (np.zeros((2, 800)), 16000, "expected one channel"),
        (np.full(800, np.nan), 16000, "expected finite"),
        (np.zeros(31 * 16000), 16000, "expected at most 30 s"),
    ],
)
def test_bad_input_is_one_sentence(recogniser, signal, fs, says):
    with pytest.raises(SignalError, match=says):
        recogniser(signal, fs)
