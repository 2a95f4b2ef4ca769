"""The peers as systems: noisy in, enhanced out, of one shape, at 16 kHz, whatever runs inside."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy  # scipy.signal loads at its first use

from biosig.checks import as_signal, check_rate
from biosig.errors import ConfigError
from biosig.peers.cards import Peer, known_peer
from biosig.signal.blocks import AtRate, Stream
from biosig.signal.streaming import Framed

FS = 16000
MODULES = {name: f"biosig.peers.{name}" for name in ("rnnoise", "nsnet2", "dtln", "deepfilternet3")}
STREAMS = ("rnnoise", "dtln", "deepfilternet3")


@dataclass(frozen=True)
class System:
    """A peer, loaded: ``system(noisy, fs=16000)``."""

    peer: Peer
    enhance: Callable[[np.ndarray], np.ndarray]  # one channel at the native rate, float32, (m,) → (m,)

    def __call__(self, noisy: np.ndarray, fs: float = FS) -> np.ndarray:
        """Enhance every channel by itself.

        A model of 48 kHz hears the signal resampled (``scipy.signal.resample_poly``, as its output is on the way
        back): nothing above 8 kHz, other than what it was trained on. Silence is fed after the end, and as much
        of the output's head is dropped, for as long as the system is late (``peer.delay_samples``): the output
        lies on the input, and its last samples are there.

        Args:
            noisy: shape (..., n), any n from 1, full scale ±1.
            fs: 16000.

        Returns:
            Shape (..., n), float64.

        Raises:
            SignalError: another rate, NaN, or no samples.
        """
        noisy = as_signal(noisy, "noisy")
        check_rate(fs, FS)
        channels = [self._channel(channel) for channel in noisy.reshape(-1, noisy.shape[-1])]
        return np.reshape(channels, noisy.shape)

    def _channel(self, noisy: np.ndarray) -> np.ndarray:
        ratio, late = self.peer.native_fs // FS, self.peer.delay_samples
        fed = np.pad(noisy, (0, late))
        native = fed if ratio == 1 else scipy.signal.resample_poly(fed, ratio, 1)
        enhanced = self.enhance(native.astype(np.float32)).astype(np.float64)
        return (enhanced if ratio == 1 else scipy.signal.resample_poly(enhanced, 1, ratio))[late:]


def load_peer(name: str, threads: int = 1) -> System:
    """A pretrained peer, ready to be called.

    Args:
        name: in :data:`biosig.peers.PEERS`.
        threads: for onnxruntime; one makes real-time factors comparable, since RNNoise and DeepFilterNet3 never
            use more.

    Raises:
        ConfigError: an unknown name, an impossible number of threads, or a package that is not installed.
    """
    peer = known_peer(name)
    if not isinstance(threads, int) or threads < 1:
        raise ConfigError(f"threads is {threads!r}: expected a whole number from 1.")
    return System(peer, importlib.import_module(MODULES[name]).load(threads))


def load_stream(name: str, threads: int = 1) -> Stream:
    """A peer on a signal of 16 kHz that comes in pieces: ``push`` them, ``flush`` at the end.

    What runs at 48 kHz is fed and heard through :class:`biosig.signal.blocks.AtRate`, whose filter is not that of the
    whole-signal form: the same up to what the two filters differ in near 8 kHz.

    Raises:
        ConfigError: as :func:`load_peer`; or NSNet2, whose network keeps its state to itself.
    """
    peer = known_peer(name)
    if name not in STREAMS:
        raise ConfigError(f"peer {name} has no stream: expected one of {', '.join(STREAMS)}.")
    step = importlib.import_module(MODULES[name]).stream(threads)
    stream = Framed(step, step.size, late=peer.delay_samples * peer.native_fs // FS)
    return stream if peer.native_fs == FS else AtRate(stream, FS, peer.native_fs)


def by_frames(step: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """A whole signal (n,) through a step that takes ``step.size`` samples: (n,), float32."""
    return np.concatenate([step(frame) for frame in frames_of(x, step.size)])[: x.size]


def frames_of(x: np.ndarray, size: int) -> np.ndarray:
    """``x`` (n,) cut into whole frames, the last one filled up with zeros: (frames, size)."""
    return np.pad(x, (0, -x.size % size)).reshape(-1, size)
