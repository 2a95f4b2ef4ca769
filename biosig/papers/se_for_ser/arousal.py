"""Tables 3a, 4 and 6 on *simulated* arousal: a network from sound to arousal behind a front end, in noise.

The paper has RECOLA; see :mod:`biosig.corpora.simulated_arousal` for what stands here and what it cannot show.
A session is mixed with noise at an SNR, goes through the front end whole, is brought to RMS 1, and only then reaches
the network in windows of 6 s. Noises of training and test come from other collections; speakers are apart by the
committed split. Weights and post-processing are chosen on the validation sessions, in the training's own condition.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from biosig.backends.postprocessing import PostProcessing, choose
from biosig.corpora.registry import locate
from biosig.corpora.simulated_arousal import SimulatedSession, simulated_sessions
from biosig.corpora.splits import split
from biosig.errors import ConfigError
from biosig.metrics.emotion import ccc
from biosig.models.end_to_end import FRAME
from biosig.papers.data import require_some
from biosig.papers.neural import initialised, told
from biosig.papers.primer.mixtures import audible, unit
from biosig.papers.primer.sources import FS, heard_noises, unseen_noises
from biosig.papers.se_for_ser.front_ends import FrontEnd
from biosig.papers.se_for_ser.naming import CLEAN
from biosig.papers.se_for_ser.sources import FULL_LENGTH
from biosig.results.items import Item
from biosig.results.measures import concordance_sums
from biosig.seeds import rng_for
from biosig.signal.mixing import mix_at_snr
from biosig.signal.types import Recording
from biosig.training.loop import fit
from biosig.training.objectives import objective
from biosig.training.recipe import Recipe

WINDOW_S = 6.0
STRETCH_S = 6.0  # of one noise; a session hears about ten
VERSION = "1; simulated arousal every 40 ms, post-processed"


@dataclass(frozen=True)
class Front:
    """What stands before the network, by name: ``system(noisy, clean, fs)`` → enhanced, or None for nothing."""

    name: str
    system: FrontEnd | None = None

    def __call__(self, noisy: np.ndarray, clean: np.ndarray) -> np.ndarray:
        """The sound (n,) as the network is to hear it, float32, RMS 1."""
        return unit((noisy if self.system is None else self.system(noisy, clean, FS)).astype(np.float32))


NOTHING = Front("none")


@dataclass(frozen=True)
class Part:
    """Simulated sessions and noises of one side of the split."""

    sessions: tuple[SimulatedSession, ...]
    noises: tuple[Recording, ...]

    def __post_init__(self):
        require_some({"session": self.sessions, "noise": self.noises})


@dataclass(frozen=True)
class ArousalSetup:
    """How much there is of everything.

    Attributes:
        recipe: of the training; ``window`` is 96000 (6 s), the loss "ccc".
        network, options: a name of :data:`biosig.models.networks.NETWORKS`, and its options.
        seconds: of a session.
        per_speaker: sessions of each training, validation and test speaker.
        source: (part, sessions of each speaker, seconds) → :class:`Part`; None is :func:`open_part`.

    Raises:
        ConfigError: a window that holds no whole frames, or is longer than a session.
    """

    recipe: Recipe
    network: str = "end_to_end"
    options: tuple[tuple[str, object], ...] = ()
    seconds: float = 60.0
    per_speaker: tuple[int, int, int] = (3, 1, 1)
    source: Callable[[str, int, float], Part] | None = None

    def __post_init__(self):
        window = self.recipe.window
        if window % FRAME or window > self.seconds * FS:
            raise ConfigError(
                f"a window of {window} samples: expected a multiple of {FRAME} no longer than {self.seconds:g} s."
            )

    def part(self, name: str) -> Part:
        """The training, validation or test part."""
        count = self.per_speaker[("train", "validation", "test").index(name)]
        return (self.source or open_part)(name, count, self.seconds)


@lru_cache(maxsize=3)
def open_part(name: str, per_speaker: int, seconds: float) -> Part:
    """Simulated sessions of EMO-DB's and nEMO's speakers, and noises that no other part hears."""
    speakers = getattr(split("simulated_arousal"), name).subjects
    each = [simulated_sessions(_spoken_by(speaker), [speaker], per_speaker, seconds) for speaker in speakers]
    noises = unseen_noises() if name == "test" else heard_noises(name)
    return Part(tuple(session for sessions in each for session in sessions), tuple(noises))


def _spoken_by(speaker: str) -> list[Recording]:
    corpus, _, name = speaker.partition("-")
    return FULL_LENGTH[corpus].utterances(locate(corpus), speakers=[name])


@dataclass(frozen=True)
class Heard:
    """A session as the network hears it: (n,) float32 of RMS 1, with its arousal (n / 640,)."""

    session: SimulatedSession
    audio: np.ndarray

    @property
    def arousal(self) -> np.ndarray:
        """The simulated truth."""
        return self.session.arousal


def heard(part: Part, front: Front, snr_db: float | None) -> list[Heard]:
    """Every session of a part in noise at an SNR (None: clean), through the front end."""
    return [Heard(each, through(front, each, part.noises, snr_db)) for each in part.sessions]


def through(
    front: Front, session: SimulatedSession, noises: Sequence[Recording], snr_db: float | None
) -> np.ndarray:
    """A session's sound (n,) in noise at an SNR (None: clean), as it leaves the front end."""
    return front(in_noise(session, noises, snr_db), session.recording.signal)


def in_noise(session: SimulatedSession, noises: Sequence[Recording], snr_db: float | None) -> np.ndarray:
    """A session's sound (n,) at an SNR over the whole; its noise is the same at every SNR."""
    clean = session.recording.signal
    if snr_db is None:
        return clean
    return mix_at_snr(clean, noise_bed(noises, clean.size, session.recording.item), snr_db)[0]


def noise_bed(noises: Sequence[Recording], n: int, *name: object) -> np.ndarray:
    """Stretches of at most 6 s of all noises in turn, each of RMS 1, one behind the other, (n,)."""
    rng, parts, filled = rng_for("noise bed", *name), [], 0
    while filled < n:
        for k in rng.permutation(len(noises)):
            signal = noises[k].signal
            parts.append(unit(audible(signal, min(signal.size, round(STRETCH_S * FS)), rng)))
            filled += parts[-1].size
    return np.concatenate(parts)[:n]


def batches(sessions: Sequence[Heard], recipe: Recipe):
    """(epoch, step) → sound (batch, window) and arousal (batch, window / 640), from anywhere in the sessions."""

    def window(*name: object) -> tuple[np.ndarray, np.ndarray]:
        rng = rng_for("arousal window", recipe.name, recipe.seed, *name)
        one, frames = sessions[rng.integers(len(sessions))], recipe.window // FRAME
        at = int(rng.integers(one.arousal.size - frames + 1))
        return one.audio[at * FRAME : (at + frames) * FRAME], one.arousal[at : at + frames].astype(np.float32)

    def batch(epoch: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        pairs = [window(epoch, step, row) for row in range(recipe.batch)]
        return tuple(torch.from_numpy(np.stack(side)) for side in zip(*pairs, strict=True))

    return batch


@torch.no_grad()
def predict(network: torch.nn.Module, audio: np.ndarray, window: int = round(WINDOW_S * FS)) -> np.ndarray:
    """The network's own arousal for a whole session, (n,) → (n // 640,), window by window as it was trained."""
    network.eval()
    device = next(network.parameters()).device
    whole = audio.size // window * window
    parts = [audio[:whole].reshape(-1, window), audio[whole : audio.size // FRAME * FRAME][None]]
    found = [network(torch.from_numpy(part).to(device)).cpu().numpy().ravel() for part in parts if part.size]
    return np.concatenate(found).astype(float)


@dataclass(frozen=True)
class Regressor:
    """A trained network with the post-processing that validation chose, and what a run record says of them."""

    network: torch.nn.Module
    steps: PostProcessing
    notes: dict

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        return self.steps(predict(self.network, audio))


def train(
    setup: ArousalSetup, front: Front, train_snr_db: float | None, seed: int, folder: Path, device: str, progress: bool
) -> Regressor:
    """Train (or resume, or reload) a network on sessions at one SNR behind a front end; test data are not touched."""
    recipe = replace(setup.recipe, seed=seed)
    training, validation = (heard(setup.part(name), front, train_snr_db) for name in ("train", "validation"))
    network = initialised(setup.network, seed, recipe.name, **dict(setup.options)).to(device)
    result = fit(
        network, objective(recipe.loss), batches(training, recipe), lambda model: 1 - concordance(model, validation),
        recipe, folder, progress,
    )  # fmt: skip
    steps = choose([predict(network, each.audio) for each in validation], [each.arousal for each in validation])
    regressor = Regressor(network, steps, {})
    notes = told(network, result) | {
        "validation_ccc": 1 - result.best_value,
        "validation_ccc_processed": pooled(validation, [regressor(each.audio) for each in validation]),
        "postprocessing": asdict(steps),
        "network_args": dict(setup.options),
        "curve": list(result.curve),
    }
    return replace(regressor, notes=notes)


def concordance(network: torch.nn.Module, sessions: Sequence[Heard]) -> float:
    """CCC of the network's own predictions over all frames of some sessions."""
    return pooled(sessions, [predict(network, each.audio) for each in sessions])


def pooled(sessions: Sequence[Heard], predicted: Sequence[np.ndarray]) -> float:
    """CCC over all frames of some sessions together."""
    return ccc(np.concatenate([each.arousal for each in sessions]), np.concatenate(predicted))


def tested(
    regressor: Regressor,
    setup: ArousalSetup,
    front: Front,
    train_snr_db: float | None,
    snrs_db: Iterable[float | None],
) -> Iterator[Item]:
    """The six sums of every test session at every SNR (None: clean) behind a front end."""
    part = setup.part("test")
    for snr_db in snrs_db:
        for session in part.sessions:
            started = time.perf_counter()
            predicted = regressor(through(front, session, part.noises, snr_db))
            seconds = time.perf_counter() - started
            conditions = {"front": front.name, "snr_db": shown(snr_db), "train_snr_db": shown(train_snr_db)}
            item = f"{session.recording.item}@{shown(snr_db)}+{front.name}, trained@{shown(train_snr_db)}"
            for metric, value in concordance_sums(session.arousal, predicted).items():
                subject = session.recording.subject
                yield Item(item, subject, metric, VERSION, value, conditions=conditions, seconds=seconds)


def shown(snr_db: float | None) -> str:
    """An SNR as the items name it."""
    return CLEAN if snr_db is None else f"{snr_db:g}"
