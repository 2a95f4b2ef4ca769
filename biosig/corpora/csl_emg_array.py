"""CSL-EMG_Array: speech with 40 channels of facial EMG from two electrode arrays, the corpus of the EMGSE paper.

Layout: one folder per session and block, ``Spk1_Block1-Initial`` (audible) or ``Spk1-Sil_Block3-Eval1`` (silent), in it
``recordingLog.json`` and one folder per sentence, ``0001``, with ``Spk1_Block1-Initial_0001_emg.npy`` (samples × 41 at
2048 Hz: 40 channels of EMG, then the trigger) and ``…_audio.wav`` (16 kHz, the last channel is the trigger).
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biosig.corpora.audio_io import check_sound, read_sound
from biosig.corpora.cards import Card
from biosig.corpora.recordings_io import read_recording
from biosig.corpora.sounds import FS, FULL_SCALE
from biosig.corpora.splits import split
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.types import Recording

FS_EMG = 2048.0
N_CHANNELS = 40
COLUMNS = 8  # channels of an electrode row; the last of each reaches over to the next row
CHANNELS = {
    "40": tuple(range(N_CHANNELS)),
    "35": tuple(k for k in range(N_CHANNELS) if k % COLUMNS != COLUMNS - 1),
    "cheek": tuple(k for k in range(32) if k % COLUMNS != COLUMNS - 1),
}
BLOCKS = ("Block1-Initial", "Block2-Adapt1", "Block3-Eval1", "Block4-Adapt2", "Block5-Eval2", "Block6-Adapt3",
          "Block7-Eval3")  # fmt: skip
INITIAL = BLOCKS[0]  # 340 sentences, the block that EMGSE uses
SPEAKERS = tuple(f"Spk{k}" for k in range(1, 9))
PARTS = ("train", "validation", "test")
AUDIO_JUMP, EMG_JUMP = 0.5, 10.0  # by which a trigger rises from one sample to the next, as in the code of EMGSE
EDGE_S = 0.02  # within which rises are one edge
SLACK_S = 0.5  # by which the two files of a sentence may differ in what follows the trigger
CHEEK_STEP_MM, CHIN_STEP_MM, CHIN_BELOW_MM = 10.0, 5.0, 25.0  # the last is where the map draws the chin, not a measure

CARD = Card(
    name="csl_emg_array",
    title="CSL-EMG_Array corpus",
    what="Read English, 8 people in 12 sessions (four of them silent) of 7 blocks, 9.5 h, with 40 channels of facial "
    "EMG from a 4 × 8 array on the cheek and a 1 × 8 array under the chin.",
    units="counts of the amplifier; audio: " + FULL_SCALE,
    rate=FS_EMG,
    licence="on its own terms, as its home states them",
    citation_key="diener2020csl",
    citation="L. Diener, M. Roustay Vishkasougheh, T. Schultz: CSL-EMG_Array: An open access corpus for EMG-to-speech "
    "conversion. Proc. Interspeech, 3745-3749, 2020.",
    url="https://www.uni-bremen.de/csl/forschung/lautlose-sprachkommunikation/csl-emg-array-corpus",
    how_to_get="Ask the Cognitive Systems Lab of the University of Bremen for it (its page is the corpus's home), and "
    "place its folders (Spk1_Block1-Initial and so on) in $BIOSIG_DATA/csl_emg_array; it cannot be fetched for you.",
    quirks=(
        "We do not have it: the layout is as others who do have it read it, and nothing here was measured by us.",
        "Channels 7, 15, 23, 31 and 39, counted from 0, are taken between the end of one row of electrodes and the "
        "start of the next: EMGSE leaves them out, which makes 35, or 28 on the cheek.",
        "EMG and audio come from two devices and start at different times: the trigger is in both, and a sentence "
        "begins where it rises. What is said before is cut off.",
        "The authors' code thins 2048 to 2000 Hz by leaving out 3 samples of every 128, which breaks every wave "
        "sixteen times a second.",
        "EMGSE splits by the number of a sentence, 1 to 40 for the test, and not by the sets in recordingLog.json.",
        "Only Spk1, Spk3, Spk6 and Spk8 have a silent session; its audio holds no speech.",
    ),
    folders=("csl_emg_array", "CSL-EMG_Array"),
)


@dataclass(frozen=True)
class Block:
    """One block of a session: a folder, and what its recordingLog.json says.

    Attributes:
        folder: of the block.
        speaker: "Spk1" to "Spk8".
        name: "Block1-Initial" and so on.
        silent: whether the sentences were mouthed without a voice.
        prompts: number of a sentence → its words.
        sets: number → "train", "dev" or "eval", the corpus's own sets, for those that are in one.
    """

    folder: Path
    speaker: str
    name: str
    silent: bool
    prompts: dict[int, str]
    sets: dict[int, str]


@dataclass(frozen=True)
class Utterance:
    """A sentence, both signals from the trigger on and of the same duration to within a sample.

    Attributes:
        audio: at 16 kHz, its first channel; ``label`` holds the words.
        emg: shape (channels, m), counts.
        emg_fs: rate of the EMG in Hz.
        number: of the sentence in its block.
        part: "train", "validation" or "test" by EMGSE's split, "" outside it.
        own_set: "train", "dev" or "eval" by the corpus's own sets, "" where it is in none.
    """

    audio: Recording
    emg: np.ndarray
    emg_fs: float
    number: int
    part: str
    own_set: str


def utterances(
    root: Path,
    speaker: str,
    block: str = INITIAL,
    silent: bool = False,
    numbers: Iterable[int] | None = None,
    channels: str = "40",
) -> list[Utterance]:
    """The sentences of one block in the order of their numbers.

    Args:
        root: folder of the blocks.
        speaker: "Spk1" to "Spk8".
        block: one of BLOCKS.
        silent: the silent session instead of the audible one.
        numbers: of the sentences; None for all that the block has.
        channels: "40", "35" (without those across rows) or "cheek" (28 of these).

    Raises:
        ConfigError: no such speaker, block or set of channels.
        MissingDataError: a folder, a file or a sentence that is not there.
        DataError: files that are damaged, lack channels or a trigger, have two, or go on for different times.
    """
    if channels not in CHANNELS:
        raise ConfigError(f"csl_emg_array has no channels {channels!r}: expected one of {', '.join(CHANNELS)}.")
    found = read_block(root, speaker, block, silent)
    wanted = sorted(found.prompts) if numbers is None else list(numbers)
    if missing := [number for number in wanted if number not in found.prompts]:
        raise MissingDataError(f"{found.folder} has no sentence {missing[0]:04d}: {CARD.how_to_get}")
    return [_utterance(found, number, CHANNELS[channels]) for number in wanted]


def read_block(root: Path, speaker: str, block: str = INITIAL, silent: bool = False) -> Block:
    """What there is in a block, before any signal is read; errors as in :func:`utterances`."""
    for kind, name, known in (("speaker", speaker, SPEAKERS), ("block", block, BLOCKS)):
        if name not in known:
            raise ConfigError(f"csl_emg_array has no {kind} {name!r}: expected one of {', '.join(known)}.")
    folder = Path(root) / f"{speaker}{'-Sil' if silent else ''}_{block}"
    if not folder.is_dir():
        raise MissingDataError(f"{folder} is not there: {CARD.how_to_get}")
    return Block(folder, speaker, block, silent, *_read_log(folder / "recordingLog.json"))


def blocks(root: Path) -> list[Block]:
    """Every block that is here, by speaker, audible before silent.

    Raises:
        MissingDataError: there is none.
        DataError: a log that cannot be read.
    """
    names = [re.fullmatch(r"(Spk[1-8])(-Sil)?_(Block.+)", path.name) for path in sorted(Path(root).glob("Spk*_Block*"))]
    found = [(match[1], match[3], bool(match[2])) for match in names if match and match[3] in BLOCKS]
    if not found:
        raise MissingDataError(f"{root} holds no folder like Spk1_Block1-Initial: {CARD.how_to_get}")
    return [read_block(root, *each) for each in sorted(found, key=lambda each: (each[0], each[2], each[1]))]


def part_of(number: int) -> str:
    """"train", "validation" or "test" by EMGSE's split, which counts sentences of the first block; "" outside it."""
    sides = split(CARD.name)
    return next((part for part in PARTS if f"{number:04d}" in getattr(sides, part).subjects), "")


def electrode_map() -> np.ndarray:
    """Where each of the 40 channels sits, for drawing: shape (40, 2), mm to the right and up.

    The cheek's rows of eight electrodes lie 10 mm apart in both directions, the chin's row of 5 mm steps below them; a
    channel is between two neighbours. One that reaches from the end of a row to the start of the next is put
    beside its row's end, where nothing is recorded.
    """
    row, column = np.divmod(np.arange(N_CHANNELS), COLUMNS)
    chin = row == N_CHANNELS // COLUMNS - 1
    step = np.where(chin, CHIN_STEP_MM, CHEEK_STEP_MM)
    across = (column + 0.5) * step + chin * (COLUMNS - 1) / 2 * (CHEEK_STEP_MM - CHIN_STEP_MM)
    up = np.where(chin, -CHIN_BELOW_MM, (3 - row) * CHEEK_STEP_MM)
    return np.stack([across, up], axis=1)


def trigger_start(trigger: np.ndarray, jump: float, fs: float, name: str) -> int:
    """The sample at which a trigger (n,) rises by more than ``jump``; that it falls at the end is no second one.

    Raises:
        DataError: it never rises, or it rises twice; ``name`` is what the sentence calls it.
    """
    rises = np.flatnonzero(np.diff(trigger) > jump) + 1
    if not rises.size:
        raise DataError(f"{name} has no trigger: expected a rise above {jump:g} in its last channel.")
    later = rises[rises > rises[0] + EDGE_S * fs]
    if later.size:
        at = " and ".join(f"{sample / fs:.2f} s" for sample in (rises[0], later[0]))
        raise DataError(f"{name} has a trigger at {at}: expected one.")
    return int(rises[0])


def _read_log(path: Path) -> tuple[dict[int, str], dict[int, str]]:
    """Prompts and sets of a block's log."""
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    try:
        log = json.loads(path.read_text(encoding="utf-8"))
        prompts = {int(number): str(words) for number, words in dict(log["promptList"]).items()}
        sets = {int(number): name for name, own in (log.get("uttSets") or {}).items() for number in own}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataError(f"{path} is no log of a block: expected JSON with promptList and uttSets.") from None
    if not prompts:
        raise DataError(f"{path} lists no sentence: expected some in promptList.")
    return prompts, sets


def _utterance(block: Block, number: int, channels: tuple[int, ...]) -> Utterance:
    stem = block.folder / f"{number:04d}" / f"{block.folder.name}_{number:04d}"
    emg, emg_trigger = _read_emg(stem.with_name(f"{stem.name}_emg.npy"))
    audio, audio_trigger = _read_audio(path := stem.with_name(f"{stem.name}_audio.wav"))
    emg = emg[:, trigger_start(emg_trigger, EMG_JUMP, FS_EMG, f"EMG of {stem.name}") :]
    audio = audio[trigger_start(audio_trigger, AUDIO_JUMP, FS, f"audio of {stem.name}") :]
    lengths = audio.size / FS, emg.shape[1] / FS_EMG
    if abs(lengths[0] - lengths[1]) > SLACK_S:
        both = "audio lasts {:.2f} s and EMG {:.2f} s".format(*lengths)
        raise DataError(f"after its trigger {stem.name}'s {both}: expected the same.")
    seconds = min(lengths)
    item = f"{CARD.name}/{block.folder.name}/{number:04d}"
    sound = Recording(
        audio[: int(seconds * FS)], FS, FULL_SCALE, item, block.speaker,
        source=path.relative_to(block.folder.parent).as_posix(), label=block.prompts[number],
    )  # fmt: skip
    part = part_of(number) if block.name == INITIAL else ""
    return Utterance(
        sound, emg[list(channels), : int(seconds * FS_EMG)], FS_EMG, number, part, block.sets.get(number, "")
    )


def _read_emg(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """EMG (40, n) and trigger (n,)."""
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    signals = read_recording(path, FS_EMG).signals
    if len(signals) != N_CHANNELS + 1:
        raise DataError(f"{path} has {len(signals)} channels: expected {N_CHANNELS} of EMG and the trigger.")
    return signals[:-1], signals[-1]


def _read_audio(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The first channel (n,) and the trigger (n,)."""
    if not path.is_file():
        raise MissingDataError(f"{path} is not there: {CARD.how_to_get}")
    check_sound(path)
    signals, fs = read_sound(path)
    if len(signals) < 2 or fs != FS:
        raise DataError(f"{path} has {len(signals)} channels at {fs} Hz: expected 2 at 16000 Hz, the last the trigger.")
    return signals[0], signals[-1]
