"""A second signal beside the sound: EMG, recorded at the same time, which no noise in the air reaches.

A system that takes it is called like any other, ``system(noisy, fs)``, with one word more: ``beside=``. It says so by
an attribute ``takes_beside = True``; :func:`enhanced` calls either kind.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from biosig.checks import as_signal, check_rate
from biosig.errors import SignalError
from biosig.signal.types import Mixture

SLACK_S = 0.01  # by which two signals of one event may differ: a little more than a frame's hop


@dataclass(frozen=True)
class Channels:
    """Several channels recorded at once.

    Attributes:
        signal: samples, shape (C, n), float64.
        fs: rate in Hz.
        units: "µV", …
        item: a unique name.
        names: one per channel.
        synthetic: True for anything generated.
    """

    signal: np.ndarray
    fs: float
    units: str
    item: str
    names: tuple[str, ...] = ()
    synthetic: bool = False

    def __post_init__(self):
        signal = as_signal(self.signal, f"channels of {self.item}")
        if signal.ndim != 2:
            raise SignalError(f"channels of {self.item} have shape {signal.shape}: expected (channels, samples).")
        check_rate(self.fs, name=f"rate of {self.item}")
        names = self.names or tuple(str(k + 1) for k in range(len(signal)))
        if len(names) != len(signal):
            raise SignalError(f"{self.item} has {len(signal)} channels and {len(names)} names: expected one each.")
        object.__setattr__(self, "signal", signal)
        object.__setattr__(self, "names", tuple(names))

    @property
    def seconds(self) -> float:
        """Duration in s."""
        return self.signal.shape[-1] / self.fs

    def only(self, *names: str) -> "Channels":
        """These channels, in this order.

        Raises:
            SignalError: there is none of that name.
        """
        if missing := [name for name in names if name not in self.names]:
            raise SignalError(f"{self.item} has no channel {missing[0]!r}: expected some of {', '.join(self.names)}.")
        rows = [self.names.index(name) for name in names]
        return Channels(self.signal[rows], self.fs, self.units, self.item, tuple(names), self.synthetic)


@dataclass(frozen=True)
class PairedMixture(Mixture):
    """A mixture whose speech has a second, noise-free signal beside it; None where that was not recorded."""

    beside: Channels | None = None

    def __post_init__(self):
        super().__post_init__()
        if self.beside is not None:
            same_duration(self.noisy, self.fs, self.beside)


def same_duration(noisy: np.ndarray, fs: float, beside: Channels | None, slack_s: float = SLACK_S) -> Channels:
    """``beside``, if it is there and lasts as long as ``noisy`` (..., n).

    Raises:
        SignalError: it is missing, or of another duration.
    """
    if beside is None:
        raise SignalError("the second signal is missing: expected beside= with the EMG of the noisy speech.")
    seconds = np.shape(noisy)[-1] / fs
    if abs(seconds - beside.seconds) > slack_s:
        lengths = f"the sound lasts {seconds:.3f} s and {beside.item} beside it {beside.seconds:.3f} s"
        raise SignalError(f"{lengths}: expected the same to within {1000 * slack_s:g} ms.")
    return beside


def takes_beside(system: Callable) -> bool:
    """Whether a system wants the second signal."""
    return bool(getattr(system, "takes_beside", False))


def enhanced(system: Callable, mixture: Mixture) -> np.ndarray:
    """What a system makes of a mixture, with the second signal for a system that takes it: shape (n,).

    Raises:
        SignalError: it takes one, and the mixture has none.
    """
    if takes_beside(system):
        return system(mixture.noisy, mixture.fs, beside=getattr(mixture, "beside", None))
    return system(mixture.noisy, mixture.fs)
