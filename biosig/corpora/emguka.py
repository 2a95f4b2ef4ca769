"""EMG-UKA Trial Corpus, its audible part: four people read English sentences with six EMG channels on the face.

Two layouts are read. As its authors distribute it: ``audio/002/001/a_002_001_0100.wav`` (16 kHz, the second channel a
marker), ``emg/002/001/e07_002_001_0100.adc`` (raw little-endian int16, seven channels, the last a marker, 600 Hz) and
``offset/002/001/offset_002_001_0100.txt``, whose two lines say from which sample to which sound and EMG are to be cut.
As our slice has it: the same cut already and stored as FLAC, one channel of sound and six of EMG. In both, labels stand
in ``Alignments/002/001/phones_….txt`` and ``words_….txt`` (first and last frame of 10 ms, label), the sentence in
``Transcripts/002/001/transcript_….txt``, and the lists of sentences in ``Subsets/``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE, read_sound
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.paired import SLACK_S, Channels
from biosig.signal.types import Recording

EMG_FS = 600.0
MICROVOLTS = 0.033  # per bit, at the electrode
CHANNELS = ("1", "2", "3", "4", "5", "6")  # the corpus counts from 1
STORED = 7  # channels of a raw file, the marker being the last
FRAME_S = 0.01  # of labels
MODE = "audible"
UNSTABLE = "5"
MUSCLES = {
    "1": "anterior belly of the digastric, and tongue",
    "2": "levator anguli oris and zygomaticus major",
    "3": "levator anguli oris and zygomaticus major",
    "4": "platysma",
    "5": "platysma and depressor anguli oris",
    "6": "tongue",
}
# Word errors in % of its authors' recogniser, audible speech, from EMG alone: the corpus's document, section 7, Tables
# 3 and 4. It knows the 108 words of the test and how words follow one another. Session → trained in it, in all others.
PUBLISHED_WER = {
    "002-001": (21.2, None), "002-003": (12.1, None), "002-101": (11.6, None), "004-001": (34.3, None),
    "006-001": (11.1, None), "008-001": (14.1, 40.4), "008-002": (27.3, 30.3), "008-003": (30.3, 17.2),
    "008-004": (26.3, 7.1), "008-005": (17.2, 1.0), "008-006": (19.2, 11.1), "008-007": (17.2, 6.1),
    "008-008": (22.2, 8.1),
}  # fmt: skip
CHEEK, CHIN = ("2", "3"), ("1", "4", "6")  # by what the muscles are; channel 5 lies between them

CARD = Card(
    name="emguka",
    title="EMG-UKA Trial Corpus, audible part",
    what="Read English by 4 people in 13 sessions, 900 sentences, 54 min here: sound, 6 channels of facial EMG.",
    units=FULL_SCALE,
    rate=FS,
    licence="none stated; its subjects agreed in writing to research use and distribution",
    citation_key="wand2014emguka",
    citation="M. Wand, M. Janke, T. Schultz: The EMG-UKA corpus for electromyographic speech processing. Proc. "
    "Interspeech, 2014.",
    url="http://csl.anthropomatik.kit.edu",
    how_to_get="Ask its authors for the EMG-UKA Trial corpus and place it in $BIOSIG_DATA/emguka.",
    quirks=(
        "Four people are four people: 2 has three sessions (one with 280 training sentences here, of 500), 8 has eight "
        "with the electrodes put on anew each time, 4 and 6 have one short session each.",
        "Channel 5 (platysma, depressor anguli oris) is unstable: its authors leave it out.",
        "In session 004-001 the mains at 50 Hz are 55 to 81 % of the power of channels 3 to 5.",
        "Unipolar channels stand on an offset, so that filters have to start at rest.",
        "The ten test sentences are the same in all sessions (twice in 002-101), and none of them is trained on.",
        "Phone labels hold in 002-101, 008-001 and 008-004 to 008-008 only: elsewhere no better than chance.",
        "The sound of 004-001 is noisy itself (17 dB), that of 008-008 20 dB, of the others 28 to 35 dB: what a "
        "measure calls clean is that.",
        "Muscles lead the sound by 50 to 100 ms.",
        "Nobody is a native speaker of English. The band of the EMG ends at 295 Hz.",
        "A lossless copy is read whose sound and EMG are cut to one span; its offset files still count from the start "
        "of the uncut recordings.",
    ),
    stands_in_for="CSL-EMG_Array",
    folders=("emguka",),
    manifest="emguka.txt",
)


@dataclass(frozen=True)
class Utterance:
    """A sentence: its sound, and the EMG recorded with it.

    Attributes:
        sound: (n,) at 16 kHz; its subject is the speaker, "008".
        emg: six channels (6, m) at 600 Hz in µV, of the same duration.
        session: "008-001".
        text: the sentence, in capitals.
    """

    sound: Recording
    emg: Channels
    session: str
    text: str


@dataclass(frozen=True)
class Label:
    """A phone or a word, from ``start`` to ``end`` in s."""

    start: float
    end: float
    text: str


def sessions(root: Path) -> list[str]:
    """The sessions that are here, "002-001", ….

    Raises:
        MissingDataError: there is none.
    """
    found = sorted(f"{path.parent.name}-{path.name}" for path in Path(root).glob("audio/???/???") if path.is_dir())
    if not found:
        raise MissingDataError(f"{root} holds no session of audio: {CARD.how_to_get}")
    return found


def subset(root: Path, part: str) -> dict[str, tuple[str, ...]]:
    """The authors' own list: session → its sentences ("002-001-0100"), as listed, whether or not they are here.

    Args:
        root: folder of the corpus.
        part: "train" or "test".

    Raises:
        MissingDataError: no such list.
        DataError: a line that is not a session, a colon and sentences of it.
    """
    path, found = Path(root) / "Subsets" / f"{part}.{MODE}", {}
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    for line in filter(str.strip, path.read_text(encoding="ascii", errors="replace").splitlines()):
        session, colon, listed = line.partition(":")
        names = tuple(name.removeprefix("emg_") for name in listed.split())
        session = session.strip().removeprefix("emg_")
        if not colon or not names or not all(name.startswith(f"{session}-") for name in names):
            raise DataError(f"{path} holds the line {line[:40]!r}: expected `emg_002-001: emg_002-001-0100 …`.")
        found[session] = names
    return found


def names_here(root: Path, session: str) -> list[str]:
    """The sentences of a session that are here, by name."""
    folder = Path(root) / "audio" / session.replace("-", "/")
    return sorted({path.stem.removeprefix("a_").replace("_", "-") for path in folder.glob("a_*.*")})


def utterances(root: Path, names: Iterable[str] | None = None) -> list[Utterance]:
    """The sentences of these names, "002-001-0100", in this order; None for all that are here.

    Raises:
        ConfigError: a name that is none.
        MissingDataError: a file that is not there.
        DataError: one that is damaged, of another rate or number of channels, an odd number of bytes, or sound and EMG
            of different length.
    """
    root = Path(root)
    if names is None:
        names = [name for session in sessions(root) for name in names_here(root, session)]
    return [_utterance(root, name) for name in names]


def transcript(root: Path, name: str) -> str:
    """The sentence, in capitals; errors as :func:`utterances`."""
    path = _path(Path(root), "Transcripts", "transcript", name, ".txt")
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if not text:
        raise DataError(f"{path} is empty: expected a sentence.")
    return text


def labels(root: Path, name: str, kind: str = "phones") -> tuple[Label, ...]:
    """The phones or words of a sentence, "SIL" or "$" where nothing is said; no label where the aligner left a gap.

    Raises:
        ConfigError: another kind, or a name that is none.
        MissingDataError: no such file.
        DataError: a line that is no label, or labels that are not one after the other.
    """
    if kind not in ("phones", "words"):
        raise ConfigError(f"kind is {kind!r}: expected phones or words.")
    path = _path(Path(root), "Alignments", kind, name, ".txt")
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    try:
        rows = [(int(first), int(last), text) for first, last, text in (line.split() for line in lines)]
    except ValueError:
        raise DataError(f"{path} holds a line that is no label: expected `first_frame last_frame text`.") from None
    edges = [-1, *(frame for first, last, _ in rows for frame in (first, last + 1))]
    if not rows or any(after < before for before, after in zip(edges, edges[1:], strict=False)):
        raise DataError(f"{path} is empty, or its labels overlap: expected frames that go up.")
    return tuple(Label(first * FRAME_S, (last + 1) * FRAME_S, text) for first, last, text in rows)


def _utterance(root: Path, name: str) -> Utterance:
    speaker, session = _parts(name)[:2]
    flac = _path(root, "audio", "a", name, ".flac")
    wav = flac.with_suffix(".wav")
    sound, emg = _original(root, name) if wav.is_file() else _cut(root, name)
    if abs(sound.size / FS - emg.shape[1] / EMG_FS) > SLACK_S:
        lengths = f"{name}: the sound lasts {sound.size / FS:.3f} s and the EMG {emg.shape[1] / EMG_FS:.3f} s"
        raise DataError(f"{lengths}: expected the same span of both.")
    item, source = f"emguka/{name}", (wav if wav.is_file() else flac).relative_to(root).as_posix()
    recording = Recording(sound, FS, FULL_SCALE, item, speaker, source=source)
    channels = Channels(emg, EMG_FS, "µV", item, CHANNELS)
    return Utterance(recording, channels, f"{speaker}-{session}", transcript(root, name))


def _cut(root: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Sound (n,) and EMG (6, m) as our slice has them."""
    path = _path(root, "emg", "e07", name, ".flac")
    sound = read_sound(_path(root, "audio", "a", name, ".flac"), CARD.how_to_get)
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    counts, fs = _read(path, "int16")
    if counts.shape[1] != len(CHANNELS) or fs != EMG_FS:
        raise DataError(f"{path} has {counts.shape[1]} channels at {fs} Hz: expected 6 at 600 Hz.")
    return sound, MICROVOLTS * counts.T


def _original(root: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Sound (n,) and EMG (6, m) as the authors distribute them, cut at their own offsets."""
    path = _path(root, "audio", "a", name, ".wav")
    sound, fs = _read(path, "float64")
    if sound.shape[1] != 2 or fs != FS:
        raise DataError(f"{path} has {sound.shape[1]} channels at {fs} Hz: expected sound and marker at 16000 Hz.")
    counts = read_adc(_path(root, "emg", "e07", name, ".adc"))
    (first, last), (emg_first, emg_last) = _offsets(_path(root, "offset", "offset", name, ".txt"))
    if last > len(sound) or emg_last > counts.shape[1]:
        found = f"{len(sound)} and {counts.shape[1]} samples"
        raise DataError(f"{name}: the offsets end at {last} and {emg_last}, the recordings have {found}.")
    return sound[first:last, 0], MICROVOLTS * counts[: len(CHANNELS), emg_first:emg_last]


def read_adc(path: Path) -> np.ndarray:
    """The counts of a raw EMG file, int16 (7, m), the last channel the marker.

    Raises:
        MissingDataError: no such file.
        DataError: empty, or bytes that are not whole samples of seven channels.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    raw = path.read_bytes()
    if not raw or len(raw) % (2 * STORED):
        raise DataError(f"{path} has {len(raw)} bytes: expected whole samples of 7 channels, 14 bytes each.")
    return np.frombuffer(raw, "<i2").reshape(-1, STORED).T


def _offsets(path: Path) -> tuple[tuple[int, int], tuple[int, int]]:
    """(first, end) samples of sound and of EMG."""
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    try:
        rows = [tuple(int(word) for word in line.split()) for line in path.read_text().splitlines() if line.strip()]
        (first, last), (emg_first, emg_last) = rows
    except ValueError:
        raise DataError(f"{path} is not two lines of two numbers: expected the spans of sound and of EMG.") from None
    if not 0 <= first < last or not 0 <= emg_first < emg_last:
        raise DataError(f"{path} holds a span that ends before it begins: expected samples that go up.")
    return (first, last), (emg_first, emg_last)


def _parts(name: str) -> list[str]:
    parts = name.split("-")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        raise ConfigError(f"emguka has no sentence {name!r}: expected speaker-session-number, as in 002-001-0100.")
    return parts


def _path(root: Path, folder: str, prefix: str, name: str, suffix: str) -> Path:
    parts = _parts(name)
    return root / folder / parts[0] / parts[1] / f"{'_'.join([prefix, *parts])}{suffix}"


def _read(path: Path, dtype: str) -> tuple[np.ndarray, int]:
    """Samples (n, channels) and rate."""
    import soundfile

    try:
        found, fs = soundfile.read(path, dtype=dtype, always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError):
        raise DataError(f"{path} is damaged, cut short or no sound file: expected FLAC or WAV.") from None
    if not found.size:
        raise DataError(f"{path} holds no samples: expected a recording.")
    return found, fs
