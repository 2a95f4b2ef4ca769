"""What a claim about EMG has to survive: the trained EMGSE with EMG that is wrong, late, early or partly gone.

Each control changes the EMG of a test mixture and nothing else; the network is the one that was trained with the right
one. A channel that is left out is held constant, which the features make 0.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from biosig.papers.emgse.mixtures import fitted
from biosig.papers.emgse.sources import Spoken
from biosig.signal.paired import Channels, PairedMixture

SHIFTS_MS = (-200, -100, -50, 50, 100, 200)  # above 0: the EMG comes later than it did
Change = Callable[[PairedMixture], Channels]
OTHER_PERSON = "person"  # a network of somebody else


def changes(test: Sequence[Spoken], channels: Sequence[str]) -> dict[str, Change]:
    """Control → the EMG that a mixture is given instead of its own.

    Args:
        test: the person's test sentences, from which another one's EMG is taken.
        channels: that the network takes, by name.
    """
    found: dict[str, Change] = {
        "other": lambda mixture: other_sentence(mixture, test),
        "constant": lambda mixture: held(mixture.beside, channels),
    }
    found |= {f"shift_{ms}": _shift(ms) for ms in SHIFTS_MS}
    found |= {f"without_{name}": _hold((name,)) for name in channels}
    found |= {f"only_{name}": _hold(tuple(other for other in channels if other != name)) for name in channels}
    return found


def names(channels: Sequence[str]) -> list[str]:
    """The names of all controls, somebody else's network too."""
    return [*changes((), channels), OTHER_PERSON]


def changed(mixtures: Sequence[PairedMixture], change: Change) -> Iterator[PairedMixture]:
    """The mixtures with other EMG."""
    for mixture in mixtures:
        yield replace(mixture, beside=change(mixture))


def other_sentence(mixture: PairedMixture, test: Sequence[Spoken]) -> Channels:
    """The EMG of the next test sentence of the same session, cut or begun again to the mixture's length."""
    session = dict(mixture.conditions)["session"]
    own = [spoken for spoken in test if spoken.session == session]
    at = next(k for k, spoken in enumerate(own) if spoken.emg.item == mixture.beside.item)
    others = [spoken for spoken in own[at:] + own[:at] if spoken.sentence != own[at].sentence]
    return fitted(others[0].emg, mixture.noisy.size / mixture.fs)


def held(emg: Channels, names: Sequence[str]) -> Channels:
    """EMG with these channels held constant."""
    signal = emg.signal.copy()
    signal[[emg.names.index(name) for name in names]] = 0.0
    return replace(emg, signal=signal)


def shifted(emg: Channels, ms: float) -> Channels:
    """EMG that comes ``ms`` later (or earlier, below 0); the first (or last) sample fills the gap."""
    n, late = emg.signal.shape[1], round(ms / 1000 * emg.fs)
    return replace(emg, signal=emg.signal[:, np.clip(np.arange(n) - late, 0, n - 1)])


def _shift(ms: float) -> Change:
    return lambda mixture: shifted(mixture.beside, ms)


def _hold(names: Sequence[str]) -> Change:
    return lambda mixture: held(mixture.beside, names)
