"""Draw the two pictures of the MSEMG chapter that need the open data: Fig. 4's scenario and the diaphragm recording.

Run after `biosig run msemg --profile open` and tools/publish_checkpoints.py, with BIOSIG_DATA set. The waveforms come
from corpora that may not be copied into the project, so the pictures are drawn here once and committed; FIGURES.json
says from what. Every number beside them on the page comes from the committed items instead.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.signal import welch

from biosig.corpora import diaphragm
from biosig.corpora.registry import locate
from biosig.files import atomic_path, sha256, write_text
from biosig.papers.msemg.profiles import OPEN
from biosig.papers.msemg.protocol import test_mixtures
from biosig.papers.msemg.systems import load_system
from biosig.papers.msemg.tables import LABELS
from biosig.papers.neural import checkpoints
from biosig.results.provenance import checkout, describe_run
from biosig.signal.rpeaks import detect_r_peaks

SHOWN = ("hp", "fts_hp", "ats_hp", "fcn", "sdemg", "msemg")
FOLDER = checkout() / "notebooks" / "msemg" / "figures"
SECONDS = 4.0


def main() -> int:
    """Draw both pictures and write what they were drawn from."""
    import matplotlib

    matplotlib.use("Agg")
    mixture = next(m for m in test_mixtures(OPEN, "sdemg") if m.snr_db == -10)
    traces = {"Clean": mixture.clean, "Contaminated": mixture.noisy}
    traces |= {LABELS[name]: load_system(name)(mixture.noisy, mixture.fs) for name in SHOWN}
    wave_and_spectrum(traces, mixture.fs, FOLDER / "fig4.png", reference="Clean")

    root = locate("diaphragm")
    ecg, emg = (diaphragm.load(root, channel, fs=1000) for channel in ("ECG", "EMG1"))
    traces = {"Recorded": emg.signal} | {LABELS[n]: load_system(n)(emg.signal, emg.fs) for n in SHOWN if n != "sdemg"}
    peaks = detect_r_peaks(ecg.signal, ecg.fs)
    wave_and_spectrum(traces, emg.fs, FOLDER / "diaphragm.png", peaks=peaks, start=10.0)
    write_text(FOLDER / "FIGURES.json", json.dumps(provenance(mixture.item), indent=1) + "\n")
    return 0


def wave_and_spectrum(traces: dict, fs: float, path: Path, reference=None, peaks=(), start=3.0) -> None:
    """A row for each trace: some seconds of it on the left, its spectrum on the right; R peaks as ticks."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(len(traces), 2, figsize=(9, 1.15 * len(traces)), width_ratios=(2, 1), sharex="col")
    piece = slice(round(start * fs), round((start + SECONDS) * fs))
    time = np.arange(piece.start, piece.stop) / fs
    for (name, x), (left, right) in zip(traces.items(), axes, strict=True):
        left.plot(time, x[piece], color="black", linewidth=0.5)
        left.set_ylabel(name.split(" (")[0], rotation=0, ha="right", va="center")
        left.set_yticks([])
        for peak in peaks:
            if piece.start <= peak < piece.stop:
                left.axvline(peak / fs, color="0.6", linestyle=":", linewidth=0.8, zorder=0)
        if reference:
            right.semilogy(*welch(traces[reference], fs, nperseg=512), color="0.6", linewidth=2.5)
        right.semilogy(*welch(x, fs, nperseg=512), color="black", linewidth=0.9)
        right.set_yticks([], minor=True)
        right.tick_params(axis="y", labelsize=7)
    axes[-1, 0].set_xlabel("time, s")
    axes[-1, 1].set_xlabel("frequency, Hz")
    figure.tight_layout(h_pad=0.2)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=130, format="png", metadata={"Software": None})
    plt.close(figure)


def provenance(item: str) -> dict:
    """The mixture of Fig. 4, the checkpoints' hashes, and the code's commit."""
    run = describe_run()
    weights = {path.name: sha256(path) for path in sorted(checkpoints("msemg").glob("*.pt"))}
    return {"fig4_item": item, "checkpoints": weights} | {key: run[key] for key in ("commit", "dirty", "versions")}


if __name__ == "__main__":
    sys.exit(main())
