"""Draw the picture of the EMGSE chapter that needs EMG-UKA: sound and facial EMG of one real sentence on one clock.

Run with BIOSIG_DATA set. The corpus may not be copied into the project, so the picture is drawn here once and
committed; FIGURES.json says from what. No number is read off it.
"""

import json
import sys
from pathlib import Path

import numpy as np

from biosig.corpora import emguka
from biosig.corpora.registry import locate
from biosig.files import atomic_path, write_text
from biosig.results.provenance import checkout, describe_run
from biosig.signal.stft import stft

NAME, SHOWN, SECONDS = "002-101-0101", ("1", "2", "6"), 3.2
FOLDER = checkout() / "notebooks" / "emgse" / "figures"
SHORT = {"1": "jaw, tongue (1)", "2": "lifts the lip's corner (2)", "6": "tongue (6)"}


def main() -> int:
    """Draw the picture and write what it was drawn from."""
    import matplotlib

    matplotlib.use("Agg")
    root = locate("emguka")
    session = NAME[:7]
    name = NAME if NAME in emguka.names_here(root, session) else emguka.names_here(root, session)[0]
    (spoken,) = emguka.utterances(root, [name])
    draw(spoken, FOLDER / "real_sentence.png")
    run = describe_run()
    told = {"real_sentence": spoken.sound.item} | {key: run[key] for key in ("commit", "dirty", "versions")}
    write_text(FOLDER / "FIGURES.json", json.dumps(told, indent=1) + "\n")
    return 0


def draw(spoken: emguka.Utterance, path: Path) -> None:
    """Waveform, spectrogram and three channels, the first seconds."""
    import matplotlib.pyplot as plt

    sound, emg = spoken.sound, spoken.emg.only(*SHOWN)
    figure, axes = plt.subplots(2 + len(SHOWN), 1, figsize=(7, 6), sharex=True, height_ratios=(0.8, 1.5, 1, 1, 1))
    axes[0].plot(np.arange(sound.signal.size) / sound.fs, sound.signal, color="black", linewidth=0.4)
    axes[0].set_title("sound", fontsize=10, loc="left")
    power = 20 * np.log10(np.abs(stft(sound.signal, 512, 80, "hann")) + 1e-9)
    axes[1].imshow(power.T, origin="lower", aspect="auto", cmap="Greys", vmin=power.max() - 60, vmax=power.max(),
                   extent=(0, sound.seconds, 0, sound.fs / 2000), interpolation="none")  # fmt: skip
    axes[1].set_ylabel("kHz")
    for ax, name, row in zip(axes[2:], SHOWN, emg.signal - emg.signal.mean(axis=1, keepdims=True), strict=True):
        ax.plot(np.arange(row.size) / emg.fs, row, color="black", linewidth=0.5)
        ax.set_title(f"EMG, {SHORT[name]}, µV", fontsize=10, loc="left")
    for ax in axes:
        ax.tick_params(labelsize=8)
    axes[-1].set(xlabel="time, s", xlim=(0, min(SECONDS, sound.seconds)))
    figure.tight_layout(h_pad=0.2)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=130, format="png", metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
