"""The prompts of the Asterisk telephone exchange: four people in a studio, five languages, 16 kHz G.722.

Layout: ``{language}/….g722`` for the languages en, es, fr, it and ru, with the folders of the packages below it.
G.722 at 64 kbit/s holds two samples in a byte, so that the size of a file is its length.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from biosig.corpora.cards import Card
from biosig.corpora.sounds import FS, FULL_SCALE, sound_files
from biosig.errors import ConfigError, DataError, MissingDataError
from biosig.signal.types import Recording

SPEAKERS = {
    "en": "Allison Smith",
    "es": "Allison Smith",
    "fr": "June Wallack",
    "it": "Carlo Flora",
    "ru": "ivrvoice.ru",  # a woman whom the package does not name
}
NOT_SPEECH = ("beep", "beeperr", "ascending-2tone", "descending-2tone", "tt-monkeys")
SAMPLES_PER_BYTE = 2

CARD = Card(
    name="asterisk",
    title="Asterisk core sounds 1.6.1, five languages",
    what="Telephone prompts read in a studio by four people: Allison Smith (en, es), June Wallack (fr), Carlo Flora "
    "(it) and an unnamed woman of ivrvoice.ru (ru).",
    units=FULL_SCALE,
    rate=FS,
    licence="CC BY-SA 3.0 (en, es, fr), CC BY 3.0 (it, ru)",
    citation_key="asterisk2018sounds",
    citation="Digium: Asterisk core sounds 1.6.1, 2018; recorded by Allison Smith, June Wallack, Carlo Flora and "
    "ivrvoice.ru (Maxim Topal).",
    url="https://downloads.asterisk.org/pub/telephony/sounds/",
    how_to_get="Unpack the Debian packages asterisk-core-sounds-{en,es,fr,it,ru}-g722 and place what lies in "
    "usr/share/asterisk/sounds/* of each in $BIOSIG_DATA/asterisk/{en,es,fr,it,ru}.",
    quirks=(
        "English and Spanish are one person: a split by language would have her on both sides, ours is by person.",
        "The folder of the Russian files says f, and a woman speaks; the licence names the man who provides them.",
        "Beeps, two-tone signals, ten files of silence and a troop of monkeys lie among the prompts: all left out.",
        "`is.g722` of the Russian package is empty.",
        "1073 of the 2755 prompts are single numbers and words under 1 s: `utterances` leaves them out unless asked.",
        "The pauses of prompts over 4 s lie 58 to 64 dB under the speech (medians; most were gated), but only 37 dB in "
        "the Spanish ones, which have a floor of about -55 dB re full scale.",
        "G.722 codes 4 to 8 kHz with 2 bits a sample: its noise is part of what is called clean here.",
        "Prompts are cut close: 0.02 to 0.1 s of silence before and after. Mixtures of them hold hardly any pause.",
    ),
    stands_in_for="Common Voice, beside picovoice",
    folders=("asterisk",),
    manifest="asterisk.txt",
)


def utterances(root: Path, languages: Iterable[str] = tuple(SPEAKERS), min_s: float = 1.0) -> list[Recording]:
    """The prompts of some languages that last at least ``min_s``; the subject is the person.

    Args:
        root: folder that holds one folder per language.
        languages: of "en", "es", "fr", "it", "ru".
        min_s: shortest prompt in s.

    Raises:
        ConfigError: no such language.
        MissingDataError: no files of a language, or PyAV is not installed.
        DataError: a file that cannot be decoded.
    """
    languages = tuple(languages)
    for language in languages:
        if language not in SPEAKERS:
            raise ConfigError(f"asterisk has no language {language!r}: expected some of {', '.join(SPEAKERS)}.")
    return [_utterance(root, language, path) for language in languages for path in prompts(root, language, min_s)]


def speakers(languages: Iterable[str]) -> set[str]:
    """Who speaks these languages."""
    return {SPEAKERS[language] for language in languages}


def prompts(root: Path, language: str, min_s: float = 1.0) -> list[Path]:
    """The files of one language that hold speech and last at least ``min_s``, by name."""
    found = sound_files(Path(root) / language, CARD.how_to_get, "**/*.g722")
    smallest = max(min_s * FS / SAMPLES_PER_BYTE, 1)
    return [path for path in found if _is_speech(path) and path.stat().st_size >= smallest]


def decode_g722(path: Path) -> np.ndarray:
    """A .g722 file (ITU-T G.722, 64 kbit/s) as float64 in [-1, 1] at 16 kHz, shape (n,), decoded by PyAV.

    Raises:
        MissingDataError: PyAV is not installed.
        DataError: the file cannot be decoded.
    """
    try:
        import av
    except ImportError:
        raise MissingDataError("PyAV is not installed: `pip install av` to decode G.722.") from None
    try:
        with av.open(str(path), format="g722") as container:
            stream = container.streams.audio[0]
            frames = [frame.to_ndarray()[0] for frame in container.decode(stream)]
    except (av.FFmpegError, IndexError):
        frames = []
    if not frames:
        raise DataError(f"{path} is damaged or empty: expected G.722 at 64 kbit/s.")
    return np.concatenate(frames) / 32768


def _is_speech(path: Path) -> bool:
    return path.parent.name != "silence" and path.stem not in NOT_SPEECH


def _utterance(root: Path, language: str, path: Path) -> Recording:
    source = path.relative_to(root)
    item = f"asterisk/{source.with_suffix('').as_posix()}"
    return Recording(decode_g722(path), FS, FULL_SCALE, item, SPEAKERS[language], source=source.as_posix())
