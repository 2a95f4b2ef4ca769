"""The demonstration of the ABX page: clips before and after two systems, made when the book is built.

They go into one script beside the page, since a page opened from a file may load scripts but may not fetch sounds.
"""

import base64
import json
from collections.abc import Callable
from pathlib import Path

from sphinx.application import Sphinx

SNR_DB = 5.0
NOISES = ("water", "propeller", "scene")  # one for each clip
SETS = (  # from what everybody hears to what hardly anybody does
    ("Noisy speech or log-MMSE (easy)", "noisy", "log_mmse"),
    ("Spectral subtraction or log-MMSE (not hard)", "spectral_subtraction", "log_mmse"),
    ("log-MMSE with two ways to track the noise (hard)", "log_mmse", "log_mmse_ms"),
)
LABELS = {"noisy": "noisy", "spectral_subtraction": "spectral subtraction", "log_mmse": "log-MMSE",
          "log_mmse_ms": "log-MMSE, minimum statistics"}


def demonstration() -> dict:
    """Titles, names of clips and sounds (MP3 in base64, each once) as the page reads them."""
    from biosig import samples  # here, so that the extension loads without the package's data
    from biosig.display import mp3
    from biosig.signal.enhancement import CLASSICAL_SPEECH
    from biosig.signal.mixing import mix_at_snr

    systems: dict[str, Callable] = {"noisy": lambda noisy, fs: noisy} | CLASSICAL_SPEECH
    wanted = sorted({name for _, *names in SETS for name in names})
    noises = [noise for kind in NOISES for noise in samples.noises("test") if noise.channel == kind]
    speech = samples.speech("test")[: len(noises)]
    sounds, clips = {}, []
    for number, (clean, noise) in enumerate(zip(speech, noises, strict=True)):
        noisy, _ = mix_at_snr(clean.signal, noise.signal[: clean.signal.size], SNR_DB)
        clips.append(f"clip {number + 1}, {noise.channel} at {SNR_DB:g} dB")
        for name in wanted:
            sound = mp3(systems[name](noisy, clean.fs), clean.fs)
            sounds[f"{number}-{name}"] = base64.b64encode(sound).decode()
    sets = [{"title": title, "first": LABELS[first], "second": LABELS[second], "pairs": pairs(clips, first, second)}
            for title, first, second in SETS]
    return {"credit": credit(speech + noises), "sounds": sounds, "sets": sets}


def pairs(clips: list[str], first: str, second: str) -> list[dict[str, str]]:
    """For each clip, which sounds belong to the two systems."""
    return [{"name": clip, "first": f"{number}-{first}", "second": f"{number}-{second}"}
            for number, clip in enumerate(clips)]


def credit(recordings: list) -> str:
    """Where the sounds come from, in one sentence."""
    from biosig.samples import sounds

    entries = [sounds.catalogue()["samples"][recording.item.removeprefix("samples/")] for recording in recordings]
    said = dict.fromkeys(f"{entry['credit']} ({entry['licence']})" for entry in entries)
    return f"Simulated mixtures of real recordings that travel with the book, by {'; '.join(said)}."


def write(app: Sphinx, exception: Exception | None) -> None:
    """Put the demonstration beside the page, if the book has the page."""
    folder = Path(app.outdir, "_static", "abx")
    if exception is None and app.builder.name != "epub" and folder.is_dir():
        text = f"window.ABX_DEMO = {json.dumps(demonstration(), indent=1)};\n"
        (folder / "demo.js").write_text(text, encoding="utf-8")
