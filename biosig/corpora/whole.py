"""Whether a WAV or Ogg file is all there. libsndfile reads what is left of a cut one, and says nothing.

WAV (RIFF, RIFX, RF64, BW64; EBU Tech 3306): the data chunk's header says how many bytes of samples follow. Programs
that write into a pipe cannot know, and put in a size that means "to the end": 2^32 - 1 or a little less (ffmpeg and
many others), 0x7ffff000 (SoX) or 2^31 (arecord). Such a file is read to its end; the size of the RIFF chunk, which
then means as little, is not looked at. Ogg (RFC 3533): the last page of a stream has a flag that says so.
"""

from pathlib import Path
from typing import BinaryIO

from biosig.errors import DataError

WAVES = {b"RIFF": "little", b"RF64": "little", b"BW64": "little", b"RIFX": "big"}  # magic → byte order of sizes
UNKNOWN_SIZES = (0x7FFFF000, 0x80000000)
UNKNOWN_FROM = 0xFFFFF000
WIDE = 0xFFFFFFFF  # of RF64: the size stands in the chunk ds64
OGG = b"OggS"
LONGEST_PAGE = 27 + 255 + 255 * 255
LAST = 4  # the flag of a stream's last page


def check_end(path: Path) -> None:
    """Raise DataError for a WAV or Ogg file whose end is not there; others are left to their decoders."""
    with open(path, "rb") as file:
        magic = file.read(12)
        if magic[:4] in WAVES and magic[8:] == b"WAVE":
            promised, there = _data_size(file, WAVES[magic[:4]])
            if there < promised:
                raise DataError(f"{path} is cut short: expected {promised} bytes of samples, found {there}.")
        elif magic[:4] == OGG and not _ends(file):
            raise DataError(f"{path} is cut short: expected a page at its end that says that the stream ends.")


def _data_size(file: BinaryIO, order: str) -> tuple[int, int]:
    """(bytes of samples that the header promises, bytes that are there); (0, 0) where it promises nothing."""
    size, wide = file.seek(0, 2), None
    file.seek(12)
    while len(head := file.read(8)) == 8:
        name, length = head[:4], int.from_bytes(head[4:], order)
        start = file.tell()
        if name == b"ds64":
            wide = int.from_bytes(file.read(24)[8:16], order)
        if name == b"data":
            if length == WIDE and wide is not None:
                return wide, size - start
            unknown = length in UNKNOWN_SIZES or length >= UNKNOWN_FROM
            return (0, 0) if unknown else (length, size - start)
        file.seek(start + length + length % 2)
    return 0, 0


def _ends(file: BinaryIO) -> bool:
    """Whether the last page of an Ogg file is whole, and the last of its stream."""
    file.seek(max(0, file.seek(0, 2) - 2 * LONGEST_PAGE))
    tail = file.read()
    page = tail[tail.rfind(OGG) :]
    if len(page) < 27:
        return False
    sizes = page[27 : 27 + page[26]]
    return bool(page[5] & LAST) and len(page) >= 27 + page[26] + sum(sizes)
