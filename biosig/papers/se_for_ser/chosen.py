"""What this chapter chose where the paper is silent, told by the settings themselves."""

from collections.abc import Iterable, Mapping

from biosig.backends import svm
from biosig.corpora.registry import card
from biosig.papers.contests import listed
from biosig.papers.primer import profiles, sources
from biosig.papers.se_for_ser.profiles import SETUPS
from biosig.papers.se_for_ser.sources import TEST_NOISES, TRAINING_NOISES

PAPERS_MAPS = 64


def chosen(profile: str) -> Mapping[str, str]:
    """Name of a choice → what is done here; the enhancement network is the published one, of the open profile."""
    if profile == "paper":
        return {}
    return {
        "training_length": training_length(),
        "speech": f"of {titles(name for name in sources.TRAINING if name not in TRAINING_NOISES)}",
        "noise": noise(profile),
        "filters": filters(profile),
        "svm": f"C of {numbers(svm.COSTS)} and γ of {numbers(svm.WIDTHS)} over the number of features, chosen on one "
        "of the training people; each class weighs alike",
    }


def training_length() -> str:
    """How long, and how wide, the enhancement network is trained."""
    network = profiles.SETUPS["open"].network("residual")
    recipe, maps = network.recipe, dict(network.options).get("maps", PAPERS_MAPS)
    return (
        f"at most {recipe.max_epochs} epochs of {recipe.steps_per_epoch} steps, each of {recipe.batch} frames; "
        f"{maps} maps in the first blocks, {PAPERS_MAPS} in the paper"
    )


def filters(profile: str) -> str:
    """How "20 and 40 filter banks" is read, and how much narrower than that a profile's network is."""
    read = "20 and 40 are numbers of filters, of lengths 20 and 40; the earlier code's network under a name of its own"
    arousal = SETUPS[profile].arousal
    if arousal is None or not arousal.options:
        return read
    options = dict(arousal.options)
    first, second = options["filters"]
    return f"{read}; trained here with {first} and {second} filters, LSTMs of {options['hidden']}"


def noise(profile: str) -> str:
    """Where the noises come from."""
    if profile == "quick":
        return "embedded noises, those of the test apart"
    return f"training: {titles(TRAINING_NOISES)}; test: {card(TEST_NOISES).title}"


def titles(names: Iterable[str]) -> str:
    """Of corpora."""
    return listed([card(name).title for name in names])


def numbers(values: Iterable[float]) -> str:
    """ "1, 3 or 10"."""
    *first, last = (f"{value:g}" for value in values)
    return f"{', '.join(first)} or {last}" if first else last
