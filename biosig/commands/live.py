"""``biosig live``: a sound that is not over yet, from a pipe or a microphone, through any system that can stream."""

import argparse
import gc
import os
import sys
import time

import numpy as np

from biosig.errors import ConfigError

DEFAULT = "log_mmse"
BLOCK_MS = 10.0
BIN_MS, BINS = 0.05, 2000  # of the histogram of times, which never grows: 0 to 100 ms
WARM_UP_S = 0.5

EXAMPLES = """examples:
  sox noisy.flac -t wav - | biosig live --system rnnoise | aplay
  arecord -f S16_LE -r 16000 | biosig live | aplay -f S16_LE -r 16000
  ffmpeg -i call.mp4 -f s16le -ac 1 -ar 48000 - | biosig live --rate 48000 > clean.raw
  biosig live --microphone
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the parser."""
    live = commands.add_parser(
        "live",
        help="take the noise out of sound as it comes in: a pipe or a microphone",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Read raw samples or WAV (16-bit or 32-bit float) from the standard input, in pieces of any size, "
        "and write\nthe same kind to the standard output, as many samples as came in. What is late, and how long a "
        "block took, is told\nat the end.",
        epilog=EXAMPLES,
    )
    live.add_argument("--system", default=DEFAULT, metavar="NAME", help=f"see --list (default: {DEFAULT})")
    live.add_argument("--list", action="store_true", help="print every system that can work live, and do nothing else")
    live.add_argument("--rate", type=int, metavar="HZ", help="of raw samples (default: 16000); a WAV says its own")
    live.add_argument("--channels", type=int, metavar="N", help="of raw samples, interleaved (default: 1)")
    live.add_argument("--encoding", metavar="s16|f32", help="of raw samples, little endian (default: s16)")
    live.add_argument("--block", type=float, default=BLOCK_MS, metavar="MS", help="of sound at a time (default: 10)")
    live.add_argument("--microphone", action="store_true", help="from the microphone to the loudspeaker instead")
    live.add_argument("--seconds", type=float, metavar="S", help="with --microphone: stop after so long")
    live.set_defaults(do=run)


def run(arguments: argparse.Namespace) -> int:
    """Check everything, then pass the sound on until it ends."""
    from biosig.papers.primer.live import LIVE, live_stream

    if arguments.list:
        width = max(map(len, LIVE))
        print("\n".join(f"{name:<{width}}  {what}" for name, what in LIVE.items()))
        return 0
    if not 1 <= arguments.block <= 1000:
        raise ConfigError(f"block is {arguments.block:g} ms: expected 1 to 1000.")
    if arguments.seconds is not None and (not arguments.microphone or not arguments.seconds > 0):
        raise ConfigError(f"seconds is {arguments.seconds:g}: expected a positive number beside --microphone.")
    live_stream(arguments.system)  # an unknown name, a missing package or checkpoint shows now
    watch = (microphone if arguments.microphone else pipe)(arguments)
    print(watch.told(arguments.system), file=sys.stderr)
    return 0


class Watch:
    """How long blocks took to compute, and how many were late: in a histogram that never grows.

    Args:
        block_s: how much sound a block holds; one that takes longer to compute is late.
    """

    def __init__(self, block_s: float):
        self.block_s, self.blocks, self.late, self.seconds, self.longest = block_s, 0, 0, 0.0, 0.0
        self._counts = np.zeros(BINS, np.int64)

    def push(self, stream, x: np.ndarray, seconds: float) -> np.ndarray:
        """One block of so many seconds through a stream, timed."""
        started = time.perf_counter()
        ready = stream.push(x)
        took = time.perf_counter() - started
        self.blocks, self.seconds, self.longest = self.blocks + 1, self.seconds + seconds, max(self.longest, took)
        self.late += took > self.block_s
        self._counts[min(BINS - 1, int(1000 * took / BIN_MS))] += 1
        return ready

    def percentile(self, share: float) -> float:
        """Milliseconds within which so large a share of the blocks was done, to a twentieth."""
        found = int(np.searchsorted(np.cumsum(self._counts), share * self.blocks))
        return BIN_MS * (1 + found) if found < BINS - 1 else 1000 * self.longest

    def told(self, system: str) -> str:
        """The sentence at the end."""
        if not self.blocks:
            return f"biosig live: no sound came in for {system}."
        median, most = self.percentile(0.5), self.percentile(0.99)
        return (
            f"biosig live: {self.seconds:.1f} s through {system}, {self.blocks} blocks of {1000 * self.block_s:g} ms, "
            f"{self.late} late; a block took {median:.2f} ms in the median, at most {most:.2f} ms for 99 of 100, "
            f"{1000 * self.longest:.1f} ms the longest."
        )


def streams(system: str, fs: float, channels: int):
    """A fresh stream for every channel, after another one has warmed up what loads or compiles at its first call."""
    from biosig.papers.primer.live import NETWORKS, live_stream
    from biosig.signal.blocks import Channels

    if system in NETWORKS:
        import torch

        torch.set_num_threads(1)  # frames are too small to be shared out
    rng = np.random.default_rng(0)
    live_stream(system, fs).push(1e-3 * rng.standard_normal(round(WARM_UP_S * fs)))
    made = Channels([live_stream(system, fs) for _ in range(channels)])
    gc.freeze()  # what is loaded by now need not be looked through again, which takes longer than a frame
    return made


# --- a pipe ------------------------------------------------------------------------------------------------------


def pipe(arguments: argparse.Namespace) -> Watch:
    """Standard input to standard output, in blocks."""
    from biosig.signal.pcm import Pcm, Reader

    given = {"fs": arguments.rate, "channels": arguments.channels, "encoding": arguments.encoding}
    given = {name: value for name, value in given.items() if value is not None}
    if sys.stdin is None or sys.stdin.isatty():
        raise ConfigError("nothing is piped in: expected samples or a WAV on the standard input, or --microphone.")
    raw = Pcm(**given)
    reader = Reader(lambda count: os.read(sys.stdin.fileno(), count), raw)
    pcm = reader.pcm
    for name, value in given.items():
        if getattr(pcm, name) != value:
            raise ConfigError(f"the WAV says {name} {getattr(pcm, name)}, the option {value}: expected no option.")
    size = max(1, round(arguments.block / 1000 * pcm.fs))
    stream, watch = streams(arguments.system, pcm.fs, pcm.channels), Watch(size / pcm.fs)
    write(pcm.header() if reader.wav else b"")
    for block in reader.blocks(size):
        write(pcm.encode(watch.push(stream, block, block.shape[-1] / pcm.fs)))
    write(pcm.encode(stream.flush()))
    if reader.left_over:
        print(f"biosig live: the end is no whole sample: {reader.left_over} bytes are left out.", file=sys.stderr)
    return watch


def write(data: bytes) -> None:
    """To the standard output, at once: whoever listens waits for it."""
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]


# --- a microphone ------------------------------------------------------------------------------------------------


class Paced:
    """A stream that gives as many samples as it takes, which a sound card asks for: silence while it has none.

    That is at the beginning alone: once the wait is as long as the stream's frames and the blocks ask for, it stays so.

    Attributes:
        late: how many samples of silence it has had to put in, its delay.
    """

    def __init__(self, stream):
        self._stream, self._queue, self.late = stream, None, 0

    def push(self, x: np.ndarray) -> np.ndarray:
        """(channels, m) → the same shape."""
        ready, count = self._stream.push(x), x.shape[-1]
        self._queue = ready if self._queue is None else np.concatenate([self._queue, ready], axis=-1)
        short = max(0, count - self._queue.shape[-1])
        self.late += short
        out = np.pad(self._queue, ((0, 0), (short, 0)))
        self._queue = out[:, count:]
        return out[:, :count]


def microphone(arguments: argparse.Namespace) -> Watch:
    """From the microphone to the loudspeaker, until Ctrl-C or the time is over."""
    card, fs = sound_card(), arguments.rate or 16000
    size = max(1, round(arguments.block / 1000 * fs))
    paced, watch, lost = Paced(streams(arguments.system, fs, 1)), Watch(size / fs), 0
    blocks = None if arguments.seconds is None else round(arguments.seconds * fs / size)
    try:
        with card.Stream(samplerate=fs, blocksize=size, channels=1, dtype="float32", latency="low") as sound:
            while blocks is None or watch.blocks < blocks:
                heard, overflowed = sound.read(size)
                out = watch.push(paced, np.asarray(heard, dtype=np.float64).T, size / fs)
                lost += bool(overflowed) + bool(sound.write(np.clip(out, -1, 1).T.astype(np.float32)))
    except KeyboardInterrupt:
        pass
    except card.PortAudioError as error:
        raise ConfigError(f"the sound card refused: {str(error).rstrip('.')}; expected a microphone.") from None
    print(f"biosig live: {1000 * paced.late / fs:.0f} ms late by its own, {lost} gaps of the card.", file=sys.stderr)
    return watch


def sound_card():
    """The package that talks to sound cards.

    Raises:
        ConfigError: it is not installed, or finds no library.
    """
    try:
        import sounddevice
    except ImportError:
        raise ConfigError("--microphone needs the package sounddevice: expected `pip install sounddevice`.") from None
    except OSError:
        raise ConfigError("sounddevice finds no PortAudio library: expected it installed, or a pipe instead.") from None
    return sounddevice
