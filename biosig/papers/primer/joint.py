"""The fourth experiment: an enhancer and a small recogniser trained together, against training them apart.

The recogniser tells the phones of the TIMIT sample, the only speech here with hand-made phones of many people: eight
minutes, so it stays a small recogniser, and its error rate a high one. People take turns in four folds; who is tested
was heard neither by the recogniser nor by the enhancer. Sentences that everyone reads are not tested.

- *separate*: the recogniser learns clean speech; in front of it, at test, the published enhancer or nothing.
- *multi*: no enhancer; the recogniser learns speech in noise.
- *behind*: the recogniser learns speech in noise as the published enhancer, frozen, leaves it.
- *joint*: the same, but the enhancer learns with it: loss = CTC + weight · enhancement.
- *ctc only*: joint without the second term.

All take equally many steps of the recogniser, over the same mixtures in the same order.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from tqdm import tqdm

from biosig.corpora.registry import locate
from biosig.corpora.splits import Split, split
from biosig.corpora.timit_phones import PHONES
from biosig.files import sha256
from biosig.metrics.recognition import word_errors
from biosig.metrics.speech import MEASURES, score_speech
from biosig.papers import data
from biosig.papers.neural import is_published, published
from biosig.papers.primer import sources
from biosig.papers.primer.recognition import amounts, clean_case
from biosig.papers.primer.sources import FS
from biosig.papers.primer.voices import Case, mixed
from biosig.results.items import Item
from biosig.signal.types import Recording
from biosig.training.recipe import CosineRecipe

PREFIX, SPLIT, FOLDS = "ctc_", "timit_sample_phones", (0, 1, 2, 3)
CORPORA = ("timit_sample", *sources.HEARD_NOISES, "emgse_noise")
ENHANCER = "recurrent_mask"  # published; trained by this chapter on other speech
KINDS = {
    "separate": "the recogniser trained on clean speech",
    "multi": "the recogniser trained in noise, without an enhancer",
    "behind": "the recogniser trained in noise behind the frozen enhancer",
    "joint": "enhancer and recogniser trained together, CTC + enhancement",
    "only": "enhancer and recogniser trained together, CTC alone",
}
FRONTS = {"separate": ("none", "enhancer"), "multi": ("none",)}  # what is in front of the recogniser at test
VERSION = "1; 38 phones, silences and closures left out, greedy"
HEARD, HEARD_SNR = ("pesq_wb", "si_sdr_db"), "5"  # of what the recogniser hears


@dataclass(frozen=True)
class JointRecipe(CosineRecipe):
    """How a chain is trained; the field ``loss`` is its enhancement term.

    Attributes:
        weight: of the enhancement term beside CTC's loss per phone.
        slower: the learning rate of the enhancer, which has learnt already, relative to the recogniser's.
        snrs_db: of the training mixtures, drawn evenly.
        clean_share: of training utterances without noise.
        stretch: largest change of an utterance's speed.
    """

    weight: float = 0.0
    slower: float = 0.1
    snrs_db: tuple[float, float] = (-5.0, 20.0)
    clean_share: float = 0.1
    stretch: float = 0.1


@dataclass(frozen=True)
class Plan:
    """What the experiment is made of.

    Attributes:
        steps, epochs, batch, lr: of every training.
        weight: of the enhancement term in "joint"; with 50 it begins as large as CTC's term ends.
        channels, blocks: of the recogniser.
        snrs_db: of the test mixtures, in noises that nothing was trained with; each sentence also without noise.
        validation_snrs_db: they take turns.
        stream: the version of the training stream; raised when its draws change.
    """

    steps: int = 35
    epochs: int = 8
    batch: int = 8
    lr: float = 2e-3
    weight: float = 50.0
    channels: int = 128
    blocks: int = 6
    snrs_db: tuple[float, ...] = (0, 5, 10)
    validation_snrs_db: tuple[float, ...] = (0, 5, 10, 20)
    stream: int = 1


PLAN = Plan()


def config(system: str) -> dict:
    """All that decides the numbers of a fold's cell of ``ctc_<system>``."""
    found = {
        "experiment": "joint 1",
        "plan": asdict(PLAN),
        "network": asdict(recipe(system, 0)),
        "data_files": data.hashes(data_files()),
        "metrics": {"phones": VERSION, **{name: MEASURES[name].variant for name in HEARD}},
    }
    return found | ({} if system == "multi" else {"checkpoint": sha256(published("primer", ENHANCER))})


def recipe(system: str, fold: int) -> JointRecipe:
    """How a system is trained in a fold."""
    return JointRecipe(
        f"{PREFIX}{system} fold {fold}",
        PLAN.steps,
        PLAN.epochs,
        PLAN.batch,
        lr=PLAN.lr,
        loss="compressed",
        clip_norm=5.0,
        early_stop=PLAN.epochs,
        weight=PLAN.weight if system == "joint" else 0.0,
        clean_share=1.0 if system == "separate" else JointRecipe.clean_share,
    )


def available(system: str) -> bool:
    """Whether a system can be trained: all but one begin with the published enhancer."""
    return system == "multi" or is_published("primer", ENHANCER)


def title(system: str) -> str:
    """What a system of this experiment is, for a list."""
    return f"phones recognised: {KINDS[system]}"


def data_files() -> list[Path]:
    """The committed files that say which data this experiment uses, its folds among them."""
    from biosig.corpora import splits

    return [*data.data_files(CORPORA), Path(splits.__file__).parent / f"{SPLIT}.json"]


def fold_of(number: int) -> Split:
    """Who trains, validates and tests in a fold."""
    return split(SPLIT, f"fold{number}")


# --- speech ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def speech(people: tuple[str, ...]) -> tuple[Recording, ...]:
    """All sentences of these people."""
    from biosig.corpora import timit_sample

    return tuple(timit_sample.utterances(locate("timit_sample"), people))


@lru_cache(maxsize=1024)
def phones(item: str) -> tuple[str, ...]:
    """The phones of a sentence, whatever mixture it is in."""
    from biosig.corpora import timit_sample
    from biosig.corpora.timit_phones import folded

    labels = timit_sample.labels(locate("timit_sample"), item.partition("@")[0])
    return tuple(folded(each.text for each in labels.phones))


def own(recordings: tuple[Recording, ...]) -> list[Recording]:
    """Without the two sentences that everyone reads."""
    from biosig.corpora.timit_sample import SHARED

    return [each for each in recordings if each.channel not in SHARED]


def training_speech(fold: int) -> list[Recording]:
    """The sentences of a fold's training people, without those that somebody tested reads too."""
    people = fold_of(fold)
    tested = {each.channel for each in own(speech(people.test.subjects))}
    return [each for each in speech(people.train.subjects) if each.channel not in tested]


@lru_cache(maxsize=2)  # every system of a fold asks for the same
def cases(fold: int) -> tuple[Case, ...]:
    """A fold's test sentences without noise, and at every SNR in noises that nothing was trained with."""
    tested = own(speech(fold_of(fold).test.subjects))
    drawn = sources.Sources(tuple(tested), tuple(sources.unseen_noises()))
    return (*map(clean_case, tested), *mixed(drawn, PLAN.snrs_db))


# --- scoring --------------------------------------------------------------------------------------------------------


def evaluate(system: str, chain, fold: int, progress: bool = True) -> list[Item]:
    """The counts of phones and errors of every test sentence, and at one SNR how what was recognised sounds.

    Args:
        chain: the trained :class:`biosig.papers.primer.joint_train.Phones`.
    """
    items: list[Item] = []
    for case in tqdm(cases(fold), desc=f"{PREFIX}{system}: recognising", disable=not progress):
        for front in FRONTS.get(system, ("enhancer",)):
            items += scored(case, chain, front)
    return items


def scored(case: Case, chain, front: str) -> Iterator[Item]:
    """The items of one sentence behind the enhancer or without it."""
    started = time.perf_counter()
    estimate, heard = chain(case.noisy, with_enhancer=front == "enhancer")
    seconds = time.perf_counter() - started
    conditions = dict(case.conditions) | {"front": front}
    item, said = f"{case.item}/{front}", " ".join(phones(case.item))
    found = amounts("phone", word_errors(said, " ".join(heard)))
    for metric, value in found.items():
        yield Item(item, case.subject, metric, VERSION, float(value), "", conditions, seconds)
    if conditions["snr_db"] == HEARD_SNR and front == "enhancer":
        for score in score_speech(case.clean, estimate, FS, HEARD, max_delay_s=0):
            yield Item(item, case.subject, score.metric, score.version, score.value, score.reason, conditions)


def classes() -> int:
    """How many the recogniser tells apart, with CTC's blank."""
    return len(PHONES) + 1
