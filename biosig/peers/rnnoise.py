"""RNNoise: a small recurrent network sets the gains of a few bands, a comb filter cleans between harmonics.

Valin, "A hybrid DSP/deep learning approach to real-time full-band speech enhancement", MMSP 2018. Called through the
C interface that the library documents (``rnnoise.h``); of the Python package only the library is used.
"""

import ctypes
import sys
from collections.abc import Callable

import numpy as np

from biosig.peers.cards import RNNOISE
from biosig.peers.packages import model_file
from biosig.peers.systems import frames_of

FULL_SCALE = 32768.0  # the library expects the range of 16-bit samples
LIBRARY = "rnnoise.dll" if sys.platform == "win32" else "librnnoise.so"
FLOATS = ctypes.POINTER(ctypes.c_float)


def load(threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """The system for one channel at 48 kHz, in frames of 10 ms; one thread, whatever is asked for.

    Its output lags by a frame of overlap and one of look-ahead: 20 ms.

    Raises:
        ConfigError: the package is not installed, or has no library for this platform.
    """
    library = ctypes.CDLL(str(model_file(RNNOISE, f"pyrnnoise/{LIBRARY}")))
    library.rnnoise_create.restype, library.rnnoise_create.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    library.rnnoise_destroy.restype, library.rnnoise_destroy.argtypes = None, [ctypes.c_void_p]
    library.rnnoise_process_frame.restype = ctypes.c_float
    library.rnnoise_process_frame.argtypes = [ctypes.c_void_p, FLOATS, FLOATS]
    size = library.rnnoise_get_frame_size()

    def enhance(noisy: np.ndarray) -> np.ndarray:
        state = library.rnnoise_create(None)
        frames = frames_of(noisy * np.float32(FULL_SCALE), size)
        try:
            for frame in frames:  # each is replaced by what it becomes
                address = frame.ctypes.data_as(FLOATS)
                library.rnnoise_process_frame(state, address, address)
        finally:
            library.rnnoise_destroy(state)
        return frames.reshape(-1)[: noisy.size] / np.float32(FULL_SCALE)

    return enhance
