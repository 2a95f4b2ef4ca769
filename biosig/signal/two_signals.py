"""Two signals of one event at different rates: bringing them to one start, to one rate, and to one grid of frames."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # scipy.signal loads at its first use

from biosig.checks import as_signal, check_rate
from biosig.errors import SignalError

AUDIO_JUMP, EMG_JUMP = 0.5, 10.0  # of the marker channels of CSL-EMG_Array, as the authors' code has them
DROPPED, BLOCK = 3, 128  # 2048 → 2000 Hz: the code leaves out 3 samples of every 128
LONGEST_MARK_S = 1.0


@dataclass(frozen=True)
class FrameTimes:
    """When the frames of a grid are: frame i is centred on ``first_s + i·hop_s`` seconds."""

    first_s: float
    hop_s: float

    def centres(self, frames: int) -> np.ndarray:
        """Centres of the first ``frames`` frames in s, shape (frames,)."""
        return self.first_s + self.hop_s * np.arange(frames)


def marker_start(marker: np.ndarray, jump: float, fs: float, name: str = "marker channel") -> int:
    """The first sample after the one jump of a marker channel (n,).

    A mark is up for a while and may come down again: changes within a second of the first belong to it.

    Args:
        marker: the marker channel.
        jump: a change from one sample to the next above this, up or down, counts.
        fs: rate in Hz.
        name: what to call it in the error.

    Raises:
        SignalError: no jump, or another one more than a second later.
    """
    marker = as_signal(marker, name, mono=True)
    jumps = np.flatnonzero(np.abs(np.diff(marker)) > jump) + 1
    if not jumps.size:
        raise SignalError(f"{name} has no jump above {jump:g}: expected the mark that both recordings begin with.")
    if (late := jumps[jumps > jumps[0] + LONGEST_MARK_S * check_rate(fs)]).size:
        first, second = jumps[0] / fs, late[0] / fs
        raise SignalError(f"{name} has marks at {first:.2f} s and at {second:.2f} s: expected one.")
    return int(jumps[0])


def synchronise(
    audio: np.ndarray,
    audio_marker: np.ndarray,
    audio_fs: float,
    emg: np.ndarray,
    emg_marker: np.ndarray,
    emg_fs: float,
    *,
    audio_jump: float = AUDIO_JUMP,
    emg_jump: float = EMG_JUMP,
) -> tuple[np.ndarray, np.ndarray]:
    """Audio (n,) and EMG (C, m) from the mark that stands in both on, cut to one duration.

    Raises:
        SignalError: see :func:`marker_start`; nothing is left after the mark.
    """
    start = marker_start(audio_marker, audio_jump, audio_fs, "audio marker channel")
    emg_start = marker_start(emg_marker, emg_jump, emg_fs, "EMG marker channel")
    audio, emg = as_signal(audio, "audio")[..., start:], as_signal(emg, "EMG")[..., emg_start:]
    seconds = min(audio.shape[-1] / audio_fs, emg.shape[-1] / emg_fs)
    audio, emg = audio[..., : int(seconds * audio_fs + 1e-6)], emg[..., : int(seconds * emg_fs + 1e-6)]
    if not audio.shape[-1] or not emg.shape[-1]:
        raise SignalError("nothing is left after the marks of audio and EMG: expected a recording behind them.")
    return audio, emg


def resample_polyphase(x: np.ndarray, fs_in: int, fs_out: int) -> np.ndarray:
    """Resample (..., n) between whole rates in Hz by an anti-aliasing polyphase filter: ceil(n·fs_out/fs_in) samples.

    The ends are taken to go on as they are: an offset does not become a click there.
    """
    x = as_signal(x)
    if fs_in != round(check_rate(fs_in)) or fs_out != round(check_rate(fs_out)):
        raise SignalError(f"rates are {fs_in:g} and {fs_out:g} Hz: expected whole numbers.")
    common = np.gcd(int(fs_in), int(fs_out))
    return scipy.signal.resample_poly(x, int(fs_out) // common, int(fs_in) // common, axis=-1, padtype="edge")


def resample_official(x: np.ndarray) -> np.ndarray:
    """2048 → 2000 Hz as EMGSE's code does it: 3 of every 128 samples of (..., n) are left out.

    Each gap advances time by 1.5 ms at once: a steady tone gets 16 breaks of phase a second, heard as a buzz and seen
    as lines beside the tone. Use :func:`resample_polyphase`; this is here to show what the difference is.
    """
    x = as_signal(x)
    return x[..., np.arange(x.shape[-1]) % BLOCK < BLOCK - DROPPED]


def to_frames(features: np.ndarray, own: FrameTimes, other: FrameTimes, frames: int) -> np.ndarray:
    """Features of one grid of frames read at the centres of another, by straight lines: (T, ...) → (frames, ...).

    Beyond the first and the last own frame those are held.

    Args:
        features: shape (T, ...), in the grid ``own``.
        own, other: when the frames of the two grids are.
        frames: of the other grid.
    """
    features = np.asarray(features, dtype=np.float64)
    at = np.clip((other.centres(frames) - own.first_s) / own.hop_s, 0, len(features) - 1)
    before = np.minimum(np.floor(at).astype(int), len(features) - 1)
    after = np.minimum(before + 1, len(features) - 1)
    share = (at - before).reshape(-1, *[1] * (features.ndim - 1))
    return features[before] * (1 - share) + features[after] * share


def same_frames(parts: Sequence[np.ndarray], slack: int = 3) -> list[np.ndarray]:
    """Frame sequences (T_i, ...) of one event with the frames that all of them have.

    Raises:
        SignalError: they differ by more than ``slack`` frames, so are hardly of one event.
    """
    counts = [len(part) for part in parts]
    if max(counts) - min(counts) > slack:
        raise SignalError(f"frame sequences have {counts} frames: expected the same to within {slack}.")
    return [part[: min(counts)] for part in parts]
