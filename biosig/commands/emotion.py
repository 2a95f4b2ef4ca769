"""``biosig emotion``: what a published model takes sound files of the user's own for, and how far to trust that."""

import argparse
import csv
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from biosig.commands.enhance import SYSTEM_FS, files_in, loaded, stream_of, systems
from biosig.errors import BiosigError, ConfigError, SignalError
from biosig.papers.base import known

FORMATS = ("table", "csv", "json")
SHORTEST_S, LONG_S, LONGEST_S = 0.5, 10.0, 60.0


@dataclass(frozen=True)
class Answer:
    """One file and the probabilities of the model's emotions, (K,)."""

    path: Path
    seconds: float
    probabilities: np.ndarray


def add(commands: argparse._SubParsersAction) -> None:
    """Add the parser."""
    emotion = commands.add_parser(
        "emotion",
        usage="biosig emotion FILE [FILE ...] [options]",
        help="what a small model takes the emotion in sound files of your own for",
        description="The emotion that speech in WAV, FLAC, OGG or MP3 files of any rate sounds like to a model "
        "that learnt from actors, one answer for each file; give it one utterance a file. Channels are averaged.",
    )
    emotion.add_argument("paths", nargs="*", type=Path, metavar="FILE", help="sound files, or folders of them")
    emotion.add_argument("--model", default="emodb-egemaps", metavar="NAME", help="see --list (default: %(default)s)")
    emotion.add_argument("--list", action="store_true", help="print every model, and do nothing else")
    emotion.add_argument("--enhance", metavar="SYSTEM", help="take the noise out first: see `biosig enhance --list`")
    emotion.add_argument("--format", default="table", choices=FORMATS, help="of what is printed (default: table)")
    emotion.add_argument("--device", default="cpu", metavar="cpu|cuda", help="where a network runs (default: cpu)")
    emotion.set_defaults(do=tell_emotions)


def tell_emotions(arguments: argparse.Namespace) -> int:
    """Check everything, then hear one file after the other."""
    from biosig.backends.published import load_model, models

    if arguments.list:
        print("\n".join(f"{name}: {learnt_from(load_model(name))}" for name in models()))
        return 0
    model = load_model(arguments.model)
    sounds = prepare(arguments)
    with tqdm(sounds, "listening", unit="file", disable=None, leave=False) as shown:
        answers = [answer(model, sound, arguments.enhance, arguments.device) for sound in shown]
    words = [*notes(arguments.model, model, arguments.enhance), *long_ones(answers)]
    if arguments.format == "json":
        print(as_json(arguments, model, answers, words))
    elif arguments.format == "csv":
        print(as_csv(model, answers), end="")
        print("\n".join(words), file=sys.stderr)
    else:
        print("\n".join([*as_table(model, answers), "", *words]))
    return 0


# --- before any work ---------------------------------------------------------------------------------------------


def prepare(arguments: argparse.Namespace) -> list:
    """The sounds of all files, after checking all that can be checked.

    Raises:
        BiosigError: one sentence about the first thing that is wrong.
    """
    from biosig.backends.features import version
    from biosig.commands.results import check_device

    if not arguments.paths:
        raise ConfigError("FILE is required: expected a sound file, or --list; see `biosig emotion --help`.")
    check_device(arguments.device)
    if arguments.enhance:
        loaded(known("system", arguments.enhance, systems()), arguments.device)
    files = [file for path in arguments.paths for file, _ in files_in(path)]
    with tqdm(files, "checking", unit="file", disable=None, leave=False) as shown:
        sounds = [checked(file, arguments) for file in shown]
    version()  # a missing package shows now
    return sounds


def checked(path: Path, arguments: argparse.Namespace):
    """One file, which is whole, of a length that can be told, and not silent."""
    from biosig.corpora.audio_io import check_sound

    sound = check_sound(path)
    if sound.seconds < SHORTEST_S:
        raise SignalError(f"{path} lasts {sound.seconds:.2f} s: expected {SHORTEST_S:g} s of speech or more.")
    if sound.seconds > LONGEST_S:
        raise SignalError(
            f"{path} lasts {sound.seconds:.0f} s: expected one utterance, {LONGEST_S:g} s at most; cut it where the "
            "speaker pauses, as one answer for all of it would mean little."
        )
    if not mono(path)[0].any():
        raise SignalError(f"{path} is silent: expected speech.")
    if arguments.enhance:
        stream_of(arguments.enhance, arguments.device, sound)
    return sound


# --- the work ----------------------------------------------------------------------------------------------------


def mono(path: Path) -> tuple[np.ndarray, int]:
    """The mean of all channels, (n,), and the rate."""
    from biosig.corpora.audio_io import read_sound

    channels, fs = read_sound(path)
    return channels.mean(axis=0), fs


def answer(model, sound, system: str | None, device: str) -> Answer:
    """What the model says about one file; the file is named in what goes wrong."""
    from biosig.corpora.audio_io import blocks
    from biosig.signal.blocks import in_blocks, resample

    try:
        if system:
            parts = in_blocks(stream_of(system, device, sound), blocks(sound.path))
            signal = np.concatenate(list(parts), axis=-1).mean(axis=0)
        else:
            signal, _ = mono(sound.path)
        heard = resample(signal, sound.fs, SYSTEM_FS)
        return Answer(sound.path, sound.seconds, model.hear(heard, SYSTEM_FS))
    except BiosigError as error:
        told = str(error) if str(sound.path) in str(error) else f"{sound.path}: {error}"
        raise type(error)(told) from None


# --- what was found ----------------------------------------------------------------------------------------------


def likeliest(model, found: Answer) -> str:
    """The most probable emotion."""
    return model.labels[int(found.probabilities.argmax())]


def as_table(model, answers: Sequence[Answer]) -> list[str]:
    """A line per file."""
    head = ["file", "emotion", *model.labels]
    rows = [[str(a.path), likeliest(model, a), *(f"{p:.2f}" for p in a.probabilities)] for a in answers]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join([*map(str.ljust, line[:2], widths[:2]), *map(str.rjust, line[2:], widths[2:])])
        for line in [head, ["-" * width for width in widths], *rows]
    ]


def as_csv(model, answers: Sequence[Answer]) -> str:
    """A line per file."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["file", "seconds", "emotion", *model.labels])
    for a in answers:
        lines.writerow([a.path, f"{a.seconds:.3f}", likeliest(model, a), *(f"{p:.4f}" for p in a.probabilities)])
    return text.getvalue()


def as_json(arguments: argparse.Namespace, model, answers: Sequence[Answer], words: Sequence[str]) -> str:
    """All of it, with what the model was made of."""
    files = [
        {
            "file": str(a.path),
            "seconds": round(a.seconds, 3),
            "emotion": likeliest(model, a),
            "probabilities": dict(zip(model.labels, a.probabilities.round(4).tolist(), strict=True)),
        }
        for a in answers
    ]
    told = {"model": arguments.model, "enhanced_by": arguments.enhance, "files": files, "notes": list(words)}
    return json.dumps(told | {"about": model.about}, indent=2)


def learnt_from(model) -> str:
    """What a model was made of, and how good it is on people it never met."""
    about, k = model.about, len(model.labels)
    return (
        f"learnt from {about['n']} utterances of {about['speakers']} people in {about['corpus']} ({about['how']}; "
        f"licence: {about['licence']}). Of people whom it had not met it told {100 * about['uar']:.0f} % of an "
        f"emotion's utterances, on average over {k} emotions; guessing tells {100 / k:.0f} %."
    )


def notes(name: str, model, system: str | None) -> list[str]:
    """What the model was trained on, and what it cannot know."""
    first, last = model.about["seconds"]
    enhanced = [f"The sound went through {system} first; the model learnt from speech that nothing was done to."]
    return [
        f"{name}: {learnt_from(model)}",
        "The probabilities were fitted to its answers about people whom it had not met, and take all emotions for "
        "equally frequent. They hold for recordings like those; elsewhere (another language, room, microphone, speech "
        "that is not acted) expect them to be too sure.",
        f"It chooses among {', '.join(model.labels)}, and cannot tell anything else, or whether this is speech at all. "
        f"It learnt from utterances of {first:.1f} to {last:.1f} s.",
        "It hears how actors portray an emotion and cannot know what anybody feels: do not judge people by it.",
        *(enhanced if system else []),
    ]


def long_ones(answers: Sequence[Answer]) -> list[str]:
    """A word about files that are no single utterance."""
    return [
        f"{a.path} lasts {a.seconds:.0f} s: one answer for the whole of it; utterances of a few seconds are better."
        for a in answers
        if a.seconds > LONG_S
    ]
