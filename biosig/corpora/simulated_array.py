"""*Simulated* facial EMG: 40 channels as CSL-EMG_Array has them, made from the times of phones and from nothing else.

The corpus of the EMGSE paper is not to be had here. To ask its question (do 28 electrodes on the cheek do as well as
35 with the chin?) an array is simulated here. It never sees sound: no waveform, envelope or pitch goes in, only
which phone is said from when to when. Ten muscles are driven by the phones that are known to need them, 50 to 100 ms
ahead of the sound; each is noise of 20 to 450 Hz, as strong as it is active; each reaches the electrodes around it,
and these leak into one another; mains and the amplifier's noise come on top.

How much such EMG tells is set by one number, ``strength``. It was tuned once, before any enhancement, so that the
phones can be told from it frame by frame as well as from real EMG (see :data:`TUNED`), and then left alone.

What this can show: that the chain works with 35 channels, and what a chain gains from EMG that knows the phones as well
as real EMG does. What it cannot: how much of it a chin knows. Where each muscle lies and which phones need it is our
table, after textbooks, so the difference of 35 and 28 channels is in good part that table's. A sentence that is
whispered, shouted or mumbled has the same EMG here. No number from here may stand beside CSL-EMG_Array's as if it
were one of those.

Sources: muscles and articulation as in Fridlund and Cacioppo (Psychophysiology 23:567-589, 1986) and phonetics
textbooks; lead of the muscles 50 to 100 ms (Jou et al., Interspeech 2006, found 50 ms best; on EMG-UKA 100 ms are);
spectrum of surface EMG as in :mod:`biosig.corpora.synthetic`. Smoothing, variation and leakage are our choice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from biosig.corpora.csl_emg_array import COLUMNS, FS_EMG, N_CHANNELS, electrode_map
from biosig.corpora.phones import Phone
from biosig.corpora.synthetic import emg_noise
from biosig.errors import DataError, SignalError
from biosig.seeds import rng_for
from biosig.signal.paired import Channels

# muscle → (where its middle lies on the map of the array, mm; how far it reaches, mm)
MUSCLES = {
    "orbicularis oris": ((0.0, 12.0), 12.0),
    "levator anguli oris": ((12.0, 32.0), 10.0),
    "zygomaticus major": ((38.0, 28.0), 12.0),
    "risorius and buccinator": ((35.0, 10.0), 12.0),
    "masseter": ((66.0, 14.0), 14.0),
    "depressor anguli oris": ((8.0, -6.0), 10.0),
    "platysma": ((45.0, -10.0), 16.0),
    "mentalis": ((18.0, -25.0), 8.0),
    "digastric": ((36.0, -27.0), 8.0),
    "tongue and floor of the mouth": ((50.0, -25.0), 9.0),
}
# how much of each, in this order, a phone needs: 0 to 9
TARGETS = {
    "P": "9330320620", "B": "8330320610", "M": "8220310610", "W": "8001000513", "F": "3805060310", "V": "3704050310",
    "TH": "1203131013", "DH": "1202131013", "T": "0213411114", "D": "0212311114", "N": "0202311114", "S": "1436611103",
    "Z": "1435511103", "SH": "5424610406", "ZH": "5423510406", "CH": "5425711406", "JH": "5424611406",
    "K": "0112222118", "G": "0112222118", "NG": "0111222118", "HH": "0001012120", "L": "0112113136", "R": "4111212225",
    "Y": "0374401008", "IY": "0485501018", "IH": "0253302116", "EH": "0342214143", "AE": "0454315161",
    "AA": "1110136281", "AO": "4000135381", "AH": "1111124151", "AX": "0101112031", "UH": "5000112323",
    "UW": "8001201515", "ER": "4112213226", "SIL": "0000000000",
}  # fmt: skip
HALVES = {"EY": ("EH", "IY"), "AY": ("AA", "IY"), "OY": ("AO", "IY"), "AW": ("AA", "UW"), "OW": ("AO", "UW")}
SAME = {  # other names: EMG-UKA's, then TIMIT's
    **{"IX": "IH", "AXR": "ER", "XL": "L", "XM": "M", "XN": "N", "$": "SIL"},
    **{"BCL": "B", "DCL": "D", "GCL": "G", "PCL": "P", "TCL": "T", "KCL": "K", "DX": "D", "NX": "N", "Q": "SIL"},
    **{"EM": "M", "EN": "N", "ENG": "NG", "EL": "L", "HV": "HH", "UX": "UW", "AX-H": "AX", "H#": "SIL", "PAU": "SIL",
       "EPI": "SIL"},
}  # fmt: skip
LEAD_S = (0.05, 0.10)  # of each muscle of a person, drawn between
SMOOTH_S = 0.025  # deviation of the Gaussian that rounds off the steps from phone to phone
VARIES = 0.35  # deviation of the logarithm of how strongly a muscle is used in one phone
REST = 0.1  # of full activation: muscles of a face are never quite at rest
SHIFT_MM = 3.0  # deviation of where an array is stuck on from session to session
GAIN = 0.2  # deviation of the logarithm of a channel's gain in a session
LEAK = 0.15  # of a channel that reaches each of its neighbours through the skin
MAINS_HZ, MAINS = 50.0, (0.05, 0.3)  # RMS in a channel, relative to the amplifier's noise
STEP_S = 0.004  # of the grid on which activations are made


@dataclass(frozen=True)
class Tuning:
    """How ``strength`` was found, by tools/tune_simulated_array.py.

    Attributes:
        strength: of full activation over the amplifier's noise, an amplitude.
        session: whose phones it was tuned on: real labels, simulated EMG.
        real, simulated: share of right speech frames on the same held-out sentences, from real and simulated EMG.
        sentences: (trained on, tested on), none of them in the official test.
        made: the measure.
    """

    strength: float
    session: str
    real: float
    simulated: float
    sentences: tuple[int, int]
    made: str


TUNED = Tuning(
    strength=1.6,
    session="002-101",
    real=0.2052,
    simulated=0.2075,
    sentences=(60, 20),
    made="LDA of TD10 in frames at -120, -60, 0, 60 and 120 ms; 5 channels real, 35 simulated; 5267 frames, of which "
    "the most frequent phone has 0.0668",
)


def simulated_array(
    phones: Sequence[Phone], seconds: float, session: str, item: str, strength: float = TUNED.strength
) -> Channels:
    """40 channels of *simulated* EMG at 2048 Hz, from the times of phones.

    Args:
        phones: in order, names of ARPAbet as EMG-UKA or TIMIT have them; between them is silence.
        seconds: duration.
        session: "PERSON-ANYTHING": draws where the array sits and how its channels amplify; the person alone draws the
            muscles' lead.
        item: the sentence, unique: draws the noise and the variation.
        strength: of full activation over the amplifier's noise.

    Raises:
        SignalError: no duration.
        DataError: a phone that is none, or one that ends before it begins.
    """
    n = round(seconds * FS_EMG)
    if n < 2:
        raise SignalError(f"{seconds:g} s of simulated EMG: expected a duration.")
    rng = rng_for("simulated array", session, item)
    active = activation(phones, seconds, lead_s(session), rng)
    at = np.arange(n) / FS_EMG / STEP_S
    fine = np.stack([np.interp(at, np.arange(row.size), row) for row in active])
    sources = (REST + (1 - REST) * fine) * emg_noise(rng, fine.shape, FS_EMG)
    noise = emg_noise(rng, (N_CHANNELS, n), FS_EMG)
    signal = mixing(session) @ (strength * sources) + noise + _mains(n, session, rng)
    names = tuple(map(str, range(N_CHANNELS)))
    return Channels(signal, FS_EMG, "the amplifier's noise", item, names, synthetic=True)


def activation(
    phones: Sequence[Phone], seconds: float, lead: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """How active each muscle is every 4 ms, shape (muscles, frames), about 0 to 1; each leads by its own time.

    Raises:
        DataError: as :func:`simulated_array`.
    """
    frames = int(np.ceil(seconds / STEP_S)) + 1
    steps, reach = np.zeros((len(MUSCLES), frames)), np.ceil(4 * SMOOTH_S / STEP_S)
    for start, end, target in _targets(phones):
        own = target * np.exp(VARIES * rng.standard_normal(target.size) - VARIES**2 / 2)
        for muscle, early in enumerate(lead):
            first, last = (round(max(time - early, 0) / STEP_S) for time in (start, end))
            steps[muscle, first:last] = own[muscle]
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * STEP_S / SMOOTH_S) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(steps, ((0, 0), (int(reach), int(reach))), mode="edge")
    return np.stack([np.convolve(row, kernel, mode="valid") for row in padded])


def lead_s(session: str) -> np.ndarray:
    """By how much each muscle of a person is ahead of the sound, in s: 50 to 100 ms."""
    person = session.partition("-")[0]
    return rng_for("simulated array", "lead", person).uniform(*LEAD_S, len(MUSCLES))


def mixing(session: str) -> np.ndarray:
    """What of each muscle arrives at each channel in a session: shape (40, muscles)."""
    rng = rng_for("simulated array", "electrodes", session)
    where = electrode_map() + SHIFT_MM * rng.standard_normal(2)
    middle, reach = np.array([m for m, _ in MUSCLES.values()]), np.array([r for _, r in MUSCLES.values()])
    far = np.linalg.norm(where[:, None] - middle, axis=-1)
    own = np.exp(-0.5 * (far / reach) ** 2) * np.exp(GAIN * rng.standard_normal((N_CHANNELS, 1)))
    return crosstalk() @ own


def crosstalk() -> np.ndarray:
    """How channels leak into their neighbours, within the 4 × 8 grid of the cheek and the row of the chin: (40, 40)."""
    row, column = np.divmod(np.arange(N_CHANNELS), COLUMNS)
    near = np.abs(row[:, None] - row) + np.abs(column[:, None] - column) == 1
    chin = row == N_CHANNELS // COLUMNS - 1
    return np.eye(N_CHANNELS) + LEAK * (near & (chin[:, None] == chin))


def target(phone: str) -> list[np.ndarray]:
    """The muscles that a phone needs, (muscles,) of 0 to 1: one of these, or two in turn for a diphthong.

    Raises:
        DataError: no such phone.
    """
    name = SAME.get(phone.upper(), phone.upper())
    parts = HALVES.get(name, (name,))
    if parts[0] not in TARGETS:
        raise DataError(f"{phone!r} is no phone whose muscles are known: expected ARPAbet as EMG-UKA or TIMIT have it.")
    return [np.array([int(digit) for digit in TARGETS[part]]) / 9 for part in parts]


def _targets(phones: Iterable[Phone]) -> list[tuple[float, float, np.ndarray]]:
    found = []
    for phone in phones:
        if not 0 <= phone.start <= phone.end:
            span = f"{phone.start:g} to {phone.end:g} s"
            raise DataError(f"phone {phone.text!r} lasts from {span}: expected times that go up.")
        parts = target(phone.text)
        edges = np.linspace(phone.start, phone.end, len(parts) + 1)
        found += [(edges[k], edges[k + 1], part) for k, part in enumerate(parts)]
    return found


def _mains(n: int, session: str, rng: np.random.Generator) -> np.ndarray:
    """50 Hz in every channel, (40, n): as strong as the session's electrodes pick it up."""
    level = rng_for("simulated array", "mains", session).uniform(*MAINS, (N_CHANNELS, 1))
    phase = rng.uniform(0, 2 * np.pi)
    return np.sqrt(2) * level * np.sin(2 * np.pi * MAINS_HZ * np.arange(n) / FS_EMG + phase)
