"""RNNoise: a small recurrent network sets the gains of a few bands, a comb filter cleans between harmonics.

Valin, "A hybrid DSP/deep learning approach to real-time full-band speech enhancement", MMSP 2018. Called through the
C interface that the library documents (``rnnoise.h``); of the Python package only the library is used.
"""

import ctypes
import sys
import weakref
from collections.abc import Callable

import numpy as np

from biosig.peers.cards import RNNOISE
from biosig.peers.packages import model_file
from biosig.peers.systems import by_frames

FULL_SCALE = 32768.0  # the library expects the range of 16-bit samples
LIBRARY = "rnnoise.dll" if sys.platform == "win32" else "librnnoise.so"
FLOATS = ctypes.POINTER(ctypes.c_float)


def load(threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """The system for one channel at 48 kHz, in frames of 10 ms; one thread, whatever is asked for.

    Its output lags by a frame of overlap and one of look-ahead: 20 ms.

    Raises:
        ConfigError: the package is not installed, or has no library for this platform.
    """
    library = the_library()
    return lambda noisy: by_frames(Step(library), noisy)


def stream(threads: int) -> "Step":
    """The same for a signal that is not over yet: one frame in, one out."""
    return Step(the_library())


def the_library() -> ctypes.CDLL:
    """The library, its functions' types declared."""
    library = ctypes.CDLL(str(model_file(RNNOISE, f"pyrnnoise/{LIBRARY}")))
    library.rnnoise_create.restype, library.rnnoise_create.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    library.rnnoise_destroy.restype, library.rnnoise_destroy.argtypes = None, [ctypes.c_void_p]
    library.rnnoise_process_frame.restype = ctypes.c_float
    library.rnnoise_process_frame.argtypes = [ctypes.c_void_p, FLOATS, FLOATS]
    return library


class Step:
    """One frame (480,) of full scale ±1 in, one out, float32; the library's state goes with the object."""

    def __init__(self, library: ctypes.CDLL):
        self.size, self._library = library.rnnoise_get_frame_size(), library
        self._state = library.rnnoise_create(None)
        weakref.finalize(self, library.rnnoise_destroy, self._state)

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        out = frame.astype(np.float32) * np.float32(FULL_SCALE)
        address = out.ctypes.data_as(FLOATS)
        self._library.rnnoise_process_frame(self._state, address, address)
        return out / np.float32(FULL_SCALE)
