"""Rebuild biosig/samples/*.npz and SAMPLES.toml from the wheel of biosignalsnotebooks 0.6.14 (MIT).

    pip download --no-deps biosignalsnotebooks==0.6.14
    python tools/make_samples.py biosignalsnotebooks-0.6.14-py3-none-any.whl

Needs h5py, which the package itself does not. The wheel is not installed: it pins an old numpy.
"""

import argparse
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biosig.errors import DataError
from biosig.files import atomic_path, sha256, write_text

WHEEL_SHA256 = "9ba3839680f7364f37a672c2288044f20b7bbbbef74fb3915b6c218c8597cac2"
FOLDER = "biosignalsnotebooks/notebook_files/osf_files/signal_samples/"
SAMPLES = Path(__file__).parents[1] / "biosig" / "samples"
HEADER = f"""\
# Recordings that travel with the package. Written by tools/make_samples.py: change it there.
# The people are not named at the source, nor how many they are (1 to 3): a file stands for a subject.
licence = "MIT"
licence_file = "LICENSE-biosignalsnotebooks.txt"
credit = "opensignalstool developers and PLUX Wireless Biosignals, 2018"
source = "PyPI biosignalsnotebooks==0.6.14, wheel sha256 {WHEEL_SHA256}"
transfer = "mV = 3000 * (counts / 2**bits - 0.5) / gain, the sensors' documented function at VCC = 3 V"
"""


@dataclass(frozen=True)
class Spec:
    """What to take from one .h5 file; ``device`` picks one of two hubs, ``seconds`` cuts the end off."""

    name: str
    kind: str
    split: str
    file: str
    channel: int
    bits: int
    what: str
    seconds: float | None = None
    device: str = ""


SPECS = (
    Spec(
        "emg_fatigue",
        "emg",
        "train",
        "emg_fatigue.h5",
        2,
        12,
        seconds=64.0,
        what="Biceps brachii, repeated flexion and extension until tired; 11 samples at a rail",
    ),
    Spec(
        "emg_adductor_1",
        "emg",
        "train",
        "emg_1000_hz_16_bits_solo.h5",
        1,
        16,
        what="Adductor pollicis, short strong contractions",
    ),
    Spec(
        "emg_adductor_2",
        "emg",
        "validation",
        "emg_1000_hz_16_bits.h5",
        6,
        16,
        device="00:07:80:D8:A7:F9",
        what="Adductor pollicis, short contractions",
    ),
    Spec(
        "emg_adductor_3",
        "emg",
        "validation",
        "emg_1000_hz_8_16_bits.h5",
        6,
        16,
        device="00:07:80:D8:A7:F9",
        what="Adductor pollicis, short contractions, same day as emg_adductor_2",
    ),
    Spec(
        "emg_bursts",
        "emg",
        "test",
        "emg_bursts.h5",
        3,
        16,
        what="Biceps brachii, 9 contractions of about 1 s",
    ),
    Spec(
        "ecg_rest_1",
        "ecg",
        "train",
        "signal_sample_single_hub_ECG_2018_7_5.h5",
        1,
        16,
        seconds=180.0,
        what="ECG, conditions not stated",
    ),
    Spec("ecg_rest_2", "ecg", "train", "ecg_20_sec_1000_Hz.h5", 1, 16, what="ECG at rest, lead II"),
    Spec(
        "ecg_supine",
        "ecg",
        "validation",
        "supine_1min.h5",
        1,
        16,
        what="ECG lying on the back; 18 samples of R peaks at the upper rail",
    ),
    Spec("ecg_rest_3", "ecg", "test", "ecg_5_min.h5", 1, 16, seconds=120.0, what="ECG at rest"),
)


def read(wheel: zipfile.ZipFile, spec: Spec) -> np.ndarray:
    """Counts of one recording, shape (n,), uint16, cut to ``spec.seconds``."""
    import h5py

    with h5py.File(io.BytesIO(wheel.read(FOLDER + spec.file))) as file:
        hub = file[spec.device or next(iter(file))]
        found = (int(hub.attrs["sampling rate"]), int(hub.attrs["resolution"][0]))
        if found != (1000, spec.bits):
            raise DataError(f"{spec.file} has rate and bits {found}: expected (1000, {spec.bits}).")
        counts = hub[f"raw/channel_{spec.channel}"][:, 0]
    return counts[: None if spec.seconds is None else round(spec.seconds * 1000)].astype(np.uint16)


def entry(spec: Spec, path: Path, counts: np.ndarray) -> str:
    """The table of one sample in SAMPLES.toml."""
    gain = {"emg": 1000, "ecg": 1019}[spec.kind]
    fields = {"file": path.name, "kind": spec.kind, "split": spec.split, "what": spec.what, "rate": 1000.0}
    fields |= {"units": "mV", "bits": spec.bits, "gain": gain, "samples": counts.size}
    fields |= {"from_file": spec.file, "from_channel": spec.channel, "sha256": sha256(path)}
    quoted = (f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in fields.items())
    return "\n".join([f"[samples.{spec.name}]", *quoted, ""])


def main() -> None:
    """Write the samples beside the package's code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    path = parser.parse_args().wheel
    if sha256(path) != WHEEL_SHA256:
        raise SystemExit(f"{path} is not the wheel of biosignalsnotebooks 0.6.14: its sha256 differs.")
    tables = [HEADER]
    with zipfile.ZipFile(path) as wheel:
        for spec in SPECS:
            counts, target = read(wheel, spec), SAMPLES / f"{spec.name}.npz"
            with atomic_path(target) as temporary, open(temporary, "wb") as file:
                np.savez_compressed(file, counts=counts)
            tables.append(entry(spec, target, counts))
        licence = wheel.read("biosignalsnotebooks-0.6.14.dist-info/LICENSE.txt").decode()
    write_text(SAMPLES / "LICENSE-biosignalsnotebooks.txt", licence.replace("\r\n", "\n"))
    write_text(SAMPLES / "SAMPLES.toml", "\n".join(tables))


if __name__ == "__main__":
    main()
