"""Seventeen of the test noises of EMGSE: five of engines, streets and white noise, and twelve of people talking.

Layout: ``engine.flac``, ``Street Noise.flac``, ``two_male_english.flac``, …; mono, 16 kHz.
"""

from pathlib import Path

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE, read_sound, sound_files
from biosig.signal.types import Recording

STEADY = {
    "Car_Noise_Idle_Noise_60_mph": "car",
    "engine": "engine",
    "Street Noise": "street",
    "street": "street",
    "white": "white",
}

CARD = Card(
    name="emgse_noise",
    title="Test noises of EMGSE",
    what="A car, an engine, two streets, white noise, and one to three people talking Chinese or English (12 files).",
    units=FULL_SCALE,
    rate=FS,
    licence="none stated",
    citation_key="wang2022emgse",
    citation="K.-C. Wang et al.: EMGSE: Acoustic/EMG fusion for multimodal speech enhancement. Proc. ICASSP, 2022.",
    url="https://github.com/eric-wang135/EMGSE",
    how_to_get="Place the 17 noises, as FLAC at 16 kHz, in $BIOSIG_DATA/emgse_test_noise.",
    quirks=(
        "Twelve of the 17 are people talking, which no system without a way to tell voices apart can remove.",
        "Those twelve are two sets of sources, not twelve: two_male_chinese, for one, holds one_male_chinese beside "
        "another voice (cross-correlation 0.71). Channel names the set: `babble chinese` or `babble english`.",
        "The paper's 18th noise, pink noise, is not here.",
        "The talkers are recorded quietly, and the files of 5.8 to 12 s come again in longer mixtures.",
    ),
    folders=("emgse_test_noise",),
    manifest="emgse_noise.txt",
)


def noises(root: Path) -> list[Recording]:
    """The noises by name; the channel is the kind: "car", "engine", "street", "white", "babble chinese", ….

    Raises:
        MissingDataError, DataError: no files, or one that is damaged, stereo or at another rate.
    """
    return [_noise(path) for path in sound_files(Path(root), CARD.how_to_get)]


def _noise(path: Path) -> Recording:
    name = path.stem
    kind = STEADY.get(name) or f"babble {name.rsplit('_', 1)[-1]}"
    signal = read_sound(path, CARD.how_to_get)
    return Recording(signal, FS, FULL_SCALE, f"emgse_noise/{name}", name, kind, path.name)
