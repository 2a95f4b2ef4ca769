"""Compute what the pages' sliders show, with the package's own functions: book/_static/sliders/data.js.

    python tools/make_sliders.py

The script in the page only picks a row of these tables and draws it, so the two cannot disagree.
"""

import json
from pathlib import Path

import numpy as np
import scipy.signal

from biosig import samples
from biosig.signal.gains import log_stsa_gain, stsa_gain, wiener_gain
from biosig.signal.mixing import mix_at_snr

TARGET = Path(__file__).resolve().parent.parent / "book" / "_static" / "sliders" / "data.js"


def knob(label: str, values: list, start: int, unit: str = "") -> dict:
    """One slider: what it is called and its positions."""
    return {"label": label, "unit": unit, "values": values, "start": start}


def rounded(values: np.ndarray, digits: int = 3) -> list[float]:
    """Numbers short enough for a page."""
    return np.round(np.asarray(values, dtype=float), digits).tolist()


def left_and_lost() -> dict:
    """SNR improvement of a linear method that leaves a share of the heart and loses a share of the muscle."""
    alphas, betas = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3], [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3]
    snr_db = np.linspace(-20, 10, 31)
    frames = [[-10 * np.log10(alpha + beta * 10 ** (snr_db / 10))] for alpha in alphas for beta in betas]
    notes = [f"At -10 dB the method gains {np.interp(-10, snr_db, curve[0]):.1f} dB, at 0 dB "
             f"{np.interp(0, snr_db, curve[0]):.1f} dB." for curve in frames]
    return {"x": {"label": "input SNR, dB", "values": rounded(snr_db)},
            "y": {"label": "SNR improvement, dB", "range": [-10, 30]}, "curves": ["equation (5)"],
            "knobs": [knob("α, share of the heart that is left", alphas, 2),
                      knob("β, share of the muscle that is lost", betas, 3)],
            "frames": [[rounded(c) for c in frame] for frame in frames], "notes": notes}


def gains() -> dict:
    """Three gains over the a-posteriori SNR, for one a-priori SNR."""
    xi_db, gamma_db = [-20, -15, -10, -5, 0, 5, 10, 15], np.linspace(-10, 20, 31)
    gamma, frames, notes = 10 ** (gamma_db / 10), [], []
    for value in xi_db:
        xi = np.full_like(gamma, 10 ** (value / 10))
        curves = [20 * np.log10(gain) for gain in (wiener_gain(xi, gamma), stsa_gain(xi, gamma),
                                                  log_stsa_gain(xi, gamma))]
        frames.append([rounded(np.clip(curve, -40, 10)) for curve in curves])
        at = int(np.abs(gamma_db).argmin())
        said = ", ".join(f"{name} {curve[at]:.1f} dB" for name, curve in zip(GAINS, curves, strict=True))
        notes.append(f"For a bin as strong as the noise on average (γ = 0 dB): {said}.")
    return {"x": {"label": "γ, dB", "values": rounded(gamma_db)}, "y": {"label": "gain, dB", "range": [-40, 10]},
            "curves": list(GAINS), "knobs": [knob("ξ, expected SNR of the bin", xi_db, 3, "dB")], "frames": frames,
            "notes": notes}


GAINS = ("Wiener", "MMSE-STSA", "log-MMSE")
TONES_HZ, FS = (1000, 1060), 16_000


def frame_length() -> dict:
    """The spectrum of two tones in one Hann-windowed frame, for several lengths."""
    lengths, hz, frames, notes = [64, 128, 256, 512, 1024, 2048], np.linspace(800, 1260, 93), [], []
    for length in lengths:
        t = (np.arange(length) - length / 2) / FS
        frame = scipy.signal.get_window("hann", length) * sum(np.sin(2 * np.pi * f * t) for f in TONES_HZ)
        spectrum = np.abs(np.exp(-2j * np.pi * hz[:, None] * t) @ frame)
        frames.append([rounded(np.maximum(20 * np.log10(spectrum / spectrum.max()), -40))])
        dip = spectrum[np.abs(hz - np.mean(TONES_HZ)).argmin()] < spectrum.max() / 2
        notes.append(f"A frame of {1000 * length / FS:g} ms, bins {FS / length:.0f} Hz apart: the two tones "
                     f"{'can' if dip else 'cannot'} be told apart. Two clicks closer than the frame share it.")
    return {"x": {"label": "frequency, Hz", "values": rounded(hz, 1)},
            "y": {"label": "magnitude, dB", "range": [-40, 2]}, "curves": ["tones of 1,000 and 1,060 Hz"],
            "knobs": [knob("frame length", [1000 * length / FS for length in lengths], 3, "ms")], "frames": frames,
            "notes": notes}


def mixture() -> dict:
    """A second of a voice with water running over it, as loud as the SNR says; both simulated into one."""
    voice = samples.speech("test")[0]
    noise = next(r for r in samples.noises("test") if r.channel == "water")
    start = int(0.5 * voice.fs)
    clean = voice.signal[start : start + int(voice.fs)]
    snrs, frames, notes, block = list(range(-10, 25, 5)), [], [], int(voice.fs) // 200

    def level(x: np.ndarray) -> np.ndarray:
        return 10 * np.log10(np.square(x).reshape(-1, block).mean(axis=1) + 1e-12)

    top = level(clean).max()
    for snr_db in snrs:
        noisy, _ = mix_at_snr(clean, noise.signal[: clean.size], snr_db)
        frames.append([rounded(np.clip(level(x) - top, -50, 15), 1) for x in (noisy, clean)])
        buried = np.mean(level(noisy) > level(clean) + 3)
        notes.append(f"At {snr_db} dB the noise raises the level by more than 3 dB during {buried:.0%} of this second.")
    seconds = (np.arange(200) + 0.5) * block / voice.fs
    return {"x": {"label": "time, s", "values": rounded(seconds)}, "y": {"label": "level, dB", "range": [-50, 15]},
            "curves": ["voice and noise", "voice alone"], "knobs": [knob("SNR", snrs, 3, "dB")], "frames": frames,
            "notes": notes}


SLIDERS = {"left_and_lost": left_and_lost, "gains": gains, "frame_length": frame_length, "mixture": mixture}


def text() -> str:
    """The data file: a script, since a page opened from a file may not fetch anything."""
    tables = {name: make() for name, make in SLIDERS.items()}
    return f"window.BIOSIG_SLIDERS = {json.dumps(tables, ensure_ascii=False)};\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    print(f"wrote {TARGET.name}, {TARGET.stat().st_size / 1000:.0f} kB")
