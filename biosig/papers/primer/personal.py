"""Does it help to know the voice? The published enhancer, adapted to one actor, against the same steps on other voices.

The nine actors of nEMO say the same sentences, and no network of this chapter has heard them or their language. A few
minutes of one actor, neutral, adapt the enhancer; other sentences by the same actor test it, in noises that nothing was
trained with. Which sentences do what is decided by lot from their names, once for all actors, so that no one's test
sentence is heard from anybody in adaptation.

- *none*: the published enhancer as it is.
- *more*: further steps on the speech that it was trained on.
- *others*: as many steps on the same sentences of nEMO, said by the other eight actors.
- *own*: as many steps on them, said by the actor who is tested.

What *own* has over *others* is the voice, and its place and microphone where these differ, which the corpus does not
tell; what *others* has over *more* is the corpus; what *more* has over *none* is steps. Each keeps the epoch that is
best on held-out sentences of those that it hears. Nothing is published.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

from biosig.corpora.nemo import SPEAKERS
from biosig.corpora.registry import locate
from biosig.files import sha256
from biosig.metrics.speech import MEASURES
from biosig.papers import data
from biosig.papers.neural import System, is_published, published
from biosig.papers.primer import mixtures, sources
from biosig.papers.primer.profiles import UNSEEN_SNRS
from biosig.papers.primer.score import evaluate
from biosig.papers.primer.systems import load_system, unprocessed
from biosig.results.items import Item
from biosig.seeds import lot
from biosig.signal.types import Mixture, Recording
from biosig.training.recipe import CosineRecipe

PREFIX = "personal_"
ENHANCER = "recurrent_mask"  # published; trained by this chapter on other speech
KINDS = {
    "noisy": "the unprocessed input",
    "none": "the published recurrent mask",
    "more": "the published recurrent mask after further steps on its own training speech",
    "others": "the published recurrent mask after as many steps on other people of the corpus",
    "own": "the published recurrent mask after as many steps on the person who is tested",
}
ADAPTED = ("more", "others", "own")
TESTED_ON = ("nemo", "emgse_noise")
SET, METRICS = "personal", ("pesq_wb", "stoi", "si_sdr_db")
TEST, VALIDATION, ADAPTATION = "test", "validation", "adaptation"


@dataclass(frozen=True)
class Plan:
    """What the experiment is made of.

    Attributes:
        test, validation, adaptation: how many sentences of each person.
        emotion: in which they are said.
        steps, epochs, batch, window, lr: of every adaptation; a fifth of the rate that the enhancer was trained with.
        snrs_db: of the test mixtures.
        stream: the version of its draws.
    """

    test: int = 4
    validation: int = 10
    adaptation: int = 60
    emotion: str = "neutral"
    steps: int = 20
    epochs: int = 4
    batch: int = 8
    window: int = 32_000
    lr: float = 2e-4
    snrs_db: tuple[float, ...] = UNSEEN_SNRS
    stream: int = 1


OPEN = Plan()
QUICK = Plan(test=2, validation=1, adaptation=2, steps=4, epochs=2, batch=4, window=16_000, snrs_db=(0,))


def recipe(kind: str, person: str, seed: int = 0, plan: Plan = OPEN) -> CosineRecipe:
    """How a kind of adaptation goes for a person."""
    return CosineRecipe(f"{PREFIX}{kind} {person}", plan.steps, plan.epochs, plan.batch, plan.window, plan.lr,
                        loss="compressed", early_stop=plan.epochs, seed=seed)  # fmt: skip


def config(kind: str, seed: int) -> dict:
    """All that decides the numbers of the cell ``personal_<kind>`` of a seed."""
    found = {
        "experiment": "personal 1",
        "plan": asdict(OPEN),
        "data_files": data.hashes(data_files(kind)),
        "metrics": {SET: {name: MEASURES[name].variant for name in METRICS}},
    }
    if kind in ADAPTED:
        found["network"] = asdict(replace(recipe(kind, "", seed), name=f"{PREFIX}{kind}"))
    return found | ({} if kind == "noisy" else {"checkpoint": sha256(published("primer", ENHANCER))})


def available(kind: str) -> bool:
    """Whether a kind can be run: all but the input begin with the published enhancer."""
    return kind == "noisy" or is_published("primer", ENHANCER)


def corpora(kind: str) -> tuple[str, ...]:
    """What a kind reads."""
    return (*TESTED_ON, *sources.TRAINING) if kind in ADAPTED else TESTED_ON


def data_files(kind: str) -> list[Path]:
    """The committed files that say which data a kind uses."""
    return data.data_files(corpora(kind))


# --- sentences --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def spoken(emotion: str) -> dict[str, dict[str, Recording]]:
    """Person → sentence → the recording of it."""
    from biosig.corpora import nemo

    found: dict[str, dict[str, Recording]] = {person: {} for person in SPEAKERS}
    for each in nemo.utterances(locate("nemo"), [emotion]):
        found[each.subject][sentence_of(each.item)] = each
    return found


def sentence_of(item: str) -> str:
    """Which sentence a recording is of: "13" of "nemo/EB0_anger_13"."""
    return item.rpartition("_")[2]


def parts(sentences: set[str], plan: Plan = OPEN) -> dict[str, list[str]]:
    """Which sentences test, validate and adapt, by lot from their names alone: none does two of it."""
    drawn = sorted(sentences, key=lambda sentence: lot("personal sentence", sentence))
    ends = (0, plan.test, plan.test + plan.validation, plan.test + plan.validation + plan.adaptation)
    names = (TEST, VALIDATION, ADAPTATION)
    return {name: drawn[low:high] for name, low, high in zip(names, ends[:-1], ends[1:], strict=True)}


def speech(person: str, part: str, plan: Plan = OPEN) -> list[Recording]:
    """A part of a person's sentences."""
    said = spoken(plan.emotion)
    return [said[person][sentence] for sentence in parts(common(said), plan)[part]]


def speech_of_others(person: str, part: str, plan: Plan = OPEN) -> list[Recording]:
    """The same sentences, each said by one of the others, who are drawn by lot."""
    said = spoken(plan.emotion)
    return [said[other(person, sentence)][sentence] for sentence in parts(common(said), plan)[part]]


def common(said: dict[str, dict[str, Recording]]) -> set[str]:
    """The sentences that there are of everybody."""
    return set.intersection(*(set(own) for own in said.values()))


def other(person: str, sentence: str) -> str:
    """Whose reading of a sentence stands in for a person's."""
    return min((who for who in SPEAKERS if who != person), key=lambda who: lot("personal other", person, sentence, who))


def minutes(recordings: list[Recording]) -> float:
    """How long they last together."""
    return sum(each.seconds for each in recordings) / 60


# --- scoring ----------------------------------------------------------------------------------------------------------


def test(person: str, plan: Plan = OPEN) -> list[Mixture]:
    """A person's test sentences in noises that nothing was trained with, at every SNR."""
    drawn = sources.Sources(tuple(speech(person, TEST, plan)), tuple(sources.unseen_noises()))
    return mixtures.test_mixtures(drawn, plan.snrs_db, SET)


def measured(kind: str, of: Mapping[str, System] | None, progress: bool = True) -> list[Item]:
    """Every measure of every test mixture of everybody.

    Args:
        of: person → the system for that person; None for the kinds that need no training.
    """
    if of is None:
        same = unprocessed if kind == "noisy" else enhancer()
        of = dict.fromkeys(SPEAKERS, same)
    items: list[Item] = []
    for person in SPEAKERS:
        items += evaluate(of[person], test(person), {SET: METRICS}, f"{PREFIX}{kind} {person}", progress)
    return items


def enhancer() -> System:
    """The published enhancer as a system."""
    return load_system(ENHANCER)
