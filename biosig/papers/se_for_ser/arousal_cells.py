"""The cells of simulated arousal: which regressor is trained where, and behind which front end it is tested."""

from dataclasses import asdict
from pathlib import Path

from biosig.cache import ArrayCache
from biosig.papers import neural
from biosig.papers.se_for_ser import front_ends
from biosig.papers.se_for_ser.arousal import NOTHING, ArousalSetup, Front, Regressor, tested, train
from biosig.papers.se_for_ser.naming import NOISY
from biosig.papers.se_for_ser.profiles import Arousal, Setup
from biosig.results.cells import digest
from biosig.results.items import Item

Regressors = dict[float | None, Regressor]  # the SNR it was trained at, None for clean → the regressor


def front_of(name: str, device: str) -> Front:
    """A front end by name, as the sessions go through it."""
    return NOTHING if name == NOISY else Front(name, front_ends.front_end(name, ArrayCache.beside_data(), device))


def setup_for(arousal: Arousal) -> ArousalSetup:
    """What the experiment is handed of a profile's settings."""
    return ArousalSetup(
        arousal.recipe, options=arousal.options, seconds=arousal.seconds, per_speaker=arousal.per_speaker
    )


def regressors(
    training: str, front: str, setup: Setup, seed: int, folder: Path, device: str, progress: bool
) -> neural.Trained:
    """Train on clean sessions, or at each SNR of Table 6 behind the front end; ``folder`` keeps what it resumes from.

    A regressor of clean sessions is the same whatever it will be tested behind, so it is trained once.
    """
    arousal, found, notes = setup.arousal, {}, {}
    snrs_db, name = ((None,), NOISY) if training == "clean" else (arousal.train_snrs_db, front)
    for snr_db in snrs_db:
        known_by = digest([asdict(arousal), seed, snr_db, name, "" if name == NOISY else front_ends.version(name)])
        run = folder / f"arousal-{known_by[:12]}"
        run.mkdir(parents=True, exist_ok=True)
        found[snr_db] = train(setup_for(arousal), front_of(name, device), snr_db, seed, run, device, progress)
        notes["clean" if snr_db is None else f"{snr_db:g} dB"] = found[snr_db].notes
    return neural.Trained(found, {"regressors": notes})


def items(found: Regressors, front: str, setup: Setup, device: str) -> list[Item]:
    """The sums of every test session: clean and at all SNRs, or, trained in noise, at the SNRs of Table 6."""
    arousal, heard = setup.arousal, front_of(front, device)
    sums: list[Item] = []
    for snr_db, regressor in found.items():
        levels = (None, *setup.snrs_db) if snr_db is None else arousal.train_snrs_db
        sums += tested(regressor, setup_for(arousal), heard, snr_db, levels)
    return sums
