"""What the profiles of the EMGSE chapter run: speakers, SNRs, networks, recipes, seeds.

Speakers are folds: every network is of one person, and a cell says whose by its fold.
"""

from dataclasses import dataclass
from typing import ClassVar

from biosig.corpora.csl_emg_array import CHANNELS as ARRAY
from biosig.corpora.emguka import CHANNELS as SIX
from biosig.corpora.emguka import CHEEK, CHIN, UNSTABLE
from biosig.papers import setups
from biosig.papers.base import known
from biosig.training.recipe import CosineRecipe, Recipe

TRAIN_SNRS = (-10.0, -5.0, 0.0, 5.0, 10.0)
TEST_SNRS = (-11.0, -6.0, -1.0, 4.0)  # the paper's tables; its text has -4 in the place of -6
CHUNK = 64  # frames in a row of a batch
OURS = ("emgse_controls", "emgse_bridge", "emg_phones", "emg_spectrum")  # which the paper does not have
WITHOUT_UNSTABLE = tuple(name for name in SIX if name != UNSTABLE)


@dataclass(frozen=True)
class Network:
    """How one system is built and trained, for each speaker.

    Attributes:
        recipe: the schedule; ``window`` counts frames, and each cell sets the seed.
        options: of :class:`biosig.models.emgse.EMGSE`, (name, value) pairs, but for the number of channels.
        channels: of EMG, by name; none for a network that only hears.
        deaf: whether the sound is kept from it, to see what EMG alone can do.
        shuffled: whether each sentence is trained with the EMG of another one.
        sessions: that it trains on; none: all of the speaker's.
        mixtures: a batch's rows are cut from so many mixtures, made for it.
        order: of stacking and scaling, see :func:`biosig.signal.emg_features.td15`.
    """

    recipe: Recipe
    options: tuple[tuple[str, object], ...] = ()
    channels: tuple[str, ...] = ()
    deaf: bool = False
    shuffled: bool = False
    sessions: tuple[str, ...] = ()
    mixtures: int = 2
    order: str = "paper"


@dataclass(frozen=True)
class Where:
    """For whom and how often a system is run."""

    speakers: tuple[str, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Setup(setups.Setup):
    """One profile of this chapter.

    Attributes:
        speakers: by name; the number in a name is its fold.
        fewer: (system, for whom and how often) where it is not everyone and all seeds.
        test_snrs: in dB; every test sentence meets every noise once, at SNRs in turn.
        train_snrs: in dB, drawn from with equal chances; validation takes them in turn.
        validation: mixtures that choose a network's weights.
        every: the controls are scored on one in so many test mixtures.
        level: RMS of clean speech, full scale being 1, before noise is added.
        metrics: of the test.
    """

    speakers: tuple[str, ...]
    fewer: tuple[tuple[str, Where], ...] = ()
    test_snrs: tuple[float, ...] = TEST_SNRS
    train_snrs: tuple[float, ...] = TRAIN_SNRS
    validation: int = 25
    every: int = 3
    level: float = 0.05
    metrics: tuple[str, ...] = ("pesq_raw", "pesq_wb", "stoi")

    apart: ClassVar[tuple[str, ...]] = (*setups.Setup.apart, "speakers", "fewer", "metrics")

    def where(self, system: str, trained: bool) -> Where:
        """For whom and how often a system is run: every seed only where something is trained."""
        return dict(self.fewer).get(system) or Where(self.speakers, self.seeds if trained else (0,))


def _recipe(name: str, steps: int, epochs: int, lr: float = 3e-3) -> CosineRecipe:
    """L1 and Adam as in the paper, in small batches, with a rate that begins thirty times as high and ends near 0."""
    return CosineRecipe(name, steps, epochs, 8, CHUNK, lr, early_stop=epochs)


CENTRED = (("centred", True),)  # of networks that take EMG: see EMGSE. At the paper's rate, its profile does without it
NARROW = (("audio", (128, 64)), ("emg", (128, 64)), ("fused", 128), ("hidden", 96))
AS_LARGE = (("audio", (128, 64)), ("fused", 128), ("hidden", 113))  # SE(A) with as many parameters as EMGSE has
STRONG = (("audio", (256, 128)), ("emg", (128, 64)), ("fused", 192), ("hidden", 160), ("output", "mask"))
LONG = (50, 60)  # steps of an epoch, epochs: a third of it left the networks below their noisy input at -1 dB
TINY = (("audio", (48, 24)), ("emg", (48, 24)), ("fused", 32), ("hidden", 24), ("dropout", 0.2))


def _open(name: str, options: tuple = NARROW, centred: bool = True, **more: object) -> tuple[str, Network]:
    """One schedule for every row, whatever the network's sizes."""
    options += CENTRED if centred and more.get("channels") else ()
    return name, Network(_recipe(f"{name} open", *LONG), options, **more)


QUICK = Setup(
    name="quick",
    speakers=("1",),
    networks=(
        ("se_a", Network(_recipe("se_a quick", 50, 4, 1e-2), TINY)),
        ("emgse", Network(_recipe("emgse quick", 50, 4, 1e-2), TINY + CENTRED, channels=SIX)),
        ("emgse_cheek", Network(_recipe("emgse_cheek quick", 50, 4, 1e-2), TINY + CENTRED, channels=CHEEK)),
    ),
    test_snrs=(-11.0, 4.0),
    validation=4,
    seeds=(0,),
)

# One core: narrow networks, three minutes of training each, fresh mixtures instead of 25 kept ones for every sentence.
OPEN = Setup(
    name="open",
    speakers=("002", "004", "006", "008"),
    networks=(
        _open("se_a"),
        _open("emgse", channels=SIX),
        _open("emgse_cheek", channels=CHEEK),
        _open("emgse_chin", channels=CHIN),
        _open("emgse_five", channels=WITHOUT_UNSTABLE),
        _open("se_a_large", AS_LARGE),
        _open("emgse_shuffled", channels=SIX, shuffled=True),
        _open("emgse_plain", channels=SIX, centred=False),
        _open("emg_only", channels=SIX, deaf=True),
        _open("se_a_session", sessions=("008-001",)),
        _open("emgse_session", channels=SIX, sessions=("008-001",)),
        _open("strong", STRONG),
        _open("strong_emg", STRONG, channels=SIX),
        _open("array_0"),
        _open("array_35", channels=tuple(map(str, ARRAY["35"]))),
        _open("array_28", channels=tuple(map(str, ARRAY["cheek"]))),
    ),
    fewer=(
        ("emgse_cheek", Where(("002", "004", "006", "008"), (0,))),
        ("emgse_chin", Where(("002", "004", "006", "008"), (0,))),
        ("emgse_five", Where(("002", "008"), (0,))),
        ("se_a_large", Where(("002", "004", "006", "008"), (0,))),
        ("emgse_shuffled", Where(("002", "008"), (0,))),
        ("emgse_plain", Where(("002", "004", "006", "008"), (0,))),
        ("emg_only", Where(("002", "008"), (0,))),
        ("se_a_session", Where(("008",), (0,))),
        ("emgse_session", Where(("008",), (0,))),
        ("strong", Where(("002", "008"), (0,))),
        ("strong_emg", Where(("002", "008"), (0,))),
        *((name, Where(("002", "008"), (0,))) for name in ("array_0", "array_35", "array_28")),
        ("emg_phones", Where(("002", "008"), (0,))),  # nobody else's labels hold
        ("emgse_bridge", Where(("002", "008"), (0,))),
    ),
)


def _as_printed(name: str, **more: object) -> tuple[str, Network]:
    """The paper's sizes and schedule, at one rate; an epoch is 280 sentences · 25 versions · 6 chunks in batches."""
    recipe = Recipe(f"{name} paper", 2625, 500, 16, CHUNK, 1e-4, plateau_patience=500, early_stop=15, clip_norm=None)
    return name, Network(recipe, (("sizes", "paper"),), mixtures=16, **more)


PAPER = Setup(
    name="paper",
    speakers=tuple(f"Spk{k}" for k in range(1, 9)),
    networks=(
        _as_printed("se_a"),
        _as_printed("emgse", channels=tuple(map(str, ARRAY["35"]))),
        _as_printed("emgse_cheek", channels=tuple(map(str, ARRAY["cheek"]))),
    ),
    fewer=tuple((name, Where((), ())) for name in OURS),
    validation=500,  # 20 sentences · 25 versions
)

SETUPS = {setup.name: setup for setup in (QUICK, OPEN, PAPER)}


def setup_of(profile: str) -> Setup:
    """The setup of a profile.

    Raises:
        ConfigError: unknown.
    """
    return SETUPS[known("profile", profile, SETUPS)]


def fold_of(speaker: str) -> int:
    """The number in a speaker's name."""
    return int("".join(filter(str.isdigit, speaker)))
