"""Sound as bytes in a pipe: raw samples, or WAV whose length nobody knows yet, in pieces of any size."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from biosig.checks import check_plausible
from biosig.errors import DataError

ENCODINGS = {"s16": np.dtype("<i2"), "f32": np.dtype("<f4")}
CODES = {(1, 16): "s16", (3, 32): "f32"}  # (format tag, bits) of a WAV header
EXTENSIBLE = 0xFFFE  # a format tag that says: the real one comes later
UNKNOWN = (0, 0x7FFFFFFF, 0xFFFFFFFF)  # sizes that programs write into a pipe, where they cannot come back
ENDLESS = 0xFFFFFFFF
LONGEST_HEADER = 1 << 20  # bytes before the samples: what is longer is no sound

Read = Callable[[int], bytes]  # up to so many bytes, as soon as there are some; none at the end


@dataclass(frozen=True)
class Pcm:
    """How samples are laid out: rate in Hz, channels, and "s16" or "f32", little endian, channels interleaved.

    Raises:
        DataError: another encoding, or no channel.
        SignalError: no rate of sound.
    """

    fs: int = 16000
    channels: int = 1
    encoding: str = "s16"

    def __post_init__(self):
        check_plausible(self.fs)
        if self.encoding not in ENCODINGS:
            raise DataError(f"encoding is {self.encoding!r}: expected one of {', '.join(ENCODINGS)}.")
        if not 1 <= self.channels <= 64:
            raise DataError(f"the sound has {self.channels} channels: expected 1 to 64.")

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.channels * ENCODINGS[self.encoding].itemsize

    def decode(self, data: bytes) -> np.ndarray:
        """Whole frames as float64, full scale ±1: shape (channels, m)."""
        values = np.frombuffer(data, ENCODINGS[self.encoding]).reshape(-1, self.channels).T
        return values / 32768 if self.encoding == "s16" else values.astype(np.float64)

    def encode(self, x: np.ndarray) -> bytes:
        """(channels, m) as bytes; beyond full scale 16 bits are held at it."""
        if self.encoding == "s16":
            x = np.clip(np.rint(np.asarray(x) * 32768), -32768, 32767)
        return np.ascontiguousarray(x.T).astype(ENCODINGS[self.encoding]).tobytes()

    def header(self) -> bytes:
        """A WAV header for samples whose number is not known."""
        tag, bits = next(code for code, name in CODES.items() if name == self.encoding)
        form = struct.pack("<HHIIHH", tag, self.channels, self.fs, self.fs * self.frame_bytes, self.frame_bytes, bits)
        parts = (b"RIFF", ENDLESS, b"WAVE", b"fmt ", len(form), form, b"data", ENDLESS)
        return b"".join(struct.pack("<I", part) if isinstance(part, int) else part for part in parts)


class Reader:
    """Frames of samples out of bytes that come in pieces; at most one frame and a piece are kept.

    Args:
        read: gives up to so many bytes as soon as there are some, and none at the end.
        raw: how the samples are laid out if the bytes are no WAV.

    Attributes:
        pcm: how they are laid out.
        wav: whether there was a header.
        left_over: bytes at the end that were no whole frame.

    Raises:
        DataError: a damaged header.
    """

    def __init__(self, read: Read, raw: Pcm):
        self._read, self._held, self.left_over = read, b"", 0
        first = self._exactly(4, b"")
        self.wav = first == b"RIFF"
        self.pcm, self._remaining = raw, None  # None: to the end of all bytes
        if self.wav:
            self.pcm, self._remaining = self._header()
        else:
            self._held = first + self._held

    def blocks(self, samples: int) -> Iterator[np.ndarray]:
        """All of it in arrays (channels, m) of at most ``samples`` samples.

        Raises:
            DataError: a second header that says something else than the first.
        """
        while True:
            wanted = samples * self.pcm.frame_bytes
            data = self._samples(wanted)
            if data:
                yield self.pcm.decode(data)
            elif not self._another():
                return

    def _samples(self, wanted: int) -> bytes:
        """Up to so many bytes of samples, whole frames."""
        if self._remaining is not None:
            wanted = min(wanted, self._remaining)
        while len(self._held) < wanted:
            more = self._read(wanted - len(self._held))
            if not more:
                break
            self._held += more
        whole = min(len(self._held), wanted)
        whole -= whole % self.pcm.frame_bytes
        data, rest = self._held[:whole], self._held[whole:]
        if len(self._held) < wanted:  # the end
            self.left_over, rest = self.left_over + len(rest), b""
        self._held = rest
        if self._remaining is not None:
            self._remaining -= whole
            if not whole:
                self._remaining = 0
        return data

    def _another(self) -> bool:
        """Whether one more WAV file follows the samples of the last: ``cat a.wav b.wav``."""
        if not self.wav or self._remaining is None:
            return False
        while tag := self._exactly(4, b""):
            if tag == b"RIFF":
                pcm, self._remaining = self._header()
                if pcm != self.pcm:
                    raise DataError(
                        f"the stream changed from {told(self.pcm)} to {told(pcm)}: expected one kind throughout."
                    )
                return True
            self._skip(struct.unpack("<I", self._exactly(4))[0])
        return False

    def _header(self) -> tuple[Pcm, int | None]:
        """The layout, and how many bytes of samples there are, from after "RIFF" on."""
        self._exactly(4)
        if self._exactly(4) != b"WAVE":
            raise DataError("the WAV header is damaged: expected WAVE after RIFF.")
        pcm = None
        while True:
            name, size = self._exactly(4), struct.unpack("<I", self._exactly(4))[0]
            if name == b"data":
                if pcm is None:
                    raise DataError("the WAV header is damaged: expected a format before the samples.")
                return pcm, None if size in UNKNOWN else size
            if name == b"fmt ":
                pcm = layout(self._exactly(min(size, LONGEST_HEADER)))
            else:
                self._skip(size)

    def _skip(self, size: int) -> None:
        """Over a chunk that is of no interest, and its padding."""
        if size > LONGEST_HEADER:
            raise DataError(f"the WAV header asks for {size} bytes before its samples: expected less.")
        self._exactly(size + size % 2, b"")

    def _exactly(self, count: int, short: bytes | None = None) -> bytes:
        """So many bytes; ``short`` where there are fewer, or an error."""
        while len(self._held) < count:
            more = self._read(count - len(self._held))
            if not more:
                break
            self._held += more
        if len(self._held) < count:
            if short is None:
                raise DataError("the WAV header ends too early: expected a whole one.")
            return short
        found, self._held = self._held[:count], self._held[count:]
        return found


def layout(form: bytes) -> Pcm:
    """What the format chunk of a WAV says.

    Raises:
        DataError: an encoding other than 16-bit or 32-bit float, or a chunk that is too short.
    """
    if len(form) < 16:
        raise DataError("the WAV header is damaged: expected at least 16 bytes of format.")
    tag, channels, fs, _, _, bits = struct.unpack("<HHIIHH", form[:16])
    if tag == EXTENSIBLE and len(form) >= 26:
        tag = struct.unpack("<H", form[24:26])[0]
    if (tag, bits) not in CODES:
        raise DataError(f"the WAV holds {bits}-bit samples of kind {tag}: expected 16-bit integers or 32-bit floats.")
    return Pcm(fs, channels, CODES[tag, bits])


def told(pcm: Pcm) -> str:
    """A layout in words."""
    return f"{pcm.channels} × {pcm.fs} Hz {pcm.encoding}"
