"""DTLN: one LSTM core masks the magnitude spectrum, a second one masks a learned transform of its output.

Westhausen and Meyer, "Dual-signal transformation LSTM network for real-time noise suppression", Interspeech 2020,
section 2: blocks of 32 ms, 8 ms apart, each core with the states it left in the block before.
"""

from collections.abc import Callable

import numpy as np

from biosig.peers.cards import DTLN
from biosig.peers.packages import model_file, session
from biosig.peers.systems import by_frames

BLOCK, SHIFT = 512, 128


def load(threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """The system for one channel at 16 kHz; its output lags by a block less a shift, 384 samples.

    Raises:
        ConfigError: a package is not installed.
    """
    networks = the_networks(threads)
    return lambda noisy: by_frames(Step(*networks), noisy)


def stream(threads: int) -> "Step":
    """The same for a signal that is not over yet: one shift in, one out."""
    return Step(*the_networks(threads))


def the_networks(threads: int) -> list:
    """The two networks, ready to run."""
    return [session(model_file(DTLN, f"livekit/plugins/dtln/models/model_{each}.onnx"), threads) for each in (1, 2)]


class Step:
    """One shift (128,) in, one out, float32, with the block heard last, what it adds up to, and the cores' states."""

    size = SHIFT

    def __init__(self, masker, transformer):
        self._masker, self._transformer = Core(masker), Core(transformer)
        self._block, self._total = np.zeros(BLOCK, np.float32), np.zeros(BLOCK, np.float32)

    def __call__(self, new: np.ndarray) -> np.ndarray:
        self._block = np.concatenate([self._block[SHIFT:], new.astype(np.float32)])
        self._total = np.concatenate([self._total[SHIFT:], np.zeros(SHIFT, np.float32)])
        self._total += self._transformer(_masked(self._block, self._masker))  # overlap-add
        return self._total[:SHIFT].copy()


def _masked(block: np.ndarray, masker: "Core") -> np.ndarray:
    """A block whose magnitudes the first core has masked, its phases as they were."""
    spectrum = np.fft.rfft(block)
    return np.fft.irfft(spectrum * masker(np.abs(spectrum))).astype(np.float32)


class Core:
    """One of the two networks, with the states of its LSTMs from block to block."""

    def __init__(self, network) -> None:
        self.network = network
        self.input, self.state_input = network.get_inputs()
        self.state = np.zeros(self.state_input.shape, np.float32)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        fed = {self.input.name: values.astype(np.float32).reshape(1, 1, -1), self.state_input.name: self.state}
        output, self.state = self.network.run(None, fed)
        return output.reshape(-1)
