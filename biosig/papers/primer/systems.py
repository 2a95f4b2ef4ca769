"""Every speech system by name: classical, trained in a cell or read from a published checkpoint, a pretrained peer.

The oracles know the clean speech, so no user can call them: ``biosig run primer --system irm`` does.
"""

from pathlib import Path

import numpy as np

from biosig.checks import as_signal
from biosig.errors import ConfigError
from biosig.papers.base import known
from biosig.papers.neural import System, denoiser, is_published, load_published
from biosig.papers.primer.profiles import LOSSES, OPEN
from biosig.peers import PEERS, load_peer
from biosig.signal.enhancement import CLASSICAL_SPEECH, METHODS

TRACKED = {"": "speech presence", "_vad": "voice activity", "_ms": "minimum statistics"}
TITLES = {
    "spectral_subtraction": "spectral subtraction",
    "wiener": "Wiener filter",
    "mmse_stsa": "MMSE-STSA",
    "log_mmse": "log-MMSE",
}
CLASSICAL = {
    f"{name}{short}": f"{TITLES[name]}, noise by {tracker}" for short, tracker in TRACKED.items() for name in METHODS
}
ORACLE = {
    "ibm": "oracle: ideal binary mask",
    "irm": "oracle: ideal ratio mask",
    "psm": "oracle: phase-sensitive mask",
    "cirm": "oracle: complex ideal ratio mask",
}
NEURAL = {
    "unet": "U-Net, complex mask on the spectrogram",
    "recurrent": "recurrent network that maps to the clean magnitude",
    "recurrent_mask": "recurrent network that masks the spectrogram",
    "conv_tasnet": "Conv-TasNet, on the waveform",
    "dccrn": "DCCRN, complex convolutions and a complex mask",
}
# What came later: trained longer, on inputs that vary more, or against a discriminator. Users can call those of them
# that are published; apart from the others because the cell of costs is named by those.
VARIED = {
    "recurrent_mask_long": "recurrent network that masks, trained longer on varied voices, rooms, bands and levels",
    "light_mask": "light recurrent network that masks bands of hearing as the sound comes in",
    "rnnoise_own": "RNNoise as its paper has it, features, network and pitch filter, at 16 kHz",
    "residual": "residual network on log magnitudes, a frame at a time, an eighth as wide as its paper's",
    "cmgan": "CMGAN, conformers along time and frequency, taught by a network that learns PESQ; a quarter as wide as "
    "its paper's",
    "cmgan_plain": "the same without the network that learns PESQ",
}
WAVES = {
    "demucs": "DEMUCS, a U-Net on the waveform with an LSTM, a third as wide as its paper's",
    "wavenet": "WaveNet for denoising, dilated convolutions on the waveform, an eighth as wide as its paper's",
    "segan": "SEGAN, a generator on the waveform taught by a discriminator and a distance, half as wide as its paper's",
    "score_diffusion": "score-based diffusion on the complex spectrogram, five steps, a small score network",
}
VARIED |= WAVES  # every table and command that knows the later networks knows these
GAN_STUDY = {
    "segan_l1": "the generator of SEGAN with its L1 distance alone, no discriminator",
    "segan_adversary": "the generator of SEGAN with its discriminator alone, no distance",
}
MULTITASK = {
    "multitask": "recurrent mask that also says where speech is, briefly trained",
    "multitask_none": "the same without the second task",
}
LOSS_STUDY = {f"loss_{loss}": f"recurrent mask, briefly trained with the loss {loss}" for loss in LOSSES}
GENERATIVE = {**WAVES, **GAN_STUDY}  # asked more than the others, in cells of their own
TRAINED = {**NEURAL, **VARIED, **LOSS_STUDY, **GAN_STUDY, **MULTITASK}
CALLABLE = {
    "noisy": "the unprocessed input",
    **CLASSICAL,
    **NEURAL,
    **{name: f"{peer.title}, pretrained ({peer.package})" for name, peer in PEERS.items()},
}
OWN = (*NEURAL, *VARIED)  # networks of ours that enhance whatever they are given
CMGAN_NOTES = {"scaling": "rms", "fs": 16000, "window_s": 4.0}  # how the authors' weights are fed
SYSTEMS = {**CALLABLE, **VARIED, **ORACLE, **LOSS_STUDY, **GAN_STUDY, **MULTITASK}


def for_users() -> dict[str, str]:
    """What can be called on a user's own sound: :data:`CALLABLE`, and what was published beside it."""
    return CALLABLE | {name: text for name, text in VARIED.items() if is_published("primer", name)}


def unprocessed(noisy: np.ndarray, fs: float = 16000) -> np.ndarray:
    """The input as it is: the row that every other one is held against."""
    return np.array(as_signal(noisy, "noisy"))


def untrained(name: str) -> System:
    """A system that is trained nowhere in this project: the input itself, a classical method or a peer.

    Raises:
        ConfigError: another name, or a peer's package is not installed.
    """
    if name == "noisy":
        return unprocessed
    if name in CLASSICAL_SPEECH:
        return CLASSICAL_SPEECH[name]
    return load_peer(known("system", name, PEERS))


def load_system(name: str, device: str = "cpu", checkpoint: Path | None = None) -> System:
    """Any system a user can call: system(noisy (..., n), fs=16000) → same shape.

    Args:
        name: of the system.
        device: where a network runs.
        checkpoint: weights in place of the published ones, see :func:`load_weights`.

    Raises:
        ConfigError: unknown system, an oracle, or a package that is not installed.
        MissingDataError: no checkpoint of it was published.
        CheckpointError: as :func:`load_weights`.
    """
    if checkpoint is not None:
        return load_weights(checkpoint, name, device)
    if name in ORACLE:
        raise ConfigError(f"{name} needs the clean speech beside the noisy: `biosig run primer --system {name}`.")
    if name not in NEURAL and name not in VARIED:
        return untrained(known("system", name, for_users()))
    return load_published("primer", name, OPEN.network(name).network, device)


def load_weights(path: Path, name: str, device: str = "cpu") -> System:
    """A network of this chapter with the weights of a file: one of ours, or for CMGAN one of its authors'.

    Raises:
        ConfigError: a system that is no network of this chapter.
        CheckpointError: the file is not there, damaged, or of another network.
    """
    if name not in OWN:
        raise ConfigError(f"{name} has no checkpoint: expected one of {', '.join(OWN)}.")
    network = OPEN.network(name).network
    if network == "cmgan":
        from biosig.models.cmgan_weights import is_published_layout, load_published

        if is_published_layout(path):
            return denoiser(load_published(path), CMGAN_NOTES, device)
    from biosig.training.checkpoints import load_checkpoint

    return denoiser(*load_checkpoint(path, network), device)
