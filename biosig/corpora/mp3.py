"""How long an MP3 really is. libsndfile believes its first frame, and leaves out the rest of a file that was joined
from two, or whose bit rate varies while no frame says so. And its decoder, libmpg123, talks on the terminal.
"""

import contextlib
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

# kbit/s by the header's index, layer III: MPEG 1, and MPEG 2 and 2.5 (ISO/IEC 11172-3, 13818-3)
BITRATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by the version's bits
ID3 = b"ID3"


def mp3_frames(path: Path) -> int:
    """Samples per channel in all frames of an MP3, those with which the encoder fills up included.

    What lies between frames (tags, padding) is skipped; frames that nothing follows are not counted twice.
    """
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at, samples = 0, 0
        while at + 4 <= len(data):
            if data[at : at + 3] == ID3:
                at += 10 + _syncsafe(data[at + 6 : at + 10])
            elif found := _frame(data[at : at + 4]):
                at, samples = at + found[0], samples + found[1]
            else:
                at = _next_sync(data, at + 1)
        return samples


def _next_sync(data: mmap.mmap, at: int) -> int:
    """The next place that may begin a frame or a tag."""
    places = [place for place in (data.find(b"\xff", at), data.find(ID3, at)) if place >= 0]
    return min(places, default=len(data))


def _frame(head: bytes) -> tuple[int, int] | None:
    """(bytes, samples) of a layer III frame with this header, None if it is none."""
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if head[0] != 0xFF or head[1] >> 5 != 7 or layer != 1 or version == 1 or bitrate in (0, 15) or rate == 3:
        return None
    old = version == 3
    samples, kbits = (1152, BITRATES[0]) if old else (576, BITRATES[1])
    return samples // 8 * 1000 * kbits[bitrate] // RATES[version][rate] + padding, samples


def _syncsafe(four: bytes) -> int:
    """A size of which each byte holds 7 bits."""
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]


@contextlib.contextmanager
def decoder_silenced() -> Iterator[None]:
    """Keep what a C library writes to the standard error from the terminal: its errors come as exceptions too."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
