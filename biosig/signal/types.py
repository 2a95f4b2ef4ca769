"""What travels through the package: a Recording (one signal) and a Mixture (clean + interference = noisy)."""

from dataclasses import dataclass

import numpy as np

from biosig.checks import as_signal, check_rate, same_shape
from biosig.errors import SignalError


@dataclass(frozen=True)
class Recording:
    """One recorded (or synthetic) signal with what is needed to trust it.

    Attributes:
        signal: samples, shape (n,), float64.
        fs: rate in Hz.
        units: "mV", "counts", "normalised", …
        item: a unique name, from which random draws about it are seeded.
        subject: who it comes from; the independent unit of every statistic.
        channel: which electrode or microphone, "" where there is one.
        source: file or package it was read from.
        active: per-sample bool mask of shape (n,), True while the subject moves or speaks; None if unknown.
        synthetic: True for anything generated.
        label: the class that a classifier is to find ("anger"), "" where there is none.
    """

    signal: np.ndarray
    fs: float
    units: str
    item: str
    subject: str
    channel: str = ""
    source: str = ""
    active: np.ndarray | None = None
    synthetic: bool = False
    label: str = ""

    def __post_init__(self):
        object.__setattr__(self, "signal", as_signal(self.signal, f"recording {self.item}", mono=True))
        check_rate(self.fs, name=f"rate of recording {self.item}")
        if self.active is not None:
            mask = np.asarray(self.active, dtype=bool)
            same_shape(self.signal, mask, f"recording {self.item}", "its activity mask")
            object.__setattr__(self, "active", mask)

    @property
    def seconds(self) -> float:
        """Duration in s."""
        return self.signal.size / self.fs


@dataclass(frozen=True)
class Mixture:
    """Clean signal, the interference as scaled, and their sum, all of shape (n,), at an exact SNR in dB.

    ``conditions`` names what the mixture was made of (subject, channel, ecg record, …);
    it travels into the items.
    """

    clean: np.ndarray
    interference: np.ndarray
    noisy: np.ndarray
    fs: float
    snr_db: float
    item: str
    subject: str = ""
    active: np.ndarray | None = None
    conditions: tuple[tuple[str, str], ...] = ()

    def __post_init__(self):
        check_rate(self.fs, name=f"rate of mixture {self.item}")
        for name in ("clean", "interference", "noisy"):
            signal = as_signal(getattr(self, name), f"{name} of {self.item}", mono=True)
            object.__setattr__(self, name, signal)
        same_shape(self.clean, self.interference, "clean", "interference")
        same_shape(self.clean, self.noisy, "clean", "noisy")
        if self.active is not None:
            same_shape(self.clean, self.active, "clean", "the activity mask")
        if not np.isfinite(self.snr_db):
            raise SignalError(f"SNR of mixture {self.item} is {self.snr_db}: expected a finite number of dB.")
