"""Draw the picture on the landing page, for light and dark: a real EMG, a real ECG over it, and what a system saves.

    python tools/draw_cover.py [SYSTEM]          a classical system; ats_hp if none is named

The recordings are the embedded ones; their mixture is simulated.
"""

import re
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np

from biosig import samples
from biosig.signal.ecg_removal import CLASSICAL
from biosig.signal.filters import butter_zero_phase
from biosig.signal.mixing import mix_at_snr

STATIC = Path(__file__).resolve().parent.parent / "book" / "_static"
FS, SNR_DB = 1000, -10
START, SHOWN = 3000, slice(8_000, 12_000)
INK = {"light": ("#333333", "#c0392b", "#1f6f8b"), "dark": ("#d7dae0", "#ff7b6b", "#5cc3e0")}


def traces(system: str) -> list[tuple[str, np.ndarray]]:
    """What is drawn, from top to bottom."""
    muscle = butter_zero_phase(samples.load("emg_bursts").signal, FS, 4, 20, "highpass")[START:]
    heart = butter_zero_phase(samples.load("ecg_supine").signal, FS, 3, 10, "highpass")[: muscle.size]
    both, _ = mix_at_snr(muscle, heart, SNR_DB)
    return [("muscle and heart", both), ("the heart taken out", CLASSICAL[system](both, FS)),
            ("the muscle alone", muscle)]


def draw(drawn: list[tuple[str, np.ndarray]], ink: tuple[str, str, str], path: Path) -> None:
    """One picture without axes, transparent, so that it lies on the page."""
    text, loud, calm = ink
    figure, axes = plt.subplots(3, 1, figsize=(8, 4), sharex=True, height_ratios=(2, 1, 1), layout="constrained")
    seconds = np.arange(SHOWN.stop - SHOWN.start) / FS
    for axis, (label, signal), color in zip(axes, drawn, (loud, calm, calm), strict=True):
        axis.plot(seconds, signal[SHOWN], color=color, linewidth=0.6)
        axis.set_title(label, loc="left", color=text, fontsize=11, pad=2)
        axis.set_axis_off()
    for axis in axes[1:]:
        axis.set_ylim(axes[2].get_ylim())
    figure.savefig(path, transparent=True, metadata={"Date": None})
    plt.close(figure)
    path.write_text(plain(path.read_text(encoding="utf-8")), encoding="utf-8")


def plain(svg: str) -> str:
    """Without what e-books refuse: a document type that lies elsewhere, and a letter, the space, without a path."""
    return re.sub(r"<path(?![^>]*\sd=)", '<path d="M 0 0"', re.sub(r"<!DOCTYPE[^>]*>\s*", "", svg))


def main(system: str = "ats_hp") -> None:
    """Write both pictures."""
    plt.rcParams.update({"path.simplify_threshold": 0.6, "svg.hashsalt": "biosig", "font.family": "DejaVu Sans"})
    drawn = traces(system)
    for name, ink in INK.items():
        draw(drawn, ink, STATIC / f"cover-{name}.svg")


if __name__ == "__main__":
    main(*sys.argv[1:])
