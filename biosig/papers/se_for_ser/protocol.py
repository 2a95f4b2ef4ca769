"""The experiment of the emotion chapter as code: corpus × features × training × front end, one cell each."""

from collections.abc import Sequence
from functools import partial

from biosig.backends import svm
from biosig.backends.features import SETS
from biosig.metrics.speech import MEASURES
from biosig.papers import neural
from biosig.papers.comparison import Makers
from biosig.papers.experiment import Experiment
from biosig.papers.se_for_ser import front_ends
from biosig.papers.se_for_ser.naming import CORPORA, FEATURES, FRONTS, QUALITY, quality_of, system_of
from biosig.papers.se_for_ser.profiles import EVERYWHERE, SETUPS, Setup, setup_of
from biosig.papers.se_for_ser.sources import TEST_NOISES, TRAINING_NOISES
from biosig.results.items import Cell, CellStore, Item
from biosig.results.predictions import VERSION as PREDICTION

TRAININGS = {
    "clean": "trained on clean speech",
    "matched": "trained at the test's SNR behind the same front end",
    "multi": "trained on clean speech and on many SNRs behind the same front end",
}


def described(corpus: str, features: str, training: str, front: str) -> str:
    """What a cell is, in words."""
    return f"{CORPORA[corpus]}, {FEATURES[features]} and an SVM {TRAININGS[training]}; before it: {FRONTS[front]}"


RECOGNISED = {
    system_of(corpus, features, training, front): (corpus, features, training, front)
    for corpus in CORPORA
    for features in FEATURES
    for training in TRAININGS
    for front in (FRONTS if training == "clean" else EVERYWHERE)
}
MEASURED = {quality_of(corpus, front): (corpus, front) for corpus in CORPORA for front in FRONTS}


class SeForSer(Experiment):
    """The protocol of "Towards robust speech emotion recognition using deep residual networks for enhancement"."""

    name = "se_for_ser"
    title = "Speech enhancement as a front end of emotion recognition"
    systems = {
        **{name: described(*parts) for name, parts in RECOGNISED.items()},
        **{name: f"{CORPORA[corpus]}: PESQ, STOI, SI-SDR of {FRONTS[front]}" for name, (corpus, front) in
           MEASURED.items()},
    }  # fmt: skip
    setups = SETUPS
    data = {"quick": (), "open": ("emodb", "nemo", TEST_NOISES, *TRAINING_NOISES)}
    samples = "EMOTIONS.toml"

    def measures(self, setup: Setup) -> dict:
        """A prediction is right or wrong; what is heard has a version for each measure."""
        return {"correct": PREDICTION, **{name: MEASURES[name].variant for name in QUALITY}}

    def seeds(self, setup: Setup, system: str) -> Sequence[int]:
        """One, or none where the profile does not have the cell, or its network is not published yet."""
        return (0,) if _has(setup, system) else ()

    def config(self, setup: Setup, system: str, seed: int) -> dict:
        """As everywhere, and how much of which corpus, behind which front end, told by what."""
        corpus, *_, front = _parts(system)
        use = setup.use(corpus)
        found = super().config(setup, system, seed) | {
            "corpus": corpus,
            "per_class": use.per_class,
            "front_end": front if front == "none" else [front, front_ends.version(front)],
        }
        if system in MEASURED:
            return found | {"heard": use.heard}
        _, features, training, _ = RECOGNISED[system]
        machine = {"costs": svm.COSTS, "widths": svm.WIDTHS, "chosen_on": "the next speaker"}
        return found | {"features": SETS[features][0], "training": training, "svm": machine}

    def corpora(self, cell: Cell) -> tuple[str, ...]:
        """The corpus of the cell and the noises it meets."""
        if cell.profile == "quick":
            return ()
        parts = _parts(cell.system)
        trained_in_noise = len(parts) > 2 and parts[2] != "clean"
        return (parts[0], TEST_NOISES, *(TRAINING_NOISES if trained_in_noise else ()))

    def items(self, cell: Cell, network: neural.System | None, device: str, progress: bool) -> list[Item]:
        """Predictions of a recogniser, or measures of what it hears."""
        from biosig.papers.se_for_ser.recognise import Bench, predictions, quality

        bench = partial(Bench, setup_of(cell.profile), device=device, progress=progress)
        if cell.system in MEASURED:
            corpus, front = MEASURED[cell.system]
            return quality(bench(corpus, "egemaps", front))
        corpus, features, training, front = RECOGNISED[cell.system]
        return predictions(bench(corpus, features, front), training)

    def makers(self, profile: str, store: CellStore) -> Makers:
        """Every table of the chapter, from whatever the store holds."""
        from biosig.papers.se_for_ser import tables

        return tables.makers(self, profile, store)


PROTOCOL = SeForSer()


def _parts(system: str) -> tuple[str, ...]:
    return MEASURED.get(system) or RECOGNISED[system]


def _has(setup: Setup, system: str) -> bool:
    corpus, *_, front = parts = _parts(system)
    if corpus not in dict(setup.corpora) or not front_ends.available(front):
        return False
    if system not in MEASURED and not (parts[1] in setup.features and parts[2] in setup.trainings):
        return False
    return front in setup.use(corpus).fronts
