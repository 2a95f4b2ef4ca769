"""Synthetic EMG and ECG with known truth, and tiny twins of corpora in their own layout.

Nothing here was recorded from anyone: every Recording says ``synthetic=True`` and is to be called that
wherever it is shown. Draws are seeded by name, so ``synthetic_emg(10, 1000, "demo")`` is the same everywhere.
"""

from pathlib import Path

import numpy as np

from biosig.checks import check_rate
from biosig.corpora import ninapro_db2, nsrdb, threedc
from biosig.errors import SignalError
from biosig.seeds import rng_for
from biosig.signal.types import Recording

EMG_BAND_HZ = (20.0, 450.0)
REST_LEVEL = 0.03  # of the level while active: what electrodes pick up from a resting muscle
# One heartbeat as Gaussians around the R peak: centre s, width s, height mV (P, Q, R, S, T)
WAVES = ((-0.18, 0.025, 0.12), (-0.03, 0.01, -0.1), (0.0, 0.011, 1.0), (0.03, 0.012, -0.2), (0.28, 0.05, 0.3))


def synthetic_emg(seconds: float, fs: float, *names: object) -> Recording:
    """Surface-EMG-like noise in bursts, with the mask of when it is active.

    Noise with the spectrum of surface EMG (Shwedyk et al. 1977; Stulen and De Luca 1981), 20 to 450 Hz, times
    an envelope of bursts of 1 to 3 s with 0.1 s flanks between rests of 1 to 2 s. Largest |x| is 1.

    Args:
        seconds: duration.
        fs: rate in Hz, above 40.
        names: what the draw is for; it seeds the generator.

    Raises:
        SignalError: an impossible duration or rate.
    """
    n = _length(seconds, fs)
    rng = rng_for("synthetic", "emg", *names)
    active = _bursts(rng, n, fs)
    flank = np.hanning(max(3, round(0.2 * fs)))
    envelope = np.convolve(active, flank / flank.sum(), mode="same")
    noise = emg_noise(rng, (n,), fs) * (REST_LEVEL + (1 - REST_LEVEL) * envelope)
    return _recording(noise / np.abs(noise).max(), fs, "normalised", "emg", names, active)


def synthetic_ecg(seconds: float, fs: float, *names: object) -> tuple[Recording, np.ndarray]:
    """ECG-like waves in mV, and the sample of each R peak, shape (beats,), int.

    Each beat is a sum of Gaussians (P, Q, R, S, T). Rate, breathing modulation, beat-to-beat jitter (3 % of
    the interval) and height (5 %) are drawn by name; T moves with the square root of the interval.

    Raises:
        SignalError: an impossible duration or rate.
    """
    n = _length(seconds, fs)
    rng = rng_for("synthetic", "ecg", *names)
    beats = _beat_times(rng, seconds)
    intervals = np.diff(beats, append=beats[-1] + np.median(np.diff(beats)))
    heights = 1 + 0.05 * rng.standard_normal(beats.size)
    t = np.arange(n) / fs
    signal = sum(h * _beat(t - b, rr) for b, rr, h in zip(beats, intervals, heights, strict=True))
    peaks = np.round(beats * fs).astype(int)
    recording = _recording(signal, fs, "mV", "ecg", names, None)
    return recording, peaks[(peaks >= 0) & (peaks < n)]


def emg_noise(rng: np.random.Generator, shape: tuple[int, ...], fs: float) -> np.ndarray:
    """Gaussian noise of ``shape`` with the spectrum of surface EMG along the last axis, unit std."""
    f = np.fft.rfftfreq(shape[-1], 1 / fs)
    low, high = 60.0, 120.0
    psd = high**4 * f**2 / ((f**2 + low**2) * (f**2 + high**2) ** 2)
    psd[(f < EMG_BAND_HZ[0]) | (f > min(EMG_BAND_HZ[1], 0.45 * fs))] = 0
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(shape)) * np.sqrt(psd), shape[-1])
    return noise / noise.std(axis=-1, keepdims=True)


def _length(seconds: float, fs: float) -> int:
    n = round(seconds * check_rate(fs))
    if n < fs or fs <= 2 * EMG_BAND_HZ[0]:
        raise SignalError(f"{seconds:g} s at {fs:g} Hz cannot be made: expected at least 1 s above 40 Hz.")
    return n


def _bursts(rng: np.random.Generator, n: int, fs: float) -> np.ndarray:
    """Rest and activity in turn, starting with at most 0.5 s of rest, so that 1 s holds some activity."""
    active, start = np.zeros(n, dtype=bool), rng.uniform(0.1, 0.5)
    while start * fs < n:
        stop = start + rng.uniform(1, 3)
        active[round(start * fs) : round(stop * fs)] = True
        start = stop + rng.uniform(1, 2)
    return active


def _beat_times(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Times of R in s, from before 0 to after the end, so that waves of outer beats reach in."""
    mean, breath, phase = rng.uniform(0.75, 1.0), rng.uniform(0.2, 0.3), rng.uniform(0, 2 * np.pi)
    times = [-rng.uniform(0, mean)]
    while times[-1] < seconds + 1 or len(times) < 2:
        modulation = 0.04 * np.sin(2 * np.pi * breath * times[-1] + phase)
        times.append(times[-1] + mean * (1 + modulation + 0.03 * np.clip(rng.standard_normal(), -3, 3)))
    return np.array(times)


def _beat(t: np.ndarray, interval: float) -> np.ndarray:
    stretch = [1, 1, 1, 1, np.sqrt(interval)]
    return sum(
        height * np.exp(-0.5 * ((t - s * centre) / width) ** 2)
        for s, (centre, width, height) in zip(stretch, WAVES, strict=True)
    )


def _recording(signal, fs: float, units: str, kind: str, names: tuple, active) -> Recording:
    item = "/".join(["synthetic", kind, *map(str, names)])
    return Recording(signal, fs, units, item, item, "", "synthetic", active, synthetic=True)


def write_twin_3dc(root: Path, participants: list[str], gesture_s: float = 1.0) -> None:
    """A synthetic twin of 3DC in ``root``: the same files, shorter gestures, noise instead of people.

    With the default a cycle lasts 11 s, which is one segment of 10 s. Each cycle of a participant is the same
    11 gestures in another order, which is quick to write.
    """
    cycles = [(part, cycle) for part in threedc.PARTS for cycle in threedc.CYCLES]
    for name in participants:
        rest, *moves = _twin_gestures(name, round(gesture_s * threedc.FS))
        for k, (part, cycle) in enumerate(cycles):
            for gesture, text in enumerate([rest, *moves[k:], *moves[:k]]):
                path = threedc.gesture_file(root, name, part, cycle, gesture)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")


def _twin_gestures(name: str, n: int) -> list[str]:
    """Eleven gesture files of n rows as text, the first at rest."""
    rng = rng_for("twin", "3dc", name)
    levels = [300.0 * REST_LEVEL] + [300.0] * (len(threedc.GESTURES) - 1)
    blocks = [level * emg_noise(rng, (threedc.N_CHANNELS, n), threedc.FS) for level in levels]
    rows = [np.round(block).astype(int).T.tolist() for block in blocks]
    return ["".join(",".join(map(str, row)) + "\n" for row in block) for block in rows]


def write_twin_nsrdb(root: Path, records: tuple[str, ...] = nsrdb.RECORDS, seconds: float = 60.0) -> None:
    """A synthetic twin of NSRDB's ATM export in ``root``, with calibration pulses where it has them."""
    for record in records:
        ecg, _ = synthetic_ecg(seconds, nsrdb.FS_RAW, "twin", record)
        counts = np.round(ecg.signal * 200)
        pulses = round((nsrdb.CALIBRATION_S.get(record, 5.0) - 5) * nsrdb.FS_RAW)
        counts[:pulses] = np.where(np.arange(counts.size)[:pulses] % 128 < 64, 200, -200)
        write_atm(root, record, counts)


def write_atm(root: Path, record: str, counts: np.ndarray) -> None:
    """Counts at 128 Hz, 200 per mV, as PhysioNet's ATM export: ``{record}m.mat`` and ``{record}m.info``."""
    from scipy.io import savemat

    Path(root).mkdir(parents=True, exist_ok=True)
    stem = Path(root) / f"{record}m"
    savemat(stem.with_suffix(".mat"), {"val": counts[np.newaxis].astype(np.int16)})
    stem.with_suffix(".info").write_text(
        f"Source: synthetic twin of record nsrdb/{record}\n"
        f"val has 1 row (signal) and {counts.size} columns (samples/signal)\n"
        f"Duration: {counts.size / 128:g} s\n"
        "Sampling frequency: 128 Hz  Sampling interval: 0.0078125 sec\n"
        "Row\tSignal\tGain\tBase\tUnits\n1\tECG1\t200\t0\tmV\n",
        encoding="utf-8",
    )


def write_twin_ninapro_db2(root: Path, subjects: list[str], exercises=(1,), seconds: float = 11.0) -> None:
    """A synthetic twin of NINAPro DB2 in ``root``: one .mat per subject and exercise, moving half of the time."""
    from scipy.io import savemat

    Path(root).mkdir(parents=True, exist_ok=True)
    n = round(seconds * ninapro_db2.FS_RAW)
    label = (np.arange(n) // ninapro_db2.FS_RAW % 2).astype(np.int8)[:, np.newaxis]  # rest 1 s, move 1 s
    for subject in subjects:
        for exercise in exercises:
            rng = rng_for("twin", "ninapro_db2", subject, exercise)
            noise = emg_noise(rng, (ninapro_db2.N_CHANNELS, n), ninapro_db2.FS_RAW).T
            volt = 1e-5 * noise * np.where(label, 1, REST_LEVEL)
            content = {"emg": volt.astype(np.float32), "restimulus": label, "stimulus": label}
            savemat(Path(root) / f"{subject}_E{exercise}_A1.mat", content)
