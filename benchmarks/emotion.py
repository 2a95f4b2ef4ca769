"""How fast emotions are told: utterances per second into features, and a leave-one-speaker-out pass of the SVM.

    python benchmarks/emotion.py [--quick] [--only PART] [--utterances N] [--rounds N]

The peers are what one would write without this package: a loop over ``opensmile`` for the features, and scikit-learn's
own pipeline with its RBF machine for the pass. All jobs of a part take turns in one run, on synthetic voices of 2 s and
on synthetic features of the size of EMO-DB (489 utterances, 10 speakers, 6 classes). Before any clock starts, both
sides have to give the same features, and the same labels but for one in a hundred. Times of two processes are wall
times and hold what it takes to start them; they load this file too, so it imports torch (by ``machine``) only later.
A training step of the enhancement network, and what mixing takes of it, is timed by ``speech_step.py``.
"""
# ruff: noqa: E402 (the thread counts must be set before numpy is imported)

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import importlib.metadata
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from biosig.backends.features import FS, SETS, features_of
from biosig.backends.loso import loso
from biosig.backends.svm import COSTS, WIDTHS
from biosig.cache import ArrayCache
from biosig.corpora.folds import leave_one_speaker_out
from biosig.seeds import rng_for
from biosig.signal.types import Recording

PACKAGES = ("opensmile", "scikit-learn")
SECONDS, SPEAKERS, CLASSES, EMODB = 2.0, 10, 6, 489
SAME_LABELS = 0.99  # libsvm stops within a tolerance, so that the last bits of a kernel may turn a close decision


# ---- features ----


def voices(n: int) -> list[Recording]:
    """Synthetic utterances: harmonics of a gliding pitch in syllables, and a little noise."""
    t = np.arange(round(SECONDS * FS)) / FS
    found = []
    for k in range(n):
        rng = rng_for("benchmark emotion", k)
        phase = 2 * np.pi * np.cumsum(rng.uniform(90, 250) + 30 * np.sin(2 * np.pi * rng.uniform(1, 3) * t)) / FS
        tone = sum(np.sin(h * phase) / h for h in range(1, 12)) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))
        signal = 0.2 * tone + 1e-3 * rng.standard_normal(t.size)
        found.append(Recording(signal, FS, "full scale", f"made/{k}", "made", synthetic=True))
    return found


def plain_loop(recordings: list[Recording], which: str) -> np.ndarray:
    """The peer: one extractor, one utterance after the other."""
    import opensmile

    smile = opensmile.Smile(opensmile.FeatureSet[SETS[which][0]], opensmile.FeatureLevel.Functionals)
    return np.concatenate([smile.process_signal(one.signal.astype(np.float32), int(FS)) for one in recordings])


def features_part(which: str, n: int, rounds: int) -> dict:
    """Utterances per wall second: the loop, one and two processes, a first run with an empty cache and a second."""
    from machine import in_turns, medians

    recordings = voices(n)
    ours, theirs = features_of(recordings[:4], which, progress=False), plain_loop(recordings[:4], which)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=0.1)
    with tempfile.TemporaryDirectory() as room:
        full = ArrayCache(Path(room, "full"))
        features_of(recordings, which, full, progress=False)

        def first():
            with tempfile.TemporaryDirectory(dir=room) as empty:
                features_of(recordings, which, ArrayCache(empty), progress=False)

        taken = in_turns({
            "plain loop": lambda: plain_loop(recordings, which),
            "one process": lambda: features_of(recordings, which, progress=False),
            "two processes": lambda: features_of(recordings, which, jobs=2, progress=False),
            "first run, cache empty": first,
            "second run, from the cache": lambda: features_of(recordings, which, full, progress=False),
        }, rounds)  # fmt: skip
    rates = {name: n / median for name, median in medians(taken, "wall_seconds").items()}
    pairs = [("one process", "plain loop"), ("two processes", "plain loop"), ("two processes", "one process"),
             ("second run, from the cache", "first run, cache empty")]  # fmt: skip
    return {"utterances": n, "taken": taken, "per_wall_second": rates, "ratios": ratios(rates, pairs)}


# ---- the machine ----


def made_features(n: int, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Synthetic: features (n, d) that hang together, six overlapping classes, ten speakers with offsets."""
    rng = rng_for("benchmark emotion features", d)
    y, who = np.array(list("abcdef"))[np.arange(n) % CLASSES], np.sort(np.arange(n) % SPEAKERS).astype(str)
    inner = rng.standard_normal((n, 40)) + 1.5 * rng.standard_normal((CLASSES, 40))[np.arange(n) % CLASSES]
    inner += rng.standard_normal((SPEAKERS, 40))[who.astype(int)]
    return inner @ rng.standard_normal((40, d)) + 3 * rng.standard_normal((n, d)), y, who


def plain_pass(x: np.ndarray, y: np.ndarray, who: np.ndarray) -> np.ndarray:
    """The peer: a pipeline for every setting and fold, as scikit-learn's pages show it."""
    from sklearn.metrics import recall_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    def fitted(rows: np.ndarray, cost: float, width: float):
        machine = SVC(C=cost, gamma=width / x.shape[1], class_weight="balanced")
        return make_pipeline(StandardScaler(), machine).fit(x[rows], y[rows])

    told = np.empty_like(y)
    for fold in leave_one_speaker_out(who.tolist()):
        train, held, tested = np.isin(who, fold.train), who == fold.validation, who == fold.test
        values = {
            (cost, width): recall_score(y[held], fitted(train, cost, width).predict(x[held]), average="macro")
            for cost in COSTS
            for width in WIDTHS
        }
        told[tested] = fitted(~tested, *max(values, key=values.get)).predict(x[tested])
    return told


def our_pass(x: np.ndarray, y: np.ndarray, who: np.ndarray) -> np.ndarray:
    """The same by the package."""
    told = np.empty_like(y)
    for each in loso(x, y, who, {"clean": x}):
        told[each.indices] = each.labels
    return told


def machine_part(which: str, n: int, rounds: int) -> dict:
    """Processor seconds of a whole pass: fold by fold, six settings chosen from, and the final fit."""
    from machine import in_turns, medians

    data = made_features(n, SETS[which][1])
    same = float(np.mean(plain_pass(*data) == our_pass(*data)))
    if same < SAME_LABELS:
        raise SystemExit(f"{which}: {same:.3f} of the labels are the same: nothing to time.")
    taken = in_turns({"scikit-learn": lambda: plain_pass(*data), "ours": lambda: our_pass(*data)}, rounds)
    seconds = medians(taken, "cpu_seconds")
    rates = {name: 1 / median for name, median in seconds.items()}
    told = {"utterances": n, "same_labels": same, "taken": taken, "cpu_seconds": seconds}
    return told | {"ratios": ratios(rates, [("ours", "scikit-learn")])}


# ---- the clock ----


def ratios(rates: dict[str, float], pairs: list[tuple[str, str]]) -> dict[str, float]:
    """How many times as fast the first of each pair is."""
    return {f"{a} over {b}": rates[a] / rates[b] for a, b in pairs}


def parts(utterances: int, speech: int, rounds: int) -> dict[str, Callable[[], dict]]:
    """What is measured, by name."""
    return {
        **{f"features {which}": lambda which=which: features_part(which, speech, rounds) for which in SETS},
        **{f"machine {which}": lambda which=which: machine_part(which, utterances, rounds) for which in SETS},
    }


def report(name: str, result: dict) -> None:
    """Print what was measured."""
    print(name)
    for what, rate in result.get("per_wall_second", {}).items():
        print(f"  {what:30} {rate:9.1f} utterances per s")
    for what, seconds in result.get("cpu_seconds", {}).items():
        print(f"  {what:30} {seconds:9.2f} s a pass")
    for what, ratio in result["ratios"].items():
        print(f"  {what:60} {ratio:8.2f} ×")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few utterances, one round, nothing written")
    parser.add_argument("--only", metavar="PART", help="parts whose name begins so; nothing written")
    parser.add_argument("--utterances", type=int, default=200, help="of speech, for the features (default: 200)")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    chosen = parts(60, 6, 1) if options.quick else parts(EMODB, options.utterances, options.rounds)
    chosen = {name: part for name, part in chosen.items() if name.startswith(options.only or "")}
    result = {"what": "emotion: features and leave-one-speaker-out passes, one thread a process"}
    result["peers"] = {package: importlib.metadata.version(package) for package in PACKAGES}
    for name, part in chosen.items():
        result[name] = part()
        report(name, result[name])
    if not (options.quick or options.only):
        from machine import save

        save("emotion", result)


if __name__ == "__main__":
    main()
