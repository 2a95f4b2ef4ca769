"""VoiceBank-DEMAND's training pairs: 28 people, 11,572 sentences with ten kinds of noise, as CMGAN and many train on.

Layout as distributed: ``clean_trainset_28spk_wav/p226_001.wav`` and ``noisy_trainset_28spk_wav/p226_001.wav``, mono, 48
kHz; copies at 16 kHz are read as well. Who trains and who validates stands in the split of the same name.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from biosig.corpora import voicebank
from biosig.corpora.sounds import sound_files
from biosig.errors import ConfigError, MissingDataError
from biosig.signal.types import Mixture

CLEAN, NOISY = "clean_trainset_28spk_wav", "noisy_trainset_28spk_wav"
SPEAKERS = (
    *("p226", "p227", "p228", "p230", "p231", "p233", "p236", "p239", "p243", "p244", "p250", "p254", "p256", "p258"),
    *("p259", "p267", "p268", "p269", "p270", "p273", "p274", "p276", "p277", "p278", "p279", "p282", "p286", "p287"),
)

CARD = replace(
    voicebank.CARD,
    name="voicebank_train",
    title="VoiceBank-DEMAND, the training set of 28 speakers",
    what="Read English, 14 women and 14 men, 11,572 sentences, 9.4 h, clean and with ten kinds of noise added at 0, 5, "
    "10 and 15 dB.",
    rate=48_000.0,
    how_to_get="Download clean_trainset_28spk_wav and noisy_trainset_28spk_wav from "
    "https://datashare.ed.ac.uk/handle/10283/2791 and place both folders in $BIOSIG_DATA/voicebank_train.",
    quirks=(
        "We do not have it: layout and counts are as others who do describe them, and nothing here was measured by us.",
        "The corpus names no validation set. Here two of the 28, p226 and p287, validate and never train; published "
        "systems that choose their weights by the test set gain from it.",
        "Eight noises are DEMAND's and two artificial: speech-shaped noise, and babble made of other speakers of the "
        "same corpus.",
        "The test set has two further people, p232 and p257, and five further noises, at 2.5 to 17.5 dB.",
    ),
    folders=("voicebank_train",),
    manifest="",
)


def names(root: Path, speakers: Iterable[str] | None = None) -> list[str]:
    """The names of the pairs of some speakers ("p226_001"), in order: the list that a training draws from.

    Args:
        root: folder that holds both folders.
        speakers: e.g. those of a side of the split; None for all 28.

    Raises:
        ConfigError: nobody of that name among the 28.
        MissingDataError: no sound of a speaker, or a clean file without its noisy one.
    """
    wanted = SPEAKERS if speakers is None else tuple(speakers)
    if foreign := [speaker for speaker in wanted if speaker not in SPEAKERS]:
        raise ConfigError(f"voicebank_train has no speaker {foreign[0]!r}: expected one of the 28.")
    found = [path.stem for path in sound_files(Path(root) / CLEAN, CARD.how_to_get, "p*_*.wav")]
    if silent := [speaker for speaker in wanted if not any(name.startswith(f"{speaker}_") for name in found)]:
        raise MissingDataError(f"{Path(root) / CLEAN} has nothing of {silent[0]}: {CARD.how_to_get}")
    chosen = [name for name in found if name.split("_")[0] in wanted]
    if alone := [name for name in chosen if not (Path(root) / NOISY / f"{name}.wav").is_file()]:
        raise MissingDataError(f"{Path(root) / NOISY / alone[0]}.wav is not there: {CARD.how_to_get}")
    return chosen


def pairs(root: Path, wanted: Iterable[str] | None = None) -> Iterator[Mixture]:
    """The pairs one by one, at 16 kHz, as :func:`biosig.corpora.voicebank.pair` has them.

    One by one, because all of them together take 13 GB.

    Args:
        root: folder that holds both folders.
        wanted: names, as :func:`names` gives them; None for all.

    Raises:
        MissingDataError, DataError: as :func:`names` and :func:`biosig.corpora.voicebank.pairs`.
    """
    for name in names(root) if wanted is None else wanted:
        paths = (Path(root) / folder / f"{name}.wav" for folder in (CLEAN, NOISY))
        mixture = voicebank.pair(*paths, CARD.how_to_get, CARD.rate)
        speaker = name.split("_")[0]
        conditions = (("corpus", CARD.name), ("speaker", speaker), ("utterance", name))
        yield replace(mixture, item=f"{CARD.name}/{name}", subject=speaker, conditions=conditions)
