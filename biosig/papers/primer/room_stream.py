"""Training mixtures for a network that takes rooms off: speech in a simulated room, and the same by the direct way.

The rooms are simulated by image sources and drawn by name; none of them is one of those that test (they are listed,
in :mod:`biosig.papers.primer.scenes`, not drawn).
"""

import functools
from collections.abc import Callable

import numpy as np
import scipy.fft

from biosig.cache import ArrayCache
from biosig.metrics.optional import installed_version
from biosig.papers.primer.mixtures import FAINT, TrainingStream, rms
from biosig.papers.primer.profiles import RoomNetwork
from biosig.papers.primer.sources import FS, Sources
from biosig.seeds import rng_for
from biosig.signal.degradations import ArrayRoom, array_responses, draw_room

VALIDATION, VALIDATION_ROOMS = 48, 12
NOISE_DB = (30.0, 50.0)  # of the microphone, under the speech


class RoomStream(TrainingStream):
    """Reverberant and direct windows, a pure function of the name asked for.

    Args:
        sources: training speech; noises are not used.
        network: how many rooms, and how reverberant.
        side: "train" or "validation": no room is in both.
    """

    def __init__(self, sources: Sources, network: RoomNetwork, side: str = "train"):
        super().__init__(sources)
        self.network, self.side = network, side
        self.rooms = network.rooms if side == "train" else VALIDATION_ROOMS

    def pair(self, n: int, *name: object) -> tuple[np.ndarray, np.ndarray]:
        """(reverberant, direct), float32 (n,), the reverberant one of RMS 1.

        A room is a product with one spectrum, so its echo wraps around, from the window's end to its beginning.
        """
        rng = rng_for("speech in a room", *name)
        spectrum = scipy.fft.rfft(self.sentence(n, rng))
        number = int(rng.integers(self.rooms))
        whole, direct = room_spectra(n, self.side, number, self.network.rt60_s)
        wet, dry = (scipy.fft.irfft(spectrum * h, n) for h in (whole, direct))
        level = np.float32(max(rms(wet), FAINT))
        noise = rng.standard_normal(n, np.float32) * np.float32(10 ** (-rng.uniform(*NOISE_DB) / 20))
        return wet / level + noise, dry / level


@functools.lru_cache(maxsize=256)
def room_spectra(n: int, side: str, number: int, rt60_s: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """The rfft of n samples of a simulated room's response, whole and its direct part alone, complex64."""
    room = draw_room("dereverberation", side, number, rt60_s=rt60_s)
    one = ArrayRoom(room.size, room.rt60_s, (room.source,), (room.microphone,))
    name = ("response of a simulated room", installed_version("pyroomacoustics"), repr(one), FS)
    make: Callable[[], np.ndarray] = lambda: array_responses(one, FS)  # noqa: E731
    whole, direct = ArrayCache.beside_data().get(name, make)[0, 0], array_responses(one, FS, max_order=0)[0, 0]
    return tuple(scipy.fft.rfft(h[:n].astype(np.float32), n) for h in (whole, direct))


def room_pairs(sources: Sources, network: RoomNetwork, n: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Fixed (reverberant, direct) windows (n,) of held-out voices in rooms of their own."""
    stream = RoomStream(sources, network, "validation")
    return [stream.pair(n, "validation", i) for i in range(VALIDATION)]
