"""Every system of this chapter by name: the input, a classical method, peers, and networks with and without EMG."""

from collections.abc import Mapping

import numpy as np

from biosig.checks import as_signal, check_rate
from biosig.papers.emgse.frames import emg_frames, noisy_frames
from biosig.papers.emgse.sources import FS
from biosig.papers.neural import System
from biosig.peers import PEERS, load_peer
from biosig.signal.enhancement import CLASSICAL_SPEECH
from biosig.signal.log_spectrogram import n_frames, to_signal
from biosig.signal.paired import Channels, same_duration

NOISY = "noisy"
UNTRAINED = {
    NOISY: "the unprocessed input",
    "log_mmse": "log-MMSE, noise by speech presence: no training, no EMG",
    **{name: f"{PEERS[name].title}, pretrained on other people's speech, no EMG" for name in ("nsnet2", "dtln")},
}
TRAINED = {
    "se_a": "SE(A): the network that only hears",
    "emgse": "EMGSE: sound and six channels of EMG",
    "emgse_cheek": "EMGSE with the channels of the cheek alone",
    "emgse_chin": "EMGSE with the channels of chin, throat and tongue alone",
    "emgse_five": "EMGSE without the unstable channel 5",
    "se_a_large": "SE(A) with as many parameters as EMGSE",
    "emgse_shuffled": "EMGSE trained with the EMG of other sentences",
    "emgse_plain": "EMGSE whose EMG features are left uncentred, as printed, at this profile's rate",
    "emg_only": "EMGSE that hears nothing: the spectrogram from EMG alone",
    "se_a_session": "SE(A) trained on one session of eight",
    "emgse_session": "EMGSE trained on one session of eight",
    "strong": "a larger network that masks; only hears",
    "strong_emg": "the same with six channels of EMG",
}
ARRAY = {
    "array_0": "SE(A) on the sentences of the simulated array",
    "array_35": "EMGSE with 35 channels of SIMULATED EMG",
    "array_28": "EMGSE with the cheek's 28 channels of SIMULATED EMG",
}
TRAINED |= ARRAY
PHONES, SPECTRUM = "emg_phones", "emg_spectrum"
ALONE = {
    PHONES: "EMG alone: the phone of a frame, by linear discriminant analysis",
    SPECTRUM: "EMG alone: the clean log spectrum, by linear regression",
}
BRIDGE = "emgse_bridge"
CONTROLS = "emgse_controls"
SYSTEMS = {
    **UNTRAINED,
    **TRAINED,
    CONTROLS: "the trained EMGSE with wrong, shifted or missing EMG, and another person's network; trains nothing new",
    **ALONE,
    BRIDGE: "the trained EMGSE with a heart and the mains in its EMG, cleaned in several ways; trains nothing new",
}
HEEDED = ("emgse", "emgse_plain")  # of which it is asked whether they take notice of their EMG
REUSE = (CONTROLS, BRIDGE)  # cells that train nothing and ask the trained EMGSE


class Enhancer:
    """A trained network as a system: ``system(noisy, fs)``, with ``beside=`` the EMG for one that takes it.

    Args:
        network: a :class:`biosig.models.emgse.EMGSE`.
        notes: "channels", "deaf" and "order", as its training had them.
        device: to run on.
    """

    def __init__(self, network, notes: Mapping[str, object], device: str = "cpu"):
        self.network, self.device = network.to(device).eval(), device
        self.channels, self.deaf = tuple(notes["channels"]), bool(notes["deaf"])
        self.order = str(notes["order"])
        self.takes_beside = bool(self.channels)

    def __call__(self, noisy: np.ndarray, fs: float = FS, beside: Channels | None = None) -> np.ndarray:
        """Enhance one signal (n,) → (n,), with the noisy phase; its level is that of the speech it was trained on.

        Raises:
            SignalError: another rate than 16 kHz, several signals at once, or EMG that is needed and missing, of
                another length, or without one of the channels.
        """
        import torch

        frames = self.frames(noisy, fs, beside)
        with torch.no_grad():
            spectrum = self.network(torch.from_numpy(frames)[None].to(self.device))[0]
        return to_signal(spectrum.cpu().numpy().astype(np.float64), np.asarray(noisy, dtype=float))

    def frames(self, noisy: np.ndarray, fs: float, beside: Channels | None) -> np.ndarray:
        """What the network sees, (T, 257 + 2 + E); errors as above."""
        noisy = as_signal(noisy, "noisy", mono=True)
        check_rate(fs, FS)
        if not self.takes_beside:
            return noisy_frames(noisy)
        emg = same_duration(noisy, fs, beside).only(*self.channels)
        return noisy_frames(noisy, emg_frames(emg, n_frames(noisy.size), self.order), self.deaf)

    def latent(self, noisy: np.ndarray, fs: float, beside: Channels | None, with_emg: bool = True) -> np.ndarray:
        """What the fusion layer gives, (T, Z); without EMG zeros take its place, as from electrodes that lie still."""
        import torch

        frames = self.frames(noisy, fs, beside)
        if not with_emg:
            frames = np.concatenate([frames[:, : -self.network.emg_inputs], np.zeros_like(
                frames[:, -self.network.emg_inputs :])], axis=1)  # fmt: skip
        with torch.no_grad():
            return self.network.latent(torch.from_numpy(frames)[None].to(self.device))[0].cpu().numpy()


def unprocessed(noisy: np.ndarray, fs: float = FS) -> np.ndarray:
    """The input as it is: the row that every other one is held against."""
    return np.array(as_signal(noisy, "noisy"))


def untrained(name: str) -> System:
    """A system that is trained nowhere in this project.

    Raises:
        ConfigError: a peer's package is not installed.
    """
    if name == NOISY:
        return unprocessed
    if name in CLASSICAL_SPEECH:
        return CLASSICAL_SPEECH[name]
    return load_peer(name)

