"""Systems by name, those of Table I and the other families: classical, trained, or from a published checkpoint."""

import numpy as np

from biosig.errors import ConfigError
from biosig.papers.base import known
from biosig.papers.neural import System, load_published
from biosig.signal.ecg_families import FAMILIES
from biosig.signal.ecg_removal import CLASSICAL

NEURAL = ("fcn", "sdemg", "msemg", "trustemg_like")
SECOND = {"fcn_l1": "fcn", "msemg_l1": "msemg"}  # the same networks by a second recipe: the paper's loss and windows
TRAINED = (*NEURAL, *SECOND)
SYSTEMS = {
    "noisy": "the unprocessed input",
    "hp": "high-pass filter, 40 Hz",
    "fts": "filtered template subtraction",
    "fts_hp": "filtered template subtraction, then the high-pass",
    "ats": "averaged template subtraction",
    "ats_hp": "averaged template subtraction, then the high-pass",
    "fcn": "fully convolutional network",
    "sdemg": "score-based diffusion model, 50 steps",
    "msemg": "convolutions around a Mamba block",
    # not in the paper
    "gate_zero": "gating: 100 ms around each R peak set to zero",
    "gate_neighbours": "gating: the same 100 ms filled with the mean of their neighbours",
    "swt": "stationary wavelets, strong coefficients removed",
    "emd": "empirical mode decomposition, slow modes and strong values removed",
    "ats_official": "averaged template subtraction with its authors' two choices",
    "ats_official_hp": "the same, then the high-pass",
    "pats_like": "template subtraction by a Kalman smoother over beats, in the manner of PATS",
    "pats_like_hp": "the same, then the high-pass",
    "eks2": "extended Kalman smoother, phase and amplitude",
    "eks2_hp": "the same, then the high-pass",
    "eks25": "extended Kalman smoother, 25 states",
    "eks25_hp": "the same, then the high-pass",
    "trustemg_like": "U-Net whose innermost layer a transformer masks, in the manner of TrustEMG-Net",
    "fcn_l1": "fully convolutional network, trained with L1 on windows of 10 s",
    "msemg_l1": "convolutions around a Mamba block, trained with L1 on windows of 10 s",
}
WITHOUT_TRAINING = {**CLASSICAL, **FAMILIES}
SIZES = "sizes"  # no system: one cell that counts the networks' parameters for Table II


def unprocessed(noisy: np.ndarray, fs: float = 1000) -> np.ndarray:
    """The input as it is: the row that every other one is held against."""
    return np.array(noisy, dtype=np.float64)


def classical(name: str) -> System:
    """A system that needs no training.

    Raises:
        ConfigError: unknown, or one that is trained.
    """
    if name == "noisy":
        return unprocessed
    if name not in WITHOUT_TRAINING:
        raise ConfigError(f"{name!r} is no classical system: expected noisy or one of {', '.join(WITHOUT_TRAINING)}.")
    return WITHOUT_TRAINING[name]


def load_system(name: str, device: str = "cpu") -> System:
    """Any system, ready to be called as system(noisy (..., n), fs=1000); a network comes with its published weights.

    Raises:
        ConfigError: unknown system.
        MissingDataError: no checkpoint of it was published.
    """
    known("system", name, SYSTEMS)
    return load_published("msemg", name, name, device) if name in NEURAL else classical(name)
