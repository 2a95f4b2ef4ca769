"""The experiment of the emotion chapter as code: corpus × features × training × front end, one cell each."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from biosig.backends import svm
from biosig.backends.features import SETS
from biosig.metrics.speech import MEASURES
from biosig.papers import neural
from biosig.papers.comparison import Makers
from biosig.papers.experiment import Experiment
from biosig.papers.se_for_ser import front_ends
from biosig.papers.se_for_ser.naming import CORPORA, FEATURES, FRONTS, NOISY, QUALITY, quality_of, system_of
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
AROUSAL = {f"arousal_{training}_{front}": (training, front) for training in ("clean", "multi") for front in EVERYWHERE}
AROUSAL_TRAININGS = {"clean": "trained on clean sessions", "multi": "trained at one SNR behind the same front end"}
MEASURED = {quality_of(corpus, front): (corpus, front) for corpus in CORPORA for front in FRONTS}


class SeForSer(Experiment):
    """The protocol of "Towards robust speech emotion recognition using deep residual networks for enhancement"."""

    name = "se_for_ser"
    title = "Speech enhancement as a front end of emotion recognition"
    systems = {
        **{name: described(*parts) for name, parts in RECOGNISED.items()},
        **{name: f"{CORPORA[corpus]}: PESQ, STOI, SI-SDR of {FRONTS[front]}" for name, (corpus, front) in
           MEASURED.items()},
        **{name: f"simulated arousal, {AROUSAL_TRAININGS[training]}; before it: {FRONTS[front]}" for
           name, (training, front) in AROUSAL.items()},
    }  # fmt: skip
    setups = SETUPS
    trained = AROUSAL
    data = {"quick": (), "open": ("emodb", "nemo", TEST_NOISES, *TRAINING_NOISES)}
    samples = "EMOTIONS.toml"

    def measures(self, setup: Setup) -> dict:
        """A prediction is right or wrong; what is heard has a version for each measure."""
        return {"correct": PREDICTION, **{name: MEASURES[name].variant for name in QUALITY}}

    def seeds(self, setup: Setup, system: str) -> Sequence[int]:
        """None where the profile does not have the cell, or its front end is not published yet."""
        return super().seeds(setup, system) if _has(setup, system) else ()

    def config(self, setup: Setup, system: str, seed: int) -> dict:
        """As everywhere, and how much of which corpus, behind which front end, told by what."""
        corpus, *_, front = _parts(system)
        common = self.common(setup, system)
        common["front_end"] = front if front == NOISY else [front, front_ends.version(front)]
        if system in AROUSAL:
            told = asdict(setup.arousal)
            told["recipe"]["seed"] = seed
            return common | {"arousal": told, "training": AROUSAL[system][0], "metrics": "sums for a pooled CCC, 1"}
        use = setup.use(corpus)
        found = common | {"metrics": self.measures(setup), "corpus": corpus, "per_class": use.per_class}
        if system in MEASURED:
            return found | {"heard": use.heard}
        _, features, training, _ = RECOGNISED[system]
        machine = {"costs": svm.COSTS, "widths": svm.WIDTHS, "chosen_on": "the next speaker"}
        return found | {"features": SETS[features][0], "training": training, "svm": machine}

    def corpora(self, cell: Cell) -> tuple[str, ...]:
        """The corpus of the cell and the noises it meets."""
        if cell.profile == "quick":
            return ()
        if cell.system in AROUSAL:
            return self.data[cell.profile]
        parts = _parts(cell.system)
        trained_in_noise = len(parts) > 2 and parts[2] != "clean"
        return (parts[0], TEST_NOISES, *(TRAINING_NOISES if trained_in_noise else ()))

    def items(self, cell: Cell, network: neural.System | None, device: str, progress: bool) -> list[Item]:
        """Predictions of a recogniser, or measures of what it hears."""
        from biosig.papers.se_for_ser.recognise import Bench, predictions, quality

        if cell.system in AROUSAL:
            from biosig.papers.se_for_ser.arousal_cells import items

            return items(network, AROUSAL[cell.system][1], setup_of(cell.profile), device)
        bench = partial(Bench, setup_of(cell.profile), device=device, progress=progress)
        if cell.system in MEASURED:
            corpus, front = MEASURED[cell.system]
            return quality(bench(corpus, "egemaps", front))
        corpus, features, training, front = RECOGNISED[cell.system]
        return predictions(bench(corpus, features, front), training)

    def train(self, cell: Cell, folder: Path, device: str, progress: bool) -> neural.Trained:
        """The regressors of a cell of simulated arousal; the two cells that train on clean sessions share theirs."""
        from biosig.papers.se_for_ser.arousal_cells import regressors

        training, front = AROUSAL[cell.system]
        return regressors(training, front, setup_of(cell.profile), cell.seed, folder.parent, device, progress)

    def makers(self, profile: str, store: CellStore) -> Makers:
        """Every table of the chapter, from whatever the store holds."""
        from biosig.papers.se_for_ser import tables

        return tables.makers(self, profile, store)


PROTOCOL = SeForSer()


def _parts(system: str) -> tuple[str, ...]:
    return MEASURED.get(system) or AROUSAL.get(system) or RECOGNISED[system]


def _has(setup: Setup, system: str) -> bool:
    corpus, *_, front = parts = _parts(system)
    if system in AROUSAL:
        return setup.arousal is not None and front_ends.available(front)
    if corpus not in dict(setup.corpora) or not front_ends.available(front):
        return False
    if system not in MEASURED and not (parts[1] in setup.features and parts[2] in setup.trainings):
        return False
    return front in setup.use(corpus).fronts
