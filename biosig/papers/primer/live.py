"""Every system of the chapter that can work as the sound comes in, by name, as a stream."""

from biosig.errors import ConfigError
from biosig.papers.neural import load_published
from biosig.papers.primer.profiles import OPEN
from biosig.papers.primer.sources import FS
from biosig.papers.primer.systems import CALLABLE, CLASSICAL, VARIED
from biosig.peers import STREAMS, load_stream
from biosig.signal.blocks import AtRate, Stream, Unchanged, classical_stream

NETWORKS = ("light_mask", "rnnoise_own")
LIVE = {name: (CALLABLE | VARIED)[name] for name in ("noisy", *CLASSICAL, *NETWORKS, *STREAMS)}


def live_stream(name: str, fs: float = FS) -> Stream:
    """A fresh stream of a system for one channel: classical ones at any rate, the others through 16 kHz.

    Raises:
        ConfigError: a system that needs the whole recording, or a package that is not installed.
        MissingDataError: a network that is not published.
        SignalError: a rate that the system cannot work at.
    """
    if name not in LIVE:
        why = "it needs the whole recording" if name in CALLABLE | VARIED else "there is none of that name"
        raise ConfigError(f"{name} cannot work live, {why}: expected one of {', '.join(LIVE)}.")
    if name == "noisy":
        return Unchanged()
    if name in CLASSICAL:
        return classical_stream(name, fs)
    stream = _of_network(name) if name in NETWORKS else load_stream(name)
    return stream if fs == FS else AtRate(stream, fs, FS)


def _of_network(name: str) -> Stream:
    from biosig.training.streaming import network_stream  # torch, which the others do without

    return network_stream(live_network(name))


def live_network(name: str):
    """The published network behind a system, a :class:`biosig.models.overlapped.Overlapped`.

    Raises:
        MissingDataError: there is none yet.
    """
    return load_published("primer", name, OPEN.network(name).network).network
