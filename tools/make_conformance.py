"""Make the metric conformance kit: signals from the embedded recordings, known answers from other code than ours.

    python tools/make_conformance.py

Values come from the loops in tests/reference, written from the definitions, or from the package that carries a
measure (called here directly). Tolerances are for another correct implementation of the same variant.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import scipy.signal
import soundfile

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from reference import emg_slow, speech_measures  # noqa: E402

from biosig import samples  # noqa: E402
from biosig.metrics import distortion, emg, speech  # noqa: E402
from biosig.metrics.conformance import FOLDER  # noqa: E402

LOOP = "a loop written from the definition (tests/reference)"
SPEECH = [("speech", "speech_water"), ("speech", "speech_muffled"), ("speech", "speech_half")]
EMG = [("emg", "emg_heart"), ("emg", "emg_high_passed")]
ACTIVE = [[500, 1700], [2300, 3600]]
HALF_WIDTH = 60  # samples at 1 kHz around an R peak
DB, RATIO, HZ = 1e-6, 1e-9, 1e-6   # float64 arithmetic in another order
STOI, MOS = 2e-3, 0.02             # other resampling filters and other compilers move these digits


def whole(x: np.ndarray) -> np.ndarray:
    """Even 16-bit integers, so that half of each is one too."""
    return 2 * np.round(x / np.abs(x).max() * 12_000).astype(np.int16)


def mixed(clean: np.ndarray, other: np.ndarray, snr_db: float) -> np.ndarray:
    """The sum at an SNR (roughly: it is rounded), as 16-bit integers."""
    scale = np.sqrt((clean.astype(float) ** 2).sum() / (other**2).sum() / 10 ** (snr_db / 10))
    return np.clip(np.round(clean + scale * other), -32768, 32767).astype(np.int16)


def signals() -> dict[str, tuple[int, np.ndarray]]:
    """Rate and samples by name."""
    voice = next(r for r in samples.speech("test") if r.item == "samples/speech_novel_4")
    noise = next(r for r in samples.noises("test") if r.channel == "water")
    speech_ = whole(voice.signal[: 46_080])
    muscle, heart = samples.load("emg_bursts").signal[3000:7000], samples.load("ecg_supine").signal[3000:7000]
    muscle = whole(muscle - muscle.mean()) // 8
    both = mixed(muscle, heart - heart.mean(), -6)
    low = scipy.signal.butter(4, 1500, fs=16_000, output="sos")
    high = scipy.signal.butter(4, 40, "highpass", fs=1000, output="sos")
    return {
        "speech": (16_000, speech_), "speech_half": (16_000, speech_ // 2),
        "speech_water": (16_000, mixed(speech_, noise.signal[: speech_.size], 5)),
        "speech_muffled": (16_000, np.round(scipy.signal.sosfilt(low, speech_)).astype(np.int16)),
        "emg": (1000, muscle), "emg_heart": (1000, both),
        "emg_high_passed": (1000, np.round(scipy.signal.sosfiltfilt(high, both)).astype(np.int16)),
    }


def lsd(clean: np.ndarray, estimate: np.ndarray, length: int = 512) -> float:
    """Frame by frame: periodic Hann, centred on multiples of a quarter of it, zeros beyond the ends."""
    window = scipy.signal.get_window("hann", length)
    powers = []
    for x in (clean, estimate):
        padded = np.concatenate([np.zeros(length // 2), x, np.zeros(length)])
        starts = range(0, -(-x.size // (length // 4)) * (length // 4) + 1, length // 4)
        powers.append([np.abs(np.fft.rfft(window * padded[a : a + length])) ** 2 for a in starts])
    floor = 1e-8 * np.max(powers[0])
    pairs = zip(*powers, strict=True)
    return float(np.mean([np.sqrt(np.mean((10 * np.log10(np.maximum(p, floor) / np.maximum(q, floor))) ** 2))
                          for p, q in pairs]))


def speech_answers(clean: np.ndarray, estimate: np.ndarray) -> dict[str, tuple[float, float, str]]:
    """Value, tolerance and source by metric."""
    import pesq
    import pystoi
    from speechmos import dnsmos

    def package(name: str) -> str:
        from importlib.metadata import version
        return f"{name} {version(name)}"

    narrow = pesq.pesq(16_000, clean, estimate, "nb")
    raw = (4.6607 - np.log(4 / (narrow - 0.999) - 1)) / 1.4945  # P.862.1 turned around
    mos = dnsmos.run(estimate, 16_000)
    exact = np.array_equal(2 * estimate, clean)
    return {
        "pesq_wb": (pesq.pesq(16_000, clean, estimate, "wb"), MOS, package("pesq")),
        "pesq_nb": (narrow, MOS, package("pesq")),
        "pesq_raw": (raw, MOS, package("pesq") + ", P.862.1 turned around"),
        "stoi": (pystoi.stoi(clean, estimate, 16_000), STOI, package("pystoi")),
        "estoi": (pystoi.stoi(clean, estimate, 16_000, extended=True), STOI, package("pystoi")),
        "si_sdr_db": (None if exact else speech_measures.si_sdr(clean, estimate), DB, LOOP),
        "snr_db": (20 * np.log10(2) if exact else emg_slow.snr(clean, estimate), DB,
                   "closed form: 20 log10 2" if exact else LOOP),
        "seg_snr_db": (speech_measures.segmental_snr(clean, estimate, 512), DB, LOOP),
        "lsd_db": (lsd(clean, estimate), DB, "a loop written from the definition (tools/make_conformance.py)"),
        "dnsmos_ovrl": (mos["ovrl_mos"], MOS, package("speechmos")),
        "dnsmos_sig": (mos["sig_mos"], MOS, package("speechmos")),
        "dnsmos_bak": (mos["bak_mos"], MOS, package("speechmos")),
    }


def emg_answers(clean: np.ndarray, estimate: np.ndarray, noisy: np.ndarray, peaks: list[int]) -> dict:
    """Value, tolerance and source by metric."""
    def distance(a, b):
        return float(np.sqrt(np.mean((np.array(a) - np.array(b)) ** 2)))

    tracks = [np.array(emg_slow.mean_frequencies(x, 1000, 128, 256, 32, 10)) for x in (clean, estimate)]
    centres = np.minimum(32 * np.arange(tracks[0].size), clean.size - 1)
    moving = np.any([(centres >= a) & (centres < b) for a, b in ACTIVE], axis=0)
    near = np.min([np.abs(np.arange(clean.size) - p) for p in peaks], axis=0) <= HALF_WIDTH
    ratio = 10 * np.log10(np.mean(estimate[near] ** 2) / np.mean(estimate[~near] ** 2))
    return {
        "snr_imp_db": (emg_slow.snr(clean, estimate) - emg_slow.snr(clean, noisy), DB, LOOP),
        "rmse": (distance(clean, estimate), RATIO, "closed form"),
        "rmse_arv": (distance(emg_slow.arv(clean, 1000), emg_slow.arv(estimate, 1000)), RATIO, LOOP),
        "rmse_mf_hz": (distance(tracks[0][moving], tracks[1][moving]), HZ, LOOP),
        "r_peak_energy_ratio_db": (ratio, DB, "closed form"),
    }


def variant(metric: str) -> str:
    """Which of the measures of that name is meant."""
    if metric in speech.MEASURES:
        return speech.MEASURES[metric].variant
    if metric in emg.VERSIONS:
        return emg.VERSIONS[metric].removeprefix("1; ")
    return "within 60 ms of R peaks over elsewhere"


def answers(read: dict[str, np.ndarray]) -> list[dict]:
    """All vectors."""
    heart = np.abs(read["emg_heart"] - read["emg"])
    peaks = [int(p) for p in scipy.signal.find_peaks(heart, heart.max() / 2, distance=400)[0]]
    rows = []
    for clean, estimate in SPEECH:
        for metric, answer in speech_answers(read[clean], read[estimate]).items():
            blind = speech.MEASURES[metric].blind
            rows.append((metric, ({} if blind else {"clean": clean}) | {"estimate": estimate}, 16_000, answer))
    for clean, estimate in EMG:
        for metric, answer in emg_answers(read[clean], read[estimate], read["emg_heart"], peaks).items():
            extra = {"snr_imp_db": {"noisy": "emg_heart"}, "rmse_mf_hz": {"active": ACTIVE},
                     "r_peak_energy_ratio_db": {"peaks": peaks}}.get(metric, {})
            rows.append((metric, {"clean": clean, "estimate": estimate} | extra, 1000, answer))
    return [{"metric": metric, "variant": variant(metric), "inputs": inputs, "fs": fs,
             "expected": round(float(value), 12), "tolerance": tolerance, "source": source}
            for metric, inputs, fs, (value, tolerance, source) in rows if value is not None]


def main() -> None:
    """Write signals and vectors."""
    read = {}
    for name, (fs, x) in signals().items():
        soundfile.write(FOLDER / f"{name}.flac", x, fs, "PCM_16")
        read[name] = x / 32768
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages about their own dependencies
        rows = answers(read)
    lines = ",\n".join(json.dumps(row) for row in rows)
    (FOLDER / "vectors.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(rows)} known answers of {len({row['metric'] for row in rows})} measures")


if __name__ == "__main__":
    assert distortion.FRAME_S * 16_000 == 512
    main()
