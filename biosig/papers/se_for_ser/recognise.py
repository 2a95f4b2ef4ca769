"""From utterances to predictions: noise, front end, openSMILE, support vector machine, one speaker left out.

Three ways to train (section 4 of the paper): on clean speech, whatever the test brings ("clean", the paper's mismatched
conditions); on speech of the test's own SNR through the same front end ("matched"); and, which the paper does for
RECOLA only, on clean speech together with speech at SNRs drawn by lot ("multi").
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from biosig.backends.features import features_of
from biosig.backends.loso import loso
from biosig.cache import ArrayCache
from biosig.metrics.speech import score_speech
from biosig.papers.primer.voices import Case
from biosig.papers.scoring import item_of
from biosig.papers.se_for_ser.front_ends import FrontEnd, front_end
from biosig.papers.se_for_ser.naming import CLEAN, NOISY, QUALITY
from biosig.papers.se_for_ser.profiles import Setup
from biosig.papers.se_for_ser.sources import TEST, TRAIN, drawn, in_noise, kind, noise_of, utterances
from biosig.results.items import Item
from biosig.results.predictions import prediction
from biosig.seeds import rng_for
from biosig.signal.types import Mixture, Recording

Versions = Mapping[str, np.ndarray]  # condition → features (n, d), utterance by utterance
FAINT = 1e-4  # of the noise that stands for an utterance of which a front end left nothing


@dataclass(frozen=True)
class Bench:
    """One corpus, one set of features and one front end.

    Attributes:
        setup: of the profile.
        corpus, which, front: names of :mod:`biosig.papers.se_for_ser.naming`.
        device: of a front end that is a network.
        progress: show a bar for each condition.
    """

    setup: Setup
    corpus: str
    which: str
    front: str
    device: str = "cpu"
    progress: bool = False

    @property
    def speech(self) -> tuple[Recording, ...]:
        """The clean utterances."""
        return utterances(self.setup, self.corpus)

    def clean(self, front: str | None = None) -> np.ndarray:
        """Features of the clean utterances behind a front end, by default this one, (n, d)."""
        return self._features([whole(each) for each in self.speech], self.front if front is None else front)

    def noisy(self, side: str) -> Versions:
        """SNR → features of the utterances in noises of one side, behind the front end."""
        return {
            f"{snr_db:g}": self._features([in_noise(each, snr_db, side, self.setup.name) for each in self.speech])
            for snr_db in self.setup.snrs_db
        }

    def _features(self, mixtures: Iterable[Case | Mixture], front: str | None = None) -> np.ndarray:
        cache = ArrayCache.beside_data()
        enhance = front_end(self.front if front is None else front, cache, self.device)
        heard = [behind(enhance, mixture) for mixture in mixtures]
        return features_of(heard, self.which, cache, progress=self.progress)


def whole(speech: Recording) -> Case:
    """A clean utterance, as if it were a mixture."""
    name = f"{speech.item}@{CLEAN}"
    return Case(speech.signal, speech.signal, speech.fs, name, speech.subject, (("snr_db", CLEAN),))


def behind(enhance: FrontEnd, mixture: Case | Mixture) -> Recording:
    """What a front end makes of a mixture; faint noise where nothing is left, as a recogniser is asked all the same."""
    signal = enhance(mixture.noisy, mixture.clean, mixture.fs)
    if not signal.any():
        signal = FAINT * rng_for("nothing came out", mixture.item).standard_normal(signal.size)
    return Recording(signal, mixture.fs, "full scale", mixture.item, mixture.subject)


def predictions(bench: Bench, training: str) -> list[Item]:
    """Every utterance in every condition, as told by a machine that never met its speaker."""
    found: list[Item] = []
    for train, tests in rounds(bench, training):
        found += told(bench, train, tests)
    return found


def rounds(bench: Bench, training: str) -> Iterator[tuple[Versions, Versions]]:
    """What is trained on and what is tested, one round for each training set."""
    tests = bench.noisy(TEST)
    if training == "clean":
        yield {CLEAN: bench.clean(NOISY)}, {CLEAN: bench.clean(), **tests}
    elif training == "matched":
        for level, rows in bench.noisy(TRAIN).items():
            yield {level: rows}, {level: tests[level]}
    else:
        yield {CLEAN: bench.clean(), "noisy": by_lot(bench, bench.noisy(TRAIN))}, {CLEAN: bench.clean(), **tests}


def by_lot(bench: Bench, versions: Versions) -> np.ndarray:
    """Every utterance at the SNR that its name draws, (n, d)."""
    picks = [rng_for("snr of multi-condition training", each.item).integers(len(versions)) for each in bench.speech]
    return np.stack(list(versions.values()))[picks, np.arange(len(picks))]


def told(bench: Bench, train: Versions, tests: Versions) -> Iterator[Item]:
    """One prediction for each utterance and tested condition."""
    speech, labels = bench.speech, [each.label for each in bench.speech]
    heard_in = [kind(noise_of(each, TEST, bench.setup.name)[0]) for each in speech]  # the same at every SNR
    for fold in loso(train, labels, [each.subject for each in speech], tests):
        for at, label in zip(fold.indices, fold.labels, strict=True):
            name = f"{speech[at].item}@{fold.condition}"
            conditions = {"snr_db": fold.condition, "noise": "" if fold.condition == CLEAN else heard_in[at]}
            yield prediction(name, fold.speaker, labels[at], str(label), conditions=conditions)


def quality(bench: Bench) -> list[Item]:
    """PESQ, STOI and SI-SDR of some utterances at every SNR behind the front end."""
    enhance = front_end(bench.front, ArrayCache.beside_data(), bench.device)
    items: list[Item] = []
    for speech in drawn(list(bench.speech), bench.setup.use(bench.corpus).heard):
        for snr_db in bench.setup.snrs_db:
            mixture = in_noise(speech, snr_db, TEST, bench.setup.name)
            estimate = enhance(mixture.noisy, mixture.clean, mixture.fs).astype(float)
            scores = score_speech(mixture.clean, estimate, mixture.fs, tuple(QUALITY))
            items += [item_of(mixture, score, 0.0) for score in scores]
    return items
