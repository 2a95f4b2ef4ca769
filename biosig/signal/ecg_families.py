"""Every family of ECG removal that the MSEMG paper leaves out, by name, beside :data:`ecg_removal.CLASSICAL`.

Each takes (noisy (..., n), fs, peaks=None) and gives the same shape; ``peaks`` are R peaks that a user knows better.
"""

from collections.abc import Callable

import numpy as np

from biosig.signal.ecg_removal import CLASSICAL, ats_official, hp
from biosig.signal.emd import emd
from biosig.signal.gating import gate_neighbours, gate_zero
from biosig.signal.kalman_ecg import eks2, eks25
from biosig.signal.pats import pats_like
from biosig.signal.swt import swt


def then_hp(remove: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """A remover with the high-pass of :func:`ecg_removal.hp` after it."""

    def both(noisy: np.ndarray, fs: float = 1000, peaks: np.ndarray | None = None) -> np.ndarray:
        return hp(remove(noisy, fs, peaks), fs)

    return both


FAMILIES: dict[str, Callable[..., np.ndarray]] = {
    "gate_zero": gate_zero,
    "gate_neighbours": gate_neighbours,
    "swt": swt,
    "emd": emd,
    "ats_official": ats_official,
    "ats_official_hp": then_hp(ats_official),
    "pats_like": pats_like,
    "pats_like_hp": then_hp(pats_like),
    "eks2": eks2,
    "eks2_hp": then_hp(eks2),
    "eks25": eks25,
    "eks25_hp": then_hp(eks25),
}
USES_PEAKS = {name for name in (*CLASSICAL, *FAMILIES) if name != "hp"}
