"""What the profiles of the speech chapter run: data, SNRs, networks, recipes, seeds."""

from dataclasses import dataclass
from typing import ClassVar

from biosig.papers import setups
from biosig.papers.base import known
from biosig.training.recipe import AdversarialRecipe, CosineRecipe, GanRecipe, Recipe, SgdRecipe

UNSEEN_SNRS = (-5, 0, 5, 10, 15)
VALIDATION_SNRS = (-2.5, 2.5, 7.5, 12.5)


@dataclass(frozen=True)
class Network:
    """How one system is built and trained.

    Attributes:
        network: its name in :data:`biosig.models.networks.NETWORKS`.
        recipe: the schedule; each cell sets its seed.
        options: of the network, (name, value) pairs.
    """

    network: str
    recipe: Recipe
    options: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class VariedNetwork(Network):
    """A network that trains on :class:`biosig.papers.primer.varied.VariedStream`.

    Attributes:
        scaling: of its input, see :mod:`biosig.training.scaling`; "none" needs no clip to be known before its end.
        levels_db: of the training windows, dB re what the scaling makes of a clip.
        stream: the version of the stream; raised when its draws change.
    """

    scaling: str = "rms"
    levels_db: tuple[float, float] = (-6.0, 6.0)
    stream: int = 2


@dataclass(frozen=True)
class FrameNetwork(Network):
    """A network that trains on :class:`biosig.papers.primer.frames.FrameStream`: a frame and its neighbours a row.

    Attributes:
        snrs_db: drawn from, with equal chances.
        mixture: samples of a mixture, at whose level, and as part of which, its windows are seen.
        per_mixture: windows cut from each.
    """

    snrs_db: tuple[float, ...] = (0, 5, 10, 15, 20, 25)
    mixture: int = 32_000
    per_mixture: int = 4


@dataclass(frozen=True)
class SampledNetwork(Network):
    """A score network, whose own sampler enhances.

    Attributes:
        kind: of :class:`biosig.training.inference.Denoiser`.
    """

    kind: str = "score"


@dataclass(frozen=True)
class GanNetwork(Network):
    """A generator with a discriminator of the same channels and peak, on the recipe's window.

    Attributes:
        rows: of the discriminator's reference batch.
    """

    rows: int = 4


@dataclass(frozen=True)
class WindowedNetwork(Network):
    """A network with attention, whose memory and time grow with the square of the length.

    Attributes:
        window_s: the longest that goes through it in one pass, s.
    """

    window_s: float = 4.0


@dataclass(frozen=True)
class RoomNetwork(Network):
    """A network that trains on :class:`biosig.papers.primer.room_stream.RoomStream`: to take a room off.

    Attributes:
        rooms: how many simulated rooms it meets.
        rt60_s: of them, s.
        stream: the version of the stream; raised when its draws change.
    """

    rooms: int = 64
    rt60_s: tuple[float, float] = (0.2, 0.9)
    stream: int = 1


@dataclass(frozen=True, kw_only=True)
class Setup(setups.Setup):
    """One profile of this chapter.

    Attributes:
        data: what it trains and tests on, for a table's head.
        test_snrs: of the mixtures with unseen noises.
        utterances: how many utterances validate.
        validation_snrs: they take turns.
        loss_seeds: of the study of losses.
    """

    data: str
    test_snrs: tuple[float, ...] = UNSEEN_SNRS
    utterances: int = 24
    validation_snrs: tuple[float, ...] = VALIDATION_SNRS
    loss_seeds: tuple[int, ...] = (0,)

    apart: ClassVar[tuple[str, ...]] = (*setups.Setup.apart, "loss_seeds", "data")


def _recipe(name: str, steps: int, epochs: int, batch: int, loss: str = "compressed", lr: float = 1e-3) -> Recipe:
    """One 2 s window of 16 kHz per row, bfloat16 where it is safe, and a rate that falls as validation stalls."""
    return Recipe(
        name, steps, epochs, batch, 32_000, lr, loss=loss, plateau_factor=0.5, plateau_patience=1, precision="bf16"
    )


def _long_recipe(name: str, epochs: int) -> CosineRecipe:
    """As above, with the loss that bears clean input and noise alone, and a rate that ends near 0."""
    return CosineRecipe(
        name, 250, epochs, 16, 32_000, 1e-3, loss="compressed+bounded", early_stop=epochs, precision="bf16"
    )


def _live_recipe(name: str, epochs: int, loss: str, lr: float) -> CosineRecipe:
    """The same for networks that hear no clip to its end, in float32, which every processor has."""
    return CosineRecipe(name, 250, epochs, 16, 32_000, lr, loss=loss, early_stop=epochs)


LIVE_LEVELS_DB = (-45.0, -12.0)  # re full scale: what a microphone gives, since no later level can be waited for
RECURRENT = (("hidden", 200), ("layers", 2))
BIDIRECTIONAL = (*RECURRENT, ("bidirectional", True))
LONG = (("hidden", 256), ("layers", 2))
SMALL_UNET = (
    ("channels", (16, 32, 48, 64, 64)), ("target", "complex"), ("hop", 256), ("pool_time", False), ("gru", 128),
)  # fmt: skip
SMALL_TASNET = (("N", 128), ("L", 64), ("B", 64), ("H", 128), ("Sc", 64), ("X", 7), ("R", 2))
SMALL_DCCRN = (("channels", (16, 32, 32, 64, 64)), ("hop", 256), ("win_length", 512))
NARROW = (("hidden", 128), ("layers", 2))
ROOM_RECIPE = CosineRecipe(
    "room_network open", 150, 12, 16, 32_000, 2e-3, loss="compressed", early_stop=12, precision="float32"
)
LOSSES = ("spectral_mse", "si", "mrstft", "stoi", "compressed")


# What one core can train in some eight minutes: the papers' networks, far narrower and for a few hundred steps.
SMALL_DEMUCS = (("H", 16), ("U", 2))
SMALL_WAVENET = (("channels", 16), ("skip", 16), ("final", (64, 32)), ("stacks", 2))
SMALL_SEGAN = (("channels", (8, 16, 16, 32, 32, 64, 64, 128)), ("peak", 8.0))  # ±1 of its tanh is 8 times the RMS
SMALL_SCORE = (("channels", (16, 24, 32, 48)), ("blocks", 1), ("features", 64), ("hop", 255), ("beta", 0.06),
               ("steps", 5))  # fmt: skip


def _wave_recipe(name: str, steps: int, epochs: int, batch: int, window: int, loss: str) -> CosineRecipe:
    """float32, and a rate that ends near 0."""
    return CosineRecipe(name, steps, epochs, batch, window, 1e-3, loss=loss, early_stop=epochs)


def _gan_networks(profile: str, steps: int, epochs: int, batch: int, options: tuple) -> tuple:
    """SEGAN, its generator without the adversary, and without the distance; all else the same."""
    common = dict(loss="compressed", early_stop=epochs, clip_norm=None)

    def game(name: str, distance: float) -> GanNetwork:
        recipe = GanRecipe(f"{name} {profile}", steps, epochs, batch, 16_384, 2e-4, distance=distance, **common)
        return GanNetwork("segan", recipe, options)

    alone = CosineRecipe(f"segan_l1 {profile}", steps, epochs, batch, 16_384, 2e-4, **{**common, "loss": "l1"})
    return (
        ("segan", game("segan", 100.0)),
        ("segan_l1", Network("segan", alone, options)),
        ("segan_adversary", game("segan_adversary", 0.0)),
    )


def _multitask_networks(profile: str, steps: int, epochs: int, batch: int) -> tuple:
    """The recurrent mask with a voice detector as its second task, and without; all else the same."""

    def recipe(name: str, loss: str) -> CosineRecipe:
        return CosineRecipe(f"{name} {profile}", steps, epochs, batch, 32_000, 1e-3, loss=loss, early_stop=epochs)

    return (
        ("multitask", Network("voiced_mask", recipe("multitask", "compressed+voice"), RECURRENT)),
        ("multitask_none", Network("recurrent_mask", recipe("multitask_none", "compressed"), RECURRENT)),
    )


# a quarter of the paper's channels, one two-stage block of its four, and frames twice as far apart: what one core can
# train in forty minutes, and run at a fifth of real time
SMALL_CMGAN = (("channels", 16), ("blocks", 1), ("heads", 2), ("hop", 200))
CMGAN_SIZES = (4, 16_000, 1e-3)  # batch, window, first learning rate


def _cmgan_networks(profile: str, steps: int, epochs: int, options: tuple, **judged: object) -> tuple:
    """CMGAN with its discriminator, and the same without it; for each step the same windows and no other loss."""
    batch, window, lr = CMGAN_SIZES
    common = dict(loss="cmgan", clip_norm=5.0, early_stop=epochs)
    named = (f"{name} {profile}" for name in ("cmgan", "cmgan_plain"))
    both = AdversarialRecipe(next(named), steps, epochs, batch, window, lr, **common, **judged)
    alone = CosineRecipe(next(named), steps, epochs, batch, window, lr, **common)
    return tuple((name, WindowedNetwork("cmgan", recipe, options))
                 for name, recipe in (("cmgan", both), ("cmgan_plain", alone)))


def _loss_networks(profile: str, steps: int, epochs: int, batch: int, options: tuple) -> tuple:
    """One small network under each loss, all else the same."""
    recipes = {f"loss_{loss}": _recipe(f"loss_{loss} {profile}", steps, epochs, batch, loss) for loss in LOSSES}
    return tuple((name, Network("recurrent_mask", recipe, options)) for name, recipe in recipes.items())


QUICK = Setup(
    name="quick",
    data="embedded samples",
    networks=(
        ("unet", Network("unet", _recipe("unet quick", 10, 2, 4), (("channels", (8, 16, 16)), ("hop", 256)))),
        ("recurrent", Network("recurrent", _recipe("recurrent quick", 15, 2, 8), (("hidden", 64),))),
        ("recurrent_mask", Network("recurrent_mask", _recipe("recurrent_mask quick", 20, 2, 8), (("hidden", 64),))),
        ("conv_tasnet", Network("conv_tasnet", _recipe("conv_tasnet quick", 10, 2, 2, "si"),
                                (("N", 32), ("L", 64), ("B", 16), ("H", 32), ("Sc", 16), ("X", 4), ("R", 1)))),
        ("dccrn", Network("dccrn", _recipe("dccrn quick", 10, 2, 2),
                          (("channels", (8, 16, 16)), ("hop", 256), ("win_length", 512)))),
        *_loss_networks("quick", 10, 1, 8, (("hidden", 32), ("layers", 1))),
        *_cmgan_networks("quick", 3, 1, (("channels", 4), ("blocks", 1), ("heads", 1), ("hop", 200)),
                         discriminator_channels=4, workers=0),
    ),
    test_snrs=(0, 10),
    utterances=4,
    seeds=(0,),
)  # fmt: skip

# A patient CPU: small networks, and some minutes of one core for each; the recurrent mask, which learns most
# in a minute of a CPU, gets several times as many.
OPEN = Setup(
    name="open",
    data="speech commands and studio prompts in environmental noise",
    networks=(
        ("unet", Network("unet", _recipe("unet open", 100, 10, 8), SMALL_UNET)),
        ("recurrent", Network("recurrent", _recipe("recurrent open", 200, 9, 16), BIDIRECTIONAL)),
        ("recurrent_mask", Network("recurrent_mask", _recipe("recurrent_mask open", 250, 24, 16), RECURRENT)),
        ("conv_tasnet", Network("conv_tasnet", _recipe("conv_tasnet open", 100, 10, 4, "si"), SMALL_TASNET)),
        ("dccrn", Network("dccrn", _recipe("dccrn open", 80, 10, 8), SMALL_DCCRN)),
        *_loss_networks("open", 100, 4, 16, RECURRENT),
        ("recurrent_mask_long", VariedNetwork("recurrent_mask", _long_recipe("recurrent_mask_long open", 24), LONG)),
        ("light_mask", VariedNetwork("light_mask", _live_recipe("light_mask open", 24, "compressed+bounded", 2e-3),
                                     scaling="none", levels_db=LIVE_LEVELS_DB)),
        ("rnnoise_own", VariedNetwork("rnnoise_own", _live_recipe("rnnoise_own open", 11, "band_gains", 1e-3),
                                      scaling="none", levels_db=LIVE_LEVELS_DB)),
        # the paper's network has 64 maps; an eighth is what one core can train, and run at a fifth of real time
        ("residual", FrameNetwork("residual", SgdRecipe("residual open", 200, 16, 64, 5840, 0.01, loss="middle_frame",
                                                        clip_norm=None, plateau_factor=0.5, plateau_patience=2),
                                  (("maps", 8), ("bf16", True)))),
        ("demucs", Network("demucs", _wave_recipe("demucs open", 60, 10, 8, 32_000, "l1+mrstft"), SMALL_DEMUCS)),
        ("wavenet", Network("wavenet", _wave_recipe("wavenet open", 42, 10, 8, 8192, "l1"), SMALL_WAVENET)),
        *_gan_networks("open", 26, 10, 8, SMALL_SEGAN),
        ("score_diffusion", SampledNetwork(
            "score_unet", _wave_recipe("score_diffusion open", 44, 10, 8, 16_384, "score"), SMALL_SCORE)),
        *_multitask_networks("open", 100, 4, 16),
        *_cmgan_networks("open", 100, 16, SMALL_CMGAN),
        ("room_network", RoomNetwork("recurrent_mask", ROOM_RECIPE, NARROW)),
    ),
    loss_seeds=(0, 1, 2),
)  # fmt: skip

SETUPS = {setup.name: setup for setup in (QUICK, OPEN)}


def setup_of(profile: str) -> Setup:
    """The setup of a profile.

    Raises:
        ConfigError: unknown, or "paper": the text trains nothing, so there is no schedule of its own to repeat.
    """
    return SETUPS[known("profile", profile, SETUPS)]
